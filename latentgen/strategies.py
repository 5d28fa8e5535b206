"""Which worlds should a claim about all worlds be tried on? Strategies for hypothesis.

Tables are made of small integer weights, each row divided by its sum, so that exact zeros and
ties appear and a counterexample shrinks to numbers one can read. Shapes are few, as every new
shape compiles anew. Needs hypothesis; `import latentgen` alone does not import this module.

    from hypothesis import given
    @given(lg.strategies.models())
    def test_a_claim_holds_in_every_world(model): ...
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import networkx as nx
import numpy as np
from hypothesis import strategies as st

from latentgen.contexts import enumerate_contexts
from latentgen.factors import Emission
from latentgen.model import ConceptModel
from latentgen.space import ConceptSpace

CARDINALITIES = ((2,), (3,), (2, 2), (2, 3, 2))
VOCABULARIES = (2, 3)
MAX_POSITIONS = 3
MAX_WEIGHT = 4


class WeightTable(NamedTuple):
    """An emission in weights [*values of scope, *words at reads, outcome]."""

    scope: tuple[int, ...]
    reads: tuple[int, ...]
    weights: np.ndarray

    def emission(self) -> Emission:
        """Every row divided by its sum."""
        return Emission(self.scope, _divided(self.weights), self.reads)


class IntegerWorld(NamedTuple):
    """A world in integer weights, for oracles that compute in fractions.

    parents: of each concept, ascending; None when the prior is one joint table.
    concept_weights: per concept [*parent values, value]; or one table [*values] when joint.
    words: one table per position, or a single one when positions_alike. token: or None.
    """

    cardinalities: tuple[int, ...]
    parents: tuple[tuple[int, ...], ...] | None
    concept_weights: tuple[np.ndarray, ...]
    words: tuple[WeightTable, ...]
    positions_alike: bool
    token: WeightTable | None

    def graph(self) -> nx.DiGraph:
        """The concept graph of a world whose prior is not one joint table."""
        graph = nx.DiGraph()
        graph.add_nodes_from(range(len(self.cardinalities)))
        for child, parents in enumerate(self.parents or ()):
            graph.add_edges_from((parent, child) for parent in parents)
        return graph

    def model(self) -> ConceptModel:
        """The same world as a `ConceptModel`, through its named constructors."""
        if self.parents is None:
            space = ConceptSpace(self.cardinalities)
            prior = self.concept_weights[0].reshape(-1)
            words = [_divided(table.weights).reshape(len(prior), -1) for table in self.words]
            token = None if self.token is None else _divided(self.token.weights)
            return ConceptModel.from_tables(
                space,
                _divided(prior),
                words[0] if self.positions_alike else np.stack(words),
                None if token is None else token.reshape(len(prior), -1),
            )
        tables = [_divided(weights) for weights in self.concept_weights]
        emissions = [table.emission() for table in self.words]
        return ConceptModel.from_graph(
            self.graph(),
            self.cardinalities,
            tables,
            emissions[0] if self.positions_alike else emissions,
            None if self.token is None else self.token.emission(),
        )


def spaces() -> st.SearchStrategy[ConceptSpace]:
    """Concept spaces of a few shapes, up to three concepts and twelve configurations."""
    return st.sampled_from(CARDINALITIES).map(ConceptSpace)


def keys() -> st.SearchStrategy[Any]:
    """JAX keys."""
    return st.integers(0, 2**32 - 1).map(jax.random.key)


def weights(shape: Sequence[int]) -> st.SearchStrategy[np.ndarray]:
    """Integers 0 … 4 [*row, outcome]; a row of zeros becomes (1, 0, …)."""
    size = int(np.prod(shape, dtype=np.int64))
    flat = st.lists(st.integers(0, MAX_WEIGHT), min_size=size, max_size=size)
    return flat.map(lambda numbers: _never_zero(np.array(numbers).reshape(tuple(shape))))


def tables(shape: Sequence[int]) -> st.SearchStrategy[np.ndarray]:
    """Probabilities [*row, outcome] from small integer weights."""
    return weights(shape).map(_divided)


@st.composite
def graphs(draw: Any, num_concepts: int | None = None) -> nx.DiGraph:
    """Directed acyclic graphs over 0 … m−1, m ≤ 4 unless given; the order need not be 0 … m−1."""
    size: int = draw(st.integers(1, 4)) if num_concepts is None else num_concepts
    order = draw(st.permutations(range(size)))
    graph = nx.DiGraph()
    graph.add_nodes_from(range(size))
    for second in range(size):
        for first in range(second):
            if draw(st.booleans()):
                graph.add_edge(order[first], order[second])
    return graph


@st.composite
def integer_worlds(
    draw: Any,
    *,
    saturated: bool | None = None,
    alike: bool | None = None,
    token: bool | None = None,
    interacting: bool | None = None,
    cardinalities: tuple[int, ...] | None = None,
    num_positions: int | None = None,
) -> IntegerWorld:
    """Worlds in integer weights; None leaves a choice to hypothesis.

    saturated: joint prior and full tables, or a graph and local tables. alike: positions share
    one word table. token: words and token have their own tables. interacting: words may read
    earlier words (only where positions differ and tables are local).
    """
    # Every argument left at None is drawn; the draws get names of their own.
    is_joint: bool = draw(st.booleans()) if saturated is None else saturated
    is_alike: bool = draw(st.booleans()) if alike is None else alike
    has_token: bool = draw(st.booleans()) if token is None else token
    may_read: bool = draw(st.booleans()) if interacting is None else interacting
    sizes: tuple[int, ...] = cardinalities or draw(st.sampled_from(CARDINALITIES))
    # from_tables reads the number of positions off an array, which cannot be empty.
    fewest = 1 if is_joint or not has_token else 0
    if num_positions is None:
        num_positions = int(draw(st.integers(fewest, MAX_POSITIONS)))
    concepts = range(len(sizes))
    if is_joint:
        parents, concept_weights = None, (draw(_joint_weights(sizes)),)
    else:
        graph = draw(graphs(len(sizes)))
        parents = tuple(tuple(sorted(graph.predecessors(k))) for k in concepts)
        concept_weights = tuple(
            draw(weights([sizes[k] for k in (*parents[concept], concept)])) for concept in concepts
        )
    vocabulary = draw(st.sampled_from(VOCABULARIES))

    def emission(position: int, num_outcomes: int, reading: bool) -> WeightTable:
        scope, reads = tuple(concepts), ()
        if not is_joint:
            scope = tuple(draw(st.lists(st.sampled_from(concepts), unique=True)))
        if reading and position:
            earlier = st.sampled_from(range(position))
            reads = tuple(draw(st.lists(earlier, unique=True, max_size=2)))
        shape = (*[sizes[k] for k in scope], *[vocabulary] * len(reads), num_outcomes)
        return WeightTable(scope, reads, draw(weights(shape)))

    may_read = may_read and not is_joint and not is_alike
    num_tables = 1 if is_alike else num_positions
    return IntegerWorld(
        sizes,
        parents,
        concept_weights,
        tuple(emission(position, vocabulary, may_read) for position in range(num_tables)),
        is_alike,
        emission(0, draw(st.sampled_from(VOCABULARIES)), False) if has_token else None,
    )


def models(**choices: Any) -> st.SearchStrategy[ConceptModel]:
    """Worlds; the choices are those of `integer_worlds`."""
    return integer_worlds(**choices).map(IntegerWorld.model)


@st.composite
def contexts(
    draw: Any,
    model: ConceptModel,
    context_length: int | None = None,
    max_contexts: int = 3,
) -> np.ndarray:
    """Contexts [sample, position] that the world can produce, with a token after them.

    The length is drawn from 0 … 3 (or what the world has) unless given. Possible contexts are
    found by enumeration: for small worlds.
    """
    if context_length is None:
        longest = MAX_POSITIONS if model.num_positions is None else model.num_positions
        if model.num_positions is not None and model.token is None:
            longest -= 1
        context_length = draw(st.integers(0, min(MAX_POSITIONS, longest)))
    possible = enumerate_contexts(model, context_length).context
    rows = st.lists(st.integers(0, len(possible) - 1), min_size=1, max_size=max_contexts)
    return possible[draw(rows)]


def _divided(weights: np.ndarray) -> np.ndarray:
    return weights / weights.sum(-1, keepdims=True)


def _never_zero(weights: np.ndarray) -> np.ndarray:
    weights[..., 0] += weights.sum(-1) == 0
    return weights


def _joint_weights(cardinalities: tuple[int, ...]) -> st.SearchStrategy[np.ndarray]:
    size = int(np.prod(cardinalities))
    return weights((size,)).map(lambda flat: flat.reshape(cardinalities))
