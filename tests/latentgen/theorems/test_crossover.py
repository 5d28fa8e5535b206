"""Is log(p(c|x) + ρ) exact at every noise, and is ρ found again from beliefs and predictions?"""

import hypothesis.strategies as st
import mpmath
import numpy as np
import pytest
from hypothesis import given

import estimators as es
import latentgen as lg
from latentgen.theorems.anchored import anchored_tokens
from latentgen.theorems.crossover import crossover, fitted_rho, log_plus
from latentgen.theorems.projection import fisher_projection
from tests.latentgen.theorems.belief_world import (
    WORLDS,
    aim_at_violation,
    assert_sound,
    belief_world,
    generic_beliefs,
    log,
    many_configurations,
    noisy_names,
)

NOISES = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 0.3, 0.5, 0.7, 0.9]


@given(WORLDS, st.data())
def test_the_bounds_hold_in_every_world_where_the_token_reads_c_alone(model, data):
    context = data.draw(lg.strategies.contexts(model))
    found = crossover(model, context)
    assert_sound(found)
    aim_at_violation(found)
    leaks = any("x ⊥ y" in name for name in found.broken)
    assert leaks or found.holds
    if found.applies:
        assert found.defined.all()
        assert (found.high <= 1e-11).all()
        assert found.worst < 1e-10


@given(st.integers(0, 2**16), st.sampled_from([0.0, *NOISES, 1.0]), st.integers(2, 5))
def test_noisy_names_obey_it_exactly_at_every_noise(seed, eta, num_configurations):
    belief = generic_beliefs(seed, 4, num_configurations, 0.2)
    found = crossover(*belief_world(belief, noisy_names(num_configurations, eta)))
    assert found.applies
    assert found.holds
    assert found.worst < 1e-11
    rho = eta / (num_configurations * (1 - eta)) if eta < 1 else np.inf
    np.testing.assert_allclose(found.terms["rho"], rho, rtol=1e-9)
    if eta < 1:
        np.testing.assert_allclose(
            found.terms["log_scale"][:, None].T + log(belief + rho),
            found.quantity,
            atol=1e-11,
        )


def test_every_configuration_may_have_its_own_noise_and_some_tokens_none():
    table = np.array([[0.6, 0.1, 0.2, 0.1], [0.1, 0.5, 0.2, 0.2], [0.1, 0.1, 0.2, 0.6]])
    table[:, 3] = 1 - table[:, :3].sum(1)
    table = np.array([[0.6, 0.1, 0.2, 0.1, 0], [0.1, 0.5, 0.2, 0.2, 0], [0.1, 0.1, 0.2, 0.6, 0]])
    found = crossover(*belief_world(generic_beliefs(0, 4, 3), table))
    assert found.broken == (
        "every row of p(y|c) is a 1 + b 1_c: log of the largest spread out of c is 0",
    )
    np.testing.assert_allclose(found.terms["rho"][:3], [0.2, 0.25, np.inf])
    assert found.terms["log_scale"][4] == -np.inf
    np.testing.assert_allclose(found.residual[:, [0, 1, 2, 4]], 0, atol=1e-14)
    assert (found.residual[:, 3] > 0).all()
    assert found.holds


def test_impossible_configurations_do_not_count():
    table = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.1, 0.6], [0.1, 0.2, 0.7]])
    found = crossover(*belief_world([[0.5, 0.5, 0, 0], [0.1, 0.9, 0, 0]], table))
    assert found.applies
    assert found.terms["configuration"].tolist() == [0, 1, 0]
    assert found.terms["rho"][2] == np.inf
    assert found.worst < 1e-15


def test_for_two_configurations_every_table_is_a_crossover():
    rng = np.random.default_rng(0)
    found = crossover(*belief_world(generic_beliefs(0, 5, 2), rng.dirichlet(np.ones(4), 2)))
    assert found.applies
    assert found.worst < 1e-14


def test_the_bound_is_reached_where_the_belief_is_all_on_the_largest_of_the_rest():
    table = np.array([[0.8, 0.2], [0.3, 0.7], [0.1, 0.9]])
    belief = [[0.4, 0.6, 0], [0.4, 0, 0.6], [0.2, 0.2, 0.6]]
    found = crossover(*belief_world(belief, table))
    np.testing.assert_allclose(found.residual[0, 0], found.high[0, 0])
    np.testing.assert_allclose(found.residual[1, 0], 0, atol=1e-15)
    np.testing.assert_allclose(np.exp(found.high[0, 0]), (0.32 + 0.18) / (0.32 + 0.06))


def test_without_noise_it_is_the_papers_law_and_the_anchored_tokens_law():
    world = belief_world(generic_beliefs(0, 5, 3), np.eye(3))
    found = crossover(*world)
    assert (found.terms["rho"] == 0).all()
    np.testing.assert_allclose(found.claimed, anchored_tokens(*world).claimed, atol=1e-14)


@pytest.mark.parametrize("eta", NOISES)
@pytest.mark.parametrize("num_configurations", [2, 4])
def test_the_fitted_rho_is_eta_over_l_times_one_minus_eta(eta, num_configurations):
    # generic beliefs reach down to where log(p + ρ) bends
    belief = generic_beliefs(3, 60, num_configurations, 0.15)
    world = belief_world(belief, noisy_names(num_configurations, eta))
    log_predictive = lg.log_predictive(*world[:2])
    found = fitted_rho(lg.log_posterior(*world[:2]), log_predictive)
    rho = eta / (num_configurations * (1 - eta))
    np.testing.assert_allclose(found.rho, rho, rtol=1e-6)
    assert found.share < 1e-12
    exact = log_plus(log(belief), rho)
    assert es.law_score(exact, log_predictive).population > 1 - 1e-6


