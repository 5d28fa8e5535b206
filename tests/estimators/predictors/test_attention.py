"""Is attention causal, and do rotary scores depend on relative positions alone?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from estimators.predictors.attention import mix, rotate


def normal(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).standard_normal(shape), jnp.float32)


def test_a_turned_vector_is_the_complex_rotation_of_its_pairs():
    vector = normal(0, 2, 5, 3, 8)
    expected = np.array(vector, np.float64)
    for t in range(5):
        for i in range(4):
            pair = expected[:, t, :, i] + 1j * expected[:, t, :, i + 4]
            pair = pair * np.exp(1j * t * 10000 ** (-2 * i / 8))
            expected[:, t, :, i], expected[:, t, :, i + 4] = pair.real, pair.imag
    np.testing.assert_allclose(rotate(vector, 5), expected, atol=1e-6)
    np.testing.assert_allclose(rotate(vector[:, -2:], 5), expected[:, -2:], atol=1e-6)


def test_rotary_scores_depend_on_relative_positions_only():
    query, key = normal(1, 1, 1, 2, 6), normal(2, 1, 1, 2, 6)
    everywhere = [rotate(jnp.tile(vector, (1, 9, 1, 1)), 9)[0] for vector in (query, key)]
    score = np.einsum("thd,shd->hts", *everywhere)
    for lag in range(-8, 9):
        diagonal = np.diagonal(score, lag, axis1=1, axis2=2)
        np.testing.assert_allclose(diagonal, diagonal[:, :1] * np.ones(9 - abs(lag)), atol=2e-5)
    assert np.ptp(score[:, 0], axis=1).min() > 0.1  # and they do depend on them


@pytest.mark.parametrize("num_readers", [1, 3, 5])
def test_each_prefix_mixes_the_values_of_what_it_has_read(num_readers):
    query, key, value = normal(3, 2, 5, 3, 4), normal(4, 2, 5, 3, 4), normal(5, 2, 5, 3, 4)
    found = mix(query[:, 5 - num_readers :], key, value)
    for sample, head in np.ndindex(2, 3):
        for reader in range(num_readers):
            t = 5 - num_readers + reader
            score = np.array([query[sample, t, head] @ key[sample, s, head] for s in range(t + 1)])
            share = np.exp(score / 2) / np.exp(score / 2).sum()
            expected = sum(share[s] * np.asarray(value[sample, s, head]) for s in range(t + 1))
            np.testing.assert_allclose(found[sample, reader, head], expected, atol=1e-5)


def test_no_gradient_comes_from_what_is_not_yet_read():
    query, key, value = normal(6, 1, 4, 2, 4), normal(7, 1, 4, 2, 4), normal(8, 1, 4, 2, 4)
    for t in range(4):
        slopes = jax.grad(lambda *given, t=t: mix(*given)[:, t].sum(), (0, 1, 2))(query, key, value)
        for slope in slopes:
            assert not np.any(slope[:, t + 1 :])
            assert np.isfinite(slope).all()
        assert np.any(slopes[2][:, : t + 1])
