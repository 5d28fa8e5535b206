"""Worlds as JSON objects, drawn small and whole, and ways to spoil them."""

import copy
from fractions import Fraction

from hypothesis import strategies as st

from latentgen import rational, rational_graph

HUGE = 10**30
WRONG = [
    None, True, -1, 0, 1, 2, 7, HUGE, 0.5, -0.5, float("nan"), float("inf"), "", "a", "1/0", "-1/2",
    "2", "1e999999999", "9" * 200, "nan", [], {}, [[]], [HUGE, HUGE], [1.5], ["1/2", "1/2"], "⅓",
]  # fmt: skip
SHAPES = [((2,), (2,), 2), ((2,), (2, 2), 3), ((2, 2), (3,), 3), ((3,), (2,), 1)]


def rows(num_rows, size):
    """Rows of fractions from small integer weights, zeros among them."""
    weights = st.lists(st.integers(0, 3), min_size=size, max_size=size).filter(any)
    row = weights.map(lambda row: [str(Fraction(n, sum(row))) for n in row])
    return st.lists(row, min_size=num_rows, max_size=num_rows)


@st.composite
def saturated(draw):
    """A world in saturated tables."""
    cardinalities, words, num_tokens = draw(st.sampled_from(SHAPES))
    num_rows = 1
    for size in cardinalities:
        num_rows *= size
    return {
        "format": rational.FORMAT,
        "version": 1,
        "note": "drawn",
        "cardinalities": list(cardinalities),
        "prior": draw(rows(1, num_rows))[0],
        "words": [draw(rows(num_rows, size)) for size in words],
        "token": draw(rows(num_rows, num_tokens)),
    }


@st.composite
def graphs(draw):
    """A world of two binary concepts with local tables; its second word reads the first."""
    edge = draw(st.booleans())
    token = draw(st.none() | st.just([0, 1]))
    return {
        "format": rational_graph.FORMAT,
        "version": 1,
        "note": "drawn",
        "cardinalities": [2, 2],
        "edges": [[0, 1]] * edge,
        "concept_tables": [draw(rows(1, 2)), draw(rows(1 + edge, 2))],
        "words": [
            {"scope": [0], "table": draw(rows(2, 2))},
            {"scope": [1], "reads": [0], "table": draw(rows(4, 3))},
        ],
        "token": token and {"scope": token, "table": draw(rows(4, 3))},
    }


def places(value, path=()):
    """The path to every entry of nested lists and objects."""
    found = []
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            found += [(*path, key), *places(value[key], (*path, key))]
    return found


@st.composite
def spoilt(draw, worlds):
    """A world with one or two entries replaced, removed or doubled."""
    content = copy.deepcopy(draw(worlds))
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(places(content)))
        parent = content
        for key in path[:-1]:
            parent = parent[key]
        how = draw(st.sampled_from(["replace", "remove", "double"]))
        if how == "replace":
            parent[path[-1]] = copy.deepcopy(draw(st.sampled_from(WRONG)))
        elif how == "remove":
            del parent[path[-1]]
        elif isinstance(parent, list):
            parent.append(copy.deepcopy(parent[path[-1]]))
        if not content:
            break
    return content
