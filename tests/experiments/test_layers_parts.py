"""Are sequences, prefixes, links and rises of the layers what they are said to be?"""

from itertools import product

import jax
import numpy as np
import pytest

import estimators as es
import latentgen as lg
from experiments.layers.cell import asked
from experiments.layers.links import explained_variance, fit_links, link_scores
from experiments.layers.reading import all_prefixes, at_prefix, raw_input
from experiments.layers.rise import exponential_width, rise
from experiments.layers.worlds import keyed_sequences, mess3_sequences


def test_the_last_letter_of_the_keyed_world_names_the_configuration():
    exact = keyed_sequences(3, asked(4), (0.02, 0.3), 0.01)
    channel = lg.uniform_channel(4, 0.01)
    found = np.exp(exact.log_belief[:, -1]) @ channel
    np.testing.assert_allclose(np.exp(exact.log_predictive[:, -1]), found, atol=1e-12)
    assert exact.weight.sum() == pytest.approx(1, abs=1e-12)


def test_a_pair_tells_its_concept_by_agreement_alone():
    exact = keyed_sequences(3, (1, 0), (0.15, 0.15), 0.01)
    second = np.exp(exact.log_concepts[1][:, 0, 1])
    for context, told in zip(exact.context, exact.log_concepts[1][:, 2], strict=True):
        differ = context[0] != context[1]
        odds = second[0] / (1 - second[0]) * (0.85 / 0.15 if differ else 0.15 / 0.85)
        assert np.exp(told[1]) == pytest.approx(odds / (1 + odds), abs=1e-12)
    for prefix in (1, 3):  # after a key nothing new is known
        np.testing.assert_allclose(
            exact.log_belief[:, prefix], exact.log_belief[:, prefix - 1], atol=1e-12
        )


def test_mess3_sequences_agree_with_a_sum_over_all_paths_of_states():
    exact = mess3_sequences(5, 3)
    context = exact.context[7]
    given = np.exp(exact.log_predictive[0, 0])
    assert given == pytest.approx(np.full(3, 1 / 3))
    x, alpha = 0.03 + 0.05 * draws(5)[0], 0.75 + 0.15 * draws(5)[1]
    move = np.where(np.eye(3, dtype=bool), 1 - 2 * x, x)
    emit = np.where(np.eye(3, dtype=bool), alpha, (1 - alpha) / 2)
    joint = np.zeros((3, 3))
    for first, second, third, last in product(range(3), repeat=4):
        path = move[first, second] * move[second, third] / 3
        seen = emit[first, context[0]] * emit[second, context[1]] * emit[third, context[2]]
        joint[third] += path * seen * move[third, last] * emit[last]
    assert exact.weight[7] == pytest.approx(joint.sum(), rel=1e-9)
    belief = joint.sum(1) / joint.sum()
    np.testing.assert_allclose(np.exp(exact.log_belief[7, 3]), belief, atol=1e-9)
    np.testing.assert_allclose(
        np.exp(exact.log_predictive[7, 3]), joint.sum(0) / joint.sum(), atol=1e-9
    )


def draws(seed):
    return np.asarray(jax.random.uniform(jax.random.key(seed), (2,)), np.float64)


def test_every_distinct_prefix_is_one_row_with_its_own_probability():
    exact = mess3_sequences(0, 4)
    view = at_prefix(exact, 2)
    assert len(view.weight) == 9
    for row in range(9):
        same = (exact.context[:, :2] == exact.context[view.context[row], :2]).all(1)
        assert view.weight[row] == pytest.approx(exact.weight[same].sum(), rel=1e-12)
    pooled = all_prefixes(exact)
    assert sorted(set(pooled.prefix)) == [3, 4]
    assert pooled.weight.sum() == pytest.approx(1)
    assert pooled.weight[pooled.prefix == 3].sum() == pytest.approx(0.5)


def test_the_raw_input_is_aligned_at_the_last_word_read():
    exact = mess3_sequences(0, 3)
    rows = raw_input(exact).reshape(len(exact.context), 4, 3, 3)
    assert not rows[:, 0].any()
    np.testing.assert_array_equal(rows[:, 2, 0].argmax(-1), exact.context[:, 1])
    np.testing.assert_array_equal(rows[:, 3, 2].argmax(-1), exact.context[:, 0])
    assert rows[:, 2].sum((-1, -2)) == pytest.approx(2)


def beliefs(num_rows=200, seed=0):
    rng = np.random.default_rng(seed)
    logits = 2 * rng.normal(size=(num_rows, 3))
    log_belief = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return log_belief, rng.dirichlet(np.ones(num_rows))


def scores(features, log_belief, weight, **options):
    fitted = fit_links(features, log_belief, weight, random_state=1, **options)
    return link_scores(fitted, log_belief, weight)


