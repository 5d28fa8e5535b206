"""How is a world sampled as fast as random numbers come?

Every variable takes one random word of 32 bits and compares it with integer thresholds, by
binary search when it has more than two outcomes. Probabilities become multiples of 2^-31; every
outcome of positive probability keeps at least one of them, and one of probability zero gets none.
(Where configurations are drawn at once, their probability must exceed 1e-308 to count as positive.)
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import networkx as nx
import numpy as np
from jaxtyping import Array, Int, UInt32

from latentgen.contexts import checked_length
from latentgen.exact import log_prior
from latentgen.factors import Factor
from latentgen.model import ConceptModel
from latentgen.samples import Sample
from latentgen.space import ConceptSpace

STEPS = 2**31  # probabilities are rounded to multiples of 1 / STEPS
JOINT_LIMIT = 4096  # up to here a configuration is drawn at once, above it concept by concept


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["prior", "words", "token"],
    meta_fields=[
        "space",
        "prior_scopes",
        "word_scopes",
        "word_reads",
        "token_scope",
        "token_reads",
        "positions_alike",
        "context_length",
    ],
)
@dataclass(frozen=True)
class Sampler:
    """A world ready to be sampled: thresholds as array leaves, its structure static.

    prior, words: one table of thresholds [row, threshold] per factor; token: one table.
    """

    prior: tuple[Any, ...]
    words: tuple[Any, ...]
    token: Any
    space: ConceptSpace
    prior_scopes: tuple[tuple[int, ...], ...]
    word_scopes: tuple[tuple[int, ...], ...]
    word_reads: tuple[tuple[tuple[int, int], ...], ...]
    token_scope: tuple[int, ...]
    token_reads: tuple[tuple[int, int], ...]
    positions_alike: bool
    context_length: int

    def draw(self, key: Any, num_samples: int) -> Sample:
        """num_samples independent draws; traceable, num_samples static.

        A shorter context drawn with the same key is a prefix of the longer one as long as JAX
        has jax_threefry_partitionable on, its default.
        """
        num_prior = len(self.prior)
        bits = jax.random.bits(
            key, (num_prior + 1 + self.context_length, num_samples), jnp.uint32
        ) >> jnp.uint32(1)
        values = self._draw_values(bits[:num_prior])
        words = self._draw_words(values, bits[num_prior + 1 :])
        rows = _rows(self.space, self.token_scope, self.token_reads, values, words)
        token = _outcome(self.token, rows, bits[num_prior])
        context = jnp.stack(words, -1) if words else jnp.zeros((num_samples, 0), jnp.int32)
        return Sample(jnp.stack(values, -1), context, token)

    def _draw_values(self, bits: UInt32[Array, "factor sample"]) -> list[Array]:
        if self.prior_scopes == ((),):
            nothing = jnp.zeros(bits.shape[1:], jnp.int32)
            configuration = _outcome(self.prior[0], nothing, bits[0])
            return list(jnp.moveaxis(self.space.values(configuration), -1, 0))
        values: dict[int, Array] = {}
        for factor, (*parents, concept) in enumerate(self.prior_scopes):
            rows = jnp.zeros(bits.shape[1:], jnp.int32)
            for parent in parents:
                rows = rows * self.space.cardinalities[parent] + values[parent]
            values[concept] = _outcome(self.prior[factor], rows, bits[factor])
        return [values[concept] for concept in range(self.space.num_concepts)]

    def _draw_words(
        self, values: list[Array], bits: UInt32[Array, "position sample"]
    ) -> list[Array]:
        if self.positions_alike:
            rows = _rows(self.space, self.word_scopes[0], (), values, [])
            return list(_outcome(self.words[0], jnp.broadcast_to(rows, bits.shape), bits))
        words: list[Array] = []
        for position in range(self.context_length):
            scope, reads = self.word_scopes[position], self.word_reads[position]
            rows = _rows(self.space, scope, reads, values, words)
            words.append(_outcome(self.words[position], rows, bits[position]))
        return words


def sampler(model: ConceptModel, context_length: int | None = None) -> Sampler:
    """The world as a pytree whose `draw(key, num_samples)` is traceable.

    context_length defaults to all positions (all but the last when the token is the next word).
    """
    length = checked_length(model, context_length)
    if model.graph is None or model.space.num_configurations <= JOINT_LIMIT:
        prior = (integer_thresholds(np.exp(log_prior(model))[None]),)
        scopes: tuple[tuple[int, ...], ...] = ((),)
    else:
        order = list(nx.topological_sort(model.graph))
        prior = tuple(_factor_thresholds(model.prior[concept]) for concept in order)
        scopes = tuple(model.prior[concept].scope for concept in order)
    num_factors = 1 if model.positions_alike else length
    factors = model.words[:num_factors]
    token = model.token_factor(length)
    return Sampler(
        prior=prior,
        words=tuple(_factor_thresholds(factor) for factor in factors),
        token=_factor_thresholds(token),
        space=model.space,
        prior_scopes=scopes,
        word_scopes=tuple(factor.scope for factor in factors),
        word_reads=tuple(_reads_with_sizes(model, factor) for factor in factors),
        token_scope=token.scope,
        token_reads=_reads_with_sizes(model, token),
        positions_alike=model.positions_alike,
        context_length=length,
    )


def sample(
    key: Any, model: ConceptModel, num_samples: int, context_length: int | None = None
) -> Sample:
    """num_samples draws of (values, context, token) from the world; the same key, the same draw.

    Raises ValueError for a negative number of samples and as `sampler` does.
    """
    if num_samples < 0:
        raise ValueError(f"num_samples must not be negative; got {num_samples}")
    return _draw(sampler(model, context_length), key, num_samples)


@partial(jax.jit, static_argnums=2)
def _draw(world: Sampler, key: Any, num_samples: int) -> Sample:
    return world.draw(key, num_samples)


def integer_thresholds(probability: np.ndarray) -> np.ndarray:
    """Thresholds [row, 2^k − 1] as uint32: the outcome of u is how many of them are ≤ u.

    u is uniform on 0 … 2^31 − 1, so an outcome's frequency is a multiple of 2^-31 within 2^-32
    of its probability (the most likely outcome of a row takes up what the others lack).
    """
    steps = np.rint(probability * STEPS).astype(np.int64)
    steps = np.where(probability > 0, np.maximum(steps, 1), 0)
    largest = steps.argmax(-1, keepdims=True)
    missing = STEPS - steps.sum(-1, keepdims=True)
    np.put_along_axis(steps, largest, np.take_along_axis(steps, largest, -1) + missing, -1)
    levels = max(1, int(probability.shape[-1] - 1).bit_length())
    thresholds = np.full((len(steps), 2**levels - 1), 2**32 - 1, np.uint32)
    thresholds[:, : steps.shape[-1] - 1] = np.cumsum(steps, -1)[:, :-1]
    return thresholds


def _outcome(
    thresholds: Array | np.ndarray, rows: Int[Array, "*sample"], bits: UInt32[Array, "*sample"]
) -> Array:
    """How many thresholds of its row are ≤ u, by binary search."""
    width = thresholds.shape[-1]
    flat = jnp.asarray(thresholds).reshape(-1)
    base = rows * width
    position = jnp.zeros_like(base)
    step = (width + 1) // 2
    while step:
        threshold = flat.at[base + position + (step - 1)].get(mode="promise_in_bounds")
        position = jnp.where(threshold <= bits, position + step, position)
        step //= 2
    return position.astype(jnp.int32)


def _rows(
    space: ConceptSpace,
    scope: tuple[int, ...],
    reads: tuple[tuple[int, int], ...],
    values: list[Array],
    words: list[Array],
) -> Array:
    rows = jnp.zeros_like(values[0])
    for concept in scope:
        rows = rows * space.cardinalities[concept] + values[concept]
    for position, size in reads:
        rows = rows * size + words[position]
    return rows


def _factor_thresholds(factor: Factor) -> np.ndarray:
    table = np.exp(factor.log_table)
    return integer_thresholds(table.reshape(-1, table.shape[-1]))


def _reads_with_sizes(model: ConceptModel, factor: Factor) -> tuple[tuple[int, int], ...]:
    return tuple((p, model.word_factor(p).num_outcomes) for p in factor.reads)
