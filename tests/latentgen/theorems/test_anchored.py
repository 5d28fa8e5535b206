"""Is the anchored-token law within its bounds, and are they reached?"""

import hypothesis.strategies as st
import mpmath
import numpy as np
import pytest
from hypothesis import given, target

import latentgen as lg
from latentgen.theorems.anchored import anchored_tokens
from tests.latentgen.theorems.belief_world import (
    WORLDS,
    aim_at_violation,
    assert_sound,
    belief_world,
    generic_beliefs,
    many_configurations,
    noisy_names,
)


def groups_of(model, data):
    concepts = st.lists(st.sampled_from(range(model.space.num_concepts)), min_size=1, unique=True)
    return data.draw(st.one_of(st.none(), concepts))


@given(WORLDS, st.data())
def test_the_bounds_hold_in_every_world_where_the_token_reads_c_alone(model, data):
    context = data.draw(lg.strategies.contexts(model))
    found = anchored_tokens(model, context, concepts=groups_of(model, data))
    assert_sound(found)
    aim_at_violation(found)
    target(min(found.worst, 100.0), label="worst")
    leaks = any("x ⊥ y" in name for name in found.broken)
    assert leaks or found.holds


@given(WORLDS, st.data())
def test_residuals_are_what_subtraction_in_fractions_gives(model, data):
    context = data.draw(lg.strategies.contexts(model))
    found = anchored_tokens(model, context, concepts=groups_of(model, data))
    subtracted = np.where(found.defined, found.quantity - found.claimed, 0.0)
    np.testing.assert_allclose(found.residual, subtracted, rtol=1e-10, atol=1e-12)


@given(WORLDS, st.data())
def test_differences_between_anchors_err_by_the_larger_bound_at_most(model, data):
    context = data.draw(lg.strategies.contexts(model))
    alone = anchored_tokens(model, context)
    found = anchored_tokens(model, context, reference=1)
    assert_sound(found)
    if any("x ⊥ y" in name for name in found.broken):
        return
    assert found.holds
    larger = np.maximum(alone.high, alone.high[:, 1:2])
    assert (np.abs(found.residual) <= larger + 1e-10 * (1 + larger))[found.defined].all()


