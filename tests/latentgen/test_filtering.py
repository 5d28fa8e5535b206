"""Do scaled probabilities give what logarithms and plain enumeration give, down to the zeros?"""

import itertools
from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, target
from hypothesis import strategies as st

import latentgen as lg
from latentgen import filtering
from tests import oracles

CLOSE = {"rtol": 1e-12, "atol": 1e-12}  # of a logarithm, so of a belief whatever its size
COIN = [[0.9, 0.1], [0.2, 0.8]]
NEVER_TWO = [[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]]  # a third word that no state emits


@st.composite
def chains(draw):
    """Worlds of 4 words: moves or states emit them; tables of one step, or of each its own."""
    by_moves, alike = draw(st.booleans()), draw(st.booleans())
    num_states = draw(st.sampled_from([2, 3]))
    sizes = [2] * 4 if alike else [2, 3, 2, 3]  # words of each position
    num_concepts = 4 + by_moves
    given = (num_states,) * (1 + by_moves)
    start = draw(lg.strategies.tables((num_states,)))
    moves = [draw(lg.strategies.tables((num_states, num_states))) for _ in range(num_concepts - 1)]
    words = [draw(lg.strategies.tables((*given, size))) for size in sizes]
    if alike:
        moves, words = moves[:1] * (num_concepts - 1), words[:1] * 4
    graph = nx.path_graph(num_concepts, create_using=nx.DiGraph)
    reads = [(step, step + 1) if by_moves else (step,) for step in range(4)]
    emissions = list(zip(reads, words, strict=True))
    return lg.ConceptModel.from_graph(
        graph, (num_states,) * num_concepts, [start, *moves], emissions
    )


def in_logarithms(model, context):
    """The log-space computation on its own, for every sequence."""
    num_words = len(model.words)
    offset = model.space.num_concepts - num_words
    start, *moves = [factor.log_table for factor in model.prior]
    length = context.shape[1]
    words = [factor.log_table for factor in model.words[:length]]
    chain = filtering.Chain(start, moves[: max(0, length + offset - 1)], words)
    return filtering.filtered_in_logarithms(chain, context).log_belief


def assert_same_logarithms(found, expected):
    np.testing.assert_array_equal(np.isneginf(found), np.isneginf(expected))
    np.testing.assert_allclose(found, expected, **CLOSE)


@given(chains(), st.integers(0, 3), st.data())
def test_scaled_beliefs_are_those_of_logarithms_and_of_enumeration(model, length, data):
    context = data.draw(lg.strategies.contexts(model, length))
    found = lg.log_filtered_belief(model, context)
    expected = in_logarithms(model, context)
    assert_same_logarithms(found, expected)
    every = np.exp(lg.log_posterior_prefixes(model, context))
    every = every.reshape(*every.shape[:2], *model.space.cardinalities)
    offset = model.space.num_concepts - len(model.words)
    for prefix in range(length + 1):
        concept = max(0, prefix - 1 + offset)
        others = tuple(k + 1 for k in range(model.space.num_concepts) if k != concept)
        summed = every[:, prefix].sum(others)
        np.testing.assert_array_equal(np.isneginf(found[:, prefix]), summed == 0)
        np.testing.assert_allclose(np.exp(found[:, prefix]), summed, **CLOSE)
    is_finite = np.isfinite(expected)
    target(float(np.abs(found[is_finite] - expected[is_finite]).max()), label="gap")


@pytest.mark.parametrize("by_moves", [False, True])
@pytest.mark.parametrize("alike", [False, True])
def test_scaled_beliefs_are_those_of_logarithms_over_many_words(by_moves, alike):
    generator = np.random.default_rng(0)
    length, states, words = 90, 4, 5
    num_concepts = length + by_moves
    given = (states,) * (1 + by_moves)
    weights = generator.integers(0, 4, (num_concepts, states, states)) + np.eye(states)
    moves = list(weights / weights.sum(-1, keepdims=True))
    tables = list(generator.dirichlet(np.ones(words), (length, *given)))
    if alike:
        moves, tables = moves[:1] * num_concepts, tables[:1] * length
    graph = nx.path_graph(num_concepts, create_using=nx.DiGraph)
    reads = [(step, step + 1) if by_moves else (step,) for step in range(length)]
    model = lg.ConceptModel.from_graph(
        graph,
        (states,) * num_concepts,
        [[0.5, 0.5, 0.0, 0.0], *moves[1:]],
        list(zip(reads, tables, strict=True)),
    )
    context = generator.integers(words, size=(6, length))
    found = lg.log_filtered_belief(model, context)
    assert_same_logarithms(found, in_logarithms(model, context))
    np.testing.assert_array_equal(
        found[:, 0], np.broadcast_to(model.prior[0].log_table, (6, states))
    )


def exact_log_belief(start, move, emission, words):
    """log p(s_T | words) by a sum over all paths in exact fractions."""
    start, move, emission = (
        np.vectorize(Fraction, otypes=[object])(np.array(table, float))
        for table in (start, move, emission)
    )
    weight = [Fraction(0)] * len(start)
    for path in itertools.product(range(len(start)), repeat=len(words)):
        term = start[path[0]] * emission[path[0], words[0]]
        for before, after, word in zip(path, path[1:], words[1:], strict=False):
            term *= move[before, after] * emission[after, word]
        weight[path[-1]] += term
    return [oracles.log(one / sum(weight)) for one in weight]


