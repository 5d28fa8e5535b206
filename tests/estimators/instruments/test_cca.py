"""Are canonical correlations those of textbooks, and is what is held out free of luck?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import eigh
from sklearn.cross_decomposition import CCA

import estimators as es

SEEDS = st.integers(0, 2**16)


def related(seed, num_rows=80, dims=(4, 3), noise=1.0):
    """Two representations of which the second is an image of the first and noise."""
    draw = np.random.default_rng(seed)
    first = draw.normal(size=(num_rows, dims[0])) + 3
    second = first @ draw.normal(size=dims) + noise * draw.normal(size=(num_rows, dims[1]))
    return first, second, draw.integers(1, 5, num_rows).astype(float)


def eigenproblem(first, second, weight):
    """Correlations as roots of [[0, C], [Cᵀ, 0]] v = ρ [[A, 0], [0, B]] v, and their vectors."""
    weight = weight / weight.sum()
    first, second = first - weight @ first, second - weight @ second
    p, q = first.shape[1], second.shape[1]
    cross = np.zeros((p + q, p + q))
    cross[:p, p:] = first.T @ (weight[:, None] * second)
    own = np.zeros_like(cross)
    own[:p, :p] = first.T @ (weight[:, None] * first)
    own[p:, p:] = second.T @ (weight[:, None] * second)
    values, vectors = eigh(cross + cross.T, own)
    found = slice(None, -min(p, q) - 1, -1)
    return values[found], vectors[:p, found], vectors[p:, found]


@given(SEEDS)
def test_correlations_solve_the_generalised_eigenproblem(seed):
    first, second, weight = related(seed)
    found = es.cca(first, second, weight)
    np.testing.assert_allclose(found.correlations, eigenproblem(*related(seed))[0], atol=1e-9)
    assert (found.first_rank, found.second_rank, found.saturated) == (4, 3, False)
    assert abs(found.population - found.correlations.mean()) < 1e-12
    assert abs(found.score - found.held_out.mean()) < 1e-12


def test_held_out_correlations_are_those_of_directions_found_elsewhere():
    first, second, weight = related(3, num_rows=160)
    groups = np.arange(160) // 2
    folds = es.context_folds(groups, 160, num_folds=4, random_state=7)
    products = np.zeros((3, 3))
    for train, test in folds.splits():
        share = weight[train] / weight[train].sum()
        _, left, right = eigenproblem(first[train], second[train], weight[train])
        a = (first[test] - share @ first[train]) @ left
        b = (second[test] - share @ second[train]) @ right
        for w, x, y in zip(weight[test], a, b, strict=True):
            products += w * np.array([x * y, x * x, y * y])
    expected = products[0] / np.sqrt(products[1] * products[2])
    found = es.cca(first, second, weight, groups=groups, num_folds=4, random_state=7)
    np.testing.assert_allclose(found.held_out, expected, atol=1e-9)


def test_scikit_learn_finds_the_same_correlations():
    first, second, _ = related(1, num_rows=300, dims=(4, 4))
    model = CCA(n_components=4, scale=False, max_iter=20_000, tol=1e-12)
    left, right = model.fit_transform(first, second)
    expected = [np.corrcoef(a, b)[0, 1] for a, b in zip(left.T, right.T, strict=True)]
    np.testing.assert_allclose(es.cca(first, second).correlations, expected, atol=1e-5)


@given(SEEDS)
def test_no_pair_of_directions_correlates_more_than_the_first(seed):
    first, second, _ = related(seed)
    draw = np.random.default_rng([seed, 1])
    best = es.cca(first, second).correlations[0]
    for _ in range(5):
        a, b = first @ draw.normal(size=4), second @ draw.normal(size=3)
        assert abs(np.corrcoef(a, b)[0, 1]) <= best + 1e-9


def test_noise_correlates_in_sample_and_not_on_held_out_contexts():
    found = []
    for seed in range(30):
        draw = np.random.default_rng(seed)
        found.append(es.cca(draw.normal(size=(80, 5)), draw.normal(size=(80, 5)))[:2])
    score, population = np.mean(found, axis=0)
    assert abs(score) < 5 / np.sqrt(30 * 80)
    assert population > 0.2


def test_directions_that_hardly_vary_count_as_much_as_others():
    draw = np.random.default_rng(0)
    first = draw.normal(size=(100, 3)) * [1.0, 1e-4, 1e-8]  # far beyond what a Gram matrix resolves
    found = es.cca(first, first @ draw.normal(size=(3, 3)))
    assert found.first_rank == 3
    np.testing.assert_allclose(found.correlations, 1, atol=1e-6)
    np.testing.assert_allclose(found.held_out, 1, atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_a_direction_that_no_training_context_has_is_left_out_of_that_fold(seed):
    draw = np.random.default_rng(seed)
    folds = es.context_folds(None, 60, num_folds=3)
    rare = np.where(folds.fold == 0, draw.normal(size=60), 0.0)
    sides = [np.column_stack([draw.normal(size=(60, 2)), rare]) for _ in range(2)]
    found = es.cca(*(side @ draw.normal(size=(3, 3)) for side in sides), num_folds=3)
    # In coordinates with covariance 1 over all rows, the training rows of fold 0 have a flat.
    white = [
        (side - side.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(side.T))).T
        for side in sides
    ]
    products = np.zeros((3, 3))
    for train, test in folds.splits():
        flat = []
        for side in white:
            _, scale, axes = np.linalg.svd(side[train] - side[train].mean(0))
            flat.append((side - side[train].mean(0)) @ axes[scale > 1e-9].T)
        _, left, right = eigenproblem(flat[0][train], flat[1][train], np.ones(train.sum()))
        a, b = flat[0][test] @ left, flat[1][test] @ right
        products[:, : a.shape[1]] += [(a * b).sum(0), (a * a).sum(0), (b * b).sum(0)]
    expected = products[0] / np.sqrt(products[1] * products[2])
    np.testing.assert_allclose(found.held_out, expected, atol=1e-6)


def test_too_few_contexts_are_called_saturated():
    draw = np.random.default_rng(0)
    first, second = draw.normal(size=(20, 6)), draw.normal(size=(20, 6))
    found = es.cca(first, second)
    assert found.saturated
    assert np.isnan(found.score)
    assert np.isnan(found.held_out).all()
    # No more contexts than directions: noise correlates perfectly.
    np.testing.assert_allclose(es.cca(first[:7], second[:7]).correlations, 1)


def test_a_constant_side_has_no_pair():
    _, second, weight = related(0)
    found = es.cca(np.full((80, 2), 0.1), second, weight)
    assert np.isnan(found.score)
    assert np.isnan(found.population)
    assert found.correlations.shape == (0,)
    assert (found.first_rank, found.second_rank) == (0, 3)


def test_svcca_is_cca_of_leading_principal_components():
    draw = np.random.default_rng(2)
    first = draw.normal(size=(200, 4)) * [5.0, 3.0, 0.3, 0.1]
    second = first @ draw.normal(size=(4, 3)) + draw.normal(size=(200, 3))
    kept = []
    for side in (first, second):
        centred = side - side.mean(0)
        values, vectors = np.linalg.eigh(np.cov(side.T))
        share = np.cumsum(values[::-1]) / values.sum()
        count = next(k for k in range(len(share)) if share[k] >= 0.95) + 1
        kept.append(centred @ vectors[:, ::-1][:, :count])
    assert kept[0].shape[1] == 2
    expected, found = es.cca(*kept), es.svcca(first, second, explained=0.95)
    assert (found.first_rank, found.second_rank) == (expected.first_rank, expected.second_rank)
    np.testing.assert_allclose(found.correlations, expected.correlations, atol=1e-9)
    np.testing.assert_allclose(found.score, expected.score, atol=1e-9)


def test_svcca_keeps_as_few_components_as_hold_the_share():
    draw = np.random.default_rng(4)
    white = np.linalg.qr(np.column_stack([np.ones(90), draw.normal(size=(90, 3))]))[0][:, 1:]
    first = white * np.sqrt([8.0, 1.0, 1.0])
    for explained, kept in ((0.5, 1), (0.8, 1), (0.81, 2), (0.9, 2), (0.91, 3), (1.0, 3)):
        assert es.svcca(first, white, explained=explained).first_rank == kept


def test_svcca_of_the_whole_variance_is_cca():
    first, second, weight = related(5)
    found, expected = es.svcca(first, second, weight, explained=1.0), es.cca(first, second, weight)
    np.testing.assert_allclose(found.held_out, expected.held_out, atol=1e-9)
    for share in (0, 1.1, np.nan):
        with pytest.raises(ValueError, match=r"explained must be a share in \(0, 1\]; got"):
            es.svcca(first, second, explained=share)
