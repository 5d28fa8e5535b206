"""Do intervals agree with scipy and the textbook, and do they cover what they should?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import estimators as es

VALUES = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20)
# Ranks (from 1) of the 95 % sign-test interval of the median, from tables of the binomial.
RANKS = {6: (1, 6), 8: (1, 8), 9: (2, 8), 10: (2, 9), 12: (3, 10), 15: (4, 12), 20: (6, 15)}


@given(VALUES, st.sampled_from([0.8, 0.95]))
def test_the_interval_of_the_mean_is_students(values, level):
    found = es.interval(values, level)
    spread = stats.sem(values)
    margin = stats.t(len(values) - 1).isf((1 - level) / 2) * spread
    np.testing.assert_allclose(found.mean, np.mean(values), atol=1e-9)
    expected = (np.mean(values) - margin, np.mean(values) + margin)
    np.testing.assert_allclose((found.low, found.high), expected, atol=1e-9)
    assert found.num_values == len(values)


def test_the_interval_of_the_mean_is_scipys():
    values = np.random.default_rng(0).normal(size=10)
    low, high = stats.t.interval(0.95, 9, loc=values.mean(), scale=stats.sem(values))
    np.testing.assert_allclose(es.interval(values)[1:3], (low, high))


@pytest.mark.parametrize("count", sorted(RANKS))
def test_the_interval_of_the_median_is_the_textbooks(count):
    values = np.random.default_rng(count).permutation(count) + 1.0  # its value is its rank
    found = es.interval(values)
    assert (found.median_low, found.median_high) == RANKS[count]
    assert found.median == (count + 1) / 2


@given(st.integers(1, 40), st.sampled_from([0.8, 0.9, 0.95]))
def test_the_median_lies_outside_with_at_most_the_stated_probability(count, level):
    found = es.interval(np.arange(count) + 1.0, level)
    if np.isnan(found.median_low):
        assert 2 * 0.5**count > 1 - level  # not even the extremes are wide enough
        return
    outside = 2 * stats.binom.cdf(found.median_low - 1, count, 0.5)
    wider = 2 * stats.binom.cdf(found.median_low, count, 0.5)
    assert outside <= 1 - level + 1e-12 < wider + 1e-9


def test_both_intervals_cover_as_often_as_they_say():
    trials, level = 2000, 0.95
    draws = np.random.default_rng(1).normal(size=(trials, 10))
    found = [es.interval(row, level) for row in draws]
    mean = np.mean([f.low <= 0 <= f.high for f in found])
    median = np.mean([f.median_low <= 0 <= f.median_high for f in found])
    slack = 4 * np.sqrt(level * (1 - level) / trials)  # four standard errors
    assert abs(mean - level) < slack
    assert abs(median - (1 - 2 * stats.binom.cdf(1, 10, 0.5))) < slack  # 97.9 %, ranks 2 and 9


def test_few_values_have_no_limits():
    one = es.interval([3.0])
    assert (one.mean, one.median, one.num_values) == (3.0, 3.0, 1)
    assert np.isnan([one.low, one.high, one.median_low, one.median_high]).all()
    none = es.interval([])
    assert np.isnan(none[:6]).all()
    assert none.num_values == 0
    five = es.interval(np.arange(5.0))
    assert np.isfinite(five.low)
    assert np.isnan(five.median_low)


def test_equal_values_have_an_interval_of_no_width():
    assert es.interval([2.0] * 8) == (2.0,) * 6 + (8,)


def test_missing_values_are_refused():
    with pytest.raises(ValueError, match="drop or explain missing seeds first"):
        es.interval([1.0, np.nan])


@pytest.mark.parametrize("level", [95, 1.0, 0.0, -1, np.nan])
def test_a_level_is_a_share(level):
    with pytest.raises(ValueError, match=f"between 0 and 1; got {level}: 0.95 for an interval of"):
        es.interval([1.0, 2.0], level)
    with pytest.raises(ValueError, match="level must be a share"):
        es.paired_difference([1.0, 2.0], [1.0, 3.0], level)


def test_infinite_values_have_no_interval():
    with pytest.raises(ValueError, match="values must be finite; 2 of 3 are infinite"):
        es.interval([np.inf, 1.0, -np.inf])


@pytest.mark.parametrize("shape", [(), (4, 3), (1, 4), (4, 1)])
def test_concepts_are_no_seeds(shape):
    with pytest.raises(ValueError, match=r"must have one axis \[seed\]; got shape .* each concept"):
        es.interval(np.ones(shape))


@pytest.mark.parametrize("values", [[1 + 2j, 0], ["1", "2"], [None, 1.0]])
def test_what_are_no_real_numbers_have_no_interval(values):
    with pytest.raises(ValueError, match="values must hold real numbers; got dtype"):
        es.interval(values)
