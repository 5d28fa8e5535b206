"""Are filtered beliefs what multiplying the labelled matrices gives, and what enumeration gives?"""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import latentgen as lg

CLOSE = {"rtol": 1e-11, "atol": 1e-11}
COIN = [[0.9, 0.1], [0.2, 0.8]]


@st.composite
def chains(draw, *, by_moves):
    """Integer weights: initial [state], and labelled [word, state, next_state] or two tables."""
    states, words = draw(st.sampled_from([(2, 2), (3, 2)]))
    initial = draw(lg.strategies.tables((states,)))
    if by_moves:
        rows = draw(lg.strategies.tables((states, words * states)))
        labelled = rows.reshape(states, words, states).transpose(1, 0, 2)
        return initial, labelled, lg.hidden_markov_edges(initial, labelled, 3)
    move, emission = (draw(lg.strategies.tables((states, size))) for size in (states, words))
    labelled = np.einsum("st,tx->xst", move, emission)
    return initial, (labelled, emission), lg.hidden_markov(initial, move, emission, 3)


def divided(weights):
    return weights / weights.sum()


@given(chains(by_moves=True), st.data())
def test_beliefs_after_moves_are_products_of_labelled_matrices(chain, data):
    initial, labelled, model = chain
    context = data.draw(lg.strategies.contexts(model, 3 - 1))
    found = np.exp(lg.log_filtered_belief(model, context))
    for row, words in enumerate(context):
        belief = initial
        np.testing.assert_allclose(found[row, 0], belief, **CLOSE)
        for prefix, word in enumerate(words, 1):
            belief = divided(belief @ labelled[word])
            np.testing.assert_allclose(found[row, prefix], belief, **CLOSE)


@given(chains(by_moves=False), st.data())
def test_beliefs_after_states_that_emit_are_the_forward_recursion(chain, data):
    initial, (labelled, emission), model = chain
    context = data.draw(lg.strategies.contexts(model, 2))
    found = np.exp(lg.log_filtered_belief(model, context))
    for row, (first, second) in enumerate(context):
        one = divided(initial * emission[:, first])
        two = divided(one @ labelled[second])
        np.testing.assert_allclose(found[row], [initial, one, two], **CLOSE)


@given(st.booleans().flatmap(lambda by_moves: chains(by_moves=by_moves)), st.data())
def test_beliefs_are_enumerated_and_contracted_concept_posteriors_of_prefixes(chain, data):
    model = chain[-1]
    context = data.draw(lg.strategies.contexts(model, 2))
    found = lg.log_filtered_belief(model, context)
    offset = model.space.num_concepts - len(model.words)
    for prefix in range(3):
        concept = max(0, prefix - 1 + offset)
        seen = context[:, :prefix]
        expected = lg.log_concept_posterior(model, seen, concept)
        np.testing.assert_allclose(found[:, prefix], expected, **CLOSE)
        contracted = lg.contract_log_concept_posteriors(model, seen)[concept]
        np.testing.assert_allclose(found[:, prefix], contracted, **CLOSE)


@given(chains(by_moves=True))
def test_words_that_moves_emit_have_the_probability_of_the_labelled_matrices(chain):
    initial, labelled, model = chain
    every = lg.enumerate_contexts(model, 2)
    for (first, second), log_weight in zip(every.context, every.log_weight, strict=True):
        expected = (initial @ labelled[first] @ labelled[second]).sum()
        assert abs(np.exp(log_weight) - expected) < 1e-12


def test_mess3_has_the_published_labelled_matrices():
    # T^(A), T^(B), T^(C) of arXiv:2405.15943; stochastic once added up.
    published = [
        [[0.765, 0.00375, 0.00375], [0.0425, 0.0675, 0.00375], [0.0425, 0.00375, 0.0675]],
        [[0.0675, 0.0425, 0.00375], [0.00375, 0.765, 0.00375], [0.00375, 0.0425, 0.0675]],
        [[0.0675, 0.00375, 0.0425], [0.00375, 0.0675, 0.0425], [0.00375, 0.00375, 0.765]],
    ]
    model = lg.worlds.named("mess3")
    move, emission = np.exp(model.prior[1].log_table), np.exp(model.words[0].log_table)
    found = np.einsum("st,tx->xst", move, emission)
    np.testing.assert_allclose(found, published, atol=1e-15)
    np.testing.assert_allclose(found.sum((0, 2)), 1)
    initial = np.exp(model.prior[0].log_table)
    np.testing.assert_allclose(initial @ found.sum(0), initial)  # it starts where it stays


def test_mess3_emitted_by_states_and_by_moves_believes_and_predicts_the_same():
    model = lg.worlds.mess3(num_steps=4)
    move, emission = np.exp(model.prior[1].log_table), np.exp(model.words[0].log_table)
    labelled = np.einsum("st,tx->xst", move, emission)
    other = lg.hidden_markov_edges(np.full(3, 1 / 3), labelled, 4)
    context = lg.enumerate_contexts(model, 3).context
    for function in (lg.log_filtered_belief, lg.contract_log_predictive, lg.log_predictive):
        np.testing.assert_allclose(function(model, context), function(other, context), **CLOSE)


