"""Is the logit distance a metric of predictions, and does it bound the canonical correlations?"""

import numpy as np
import pytest
from hypothesis import given, target
from hypothesis import strategies as st
from scipy.special import log_softmax

import estimators as es

SEEDS = st.integers(0, 2**16)
NUM_CONTEXTS, NUM_TOKENS, DIM = 60, 5, 3


def predictor(seed, dim=DIM):
    """A representation [context, dim] and an unembedding [token, dim]."""
    draw = np.random.default_rng(seed)
    return draw.normal(size=(NUM_CONTEXTS, dim)), draw.normal(size=(NUM_TOKENS, dim))


def nearby(seed, noise):
    """A predictor whose both halves miss the one of that seed by some noise."""
    draw, halves = np.random.default_rng([seed, 1]), predictor(seed)
    return tuple(half + noise * draw.normal(size=half.shape) for half in halves)


def predicted(representation, unembedding):
    return log_softmax(representation @ unembedding.T, axis=1)


def weights(seed):
    return np.random.default_rng([seed, 2]).integers(0, 4, NUM_CONTEXTS).astype(float) + 1e-3


def squared_correlations(first, second, weight):
    """ρ² of weighted rows from explained variances: an eigenvalue problem, no whitening."""
    weight = weight / weight.sum()
    first, second = first - weight @ first, second - weight @ second
    one, two = (rows.T @ (weight[:, None] * rows) for rows in (first, second))
    cross = first.T @ (weight[:, None] * second)
    product = np.linalg.pinv(one) @ cross @ np.linalg.pinv(two) @ cross.T
    return np.sort(np.linalg.eigvals(product).real)[::-1], np.linalg.eigvalsh(one)[::-1]


@given(SEEDS)
def test_equal_predictions_have_distance_zero_and_lose_nothing(seed):
    log_rows = predicted(*predictor(seed))
    found = es.logit_distance(log_rows, log_rows.copy(), weights(seed))
    assert (found.distance, found.relative) == (0, 0)
    assert abs(found.lost) < 1e-9
    assert abs(found.least_cca - 1) < 1e-12


@given(SEEDS, st.floats(0.01, 2))
def test_the_distance_is_the_root_mean_square_of_centred_logits(seed, noise):
    (f, g), (other_f, other_g), weight = predictor(seed), nearby(seed, noise), weights(seed)
    total = 0.0
    for row, share in enumerate(weight / weight.sum()):
        logits = np.array([f[row] @ (token - g.mean(0)) for token in g])
        others = np.array([other_f[row] @ (token - other_g.mean(0)) for token in other_g])
        total += share * sum((logits - others) ** 2)
    found = es.logit_distance(predicted(f, g), predicted(other_f, other_g), weight)
    assert abs(found.distance - np.sqrt(total)) < 1e-9


@given(SEEDS)
def test_the_identifiability_class_changes_nothing(seed):
    (f, g), other = predictor(seed), predicted(*nearby(seed, 0.5))
    draw = np.random.default_rng([seed, 3])
    mixing = draw.normal(size=(DIM, DIM)) + 3 * np.eye(DIM)
    if np.linalg.cond(mixing) > 100:
        return
    moved = predicted(f @ mixing.T, g @ np.linalg.inv(mixing) + draw.normal(size=DIM))
    np.testing.assert_allclose(
        es.logit_distance(moved, other), es.logit_distance(predicted(f, g), other), atol=1e-7
    )


@given(SEEDS)
def test_it_is_symmetric_and_keeps_the_triangle(seed):
    one, two, three = (predicted(*predictor(seed + step)) for step in range(3))
    forward, backward = es.logit_distance(one, two), es.logit_distance(two, one)
    assert abs(forward.distance - backward.distance) < 1e-12
    assert abs(forward.relative - backward.relative) < 1e-12
    assert abs(forward.least_cca - backward.least_cca) < 1e-9
    detour = forward.distance + es.logit_distance(two, three).distance
    assert es.logit_distance(one, three).distance <= detour + 1e-12
    assert 0 <= forward.relative <= 2


@given(SEEDS, st.floats(0.001, 3), st.integers(1, 4))
def test_the_distance_bounds_what_canonical_correlations_lose(seed, noise, dim):
    first, weight = predicted(*predictor(seed)), weights(seed)
    second = predicted(*(nearby(seed, noise) if dim == DIM else predictor(seed + 1, dim)))
    found = es.logit_distance(first, second, weight)
    target(found.lost / found.distance**2)
    assert found.lost <= found.distance**2 * (1 + 1e-9)


@given(SEEDS, st.floats(0.001, 0.3))
def test_lost_and_least_cca_agree_with_correlations_found_otherwise(seed, noise):
    weight = weights(seed)
    rows = [predicted(*pair) for pair in (predictor(seed), nearby(seed, noise))]
    centred = [row - row.mean(1, keepdims=True) for row in rows]
    squared, spread = squared_correlations(*centred, weight)
    found = es.logit_distance(*rows, weight)
    lost = sum(spread[index] * (1 - squared[index]) for index in range(DIM))
    assert abs(found.lost - lost) < 1e-6 * max(1, spread.sum())
    target(found.least_cca - squared[:DIM].mean())
    assert found.least_cca <= squared[:DIM].mean() + 1e-7


