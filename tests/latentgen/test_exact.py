"""Does every exact function give what stupid enumeration in fractions gives?"""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import latentgen as lg
from tests import oracles

WORLDS = lg.strategies.integer_worlds()
NEXT_WORD = lg.strategies.integer_worlds(token=False)
INTERACTING = lg.strategies.integer_worlds(
    saturated=False, alike=False, interacting=True, num_positions=3
)
LEAKING = lg.strategies.integer_worlds(
    token=False, saturated=False, alike=False, interacting=True, num_positions=3
)


def check(found, expected):
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, np.array(oracles.logs(expected)), rtol=1e-12, atol=1e-12)


def rows(context):
    return [tuple(int(word) for word in row) for row in context]


@given(WORLDS)
def test_the_prior_is_the_product_of_the_tables(world):
    check(lg.log_prior(world.model()), oracles.prior(world))


@given(WORLDS)
def test_the_concept_prior_is_the_prior_summed_over_the_others(world):
    model = world.model()
    for concept in range(len(world.cardinalities)):
        expected = oracles.marginal(world, oracles.prior(world), concept)
        check(lg.log_concept_prior(model, concept), expected)


@given(WORLDS, st.data())
def test_a_context_is_as_likely_as_the_product_of_its_words(world, data):
    model = world.model()
    context = data.draw(lg.strategies.contexts(model))
    expected = [oracles.context_given(world, x) for x in rows(context)]
    check(lg.log_context_given(model, context), expected)
    check(lg.log_evidence(model, context), [oracles.evidence(world, x) for x in rows(context)])


@given(st.one_of(WORLDS, INTERACTING), st.data())
def test_the_posterior_is_bayes_rule(world, data):
    model = world.model()
    context = data.draw(lg.strategies.contexts(model))
    check(lg.log_posterior(model, context), [oracles.posterior(world, x) for x in rows(context)])


@given(st.one_of(WORLDS, INTERACTING), st.data())
def test_the_posterior_at_every_prefix_is_bayes_rule(world, data):
    model = world.model()
    context = data.draw(lg.strategies.contexts(model))
    expected = [oracles.posterior_prefixes(world, x) for x in rows(context)]
    check(lg.log_posterior_prefixes(model, context), expected)


@given(st.one_of(WORLDS, INTERACTING), st.data())
def test_a_concept_posterior_is_the_posterior_summed_over_the_others(world, data):
    model = world.model()
    context = data.draw(lg.strategies.contexts(model))
    for concept in range(len(world.cardinalities)):
        expected = [oracles.concept_posterior(world, x, concept) for x in rows(context)]
        check(lg.log_concept_posterior(model, context, concept), expected)


@given(st.one_of(WORLDS, NEXT_WORD, INTERACTING), st.data())
def test_the_predictive_is_the_tokens_mean_over_the_posterior(world, data):
    model = world.model()
    context = data.draw(lg.strategies.contexts(model))
    check(lg.log_predictive(model, context), [oracles.predictive(world, x) for x in rows(context)])


@given(lg.strategies.integer_worlds(interacting=False))
def test_the_token_posterior_is_bayes_rule_and_zero_for_impossible_tokens(world):
    model = world.model()
    check(lg.log_token_given(model), oracles.token_given(world))
    check(lg.log_token_posterior(model), oracles.token_posterior(world))


@given(lg.strategies.integer_worlds(token=False, alike=False, interacting=False, num_positions=3))
def test_the_next_words_table_is_the_one_at_its_position(world):
    model = world.model()
    for length in range(3):
        check(lg.log_token_given(model, length), oracles.token_given(world, (0,) * length))
        check(lg.log_token_posterior(model, length), oracles.token_posterior(world, length))


def test_the_table_of_a_next_word_that_reads_words_is_refused():
    coin = [[0.5, 0.5], [0.5, 0.5]]
    words = [((0,), coin), lg.Emission((0,), np.full((2, 2, 2), 0.5), reads=(0,))]
    model = lg.ConceptModel.from_graph(lg.chain_dag(1), (2,), [[0.5, 0.5]], words)
    lg.log_token_given(model, 0)
    with pytest.raises(ValueError, match=r"reads the words at \[0\].*use log_predictive"):
        lg.log_token_given(model, 1)


@given(st.one_of(WORLDS, NEXT_WORD, INTERACTING, LEAKING), st.data())
def test_the_tokens_table_after_a_context_is_the_one_that_reads_it(world, data):
    model = world.model()
    context = data.draw(lg.strategies.contexts(model))
    found = lg.log_token_given_context(model, context)
    reads = oracles.token_emission(world, tuple(context[0])).reads
    assert len(found) == (len(context) if reads else 1)
    expected = [oracles.token_given(world, x) for x in rows(context)][: len(found)]
    check(found, expected)
    if not reads:
        check(found[0], oracles.token_given(world, rows(context)[0]))
        np.testing.assert_array_equal(found[0], lg.log_token_given(model, context.shape[1]))


def test_a_next_word_may_read_several_words_in_any_order():
    counts = np.arange(1, 37).reshape(2, 3, 2, 3)  # concept, word 1, word 0, outcome
    words = [((), [0.5, 0.5]), ((), [0.2, 0.3, 0.5])]
    words.append(lg.Emission((0,), counts / counts.sum(-1, keepdims=True), reads=(1, 0)))
    model = lg.ConceptModel.from_graph(lg.chain_dag(1), (2,), [[0.5, 0.5]], words)
    found = lg.log_token_given_context(model, [[1, 2], [0, 2], [1, 0]])
    expected = [counts[:, 2, 1], counts[:, 2, 0], counts[:, 0, 1]]
    expected = [table / table.sum(-1, keepdims=True) for table in expected]
    np.testing.assert_allclose(np.exp(found), expected, rtol=1e-14)


