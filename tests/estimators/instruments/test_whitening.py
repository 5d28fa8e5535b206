"""Does whitening leave the identity, and drop just the directions that rounding made?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import estimators as es
from estimators.instruments.whitening import checked_rows, checked_weight


def weights(seed, num_rows):
    return checked_weight(np.random.default_rng(seed).integers(1, 5, num_rows), num_rows)


@given(st.integers(0, 2**16))
def test_whitened_features_have_mean_zero_and_covariance_one(seed):
    draw = np.random.default_rng(seed)
    features = draw.normal(size=(30, 4)) @ draw.normal(size=(4, 4)) + 10 * draw.normal(size=4)
    weight = weights(seed, 30)
    whitening = es.fit_whitening(features, weight)
    z = whitening.apply(features)
    assert whitening.rank == 4
    np.testing.assert_allclose(weight @ z, 0, atol=1e-9)
    np.testing.assert_allclose(z.T @ (weight[:, None] * z), np.eye(4), atol=1e-9)


def test_the_rank_counts_directions_that_vary():
    draw = np.random.default_rng(0)
    features = draw.normal(size=(30, 2))
    wide = np.column_stack([features, features @ [1.0, 2.0], np.full(30, 5.0), np.zeros(30)])
    whitening = es.fit_whitening(wide, weights(0, 30))
    assert whitening.rank == 2
    assert whitening.apply(wide).shape == (30, 2)


@given(st.integers(0, 2**16), st.sampled_from([1, 7, 60, 1000]), st.sampled_from([1e-9, 0.1, 3e8]))
def test_constant_features_have_rank_zero_although_their_mean_is_rounded(seed, num_rows, value):
    for dtype in (np.float64, np.float32):
        features = np.full((num_rows, 3), value, dtype)
        assert es.fit_whitening(features, weights(seed, num_rows)).rank == 0


def test_no_columns_have_rank_zero():
    whitening = es.fit_whitening(np.zeros((5, 0)), np.full(5, 0.2))
    assert whitening.rank == 0
    assert whitening.apply(np.zeros((5, 0))).shape == (5, 0)


def test_what_float32_cannot_resolve_is_dropped_and_float64_keeps_it():
    draw = np.random.default_rng(1)
    features, weight = draw.normal(size=(50, 2)), np.full(50, 0.02)
    features[:, 1] = features[:, 0] + 1e-6 * features[:, 1]
    assert es.fit_whitening(features, weight).rank == 2
    assert es.fit_whitening(features.astype(np.float32), weight).rank == 1
    assert es.fit_whitening(features, weight, tolerance=1e-3).rank == 1


def test_rounding_to_float32_adds_no_directions():
    draw = np.random.default_rng(2)
    flat = draw.normal(size=(200, 3)) @ draw.normal(size=(3, 8))
    for rows in (flat, flat + 100):
        assert es.fit_whitening(rows.astype(np.float32), np.full(200, 1 / 200)).rank == 3


def test_rows_are_made_floating_and_checked():
    assert checked_rows([[1, 2]], "x").dtype == np.float64
    assert checked_rows(np.ones((1, 2), np.float32), "x").dtype == np.float32
    with pytest.raises(ValueError, match=r"x must have axes \[row, column\]; got shape \(\)"):
        checked_rows(1.0, "x")
    with pytest.raises(ValueError, match="x must be finite; row 1 is not"):
        checked_rows([[0.0], [-np.inf]], "x")


def test_weights_are_made_a_distribution():
    np.testing.assert_allclose(checked_weight([1, 3, 0], 3), [0.25, 0.75, 0])
    np.testing.assert_allclose(checked_weight(None, 4), 0.25)
    with pytest.raises(ValueError, match="weights must be finite"):
        checked_weight([1.0, np.inf], 2)
