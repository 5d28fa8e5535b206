"""Is steering's error what a plain sum over configurations says, and when is there none?"""

import numpy as np
import pytest
from hypothesis import event, given, target
from hypothesis import strategies as st

import latentgen as lg
from latentgen.theorems.steering import log_marginal, steering
from tests import oracles

SHIFTS = (-3.0, -1.0, 0.0, 0.5, 2.0, 40.0)


@st.composite
def cases(draw, **choices):
    """A world in integer weights, contexts, a concept and a shift of its values."""
    world = draw(lg.strategies.integer_worlds(**choices))
    context = draw(lg.strategies.contexts(world.model()))
    concept = draw(st.integers(0, len(world.cardinalities) - 1))
    number = world.cardinalities[concept]
    shift = draw(st.lists(st.sampled_from(SHIFTS), min_size=number, max_size=number))
    return world, context, concept, shift


def plain_joint(world, words):
    """p(c, y|x) [configuration, token] in fractions turned into floats."""
    posterior = oracles.posterior(world, words)
    emission = oracles.token_emission(world, words)
    return np.array(
        [
            [
                float(p * oracles.emission_of(emission, c, words, y))
                for y in range(oracles.num_outcomes(emission))
            ]
            for p, c in zip(posterior, oracles.configurations(world), strict=True)
        ]
    )


@given(cases(interacting=False))
def test_the_tilt_is_what_the_world_with_a_tilted_prior_predicts(case):
    world, context, concept, shift = case
    found = steering(world.model(), context, concept=concept, shift=shift)
    values = [c[concept] for c in oracles.configurations(world)]
    prior = np.exp(lg.log_prior(world.model())) * np.exp(np.array(shift)[values])
    for row, words in enumerate(context.tolist()):
        seen = [
            float(oracles.context_given_of(world, words, c)) for c in oracles.configurations(world)
        ]
        emission = oracles.token_emission(world, words)
        told = prior * seen / (prior * seen).sum()
        table = [
            [
                float(oracles.emission_of(emission, c, words, y))
                for y in range(found.claimed.shape[1])
            ]
            for c in oracles.configurations(world)
        ]
        predicted = told @ np.array(table)
        claimed = np.where(found.defined[row], np.exp(found.claimed[row]), 0.0)
        np.testing.assert_allclose(claimed, predicted, rtol=1e-9, atol=1e-12)


@given(cases(interacting=False))
def test_steering_multiplies_the_prediction_by_exp_of_the_mean_shift_given_the_token(case):
    world, context, concept, shift = case
    model = world.model()
    found = steering(model, context, concept=concept, shift=shift)
    given_token = np.exp(lg.log_token_posterior(model, context.shape[1]))
    values = [c[concept] for c in oracles.configurations(world)]
    mean = given_token @ np.array(shift)[values]
    steered = np.exp(lg.log_predictive(model, context)) * np.exp(mean)
    steered /= steered.sum(1, keepdims=True)
    quantity = np.where(found.defined, np.exp(found.quantity), 0.0)
    np.testing.assert_allclose(quantity, steered, rtol=1e-9, atol=1e-12)


@given(cases())
def test_the_error_stays_within_its_bound_and_vanishes_where_the_assumption_is_met(case):
    world, context, concept, shift = case
    found = steering(world.model(), context, concept=concept, shift=shift)
    target(found.worst)
    event(f"met: {found.applies}")
    assert found.holds
    assert not any(np.isnan(part).any() for part in (found.residual, found.low, found.high))
    assert not any(np.isnan(part).any() for part in found.terms.values())
    scale = 40 + np.abs(np.where(found.defined, found.quantity, 0.0)).max()
    if found.applies:
        assert found.worst <= 1e-10 * scale
    difference = found.quantity - found.claimed
    np.testing.assert_allclose(found.residual, difference, atol=1e-11 * scale)


@given(cases(interacting=False))
def test_where_the_assumption_is_broken_some_shift_shows_it(case):
    """The converse: steering agrees with the tilt for every u only where the assumption is met."""
    world, context, concept, _ = case
    number = world.cardinalities[concept]
    shifts = [size * row for row in np.eye(number) for size in (-3.0, 1.0, 5.0)]
    found = [steering(world.model(), context, concept=concept, shift=u) for u in shifts]
    assert len({theorem.applies for theorem in found}) == 1
    worst = max(theorem.worst for theorem in found)
    event(f"met: {found[0].applies}")
    assert (worst <= 1e-9) == found[0].applies


