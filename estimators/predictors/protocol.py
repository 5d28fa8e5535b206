"""What must a next-token predictor be able to do?"""

from functools import partial
from typing import Any, Protocol, runtime_checkable

import jax
from jaxtyping import Array, Float, Int


@runtime_checkable  # asked when shapes are executed
class Predictor(Protocol):
    """p̂(y|x) = softmax_y f(x)·g(y), as pure functions of parameters; hashable configuration.

    Words are 0 … num_words − 1. Others are not refused here, where contexts may be traced: a
    lookup takes the nearest row of its table (negative numbers count from the end), so whoever
    reads contexts from outside checks them on the host.
    """

    @property
    def num_words(self) -> int:
        """How many words there are."""
        ...

    @property
    def num_tokens(self) -> int:
        """How many tokens there are."""
        ...

    @property
    def dim(self) -> int:
        """The size of f and g."""
        ...

    def init(self, key: Any) -> Any:
        """Fresh parameters."""
        ...

    def represent(
        self, params: Any, context: Int[Array, "sample position"]
    ) -> Float[Array, "sample dim"]:
        """f(x)."""
        ...

    def represent_prefixes(
        self, params: Any, context: Int[Array, "sample position"]
    ) -> Float[Array, "sample prefix dim"]:
        """f of every prefix: position + 1 of them; prefix t has read the first t words."""
        ...

    def unembedding(self, params: Any) -> Float[Array, "token dim"]:
        """g(y)."""
        ...


def log_predict(
    predictor: Predictor, params: Any, context: Int[Array, "sample position"]
) -> Float[Array, "sample token"]:
    """log p̂(y|x) = log softmax_y f(x)·g(y) [sample, token], nats; traceable."""
    logits = predictor.represent(params, context) @ predictor.unembedding(params).T
    return jax.nn.log_softmax(logits, axis=-1)


def log_predict_prefixes(
    predictor: Predictor, params: Any, context: Int[Array, "sample position"]
) -> Float[Array, "sample prefix token"]:
    """log p̂(y | first t words) for every prefix t [sample, prefix, token], nats; traceable.

    There is one prefix more than there are positions: prefix 0 has read nothing.
    """
    logits = predictor.represent_prefixes(params, context) @ predictor.unembedding(params).T
    return jax.nn.log_softmax(logits, axis=-1)


@partial(jax.jit, static_argnums=0)
def represent_and_predict(
    predictor: Predictor, params: Any, context: Int[Array, "sample position"]
) -> tuple[Float[Array, "sample dim"], Float[Array, "sample token"]]:
    """f(x) [sample, dim] and log p̂(y|x) [sample, token], nats, compiled as one function."""
    representation = predictor.represent(params, context)
    logits = representation @ predictor.unembedding(params).T
    return representation, jax.nn.log_softmax(logits, axis=-1)
