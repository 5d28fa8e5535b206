"""Is the best linear reader at least a probe, at most Bayes, and right where it can be known?"""

import itertools

import numpy as np
import pytest

import estimators as es


def problem(seed, num_rows=40, dim=2):
    generator = np.random.default_rng(seed)
    features = generator.normal(size=(num_rows, dim))
    one = generator.uniform(size=num_rows)
    weight = generator.dirichlet(np.ones(num_rows))
    return features, np.log(np.stack([1 - one, one], -1)), weight


def exhaustive(features, log_posterior, weight):
    """The best line through the plane, by trying one through every pair of points."""
    gain = np.exp(log_posterior) * weight[:, None]
    best = gain.sum(0).max()
    for first, second in itertools.combinations(range(len(features)), 2):
        along = features[second] - features[first]
        normal = np.array([-along[1], along[0]])
        side = (features - features[first]) @ normal
        for low, high in itertools.product((False, True), repeat=2):  # the two points themselves
            above = side > 0
            above[first], above[second] = low, high
            one = gain[above, 1].sum() + gain[~above, 0].sum()
            best = max(best, one, gain[above, 0].sum() + gain[~above, 1].sum())
    return best


@pytest.mark.parametrize("seed", range(5))
def test_it_lies_between_the_logistic_probe_and_the_best_line_there_is(seed):
    features, log_posterior, weight = problem(seed)
    (found,) = es.best_linear_accuracy(features, [log_posterior], weight)
    probe = es.probe_accuracy(features, [log_posterior], weight)
    limit = exhaustive(features, log_posterior, weight)
    assert probe.population[0] - 1e-9 <= found <= limit + 1e-12 <= probe.bayes[0] + 2e-12


def test_over_several_problems_it_comes_closer_than_the_logistic_probe():
    missed_by_probe, missed = 0.0, 0.0
    for seed in range(10, 20):
        features, log_posterior, weight = problem(seed)
        limit = exhaustive(features, log_posterior, weight)
        probe = es.probe_accuracy(features, [log_posterior], weight).population[0]
        missed_by_probe += limit - probe
        missed += limit - es.best_linear_accuracy(features, [log_posterior], weight)[0]
    assert missed < missed_by_probe / 2


def test_where_the_log_odds_are_a_feature_it_is_bayes():
    _, log_posterior, weight = problem(7)
    odds = log_posterior[:, 1:] - log_posterior[:, :1]
    (found,) = es.best_linear_accuracy(odds, [log_posterior], weight)
    assert found == pytest.approx(weight @ np.exp(log_posterior).max(1), abs=1e-12)


def test_on_a_constant_representation_it_is_the_majority():
    _, log_posterior, weight = problem(8)
    (found,) = es.best_linear_accuracy(np.ones((40, 3)), [log_posterior], weight)
    assert found == pytest.approx((weight @ np.exp(log_posterior)).max(), abs=1e-12)


def test_each_concept_has_its_own_reader():
    features, first, weight = problem(1)
    second = problem(2)[1]
    both = es.best_linear_accuracy(features, [first, second], weight)
    alone = [es.best_linear_accuracy(features, [rows], weight)[0] for rows in (first, second)]
    np.testing.assert_allclose(both, alone, atol=0.01)


def test_a_reader_needs_a_concept():
    with pytest.raises(ValueError, match="needs at least one concept; got none: give a list"):
        es.best_linear_accuracy(np.zeros((3, 1)), [])
