"""Are cosines, perfect fits and what training conserves as the algebra says?"""

import itertools
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import estimators as es
import latentgen as lg
from estimators.training.loop import batch_loss
from experiments.measures import truth
from experiments.networks import training_key
from experiments.origins.cell import OriginsCell, Training, train_config
from experiments.origins.conserved import balance, conserved_metrics
from experiments.origins.directions import (
    across_cosines,
    differences,
    idle_share,
    log_odds_vectors,
    varying_directions,
    within_cosines,
)
from experiments.origins.perfect_fit import (
    helmert_unembedding,
    in_random_gauge,
    least_norm_unembedding,
)
from experiments.origins.scaled_start import ScaledStart
from experiments.origins.worlds import CHAIN, FAMILIES, JOINT, PRODUCT, token_table, world

TINY = Training(num_steps=8, hidden=(4,))


def cell(optimiser="sgd", seeds=(0, 1), family=JOINT, training=TINY, scale=1.0):
    return OriginsCell(family, 7, optimiser, scale, 3, 0.05, training, seeds)


def seen(family, seed=0):
    return truth(world(seed, family, num_concepts=3, token_flip=0.05), seed)


def centred(log_predictive):
    return log_predictive - log_predictive.mean(1, keepdims=True)


@pytest.mark.parametrize("seed", range(3))
def test_the_product_law_holds_in_product_worlds_alone(seed):
    violation = {}
    for family in FAMILIES:
        exact = seen(family, seed)
        for token, digits in enumerate(itertools.product((0, 1), repeat=3)):
            parts = [
                np.log(np.exp(exact.log_concepts[k]) @ [[0.95, 0.05], [0.05, 0.95]])[:, digit]
                for k, digit in enumerate(digits)
            ]
            gap = np.abs(exact.log_predictive[:, token] - sum(parts)).max()
            violation[family] = max(gap, violation.get(family, 0))
    assert violation[PRODUCT] < 1e-12
    assert min(violation[CHAIN], violation[JOINT]) > 0.02


def test_log_odds_are_parallel_in_product_worlds_and_not_in_the_others():
    cosines = {}
    for family in FAMILIES:
        exact = seen(family)
        cosines[family] = within_cosines(log_odds_vectors(exact.log_predictive, exact.weight))
    np.testing.assert_allclose(cosines[PRODUCT], 1, atol=1e-12)
    assert cosines[CHAIN].min() < 0.999
    assert cosines[JOINT].min() < 0.95


def test_a_seed_keeps_its_words_when_concepts_depend():
    product, chain = (world(1, f, num_concepts=3, token_flip=0.05) for f in (PRODUCT, CHAIN))
    for first, second in zip(product.words, chain.words, strict=True):
        np.testing.assert_array_equal(first.log_table, second.log_table)
    assert not np.allclose(lg.log_prior(product), lg.log_prior(chain))


def test_every_entry_of_the_token_table_is_a_product_over_digits():
    table = token_table(3, 0.1)
    for row, values in enumerate(itertools.product((0, 1), repeat=3)):
        for token, digits in enumerate(itertools.product((0, 1), repeat=3)):
            wrong = sum(a != b for a, b in zip(values, digits, strict=True))
            assert table[row, token] == pytest.approx(0.1**wrong * 0.9 ** (3 - wrong))


def test_an_unknown_family_and_tokens_that_are_no_digits_are_refused():
    with pytest.raises(ValueError, match=r"one of product, chain, joint; got 'loud'"):
        world(0, "loud", num_concepts=3, token_flip=0.1)
    with pytest.raises(ValueError, match=r"4, 8, 16, …; got 6"):
        differences(np.zeros((6, 2)))


def test_differences_and_cosines_are_those_of_tokens_that_differ_in_one_digit():
    vector = np.random.default_rng(0).normal(size=(8, 5))
    number = {digits: i for i, digits in enumerate(itertools.product((0, 1), repeat=3))}
    cosines, means = [], []
    for k in range(3):
        rows = []
        for rest in itertools.product((0, 1), repeat=2):
            zero, one = ((*rest[:k], digit, *rest[k:]) for digit in (0, 1))
            rows.append(vector[number[one]] - vector[number[zero]])
        np.testing.assert_allclose(differences(vector)[k], rows)
        means.append(np.mean(rows, 0))
        for a, b in itertools.combinations(rows, 2):
            cosines.append(a @ b / np.sqrt((a @ a) * (b @ b)))
    np.testing.assert_allclose(within_cosines(vector).ravel(), cosines)
    across = [
        a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in itertools.combinations(means, 2)
    ]
    np.testing.assert_allclose(across_cosines(vector), across)