def test_each_link_is_perfect_on_its_own_law_and_not_on_the_others():
    log_belief, weight = beliefs()
    ratios = log_belief @ lg.zero_sum_basis(3)
    held = scores(ratios, log_belief, weight)
    assert held["softmax.held_out"] == pytest.approx(1, abs=1e-3)
    assert held["readout.held_out"] == pytest.approx(1, abs=1e-3)
    assert held["identity.held_out"] < 0.97
    held = scores(np.exp(log_belief), log_belief, weight)
    assert held["identity.held_out"] == pytest.approx(1, abs=1e-9)
    assert held["softmax.held_out"] < 0.995


def test_the_identity_link_is_least_squares_on_the_other_folds():
    log_belief, weight = beliefs(60)
    features = log_belief[:, :1] ** 2
    folds = es.context_folds(None, 60, random_state=1)
    target, predicted = np.exp(log_belief), np.zeros((60, 3))
    for train, test in folds.splits():
        design = np.concatenate([features, np.ones((60, 1))], 1)
        gram = design[train].T @ (weight[train, None] * design[train])
        moment = design[train].T @ (weight[train, None] * target[train])
        predicted[test] = design[test] @ np.linalg.solve(gram, moment)
    variance = sum(
        w * ((row - weight @ target) ** 2).sum() for w, row in zip(weight, target, strict=True)
    )
    missed = weight @ ((target - predicted) ** 2).sum(1)
    found = scores(features, log_belief, weight)["identity.held_out"]
    assert found == pytest.approx(1 - missed / variance, abs=1e-9)
    assert explained_variance(log_belief, predicted, weight) == pytest.approx(found, abs=1e-9)


def test_noise_tells_nothing_and_too_many_regressors_are_saturated():
    log_belief, weight = beliefs()
    noise = np.random.default_rng(3).normal(size=(200, 5))
    held = scores(noise, log_belief, weight)
    assert max(held["identity.held_out"], held["softmax.held_out"]) < 0.1
    wide = np.random.default_rng(3).normal(size=(200, 40))
    wide[:, :2] += 30 * (log_belief @ lg.zero_sum_basis(3))
    assert np.isnan(scores(wide, log_belief, weight)["softmax.held_out"])
    assert scores(wide, log_belief, weight)["softmax.population"] > 0.9
    assert scores(wide, log_belief, weight, fewer=True)["softmax.held_out"] > 0.9


def test_the_width_of_a_rise_is_measured_from_its_lowest_point():
    steps = np.array([0, *2 ** np.arange(16)])
    fine = np.unique(np.concatenate([[0], np.round(1.1 ** np.arange(110))]))
    relaxing = rise(fine, 1 - np.exp(-fine / 100))
    assert relaxing.rise_width == pytest.approx(4.45, abs=0.02)
    assert relaxing.halfway == pytest.approx(np.log2(100 * np.log(2)), abs=0.02)
    jump = (steps >= 64).astype(float)
    assert rise(steps, jump).rise_width == pytest.approx(0.8)
    fallen = np.where(steps < 4, 0.6, jump)
    assert rise(steps, fallen).rise_width == pytest.approx(0.8)
    assert np.isnan(rise(steps, 0.9 + 0.01 * jump).rise_width)
    assert np.isnan(rise(steps, np.full(len(steps), np.nan)).halfway)


def test_an_exponential_approach_is_twice_as_steep_where_the_rate_grows_with_the_steps():
    steps = np.unique(np.concatenate([[0], np.round(1.1 ** np.arange(100))])).astype(int)
    constant, growing = np.ones(steps[-1]), np.arange(steps[-1]) + 0.5
    halfway = np.log2(steps[-1] / 16)
    assert exponential_width(steps, constant, halfway) == pytest.approx(4.45, abs=0.05)
    assert exponential_width(steps, growing, halfway) == pytest.approx(4.45 / 2, abs=0.05)
    assert np.isnan(exponential_width(steps, constant, np.nan))


def test_every_pair_and_key_flips_at_a_rate_of_its_own_within_the_bounds():
    exact = keyed_sequences(3, (0,), (0.02, 0.3), 0.0)
    told = np.exp(exact.log_concepts[0][:, 2, 1])
    prior = np.exp(exact.log_concepts[0][0, 0, 1])
    ratio = (told / (1 - told)) * (1 - prior) / prior
    rates = [1 / (1 + max(ratio[row], 1 / ratio[row])) for row in range(4)]
    by_key = {int(key): rate for (key, _), rate in zip(exact.context, rates, strict=True)}
    assert all(0.02 <= rate <= 0.3 for rate in by_key.values())
    assert by_key[0] != pytest.approx(by_key[1], rel=1e-3)
