"""Are the best possible loss, accuracy, information and ε right, and does nothing beat them?"""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import latentgen as lg
from tests import oracles
from tests.theorem_cases import HALF, cases

WORLDS = lg.strategies.integer_worlds(interacting=False)
CLOSE = {"rtol": 1e-10, "atol": 1e-12}


def every_context(world):
    model = world.model()
    length = 2 if world.positions_alike else len(world.words) - (world.token is None)
    return model, length, lg.enumerate_contexts(model, length)


@given(WORLDS)
def test_the_best_loss_and_accuracy_are_the_oracles(world):
    model, length, every = every_context(world)
    found = lg.bayes_loss(model, every.context, every.log_weight)
    np.testing.assert_allclose(found, oracles.bayes_loss(world, length), **CLOSE)
    found = lg.bayes_accuracy(model, every.context, 0, every.log_weight)
    np.testing.assert_allclose(found, oracles.bayes_accuracy(world, length, 0), **CLOSE)


@given(WORLDS)
def test_epsilon_is_the_oracles_term_by_term(world):
    model, length, every = every_context(world)
    found = lg.epsilon(model, every.context, every.log_weight)
    np.testing.assert_allclose(found, oracles.epsilon(world, length), **CLOSE)
    through_context = lg.context_epsilon(model, every.context, every.log_weight)
    np.testing.assert_allclose(through_context, oracles.context_epsilon(world, length), **CLOSE)
    assert 0 <= found <= through_context + 1e-12  # the token can only help


@given(WORLDS)
def test_information_is_the_oracles_and_never_negative(world):
    model, length, every = every_context(world)
    found = lg.token_information(model, every.context, every.log_weight)
    expected = oracles.information(world, length, lambda x: oracles.predictive(world, x))
    np.testing.assert_allclose(found, expected, **CLOSE)
    about = lg.concept_information(model, every.context, 0, every.log_weight)
    expected = oracles.information(world, length, lambda x: oracles.concept_posterior(world, x, 0))
    np.testing.assert_allclose(about, expected, **CLOSE)
    assert min(found, about) >= 0


@given(WORLDS, st.data())
def test_no_predictor_beats_the_bayes_loss(world, data):
    model, _, every = every_context(world)
    truth = np.exp(lg.log_predictive(model, every.context))
    best = lg.bayes_loss(model, every.context, every.log_weight)
    guess = data.draw(lg.strategies.tables(truth.shape))
    share = data.draw(st.sampled_from([0.0, 0.5, 0.999]))
    predicted = share * truth + (1 - share) * guess
    with np.errstate(divide="ignore", invalid="ignore"):  # 0 · log 0
        loss = -np.where(truth > 0, truth * np.log(predicted), 0.0).sum(-1)
    assert every.weight @ loss >= best - 1e-12


@given(WORLDS, st.data())
def test_no_reader_beats_the_bayes_accuracy_and_the_majority_does_not_either(world, data):
    model, _, every = every_context(world)
    best = lg.bayes_accuracy(model, every.context, 0, every.log_weight)
    belief = np.exp(lg.log_concept_posterior(model, every.context, 0))
    values = st.lists(
        st.integers(0, belief.shape[1] - 1), min_size=len(belief), max_size=len(belief)
    )
    named = belief[np.arange(len(belief)), data.draw(values)]
    assert every.weight @ named <= best + 1e-12
    assert np.exp(lg.log_concept_prior(model, 0)).max() <= best + 1e-12


@given(lg.strategies.integer_worlds(saturated=True, token=True))
def test_a_token_tells_of_a_context_no_more_than_the_configuration_does(world):
    model, length, every = every_context(world)
    about = oracles.information(world, length, lambda x: oracles.posterior(world, x))
    assert lg.token_information(model, every.context, every.log_weight) <= about + 1e-12


@HALF
@given(cases())
def test_epsilon_is_that_of_the_conditions_where_words_leak_too(case):
    found = lg.epsilon(*case.arguments), lg.context_epsilon(*case.arguments)
    conditions = lg.conditions(*case.arguments)
    expected = conditions.epsilon[0], conditions.epsilon_context[0]
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=0)


