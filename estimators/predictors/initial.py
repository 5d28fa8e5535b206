"""At which scale do a predictor's parameters start?"""

import math
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array


def kernel(key: Any, shape: tuple[int, ...], dtype: Any = jnp.float32) -> Array:
    """Uniform numbers of variance 1 / inputs; flax's own divide by zero for an empty context."""
    return _uniform(key, shape, dtype, max(1, shape[0]))


def rows(key: Any, shape: tuple[int, ...], dtype: Any = jnp.float32) -> Array:
    """Uniform numbers of variance 1 / columns: rows of length 1, so that f·g is of f's order."""
    return _uniform(key, shape, dtype, shape[-1])


def entries(key: Any, shape: tuple[int, ...], dtype: Any = jnp.float32) -> Array:
    """Uniform numbers of variance 1, for what is added up or normalised before it is used."""
    return _uniform(key, shape, dtype, 1)


def _uniform(key: Any, shape: tuple[int, ...], dtype: Any, precision: int) -> Array:
    bound = math.sqrt(3 / precision)
    return jax.random.uniform(key, shape, dtype, -bound, bound)
