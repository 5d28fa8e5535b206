"""Is the divergence to the exact predictive the excess loss, with a worst context and a share?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax, rel_entr

import estimators as es

SEEDS = st.integers(0, 2**16)


def positive(seed, zeros=False):
    """p(y|x) [context, token] from small integers, and with zeros where these are asked for."""
    counts = np.random.default_rng(seed).integers(0 if zeros else 1, 4, (5, 3)) + np.eye(5, 3)
    counts[3:, 0] += 1
    return counts / counts.sum(1, keepdims=True)


@given(SEEDS, st.booleans())
def test_the_excess_loss_is_the_mean_divergence(seed, zeros):
    exact, predicted = positive(seed, zeros), positive(seed + 1)
    weight = np.random.default_rng(seed).dirichlet(np.ones(5))
    expected = sum(
        w * p * np.log(p / q)
        for w, one, two in zip(weight, exact, predicted, strict=True)
        for p, q in zip(one, two, strict=True)
        if p > 0
    )
    with np.errstate(divide="ignore"):
        found = es.excess_loss(np.log(exact), np.log(predicted), weight)
        itself = es.excess_loss(np.log(exact), np.log(exact), weight)
    assert abs(found - expected) < 1e-12
    assert itself == 0
    assert found > 0 or np.allclose(exact, predicted)


def test_ruling_out_what_happens_costs_infinitely_much():
    with np.errstate(divide="ignore"):
        exact, predicted = np.log([[0.5, 0.5]] * 2), np.log([[1.0, 0.0], [0.5, 0.5]])
    assert es.excess_loss(exact, predicted, np.ones(2)) == np.inf
    assert es.excess_loss(exact, predicted, np.array([0.0, 1.0])) == 0  # it never happens


@given(SEEDS)
def test_the_excess_loss_is_one_number_whoever_is_asked(seed):
    exact, predicted, weight = pair(seed)
    single = predicted.astype(np.float32)  # sums to one up to rounding only
    for rows in (predicted, single, exact):
        found = es.excess_loss(exact, rows, weight)
        assert found == es.kl_to_exact(exact, rows, weight).divergence
        assert found == es.excess_loss(exact, rows, 4 * weight)  # weights need not sum to one
    assert es.excess_loss(exact, predicted) == es.kl_to_exact(exact, predicted).divergence


def pair(seed, num_contexts=40, num_tokens=4):
    """Exact and predicted [context, token] from integer weights with zeros, and p(x)."""
    draw = np.random.default_rng(seed)
    counts = draw.integers(0, 3, (num_contexts, num_tokens)) + np.eye(num_tokens)[0]
    with np.errstate(divide="ignore"):
        exact = np.log(counts / counts.sum(1, keepdims=True))
    predicted = log_softmax(draw.normal(size=(num_contexts, num_tokens)), axis=1)
    return exact, predicted, draw.integers(0, 3, num_contexts) + 1.0


@given(SEEDS)
def test_it_is_the_excess_loss_and_the_sum_of_its_terms(seed):
    exact, predicted, weight = pair(seed)
    found = es.kl_to_exact(exact, predicted, weight)
    weight = weight / weight.sum()
    assert abs(found.divergence - es.excess_loss(exact, predicted, weight)) < 1e-12
    each = rel_entr(np.exp(exact), np.exp(predicted)).sum(1)
    np.testing.assert_allclose(es.context_divergence(exact, predicted), each, atol=1e-12)
    assert abs(found.divergence - weight @ each) < 1e-12
    assert (found.worst, found.worst_context) == (pytest.approx(each.max()), each.argmax())
    loss = -weight @ (np.exp(exact) * predicted).sum(1)
    assert abs(loss - found.bayes_loss - found.divergence) < 1e-12
    assert found.sampling is None


@given(SEEDS)
def test_the_share_is_zero_for_the_exact_and_one_for_the_marginal(seed):
    exact, _, weight = pair(seed)
    weight = weight / weight.sum()
    marginal = np.broadcast_to(np.log(weight @ np.exp(exact)), exact.shape)
    assert es.kl_to_exact(exact, exact, weight)[0] == 0
    assert abs(es.kl_to_exact(exact, marginal, weight).share - 1) < 1e-9


def test_a_possible_token_predicted_with_zero_costs_infinitely_much():
    with np.errstate(divide="ignore"):
        exact = np.log([[0.5, 0.5, 0.0], [0.0, 0.1, 0.9]])
        predicted = np.log([[0.5, 0.5, 0.0], [0.9, 0.1, 0.0]])
    found = es.kl_to_exact(exact, predicted)
    assert (found.divergence, found.share, found.worst) == (np.inf, np.inf, np.inf)
    assert found.worst_context == 1
    without = es.kl_to_exact(exact, predicted, [1, 0])
    assert (without.divergence, without.worst, without.worst_context) == (0, 0, 0)
    assert np.isnan(without.share)  # one context tells nothing
    sampled = es.kl_to_exact(exact, predicted, sampled=True).sampling
    assert (sampled.mean, sampled.low, sampled.median, sampled.num_values) == (
        np.inf,
        np.inf,
        np.inf,
        2,
    )


def test_the_interval_over_sampled_contexts_covers_as_often_as_it_says():
    exact, predicted, weight = pair(0)
    weight = weight / weight.sum()
    true = es.kl_to_exact(exact, predicted, weight).divergence
    covered = 0
    for seed in range(200):
        rows = np.random.default_rng(seed).choice(len(exact), 100, p=weight)
        found = es.kl_to_exact(exact[rows], predicted[rows], sampled=True).sampling
        covered += found.low <= true <= found.high
    assert 0.9 <= covered / 200 <= 0.99


def test_where_there_is_nothing_to_know_there_is_no_share():
    flat = np.log(np.full((5, 2), 0.5))
    found = es.kl_to_exact(flat, np.log(np.tile([0.1, 0.9], (5, 1))))
    assert np.isnan(found.share)
    assert found.divergence > 0
    assert found.information == pytest.approx(0, abs=1e-12)


def test_bad_input_is_refused():
    exact, predicted, weight = pair(1)
    with pytest.raises(ValueError, match=r"predicted log-predictions must have axes .* 40 rows"):
        es.kl_to_exact(exact, predicted[1:])
    with pytest.raises(ValueError, match="must be over the same tokens"):
        es.kl_to_exact(exact, log_softmax(predicted[:, 1:], axis=1))
    with pytest.raises(ValueError, match="sampled rows count alike"):
        es.kl_to_exact(exact, predicted, weight, sampled=True)


@pytest.mark.parametrize("measure", [es.kl_to_exact, es.excess_loss])
def test_what_are_no_predictions_is_refused_by_name(measure):
    exact, predicted, weight = pair(1)
    with pytest.raises(ValueError, match=r"exact log-predictions must have axes .* got shape \(\)"):
        measure(0.0, 0.0, [1.0])
    with pytest.raises(ValueError, match="predicted log-predictions must hold log-probabilities"):
        measure(exact, np.exp(predicted), weight)
    with pytest.raises(ValueError, match="predicted log-predictions must hold real numbers"):
        measure(exact, predicted + 0j, weight)
    with pytest.raises(ValueError, match=r"weight must have shape \(40,\)"):
        measure(exact, predicted, weight[1:])


def test_the_divergence_of_each_context_is_checked_as_the_mean_is():
    even = np.log(np.full((3, 2), 0.5))
    assert es.context_divergence(even.tolist(), even.tolist()).tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="the predicted log-predictions must hold log-prob"):
        es.context_divergence(even, even + 1)
    with pytest.raises(ValueError, match="row"):
        es.context_divergence(even, even[1:])