@given(st.integers(0, 2**16), st.sampled_from([1e-9, 1e-3, 0.3, 0.9]), st.integers(2, 6))
def test_uniform_noise_reaches_the_bound_exactly(seed, eta, num_configurations):
    belief = generic_beliefs(seed, 4, num_configurations, 0.3)
    world = belief_world(belief, noisy_names(num_configurations, eta))
    found = anchored_tokens(*world)
    assert found.applies
    assert found.holds
    rho = (eta / num_configurations) / (1 - eta + eta / num_configurations)
    np.testing.assert_allclose(found.terms["rho"], rho, rtol=1e-9)
    np.testing.assert_allclose(found.terms["rho_low"], rho, rtol=1e-9)
    assert (found.terms["token"] == np.arange(num_configurations)).all()
    np.testing.assert_allclose(found.residual, found.high, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(found.residual, found.low, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(
        found.residual, np.log1p(rho * (1 - belief) / belief), rtol=1e-7, atol=1e-15
    )


def test_the_residual_is_minus_log_p_of_c_given_both():
    belief = generic_beliefs(0, 5, 3)
    table = np.array([[0.7, 0.1, 0.2], [0.2, 0.6, 0.2], [0.0, 0.3, 0.7]])
    found = anchored_tokens(*belief_world(belief, table))
    for c in range(3):
        joint = belief * table[:, found.terms["token"][c]]
        expected = -np.log(joint[:, c] / joint.sum(1))
        np.testing.assert_allclose(found.residual[:, c], expected, rtol=1e-9)


def test_the_law_ends_where_the_belief_meets_rho():
    eta = 1e-3
    belief = np.array([[0.5, 0.5], [1 - 1e-2, 1e-2], [1 - 1e-6, 1e-6]])
    found = anchored_tokens(*belief_world(belief, noisy_names(2, eta)))
    assert found.residual[1, 1] < 0.1
    assert found.residual[2, 1] > 5
    assert found.terms["ends"].tolist() == [[0, 0], [0, 0], [0, 1]]


def test_a_concept_is_anchored_by_a_token_that_reads_it_alone():
    shown = np.repeat([[0.9, 0.1], [0.2, 0.8]], 3, axis=0)  # of concept 0 of two
    world = belief_world(generic_beliefs(1, 6, 6), shown, (2, 3))
    found = anchored_tokens(*world, concepts=(0,))
    assert found.applies
    assert found.holds
    # only two values, and each level constant: both bounds are reached
    np.testing.assert_allclose(found.residual, found.high, rtol=1e-9)
    np.testing.assert_allclose(found.residual, found.low, rtol=1e-9)
    assert "ρ" in "".join(anchored_tokens(*world).broken)
    assert "ρ" in "".join(anchored_tokens(*world, concepts=(1,)).broken)


def test_a_token_that_says_more_than_the_value_names_its_spread():
    table = np.array([[0.9, 0.1], [0.6, 0.4], [0.1, 0.9], [0.0, 1.0]])
    found = anchored_tokens(*belief_world(generic_beliefs(2, 6, 4), table, (2, 2)), concepts=(0,))
    assert found.broken == ("the anchor tells the value alone: its log-spread is 0",)
    assert found.holds
    np.testing.assert_allclose(found.terms["log_spread"], np.log([0.9 / 0.6, 1 / 0.9]))


def test_the_anchor_is_the_token_of_smallest_rho_even_if_another_spreads_less():
    table = [[0.5, 0.4, 0.1], [0.5, 0.3, 0.2], [0.5, 0.02, 0.48], [0.5, 0.01, 0.49]]
    found = anchored_tokens(*belief_world(generic_beliefs(2, 6, 4), table, (2, 2)), concepts=(0,))
    assert found.terms["token"].tolist() == [1, 2]
    np.testing.assert_allclose(found.terms["rho"], [0.02 / 0.3, 0.2 / 0.48])


def test_a_group_of_all_concepts_is_the_configuration():
    world = belief_world(generic_beliefs(3, 4, 4), noisy_names(4, 0.1), (2, 2))
    both = anchored_tokens(*world, concepts=(0, 1))
    np.testing.assert_array_equal(both.residual, anchored_tokens(*world).residual)


def test_zeros_in_the_belief_are_left_out():
    found = anchored_tokens(*belief_world([[1, 0], [0.5, 0.5]], noisy_names(2, 0.1)))
    assert found.defined.tolist() == [[True, False], [True, True]]
    assert found.residual[0, 0] == 0
    assert_sound(found)


def test_impossible_configurations_do_not_spoil_an_anchor():
    table = np.array([[0.9, 0.1], [0.1, 0.9], [0.9, 0.1]])
    spoilt = anchored_tokens(*belief_world([[0.5, 0.4, 0.1]], table))
    clean = anchored_tokens(*belief_world([[0.5, 0.5, 0]], table))
    assert not spoilt.applies
    assert clean.applies
    assert clean.defined.tolist() == [[True, True, False]]
    assert_sound(clean)


def test_one_token_anchors_nothing():
    found = anchored_tokens(*belief_world(generic_beliefs(0, 1, 3), np.ones((3, 1))))
    assert_sound(found)
    assert found.holds
    assert "every value has an anchor: the largest ρ is below 1" in found.broken
    np.testing.assert_allclose(found.quantity, 0, atol=1e-15)


def test_4096_configurations_are_no_hurdle():
    shown = np.array([[[0.9, 0.1], [0.9, 0.1]], [[0.2, 0.8], [0.2, 0.8]]])
    model, context = many_configurations(shown)
    whole = anchored_tokens(model, context)
    assert whole.holds
    assert not whole.applies
    concept = anchored_tokens(model, context, concepts=(0,))
    assert concept.applies
    assert concept.holds
    expected = lg.log_concept_posterior(model, context, 0)
    np.testing.assert_allclose(concept.terms["log_group"], expected, rtol=1e-9)


@pytest.mark.parametrize("small", [1e-290, 1e-100, 1e-17])
def test_the_bound_stands_at_fifty_digits_for_posteriors_down_to_1e_290(small):
    table = np.array([[0.5, 0.5, 0.0], [1e-3, 0.5, 0.499], [1e-200, 0.25, 0.75]])
    table[1, 2] = 1 - table[1, :2].sum()
    found = anchored_tokens(*belief_world([[small, 0.25, 0.75]], table))
    assert_sound(found)
    assert found.holds
    with mpmath.workdps(320):
        belief = [mpmath.mpf(value) for value in (small, 0.25, 0.75)]
        total = sum(belief)
        belief = [value / total for value in belief]
        for c in range(3):
            column = [mpmath.mpf(float(row[found.terms["token"][c]])) for row in table]
            joint = [b * p for b, p in zip(belief, column, strict=True)]
            residual = -mpmath.log(joint[c] / sum(joint))
            rho = max(column[i] for i in range(3) if i != c) / column[c]
            bound = mpmath.log(1 + rho * (1 - belief[c]) / belief[c])
            assert 0 <= residual <= bound
            np.testing.assert_allclose(found.residual[0, c], float(residual), rtol=1e-12)
            np.testing.assert_allclose(found.high[0, c], float(bound), rtol=1e-12)


def test_merging_two_tokens_never_makes_an_anchor_better():
    rng = np.random.default_rng(0)
    belief, table = generic_beliefs(0, 4, 3), rng.dirichlet(np.ones(5), 3)
    merged = np.concatenate([table[:, :3], table[:, 3:].sum(1, keepdims=True)], 1)
    before = anchored_tokens(*belief_world(belief, table)).terms["rho"]
    after = anchored_tokens(*belief_world(belief, merged)).terms["rho"]
    assert (after >= before - 1e-12).all()


def test_splitting_a_configuration_takes_its_anchor_but_not_that_of_the_pair():
    belief, table = generic_beliefs(1, 4, 3), noisy_names(3, 0.1)
    split = np.repeat(belief, 2, axis=1) * np.tile([0.3, 0.7], 3)
    world = belief_world(split, np.repeat(table, 2, axis=0), (3, 2))
    np.testing.assert_allclose(anchored_tokens(*world).terms["rho"], 1)
    pairs = anchored_tokens(*world, concepts=(0,))
    whole = anchored_tokens(*belief_world(belief, table))
    np.testing.assert_allclose(pairs.residual, whole.residual, rtol=1e-9)


def test_relabelling_permutes_and_an_uninformative_word_changes_nothing():
    belief, table = generic_beliefs(2, 4, 3), noisy_names(3, 0.1)
    model, context, log_weight = belief_world(belief, table)
    found = anchored_tokens(model, context, log_weight)
    order = [2, 0, 1]
    relabelled = anchored_tokens(*belief_world(belief[:, order], table[order]))
    np.testing.assert_allclose(relabelled.residual, found.residual[:, order], rtol=1e-9)
    words = np.exp(model.words[0].log_table)
    coin = np.full_like(words, 1 / words.shape[1])
    longer = lg.ConceptModel.from_tables(
        model.space, np.exp(lg.log_prior(model)), np.stack([words, coin]), table
    )
    appended = np.concatenate([context, context[::-1]], 1)
    np.testing.assert_allclose(
        anchored_tokens(longer, appended, log_weight).residual, found.residual, rtol=1e-9
    )


def test_bad_options_say_what_is_wrong():
    model, context, _ = belief_world(generic_beliefs(0, 2, 4), noisy_names(4, 0.1), (2, 2))
    with pytest.raises(ValueError, match="each once"):
        anchored_tokens(model, context, concepts=(0, 0))
    with pytest.raises(ValueError, match="there is no concept 2"):
        anchored_tokens(model, context, concepts=(2,))
    with pytest.raises(ValueError, match=r"reference must lie in 0 … 3"):
        anchored_tokens(model, context, reference=4)
