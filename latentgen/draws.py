"""How are random numbers drawn on the host so that a key means the same table for ever?

Only the bit stream of PCG64 is used, which NumPy promises to keep; the methods of its Generator,
which NumPy may change, are not.
"""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from scipy.special import gammaincinv, gammaln

TINY = float(np.finfo(np.float64).tiny)
LARGEST_CONCENTRATION = 1e300


def key_words(key: Any) -> np.ndarray:
    """The 32-bit words of a JAX key. Raises TypeError for anything else, an int included."""
    if isinstance(key, Tracer):
        raise TypeError("graphs and tables are drawn on the host: their key cannot be traced")
    if isinstance(key, jax.Array) and jnp.issubdtype(key.dtype, jax.dtypes.prng_key):
        key = jax.random.key_data(key)
    words = np.asarray(key)
    if words.dtype != np.uint32 or words.ndim != 1:
        raise TypeError(f"a single JAX key is needed, such as jax.random.key(0); got {key!r}")
    return words


def uniform(key: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Uniform float64 numbers in (0, 1), multiples of 2^-52 shifted by half a step.

    52 bits and not 53: only then is the half step exact, and 1 itself out of reach.
    """
    seed = np.random.SeedSequence([int(word) for word in key_words(key)])
    raw = np.random.PCG64(seed).random_raw(math.prod(shape))
    steps = np.asarray(raw, np.uint64) >> np.uint64(12)
    return np.asarray((steps + 0.5) * 2.0**-52).reshape(shape)


def permutation(key: Any, size: int) -> np.ndarray:
    """A uniform permutation of 0 … size−1."""
    return np.argsort(uniform(key, (size,)), kind="stable")


def dirichlet(key: Any, shape: tuple[int, ...], concentration: float) -> np.ndarray:
    """Rows drawn from a symmetric Dirichlet distribution over the last axis, float64.

    No entry is zero: one that would be is 2e-308. Raises ValueError for a concentration that is
    not positive or above 1e300.
    """
    if not 0 < concentration <= LARGEST_CONCENTRATION:
        raise ValueError(
            "a Dirichlet concentration must be positive and at most "
            f"{LARGEST_CONCENTRATION:g}; got {concentration}"
        )
    quantile = uniform(key, shape)
    gamma = gammaincinv(concentration, quantile)
    lost = ~(gamma >= TINY)
    rows = lost.any(-1)
    gamma[rows] = _shares_of_lost(gamma[rows], lost[rows], quantile[rows], concentration)
    return gamma / gamma.sum(-1, keepdims=True)


def _shares_of_lost(
    gamma: np.ndarray, lost: np.ndarray, quantile: np.ndarray, concentration: float
) -> np.ndarray:
    """Rows proportional to gamma quantiles, some of which are too small for float64.

    Those are (u Γ(1 + α))^(1/α) to every digit, so that α log γ holds what γ cannot.
    """
    kept = concentration * np.log(np.where(lost, 1.0, gamma))
    scaled = np.where(lost, np.log(quantile) + gammaln(1 + concentration), kept)
    with np.errstate(over="ignore"):  # of −inf: a share of zero
        shares = np.exp((scaled - scaled.max(-1, keepdims=True)) / concentration)
    return np.maximum(shares, TINY)
