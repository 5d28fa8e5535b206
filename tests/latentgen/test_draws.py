"""Does a key mean the same numbers for ever, and are they uniform?"""

import jax
import numpy as np
import pytest
from scipy.special import gammaincinv

from latentgen import draws

FIRST_UNIFORM = [0.6369616873214544, 0.2697867137638704, 0.04097352393619469]
FIRST_PERMUTATION = [7, 4, 5, 1, 6, 2, 0, 3]
FIRST_DIRICHLET = [
    [0.01028422296763808, 0.27835547864843424, 0.7113602983839278],
    [0.14382260864296323, 0.09046926059529783, 0.7657081307617389],
]


def test_the_first_numbers_of_a_key_never_change():
    np.testing.assert_allclose(
        draws.uniform(jax.random.key(0), (3,)), FIRST_UNIFORM, rtol=0, atol=1e-15
    )
    assert draws.permutation(jax.random.key(1), 8).tolist() == FIRST_PERMUTATION
    np.testing.assert_allclose(
        draws.dirichlet(jax.random.key(2), (2, 3), 0.5), FIRST_DIRICHLET, rtol=1e-9
    )


def test_old_and_new_style_keys_mean_the_same():
    new, old = jax.random.key(7), jax.random.PRNGKey(7)
    np.testing.assert_array_equal(draws.uniform(new, (4,)), draws.uniform(old, (4,)))


def test_the_distribution_function_is_that_of_uniform_numbers():
    num = 100_000
    found = np.sort(draws.uniform(jax.random.key(3), (num,)))
    gap = np.abs(found - (np.arange(num) + 0.5) / num).max()
    # Dvoretzky–Kiefer–Wolfowitz: P(gap > e) ≤ 2 exp(−2 n e²), here at 1e-9.
    assert gap <= np.sqrt(np.log(2 / 1e-9) / (2 * num)) + 0.5 / num


@pytest.mark.parametrize("raw", [0, 2**64 - 1])
def test_zero_and_one_are_out_of_reach(monkeypatch, raw):
    class Stuck:
        def __init__(self, seed):
            pass

        def random_raw(self, size):
            return np.full(size, raw, np.uint64)

    monkeypatch.setattr(np.random, "PCG64", Stuck)
    assert 0 < draws.uniform(jax.random.key(0), (1,))[0] < 1


def test_permutations_hit_every_order_about_as_often():
    keys = jax.random.split(jax.random.key(4), 3000)
    orders = [tuple(draws.permutation(key, 3)) for key in keys]
    counts = [orders.count(order) for order in sorted(set(orders))]
    assert len(counts) == 6
    # Hoeffding over six cells at 1e-9.
    assert max(np.abs(np.array(counts) / 3000 - 1 / 6)) <= np.sqrt(np.log(12 / 1e-9) / 6000)


def test_dirichlet_rows_are_distributions_even_where_the_concentration_is_tiny():
    rows = draws.dirichlet(jax.random.key(5), (200, 4), 1e-4)
    assert np.isfinite(rows).all()
    np.testing.assert_allclose(rows.sum(-1), 1)
    wide = draws.dirichlet(jax.random.key(6), (5000, 3), 2.0)
    np.testing.assert_allclose(wide.mean(0), 1 / 3, atol=0.02)
    # Var = a(A − a) / (A²(A + 1)) with a = 2, A = 6.
    np.testing.assert_allclose(wide.var(0), 2 * 4 / (36 * 7), rtol=0.1)


@pytest.mark.parametrize("concentration", [1e-2, 1e-3, 1e-4, 1e-10, 5e-324])
def test_rows_of_a_tiny_concentration_have_one_winner_each_as_often(concentration):
    """The nearer to zero, the more of a row has a single outcome: none is ever uniform."""
    rows = draws.dirichlet(jax.random.key(5), (4000, 4), concentration)
    assert (rows > 0).all()
    np.testing.assert_allclose(rows.sum(-1), 1)
    # E max p ≥ P(all but one below e^-1 of it) ≈ 1 − α · 3, and Hoeffding at 1e-9.
    assert rows.max(-1).mean() >= 1 - 6 * concentration - np.sqrt(np.log(1e9) / 8000)
    winners = np.bincount(rows.argmax(-1), minlength=4) / 4000
    assert np.abs(winners - 1 / 4).max() <= np.sqrt(np.log(8 / 1e-9) / 8000)
    assert len(np.unique(rows.max(-1))) > 1 or concentration < 1e-3


def test_an_entry_too_small_for_float64_leaves_the_ratios_of_the_others():
    """Γ(1 + α) u = P(X ≤ x) x^-α x^α: logarithms of both ways of asking agree where both can."""
    concentration = 0.06  # some rows near the edge of float64, none beyond it
    quantile = np.array([[1e-17, 1e-16, 0.3], [2e-18, 0.5, 0.9]])
    gamma = gammaincinv(concentration, quantile)
    lost = quantile < 1e-15
    found = draws._shares_of_lost(gamma, lost, quantile, concentration)
    expected = gamma / gamma.max(-1, keepdims=True)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("concentration", [0.0, -1.0, float("nan"), float("inf"), 2e300])
def test_a_concentration_must_be_positive(concentration):
    with pytest.raises(ValueError, match=r"must be positive and at most 1e\+300; got"):
        draws.dirichlet(jax.random.key(0), (2,), concentration)


@pytest.mark.parametrize("key", [0, "0", np.zeros(2), np.zeros((2, 2), np.uint32), None])
def test_anything_but_a_single_key_is_refused(key):
    with pytest.raises(TypeError, match=r"a single JAX key is needed, such as jax.random.key\(0\)"):
        draws.uniform(key, (2,))


def test_several_keys_at_once_are_refused():
    with pytest.raises(TypeError, match="a single JAX key"):
        draws.uniform(jax.random.split(jax.random.key(0)), (2,))


def test_a_traced_key_is_refused():
    with pytest.raises(TypeError, match="drawn on the host: their key cannot be traced"):
        jax.jit(lambda key: draws.uniform(key, (2,)))(jax.random.key(0))


def test_no_numbers_and_one_number_are_arrays():
    assert draws.uniform(jax.random.key(0), (0, 3)).shape == (0, 3)
    assert draws.uniform(jax.random.key(0), ()).shape == ()
