"""The gated recurrent unit: a state that reads one word after another."""

from dataclasses import dataclass
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from estimators.predictors import initial
from estimators.predictors.checks import check_sizes


@dataclass(frozen=True, kw_only=True)  # architectures share names, but no order
class GRU:
    """f(x) is a linear projection of the state after the last word; the first state is zero.

    Reset gate r, update gate z and candidate n of a layer read its input u and its state h:

        r = σ(U_r u + W_r h + b_r), z = σ(U_z u + W_z h + b_z),
        n = tanh(U_n u + b_n + r (W_n h + c)), and the next state is (1 − z) n + z h.

    In the first layer U u + b is a row of a table, one per word. Contexts may have any length.
    Raises ValueError for sizes below one. Source: Cho et al., arXiv:1406.1078, equations 5 to 8,
    with the reset gate after the product, as in cuDNN, so that a step is one product.
    """

    num_words: int
    num_tokens: int
    dim: int
    width: int = 64
    num_layers: int = 1

    def __post_init__(self) -> None:
        sizes = {"num_words": self.num_words, "num_tokens": self.num_tokens, "dim": self.dim}
        check_sizes("a GRU", **sizes, width=self.width, num_layers=self.num_layers)

    def init(self, key: Any) -> Any:
        """Fresh float32 parameters; the same key, the same parameters."""
        return self._network.init(key, jnp.zeros((1, 1), jnp.int32))

    def represent(
        self, params: Any, context: Int[Array, "sample position"]
    ) -> Float[Array, "sample dim"]:
        """f(x) [sample, dim]."""
        return self._network.apply(params, context)

    def represent_prefixes(
        self, params: Any, context: Int[Array, "sample position"]
    ) -> Float[Array, "sample prefix dim"]:
        """f of every prefix [sample, position + 1, dim]; prefix t has read the first t words."""
        return self._network.apply(params, context, prefixes=True)

    def unembedding(self, params: Any) -> Float[Array, "token dim"]:
        """g(y) [token, dim]."""
        return params["params"]["unembedding"]

    @property
    def _network(self) -> Any:  # flax does not say what its apply returns
        return _Network(self.num_words, self.num_tokens, self.dim, self.width, self.num_layers)


class _Network(nn.Module):
    """Layers of states, a linear representation, and one unembedding row per token."""

    num_words: int
    num_tokens: int
    dim: int
    width: int
    num_layers: int

    @nn.compact
    def __call__(self, context: Any, prefixes: bool = False) -> Array:
        self.param("unembedding", initial.rows, (self.num_tokens, self.dim))
        table = self.param("word", initial.entries, (self.num_words, 3 * self.width))
        gates = table[context.T]
        states = _Layer(self.width, name="layer_0")(gates)
        for layer in range(1, self.num_layers):
            name = f"input_{layer}"
            gates = nn.Dense(3 * self.width, kernel_init=initial.kernel, name=name)(states[1:])
            states = _Layer(self.width, name=f"layer_{layer}")(gates)
        read = jnp.swapaxes(states, 0, 1) if prefixes else states[-1]
        return nn.Dense(self.dim, kernel_init=initial.kernel, name="projection")(read)


class _Layer(nn.Module):
    """One layer: what it is given at every position -> its states [prefix, sample, width]."""

    width: int

    @nn.compact
    def __call__(self, gates: Float[Array, "position sample gate"]) -> Array:
        kernel = self.param("kernel", initial.kernel, (self.width, 3 * self.width))
        bias = self.param("bias", nn.initializers.zeros_init(), (self.width,))

        def step(state: Array, given: Array) -> tuple[Array, Array]:
            recurrent = state @ kernel
            both = jax.nn.sigmoid((given + recurrent)[:, : 2 * self.width])
            reset, update = jnp.split(both, 2, axis=-1)
            candidate = recurrent[:, 2 * self.width :] + bias
            candidate = jnp.tanh(given[:, 2 * self.width :] + reset * candidate)
            state = (1 - update) * candidate + update * state
            return state, state

        start = jnp.zeros((gates.shape[1], self.width), gates.dtype)
        return jnp.concatenate([start[None], jax.lax.scan(step, start, gates)[1]])
