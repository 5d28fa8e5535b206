"""Which random worlds are the theorems tried on?

Each family draws whatever it can at random, and keeps only what the theorems tried on it assume.
"""

from collections.abc import Callable
from typing import NamedTuple

import networkx as nx
import numpy as np

import latentgen as lg

CARDINALITIES = ((2,), (3,), (2, 2), (2, 3))
LARGEST_WEIGHT = 3


class Drawn(NamedTuple):
    """A world with the contexts that it is asked about, all of them and their log p(x)."""

    model: lg.ConceptModel
    context: np.ndarray
    log_weight: np.ndarray


def draw(family: str, random: np.random.Generator) -> Drawn:
    """One random world of a family."""
    model, length = FAMILIES[family](random)
    contexts = lg.enumerate_contexts(model, length)
    keep = slice(None)
    if family == "settled":  # pairs of neighbouring rows then differ in the last word only
        keep = contexts.context[:, 0] == contexts.context[0, 0]
    return Drawn(model, contexts.context[keep], contexts.log_weight[keep])


def _generic(random: np.random.Generator) -> tuple[lg.ConceptModel, int]:
    """Dirichlet tables, from nearly uniform to nearly deterministic."""
    space = lg.ConceptSpace(CARDINALITIES[random.integers(len(CARDINALITIES))])
    size = space.num_configurations
    table = _rows(random)
    words = np.stack([table(size, 3), table(size, 3)])
    tokens = table(size, int(random.integers(2, 7)))
    return lg.ConceptModel.from_tables(space, table(size), words, tokens), 2


def _zeros(random: np.random.Generator) -> tuple[lg.ConceptModel, int]:
    """Small integer weights: exact zeros and ties everywhere."""
    space = lg.ConceptSpace(CARDINALITIES[random.integers(len(CARDINALITIES))])
    size = space.num_configurations

    def table(*shape: int) -> np.ndarray:
        weight = random.integers(0, LARGEST_WEIGHT + 1, shape)
        weight[..., 0] += weight.sum(-1) == 0
        return weight / weight.sum(-1, keepdims=True)

    words = np.stack([table(size, 3), table(size, 2).repeat(2, 1)[:, [0, 2, 3]]])
    words[1] /= words[1].sum(-1, keepdims=True)
    tokens = table(size, int(random.integers(1, 6)))
    return lg.ConceptModel.from_tables(space, table(size), words, tokens), 2


def _noisy(random: np.random.Generator) -> tuple[lg.ConceptModel, int]:
    """y is the configuration, replaced by a uniform token with probability η."""
    space = lg.ConceptSpace(CARDINALITIES[random.integers(len(CARDINALITIES))])
    size = space.num_configurations
    table = _rows(random)
    tokens = lg.uniform_channel(size, 0.99 * 10 ** -random.uniform(0, 6))
    words = np.stack([table(size, 3), table(size, 3)])
    return lg.ConceptModel.from_tables(space, table(size), words, tokens), 2


def _shown(random: np.random.Generator) -> tuple[lg.ConceptModel, int]:
    """y names the value of one concept, drawn at random."""
    space = lg.ConceptSpace(CARDINALITIES[random.integers(len(CARDINALITIES))])
    size = space.num_configurations
    table = _rows(random)
    share = random.dirichlet(np.ones(space.num_concepts))
    values = space.values(np.arange(size))
    tokens = np.concatenate(
        [
            weight * np.eye(cardinality)[values[:, k]]
            for k, (weight, cardinality) in enumerate(zip(share, space.cardinalities, strict=True))
        ],
        1,
    )
    words = np.stack([table(size, 3), table(size, 3)])
    return lg.ConceptModel.from_tables(space, table(size), words, tokens), 2


def _factored(random: np.random.Generator) -> tuple[lg.ConceptModel, int]:
    """Independent concepts, each with a word of its own and a sub-token of its own."""
    table, sizes = _rows(random), (2, 3)
    first, second = table(2, 2), table(3, 3)
    tokens = np.einsum("ai,bj->abij", first, second).reshape(6, 6)
    return _independent(random, sizes, tokens), 2


def _revealed(random: np.random.Generator) -> tuple[lg.ConceptModel, int]:
    """Independent concepts, each with a word of its own, and y names the configuration."""
    return _independent(random, (2, 3), np.eye(6)), 2


def _independent(
    random: np.random.Generator, sizes: tuple[int, int], tokens: np.ndarray
) -> lg.ConceptModel:
    table = _rows(random)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(2))
    words = [lg.Emission((k,), table(n, 4)) for k, n in enumerate(sizes)]
    priors = [table(n) for n in sizes]
    return lg.ConceptModel.from_graph(graph, sizes, priors, words, lg.Emission((0, 1), tokens))


def _settled(random: np.random.Generator) -> tuple[lg.ConceptModel, int]:
    """y settles concept 0 and reads nothing else; so does the last word."""
    table, sizes = _rows(random), (2, 3)
    graph: nx.DiGraph = nx.DiGraph([(0, 1)] if random.random() < 0.5 else [(1, 0)])
    parents = [[sizes[parent] for parent in graph.predecessors(k)] for k in range(2)]
    tables = [table(*shape, n) for shape, n in zip(parents, sizes, strict=True)]
    words = [lg.Emission((0, 1), table(6, 3)), lg.Emission((0,), table(2, 3))]
    half = table(2, 2)  # each value of concept 0 has two tokens of its own
    tokens = np.zeros((2, 4))
    tokens[0, :2], tokens[1, 2:] = half
    return lg.ConceptModel.from_graph(graph, sizes, tables, words, lg.Emission((0,), tokens)), 2


def _leaking(random: np.random.Generator) -> tuple[lg.ConceptModel, int]:
    """The token reads the first word as well as the concepts: x and y are dependent given c."""
    table = _rows(random)
    sizes = CARDINALITIES[random.integers(len(CARDINALITIES))]
    scope = tuple(range(len(sizes)))
    graph = nx.DiGraph()
    graph.add_nodes_from(scope)
    words = [lg.Emission(scope, table(int(np.prod(sizes)), 3)) for _ in range(2)]
    words.append(lg.Emission(scope, table(*sizes, 3, 4), reads=(0,)))
    return lg.ConceptModel.from_graph(graph, sizes, [table(n) for n in sizes], words), 2


def _rows(random: np.random.Generator) -> Callable[..., np.ndarray]:
    """Tables [*row, outcome] from a Dirichlet whose concentration is drawn once a world."""
    concentration = 10 ** random.uniform(-0.5, 1)

    def table(*shape: int) -> np.ndarray:
        return random.dirichlet(np.full(shape[-1], concentration), shape[:-1])

    return table


FAMILIES: dict[str, Callable[[np.random.Generator], tuple[lg.ConceptModel, int]]] = {
    "generic": _generic,
    "zeros": _zeros,
    "noisy": _noisy,
    "shown": _shown,
    "factored": _factored,
    "revealed": _revealed,
    "settled": _settled,
    "leaking": _leaking,
}
