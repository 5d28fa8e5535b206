"""The log-bilinear predictor: a mean of embeddings."""

from dataclasses import dataclass
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from estimators.predictors import initial
from estimators.predictors.checks import check_sizes


@dataclass(frozen=True, kw_only=True)  # architectures share names, but no order
class LogBilinear:
    """f(x) = s + mean over positions of e(word), with one vector e per word and a start s.

    The order of the words is not seen. A context of no words has f = s. Contexts may have any
    length. Raises ValueError for sizes below one. Source: the log-bilinear model of Mnih and
    Hinton (ICML 2007), with one matrix for all positions.
    """

    num_words: int
    num_tokens: int
    dim: int

    def __post_init__(self) -> None:
        sizes = {"num_words": self.num_words, "num_tokens": self.num_tokens, "dim": self.dim}
        check_sizes("a LogBilinear", **sizes)

    def init(self, key: Any) -> Any:
        """Fresh float32 parameters; the same key, the same parameters."""
        return self._network.init(key, jnp.zeros((1, 0), jnp.int32))

    def represent(
        self, params: Any, context: Int[Array, "sample position"]
    ) -> Float[Array, "sample dim"]:
        """f(x) [sample, dim]."""
        start, found = self._network.apply(params, context)
        return start + found.sum(1) / max(1, context.shape[1])

    def represent_prefixes(
        self, params: Any, context: Int[Array, "sample position"]
    ) -> Float[Array, "sample prefix dim"]:
        """f of every prefix [sample, position + 1, dim]; prefix t has read the first t words."""
        start, found = self._network.apply(params, context)
        num_read = np.arange(1, context.shape[1] + 1, dtype=np.float32)
        mean = found.cumsum(1) / num_read[:, None]
        return start + jnp.pad(mean, ((0, 0), (1, 0), (0, 0)))

    def unembedding(self, params: Any) -> Float[Array, "token dim"]:
        """g(y) [token, dim]."""
        return params["params"]["unembedding"]

    @property
    def _network(self) -> Any:  # flax does not say what its apply returns
        return _Network(self.num_words, self.num_tokens, self.dim)


class _Network(nn.Module):
    """A start vector, a vector per word and an unembedding row per token."""

    num_words: int
    num_tokens: int
    dim: int

    @nn.compact
    def __call__(self, context: Any) -> tuple[Array, Array]:
        self.param("unembedding", initial.rows, (self.num_tokens, self.dim))
        embedding = self.param("embedding", initial.entries, (self.num_words, self.dim))
        return self.param("start", initial.entries, (self.dim,)), embedding[context]