def reporting(*, replaced=0.0, flipped=0.2):
    """c_0 → c_1, one noisy word each; the token names the configuration, or a uniform one."""
    tables = [[0.3, 0.7], [[0.6, 0.4], [0.2, 0.8]]]
    words = [lg.Emission((k,), lg.flip_channel(flipped)) for k in (0, 1)]
    token = lg.through_channel(np.eye(4), lg.uniform_channel(4, replaced))
    return lg.ConceptModel.from_graph(
        lg.chain_dag(2), (2, 2), tables, words, lg.Emission((0, 1), token)
    )


def every(model):
    return lg.enumerate_contexts(model)


def test_a_token_that_names_the_configuration_is_steered_exactly():
    model = reporting()
    found = steering(model, every(model).context, concept=1, shift=[0.0, 7.0])
    assert found.applies
    assert found.worst < 1e-12
    assert (found.terms["kl_steered"] < 1e-12).all()
    assert (found.terms["kl_unsteered"] > 0.1).any()


def test_noise_on_the_token_breaks_it_and_is_named():
    model = reporting(replaced=0.1)
    found = steering(model, every(model).context, concept=1, shift=[0.0, 2.0])
    assert found.broken == ("each token tells c_k by itself, or all tokens say the same of it",)
    assert found.worst > 1e-3
    assert found.holds


def test_a_token_that_says_nothing_of_the_concept_is_steered_exactly_too():
    """p(y|c) reads c_0 alone and c_1 is independent of it: tilt and steering both do nothing."""
    model = lg.ConceptModel.from_tables(
        lg.ConceptSpace((2, 2)),
        np.full(4, 0.25),
        np.full((4, 2), 0.5),
        [[0.9, 0.1]] * 2 + [[0.3, 0.7]] * 2,
    )
    found = steering(model, [[0], [1]], concept=1, shift=[0.0, 5.0])
    assert found.applies
    assert found.worst < 1e-13
    assert (found.terms["kl_unsteered"] < 1e-13).all()


def test_that_context_and_token_together_tell_the_concept_is_not_enough():
    """p(c_k|x, y) is one-hot because of x; steering goes by p(c_k|y), which is not."""
    xor = [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]]  # y = c_0 xor c_1
    model = lg.ConceptModel.from_tables(
        lg.ConceptSpace((2, 2)), [0.1, 0.2, 0.3, 0.4], np.repeat(np.eye(2), 2, 0), xor
    )
    found = steering(model, [[0], [1]], concept=1, shift=[0.0, 1.0])
    assert np.isneginf(log_marginal(lg.log_posterior(model, [[0], [1]]), model.space, 0)).any()
    assert not found.applies
    assert found.worst > 0.1


@pytest.mark.parametrize("alpha", [0.5, 3.0])
def test_one_column_tilts_the_log_odds_by_alpha_and_the_difference_by_twice_that(alpha):
    model = reporting()
    context = every(model).context
    odds = lg.log_concept_posterior(model, context, 1) @ [-1.0, 1.0]
    for shift, factor in (([0.0, alpha], 1), ([-alpha, alpha], 2)):
        found = steering(model, context, concept=1, shift=shift)
        tilted = found.terms["log_tilted_concept"] @ [-1.0, 1.0]
        np.testing.assert_allclose(tilted - odds, factor * alpha, atol=1e-12)
        by_concept = log_marginal(found.quantity, model.space, 1) @ [-1.0, 1.0]
        np.testing.assert_allclose(by_concept - odds, factor * alpha, atol=1e-12)


def test_far_out_the_tilt_is_the_world_given_the_value_and_steering_is_one_token():
    model = reporting(replaced=0.1)
    context = every(model).context
    found = steering(model, context, concept=1, shift=[0.0, 2000.0])
    values = model.space.values(np.arange(4))[:, 1] == 1
    belief = np.where(values, np.exp(lg.log_posterior(model, context)), 0)
    table = np.exp(lg.log_token_given(model))
    given_value = belief / belief.sum(1, keepdims=True) @ table
    np.testing.assert_allclose(np.exp(found.claimed), given_value, atol=1e-12)
    np.testing.assert_allclose(np.exp(found.terms["log_tilt_limit"]), given_value, atol=1e-12)
    limit = np.exp(found.terms["log_steering_limit"])
    np.testing.assert_array_equal((limit == 1).sum(1), 1)
    np.testing.assert_allclose(np.exp(found.quantity), limit, atol=1e-12)
    assert np.isfinite(found.residual).all()


