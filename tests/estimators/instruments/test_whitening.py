"""Does whitening leave the identity, and drop just the directions that rounding made?"""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import estimators as es
from estimators.instruments.whitening import checked_rows, checked_weight, triangle


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
    with pytest.raises(ValueError, match="x must be finite; row 1 is not, -inf in column 0: "):
        checked_rows([[0.0], [-np.inf]], "x")


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("features", -np.inf, r"where it is log p of p = 0 score .* log\(p \+ ρ\), or drop"),
        ("target", -np.inf, r"where it is log p of p = 0"),
        ("features", np.nan, "find out what made it, such as 0/0 or a padded row, or drop such"),
        ("representation", np.nan, "find out what made it"),
        ("representation", -np.inf, "compute it in float32 if it was in float16"),
        ("raw_input", np.inf, "compute it in float32 if it was in float16, .* or drop such rows"),
    ],
)
def test_what_to_do_about_a_number_depends_on_where_it_may_come_from(name, value, remedy):
    with pytest.raises(ValueError, match=f"{name} must be finite; row 1 .* in column 1: {remedy}"):
        checked_rows([[0.0, 1.0], [2.0, value]], name)


@pytest.mark.parametrize(
    "array",
    [[[1 + 2j]], [["1"]], np.array([["1"]], object), np.array([["2020"]], "M8[D]"), [[None]]],
)
def test_what_are_no_real_numbers_is_refused_and_not_converted(array):
    with pytest.raises(ValueError, match=r"x must hold real numbers; got dtype .*: convert"):
        checked_rows(array, "x")


def test_rows_of_different_lengths_are_refused_by_name():
    with pytest.raises(ValueError, match="x must be one array of numbers"):
        checked_rows([[1.0], [1.0, 2.0]], "x")


def test_numbers_of_any_precision_are_real():
    assert checked_rows(np.ones((1, 2), bool), "x").dtype == np.float64
    assert checked_rows(jnp.ones((1, 2), jnp.bfloat16), "x").dtype == np.float64


def test_weights_are_made_a_distribution():
    np.testing.assert_allclose(checked_weight([1, 3, 0], 3), [0.25, 0.75, 0])
    np.testing.assert_allclose(checked_weight(None, 4), 0.25)
    with pytest.raises(ValueError, match="weights must be finite"):
        checked_weight([1.0, np.inf], 2)


@given(st.integers(0, 2**16), st.sampled_from([(3, 5), (5, 5), (700, 3), (1301, 2), (5000, 4)]))
def test_the_triangle_has_the_singular_values_of_the_rows(seed, shape):
    draw = np.random.default_rng(seed)
    rows = draw.normal(size=shape) * np.geomspace(1, 1e-9, shape[1])
    found = triangle(rows)
    assert found.shape == (min(shape), shape[1])
    values = np.linalg.svd(rows, compute_uv=False)
    np.testing.assert_allclose(np.linalg.svd(found, compute_uv=False), values, rtol=1e-5)
    np.testing.assert_allclose(found.T @ found, rows.T @ rows, atol=1e-12 * values[0] ** 2)


@given(st.integers(0, 2**16))
def test_tall_rows_keep_directions_just_above_the_cut_off_and_drop_those_below(seed):
    draw = np.random.default_rng(seed)
    left = np.linalg.qr(draw.normal(size=(2000, 3)) - 1)[0]
    left -= left.mean(0)
    left = np.linalg.qr(left)[0]
    turn = np.linalg.qr(draw.normal(size=(3, 3)))[0]
    weight = np.full(2000, 1 / 2000)
    for smallest, rank in ((8e-11, 3), (2e-11, 2)):  # the cut-off is 3.7e-11
        assert es.fit_whitening(left * [1, 0.5, smallest] @ turn, weight).rank == rank


def test_shares_of_variance_are_those_along_the_components_and_the_leading_are_the_first():
    draw = np.random.default_rng(3)
    features, weight = draw.normal(size=(40, 3)) * [3.0, 1.0, 0.2], weights(3, 40)
    whitening = es.fit_whitening(features, weight)
    centred = features - weight @ features
    values = np.linalg.eigvalsh(centred.T @ (weight[:, None] * centred))[::-1]
    for scale in (1e-200, 1.0, 1e150):  # squares of the first would be 0
        scaled = es.fit_whitening(features * scale, weight)
        np.testing.assert_allclose(scaled.share, values / values.sum())
    assert es.fit_whitening(np.ones((40, 2)), weight).share.size == 0
    leading = whitening.leading(2)
    assert leading.rank == 2
    np.testing.assert_allclose(leading.apply(features), whitening.apply(features)[:, :2])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("exponent", [0, 4, 8])
def test_the_size_of_a_column_hides_no_other(dtype, exponent):
    draw = np.random.default_rng(4)
    features, weight = draw.normal(size=(60, 5)) + 3, weights(4, 60)
    features[:, 4] = features[:, 0] - 2 * features[:, 1]
    scale = np.array([1, 10.0**exponent, 1, 10.0**-exponent, 1], dtype)
    plain = es.fit_whitening(features.astype(dtype), weight)
    moved = es.fit_whitening(features.astype(dtype) * scale, weight)
    assert moved.rank == plain.rank == 4
    z, expected = moved.apply(features.astype(dtype) * scale), plain.apply(features)
    np.testing.assert_allclose(z.T @ (weight[:, None] * z), np.eye(4), atol=1e-5)
    np.testing.assert_allclose(z @ z.T, expected @ expected.T, atol=1e-3)
    assert (np.diff(moved.spread) <= 0).all()


def test_noise_in_a_large_column_and_a_large_constant_hide_nothing():
    draw = np.random.default_rng(5)
    features, weight = draw.normal(size=(60, 3)), weights(5, 60)
    for dtype, value, rank in [
        (np.float32, 1e5 * draw.normal(size=60), 4),
        (np.float32, np.full(60, 1e7), 3),
        (np.float64, np.full(60, 1e15), 3),
    ]:
        wide = np.column_stack([features, value]).astype(dtype)
        assert es.fit_whitening(wide, weight).rank == rank


def test_the_spread_is_that_along_the_components():
    draw = np.random.default_rng(6)
    features, weight = draw.normal(size=(60, 3)), weights(6, 60)
    for scale in ([3.0, 1, 0.2], [1e6, 1, 1e-6]):
        rows = (features * scale).astype(np.float32)
        found = es.fit_whitening(rows, weight)
        loading = (rows - found.mean).T @ (weight[:, None] * found.apply(rows))
        np.testing.assert_allclose(np.linalg.norm(loading, axis=0), found.spread, rtol=1e-4)


def test_the_public_function_takes_what_all_others_take():
    draw = np.random.default_rng(7)
    features = 2 * draw.normal(size=(100, 3)) + 5
    equal = es.fit_whitening(features, np.ones(100))
    np.testing.assert_allclose(equal.mean, features.mean(0))
    assert es.fit_whitening(features.tolist()).rank == 3
    assert es.fit_whitening(np.arange(6).reshape(3, 2)).rank == 1
    with pytest.raises(ValueError, match="features must be finite; row 0 is not"):
        es.fit_whitening([[np.nan, 1.0]])
    with pytest.raises(ValueError, match="weights must be finite, not negative"):
        es.fit_whitening(features, -np.ones(100))
    for wrong in (features[:, :1], features[0]):
        with pytest.raises(ValueError, match="features must have"):
            equal.apply(wrong)
