"""Is a world with a graph, in fractions, read and written without loss, or refused if wrong?"""

import json
from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
from hypothesis import given

import latentgen as lg
from latentgen import rational_graph
from tests.world_texts import graphs

SPRINKLER = {
    "format": "latentgen.RationalGraph",
    "version": 1,
    "note": "rain, sprinkler, grass",
    "cardinalities": [2, 2, 2],
    "edges": [[0, 1], [1, 2], [0, 2]],
    "concept_tables": [
        [[0.8, 0.2]],
        [["3/5", "2/5"], ["99/100", "1/100"]],
        [[1, 0], ["1/10", "9/10"], [0.2, 0.8], ["1e-2", "99e-2"]],
    ],
    "words": [
        {"scope": [2], "table": [["9/10", "1/10"], ["1/5", "4/5"]]},
        {"scope": [0], "table": [["7/10", "1/5", "1/10"], ["1/10", "3/10", "3/5"]]},
    ],
    "token": {"scope": [0], "table": [["1", "0"], ["0", "1"]]},
}


def changed(**values):
    """The text of the sprinkler's world with some entries replaced."""
    return json.dumps(SPRINKLER | values)


@given(graphs())
def test_a_world_written_and_read_is_the_same_to_the_last_digit(content):
    world = rational_graph.read(json.dumps(content))
    assert rational_graph.read(world.json()) == world
    for drawn, table in zip(content["concept_tables"], world.concept_tables, strict=True):
        assert [[Fraction(text) for text in row] for row in drawn] == [list(row) for row in table]


def test_the_sprinkler_in_fractions_is_the_frozen_one():
    assert rational_graph.read(changed()).model() == lg.worlds.named("sprinkler")


def test_words_that_read_words_and_a_missing_token_are_what_from_graph_makes():
    coin, agree = [["1/2", "1/2"]], [["1/4", "3/4"], ["3/4", "1/4"], ["1/3", "2/3"], ["0", "1"]]
    text = changed(
        cardinalities=[2],
        edges=[],
        concept_tables=[[["1/3", "2/3"]]],
        words=[{"scope": [], "table": coin}, {"scope": [0], "reads": [0], "table": agree}],
        token=None,
    )
    graph = nx.DiGraph()
    graph.add_node(0)
    table = np.array([[[0.25, 0.75], [0.75, 0.25]], [[1 / 3, 2 / 3], [0, 1]]])
    words = [lg.Emission((), [0.5, 0.5]), lg.Emission((0,), table, reads=(0,))]
    expected = lg.ConceptModel.from_graph(graph, (2,), [[1 / 3, 2 / 3]], words)
    assert rational_graph.read(text).model() == expected


WORD = SPRINKLER["words"][0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (changed(version=2), "reads rational worlds of version 1; got 2"),
        (changed(cardinalities=[2, 2, 1]), "cardinality of at least 2; concept 2 has 1: drop"),
        (changed(edges=[[0, 1], [1, 2], [2, 0]]), "no cycle; got 0 → 1 → 2 → 0: remove one"),
        (changed(edges=[[1, 1]]), "no cycle; got 1 → 1: remove one"),
        (changed(edges=[[0, 3]]), r"edges\[0\] must name concepts 0 … 2; got 3"),
        (changed(edges=[[0]]), r"edges\[0\] must be \[parent, child\]; got \[0\]"),
        (changed(edges=[]), r"concept_tables\[1\] must have 1 rows, .*parents \[\]; got 2"),
        (changed(concept_tables=[]), "must hold 3 tables, one a concept; got 0"),
        (
            changed(concept_tables=[[[1]], *SPRINKLER["concept_tables"][1:]]),
            r"concept_tables\[0\] must have rows of 2 entries, one a value; got 1",
        ),
        (
            changed(words=[WORD | {"scope": [7]}]),
            r"words\[0\].scope must name concepts 0 … 2; got 7",
        ),
        (changed(words=[WORD | {"scope": [2, 2]}]), r"each once; got \[2, 2\]: remove"),
        (changed(words=[WORD | {"reads": [0]}]), r"earlier words, below 0; got 0: remove it"),
        (changed(words=[[0]]), r'words\[0\] must be an object with "scope" and "table"; got \[0\]'),
        (changed(token={"scope": [0]}), 'token must be an object with "scope" and "table"'),
        (changed(token=WORD | {"table": WORD["table"][:1]}), r"must have 2 rows.*\[2\]; got 1"),
    ],
)
def test_a_text_that_is_no_world_is_refused_with_the_reason(text, message):
    with pytest.raises(ValueError, match=message):
        rational_graph.read(text)


def test_a_world_without_words_and_token_has_nothing_to_predict():
    with pytest.raises(ValueError, match="something to predict"):
        rational_graph.read(changed(words=[], token=None)).model()


def test_a_json_file_is_loaded_like_a_saved_world(tmp_path):
    (tmp_path / "world.json").write_text(changed(), encoding="utf-8-sig")  # as some editors do
    assert lg.load(tmp_path / "world.json") == lg.worlds.named("sprinkler")
    lg.save(lg.load(tmp_path / "world.json"), tmp_path / "world.npz")
    assert lg.load(str(tmp_path / "world.npz")) == lg.worlds.named("sprinkler")