def test_the_gauge_free_cosine_is_a_correlation_of_log_odds_and_that_of_g_under_the_spread_of_f():
    exact = seen(JOINT)
    found = within_cosines(log_odds_vectors(exact.log_predictive, exact.weight))
    spread = np.random.default_rng(0)
    mixing = spread.normal(size=(7, 7))
    basis = lg.zero_sum_basis(8)
    representation = exact.log_predictive @ basis @ np.linalg.inv(mixing).T
    covariance = np.cov(representation.T, aweights=exact.weight, ddof=0)
    root = np.linalg.cholesky(covariance)
    np.testing.assert_allclose(within_cosines(basis @ mixing @ root), found, atol=1e-9)
    odds = exact.log_predictive[:, [4, 5]] - exact.log_predictive[:, [0, 1]]  # concept 0
    by_hand = np.cov(odds.T, aweights=exact.weight, ddof=0)
    assert found[0, 0] == pytest.approx(by_hand[0, 1] / np.sqrt(by_hand[0, 0] * by_hand[1, 1]))


def test_a_vector_of_no_length_has_no_cosine():
    assert np.isnan(within_cosines(np.zeros((4, 2)))).all()


def test_any_unembedding_of_full_rank_makes_a_perfect_fit_whatever_its_cosines():
    exact = seen(PRODUCT)
    unembedding = np.random.default_rng(1).normal(size=(8, 7))
    middle = unembedding - unembedding.mean(0)
    representation = centred(exact.log_predictive) @ np.linalg.pinv(middle).T
    logits = representation @ unembedding.T
    np.testing.assert_allclose(centred(logits), centred(exact.log_predictive), atol=1e-9)
    assert within_cosines(unembedding).mean() < 0.5
    np.testing.assert_allclose(within_cosines(helmert_unembedding(8)), 0, atol=1e-12)


def test_the_fit_of_least_norm_is_perfect_and_no_other_gauge_has_a_smaller_norm():
    exact = seen(JOINT)
    root = np.sqrt(exact.weight)[:, None]
    unembedding = least_norm_unembedding(exact.log_predictive, exact.weight)
    representation = np.linalg.lstsq(unembedding, centred(exact.log_predictive).T)[0].T
    logits = representation @ unembedding.T
    np.testing.assert_allclose(logits, centred(exact.log_predictive), atol=1e-9)

    def norm(mixing):
        other = representation @ np.linalg.inv(mixing).T
        return ((unembedding @ mixing) ** 2).sum() + ((root * other) ** 2).sum()

    rank = unembedding.shape[1]
    drawn = np.random.default_rng(0)
    least = norm(np.eye(rank))
    assert least == pytest.approx(
        2 * np.linalg.norm(root * centred(exact.log_predictive), "nuc"), rel=1e-9
    )
    for _ in range(20):
        assert norm(np.eye(rank) + 0.1 * drawn.normal(size=(rank, rank))) > least


def test_least_norm_is_parallel_where_the_product_law_holds_and_not_elsewhere():
    for family, is_one in ((PRODUCT, True), (CHAIN, False), (JOINT, False)):
        exact = seen(family)
        found = within_cosines(least_norm_unembedding(exact.log_predictive, exact.weight)).min()
        assert (found > 1 - 1e-6) == is_one


def test_in_a_product_world_only_the_idle_part_of_a_perfect_fit_is_not_parallel():
    exact = seen(PRODUCT)
    drawn = np.random.default_rng(2)
    used = least_norm_unembedding(exact.log_predictive, exact.weight)[:, :3]
    representation = np.linalg.lstsq(used, centred(exact.log_predictive).T)[0].T
    wide = np.concatenate([representation, np.zeros((len(representation), 4))], 1)
    unembedding = np.concatenate([used, drawn.normal(size=(8, 4))], 1)
    turn = np.linalg.qr(drawn.normal(size=(7, 7)))[0]
    wide, unembedding = wide @ turn, unembedding @ turn
    np.testing.assert_allclose(
        centred(wide @ unembedding.T), centred(exact.log_predictive), atol=1e-9
    )
    directions = varying_directions(wide, exact.weight, 1e-6)
    assert directions.shape == (7, 3)
    np.testing.assert_allclose(within_cosines(unembedding @ directions), 1, atol=1e-6)
    assert within_cosines(unembedding).mean() < 0.8
    idle = differences(unembedding @ turn.T)[:, :, 3:]
    share = (idle**2).sum() / (differences(unembedding) ** 2).sum()
    assert idle_share(unembedding, directions) == pytest.approx(share, abs=1e-6)