def test_the_next_word_of_mess3_is_the_filtered_belief_moved_and_emitted():
    model = lg.worlds.named("mess3")
    context = np.random.default_rng(0).integers(0, 3, (20, 10))
    belief = np.exp(lg.log_filtered_belief(model, context)[:, -1])
    move, emission = np.exp(model.prior[1].log_table), np.exp(model.words[0].log_table)
    predictive = np.exp(lg.contract_log_predictive(model, context))
    np.testing.assert_allclose(predictive, belief @ move @ emission, **CLOSE)


def test_beliefs_far_below_the_smallest_float_survive_a_long_chain():
    # Absorbed in either state: a thousand words decide with odds of 1e-954.
    model = lg.hidden_markov([0.5, 0.5], np.eye(2), COIN, 1001)
    belief = lg.log_filtered_belief(model, np.zeros((1, 1000), np.int64))
    expected = -1000 * np.log(0.9 / 0.2)
    np.testing.assert_allclose(belief[0, -1], [0, expected + belief[0, -1, 0]], atol=1e-8)
    contracted = lg.contract_log_concept_posteriors(model, np.zeros((1, 1000), np.int64))
    np.testing.assert_allclose(contracted[999], belief[:, -1], atol=1e-8)


def test_no_words_leave_the_initial_distribution():
    model = lg.hidden_markov([0.25, 0.75], COIN, COIN, 1)
    found = np.exp(lg.log_filtered_belief(model, np.zeros((2, 0), np.int64)))
    np.testing.assert_allclose(found, [[[0.25, 0.75]]] * 2)


def test_an_impossible_word_is_named_at_the_row_where_it_stands():
    model = lg.hidden_markov([1.0, 0.0], np.eye(2), np.eye(2), 3)
    with pytest.raises(
        ValueError, match=r"row 1 of the context, \[0, 1, 0\], has probability zero"
    ):
        lg.log_filtered_belief(model, [[0, 0, 0], [0, 1, 0]])


def test_only_chains_are_filtered():
    graph = nx.DiGraph([(0, 1)])
    alike = lg.ConceptModel.from_graph(graph, (2, 2), [[0.5, 0.5], COIN], ((0,), COIN))
    skipping = lg.ConceptModel.from_graph(
        graph, (2, 2), [[0.5, 0.5], COIN], [((1,), COIN), ((0,), COIN)]
    )
    echoing = lg.Emission((1,), [COIN, COIN], reads=(0,))
    reading = lg.ConceptModel.from_graph(graph, (2, 2), [[0.5, 0.5], COIN], [((0,), COIN), echoing])
    others = (lg.worlds.named("echo"), lg.worlds.named("sprinkler"))
    for model in (alike, skipping, reading, *others):
        with pytest.raises(ValueError, match=r"needs a hidden Markov world.* prefix by prefix"):
            lg.log_filtered_belief(model, np.zeros((1, 1), np.int64))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: lg.hidden_markov([0.5, 0.5], COIN, COIN, 0),
            "num_steps must be at least 1.*got 0",
        ),
        (lambda: lg.hidden_markov([1.0], COIN, COIN, 2), r"got shapes \(1,\) and \(2, 2\)"),
        (lambda: lg.hidden_markov([0.5, 0.5], COIN, [0.5, 0.5], 2), "hidden_markov_edges"),
        (lambda: lg.hidden_markov([0.5, 0.4], COIN, COIN, 2), "sums to 0.9"),
        (lambda: lg.hidden_markov([1.0], [[1.0]], [[0.5, 0.5]], 2), "cardinality of at least 2"),
        (lambda: lg.hidden_markov_edges([0.5, 0.5], COIN, 2), "axes .word, state, next_state."),
        (lambda: lg.hidden_markov_edges([0.5, 0.5], [COIN, COIN], 2), "row .0,. sums to 2"),
        (lambda: lg.hidden_markov(["a"], COIN, COIN, 2), "^initial must be an array of numbers"),
        (lambda: lg.hidden_markov([1.0], [["a"]], COIN, 2), "^transition must be an array of"),
        (lambda: lg.hidden_markov([0.5, 0.5], COIN, [["a"]], 2), "^emission must be an array"),
        (
            lambda: lg.hidden_markov_edges([1.0], [["a"]], 2),
            "^labelled_transition must be an array",
        ),
        (lambda: lg.worlds.mess3(x=0.6), r"must lie in \[0, 1/2\]; got 0.6"),
        (lambda: lg.worlds.mess3(alpha=-0.1), "alpha is a probability.*got -0.1"),
    ],
)
def test_tables_that_are_no_hidden_markov_world_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
