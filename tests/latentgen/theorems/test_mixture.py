"""Are the stacked log marginals, raw, what a mixture of marginals represents?"""

import hypothesis.strategies as st
import mpmath
import numpy as np
import pytest
from hypothesis import given

import estimators as es
import latentgen as lg
from latentgen.theorems.anchored import group_numbers, log_group_beliefs
from latentgen.theorems.mixture import mixture_of_marginals
from latentgen.theorems.projection import fisher_projection
from tests.latentgen.theorems.belief_world import (
    WORLDS,
    aim_at_violation,
    assert_sound,
    belief_world,
    generic_beliefs,
    log,
    many_configurations,
)


def one_concept_shown(cardinalities, share, noise=0.0):
    """p(y = (k, v)|c) = w_k 1{c_k = v}, else uniform over all tokens [configuration, token]."""
    values = np.indices(cardinalities).reshape(len(cardinalities), -1).T
    columns = [
        share[k] * (values[:, k] == v) for k, size in enumerate(cardinalities) for v in range(size)
    ]
    table = np.stack(columns, 1)
    return (1 - noise) * table + noise / table.shape[1]


def log_marginals(belief, cardinalities):
    space = lg.ConceptSpace(cardinalities)
    return np.concatenate(
        [
            log_group_beliefs(log(belief), group_numbers(space, (k,)))
            for k in range(len(cardinalities))
        ],
        1,
    )


@given(WORLDS, st.data())
def test_the_bounds_hold_in_every_world_where_the_token_reads_c_alone(model, data):
    context = data.draw(lg.strategies.contexts(model))
    found = mixture_of_marginals(model, context)
    assert_sound(found)
    aim_at_violation(found)
    leaks = any("x ⊥ y" in name for name in found.broken)
    assert leaks or found.holds
    if found.applies:
        assert found.defined.all()
        assert found.worst < 1e-10


@given(st.integers(0, 2**16), st.sampled_from([(2, 2), (2, 3), (3, 2, 2)]))
def test_one_concept_drawn_at_random_gives_its_log_marginal(seed, cardinalities):
    rng = np.random.default_rng(seed)
    share = rng.dirichlet(np.ones(len(cardinalities)))
    belief = generic_beliefs(seed, 4, int(np.prod(cardinalities)), 0.3)
    table = one_concept_shown(cardinalities, share)
    found = mixture_of_marginals(*belief_world(belief, table, cardinalities))
    assert found.applies
    assert found.worst < 1e-11
    concept = np.repeat(np.arange(len(cardinalities)), cardinalities)
    assert found.terms["concept"].tolist() == concept.tolist()
    assert found.terms["value"].tolist() == [v for size in cardinalities for v in range(size)]
    assert (found.terms["rho"] == 0).all()
    np.testing.assert_allclose(found.terms["log_scale"], np.log(share)[concept], atol=1e-13)
    expected = found.terms["log_scale"] + log_marginals(belief, cardinalities)
    np.testing.assert_allclose(found.quantity, expected, atol=1e-11)


def test_noise_adds_a_rho_to_every_marginal():
    share, noise = np.array([0.3, 0.7]), 0.2
    table = one_concept_shown((2, 3), share, noise)
    found = mixture_of_marginals(*belief_world(generic_beliefs(0, 4, 6), table, (2, 3)))
    assert found.applies
    assert found.worst < 1e-13
    expected = (noise / 5) / ((1 - noise) * share)
    np.testing.assert_allclose(found.terms["rho"], expected[[0, 0, 1, 1, 1]])


def test_the_raw_log_marginals_are_represented_and_their_log_odds_are_not():
    cardinalities = (2, 3)
    belief = generic_beliefs(0, 80, 6)
    model, context, _ = belief_world(
        belief, one_concept_shown(cardinalities, [0.5, 0.5]), cardinalities
    )
    log_predictive = lg.log_predictive(model, context)
    raw = log_marginals(belief, cardinalities)
    odds = np.stack([raw[:, 1] - raw[:, 0], raw[:, 3] - raw[:, 2], raw[:, 4] - raw[:, 2]], 1)
    assert fisher_projection(raw, log_predictive).share < 1e-18
    assert es.law_score(raw, log_predictive).population > 1 - 1e-6
    assert fisher_projection(odds, log_predictive).share > 1e-3
    assert es.law_score(odds, log_predictive).population < 1 - 1e-3


def test_a_row_that_mixes_concepts_names_the_assumption_and_is_bounded():
    table = np.array([[0.9, 0.1], [0.6, 0.4], [0.5, 0.5], [0.1, 0.9]])
    found = mixture_of_marginals(*belief_world(generic_beliefs(0, 5, 4), table, (2, 2)))
    assert len(found.broken) == 1
    assert "every row of p(y|c) is a 1 + b 1{c_k = v}" in found.broken[0]
    assert (found.residual > 0).all()
    assert found.holds
    # sides of concept 0: .9/.6 and .5/.1; of concept 1: .9/.5 and .6/.1
    np.testing.assert_allclose(np.exp(found.assumptions[1].value), 5)
    assert found.terms["concept"].tolist() == [0, 0]


