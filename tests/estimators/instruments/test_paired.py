"""Does pairing by seed take away what both scores share, and decide only where it may?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_rel

import estimators as es

SCORES = st.lists(st.integers(-50, 50), min_size=2, max_size=30)


@given(SCORES, st.integers(0, 2**16))
def test_it_is_the_interval_of_a_paired_t_test(values, seed):
    first = np.array(values, float)
    second = first - np.random.default_rng(seed).normal(size=len(first))
    found = es.paired_difference(first, second)
    expected = ttest_rel(first, second).confidence_interval(0.95)
    np.testing.assert_allclose([found.difference.low, found.difference.high], expected, rtol=1e-6)
    assert found.difference == es.interval(first - second)


@given(SCORES, SCORES, st.integers(-5, 5))
def test_swapping_mirrors_and_what_both_share_cancels(first, second, shift):
    size = min(len(first), len(second))
    first, second = np.array(first[:size], float), np.array(second[:size], float)
    found, mirrored = es.paired_difference(first, second), es.paired_difference(second, first)
    np.testing.assert_allclose(
        [found.difference.low, found.difference.median_low],
        [-mirrored.difference.high, -mirrored.difference.median_high],
        atol=1e-9,
    )
    common = shift * np.arange(size)
    moved = es.paired_difference(first + common, second + common)
    np.testing.assert_allclose(moved.difference, found.difference, atol=1e-9)


def test_pairing_decides_what_unpaired_intervals_leave_open():
    draw = np.random.default_rng(0)
    world = draw.normal(size=20)
    first, second = world + 0.05 + 0.01 * draw.normal(size=20), world
    found = es.paired_difference(first, second)
    assert found.decided(0.01)
    assert found.correlation > 0.99
    alone = es.interval(first), es.interval(second)
    assert alone[0].low < alone[1].high


@pytest.mark.parametrize(
    ("shift", "decided", "exceeds"),
    [(0.04, True, False), (0.06, True, True), (0.005, False, False), (-0.06, True, False)],
)
def test_margins_are_those_of_the_verdicts(shift, decided, exceeds):
    wiggle = 0.004 * np.array([1.0, -1.0] * 10)
    found = es.paired_difference(shift + wiggle, np.zeros(20))
    assert found.decided(0.01) == decided
    assert found.exceeds(0.05) == exceeds


def test_one_seed_decides_nothing():
    found = es.paired_difference([1.0], [0.0])
    assert found.difference.mean == 1
    assert not found.decided(0.01)
    assert not found.exceeds(0.05)
    assert np.isnan(found.correlation)
    assert es.paired_difference([], []).difference.num_values == 0


def test_noise_exceeds_as_often_as_the_level_says():
    wrong = 0
    for seed in range(400):
        first, second = np.random.default_rng(seed).normal(size=(2, 20))
        wrong += es.paired_difference(first, second).decided(0.0)
    assert 0.02 <= wrong / 400 <= 0.08


def test_the_largest_null_is_the_one_of_the_largest_mean():
    score, low, high = np.array([0.9, 0.8]), np.array([0.6, 0.0]), np.array([0.4, 0.5])
    found = es.gap_to_largest_null(score, [low, high])
    assert found == es.paired_difference(score, high)
    with pytest.raises(ValueError, match="only beside a null; got none"):
        es.gap_to_largest_null(score, [])


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="paired by seed; got 2 and 3"):
        es.paired_difference([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="NaN has no meaning"):
        es.paired_difference([1, np.nan], [1, 2])


def test_seeds_alone_are_paired():
    scores = np.ones((4, 3))
    with pytest.raises(ValueError, match=r"first must have one axis \[seed\]; got shape \(4, 3\)"):
        es.paired_difference(scores, scores)
    with pytest.raises(ValueError, match=r"second must have one axis \[seed\]"):
        es.paired_difference(scores[:, 0], scores)
    with pytest.raises(ValueError, match="second must be finite; 1 of 2 are infinite"):
        es.paired_difference([1.0, 2.0], [np.inf, 0.0])


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(
    ("null", "message"),
    [
        ([0.0, np.nan, 0.0], "{} must be numbers; 1 of 3 are NaN"),
        ([0.0, -np.inf, 0.0], "{} must be finite"),
        ([0.0, 0.0], "paired by seed; got 3 and 2 of score and {}"),
        ([-1.0] * 4, "paired by seed; got 3 and 4 of score and {}"),
        ([[0.0, 0.0, 0.0]], "{} must have one axis"),
    ],
)
def test_no_null_is_chosen_before_all_are_checked(null, message, place):
    nulls = [[0.1, 0.2, 0.3], [0.3, 0.2, 0.5]]
    nulls.insert(place, null)
    with pytest.raises(ValueError, match=message.format(rf"nulls\[{place}\]")):
        es.gap_to_largest_null([0.9, 0.8, 0.7], nulls)


def test_a_score_without_seeds_has_no_gap_and_no_warning():
    assert es.gap_to_largest_null([], [[], []]).difference.num_values == 0
