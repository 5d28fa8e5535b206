"""Does KL fall towards 0 while representations stay unlike, and which instrument says so?

The construction of arXiv:2506.03784 (its Table 1, with the settings of its authors' code). Seven
unembeddings lie evenly on a circle of radius ρ, at angles θ_i. Each token has contexts of its
own, whose representations point at the token's unembedding up to a small angle (at most π/64) and
have norm 2. The second predictor is built in the same way from the same circle, with another
token at each place: token i at θ_π(i).

Why KL falls. A context of token i has logit 2ρ cos(small) for its own token and at most
2ρ cos(2π/7 − small) for any other, in both predictors. So both give its token 1 − O(e^(−ρ·gap)),
gap = 2 (cos(π/64) − cos(2π/7 − π/64)) ≈ .67, and KL is at most the little mass that is left,
times differences of logits of order ρ: it falls like ρ e^(−ρ·gap).

Why the representations are unlike. f' is no affine image of f: in complex coordinates the means
of the clusters are w^i and w^π(i), w = e^(2πi/7), and an affine map is z ↦ az + b z̄ + c over the
real plane. For π = (5, 0, 2, 4, 6, 1, 3) the two coefficients Σ w^(π(k) ∓ k)/7 are small.

Why d_LLV stays. As ρ grows log p(y|x) = ρ (u_y(x) − max_y' u_y'(x)) + o(ρ), u the logits at
ρ = 1, and d_LLV divides by standard deviations that grow with ρ too. d_logit, in nats, grows
with ρ; relative to the size of the logits it stays. What changes with ρ is the predictions
alone: the representations are the same for all ρ, so CCA and affine R² are constant by
construction and stand here only to say how unlike they are.
"""

import numpy as np
import pytest
from scipy.special import log_softmax

import estimators as es

PLACE = np.array([5, 0, 2, 4, 6, 1, 3])
SAME = np.arange(7)
NORMS = (1, 2, 5, 10, 20)
CONTEXTS_PER_TOKEN = 100


def circle_predictor(norm, place, seed=0):
    """Representations [context, dim] and unembeddings [token, dim], token i at place[i]."""
    draw = np.random.default_rng(seed)
    turn = draw.uniform(-np.pi / 64, np.pi / 64, (7, CONTEXTS_PER_TOKEN))[place]
    size = 2 + np.abs(0.01 * draw.normal(size=(7, CONTEXTS_PER_TOKEN)))
    angle = 2 * np.pi / 7 * place
    towards = angle[:, None] + turn
    representation = size[..., None] * np.stack([np.cos(towards), np.sin(towards)], -1)
    unembedding = norm * np.stack([np.cos(angle), np.sin(angle)], -1)
    return representation.reshape(-1, 2), unembedding


def compared(norm, place=PLACE, seed=0, permuted=False):
    """The row of the table: every instrument on one pair of predictors."""
    first, second = circle_predictor(norm, SAME), circle_predictor(norm, place, seed)
    if permuted:
        order = np.random.default_rng(1).permutation(len(second[0]))
        second = second[0][order], second[1]
    log_first, log_second = (log_softmax(f @ g.T, axis=1) for f, g in (first, second))
    far = es.likelihood_variance(log_first, log_second)
    logits = es.logit_distance(log_first, log_second)
    return {
        "norm": norm,
        "kl": es.kl_to_exact(log_first, log_second).divergence,
        "d_llv": far.distance,
        "d_svd": es.svd_dissimilarity(
            log_first, log_second, reference=far.reference
        ).representation,
        "d_svd_bound": far.bound,
        "d_logit": logits.distance,
        "d_logit_relative": logits.relative,
        "affine_r2": es.affine_r2(first[0], second[0]).population,
        "mean_cca": es.cca(first[0], second[0]).population,
        "least_cca": logits.least_cca,
    }


@pytest.fixture(scope="module")
def table():
    return [compared(norm) for norm in NORMS]


def test_kl_falls_towards_zero(table):
    kl = [row["kl"] for row in table]
    assert kl[-1] < 1e-4 < 0.01 < kl[-2] < kl[-3]
    # Where both already name the token: the exponent of the derivation, up to the factor ρ.
    rate = np.log(kl[-2] / kl[-1]) / (NORMS[-1] - NORMS[-2])
    gap = 2 * (np.cos(np.pi / 64) - np.cos(2 * np.pi / 7 - np.pi / 64))
    assert 0.9 * gap < rate < 1.3 * gap


def test_kl_does_not_fall_from_the_start(table):
    assert table[1]["kl"] > table[0]["kl"]  # at a small norm both know little, and agree in that


def test_d_llv_stays_put(table):
    found = np.array([row["d_llv"] for row in table])
    assert np.ptp(found) < 0.01
    assert found.min() > 1
    assert all(row["d_svd_bound"] == 1 for row in table)  # it promises nothing, and rightly so
    assert all(row["d_svd"] > 0.9 for row in table)


def test_the_logit_distance_does_not_fall_either(table):
    assert (np.diff([row["d_logit"] for row in table]) > 0).all()
    np.testing.assert_allclose([row["d_logit_relative"] for row in table], 1, atol=0.05)
    assert all(row["least_cca"] == 0 for row in table)


def test_the_representations_are_no_affine_images_of_each_other(table):
    coefficient = [abs(np.exp(2j * np.pi / 7 * (PLACE + sign * SAME)).mean()) for sign in (-1, 1)]
    for row in table:
        assert row["affine_r2"] == pytest.approx(sum(np.square(coefficient)), abs=0.01)
        assert row["mean_cca"] < 0.1


def test_predictors_that_name_tokens_alike_are_near_by_every_instrument():
    for norm in NORMS:
        row = compared(norm, SAME, seed=1)  # the same places, other angles
        assert row["kl"] < 0.01
        assert row["d_llv"] < 0.5
        assert row["d_svd"] < row["d_svd_bound"] < 0.5
        assert row["affine_r2"] > 0.99
        assert 0.9 < row["least_cca"] <= row["mean_cca"] + 1e-9


def test_permuted_contexts_are_as_far_as_permuted_tokens_to_d_llv_but_not_to_kl():
    row = compared(20, SAME, permuted=True)
    assert row["kl"] > 1
    assert row["d_llv"] > 1
    assert row["affine_r2"] < 0.05