def test_the_bound_is_reached_where_the_belief_is_all_on_the_largest_of_each_side():
    table = np.array([[0.9, 0.1], [0.6, 0.4], [0.5, 0.5], [0.1, 0.9]])
    belief = [[0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5]]
    found = mixture_of_marginals(*belief_world(belief, table, (2, 2)))
    np.testing.assert_allclose(found.residual[0, 0], found.high[0, 0])
    np.testing.assert_allclose(found.residual[1, 0], 0, atol=1e-15)
    np.testing.assert_allclose(np.exp(found.high[0, 0]), (0.45 + 0.25) / (0.3 + 0.05))


def test_all_values_but_one_are_no_value_and_the_largest_step_is_taken():
    values = np.indices((2, 3)).reshape(2, -1).T
    table = np.eye(2)[(values[:, 1] == 0).astype(int)]
    found = mixture_of_marginals(*belief_world(generic_beliefs(0, 5, 6), table, (2, 3)))
    assert not found.applies
    assert found.terms["concept"].tolist() == [1, 1]
    assert found.terms["value"].tolist() == [1, 0]
    assert found.holds


def test_the_parity_of_two_concepts_is_no_mixture():
    parity = np.eye(2)[[0, 1, 1, 0]]
    found = mixture_of_marginals(*belief_world(generic_beliefs(0, 5, 4), parity, (2, 2)))
    assert_sound(found)
    assert not found.applies


def test_zeros_small_posteriors_one_token_and_one_context_are_legal():
    table = one_concept_shown((2, 2), [0.5, 0.5])
    found = mixture_of_marginals(*belief_world([[1e-290, 0, 1, 0]], table, (2, 2)))
    assert_sound(found)
    assert found.applies
    assert found.holds
    with mpmath.workdps(320):
        tiny = mpmath.mpf(1e-290)
        expected = float(mpmath.log(tiny / (1 + tiny) / 2))
    np.testing.assert_allclose(found.claimed[0, 0], expected, rtol=1e-12)
    one = mixture_of_marginals(*belief_world(generic_beliefs(0, 1, 4), np.ones((4, 1)), (2, 2)))
    assert_sound(one)
    assert one.applies
    assert one.terms["rho"].tolist() == [np.inf]


def test_4096_configurations_are_no_hurdle():
    shown = one_concept_shown((2, 2), [0.25, 0.75]).reshape(2, 2, 4)
    model, context = many_configurations(shown, token_concepts=(0, 5))
    found = mixture_of_marginals(model, context)
    assert found.applies
    assert found.holds
    assert found.terms["concept"].tolist() == [0, 0, 5, 5]
    expected = np.log(0.75) + lg.log_concept_posterior(model, context, 5)
    np.testing.assert_allclose(found.claimed[:, 2:], expected, rtol=1e-12)


def test_merging_tokens_of_one_concept_and_splitting_configurations_keep_the_law():
    cardinalities = (2, 3)
    belief = generic_beliefs(0, 4, 6)
    table = one_concept_shown(cardinalities, [0.4, 0.6])
    merged = np.concatenate([table[:, :2].sum(1, keepdims=True), table[:, 2:]], 1)
    found = mixture_of_marginals(*belief_world(belief, merged, cardinalities))
    assert found.applies  # merging all tokens of a concept leaves a constant row
    assert found.terms["rho"][0] == np.inf
    across = np.concatenate([table[:, 1:3].sum(1, keepdims=True), table[:, [0, 3, 4]]], 1)
    assert not mixture_of_marginals(*belief_world(belief, across, cardinalities)).applies
    split = np.repeat(belief, 2, axis=1) * np.tile([0.3, 0.7], 6)
    doubled = np.repeat(table, 2, axis=0)
    again = mixture_of_marginals(*belief_world(split, doubled, (2, 3, 2)))
    assert again.applies
    plain = mixture_of_marginals(*belief_world(belief, table, cardinalities))
    np.testing.assert_allclose(again.claimed, plain.claimed, atol=1e-13)


@pytest.mark.parametrize("order", [[1, 0], [0, 1]])
def test_relabelling_values_relabels_the_answer(order):
    belief, table = generic_beliefs(0, 4, 4), one_concept_shown((2, 2), [0.4, 0.6])
    moved = np.arange(4).reshape(2, 2)[order].reshape(-1)
    found = mixture_of_marginals(*belief_world(belief[:, moved], table[moved], (2, 2)))
    plain = mixture_of_marginals(*belief_world(belief, table, (2, 2)))
    np.testing.assert_allclose(found.claimed, plain.claimed, atol=1e-14)
    assert found.terms["value"].tolist() == [*order, 0, 1]