def test_the_bound_says_something_of_near_predictors_and_nothing_of_far_ones():
    first = predicted(*predictor(0))
    near = [es.logit_distance(first, predicted(*nearby(0, noise))) for noise in (1e-3, 1e-2)]
    assert near[0].least_cca > 0.9999
    assert 0.9 < near[1].least_cca < near[0].least_cca
    assert es.logit_distance(first, predicted(*predictor(1))).least_cca == 0


def test_a_predictor_of_lower_rank_leaves_directions_without_a_partner():
    f, g = predictor(2)
    second = predicted(f[:, :1], g[:, :1])
    first = predicted(f * [1, 0.05, 0.05], g)
    for pair in ((first, second), (second, first)):
        assert es.logit_distance(*pair).least_cca <= 1 / 3


def test_the_bound_on_what_is_lost_can_be_met():
    # Noise in z' that no linear map of z' takes away is lost exactly as far as it is distance.
    draw = np.random.default_rng(0)
    logits = draw.normal(size=(4000, 1)) * np.array([1.0, -1.0])
    second = log_softmax(logits + 1e-9 * draw.normal(size=logits.shape), axis=1)
    alone = log_softmax(np.zeros_like(logits) + 1e-9 * draw.normal(size=logits.shape), axis=1)
    first = log_softmax(logits, axis=1)
    assert es.logit_distance(first, second).lost < 1e-12
    found = es.logit_distance(first, alone)
    assert found.lost / found.distance**2 > 0.999


def test_predictors_that_do_not_know_of_each_other_are_half_way():
    found = [
        es.logit_distance(predicted(*predictor(seed)), predicted(*predictor(seed + 100))).relative
        for seed in range(20)
    ]
    assert abs(np.mean(found) - 1) < 0.1


@given(SEEDS, st.floats(0.01, 1))
def test_kl_bounds_the_distance_where_no_probability_is_small(seed, noise):
    first, second = predicted(*predictor(seed)), predicted(*nearby(seed, noise))
    least = float(np.exp(min(first.min(), second.min())))
    allowed = es.logit_distance_of_kl(es.kl_to_exact(first, second).divergence, least)
    found = es.logit_distance(first, second).distance
    target(found / allowed)
    assert found <= allowed * (1 + 1e-9)


def test_kl_bounds_nothing_without_a_floor():
    allowed = [es.logit_distance_of_kl(0.01, least) for least in (1e-2, 1e-4, 1e-8)]
    assert allowed[0] < allowed[1] / 5 < allowed[2] / 100
    with pytest.raises(ValueError, match="must lie between 0 and 1; got 0"):
        es.logit_distance_of_kl(0.01, 0)
    with pytest.raises(ValueError, match="not negative; got -1"):
        es.logit_distance_of_kl(-1, 0.1)


def test_zeros_that_both_have_are_left_out_and_others_are_infinitely_far():
    with np.errstate(divide="ignore"):
        log_rows = np.log([[0.5, 0.5, 0.0], [0.2, 0.3, 0.5], [0.4, 0.1, 0.5]])
        other = np.log([[0.5, 0.5, 0.0], [0.2, 0.0, 0.8], [0.4, 0.1, 0.5]])
    assert es.logit_distance(log_rows, log_rows).distance == 0
    found = es.logit_distance(log_rows, other)
    assert (found.distance, found.lost, found.least_cca) == (np.inf, np.inf, 0)
    assert es.logit_distance(log_rows, other, [1, 0, 1]).distance == 0
    shifted = log_softmax(np.array([[1.0, 0.0], [0.0, 0.0]]), axis=1)
    padded = np.pad(shifted, ((0, 0), (0, 1)), constant_values=-np.inf)
    flat = np.pad(np.log(np.full((2, 2), 0.5)), ((0, 0), (0, 1)), constant_values=-np.inf)
    assert abs(es.logit_distance(padded, flat).distance - 0.5) < 1e-12


def test_constant_predictors_have_a_distance_and_no_correlation():
    flat = np.log(np.full((4, 2), 0.5))
    other = np.broadcast_to(np.log([0.2, 0.8]), (4, 2))
    found = es.logit_distance(flat, other)
    assert abs(found.distance - np.log(4) / np.sqrt(2)) < 1e-12
    assert np.isnan(found.least_cca)
    assert found.lost == 0


def test_bad_input_is_refused():
    log_rows = predicted(*predictor(0))
    with pytest.raises(ValueError, match=r"second log-predictions must have axes .* the 60 rows"):
        es.logit_distance(log_rows, log_rows[1:])
    with pytest.raises(ValueError, match="must be over the same tokens"):
        es.logit_distance(log_rows, predicted(*predictor(0))[:, :1] * 0)
    with pytest.raises(ValueError, match="first log-predictions must hold log-probabilities"):
        es.logit_distance(log_rows + 1, log_rows)
