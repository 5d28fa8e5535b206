"""Are sums over training rows those of the rows, and is no precision lost by solving from them?"""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import estimators as es
from estimators.instruments import moments


@given(st.integers(0, 2**16), st.sampled_from([2, 5, 12]))
def test_moments_of_training_rows_are_sums_over_them(seed, num_folds):
    draw = np.random.default_rng(seed)
    rows, weight = draw.normal(size=(24, 3)), draw.integers(0, 4, 24) / 24
    folds = es.context_folds(np.arange(24) // 2, 24, num_folds=num_folds)
    total, splits = moments.fold_moments(rows, weight, folds)
    np.testing.assert_allclose(total, np.einsum("r,ri,rj->ij", weight, rows, rows), atol=1e-12)
    assert len(splits) == num_folds
    for train, test, moment in splits:
        assert (train != test).all()
        expected = sum(weight[r] * np.outer(rows[r], rows[r]) for r in np.flatnonzero(train))
        np.testing.assert_allclose(moment, expected, atol=1e-12)


def test_without_folds_there_is_the_total_alone():
    rows = np.ones((3, 2))
    total, splits = moments.fold_moments(rows, np.full(3, 1 / 3), es.context_folds(None, 3))
    np.testing.assert_allclose(total, np.ones((2, 2)))
    assert splits == []


@given(st.integers(0, 2**16), st.sampled_from([1.0, 1e-1, 1e-3, 1e-7, 0.0]))
def test_least_squares_are_those_of_the_rows_however_little_a_column_varies(seed, size):
    draw = np.random.default_rng(seed)
    design = draw.normal(size=(40, 3)) * [1, 1, size]
    goal = draw.normal(size=(40, 2))
    weight, train = draw.integers(1, 5, 40) / 100, np.arange(40) < 30
    rows, scale = np.concatenate([design, goal], 1)[train], np.sqrt(weight[train])[:, None]
    moment = rows.T @ (weight[train][:, None] * rows)
    found = moments.least_squares(design, goal, weight, train, moment)
    expected = np.linalg.pinv(scale * design[train]) @ (scale * goal[train])
    np.testing.assert_allclose(found, expected, atol=1e-9 * (1 + np.abs(expected).max()))


def test_no_regressors_have_no_coefficients():
    goal, weight = np.ones((4, 2)), np.full(4, 0.25)
    found = moments.least_squares(np.zeros((4, 0)), goal, weight, np.ones(4, bool), np.eye(2))
    assert found.shape == (0, 2)
