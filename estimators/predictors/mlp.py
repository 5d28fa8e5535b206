"""The multilayer perceptron on contexts up to a fixed length."""

from dataclasses import dataclass
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from estimators.predictors import initial
from estimators.predictors.checks import check_context, check_context_length, check_sizes


@dataclass(frozen=True, kw_only=True)  # architectures share names, but no order
class MLP:
    """A predictor of tokens from contexts of at most context_length words.

    Binary words enter as ±1. For larger vocabularies the first layer sums one row of a table per
    position and word, which is a dense layer on one-hot words without the multiplications by
    zero. A shorter context is a prefix: its missing words enter as zeros, between the two signs,
    or add no row. dim is the size of f and g. Raises ValueError for sizes below one, and, when it
    represents, for longer contexts.
    """

    context_length: int
    num_tokens: int
    dim: int
    num_words: int = 2
    hidden: tuple[int, ...] = (64, 64)

    def __post_init__(self) -> None:
        check_context_length("an MLP", self.context_length)
        sizes = {"num_tokens": self.num_tokens, "dim": self.dim, "num_words": self.num_words}
        check_sizes("an MLP", **sizes)
        if not isinstance(self.hidden, tuple):  # a list could not be hashed
            raise ValueError(f"hidden of an MLP must be a tuple of sizes; got {self.hidden!r}")
        for width in self.hidden:
            check_sizes("an MLP", hidden=width)

    def init(self, key: Any) -> Any:
        """Fresh float32 parameters; the same key, the same parameters."""
        return self._network.init(key, jnp.zeros((1, self.context_length), jnp.int32))

    def represent(
        self, params: Any, context: Int[Array, "sample position"]
    ) -> Float[Array, "sample dim"]:
        """f(x) [sample, dim]."""
        check_context("MLP", context, self.context_length)
        return self._network.apply(params, context)

    def represent_prefixes(
        self, params: Any, context: Int[Array, "sample position"]
    ) -> Float[Array, "sample prefix dim"]:
        """f of every prefix [sample, position + 1, dim]; prefix t has read the first t words."""
        check_context("MLP", context, self.context_length)
        return self._network.apply(params, context, prefixes=True)

    def unembedding(self, params: Any) -> Float[Array, "token dim"]:
        """g(y) [token, dim]."""
        return params["params"]["unembedding"]

    @property
    def _network(self) -> Any:  # flax does not say what its apply returns
        return _Network(self.context_length, self.num_words, self.hidden, self.dim, self.num_tokens)


class _Network(nn.Module):
    """Hidden layers with GELU, a linear representation, and one unembedding row per token."""

    context_length: int
    num_words: int
    hidden: tuple[int, ...]
    dim: int
    num_tokens: int

    @nn.compact
    def __call__(self, context: Any, prefixes: bool = False) -> Array:
        first, *widths = (*self.hidden, self.dim)
        read = self._read_signs if self.num_words == 2 else self._read_words
        stream = read(first, context, prefixes)
        for layer, width in enumerate(widths, start=1):
            dense = nn.Dense(width, kernel_init=initial.kernel, name=f"Dense_{layer}")
            stream = dense(nn.gelu(stream))
        self.param("unembedding", initial.rows, (self.num_tokens, self.dim))
        return stream

    def _read_signs(self, width: int, context: Any, prefixes: bool) -> Array:
        """The first layer on binary words, which enter as ±1."""
        signs = 2.0 * context.astype(jnp.float32) - 1.0
        if prefixes:
            num_read = context.shape[1]
            signs = signs[:, None] * np.tri(num_read + 1, num_read, -1, dtype=np.float32)
        missing = self.context_length - context.shape[1]
        signs = jnp.pad(signs, [(0, 0)] * (signs.ndim - 1) + [(0, missing)])
        return nn.Dense(width, kernel_init=initial.kernel, name="Dense_0")(signs)

    def _read_words(self, width: int, context: Any, prefixes: bool) -> Array:
        """The first layer on words of a larger vocabulary: a sum of rows of one table."""
        table = _Table(self.context_length, self.num_words, width, name="Dense_0")
        return table(context, prefixes)


class _Table(nn.Module):
    """A bias, and a row for every word at every position, which a context adds up."""

    context_length: int
    num_words: int
    width: int

    @nn.compact
    def __call__(self, context: Any, prefixes: bool) -> Array:
        num_rows = self.context_length * self.num_words
        kernel = self.param("kernel", initial.kernel, (num_rows, self.width))
        bias = self.param("bias", nn.initializers.zeros_init(), (self.width,))
        table = kernel.reshape(self.context_length, self.num_words, self.width)
        found = table[np.arange(context.shape[1]), context]
        if prefixes:
            return bias + jnp.pad(found.cumsum(1), ((0, 0), (1, 0), (0, 0)))
        return bias + found.sum(1)
