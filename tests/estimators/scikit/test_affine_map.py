"""Is the affine map the least-squares fit, on the directions that the data have?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import estimators as es


def pair(seed, num_rows=60, num_features=4, num_targets=3):
    draw = np.random.default_rng(seed)
    X = draw.normal(size=(num_rows, num_features)) @ draw.normal(size=(num_features,) * 2) + 5
    Y = X @ draw.normal(size=(num_features, num_targets)) + draw.normal(
        size=(num_rows, num_targets)
    )
    return X, Y, draw.dirichlet(np.ones(num_rows)) * num_rows


@pytest.mark.parametrize("seed", range(3))
def test_the_map_is_that_of_linear_regression(seed):
    X, Y, weight = pair(seed)
    for given_weight in (None, weight):
        ours, theirs = es.AffineMap().fit(X, Y, given_weight), LinearRegression()
        theirs.fit(X, Y, given_weight)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-9)
        np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-8)
        assert ours.score(X, Y) == pytest.approx(theirs.score(X, Y), abs=1e-12)


def test_the_penalty_is_that_of_ridge_regression():
    X, Y, weight = pair(4)
    ours, theirs = es.AffineMap(ridge=3.0).fit(X, Y, weight), Ridge(alpha=3.0).fit(X, Y, weight)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-9)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-8)


def test_one_target_has_one_row_less():
    X, Y, _ = pair(0)
    one, many = es.AffineMap().fit(X, Y[:, 0]), es.AffineMap().fit(X, Y)
    assert one.coef_.shape == (4,)
    assert isinstance(one.intercept_, float)
    assert one.predict(X).shape == (60,)
    assert one.transform(X).shape == (60, 1)
    np.testing.assert_allclose(one.coef_, many.coef_[0], atol=1e-12)


@given(st.integers(0, 10**6), st.integers(1, 3), st.sampled_from([1e-7, 1.0, 1e7]))
def test_directions_that_repeat_others_are_left_out(seed, num_copies, scale):
    X, Y, _ = pair(seed)
    mixed = X @ np.random.default_rng(seed).normal(size=(4, num_copies))
    repeated = scale * np.hstack([X, mixed, np.ones((len(X), 1))])
    found = es.AffineMap().fit(repeated, Y)
    assert found.rank_ == 4
    np.testing.assert_allclose(
        found.predict(repeated), es.AffineMap().fit(X, Y).predict(X), atol=1e-5
    )
    theirs = LinearRegression().fit(repeated, Y)  # the smallest of all maps that fit as well
    assert np.linalg.norm(found.coef_) <= np.linalg.norm(theirs.coef_) * (1 + 1e-5)


def test_fewer_rows_than_features_are_met_exactly_by_the_smallest_map():
    X, Y, _ = pair(1, num_rows=3, num_features=6)
    found, theirs = es.AffineMap().fit(X, Y), LinearRegression().fit(X, Y)
    assert found.rank_ == 2
    np.testing.assert_allclose(found.predict(X), Y, atol=1e-9)
    np.testing.assert_allclose(found.coef_, theirs.coef_, atol=1e-9)


def test_constant_features_and_targets_have_an_answer():
    X, Y, _ = pair(2)
    of_constant = es.AffineMap().fit(np.full((60, 2), 0.1), Y)
    assert of_constant.rank_ == 0
    np.testing.assert_allclose(of_constant.predict(np.full((1, 2), 0.1))[0], Y.mean(0))
    to_constant = es.AffineMap().fit(X, np.full(60, 7.0))
    np.testing.assert_allclose(to_constant.coef_, 0, atol=1e-12)
    assert to_constant.intercept_ == pytest.approx(7.0)


def test_the_cut_off_is_relative_to_the_largest_direction():
    draw = np.random.default_rng(0)
    X = draw.normal(size=(50, 3)) * [1.0, 1e-2, 1e-5]
    Y = draw.normal(size=(50, 1))
    ranks = [es.AffineMap(tolerance=t).fit(X, Y).rank_ for t in (None, 1e-7, 1e-3, 0.1)]
    assert ranks == [3, 3, 2, 1]


def test_the_score_depends_on_the_gauge_of_the_targets_and_affine_r2_does_not():
    X, Y, _ = pair(3)
    Y = Y + 20 * np.random.default_rng(9).normal(size=Y.shape) * [0, 0, 1]
    gauge = np.array([[1.0, 0, 0], [0, 1, 0], [30, 30, 1]])
    plain, mixed = es.AffineMap().fit(X, Y), es.AffineMap().fit(X, Y @ gauge)
    assert abs(plain.score(X, Y) - mixed.score(X, Y @ gauge)) > 0.1
    assert es.affine_r2(X, Y).population == pytest.approx(es.affine_r2(X, Y @ gauge).population)


def test_it_is_a_step_of_a_pipeline_and_of_a_grid_search():
    X, Y, _ = pair(5)
    composed = make_pipeline(es.AffineMap(), es.AffineMap()).fit(X, Y)
    np.testing.assert_allclose(composed.predict(X), es.AffineMap().fit(X, Y).predict(X), atol=1e-8)
    search = GridSearchCV(es.AffineMap(), {"ridge": [0.0, 1e9]}, cv=3).fit(X, Y)
    assert search.best_params_ == {"ridge": 0.0}


@pytest.mark.parametrize("params", [{"ridge": None}, {"ridge": "a"}, {"tolerance": "a"}])
def test_a_penalty_or_tolerance_that_is_no_number_is_refused(params):
    with pytest.raises(ValueError, match=f"{next(iter(params))} must be a number; got"):
        es.AffineMap(**params).fit(np.eye(3), np.eye(3))


@pytest.mark.parametrize("params", [{"ridge": -1.0}, {"ridge": np.nan}, {"tolerance": -0.1}])
def test_a_setting_that_cannot_be_is_refused_by_name(params):
    with pytest.raises(ValueError, match=f"{next(iter(params))} must be a finite number"):
        es.AffineMap(**params).fit(np.eye(3), np.eye(3))


def test_features_that_fit_did_not_see_are_refused():
    found = es.AffineMap().fit(np.eye(3), np.eye(3))
    with pytest.raises(ValueError, match="2 features"):
        found.transform(np.eye(2))
