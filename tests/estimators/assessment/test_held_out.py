"""Are contributions of rows what their name says, and is an interval over blocks one?"""

import numpy as np
import pytest

import estimators as es
from estimators.assessment.features import Nulls, log_plus
from estimators.assessment.held_out import HeldOut, paired_rows, score_interval
from estimators.assessment.verdict import is_trivial, judged
from tests.estimators.assessment.made_up import posterior


def test_an_interval_over_blocks_is_that_of_a_ratio():
    rng = np.random.default_rng(0)
    rows, weight = rng.standard_normal(60), rng.dirichlet(np.ones(60))
    folds = es.context_folds(None, 60)
    found = score_interval([rows], weight, folds)
    mean = sum(weight * rows)
    blocks = [folds.fold == block for block in range(5)]
    squares = sum((weight[b] @ rows[b] - mean * weight[b].sum()) ** 2 for b in blocks)
    assert found.mean == pytest.approx(mean)
    assert found.high - found.mean == pytest.approx(2.776445 * np.sqrt(5 / 4 * squares), rel=1e-5)
    assert found.mean - found.low == pytest.approx(found.high - found.mean)


def test_an_interval_over_blocks_covers_what_independent_contexts_have_as_their_mean():
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(400):
        rows, weight = rng.exponential(1, 100), np.full(100, 0.01)
        found = score_interval([rows], weight, es.context_folds(None, 100))
        hits += found.low <= 1 <= found.high
    assert 0.91 <= hits / 400 <= 0.98


def test_a_constant_score_has_an_interval_of_no_width():
    found = score_interval([np.full(50, 0.7)], np.full(50, 0.02), es.context_folds(None, 50))
    assert (found.low, found.high) == pytest.approx((0.7, 0.7))


def test_a_seed_that_is_saturated_leaves_no_answer():
    folds = es.context_folds(None, 10)
    assert np.isnan(score_interval([np.ones(10), None], np.full(10, 0.1), folds).mean)
    assert np.isnan(score_interval([None], np.full(10, 0.1), folds).mean)


def test_a_null_that_is_one_for_all_seeds_is_paired_with_each():
    first = [HeldOut(np.full(3, score), score, 1, False) for score in (0.5, 0.7)]
    one = [HeldOut(np.full(3, 0.2), 0.2, 1, False)]
    assert [rows[0] for rows in paired_rows(first, one)] == pytest.approx([0.3, 0.5])
    assert paired_rows(first[:1], [HeldOut(None, 1.0, 9, True)]) == [None]


def test_rows_of_one_context_share_their_null():
    groups = np.array([5, 5, 2, 9, 2])
    nothing = Nulls(groups, 0)
    rows = groups[:, None] * np.ones((1, 3))
    for null in (nothing.noise(rows), nothing.permuted(rows)):
        np.testing.assert_array_equal(null[0], null[1])
        np.testing.assert_array_equal(null[2], null[4])
    assert set(nothing.permuted(rows)[:, 0]) == {2, 5, 9}


@pytest.mark.parametrize("rho", [1e-6, 0.1, 100.0])
def test_log_plus_is_log_of_p_plus_rho_up_to_a_constant(rho):
    log_posterior = posterior(0, 20)
    expected = np.log(np.exp(log_posterior) + rho) - np.log(rho)
    np.testing.assert_allclose(log_plus(log_posterior, rho), expected, rtol=1e-6, atol=1e-9)


def verdict(
    low,
    high,
    gap=0.5,
    is_law=True,
    trained=True,
    saturated=False,
    trivial=False,
    null_saturated=False,
):
    nan = float("nan")
    score, distance = (
        es.Interval((a + b) / 2, a, b, nan, nan, nan, 1) for a, b in ((low, high), (gap, gap))
    )
    return judged(
        score,
        distance,
        is_law=is_law,
        trained=trained,
        saturated=saturated,
        trivial=trivial,
        null_saturated=null_saturated,
    )


def test_verdicts_follow_the_criteria_and_their_order():
    assert verdict(0.99, 1.0) == "holds"
    assert verdict(0.989, 1.0) == "approximate"
    assert verdict(0.90, 0.95) == "approximate"
    assert verdict(0.90, 0.949) == "fails"
    assert verdict(0.99, 1.0, gap=0.049) == "not evidence"
    assert verdict(0.90, 0.95, gap=0.049) == "not evidence"
    assert verdict(0.90, 0.94, gap=0.0) == "fails"  # to fail needs no null
    assert verdict(0.99, 1.0, trivial=True) == "trivial corner"
    assert verdict(0.99, 1.0, trivial=True, saturated=True) == "saturated"
    assert verdict(0.99, 1.0, trained=False, saturated=True) == "not trained"
    assert verdict(0.99, 1.0, trained=None) == "holds"
    assert verdict(0.3, 0.4, is_law=False, gap=0.05) == "evidence"
    assert verdict(0.3, 0.4, is_law=False, gap=0.04) == "not evidence"
    assert verdict(0.99, 1.0, null_saturated=True) == "null saturated"
    assert verdict(0.99, 1.0, gap=0.0, null_saturated=True) == "not evidence"
    assert verdict(0.8, 0.9, null_saturated=True) == "fails"
    assert verdict(0.3, 0.4, is_law=False, gap=float("nan")) == "no null"
    assert verdict(0.99, 1.0, gap=float("nan")) == "no null"
    assert is_trivial(0.99, 1.0)
    assert is_trivial(0.2, 0.049)
    assert not is_trivial(0.98, 0.05)