@pytest.mark.parametrize("seed", range(6))
def test_the_ends_are_the_two_laws_exactly(seed):
    belief = generic_beliefs(seed, 40, 3)
    assert fitted_rho(log(belief), log(belief)) == (0.0, pytest.approx(0, abs=1e-18))
    logits = belief @ np.random.default_rng(0).normal(size=(3, 4))
    affine = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    found = fitted_rho(log(belief), affine)
    assert found.rho == np.inf
    assert found.share < 1e-18


def test_zeros_in_the_belief_exclude_the_papers_law_alone():
    belief = np.concatenate([np.eye(3), generic_beliefs(0, 20, 3)])
    found = fitted_rho(log(belief), log(belief @ noisy_names(3, 0.1)))
    np.testing.assert_allclose(found.rho, 0.1 / (3 * 0.9), rtol=1e-6)


def test_the_fitted_rho_leaves_no_more_than_any_other():
    rng = np.random.default_rng(5)
    belief, weight = generic_beliefs(5, 50, 3, 0.4), rng.dirichlet(np.ones(50))
    log_predictive = log(belief @ rng.dirichlet(np.full(4, 0.5), 3))
    found = fitted_rho(log(belief), log_predictive, weight)
    for rho in [0.0, *np.logspace(-10, 3, 40), np.inf]:
        other = fisher_projection(log_plus(log(belief), rho), log_predictive, weight).share
        assert found.share <= other + 1e-12
    assert found == fitted_rho(log(belief), log_predictive, weight)


def test_log_plus_is_affine_in_the_law_and_keeps_its_digits_at_both_ends():
    belief = np.array([[0.25, 0.75]])
    np.testing.assert_allclose(
        log_plus(log(belief), 0.1) + np.log(0.1), np.log(belief + 0.1), rtol=1e-14
    )
    large = 1e12
    np.testing.assert_allclose(large * log_plus(log(belief), large), belief, rtol=1e-11)
    np.testing.assert_array_equal(log_plus(log(belief), np.inf), np.exp(log(belief)))
    np.testing.assert_array_equal(log_plus(log(belief), 0), log(belief))
    with pytest.raises(ValueError, match="must not be negative"):
        log_plus(log(belief), -0.1)


def test_one_token_one_context_and_4096_configurations():
    one = crossover(*belief_world(generic_beliefs(0, 1, 3), np.ones((3, 1))))
    assert_sound(one)
    assert one.applies
    assert one.terms["rho"].tolist() == [np.inf]
    assert fitted_rho(np.log(np.full((1, 3), 1 / 3)), np.zeros((1, 1))).share == 0
    shown = np.array([[[0.9, 0.1], [0.8, 0.2]], [[0.3, 0.7], [0.2, 0.8]]])
    many = crossover(*many_configurations(shown))
    assert_sound(many)
    assert not many.applies
    assert many.holds


@pytest.mark.parametrize("small", [1e-290, 1e-150, 1e-20])
def test_posteriors_down_to_1e_290_keep_the_law_at_fifty_digits(small):
    table = np.array([[0.5, 0.5, 0], [1e-200, 0.5, 0.5], [1e-200, 0.25, 0.75]])
    found = crossover(*belief_world([[small, 0.25, 0.75]], table))
    assert_sound(found)
    assert found.holds
    with mpmath.workdps(320):
        joint = mpmath.mpf(small) * mpmath.mpf(0.5) + mpmath.mpf(1e-200)
        np.testing.assert_allclose(found.claimed[0, 0], float(mpmath.log(joint)), rtol=1e-12)
        np.testing.assert_allclose(found.quantity[0, 0], float(mpmath.log(joint)), rtol=1e-12)


def test_merging_splitting_and_relabelling_change_what_the_theory_says():
    belief, table = generic_beliefs(0, 4, 3), noisy_names(3, 0.3)
    found = crossover(*belief_world(belief, table))
    merged = crossover(*belief_world(belief, table @ [[1, 0], [0, 1], [0, 1]]))
    # 1 − p(y_0|c) is constant but for c = 0, where it is lower: no longer a 1 + b 1_c with b > 0
    assert not merged.applies
    np.testing.assert_allclose(merged.residual[:, 0], 0, atol=1e-15)
    order = [1, 2, 0]
    again = crossover(*belief_world(belief[:, order], table[order]))
    np.testing.assert_allclose(again.claimed, found.claimed, atol=1e-14)
    assert [order[c] for c in again.terms["configuration"]] == [0, 1, 2]
    split = np.repeat(belief, 2, axis=1) * np.tile([0.3, 0.7], 3)
    doubled = crossover(*belief_world(split, np.repeat(table, 2, axis=0), (3, 2)))
    assert not doubled.applies
    assert doubled.holds
    spread = (0.7 + 0.1) / 0.1
    np.testing.assert_allclose(np.exp(doubled.assumptions[1].value), spread)


def test_beliefs_kept_in_float32_or_lists_have_the_same_rho():
    rng = np.random.default_rng(3)
    belief = rng.dirichlet(np.ones(3), 60)
    table = 0.7 * np.eye(3) + 0.1
    log_belief, log_predictive = np.log(belief), np.log(belief @ table)
    exact = fitted_rho(log_belief, log_predictive)
    assert exact.rho == pytest.approx(1 / 7, rel=1e-4)
    single = fitted_rho(log_belief.astype(np.float32), log_predictive)
    assert single.rho == pytest.approx(exact.rho, rel=1e-3)
    assert fitted_rho(log_belief.tolist(), log_predictive.tolist(), [1] * 60) == exact
    for rho in (0.0, 0.1, np.inf):
        assert log_plus(log_belief.astype(np.float32), rho).dtype == np.float32