def test_a_small_epsilon_keeps_its_digits_and_its_sign():
    words = [[1 - 1e-13, 1e-13], [1e-13, 1 - 1e-13]]
    model = lg.ConceptModel.from_tables(lg.ConceptSpace((2,)), [0.5, 0.5], words, np.eye(2))
    context = lg.enumerate_contexts(model, 2).context[:1]
    for ask in (lg.epsilon, lg.context_epsilon):
        assert ask(model, context[:, :1]) == pytest.approx(0 if ask is lg.epsilon else 1e-13)
        assert ask(model, context) == pytest.approx(0 if ask is lg.epsilon else 1e-26)
    for seed in range(20):
        world = lg.worlds.permuted_bits(
            jax.random.key(seed),
            num_concepts=3,
            num_context_bits=9,
            num_token_bits=3,
            flip_rate=0.0,
            replace_rate=0.0,
        )
        every = lg.enumerate_contexts(world)
        assert lg.context_epsilon(world, every.context, every.log_weight) >= 0
        assert lg.epsilon(world, every.context, every.log_weight) >= 0


def test_a_small_information_keeps_its_digits_and_none_is_never_negative():
    step = 1e-9  # I(x;y) = 2 step² to leading order, far below the rounding of H(y)
    words = [[0.5 + step, 0.5 - step], [0.5 - step, 0.5 + step]]
    model = lg.ConceptModel.from_tables(lg.ConceptSpace((2,)), [0.5, 0.5], words, np.eye(2))
    every = lg.enumerate_contexts(model, 1)
    found = lg.token_information(model, every.context, every.log_weight)
    assert found == pytest.approx(2 * step**2, rel=1e-6)
    for seed in range(100):
        drawn = np.random.default_rng(seed)
        prior, word = drawn.dirichlet(np.ones(5)), drawn.dirichlet(np.ones(3))
        token = drawn.dirichlet(np.ones(3), 5)
        space = lg.ConceptSpace((5,))
        model = lg.ConceptModel.from_tables(space, prior, np.tile(word, (5, 1)), token)
        every = lg.enumerate_contexts(model, 2)
        assert 0 <= lg.token_information(model, every.context, every.log_weight) < 1e-25


def test_sampled_contexts_weigh_the_same():
    model = lg.worlds.named("sprinkler")
    context = [[0, 0], [0, 1], [1, 2], [0, 1]]
    for ask in (lg.bayes_loss, lg.epsilon, lg.context_epsilon, lg.token_information):
        np.testing.assert_allclose(ask(model, context), ask(model, context, [-7.0] * 4), rtol=1e-12)
    doubled = lg.bayes_loss(model, context[:3], np.log([1, 2, 1]))
    np.testing.assert_allclose(lg.bayes_loss(model, context), doubled, rtol=1e-12)


def test_entropy_counts_zeros_as_nothing():
    with np.errstate(divide="ignore"):
        log_probability = np.log([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    np.testing.assert_allclose(lg.entropy(log_probability), [np.log(2), 0.0])


def test_weights_must_match_the_contexts():
    model = lg.worlds.named("sprinkler")
    with pytest.raises(ValueError, match=r"one entry for each of the 1 contexts; got shape \(2,\)"):
        lg.bayes_loss(model, [[0, 0]], [0.0, 0.0])


@pytest.mark.parametrize("log_weight", [[-np.inf], [np.nan], [np.inf]])
def test_weights_must_be_a_distribution(log_weight):
    with pytest.raises(ValueError, match="log_weight"):
        lg.bayes_loss(lg.worlds.named("sprinkler"), [[0, 0]], log_weight)


def test_the_mean_over_no_contexts_is_refused():
    with pytest.raises(ValueError, match="at least one context"):
        lg.bayes_loss(lg.worlds.named("sprinkler"), np.zeros((0, 2), int))
