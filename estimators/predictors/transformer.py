"""The decoder-only transformer, whose every layer and head can be read and changed."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from estimators.predictors import initial
from estimators.predictors.attention import mix, rotate
from estimators.predictors.checks import check_context, check_context_length, check_sizes
from estimators.predictors.residual_stream import Edit, Recorder, Site, Trace, edited

Positions = Literal["rotary", "learned"]


@dataclass(frozen=True, kw_only=True)  # architectures share names, but no order
class Transformer:
    """A causal transformer with pre-norm layers on at most context_length words.

    Prefix t reads a learnt start vector and the first t words, so that the prefix of no words has
    a representation too. A layer adds to the residual stream what its heads, which have no
    biases, and then its MLP, with GELU, make of the normalised stream; f is a linear projection
    of the last stream, normalised. positions: "rotary" turns queries and keys, "learned" adds a
    vector per position to the first stream. Raises ValueError for sizes below one, a width that the
    heads do not divide (for rotary positions into even parts), other positions, and, when it
    represents, longer contexts. Source: Radford et al. 2019 (GPT-2) for the layers; Su et al.,
    arXiv:2104.09864, for rotary positions.
    """

    num_words: int
    num_tokens: int
    dim: int
    context_length: int
    width: int = 64
    num_layers: int = 2
    num_heads: int = 4
    mlp_ratio: int = 4
    positions: Positions = "rotary"

    def __post_init__(self) -> None:
        owner = "a Transformer"
        check_context_length(owner, self.context_length)
        for name in ("num_words", "num_tokens", "dim", "width"):
            check_sizes(owner, **{name: getattr(self, name)})
        for name in ("num_layers", "num_heads", "mlp_ratio"):
            check_sizes(owner, **{name: getattr(self, name)})
        if self.positions not in get_args(Positions):
            raise ValueError(
                f"positions of {owner} must be 'rotary' or 'learned'; got {self.positions!r}"
            )
        parts = self.num_heads * (2 if self.positions == "rotary" else 1)
        if self.width % parts:
            raise ValueError(
                f"width of {owner} with {self.num_heads} heads and {self.positions} positions must "
                f"be a multiple of {parts}; got {self.width}"
            )

    def init(self, key: Any) -> Any:
        """Fresh float32 parameters; the same key, the same parameters."""
        return self._network.init(key, jnp.zeros((1, 1), jnp.int32))

    def represent(
        self, params: Any, context: Int[Array, "sample position"]
    ) -> Float[Array, "sample dim"]:
        """f(x) [sample, dim]; the last layer is computed for the last prefix only."""
        check_context("Transformer", context, self.context_length)
        return self._network.apply(params, context, last_only=True)[:, 0]

    def represent_prefixes(
        self, params: Any, context: Int[Array, "sample position"]
    ) -> Float[Array, "sample prefix dim"]:
        """f of every prefix [sample, position + 1, dim]; prefix t has read the first t words."""
        check_context("Transformer", context, self.context_length)
        return self._network.apply(params, context)

    def represent_edited(
        self, params: Any, context: Int[Array, "sample position"], edit: Edit
    ) -> Float[Array, "sample prefix dim"]:
        """f of every prefix [sample, position + 1, dim] when edit(site, value) replaces each value.

        edit is called at every `Site` in the order of computation and may hold traced arrays; the
        edit that returns its value gives the same bits as `represent_prefixes`. To patch, return
        another context's `Trace` at one site. Raises ValueError when an edit changes a shape.
        """
        check_context("Transformer", context, self.context_length)
        return self._network.apply(params, context, edit=edit)

    def trace(self, params: Any, context: Int[Array, "sample position"]) -> Trace:
        """Residual streams, what heads and MLPs add to them, and f of every prefix: a `Trace`."""
        recorder = Recorder()
        return recorder.trace(self.represent_edited(params, context, recorder))

    def unembedding(self, params: Any) -> Float[Array, "token dim"]:
        """g(y) [token, dim]."""
        return params["params"]["unembedding"]

    @property
    def _network(self) -> Any:  # flax does not say what its apply returns
        return _Network(self)


class _Network(nn.Module):
    """The first stream, the layers, a linear representation, and an unembedding row per token."""

    sizes: Transformer

    @nn.compact
    def __call__(self, context: Any, last_only: bool = False, edit: Edit | None = None) -> Array:
        sizes = self.sizes
        self.param("unembedding", initial.rows, (sizes.num_tokens, sizes.dim))
        stream = self._first_stream(context)
        if edit is not None:
            stream = edited(edit, Site("residual_stream", 0), stream)
        for layer in range(sizes.num_layers):
            last = last_only and layer == sizes.num_layers - 1
            stream = _Layer(sizes, layer, name=f"layer_{layer}")(stream, last, edit)
        normalised = nn.LayerNorm(name="final_norm")(stream)
        return nn.Dense(sizes.dim, kernel_init=initial.kernel, name="projection")(normalised)

    def _first_stream(self, context: Any) -> Array:
        sizes = self.sizes
        start = self.param("start", initial.entries, (sizes.width,))
        words = self.param("word", initial.entries, (sizes.num_words, sizes.width))
        start = jnp.broadcast_to(start, (context.shape[0], 1, sizes.width))
        stream = jnp.concatenate([start, words[context]], axis=1)
        if sizes.positions == "learned":
            shape = (sizes.context_length + 1, sizes.width)
            stream = stream + self.param("position", initial.entries, shape)[: stream.shape[1]]
        return stream


class _Layer(nn.Module):
    """Heads and an MLP, each reading the normalised stream and adding to it."""

    sizes: Transformer
    layer: int

    @nn.compact
    def __call__(self, stream: Array, last_only: bool, edit: Edit | None) -> Array:
        normalised = nn.LayerNorm(name="attention_norm")(stream)
        stream = stream[:, -1:] if last_only else stream
        stream = stream + self._attend(normalised, stream.shape[1], edit)
        added = self._mlp(nn.LayerNorm(name="mlp_norm")(stream))
        if edit is None:
            return stream + added
        stream = stream + edited(edit, Site("mlp_output", self.layer), added)
        return edited(edit, Site("residual_stream", self.layer + 1), stream)

    def _attend(self, normalised: Array, num_readers: int, edit: Edit | None) -> Array:
        """What all heads add to the streams of the last num_readers prefixes."""
        heads, width, num_prefixes = self.sizes.num_heads, self.sizes.width, normalised.shape[1]
        readers = normalised[:, num_prefixes - num_readers :]
        split = [
            _product(given, self._square(name)).reshape(*given.shape[:2], heads, -1)
            for name, given in (("query", readers), ("key", normalised), ("value", normalised))
        ]
        if self.sizes.positions == "rotary":
            split[:2] = [rotate(part, num_prefixes) for part in split[:2]]
        mixed, output = mix(*split), self._square("output")
        added = _product(mixed.reshape(readers.shape), output)
        if edit is None:
            return added
        # Heads one by one only where somebody asks. Adding what the edit changes, rather than
        # summing heads in another order, keeps the bits where it changes nothing.
        each = jnp.einsum("nthd,hdw->nthw", mixed, output.reshape(heads, -1, width))
        return added + (edited(edit, Site("head_output", self.layer), each) - each).sum(2)

    def _mlp(self, normalised: Array) -> Array:
        wide, width = self.sizes.mlp_ratio * self.sizes.width, self.sizes.width
        zeros = nn.initializers.zeros_init()
        expand = self.param("expand", initial.kernel, (width, wide))
        expand_bias = self.param("expand_bias", zeros, (wide,))
        contract = self.param("contract", initial.kernel, (wide, width))
        contract_bias = self.param("contract_bias", zeros, (width,))
        hidden = nn.gelu(_product(normalised, expand) + expand_bias)
        return _product(hidden, contract) + contract_bias

    def _square(self, name: str) -> Array:
        return self.param(name, initial.kernel, (self.sizes.width, self.sizes.width))


def _product(stream: Array, kernel: Array) -> Array:
    """stream @ kernel with samples and prefixes as one axis: XLA's CPU gradients copy otherwise."""
    flat = stream.reshape(-1, stream.shape[-1]) @ kernel
    return flat.reshape(*stream.shape[:-1], kernel.shape[-1])
