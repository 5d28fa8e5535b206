"""Is the divergence to the exact predictive the excess loss, with a worst context and a share?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax, rel_entr

import estimators as es

SEEDS = st.integers(0, 2**16)


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
