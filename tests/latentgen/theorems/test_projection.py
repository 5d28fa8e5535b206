"""Is the closed form what the law leaves over, when that is little?"""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, target

import estimators as es
from latentgen.theorems.projection import fisher_projection, information


def softmax_world(seed, noise, num_contexts=60, num_tokens=4, num_regressors=3):
    """Features, and log p(y|x) = log softmax(U φ + v + noise · e)."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(num_contexts, num_regressors))
    logits = features @ rng.normal(size=(num_regressors, num_tokens))
    logits += noise * rng.normal(size=logits.shape)
    log_predictive = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return features, log_predictive, rng.dirichlet(np.full(num_contexts, 2.0))


def stupid(features, log_predictive, weight):
    """Weighted least squares with one free constant for every context, row by row."""
    num_contexts, num_tokens = log_predictive.shape
    weight = weight / weight.sum()
    rows, goals = [], []
    for x in range(num_contexts):
        for y in range(num_tokens):
            p = np.exp(log_predictive[x, y])
            if p == 0:
                continue
            row = np.zeros((num_tokens, features.shape[1] + 1))
            row[y] = [*features[x], 1]
            own = np.zeros(num_contexts)
            own[x] = 1  # the best constant is the mean: what is left is the variance
            root = np.sqrt(weight[x] * p)
            rows.append(root * np.concatenate([row.reshape(-1), own]))
            goals.append(root * log_predictive[x, y])
    matrix, goal = np.array(rows), np.array(goals)
    found = np.linalg.lstsq(matrix, goal, rcond=None)[0]
    return 0.5 * ((goal - matrix @ found) ** 2).sum()


@given(st.integers(0, 2**16), st.integers(1, 12), st.integers(1, 4), st.integers(0, 3))
def test_it_is_the_weighted_least_squares_value(seed, num_contexts, num_tokens, num_regressors):
    features, log_predictive, weight = softmax_world(
        seed, 0.5, num_contexts, num_tokens, num_regressors
    )
    found = fisher_projection(features, log_predictive, weight)
    expected = stupid(features, log_predictive, weight)
    target(abs(found.divergence - expected))
    np.testing.assert_allclose(found.divergence, expected, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("seed", range(5))
def test_the_ratio_to_the_convex_fit_goes_to_one_with_the_residual(seed):
    ratios = []
    for noise in (0.3, 0.03):
        features, log_predictive, weight = softmax_world(seed, noise)
        fitted = 1 - es.law_score(features, log_predictive, weight).population
        ratios.append(fisher_projection(features, log_predictive, weight).share / fitted)
    assert abs(ratios[0] - 1) < 0.15
    assert abs(ratios[1] - 1) < 0.015


@pytest.mark.parametrize("seed", range(5))
def test_an_exact_law_leaves_nothing(seed):
    features, log_predictive, weight = softmax_world(seed, 0.0)
    found = fisher_projection(features, log_predictive, weight)
    assert found.share < 1e-24
    logits = features @ found.coefficient.T + found.offset
    logits -= np.logaddexp.reduce(logits, axis=1, keepdims=True)
    np.testing.assert_allclose(logits, log_predictive, atol=1e-11)


@given(st.integers(0, 2**16), st.sampled_from([0.01, 0.3, 3.0]))
def test_the_divergence_of_its_fit_is_an_upper_bound(seed, noise):
    features, log_predictive, weight = softmax_world(seed, noise)
    found = fisher_projection(features, log_predictive, weight)
    fitted = 1 - es.law_score(features, log_predictive, weight).population
    target(fitted - found.upper_share)
    assert fitted <= found.upper_share + 1e-6
    logits = features @ found.coefficient.T + found.offset
    logits -= np.logaddexp.reduce(logits, axis=1, keepdims=True)
    divergence = (np.exp(log_predictive) * (log_predictive - logits)).sum(1)
    expected = weight @ divergence / found.information
    np.testing.assert_allclose(found.upper_share, expected, rtol=1e-6, atol=1e-12)


def test_contexts_that_determine_the_token_are_seen_by_the_upper_bound_alone():
    with np.errstate(divide="ignore"):
        log_predictive = np.log(np.eye(3))
    found = fisher_projection(np.zeros((3, 1)), log_predictive)
    assert found.share == 0
    np.testing.assert_allclose(found.upper_share, 1)


@given(st.integers(0, 2**16))
def test_it_does_not_depend_on_invertible_affine_maps_of_the_features(seed):
    features, log_predictive, weight = softmax_world(seed, 0.5)
    rng = np.random.default_rng(seed + 1)
    mapped = features @ (np.eye(3) + 0.3 * rng.normal(size=(3, 3))) + 7
    twice = np.concatenate([mapped, mapped[:, :1]], 1)
    expected = fisher_projection(features, log_predictive, weight).share
    found = fisher_projection(twice, log_predictive, weight)
    np.testing.assert_allclose(found.share, expected, rtol=1e-7)
    assert found.num_regressors == 3


def test_contexts_without_information_leave_nothing():
    log_predictive = np.log(np.tile([0.25, 0.75], (5, 1)))
    found = fisher_projection(np.arange(5.0)[:, None], log_predictive)
    assert found.share == 0
    assert found.information < 1e-15


def test_one_token_or_one_context_leaves_nothing():
    one_token = fisher_projection(np.arange(5.0)[:, None], np.zeros((5, 1)))
    one_context = fisher_projection(np.ones((1, 2)), np.log([[0.2, 0.8]]))
    assert one_token.share == one_context.share == 0
    assert one_token.divergence == 0
    assert one_context.divergence < 1e-30


def test_a_token_that_is_impossible_everywhere_changes_nothing():
    features, log_predictive, weight = softmax_world(0, 0.5)
    never = np.full((len(features), 1), -np.inf)
    found = fisher_projection(features, np.concatenate([never, log_predictive], 1), weight)
    expected = fisher_projection(features, log_predictive, weight)
    np.testing.assert_allclose(found.share, expected.share, rtol=1e-9)
    assert np.isfinite(found.coefficient).all()


def test_a_zero_in_one_context_counts_for_nothing_there():
    features, log_predictive, weight = softmax_world(1, 0.5, num_tokens=3)
    with np.errstate(divide="ignore"):
        log_predictive[0] = np.log([0.0, 0.3, 0.7])
    found = fisher_projection(features, log_predictive, weight)
    np.testing.assert_allclose(found.divergence, stupid(features, log_predictive, weight))


def test_rare_tokens_and_near_certain_ones_are_not_lost_to_rounding():
    rng = np.random.default_rng(3)
    features = rng.normal(size=(30, 2))
    logits = features @ rng.normal(size=(2, 4)) + np.array([0, 0, -40, -300])
    exact = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    assert fisher_projection(features, exact).share < 1e-24
    noise = rng.normal(size=30)
    logits[:, 2] += noise
    broken = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    # with p(y|x) near 1e-17 that token is fitted by itself
    root = np.sqrt(np.exp(broken[:, 2]) / 30)
    design = root[:, None] * np.concatenate([features, np.ones((30, 1))], 1)
    left = root * noise - design @ np.linalg.lstsq(design, root * noise)[0]
    expected = 0.5 * (left**2).sum()
    np.testing.assert_allclose(fisher_projection(features, broken).divergence, expected, rtol=1e-6)


def test_tokens_at_the_edge_of_float64_are_legal():
    rng = np.random.default_rng(4)
    features = rng.normal(size=(30, 2))
    logits = rng.normal(size=(30, 4)) + np.array([0, 0, -735, -738])
    log_predictive = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    found = fisher_projection(features, log_predictive)
    two = log_predictive[:, :2] - np.logaddexp.reduce(log_predictive[:, :2], axis=1)[:, None]
    np.testing.assert_allclose(found.share, fisher_projection(features, two).share, rtol=1e-9)


def test_information_is_that_of_the_estimators():
    features, log_predictive, weight = softmax_world(2, 0.5)
    expected = es.law_score(features, log_predictive, weight).information
    np.testing.assert_allclose(information(log_predictive, weight), expected, rtol=1e-12)


def test_features_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="row 1 is not"):
        fisher_projection(np.array([[0.0], [-np.inf]]), np.log(np.full((2, 2), 0.5)))
    with pytest.raises(ValueError, match="one row for each"):
        fisher_projection(np.zeros((0, 1)), np.zeros((0, 2)))
    with pytest.raises(ValueError, match="not all zero"):
        fisher_projection(np.zeros((2, 1)), np.log(np.full((2, 2), 0.5)), np.zeros(2))


def test_rounding_of_the_features_own_format_is_no_regressor():
    """Three beliefs and their sum: of rank 3, also where they are kept in float32."""
    rng = np.random.default_rng(6)
    three = rng.dirichlet(np.ones(4), 200)[:, :3]
    log_predictive = np.log(rng.dirichlet(np.ones(4), 200))
    exact = fisher_projection(np.column_stack([three, three.sum(1)]), log_predictive)
    single = three.astype(np.float32)
    found = fisher_projection(np.column_stack([single, single.sum(1)]), log_predictive)
    assert exact.num_regressors == found.num_regressors == 3
    np.testing.assert_allclose(found.share, exact.share, rtol=1e-5)


def test_lists_and_integers_are_taken_as_numbers():
    features, log_predictive, weight = softmax_world(0, 0.5)
    expected = fisher_projection(features, log_predictive, weight).share
    found = fisher_projection(features.tolist(), log_predictive.tolist(), weight.tolist())
    assert found.share == expected
    whole = np.arange(len(features))[:, None]
    expected = fisher_projection(whole.astype(float), log_predictive, weight).share
    assert fisher_projection(whole, log_predictive, weight).share == expected


def test_rows_that_are_no_log_probabilities_are_refused():
    features, log_predictive, weight = softmax_world(0, 0.5)
    rounded = fisher_projection(features, log_predictive.astype(np.float32), weight)
    assert rounded.share > 0
    for wrong in (log_predictive + 1, np.where(np.arange(3) < 9, np.nan, log_predictive[:, :3])):
        with pytest.raises(ValueError, match=r"exponentials sum to 1; row 0 sums to .*: subtract"):
            fisher_projection(features, wrong, weight)
    with pytest.raises(ValueError, match=r"axes \[context, regressor\] and .* shapes \(\d+,\)"):
        fisher_projection(features[:, 0], log_predictive, weight)