def test_steering_can_be_worse_than_nothing():
    """A token that hardly tells c_k: the tilt barely moves the prediction, steering overshoots."""
    model = reporting(replaced=0.5)
    found = steering(model, every(model).context, concept=1, shift=[0.0, 30.0])
    assert (found.terms["kl_steered"] > found.terms["kl_unsteered"]).any()


@pytest.mark.parametrize(
    ("prior", "seen", "shown", "shift", "side"),
    [
        # y = 0 leaves c_k open by itself, and x closes it: E[u|y] overshoots
        ([1e-8, 1.0], [1.0, 1e-5], 8e-9, [0.0, 3.0], "high"),
        ([1e-8, 1.0], [1.0, 1e-5], 8e-9, [3.0, 0.0], "low"),
        # y = 0 tells c_k by itself, and x opens it: the tilt moves what steering leaves
        ([1.0, 1e-6], [1e-9, 1.0], 1e-3, [0.0, 3.0], "low"),
        ([1.0, 1e-6], [1e-9, 1.0], 1e-3, [3.0, 0.0], "high"),
    ],
)
def test_the_bound_is_reached(prior, seen, shown, shift, side):
    """Two tokens, the second of which tells c_k = 1 and is all but certain in this context."""
    prior = np.array(prior) / np.sum(prior)
    words = np.stack([seen, 1 - np.array(seen)], 1)
    token = [[1.0, 0.0], [shown, 1 - shown]]
    model = lg.ConceptModel.from_tables(lg.ConceptSpace((2,)), prior, words, token)
    found = steering(model, [[0]], shift=shift)
    assert found.holds
    assert found.worst > 0.5
    bound = {"low": found.low, "high": found.high}[side]
    assert abs(found.residual[0, 0] - bound[0, 0]) < 0.02


def test_relabelling_configurations_and_tokens_changes_nothing():
    model = reporting(replaced=0.2)
    context = every(model).context
    found = steering(model, context, concept=1, shift=[0.0, 2.0])
    swapped = lg.ConceptModel.from_tables(
        model.space,
        np.exp(lg.log_prior(model)).reshape(2, 2).T.reshape(-1),
        np.stack([lg.flip_channel(0.2)[[0, 1, 0, 1]], lg.flip_channel(0.2)[[0, 0, 1, 1]]]),
        np.exp(lg.log_token_given(model)).reshape(2, 2, 4).swapaxes(0, 1).reshape(4, 4)[:, ::-1],
    )
    again = steering(swapped, context, concept=0, shift=[0.0, 2.0])
    np.testing.assert_allclose(again.residual[:, ::-1], found.residual, atol=1e-12)


def test_merging_tokens_that_are_proportional_leaves_the_error_as_it_is():
    table = np.array([[0.7, 0.3], [0.2, 0.8]])
    split = np.stack([table[:, 0] * 0.25, table[:, 0] * 0.75, table[:, 1]], 1)
    worlds = [
        lg.ConceptModel.from_tables(lg.ConceptSpace((2,)), [0.4, 0.6], lg.flip_channel(0.1), token)
        for token in (table, split)
    ]
    whole, parts = (steering(world, [[0], [1]], shift=[0.0, 2.0]) for world in worlds)
    np.testing.assert_allclose(parts.residual[:, [1, 2]], whole.residual, atol=1e-13)
    np.testing.assert_allclose(parts.residual[:, 0], whole.residual[:, 0], atol=1e-13)


def test_an_uninformative_word_changes_nothing():
    model = lg.ConceptModel.from_tables(
        lg.ConceptSpace((2,)),
        [0.4, 0.6],
        [lg.flip_channel(0.1), np.full((2, 2), 0.5)],
        [[0.7, 0.3], [0.2, 0.8]],
    )
    short, long = (steering(model, context) for context in ([[0], [1]], [[0, 1], [1, 0]]))
    np.testing.assert_allclose(short.residual, long.residual, atol=1e-13)


def test_shifting_all_values_alike_is_no_steering():
    model = reporting(replaced=0.3)
    found = steering(model, every(model).context, shift=[4.0, 4.0])
    assert found.worst < 1e-13
    assert (found.terms["kl_unsteered"] < 1e-13).all()


@pytest.mark.parametrize("shift", [[1.0], [0.0, np.inf], [0.0, np.nan]])
def test_a_shift_that_is_none_is_refused(shift):
    model = reporting()
    with pytest.raises(ValueError, match="one finite number of nats for each of the 2 values"):
        steering(model, every(model).context, shift=shift)
