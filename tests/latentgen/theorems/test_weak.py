"""Is the weak-token law within its bounds, and are they tight?"""

import hypothesis.strategies as st
import mpmath
import numpy as np
import pytest
from hypothesis import given, target

import latentgen as lg
from latentgen.theorems.weak import weak_tokens
from tests.latentgen.theorems.belief_world import (
    WORLDS,
    aim_at_violation,
    assert_sound,
    belief_world,
    generic_beliefs,
    many_configurations,
)


def weak_table(strength, seed=0, num_configurations=3, num_tokens=4):
    """Tokens whose log-probabilities differ between configurations by about strength."""
    rng = np.random.default_rng(seed)
    shape = (num_configurations, num_tokens)
    table = np.exp(rng.normal(size=num_tokens) + strength * rng.normal(size=shape))
    return table / table.sum(1, keepdims=True)


@given(WORLDS, st.data())
def test_the_bounds_hold_in_every_world(model, data):
    context = data.draw(lg.strategies.contexts(model))
    found = weak_tokens(model, context)
    assert_sound(found)
    aim_at_violation(found)
    target(found.worst, label="worst")
    assert found.holds
    assert (found.residual <= 0).all()


@given(lg.strategies.models(interacting=False), st.data())  # x ⊥ y | c
def test_the_claim_is_affine_in_the_belief(model, data):
    context = data.draw(lg.strategies.contexts(model))
    found = weak_tokens(model, context)
    belief = np.exp(lg.log_posterior(model, context))
    possible = np.isfinite(found.terms["log_reference"])
    offset = np.where(possible, found.terms["log_reference"], 0.0) - 1
    claimed = belief @ found.terms["readout"].T + offset
    np.testing.assert_allclose(
        found.claimed[found.defined], claimed[found.defined], rtol=1e-10, atol=1e-10
    )


@pytest.mark.parametrize("strength", [1e-1, 1e-3, 1e-6])
def test_both_bounds_are_tight_as_the_tokens_tell_less(strength):
    found = weak_tokens(*belief_world(generic_beliefs(0, 5, 3), weak_table(strength)))
    assert found.applies
    assert found.holds
    assert (found.residual < 0).all()
    np.testing.assert_allclose(found.residual / found.low, 1, atol=3 * strength)
    np.testing.assert_allclose(found.high / found.residual, 1, atol=3 * strength)


def test_a_telling_token_names_the_broken_assumption():
    found = weak_tokens(*belief_world(generic_beliefs(0, 5, 3, 0.3), weak_table(3.0)))
    assert len(found.broken) == 1
    assert "barely tells" in found.broken[0]
    assert found.holds


def test_the_default_reference_is_the_mean_over_the_contexts():
    weight = np.array([1.0, 2, 3])
    model, context, log_weight = belief_world(
        generic_beliefs(0, 3, 3), weak_table(0.5), weight=weight
    )
    found = weak_tokens(model, context, log_weight)
    np.testing.assert_allclose(weight @ found.terms["excess"], 0, atol=1e-14)
    expected = np.log(weight @ np.exp(lg.log_predictive(model, context)) / 6)
    np.testing.assert_allclose(found.terms["log_reference"], expected)


def test_any_positive_reference_will_do():
    world = belief_world(generic_beliefs(0, 3, 3), weak_table(0.5))
    uniform = np.log(np.full(4, 0.25))
    found = weak_tokens(*world, log_reference=uniform)
    assert found.holds
    np.testing.assert_allclose(found.terms["excess"], np.exp(found.quantity) / 0.25 - 1)
    left_out = weak_tokens(*world, log_reference=np.array([-np.inf, *uniform[1:]]))
    assert not left_out.defined[:, 0].any()
    assert_sound(left_out)


def test_an_impossible_token_is_left_out():
    table = np.array([[0.5, 0.5, 0], [0, 1, 0]])
    found = weak_tokens(*belief_world([[0, 1], [0.5, 0.5]], table))
    assert found.defined.tolist() == [[False, True, False], [True, True, False]]
    assert_sound(found)


def test_one_token_and_one_context_leave_nothing():
    one_token = weak_tokens(*belief_world(generic_beliefs(0, 3, 2), np.ones((2, 1))))
    assert one_token.worst < 1e-15
    one_context = weak_tokens(*belief_world(generic_beliefs(0, 1, 2), weak_table(1, 0, 2)))
    assert one_context.worst < 1e-15
    assert one_context.applies


def test_4096_configurations_are_no_hurdle():
    shown = np.full((2, 2, 3), 1 / 3) + 0.05 * np.array([1, -1, 0])[None, None] * [[[1]], [[-1]]]
    found = weak_tokens(*many_configurations(shown))
    assert found.applies
    assert found.holds
    assert found.terms["readout"].shape == (3, 4096)


def test_posteriors_and_ratios_down_to_1e_290_are_legal():
    table = np.array([[1.0, 0.0], [1e-290, 1.0]])
    found = weak_tokens(*belief_world([[1e-290, 1.0], [0.5, 0.5]], table))
    assert_sound(found)
    assert found.holds
    assert found.defined.all()


@pytest.mark.parametrize("log_ratio", [-30, -1, -1e-2, -9e-3, -1e-8, 1e-15, 1e-5, 1e-2, 0.3, 4])
def test_the_remainder_and_its_bounds_stand_at_fifty_digits(log_ratio):
    model, context, _ = belief_world([[1.0, 0.0]], [[0.25, 0.75], [0.25, 0.75]])
    reference = np.log([0.25, 0.75]) - log_ratio
    found = weak_tokens(model, context, log_reference=reference)
    with mpmath.workdps(50):
        for y in range(2):
            log_s = mpmath.mpf(float(lg.log_predictive(model, context)[0, y] - reference[y]))
            s = mpmath.exp(log_s)
            remainder = s - 1 - log_s
            low, high = ((s - 1) ** 2 / (2 * pick(1, s)) for pick in (max, min))
            assert low <= remainder <= high
            expected = float(-remainder)
            np.testing.assert_allclose(found.residual[0, y], expected, rtol=1e-10)
            np.testing.assert_allclose(found.low[0, y], float(-high), rtol=1e-10)
            np.testing.assert_allclose(found.high[0, y], float(-low), rtol=1e-10)


def test_merging_tokens_adds_their_excess_and_splitting_configurations_changes_nothing():
    belief, table = generic_beliefs(0, 5, 3), weak_table(0.5)
    found = weak_tokens(*belief_world(belief, table))
    merged_table = np.concatenate([table[:, :2], table[:, 2:].sum(1, keepdims=True)], 1)
    merged = weak_tokens(*belief_world(belief, merged_table))
    reference = np.exp(found.terms["log_reference"])
    expected = (found.terms["excess"] * reference)[:, 2:].sum(1) / reference[2:].sum()
    np.testing.assert_allclose(merged.terms["excess"][:, 2], expected, atol=1e-14)
    split = np.repeat(belief, 2, axis=1) * np.tile([0.3, 0.7], 3)
    again = weak_tokens(*belief_world(split, np.repeat(table, 2, axis=0), (3, 2)))
    np.testing.assert_allclose(again.residual, found.residual, rtol=1e-9)


def test_a_reference_that_is_no_probability_is_refused():
    model, context, _ = belief_world([[0.5, 0.5]], [[0.5, 0.5], [0.25, 0.75]])
    with pytest.raises(ValueError, match="one entry for each of the 2 tokens"):
        weak_tokens(model, context, log_reference=[0.0])
    with pytest.raises(ValueError, match="logarithms of probabilities"):
        weak_tokens(model, context, log_reference=[0.0, np.nan])
