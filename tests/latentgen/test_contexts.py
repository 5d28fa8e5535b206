"""Is every possible context listed once, with its exact probability?"""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import latentgen as lg
from latentgen import contexts
from tests import oracles


@given(lg.strategies.integer_worlds(), st.integers(0, 3))
def test_contexts_and_their_probabilities_are_the_oracles_in_order(world, length):
    model = world.model()
    if model.num_positions is not None:
        length = min(length, model.num_positions)
    found = lg.enumerate_contexts(model, length)
    expected = oracles.contexts(world, length)
    assert [tuple(row) for row in found.context.tolist()] == [context for context, _ in expected]
    assert found.context.shape[1] == length
    weight = [float(weight) for _, weight in expected]
    np.testing.assert_allclose(found.weight, weight, rtol=1e-12)


def test_all_positions_are_the_default_and_all_but_the_last_when_the_token_is_a_word():
    coin = ((0,), np.full((2, 2), 0.5))
    chain, half = lg.chain_dag(1), [[0.5, 0.5]]
    own = lg.ConceptModel.from_graph(chain, (2,), half, [coin] * 3, coin)
    assert lg.enumerate_contexts(own).context.shape == (8, 3)
    shared = lg.ConceptModel.from_graph(chain, (2,), half, [coin] * 3)
    assert lg.enumerate_contexts(shared).context.shape == (4, 2)
    alike = lg.ConceptModel.from_graph(chain, (2,), half, coin, coin)
    with pytest.raises(ValueError, match=r"positions are alike .* give context_length"):
        lg.enumerate_contexts(alike)


@pytest.mark.parametrize("length", [-1, 7 + 1])
def test_a_length_the_world_does_not_have_is_refused(length):
    with pytest.raises(ValueError, match=rf"must lie in 0 … 7 in this world; got {length}"):
        lg.enumerate_contexts(lg.worlds.named("echo"), length)


def test_too_many_contexts_are_refused():
    coin = ((0,), np.full((2, 2), 0.5))
    model = lg.ConceptModel.from_graph(lg.chain_dag(1), (2,), [[0.5, 0.5]], coin, coin)
    with pytest.raises(ValueError, match=r"at most 1 GiB: use a shorter context, or sample"):
        lg.enumerate_contexts(model, 40)


def test_without_a_length_contexts_have_all_positions_but_the_last_where_that_is_the_token():
    mess3 = lg.worlds.mess3(num_steps=5)
    assert lg.enumerate_contexts(mess3).context.shape == (3**4, 4)
    assert lg.enumerate_contexts(lg.worlds.named("echo")).context.shape == (2**7, 7)


def test_a_world_without_a_next_word_has_no_contexts():
    model = lg.ConceptModel.from_graph(lg.chain_dag(1), (2,), [[0.5, 0.5]], [((0,), np.eye(2))])
    assert lg.enumerate_contexts(model).context.shape == (1, 0)


@given(lg.strategies.integer_worlds(alike=True), st.integers(0, 4))
def test_bags_are_the_oracles_contexts_put_together_by_their_words(world, length):
    found = lg.enumerate_bags(world.model(), length)
    expected = {}
    for context, weight in oracles.contexts(world, length):
        bag = tuple(sorted(context))
        expected[bag] = expected.get(bag, 0) + weight
    assert [tuple(row) for row in found.context.tolist()] == sorted(expected)
    assert found.context.shape[1] == length
    np.testing.assert_allclose(
        found.weight, [float(expected[bag]) for bag in sorted(expected)], rtol=1e-12
    )


@given(lg.strategies.models(alike=True), st.integers(0, 4))
def test_what_bags_say_on_average_is_what_all_contexts_say(model, length):
    bags, contexts = lg.enumerate_bags(model, length), lg.enumerate_contexts(model, length)
    assert bags.weight.sum() == pytest.approx(1, abs=1e-12)
    of_bag = {tuple(row): number for number, row in enumerate(bags.context.tolist())}
    same = [of_bag[tuple(sorted(row))] for row in contexts.context.tolist()]
    for answer in (lg.log_posterior, lg.log_predictive):
        by_bag, by_context = answer(model, bags.context), answer(model, contexts.context)
        np.testing.assert_allclose(np.exp(by_bag[same]), np.exp(by_context), atol=1e-12)
    losses = [lg.bayes_loss(model, seen.context, seen.log_weight) for seen in (bags, contexts)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-12)


def test_long_contexts_have_few_bags():
    words = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
    model = lg.ConceptModel.from_tables(lg.ConceptSpace((2,)), [0.4, 0.6], words, np.eye(2))
    found = lg.enumerate_bags(model, 200)
    assert len(found.context) == 201 * 202 // 2
    assert found.weight.sum() == pytest.approx(1, abs=1e-10)


def test_bags_are_refused_where_positions_differ():
    with pytest.raises(ValueError, match=r"only where all positions are alike; this world has 7"):
        lg.enumerate_bags(lg.worlds.named("echo"), 2)


def test_bags_of_no_length_and_too_many_bags_are_refused():
    coin = ((0,), np.full((2, 30), 1 / 30))
    model = lg.ConceptModel.from_graph(lg.chain_dag(1), (2,), [[0.5, 0.5]], coin, coin)
    with pytest.raises(ValueError, match=r"must lie in 0 … ∞ in this world; got -1"):
        lg.enumerate_bags(model, -1)
    with pytest.raises(ValueError, match=r"enumerate_bags would return .* use a shorter context"):
        lg.enumerate_bags(model, 12)


def test_a_length_that_is_no_whole_number_is_refused():
    unchecked = inspect.unwrap(contexts.checked_length)  # the tests' check of types comes first
    with pytest.raises(ValueError, match=r"context_length must be a whole number; got 1\.7"):
        unchecked(lg.worlds.named("echo"), 1.7)
    assert unchecked(lg.worlds.named("echo"), np.int8(2)) == 2
