"""A predictor that starts with a larger or smaller unembedding."""

from dataclasses import dataclass
from typing import Any

import jax
from jaxtyping import Array, Float, Int

import estimators as es


@dataclass(frozen=True)
class ScaledStart:
    """An MLP whose unembedding starts at `unembedding_scale` times its usual size.

    network_scale: the same for all other parameters. Nothing else differs, so the same key gives
    the same directions at any scale.
    """

    predictor: es.MLP
    unembedding_scale: float = 1.0
    network_scale: float = 1.0

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
        """The size of f and g."""
        return self.predictor.dim

    def init(self, key: Any) -> Any:
        """Fresh parameters, scaled."""
        layers = dict(self.predictor.init(key)["params"])
        unembedding = self.unembedding_scale * layers.pop("unembedding")
        network = jax.tree.map(lambda leaf: self.network_scale * leaf, layers)
        return {"params": {**network, "unembedding": unembedding}}

    def represent(
        self, params: Any, context: Int[Array, "sample position"]
    ) -> Float[Array, "sample dim"]:
        """f(x) [sample, dim]."""
        return self.predictor.represent(params, context)

    def represent_prefixes(
        self, params: Any, context: Int[Array, "sample position"]
    ) -> Float[Array, "sample prefix dim"]:
        """f of every prefix [sample, position + 1, dim]."""
        return self.predictor.represent_prefixes(params, context)

    def unembedding(self, params: Any) -> Float[Array, "token dim"]:
        """g(y) [token, dim]."""
        return self.predictor.unembedding(params)
