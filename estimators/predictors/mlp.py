"""The multilayer perceptron on a context of fixed length."""

import math
from dataclasses import dataclass
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


class _Network(nn.Module):
    """Hidden layers with GELU, a linear representation, and one unembedding row per token."""

    hidden: tuple[int, ...]
    dim: int
    num_tokens: int

    @nn.compact
    def __call__(self, inputs: Float[Array, "sample input"]) -> tuple[Array, Array]:
        stream = inputs
        for width in self.hidden:
            stream = nn.gelu(nn.Dense(width, kernel_init=_kernel)(stream))
        representation = nn.Dense(self.dim, kernel_init=_kernel)(stream)
        shape = (self.num_tokens, self.dim)
        return representation, self.param("unembedding", _unembedding, shape)


def _kernel(key: Any, shape: tuple[int, ...], dtype: Any = jnp.float32) -> Array:
    """Uniform numbers of variance 1 / inputs; flax's own divide by zero for an empty context."""
    bound = math.sqrt(3 / max(1, shape[0]))
    return jax.random.uniform(key, shape, dtype, -bound, bound)


def _unembedding(key: Any, shape: tuple[int, ...]) -> Array:
    """Uniform numbers of variance 1 / dim, so that logits start at the scale of f."""
    bound = math.sqrt(3 / shape[1])
    return jax.random.uniform(key, shape, jnp.float32, -bound, bound)


@dataclass(frozen=True)
class MLP:
    """A predictor of tokens from contexts of fixed length.

    Binary words enter as ±1, larger vocabularies one-hot. dim is the size of f and g. Raises
    ValueError for sizes below one.
    """

    context_length: int
    num_tokens: int
    dim: int
    num_words: int = 2
    hidden: tuple[int, ...] = (64, 64)

    def __post_init__(self) -> None:
        if self.context_length < 0:
            raise ValueError(f"context_length must not be negative; got {self.context_length}")
        sizes = {"num_tokens": self.num_tokens, "dim": self.dim, "num_words": self.num_words}
        for name, size in {**sizes, "hidden": min(self.hidden, default=1)}.items():
            if size < 1:
                raise ValueError(f"{name} of an MLP must be at least 1; got {size}")

    def init(self, key: Any) -> Any:
        """Fresh float32 parameters; the same key, the same parameters."""
        return self._network.init(key, self._inputs(jnp.zeros((1, self.context_length), jnp.int32)))

    def represent(
        self, params: Any, context: Int[Array, "sample position"]
    ) -> Float[Array, "sample dim"]:
        """f(x) [sample, dim]."""
        return self._network.apply(params, self._inputs(context))[0]

    def unembedding(self, params: Any) -> Float[Array, "token dim"]:
        """g(y) [token, dim]."""
        return params["params"]["unembedding"]

    @property
    def _network(self) -> _Network:
        return _Network(self.hidden, self.dim, self.num_tokens)

    def _inputs(self, context: Int[Array, "sample position"]) -> Float[Array, "sample input"]:
        if context.shape[1] != self.context_length:
            raise ValueError(
                f"this MLP reads contexts of {self.context_length} words; got {context.shape[1]}"
            )
        if self.num_words == 2:
            return 2.0 * context.astype(jnp.float32) - 1.0
        one_hot = jax.nn.one_hot(context, self.num_words, dtype=jnp.float32)
        return one_hot.reshape(len(context), -1)
