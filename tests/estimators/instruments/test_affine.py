"""Is the whitened R² 1 on affine images, about 0 on noise, and free of both gauges?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

import estimators as es

SEEDS = st.integers(0, 2**16)


def image(seed, num_rows=60, noise=0.0):
    """A source of three columns, an affine image of it in two, and weights."""
    draw = np.random.default_rng(seed)
    source = draw.normal(size=(num_rows, 3)) + 5
    target = source @ draw.normal(size=(3, 2)) - 2 + noise * draw.normal(size=(num_rows, 2))
    return source, target, draw.integers(1, 5, num_rows).astype(float)


def invertible(seed, size):
    """A square matrix whose condition number is at most 100."""
    draw = np.random.default_rng(seed)
    left, right = (np.linalg.qr(draw.normal(size=(size, size)))[0] for _ in range(2))
    return left @ np.diag(np.geomspace(0.1, 10, size)) @ right


@given(SEEDS)
def test_an_affine_image_scores_one(seed):
    source, target, weight = image(seed)
    found = es.affine_r2(source, target, weight)
    assert abs(found.score - 1) < 1e-9
    assert abs(found.population - 1) < 1e-9
    assert (found.source_rank, found.target_rank, found.saturated) == (3, 2, False)


@given(SEEDS, st.integers(2, 6))
def test_an_exact_law_holds_log_ratios_of_the_posterior_and_not_its_normaliser(seed, size):
    draw = np.random.default_rng(seed)
    log_posterior = log_softmax(draw.normal(size=(60, size)), axis=1)
    mixing = draw.normal(size=(size, size))
    mixing -= mixing.mean(1, keepdims=True)  # A·1 = 0, of rank ℓ − 1
    representation = log_posterior @ mixing.T + draw.normal(size=size)
    as_it_is = es.affine_r2(representation, log_posterior)
    assert (as_it_is.source_rank, as_it_is.target_rank) == (size - 1, size)
    assert as_it_is.population == pytest.approx((size - 1) / size)
    log_ratios = log_posterior - log_posterior.mean(1, keepdims=True)
    assert es.affine_r2(representation, log_ratios).population == pytest.approx(1)


@given(SEEDS)
def test_invertible_maps_of_either_side_change_nothing(seed):
    source, target, weight = image(seed, noise=1.0)
    found = es.affine_r2(source, target, weight)
    moved = es.affine_r2(source @ invertible(seed, 3) - 4, target, weight)
    np.testing.assert_allclose(moved[:2], found[:2], atol=1e-8)
    moved = es.affine_r2(source, target @ invertible(seed, 2) + 1, weight)
    np.testing.assert_allclose(moved[:2], found[:2], atol=1e-8)


def test_noise_scores_about_zero_or_below():
    scores = []
    for seed in range(20):
        _, target, weight = image(seed, num_rows=100)
        noise = np.random.default_rng(100 + seed).normal(size=(100, 3))
        scores.append(es.affine_r2(noise, target, weight).score)
    assert max(scores) < 0.05
    assert np.mean(scores) < 0


def test_the_population_value_is_the_mean_over_principal_components_of_least_squares():
    source, target, weight = image(0, noise=2.0)
    weight = weight / weight.sum()
    centred = target - weight @ target
    values, vectors = np.linalg.eigh(centred.T @ (weight[:, None] * centred))
    design, scale = np.column_stack([source, np.ones(60)]), np.sqrt(weight)
    share = []
    for vector in vectors.T:  # each principal component by itself, then all alike
        component = centred @ vector
        solved = np.linalg.lstsq(scale[:, None] * design, scale * component, rcond=None)[0]
        share.append(1 - weight @ (component - design @ solved) ** 2 / (weight @ component**2))
    assert values.min() > 0
    assert abs(es.affine_r2(source, target, weight).population - np.mean(share)) < 1e-10


def test_columns_that_add_nothing_are_cut_off():
    source, target, weight = image(1, noise=1.0)
    found = es.affine_r2(source, target, weight)
    wide = np.column_stack([source, source[:, 0] + source[:, 1], np.full(60, 7.0)])
    again = es.affine_r2(wide, np.column_stack([target, target.sum(1)]), weight)
    assert (again.source_rank, again.target_rank) == (3, 2)
    np.testing.assert_allclose(again[:2], found[:2], atol=1e-8)


def test_a_constant_target_has_no_share_to_explain():
    source, _, _ = image(2)
    for constant in (np.full((60, 2), 0.3), np.zeros((60, 1)), np.zeros((60, 0))):
        found = es.affine_r2(source, constant)
        assert np.isnan(found.score)
        assert np.isnan(found.population)
        assert (found.source_rank, found.target_rank) == (3, 0)


def test_a_constant_source_explains_nothing():
    _, target, weight = image(3)
    found = es.affine_r2(np.full((60, 2), 0.1), target, weight)
    assert found.source_rank == 0
    assert abs(found.population) < 1e-12
    assert -0.2 < found.score < 0


def test_too_few_contexts_are_called_saturated_and_not_scored():
    source, target, _ = image(4, num_rows=18)
    found = es.affine_r2(source, target)
    assert found.saturated
    assert np.isnan(found.score)
    assert abs(found.population - 1) < 1e-9


def test_rows_that_repeat_a_context_are_held_out_together():
    groups, by_context, by_sample = np.repeat(np.arange(60), 6), [], []
    for seed in range(10):
        draw = np.random.default_rng(seed)
        names, target = draw.normal(size=(60, 9))[groups], draw.normal(size=(60, 2))[groups]
        by_context.append(es.affine_r2(names, target, groups=groups).score)
        by_sample.append(es.affine_r2(names, target, groups=np.arange(len(groups))).score)
        assert es.affine_r2(names, target).score == by_context[-1]  # noticed without groups
    assert np.mean(by_context) < 0
    assert np.mean(by_sample) > 0.05


def test_bad_input_is_refused():
    source, target, _ = image(0)
    with pytest.raises(ValueError, match="source has 60 rows and target has 59"):
        es.affine_r2(source, target[1:])
    with pytest.raises(ValueError, match="target must be finite; row 0 is not"):
        es.affine_r2(source, np.where(np.arange(60)[:, None] < 1, np.nan, target))
    with pytest.raises(ValueError, match=r"source must have axes \[row, column\]; got shape \(3,"):
        es.affine_r2([1.0, 2.0, 3.0], target)


@given(SEEDS)
def test_both_directions_are_the_two_single_ones(seed):
    source, target, weight = image(seed, noise=1.0)
    groups = np.arange(60) // 2
    options = {"groups": groups, "num_folds": 3, "random_state": 4}
    found = es.affine_r2_both(source, target, weight, **options)
    assert found.forward == es.affine_r2(source, target, weight, **options)
    assert found.backward == es.affine_r2(target, source, weight, **options)


def test_a_projection_is_an_image_of_the_whole_but_not_the_other_way_round():
    source, target, weight = image(5)
    found = es.affine_r2_both(source, target, weight)
    assert abs(found.forward.score - 1) < 1e-9
    assert found.backward.score < 0.8
    assert abs(found.backward.population - 2 / 3) < 1e-9


def test_the_population_value_is_the_mean_of_squared_canonical_correlations():
    source, target, weight = image(6, noise=1.0)
    squares = (es.cca(source, target, weight).correlations ** 2).sum()
    found = es.affine_r2_both(source, target, weight)
    assert abs(found.forward.population - squares / 2) < 1e-10
    assert abs(found.backward.population - squares / 3) < 1e-10


def test_held_out_values_are_those_of_least_squares_on_the_training_rows():
    source, target, weight = image(7, noise=1.0)
    source[:, 2] = source[:, 0] + 1e-7 * source[:, 2]  # beyond what a Gram matrix resolves
    weight = weight / weight.sum()
    design, missed = np.column_stack([source - source.mean(0), np.ones(60)]), 0.0
    design /= np.sqrt((design**2).mean(0))
    z = es.fit_whitening(target, weight).apply(target)
    for train, test in es.context_folds(None, 60).splits():
        scale = np.sqrt(weight[train])[:, None]
        solved = np.linalg.lstsq(scale * design[train], scale * z[train], rcond=None)[0]
        missed += weight[test] @ ((z[test] - design[test] @ solved) ** 2).sum(1)
    assert abs(es.affine_r2(source, target, weight).score - (1 - missed / 2)) < 1e-6


def test_a_column_that_varies_on_one_context_alone_breaks_no_fold():
    source, target, weight = image(8, noise=1.0)
    rare = np.column_stack([source, np.arange(60) == 5])
    found = es.affine_r2(rare, target, weight)
    assert found.source_rank == 4
    assert np.isfinite(found.score)
