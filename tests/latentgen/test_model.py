"""Is a world built as written, immutable, compared by content, and refused when it cannot be?"""

import dataclasses
import pickle

import jax
import networkx as nx
import numpy as np
import pytest
from hypothesis import given

import latentgen as lg

SPACE = lg.ConceptSpace((2, 2))
COIN = ((0,), np.full((2, 2), 0.5))
HALF = [0.5, 0.5]


def from_graph(graph=None, cardinalities=(2,), tables=(HALF,), words=COIN, token=COIN):
    graph = lg.chain_dag(len(cardinalities)) if graph is None else graph
    return lg.ConceptModel.from_graph(graph, cardinalities, tables, words, token)


@given(lg.strategies.integer_worlds())
def test_the_same_tables_make_equal_worlds(world):
    first, again = world.model(), world.model()
    assert first == again
    assert hash(first) == hash(again)
    assert first.digest == again.digest
    assert pickle.loads(pickle.dumps(first)) == first
    assert first != "a world"


def test_a_difference_anywhere_makes_another_world():
    graph = lg.chain_dag(2)
    tables = [HALF, [HALF, [0.25, 0.75]]]
    base = from_graph(graph, (2, 2), tables)
    others = [
        from_graph(graph, (2, 2), [HALF, [HALF, HALF]]),
        from_graph(graph, (2, 2), tables, words=((1,), COIN[1])),
        from_graph(graph, (2, 2), tables, words=[COIN]),
        from_graph(graph, (2, 2), tables, token=((0,), np.eye(2))),
        from_graph(graph, (2, 2), tables, token=None),
    ]
    assert len({base, *others}) == 6


def test_a_world_cannot_be_changed():
    model = lg.worlds.named("sprinkler")
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.token = None
    for table in model.log_tables():
        with pytest.raises(ValueError, match="read-only"):
            table[...] = 0


def test_the_graph_is_the_one_given_and_none_for_a_joint_table():
    model = lg.worlds.named("sprinkler")
    assert set(model.graph.edges) == {(0, 1), (0, 2), (1, 2)}
    joint = lg.ConceptModel.from_tables(SPACE, np.full(4, 0.25), np.full((4, 2), 0.5))
    assert joint.graph is None


def test_a_world_says_what_it_is():
    assert repr(lg.worlds.named("sprinkler")) == (
        "ConceptModel(cardinalities=(2, 2, 2), prior from a graph, positions with [2, 3] words, "
        "predicts 2 tokens)"
    )
    joint = lg.ConceptModel.from_tables(SPACE, np.full(4, 0.25), np.full((4, 2), 0.5))
    assert "prior from one table, 2 words, positions alike, predicts the next word" in repr(joint)


def test_positions_are_counted_unless_they_are_alike():
    assert lg.worlds.named("echo").num_positions == 7
    assert from_graph().num_positions is None
    assert from_graph(words=[COIN]).num_positions == 1
    assert from_graph(words=[]).num_positions == 0
    with pytest.raises(ValueError, match="has 1 word positions; there is no position 1"):
        from_graph(words=[COIN]).word_factor(1)


def test_the_token_has_its_own_table_or_is_the_next_word():
    three = ((0,), np.full((2, 3), 1 / 3))
    own = from_graph(words=[COIN], token=three)
    assert own.token_factor(1) is own.token
    assert (own.num_tokens(), own.num_tokens(1)) == (3, 3)
    following = from_graph(words=[COIN, three], token=None)
    assert [following.token_factor(length) for length in (0, 1)] == list(following.words)
    assert [following.num_tokens(), following.num_tokens(1)] == [2, 3]
    with pytest.raises(ValueError, match="a context of 2 has no next word"):
        following.token_factor(2)
    alike = from_graph(words=three, token=None)
    assert alike.token_factor(9) is alike.words[0]


def test_concept_tables_may_be_a_mapping_or_one_array():
    tables = {1: HALF, 0: [0.25, 0.75]}
    graph = nx.empty_graph(2, create_using=nx.DiGraph)
    by_number = from_graph(graph, (2, 2), tables)
    stacked = from_graph(graph, (2, 2), np.array([[0.25, 0.75], HALF]))
    assert by_number == stacked


