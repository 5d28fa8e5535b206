"""Do linear probes name concepts as often as they can, and never more often than Bayes?"""

from inspect import unwrap

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

import estimators as es
from estimators.instruments.probes import checked_beliefs
from estimators.instruments.softmax_fit import fit_softmax


def beliefs(seed, num_contexts=60, cardinalities=(2, 3)):
    """log p(c_k|x) [context, value] per concept, and p(x)."""
    draw = np.random.default_rng(seed)
    logs = [log_softmax(2 * draw.normal(size=(num_contexts, n)), axis=1) for n in cardinalities]
    return logs, draw.dirichlet(np.ones(num_contexts))


@given(st.integers(0, 2**16), st.integers(0, 4))
def test_no_probe_is_better_than_bayes(seed, dim):
    logs, weight = beliefs(seed)
    representation = np.random.default_rng(seed + 1).normal(size=(60, dim))
    found = es.probe_accuracy(representation, logs, weight)
    assert (found.population <= found.bayes + 1e-9).all()
    assert (found.score <= found.bayes + 1e-9).all()
    assert (found.majority <= found.bayes + 1e-9).all()


def test_bayes_and_majority_are_what_they_are_called():
    logs, weight = beliefs(0)
    found = es.probe_accuracy(np.zeros((60, 1)), logs, weight)
    for concept, log_rows in enumerate(logs):
        best = sum(w * max(np.exp(row)) for w, row in zip(weight, log_rows, strict=True))
        assert abs(found.bayes[concept] - best) < 1e-12
        often = max(weight @ np.exp(log_rows[:, value]) for value in range(log_rows.shape[1]))
        assert abs(found.majority[concept] - often) < 1e-12


@pytest.mark.parametrize("seed", range(5))
def test_log_odds_among_the_features_reach_bayes(seed):
    logs, weight = beliefs(seed)
    odds = logs[0][:, 1] - logs[0][:, 0]
    more = logs[1][:, 1:] - logs[1][:, :1]  # all log-ratios of a concept of three values
    found = es.probe_accuracy(np.column_stack([odds, more]), logs, weight)
    np.testing.assert_allclose(found.population, found.bayes, atol=1e-9)
    assert abs(es.probe_accuracy(odds[:, None], logs[:1], weight).score[0] - found.bayes[0]) < 1e-9


def test_a_constant_representation_names_the_majority():
    logs, weight = beliefs(1)
    found = es.probe_accuracy(np.full((60, 3), 2.5), logs, weight)
    np.testing.assert_allclose(found.population, found.majority, atol=1e-12)
    assert found.num_regressors == 0


def test_concepts_are_probed_one_by_one():
    logs, weight = beliefs(2, cardinalities=(2, 4, 3))
    representation = np.random.default_rng(3).normal(size=(60, 3))
    together = es.probe_accuracy(representation, logs, weight)
    for concept, log_rows in enumerate(logs):
        alone = es.probe_accuracy(representation, [log_rows], weight)
        np.testing.assert_allclose(together.score[concept], alone.score[0], atol=1e-9)
        np.testing.assert_allclose(together.population[concept], alone.population[0], atol=1e-9)


@pytest.mark.parametrize("cardinality", [2, 3])
def test_values_are_named_as_scikit_learn_names_them(cardinality):
    (log_rows,), weight = beliefs(4, cardinalities=(cardinality,))
    features = np.random.default_rng(5).normal(size=(60, 2))
    # Soft targets as labelled rows: each context once per value, weighed p(x) p(c = v|x).
    value, rows = np.tile(np.arange(cardinality), 60), np.repeat(features, cardinality, axis=0)
    share = 60 * (weight[:, None] * np.exp(log_rows)).reshape(-1)
    peer = LogisticRegression(C=1e9, tol=1e-10, max_iter=10_000).fit(rows, value, share)
    ours = fit_softmax(features, np.exp(log_rows), weight).log_predict(features)
    np.testing.assert_allclose(np.exp(ours), peer.predict_proba(features), atol=1e-4)
    named = peer.predict(features)
    expected = weight @ np.exp(log_rows)[np.arange(60), named]
    assert abs(es.probe_accuracy(features, [log_rows], weight).population[0] - expected) < 1e-9


def test_permuted_rows_are_read_no_better_than_by_the_majority():
    gains = []
    for seed in range(20):
        logs, weight = beliefs(seed, num_contexts=200, cardinalities=(2,))
        odds = logs[0][:, 1:] - logs[0][:, :1]
        found = es.probe_accuracy(es.permute_contexts(odds, random_state=seed), logs, weight)
        gains.append(found.score[0] - found.majority[0])
    assert np.mean(gains) < 0.01


def test_too_few_contexts_are_called_saturated_and_not_scored():
    logs, weight = beliefs(0, num_contexts=12)
    found = es.probe_accuracy(np.random.default_rng(0).normal(size=(12, 4)), logs, weight)
    assert found.saturated
    assert np.isnan(found.score).all()
    assert found.score.shape == found.population.shape == (2,)
    assert np.isfinite(found.population).all()


def test_contexts_that_repeat_are_held_out_whole():
    groups, gains = np.repeat(np.arange(60), 8), []
    for seed in range(5):
        draw = np.random.default_rng(seed)
        names = draw.normal(size=(60, 9))[groups]  # tells contexts apart and says nothing of them
        log_rows = log_softmax(4 * draw.normal(size=(60, 2)), axis=1)[groups]
        by_context = es.probe_accuracy(names, [log_rows], groups=groups)
        by_sample = es.probe_accuracy(names, [log_rows], groups=np.arange(len(groups)))
        noticed = es.probe_accuracy(names, [log_rows])  # without groups
        np.testing.assert_array_equal(noticed.score, by_context.score)
        gains.append([found.score[0] - found.majority[0] for found in (by_context, by_sample)])
    by_context, by_sample = np.mean(gains, axis=0)
    assert by_context < 0.02
    assert by_sample > 0.05


def test_a_probe_needs_a_concept_and_distributions():
    with pytest.raises(ValueError, match="needs at least one concept; got none"):
        es.probe_accuracy(np.zeros((3, 1)), [])
    for array in (np.log(np.full((64, 2), 0.5)), jnp.log(jnp.full((64, 4), 0.25))):
        message = rf"one \[row, value\] array a concept; .* of shape \(64, {array.shape[1]}\): give"
        with pytest.raises(ValueError, match=message):
            unwrap(checked_beliefs)(array, 64)  # as it is outside the tests, where types are free
    with pytest.raises(ValueError, match="row 0 sums to 2"):
        es.probe_accuracy(np.zeros((3, 1)), [np.zeros((3, 2))])
    with pytest.raises(ValueError, match="representation must be finite; row 1 is not"):
        es.probe_accuracy([[0.0], [np.nan]], [np.log(np.full((2, 2), 0.5))])
