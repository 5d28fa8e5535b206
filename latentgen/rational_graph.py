"""How is a small world with a graph of concepts written down exactly, in fractions?

A JSON object: `cardinalities`, `note`, `edges` [[parent, child], …], and local tables as lists of
rows, a row for each joint value of what the table reads, row-major, the last one fastest.
`concept_tables`: one a concept, which reads its parents in ascending order. `words`: one object a
position, {"scope": [concepts], "table": rows} and, where it reads earlier words, "reads":
[positions]. `token`: one such object, or null where the token is the next word.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import networkx as nx
import numpy as np

from latentgen import rational_tables as tables
from latentgen.factors import Emission
from latentgen.model import ConceptModel
from latentgen.rational_tables import Row
from latentgen.space import ConceptSpace

FORMAT = "latentgen.RationalGraph"
VERSION = 1
NAMES = ("cardinalities", "edges", "concept_tables", "words", "token")

Table = tuple[Row, ...]


class RationalEmission(NamedTuple):
    """A word's or the token's table of fractions.

    scope: the concepts it reads; table [joint value][outcome]; reads: earlier words it reads.
    """

    scope: tuple[int, ...]
    table: Table
    reads: tuple[int, ...] = ()

    @property
    def num_outcomes(self) -> int:
        """The size of its vocabulary."""
        return len(self.table[0])

    def json(self) -> str:
        """The JSON text of this table."""
        reads = f', "reads": {list(self.reads)}' if self.reads else ""
        return f'{{"scope": {list(self.scope)}{reads}, "table": {tables.table_text(self.table)}}}'


class RationalGraph(NamedTuple):
    """A world in a graph of concepts and local tables of fractions.

    note: what the world is for. edges (parent, child); concept_tables p(c_k|parents)
    [concept][parents' values][value]; words one emission a position; token p(y|c), or None where
    the token is the next word.
    """

    note: str
    cardinalities: tuple[int, ...]
    edges: tuple[tuple[int, int], ...]
    concept_tables: tuple[Table, ...]
    words: tuple[RationalEmission, ...]
    token: RationalEmission | None

    def model(self) -> ConceptModel:
        """The same world in float64. Raises ValueError for a world without words and token."""
        graph = nx.DiGraph()
        graph.add_nodes_from(range(len(self.cardinalities)))
        graph.add_edges_from(self.edges)
        concept_tables = [
            self._array(table, _parents(self.edges, concept))
            for concept, table in enumerate(self.concept_tables)
        ]
        words = [self._emission(word) for word in self.words]
        token = None if self.token is None else self._emission(self.token)
        return ConceptModel.from_graph(graph, self.cardinalities, concept_tables, words, token)

    def json(self) -> str:
        """The JSON text of this world; `read` gives the same world back."""
        head = {"format": FORMAT, "version": VERSION, "note": self.note}
        head |= {"cardinalities": list(self.cardinalities), "edges": list(map(list, self.edges))}
        concept_tables = ", ".join(map(tables.table_text, self.concept_tables))
        words = ", ".join(word.json() for word in self.words)
        token = "null" if self.token is None else self.token.json()
        found = {"concept_tables": f"[{concept_tables}]", "words": f"[{words}]", "token": token}
        return tables.object_text(head, found)

    def _emission(self, emission: RationalEmission) -> Emission:
        vocabularies = [self.words[position].num_outcomes for position in emission.reads]
        table = self._array(emission.table, emission.scope, vocabularies)
        return Emission(emission.scope, table, emission.reads)

    def _array(
        self, table: Table, concepts: Sequence[int], vocabularies: Sequence[int] = ()
    ) -> np.ndarray:
        values = [self.cardinalities[concept] for concept in concepts]
        return np.array(table, np.float64).reshape(*values, *vocabularies, -1)


def read(text: str) -> RationalGraph:
    """The world in a JSON text.

    Raises ValueError for another format or version, a cardinality below 2, a cycle, tables of
    another shape, a number that is no fraction in 0 … 1, and a row that does not sum to one
    exactly.
    """
    found = tables.content(text)
    tables.check_format(found, FORMAT, VERSION, NAMES)
    space = ConceptSpace(tables.integers(found["cardinalities"], "cardinalities"))
    edges = _edges(found["edges"], space)
    words: list[RationalEmission] = []
    for position, word in enumerate(tables.entries(found["words"], "words")):
        words.append(_emission(word, f"words[{position}]", space, words))
    return RationalGraph(
        str(found.get("note", "")),
        space.cardinalities,
        edges,
        _concept_tables(found["concept_tables"], space, edges),
        tuple(words),
        None if found["token"] is None else _emission(found["token"], "token", space, []),
    )


def _edges(values: Any, space: ConceptSpace) -> tuple[tuple[int, int], ...]:
    edges = []
    for number, value in enumerate(tables.entries(values, "edges")):
        name = f"edges[{number}]"
        pair = tables.integers(value, name)
        if len(pair) != 2:
            raise ValueError(f"{name} must be [parent, child]; got {list(pair)}: name two concepts")
        edges.append((_concept(pair[0], name, space), _concept(pair[1], name, space)))
    graph = nx.DiGraph(edges)
    if not nx.is_directed_acyclic_graph(graph):
        cycle = [parent for parent, _ in nx.find_cycle(graph)]
        around = " → ".join(map(str, [*cycle, cycle[0]]))
        raise ValueError(
            f"the graph of concepts must have no cycle; got {around}: remove one of these edges"
        )
    return tuple(edges)


def _concept(concept: int, name: str, space: ConceptSpace) -> int:
    if not 0 <= concept < space.num_concepts:
        raise ValueError(
            f"{name} must name concepts 0 … {space.num_concepts - 1}; got {concept}: name one of "
            "them, or add a cardinality"
        )
    return concept


def _parents(edges: Sequence[tuple[int, int]], concept: int) -> list[int]:
    return sorted({parent for parent, child in edges if child == concept})


def _concept_tables(
    values: Any, space: ConceptSpace, edges: Sequence[tuple[int, int]]
) -> tuple[Table, ...]:
    found = tables.entries(values, "concept_tables")
    if len(found) != space.num_concepts:
        raise ValueError(
            f"concept_tables must hold {space.num_concepts} tables, one a concept; got "
            f"{len(found)}: add or remove tables, or mend cardinalities"
        )
    return tuple(
        _concept_table(rows, concept, _parents(edges, concept), space)
        for concept, rows in enumerate(found)
    )


def _concept_table(rows: Any, concept: int, parents: Sequence[int], space: ConceptSpace) -> Table:
    name, size = f"concept_tables[{concept}]", space.cardinalities[concept]
    num_rows = math.prod(space.cardinalities[parent] for parent in parents)
    found = tables.table(rows, name, num_rows, f"joint value of its parents {list(parents)}")
    if len(found[0]) != size:
        raise ValueError(
            f"{name} must have rows of {size} entries, one a value; got {len(found[0])}: add or "
            "remove entries, or mend cardinalities"
        )
    return found


def _emission(
    value: Any, name: str, space: ConceptSpace, earlier: Sequence[RationalEmission]
) -> RationalEmission:
    """A word's or the token's table; earlier: the words that it may read."""
    if not isinstance(value, dict) or not {"scope", "table"} <= set(value):
        raise ValueError(
            f'{name} must be an object with "scope" and "table"; got {tables.shown(value)}: write '
            '{"scope": [0], "table": [["1/2", "1/2"], …]}'
        )
    scope = tables.integers(value["scope"], f"{name}.scope")
    for concept in scope:
        _concept(concept, f"{name}.scope", space)
    reads = tables.integers(value.get("reads", []), f"{name}.reads")
    for position in reads:
        if not 0 <= position < len(earlier):
            raise ValueError(
                f"{name}.reads must name earlier words, below {len(earlier)}; got {position}: "
                "remove it"
            )
    for what, numbers in (("scope", scope), ("reads", reads)):
        if len(set(numbers)) < len(numbers):
            raise ValueError(
                f"{name}.{what} must name each once; got {list(numbers)}: remove what is double"
            )
    num_rows = math.prod(space.cardinalities[concept] for concept in scope)
    num_rows *= math.prod(earlier[position].num_outcomes for position in reads)
    read = f"joint value of concepts {list(scope)}" + f" and words {list(reads)}" * bool(reads)
    return RationalEmission(
        scope, tables.table(value["table"], f"{name}.table", num_rows, read), reads
    )
