"""What is a world: which tables, over which concepts, in which order?"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike

from latentgen.factors import (
    Emission,
    Factor,
    concept_factor,
    emission_factor,
    float_array,
    prior_factor,
)
from latentgen.host import integer_matrix, refuse_tracers
from latentgen.space import ConceptSpace

# How a table reads words after all, where it reads none.
BY_POSITION = "give words as a list of tables, one a position"
NEXT_WORD = "use token=None, so that the token is the next word, whose table may read words"


@dataclass(frozen=True, eq=False, repr=False)
class ConceptModel:
    """A world p(c) p(x|c) p(y|c) as log-factors with scopes; immutable, compared by content.

    Build one with `from_tables`, `from_graph` or `lg.load`: they check what they are given.
    prior: one factor per concept (given its parents), or one over all concepts. words: one
    factor per position, or a single one when `positions_alike`. token: one factor, or None when
    words and tokens share their tables: then the token of a context is its next word.
    """

    space: ConceptSpace
    prior: tuple[Factor, ...]
    words: tuple[Factor, ...]
    positions_alike: bool
    token: Factor | None

    @classmethod
    def from_tables(
        cls,
        space: ConceptSpace,
        prior: ArrayLike,
        context_given: ArrayLike,
        token_given: ArrayLike | None = None,
    ) -> "ConceptModel":
        """A world from saturated tables of probabilities.

        prior [configuration]; context_given [configuration, word] when all positions are alike
        or [position, configuration, word]; token_given [configuration, token], or None when the
        token is the next word. Raises ValueError for tables that are not distributions or whose
        shapes disagree.
        """
        refuse_tracers("ConceptModel.from_tables", prior, context_given, token_given)
        scope = tuple(range(space.num_concepts))
        words_given = float_array(context_given, "context_given")
        if words_given.ndim not in (2, 3):
            raise ValueError(
                "context_given must have axes [configuration, word] or "
                f"[position, configuration, word]; got shape {words_given.shape}"
            )
        alike = words_given.ndim == 2
        tables = [words_given] if alike else list(words_given)
        words: Any = [Emission(scope, table) for table in tables]
        return cls._from_emissions(
            space,
            (prior_factor(space, prior),),
            words[0] if alike else words,
            None if token_given is None else Emission(scope, token_given),
        )

    @classmethod
    def from_graph(
        cls,
        graph: nx.DiGraph,
        cardinalities: Sequence[int],
        concept_tables: Sequence[ArrayLike] | Mapping[int, ArrayLike] | np.ndarray,
        words: Any,
        token: Any = None,
    ) -> "ConceptModel":
        """A world from a directed acyclic graph of concepts and local tables.

        graph: nodes 0 … m−1. concept_tables[k]: p(c_k | parents) [*parent values, value], the
        parents in ascending order. words: a list with one (scope, table) pair or `Emission` per
        position, or a single pair (not in a list) when all positions are alike. token: one such
        pair, or None when the token is the next word. Raises ValueError for a cycle, for nodes
        that are not 0 … m−1, for tables that are not distributions or have the wrong shape.
        """
        space = ConceptSpace(tuple(cardinalities))
        nodes = range(space.num_concepts)
        if set(graph.nodes) != set(nodes):
            raise ValueError(
                f"the graph's nodes must be the concepts 0 … {space.num_concepts - 1}; got "
                f"{sorted(map(str, graph.nodes))}: see networkx.convert_node_labels_to_integers"
            )
        if not graph.is_directed() or not nx.is_directed_acyclic_graph(graph):
            cycle = nx.find_cycle(graph) if graph.is_directed() else "undirected edges"
            raise ValueError(f"the concept graph must be directed and acyclic; got {cycle}")
        if len(concept_tables) != space.num_concepts:
            raise ValueError(
                f"one table per concept is needed, {space.num_concepts} in all; "
                f"got {len(concept_tables)}"
            )
        if isinstance(concept_tables, Mapping) and set(concept_tables) != set(nodes):
            raise ValueError(
                f"concept_tables must have the keys 0 … {space.num_concepts - 1}; "
                f"got {list(concept_tables)}"
            )
        prior = tuple(
            concept_factor(space, k, tuple(sorted(graph.predecessors(k))), concept_tables[k])
            for k in nodes
        )
        return cls._from_emissions(space, prior, words, token)

    @classmethod
    def _from_emissions(
        cls, space: ConceptSpace, prior: tuple[Factor, ...], words: Any, token: Any
    ) -> "ConceptModel":
        alike = isinstance(words, tuple)
        if alike and not isinstance(words, Emission) and _are_emissions(words):
            raise ValueError(
                "words must be a list of (scope, table) pairs, one a position, or a single pair; "
                f"got a tuple of {len(words)} pairs: give list(words)"
            )
        if not words and token is None:
            raise ValueError(
                "a world needs something to predict; got neither words nor a token table: give "
                "a token table, or at least one word"
            )
        factors: list[Factor] = []
        for position, emission in enumerate([words] if alike else words):
            name = "the word table" if alike else f"the word table at position {position}"
            sizes = [factor.num_outcomes for factor in factors]
            factors.append(emission_factor(space, emission, name, sizes, BY_POSITION * alike))
        last = (
            None
            if token is None
            else emission_factor(space, token, "the token table", to_read=NEXT_WORD)
        )
        return cls(space, prior, tuple(factors), alike, last)

    @property
    def num_positions(self) -> int | None:
        """The longest context, or None when positions are alike (any length)."""
        return None if self.positions_alike else len(self.words)

    @property
    def graph(self) -> nx.DiGraph | None:
        """The concept graph, or None when the prior is one joint table over several concepts."""
        if len(self.prior) != self.space.num_concepts:
            return None
        graph = nx.DiGraph()
        graph.add_nodes_from(range(self.space.num_concepts))
        for *parents, child in (factor.scope for factor in self.prior):
            graph.add_edges_from((parent, child) for parent in parents)
        return graph

    def word_factor(self, position: int) -> Factor:
        """The factor of the word at a position; ValueError past the last position."""
        if self.positions_alike:
            return self.words[0]
        if not 0 <= position < len(self.words):
            raise ValueError(
                f"this world has {len(self.words)} word positions; there is no position {position}"
            )
        return self.words[position]

    def token_factor(self, context_length: int) -> Factor:
        """The factor of the token that follows a context of this length."""
        if self.token is not None:
            return self.token
        if not self.positions_alike and context_length >= len(self.words):
            raise ValueError(
                f"the token is the next word, and this world has {len(self.words)} words: a "
                f"context of {context_length} has no next word; use a shorter context"
            )
        return self.word_factor(context_length)

    def num_tokens(self, context_length: int = 0) -> int:
        """The number of tokens that may follow a context of this length."""
        return self.token_factor(context_length).num_outcomes

    def check_context(
        self, context: ArrayLike, function: str = "ConceptModel.check_context"
    ) -> np.ndarray:
        """The context as int64 [sample, position]; a ValueError says what is wrong with it.

        Raises TypeError for a tracer, in the name of the function that asks.
        """
        refuse_tracers(function, context)
        matrix = integer_matrix(context, "context", "sample, position")
        if not self.positions_alike and matrix.shape[1] > len(self.words):
            raise ValueError(
                f"a context may have at most {len(self.words)} positions in this world; "
                f"got {matrix.shape[1]}"
            )
        for position in range(matrix.shape[1]):
            size = self.word_factor(position).num_outcomes
            outside = np.flatnonzero((matrix[:, position] < 0) | (matrix[:, position] >= size))
            if outside.size:
                row = outside[0]
                raise ValueError(
                    f"words at position {position} lie in 0 … {size - 1}; row {row} of the "
                    f"context has {matrix[row, position]}"
                )
        return matrix

    def header(self) -> dict[str, Any]:
        """Everything of the world but the numbers: scopes, reads, cardinalities; JSON-able."""
        return {
            "cardinalities": list(self.space.cardinalities),
            "prior": [list(factor.scope) for factor in self.prior],
            "words": [[list(f.scope), list(f.reads)] for f in self.words],
            "positions_alike": self.positions_alike,
            "token": None if self.token is None else list(self.token.scope),
        }

    def log_tables(self) -> list[np.ndarray]:
        """All log-tables: prior, words, token."""
        factors = [*self.prior, *self.words, *([] if self.token is None else [self.token])]
        return [factor.log_table for factor in factors]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content; two worlds are equal when their digests are."""
        content = hashlib.sha256(json.dumps(self.header(), sort_keys=True).encode())
        for table in self.log_tables():
            content.update(str(table.shape).encode())
            content.update(np.ascontiguousarray(table + 0.0).tobytes())  # + 0.0 turns −0 into 0
        return content.hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ConceptModel) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        if self.positions_alike:
            words = f"{self.words[0].num_outcomes} words, positions alike"
        else:
            words = f"positions with {[f.num_outcomes for f in self.words]} words"
        token = "the next word" if self.token is None else f"{self.token.num_outcomes} tokens"
        kind = "a graph" if self.graph is not None else "one table"
        return (
            f"ConceptModel(cardinalities={self.space.cardinalities}, prior from {kind}, "
            f"{words}, predicts {token})"
        )


def _are_emissions(entries: tuple[Any, ...]) -> bool:
    """Whether all entries look like (scope, table) pairs: a scope begins with no sequence."""
    return all(
        isinstance(each, tuple | list) and len(each) > 1 and not np.isscalar(each[0])
        for each in entries
    )