def test_a_tokens_table_of_many_contexts_over_one_gibibyte_is_refused():
    words = [((), [0.5, 0.5]), lg.Emission(range(14), np.full((2**14, 2, 2), 0.5), reads=(0,))]
    tables = [[0.5, 0.5]] + [[[0.5, 0.5]] * 2] * 13
    model = lg.ConceptModel.from_graph(lg.chain_dag(14), (2,) * 14, tables, words)
    with pytest.raises(ValueError, match=r"log_token_given_context would return .* at most 1 GiB"):
        lg.log_token_given_context(model, np.zeros((5000, 1), int))


def test_worlds_may_have_words_of_different_vocabularies_at_each_position():
    words = [((0,), np.full((2, 3), 1 / 3)), lg.Emission((0,), np.full((2, 3, 2), 0.5), (0,))]
    words.append(lg.Emission((), np.full((3, 2, 4), 0.25), reads=(0, 1)))
    model = lg.ConceptModel.from_graph(lg.chain_dag(1), (2,), [[0.5, 0.5]], words)
    assert [model.num_tokens(length) for length in range(3)] == [3, 2, 4]
    np.testing.assert_allclose(lg.log_predictive(model, [[2, 1]]), np.log(np.full((1, 4), 0.25)))
    np.testing.assert_allclose(lg.log_evidence(model, [[2, 1, 3]]), np.log([1 / 24]))


def test_no_contexts_give_answers_without_rows():
    model = lg.worlds.named("sprinkler")
    none = np.zeros((0, 2), int)
    assert lg.log_posterior(model, none).shape == (0, 8)
    assert lg.log_posterior_prefixes(model, none).shape == (0, 3, 8)
    assert lg.log_concept_posterior(model, none, 0).shape == (0, 2)
    assert lg.log_predictive(model, none).shape == (0, 2)
    assert lg.log_predictive_prefixes(model, none).shape == (0, 3, 2)


ASKS_WITH_CONTEXT = {
    "log_context_given": lg.log_context_given,
    "log_posterior": lg.log_posterior,
    "log_posterior_prefixes": lg.log_posterior_prefixes,
    "log_evidence": lg.log_evidence,
    "log_token_given_context": lg.log_token_given_context,
    "log_concept_posterior": lambda model, x: lg.log_concept_posterior(model, x, 0),
    "log_concept_posterior_prefixes": lambda m, x: lg.log_concept_posterior_prefixes(m, x, 0),
    "log_predictive": lg.log_predictive,
    "log_predictive_prefixes": lg.log_predictive_prefixes,
    "oracle_representation": lg.oracle_representation,
    "bayes_loss": lg.bayes_loss,
    "bayes_accuracy": lambda model, x: lg.bayes_accuracy(model, x, 0),
    "epsilon": lg.epsilon,
    "context_epsilon": lg.context_epsilon,
    "token_information": lg.token_information,
    "concept_information": lambda model, x: lg.concept_information(model, x, 0),
}
NEEDS_NO_POSTERIOR = {"log_context_given", "log_token_given_context"}


@pytest.mark.parametrize("name", ASKS_WITH_CONTEXT)
def test_host_functions_refuse_tracers_and_name_the_kernels(name):
    model = lg.worlds.named("echo")
    with pytest.raises(TypeError, match=r"host function .* latentgen\.kernels"):
        jax.jit(lambda context: ASKS_WITH_CONTEXT[name](model, context))(np.zeros((1, 2), int))


@pytest.mark.parametrize("name", sorted(set(ASKS_WITH_CONTEXT) - NEEDS_NO_POSTERIOR))
def test_an_impossible_context_is_refused_by_its_row(name):
    model = lg.ConceptModel.from_tables(
        lg.ConceptSpace((2,)), [1, 0], [[1, 0], [0, 1]], [[0.5, 0.5], [0.5, 0.5]]
    )
    with pytest.raises(ValueError, match=r"row 2 of the context, \[0, 1\], has probability zero"):
        ASKS_WITH_CONTEXT[name](model, [[0, 0], [0, 0], [0, 1], [1, 1]])


@pytest.mark.parametrize("ask", [lg.log_prior, lg.log_token_given, lg.log_token_posterior])
def test_joint_answers_of_too_many_configurations_are_refused(ask):
    with pytest.raises(ValueError, match=rf"visits every .* {2**28} .*: use "):
        ask(coins(28))


def test_joint_answers_over_one_gibibyte_are_refused():
    shape = rf"GiB, an array of shape \(5, {2**25}\), and answers at most 1 GiB: use fewer contexts"
    with pytest.raises(ValueError, match=shape):
        lg.log_posterior(coins(25), [[0]] * 5)


def coins(num_concepts):
    """A chain of so many fair coins; words and token read the first."""
    coin = ((0,), [[0.5, 0.5]] * 2)
    tables = [[0.5, 0.5]] + [[[0.5, 0.5]] * 2] * (num_concepts - 1)
    graph = lg.chain_dag(num_concepts)
    return lg.ConceptModel.from_graph(graph, (2,) * num_concepts, tables, coin, coin)


def test_exact_answers_do_not_depend_on_the_flags_of_jax():
    model, context = lg.worlds.named("paper-er1-m4"), np.zeros((2, 12), int)
    with jax.enable_x64(True):
        wide = lg.log_posterior(model, context)
    with jax.enable_x64(False):
        assert (lg.log_posterior(model, context) == wide).all()
