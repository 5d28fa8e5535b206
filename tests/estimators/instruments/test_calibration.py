"""Are probes' probabilities scored beside the Bayes posterior and the marginal, as defined?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import TypeCheckError
from scipy.special import log_softmax
from sklearn.metrics import brier_score_loss, log_loss

import estimators as es
from estimators.instruments.probes import fit_probes


def beliefs(seed, num_contexts=60, cardinalities=(2, 3)):
    """log p(c_k|x) [context, value] per concept, and p(x)."""
    draw = np.random.default_rng(seed)
    logs = [log_softmax(2 * draw.normal(size=(num_contexts, n)), axis=1) for n in cardinalities]
    return logs, draw.dirichlet(np.ones(num_contexts))


def log_odds(logs):
    return np.column_stack([rows[:, 1:] - rows[:, :1] for rows in logs])


@given(st.integers(0, 2**16), st.integers(0, 4))
def test_bayes_bounds_the_probe_and_the_probe_beats_the_marginal(seed, dim):
    logs, weight = beliefs(seed)
    representation = np.random.default_rng(seed + 1).normal(size=(60, dim))
    found = es.probe_calibration(representation, logs, weight)
    assert (found.bayes.log_loss <= found.population.log_loss + 1e-9).all()
    assert (found.population.log_loss <= found.marginal.log_loss + 1e-6).all()
    assert (found.bayes.brier <= np.minimum(found.population.brier, found.score.brier) + 1e-9).all()
    assert (found.excess >= -1e-9).all()
    for part in (found.score, found.population, found.bayes, found.marginal):
        assert ((part.brier >= 0) & (part.brier <= 2)).all()
        assert ((part.calibration_error >= 0) & (part.calibration_error <= 1)).all()
    np.testing.assert_allclose(found.bayes.calibration_error, 0, atol=1e-12)
    np.testing.assert_allclose(found.marginal.calibration_error, 0, atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_log_odds_among_the_features_reach_bayes(seed):
    logs, weight = beliefs(seed, num_contexts=200)
    found = es.probe_calibration(log_odds(logs), logs, weight)
    np.testing.assert_allclose(found.population, found.bayes, atol=1e-3)
    np.testing.assert_allclose(found.population.log_loss, found.bayes.log_loss, atol=1e-6)
    np.testing.assert_allclose(found.excess, 0, atol=1e-6)


def test_a_constant_representation_states_the_marginal():
    logs, weight = beliefs(1)
    found = es.probe_calibration(np.full((60, 3), 2.5), logs, weight)
    np.testing.assert_allclose(found.population, found.marginal, atol=1e-6)
    excess = found.marginal.log_loss - found.bayes.log_loss
    information = [es.mutual_information(rows, weight) for rows in logs]
    np.testing.assert_allclose(excess, information, atol=1e-12)


def test_losses_are_those_of_scikit_learn_on_labelled_rows():
    (log_rows,), weight = beliefs(4, cardinalities=(3,))
    features = np.random.default_rng(5).normal(size=(60, 2))
    found = es.probe_calibration(features, [log_rows], weight)
    value, row = np.tile(np.arange(3), 60), np.repeat(np.arange(60), 3)
    share = (weight[:, None] * np.exp(log_rows)).reshape(-1)
    answer = np.exp(fit_probes(features, [log_rows], weight).population[0])
    expected = log_loss(value, answer[row], sample_weight=share)
    assert abs(found.population.log_loss[0] - expected) < 1e-9
    expected = brier_score_loss(value, answer[row], sample_weight=share, scale_by_half=False)
    assert abs(found.population.brier[0] - expected) < 1e-9


def test_the_calibration_error_is_the_gap_of_every_bin():
    (log_rows,), weight = beliefs(6, cardinalities=(2,))
    features = np.random.default_rng(7).normal(size=(60, 2))
    found = es.probe_calibration(features, [log_rows], weight, num_bins=4)
    answer = np.exp(fit_probes(features, [log_rows], weight).population[0])
    error = 0.0
    for low in (0, 0.25, 0.5, 0.75):
        inside = [row for row in range(60) if low <= max(answer[row]) < low + 0.25]
        sure = sum(weight[row] * max(answer[row]) for row in inside)
        right = sum(weight[row] * np.exp(log_rows[row, answer[row].argmax()]) for row in inside)
        error += abs(sure - right)
    assert found.population.calibration_error[0] == pytest.approx(error)


def test_more_bins_hide_no_less():
    feature = np.linspace(-2, 2, 60)[:, None]  # log-odds are its cube: first too sure, then not
    log_rows = log_softmax(np.column_stack([np.zeros(60), feature**3]), axis=1)
    errors = [
        es.probe_calibration(feature, [log_rows], num_bins=bins).population.calibration_error[0]
        for bins in (1, 4, 16)
    ]
    assert errors == sorted(errors)
    assert errors[0] < errors[-1] / 2  # errors of opposite sign are there to be hidden


def test_many_noise_features_are_overconfident_on_new_contexts():
    found = []
    for seed in range(5):
        (log_rows,), _ = beliefs(seed, num_contexts=120, cardinalities=(2,))
        noise = np.random.default_rng(seed + 50).normal(size=(120, 15))
        found.append(es.probe_calibration(noise, [log_rows]))
    held_out = np.mean([one.score.calibration_error[0] for one in found])
    assert held_out > 2 * np.mean([one.population.calibration_error[0] for one in found])
    assert np.mean([one.excess[0] for one in found]) > np.mean(
        [one.marginal.log_loss[0] - one.bayes.log_loss[0] for one in found]
    )


def test_too_few_contexts_are_called_saturated_and_not_scored():
    logs, weight = beliefs(0, num_contexts=12)
    found = es.probe_calibration(np.random.default_rng(0).normal(size=(12, 4)), logs, weight)
    assert found.saturated
    for values in (*found.score, found.excess):
        assert np.isnan(values).all()
        assert values.shape == (2,)
    assert np.isfinite(found.population).all()


def test_impossible_values_are_legal():
    with np.errstate(divide="ignore"):
        log_rows = np.log(np.tile([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]], (10, 1)))
    found = es.probe_calibration(np.arange(30.0)[:, None], [log_rows])
    assert np.isfinite(found.bayes).all()
    assert np.isfinite(found.marginal).all()
    assert found.bayes.log_loss[0] == pytest.approx(np.log(2) / 3)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="needs at least one concept; got none"):
        es.probe_calibration(np.zeros((3, 1)), [])
    with pytest.raises(ValueError, match="num_bins must be a whole number of at least 1; got 0: "):
        es.probe_calibration(np.zeros((3, 1)), [np.log(np.full((3, 2), 0.5))], num_bins=0)
    # Where types are executed, as here, these refuse a fraction before the instrument does.
    with pytest.raises((ValueError, TypeCheckError), match="num_bins"):
        es.probe_calibration(np.zeros((3, 1)), [np.log(np.full((3, 2), 0.5))], num_bins=2.5)
