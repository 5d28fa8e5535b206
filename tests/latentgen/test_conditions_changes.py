"""Which numbers of the table change when a world is changed, and how?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import latentgen as lg
from tests import theorem_oracles
from tests.theorem_cases import HALF, case, cases, joint_world

CLOSE = {"rel": 1e-9, "abs": 1e-12}
SPECTRUM = {"numerical_rank", "condition_number"}  # of L

WEIGHTS = st.lists(st.integers(0, 4), min_size=21, max_size=21).map(np.array)


def check_same(found, other, but=()):
    """All fields agree, save some."""
    for name in set(lg.Conditions._fields) - set(but):
        assert getattr(found, name) == pytest.approx(getattr(other, name), **CLOSE), name


@HALF
@given(cases(leaking=False, saturated=True, token=True), st.data())
def test_renumbering_values_tokens_or_contexts_changes_nothing(case, data):
    world, context, log_weight = case.world, case.context, case.log_weight
    before = lg.conditions(*case.arguments)
    concept = data.draw(st.integers(0, len(world.cardinalities) - 1))
    order = np.array(data.draw(st.permutations(range(world.cardinalities[concept]))))
    prior = (world.concept_weights[0].take(order, axis=concept),)
    words, token = (
        [table._replace(weights=table.weights.take(order, axis=concept)) for table in tables]
        for tables in (world.words, [world.token])
    )
    changed = world._replace(concept_weights=prior, words=tuple(words), token=token[0])
    check_same(lg.conditions(changed.model(), context, log_weight), before, ["beyond_anchor"])
    tokens = np.array(data.draw(st.permutations(case.truth.tokens)))
    changed = world._replace(token=world.token._replace(weights=world.token.weights[..., tokens]))
    found = lg.conditions(changed.model(), context, log_weight)
    check_same(found, before)
    order = np.array(data.draw(st.permutations(case.truth.contexts)))
    weight = None if log_weight is None else log_weight[order]
    check_same(lg.conditions(case.model, context[order], weight), before, ["beyond_anchor"])


@HALF
@given(cases(leaking=False, saturated=True, token=True, alike=False, num_positions=2))
def test_an_uninformative_word_changes_nothing(case):
    first = case.world.words[0]
    blind = first._replace(weights=np.ones_like(first.weights))
    changed = case.world._replace(words=(blind, *case.world.words)).model()
    length = case.context.shape[1]
    longer = np.hstack([np.ones((len(case.context), 1), int), case.context])
    found = lg.conditions(changed, longer, case.log_weight)
    assert longer.shape[1] == length + 1
    check_same(found, lg.conditions(*case.arguments), ["beyond_anchor"])


def three(numbers):
    """Prior, words and token of three configurations from 21 integers, no row all zero."""
    prior = numbers[:3] + (numbers[:3].sum() == 0)
    words, token = numbers[3:9].reshape(3, 2) + 1, numbers[9:21].reshape(3, 4)
    token[:, 0] += token.sum(1) == 0
    return prior, words, token


@HALF
@given(WEIGHTS, st.integers(1, 4), st.integers(1, 4))
def test_splitting_a_configuration_in_two_equals_changes_what_theory_says(numbers, left, right):
    """c_0 in shares t, 1 − t with the same tables: its entropy is added, nothing anchors it."""
    prior, words, token = three(numbers)
    twice, shares = [0, 0, 1, 2], np.array([left, right, left + right, left + right])
    context = [[0], [1], [0]]
    old = case(joint_world(prior, words, token), context)
    new = case(joint_world(prior[twice] * shares, words[twice], token[twice]), context)
    before, after = lg.conditions(*old.arguments), lg.conditions(*new.arguments)
    unchanged = {"leak", "num_tokens", "rank", "total_variation", "coverage"}
    check_same(after, before, set(lg.Conditions._fields) - unchanged)
    assert after.num_configurations == 4
    assert after.condition_number == np.inf
    t = left / (left + right)
    bits = -t * np.log(t) - (1 - t) * np.log(1 - t)
    belief = np.exp(lg.log_posterior(old.model, context))
    added = float((belief[:, 0] * bits).mean())
    assert after.posterior_entropy[0] == pytest.approx(before.posterior_entropy[0] + added, **CLOSE)
    assert after.dependence == pytest.approx((0, 0), abs=1e-14)  # a single concept
    parts = np.maximum(
        belief.max(1, where=[False, True, True], initial=0), max(t, 1 - t) * belief[:, 0]
    )
    assert after.epsilon_context[0] == pytest.approx(1 - parts.mean(), **CLOSE)
    rho = [theorem_oracles.anchor(old.truth, c) if prior[c] else 0 for c in range(3)]
    rho[0] = max(1, rho[0]) if prior[0] else 0
    mean = sum(float(r) * p for r, p in zip(rho, np.exp(lg.log_prior(old.model)), strict=True))
    assert after.anchor[0] == pytest.approx(mean, **CLOSE)


@HALF
@given(WEIGHTS)
def test_merging_two_tokens_never_tells_more(numbers):
    prior, words, token = three(numbers)
    merged = np.column_stack([token[:, 0] + token[:, 1], token[:, 2:]])
    model = joint_world(prior, words, token).model()
    every = lg.enumerate_contexts(model, 1)  # with p(x): p(y) is then the same through x and c
    before = lg.conditions(model, *every)
    after = lg.conditions(joint_world(prior, words, merged).model(), *every)
    assert after.num_tokens == before.num_tokens - 1
    for name in ("epsilon_context", "posterior_entropy", "dependence", "num_configurations"):
        assert getattr(after, name) == pytest.approx(getattr(before, name), **CLOSE)
    assert after.rank <= before.rank
    for name, index in [("epsilon", 0), ("epsilon_token", 0)]:
        assert getattr(after, name)[index] >= getattr(before, name)[index] - 1e-12, name
    for name, index in [("coverage", 0), ("coverage", 1), ("total_variation", 1)]:
        assert getattr(after, name)[index] <= getattr(before, name)[index] + 1e-12, name


def test_merging_two_tokens_can_anchor_better_when_each_has_another_rival():
    prior, words = [1, 1, 1], [[1, 1]] * 3
    apart, together = [[1, 1, 2], [2, 0, 4], [0, 2, 4]], [[2, 2], [2, 4], [2, 4]]
    before = lg.conditions(joint_world(prior, words, apart).model(), [[0]])
    after = lg.conditions(joint_world(prior, words, together).model(), [[0]])
    assert before.anchor[1] == pytest.approx(4 / 3)  # of c_0: (1/3) / (1/4), by either token
    assert after.anchor[1] == pytest.approx(1)  # of c_0: (1/3) / (1/2)


@HALF
@given(WEIGHTS)
def test_merging_tokens_with_proportional_rows_changes_no_epsilon(numbers):
    prior, words, token = three(numbers)
    apart = np.column_stack([token, 2 * token[:, 0]])
    together = np.column_stack([3 * token[:, 0], token[:, 1:]])
    context = [[0], [1]]
    before = lg.conditions(joint_world(prior, words, apart).model(), context)
    after = lg.conditions(joint_world(prior, words, together).model(), context)
    changed = {"num_tokens", "total_variation", "beyond_anchor", *SPECTRUM}
    check_same(after, before, changed)
    assert after.total_variation[1] == pytest.approx(before.total_variation[1], **CLOSE)


@HALF
@given(WEIGHTS)
def test_a_configuration_that_cannot_occur_counts_only_as_one_more_to_be_told(numbers):
    prior, words, token = three(numbers)
    more = [np.append(prior, 0), np.vstack([words, [1, 5]]), np.vstack([token, [9, 0, 0, 1]])]
    context = [[0], [1]]
    before = lg.conditions(joint_world(prior, words, token).model(), context)
    after = lg.conditions(joint_world(*more).model(), context)
    check_same(after, before, {"num_configurations", "condition_number", "beyond_anchor"})
    assert after.beyond_anchor == pytest.approx(before.beyond_anchor)
    assert after.condition_number == np.inf