@pytest.mark.parametrize(
    ("start", "move", "emission"),
    [
        ([0.5, 0.5], np.eye(2), [[1e-200, 1.0], [1.0, 0.0]]),
        ([1.0, 1e-300], [[1.0, 1e-200], [0.0, 1.0]], [[0.5, 0.5], [1e-99, 1.0]]),
        ([1.0, 1e-99], [[1.0, 1e-99], [1e-99, 1.0]], [[1.0, 1e-99], [1e-99, 1.0]]),
        ([0.5, 0.5], np.eye(2), [[1.0, 1e-60], [1e-60, 1.0]]),
    ],
    ids=["word", "start and move", "just above the limit", "within a few words"],
)
def test_entries_whose_products_underflow_lose_nothing(start, move, emission):
    model = lg.hidden_markov(start, move, emission, 7)
    for words in itertools.product(range(2), repeat=6):
        expected = exact_log_belief(start, move, emission, words)
        found = lg.log_filtered_belief(model, [words])[0, -1]
        assert_same_logarithms(found, expected)


def test_a_sequence_whose_scaled_probabilities_all_vanish_is_still_possible():
    table = [[1.0, 1e-99], [1e-99, 1.0]]  # four turns between rescalings: 1e-396
    model = lg.hidden_markov([0.5, 0.5], np.eye(2), table, 8)
    found = lg.log_filtered_belief(model, [[0, 1] * 4])
    np.testing.assert_allclose(found[0, -1], np.log([0.5, 0.5]), **CLOSE)


def refuse(*_):
    raise AssertionError("in logarithms")


def test_logarithms_are_left_to_the_sequences_that_need_them(monkeypatch):
    model = lg.hidden_markov([0.5, 0.5], np.eye(2), COIN, 400)
    evenly = np.resize([0, 1, 1, 0, 1, 0, 0], (2, 400))
    context = np.concatenate([evenly, np.zeros((1, 400), int), np.ones((1, 400), int)])
    expected = in_logarithms(model, context)
    assert (expected.min((1, 2)) < np.log(filtering.SMALLEST)).tolist() == [
        False,
        False,
        True,
        True,
    ]
    assert_same_logarithms(lg.log_filtered_belief(model, context), expected)
    monkeypatch.setattr(filtering, "filtered_in_logarithms", refuse)
    assert_same_logarithms(lg.log_filtered_belief(model, evenly), expected[:2])
    with pytest.raises(AssertionError, match="in logarithms"):
        lg.log_filtered_belief(model, context)


def test_a_world_with_a_tiny_entry_is_left_to_logarithms(monkeypatch):
    monkeypatch.setattr(filtering, "filtered_in_logarithms", refuse)
    for tiny in (1e-101, 1e-200, 5e-324):
        model = lg.hidden_markov([0.5, 0.5], COIN, [[1.0, tiny], [0.2, 0.8]], 2)
        with pytest.raises(AssertionError, match="in logarithms"):
            lg.log_filtered_belief(model, [[0]])


def test_impossible_sequences_are_counted_whichever_way_they_are_filtered():
    model = lg.hidden_markov([0.5, 0.5], np.eye(2), NEVER_TWO, 400)
    context = np.resize([0, 1], (4, 400))
    context[1:3] = 0  # belief in the second state falls far below the smallest float
    context[2, -1] = 2
    context[3, 5] = 2
    with pytest.raises(ValueError, match=r"row 2 of the context, .* zero .*\(2 such rows\)"):
        lg.log_filtered_belief(model, context)
    assert_same_logarithms(
        lg.log_filtered_belief(model, context[:2]), in_logarithms(model, context[:2])
    )


def test_an_impossible_first_word_is_found_when_moves_emit_words():
    labelled = np.einsum("st,tx->xst", COIN, NEVER_TWO)
    model = lg.hidden_markov_edges([0.5, 0.5], labelled, 20)
    context = np.zeros((2, 20), int)
    context[1, 0] = 2
    with pytest.raises(ValueError, match=r"row 1 of the context, .* \(1 such rows\)"):
        lg.log_filtered_belief(model, context)


def test_no_words_and_no_sequences_have_answers():
    for model in (lg.worlds.mess3(num_steps=3), lg.hidden_markov_edges([1.0, 0.0], [COIN], 3)):
        prior = model.prior[0].log_table
        found = lg.log_filtered_belief(model, np.zeros((2, 0), int))
        np.testing.assert_array_equal(found, [[prior]] * 2)
        assert lg.log_filtered_belief(model, np.zeros((0, 2), int)).shape == (0, 3, len(prior))


def test_a_single_state_is_always_believed():
    word = np.log([[0.25, 0.75]])
    chain = filtering.Chain(np.zeros(1), [np.zeros((1, 1))] * 19, [word] * 20)
    found = filtering.filtered(chain, np.ones((2, 20), np.int64))
    np.testing.assert_array_equal(found.log_belief, np.zeros((2, 21, 1)))
    assert found.possible.all()


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ([[0, 1], [0, 3]], "words at position 1 lie in 0 … 2; row 1 of the context has 3"),
        ([[0, 0], [-1, 0]], "words at position 0 lie in 0 … 2; row 1 of the context has -1"),
        ([[0] * 4], "a context may have at most 3 positions in this world; got 4"),
        ([[0.5]], "context must hold integers; got dtype float64"),
        ([0], "context must have two axes"),
    ],
)
def test_contexts_outside_the_world_are_refused_as_elsewhere(context, message):
    model = lg.worlds.mess3(num_steps=3)
    for check in (model.check_context, lambda given: lg.log_filtered_belief(model, given)):
        with pytest.raises(ValueError, match=message):
            check(context)
