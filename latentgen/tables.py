"""Which conditional probability tables are worth having ready-made?

All are plain float64 arrays of probabilities whose last axis sums to one; [row] stands for the
values of the concepts that a table reads, flattened or not.
"""

from collections.abc import Sequence
from typing import Any

import jax
import networkx as nx
import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from latentgen import draws


def bernoulli_concept_tables(
    key: Any, graph: nx.DiGraph, low: float = 0.2, high: float = 0.8
) -> list[np.ndarray]:
    """One table per binary concept, p(c_k = 1 | parents) uniform in [low, high] in every row."""
    if not 0 <= low <= high <= 1:
        raise ValueError(f"need 0 ≤ low ≤ high ≤ 1; got low {low} and high {high}")
    tables = []
    for concept, parents in _parents(graph):
        uniform = draws.uniform(jax.random.fold_in(key, concept), (2,) * len(parents))
        one = low + (high - low) * uniform
        tables.append(np.stack([1 - one, one], -1))
    return tables


def dirichlet_concept_tables(
    key: Any, graph: nx.DiGraph, cardinalities: Sequence[int], concentration: float = 1.0
) -> list[np.ndarray]:
    """One table per concept of any cardinality, every row from a symmetric Dirichlet."""
    return [
        draws.dirichlet(
            jax.random.fold_in(key, concept),
            tuple(cardinalities[k] for k in (*parents, concept)),
            concentration,
        )
        for concept, parents in _parents(graph)
    ]


def dirichlet_table(key: Any, shape: Sequence[int], concentration: float = 1.0) -> np.ndarray:
    """A table [*row, outcome] with every row from a symmetric Dirichlet distribution."""
    return draws.dirichlet(key, tuple(shape), concentration)


def map_table(outcome: ArrayLike, num_outcomes: int) -> np.ndarray:
    """The deterministic table [*row, outcome] of a map row -> outcome; many-to-one if it is."""
    outcome = np.asarray(outcome)
    if not np.issubdtype(outcome.dtype, np.integer):
        raise ValueError(f"a map's outcomes must be integers; got dtype {outcome.dtype}")
    if outcome.size and not 0 <= outcome.min() <= outcome.max() < num_outcomes:
        raise ValueError(
            f"a map's outcomes must lie in 0 … {num_outcomes - 1}; "
            f"got {outcome.min()} … {outcome.max()}"
        )
    return np.eye(num_outcomes)[outcome]


def uniform_channel(num_outcomes: int, rate: float) -> Float[np.ndarray, "outcome received"]:
    """The channel that replaces an outcome, with probability rate, by a uniform one."""
    _check_rate(rate)
    if num_outcomes < 1:
        raise ValueError(f"a channel needs at least one outcome; got {num_outcomes}")
    return (1 - rate) * np.eye(num_outcomes) + rate / num_outcomes


def flip_channel(rate: float) -> Float[np.ndarray, "outcome received"]:
    """The binary symmetric channel: a bit is flipped with probability rate."""
    _check_rate(rate)
    return np.array([[1 - rate, rate], [rate, 1 - rate]])


def through_channel(table: ArrayLike, channel: ArrayLike) -> np.ndarray:
    """A table seen through noise: Σ_o table[…, o] channel[o, received]."""
    table, channel = np.asarray(table), np.asarray(channel)
    if table.shape[-1] != channel.shape[0]:
        raise ValueError(
            f"the channel takes {channel.shape[0]} outcomes and the table has {table.shape[-1]}"
        )
    return table @ channel


def binary_digits(number: ArrayLike, num_digits: int) -> np.ndarray:
    """The binary digits [..., digit] of numbers [...], the most significant first."""
    return (np.asarray(number)[..., None] >> np.arange(num_digits)[::-1]) & 1


def _parents(graph: nx.DiGraph) -> list[tuple[int, list[int]]]:
    return [(k, sorted(graph.predecessors(k))) for k in range(graph.number_of_nodes())]


def _check_rate(rate: float) -> None:
    if not 0 <= rate <= 1:
        raise ValueError(f"a noise rate is a probability; got {rate}")
