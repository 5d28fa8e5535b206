"""Is the matching the best of all, and does noise that was matched gain nothing by it?"""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

import estimators as es

SEEDS = st.integers(0, 2**16)


def related(seed, num_rows=60, sizes=(3, 3)):
    """Components that share something, with values that repeat."""
    draw = np.random.default_rng(seed)
    first = draw.normal(size=(num_rows, sizes[0]))
    second = first @ draw.normal(size=sizes) + draw.normal(size=(num_rows, sizes[1]))
    return np.round(first, 1), np.round(second, 1)


def brute_force(correlation):
    """The best mean over all one-to-one matchings of the narrower side."""
    table = np.abs(correlation if correlation.shape[0] <= correlation.shape[1] else correlation.T)
    count = table.shape[0]
    return max(
        np.mean([table[i, j] for i, j in enumerate(order)])
        for order in itertools.permutations(range(table.shape[1]), count)
    )


@given(SEEDS, st.sampled_from([(3, 3), (2, 4), (4, 2), (1, 1)]))
def test_the_population_value_is_the_best_of_all_matchings(seed, sizes):
    first, second = related(seed, sizes=sizes)
    table = np.corrcoef(first.T, second.T)[: sizes[0], sizes[0] :]
    found = es.mean_correlation(first, second)
    assert abs(found.population - brute_force(table)) < 1e-9
    np.testing.assert_allclose(found.correlations, table[tuple(found.match.T)], atol=1e-9)
    assert (np.diff(found.match[:, 0]) > 0).all()


@given(SEEDS)
def test_spearman_is_pearson_of_ranks_with_ties(seed):
    first, second = related(seed, sizes=(2, 3))
    table = np.array([[spearmanr(a, b)[0] for b in second.T] for a in first.T])
    found = es.mean_correlation(first, second, kind="spearman")
    assert abs(found.population - brute_force(table)) < 1e-9


def test_the_score_is_of_matchings_and_signs_found_elsewhere():
    first, second = related(0, sizes=(3, 4))
    weight = np.random.default_rng(0).integers(1, 4, 60).astype(float)
    groups = np.arange(60) // 2
    whole, products = weight / weight.sum(), np.zeros((3, 3))
    units = [np.sqrt(whole @ (side - whole @ side) ** 2) for side in (first, second)]
    for train, test in es.context_folds(groups, 60, num_folds=3, random_state=5).splits():
        share = weight[train] / weight[train].sum()
        left, right = (
            (side - share @ side[train]) / unit
            for side, unit in zip((first, second), units, strict=True)
        )
        spread = [np.sqrt(share @ side[train] ** 2) for side in (left, right)]
        table = left[train].T @ (share[:, None] * right[train]) / np.outer(*spread)
        best = max(
            itertools.permutations(range(4), 3),
            key=lambda order: sum(abs(table[i, j]) for i, j in enumerate(order)),
        )
        for i, j in enumerate(best):
            a, b = left[test, i], np.sign(table[i, j]) * right[test, j]
            products[:, i] += [weight[test] @ (a * b), weight[test] @ a**2, weight[test] @ b**2]
    expected = (products[0] / np.sqrt(products[1] * products[2])).mean()
    found = es.mean_correlation(
        first, second, weight, groups=groups, num_folds=3, random_state=5
    ).score
    assert abs(found - expected) < 1e-9


@pytest.mark.parametrize("kind", ["pearson", "spearman"])
def test_noise_gains_nothing_by_being_matched(kind):
    found = []
    for seed in range(40):
        draw = np.random.default_rng(seed)
        first, second = draw.normal(size=(50, 6)), draw.normal(size=(50, 8))
        found.append(es.mean_correlation(first, second, kind=kind)[:2])
    score, population = np.mean(found, axis=0)
    assert abs(score) < 5 / np.sqrt(40 * 50)
    assert population > 0.2


def test_components_are_matched_whatever_their_order_and_the_surplus_does_not_count():
    first, _ = related(1, sizes=(4, 4))
    found = es.mean_correlation(first, -2 * first[:, [2, 0]] + 1)
    assert abs(found.score - 1) < 1e-9
    assert found.match.tolist() == [[0, 1], [2, 0]]
    np.testing.assert_allclose(found.correlations, -1)
    turned = es.mean_correlation(-2 * first[:, [2, 0]] + 1, first)
    assert turned.match.tolist() == [[0, 2], [1, 0]]
    assert turned.score == found.score


def test_a_mixture_of_components_is_not_one_of_them():
    first = np.random.default_rng(0).normal(size=(400, 2))
    turn = np.array([[1.0, 1.0], [-1.0, 1.0]])
    assert es.affine_r2(first, first @ turn).score > 1 - 1e-9
    assert abs(es.mean_correlation(first, first @ turn).score - np.sqrt(0.5)) < 0.05


@pytest.mark.parametrize("kind", ["pearson", "spearman"])
def test_a_component_that_does_not_vary_correlates_with_nothing(kind):
    first, _ = related(2, sizes=(2, 2))
    dead = np.column_stack([first[:, 0], np.full(60, 0.1)])
    found = es.mean_correlation(dead, first, kind=kind)
    assert abs(found.score - 0.5) < 1e-9
    assert abs(found.population - 0.5) < 1e-9
    rare = np.column_stack([first[:, 0], np.arange(60) == 4])  # varies in one fold only
    assert abs(es.mean_correlation(rare, rare, kind=kind).population - 1) < 1e-9
    assert np.isfinite(es.mean_correlation(rare, rare, kind=kind).score)


def test_no_components_and_few_contexts_have_defined_answers():
    first, second = related(3)
    found = es.mean_correlation(first[:, :0], second)
    assert np.isnan([found.score, found.population]).all()
    assert found.match.shape == (0, 2)
    few = es.mean_correlation(first[:4], second[:4])
    assert few.saturated
    assert np.isnan(few.score)
    assert few.population > 0


def test_other_kinds_are_refused():
    with pytest.raises(Exception, match="kind"):  # by the executed annotation, or by our own words
        es.mean_correlation(*related(0), kind="kendall")