READING = lg.Emission((0,), np.full((2, 2, 2), 0.5), (0,))
CYCLE = nx.DiGraph([(0, 1), (1, 0)])
NAMED = nx.DiGraph([("rain", "grass")])
BAD_GRAPHS = [
    ({"graph": CYCLE, "cardinalities": (2, 2), "tables": [HALF] * 2}, r"acyclic; got \[\(0, 1\)"),
    ({"graph": NAMED, "cardinalities": (2, 2)}, "must be the concepts 0 … 1; got .*'grass'"),
    ({"graph": lg.chain_dag(3), "cardinalities": (2, 2)}, "got .*convert_node_labels_to_integers"),
    ({"tables": []}, "one table per concept is needed, 1 in all; got 0"),
    ({"tables": {1: HALF}}, r"concept_tables must have the keys 0 … 0; got \[1\]"),
    ({"tables": [[1 / 3] * 3]}, r"table of concept 0 must have shape \(2,\)"),
    ({"words": [COIN, ((3,), HALF)]}, "there is no concept 3"),
    ({"words": [COIN, ((0,), [HALF] * 3)]}, r"the word table at position 1 .* got \(3, 2\)"),
    ({"words": READING}, r"word table reads no words; got reads \[0\]: give words as a list of ta"),
    ({"words": [READING]}, "word table at position 0 can read earlier words only"),
    ({"words": (COIN, COIN)}, r"got a tuple of 2 pairs: give list\(words\)"),
    ({"words": (lg.Emission(*COIN),) * 3}, "got a tuple of 3 pairs"),
    ({"words": []} | {"token": None}, "neither words nor a token"),
    ({"token": READING}, r"the token table reads no words; got reads \[0\]: use token=None, so"),
    ({"token": ((0,), [[0.5, 0.6], HALF])}, r"the token table must sum to 1 .* row \(0,\)"),
]


@pytest.mark.parametrize(("changes", "message"), BAD_GRAPHS)
def test_a_factored_world_that_cannot_be_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        from_graph(**changes)


QUARTERS, WORDS = np.full(4, 0.25), np.full((4, 2), 0.5)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ((np.full(3, 1 / 3), WORDS), r"prior must have shape \(4,\).* got \(3,\)"),
        ((QUARTERS * 2, WORDS), "prior must sum to 1 .* it sums to 2: divide"),
        ((QUARTERS, np.full(4, 0.25)), r"context_given must have axes .* got shape \(4,\)"),
        ((QUARTERS, np.full((3, 2), 0.5)), r"shape \(2, 2\) .* got \(3, 2\)"),
        ((QUARTERS, np.full((2, 3, 2), 0.5)), r"word table at position 0 .* got \(3, 2\)"),
        ((QUARTERS, WORDS, WORDS - 1), r"the token table .* not negative; entry \(0, 0, 0\)"),
        ((QUARTERS, WORDS, np.full((2, 4), 0.25)), r"the token table .* got \(2, 4\)"),
    ],
)
def test_saturated_tables_that_disagree_are_refused(tables, message):
    with pytest.raises(ValueError, match=message):
        lg.ConceptModel.from_tables(SPACE, *tables)


def test_ragged_tables_are_a_value_error():
    with pytest.raises(ValueError, match="context_given must be an array of numbers"):
        lg.ConceptModel.from_tables(SPACE, QUARTERS, [[0.5, 0.5], [1.0], [1.0], [1.0]])


def test_constructors_refuse_tracers():
    build = jax.jit(lambda prior: lg.ConceptModel.from_tables(SPACE, prior, WORDS).space)
    with pytest.raises(TypeError, match=r"ConceptModel.from_tables .* latentgen\.kernels"):
        build(QUARTERS)


def test_a_single_pair_may_have_a_scope_of_any_length():
    table = np.full((4, 2), 0.5)
    graph = nx.empty_graph(2, create_using=nx.DiGraph)
    for words in (((0, 1), table), ([0, 1], table), ((), [0.5, 0.5]), (np.array([0, 1]), table)):
        assert from_graph(graph, (2, 2), [[0.5, 0.5]] * 2, words).positions_alike
