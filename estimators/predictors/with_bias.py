"""A predictor with a bias for every token."""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from estimators.predictors.protocol import Predictor


@dataclass(frozen=True)
class WithBias:
    """p̂(y|x) = softmax_y (f(x)·g(y) + b(y)): another predictor, and a bias b that starts at 0.

    The bias is the last column of the unembedding and representations end in a 1, so that
    represent(x) @ unembedding.T stay the logits; dim is therefore one more than the predictor's.
    """

    predictor: Predictor

    @property
    def num_words(self) -> int:
        """How many words there are."""
        return self.predictor.num_words

    @property
    def num_tokens(self) -> int:
        """How many tokens there are."""
        return self.predictor.num_tokens

    @property
    def dim(self) -> int:
        """The size of (f, 1) and (g, b)."""
        return self.predictor.dim + 1

    def init(self, key: Any) -> Any:
        """Fresh parameters of the predictor, and a bias of zero."""
        bias = jnp.zeros(self.num_tokens, jnp.float32)
        return {"predictor": self.predictor.init(key), "bias": bias}

    def represent(
        self, params: Any, context: Int[Array, "sample position"]
    ) -> Float[Array, "sample dim"]:
        """(f(x), 1) [sample, dim]."""
        return _end_in_one(self.predictor.represent(params["predictor"], context))

    def represent_prefixes(
        self, params: Any, context: Int[Array, "sample position"]
    ) -> Float[Array, "sample prefix dim"]:
        """(f, 1) of every prefix [sample, position + 1, dim]."""
        return _end_in_one(self.predictor.represent_prefixes(params["predictor"], context))

    def unembedding(self, params: Any) -> Float[Array, "token dim"]:
        """(g(y), b(y)) [token, dim]."""
        unembedding = self.predictor.unembedding(params["predictor"])
        return jnp.concatenate([unembedding, params["bias"][:, None]], axis=1)


def _end_in_one(representation: Array) -> Array:
    one = jnp.ones((*representation.shape[:-1], 1), representation.dtype)
    return jnp.concatenate([representation, one], axis=-1)