def test_another_gauge_changes_raw_cosines_and_no_prediction():
    unembedding = np.random.default_rng(3).normal(size=(8, 7))
    other = in_random_gauge(unembedding, 0)
    mixing = np.linalg.lstsq(unembedding, other)[0]
    np.testing.assert_allclose(unembedding @ mixing, other, atol=1e-9)
    assert not np.allclose(within_cosines(other), within_cosines(unembedding), atol=0.05)


def test_a_scaled_start_differs_in_the_scaled_parameters_alone():
    plain = es.MLP(context_length=6, num_tokens=8, dim=7, hidden=(4,))
    key = jax.random.key(0)
    usual, scaled = (jax.jit(p.init)(key) for p in (plain, ScaledStart(plain, 0.1, 0.5)))
    assert jax.tree.structure(usual) == jax.tree.structure(scaled)
    for name, layer in usual["params"].items():
        factor = 0.1 if name == "unembedding" else 0.5
        expected = jax.tree.map(lambda leaf, factor=factor: factor * leaf, layer)
        jax.tree.map(np.testing.assert_allclose, scaled["params"][name], expected)
    predictor = ScaledStart(plain)
    context = jnp.zeros((2, 6), jnp.int32)
    every = jax.jit(predictor.represent_prefixes)(usual, context)
    last = jax.jit(predictor.represent)(usual, context)
    np.testing.assert_allclose(every[:, -1], last, atol=1e-6)
    assert isinstance(predictor, es.Predictor)
    assert (predictor.num_words, predictor.num_tokens, predictor.dim) == (2, 8, 7)


def test_the_slope_of_g_lies_in_the_span_of_f_and_adds_up_to_nothing_over_tokens():
    config = train_config(cell(training=replace(TINY, hidden=(2,))))  # f in 3 dimensions of 7
    params = jax.jit(config.predictor.init)(jax.random.key(0))
    exact = seen(JOINT)
    known = es.population(exact.context, exact.log_predictive, exact.weight)
    batch = tuple(map(jnp.asarray, known[:3]))
    slope = jax.jit(jax.grad(lambda p: batch_loss(config, p, *batch)))(params)["params"][
        "unembedding"
    ]
    representation = np.asarray(jax.jit(config.predictor.represent)(params, batch[0]))
    _, size, rows = np.linalg.svd(representation)
    outside = rows[3:]
    assert size[3] < 1e-5
    assert np.abs(slope @ outside.T).max() < 1e-6 < 1e-3 < np.abs(slope).max()
    np.testing.assert_allclose(slope.sum(0), 0, atol=1e-6)


def test_gradient_descent_conserves_what_adam_does_not():
    drifts = {}
    for optimiser, rate, num_steps in (("sgd", 0.2, 40), ("sgd", 0.05, 160), ("adam", 3e-3, 40)):
        training = Training(num_steps, rate, rate, (8,))
        config = train_config(cell(optimiser, training=training))
        exact = seen(JOINT)
        known = es.stack_seeds([es.population(exact.context, exact.log_predictive, exact.weight)])
        keys = [training_key(0)]
        trained = es.train(config, keys, es.whole_population, known)
        start, end = (es.of_seed(p, 0) for p in (es.initial_params(config, keys), trained.params))
        found = conserved_metrics(start, end, 3)
        drifts[optimiser, rate] = found
        if optimiser == "sgd":
            middle = np.asarray(end["params"]["unembedding"], np.float64)
            middle = middle - middle.mean(0)
            reached = np.linalg.eigvalsh(middle.T @ middle)
            assert (reached >= np.linalg.eigvalsh(balance(end)) - 1e-9).all()
            assert found["beyond.trained"] >= found["beyond.bound"] * 0.99
    coarse, fine, adam = drifts.values()
    assert max(coarse["drift_mean.trained"], fine["drift_mean.trained"]) < 1e-4
    assert fine["drift_balance.trained"] < 0.5 * coarse["drift_balance.trained"] < 0.05
    assert adam["drift_balance.trained"] > 0.2
    assert adam["drift_mean.trained"] > 0.01
