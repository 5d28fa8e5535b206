"""Is every kind of claim judged by its own limits, and held only where that can be told?"""

import numpy as np
import pytest

import estimators as es
from experiments import verdicts
from experiments.verdicts import (
    everywhere_verdict,
    leaves_room,
    lowest_law,
    search_law_verdict,
    search_limit_verdict,
)

NONE = es.interval([])


def limits(low, high):
    return es.Interval((low + high) / 2, low, high, np.nan, np.nan, np.nan, 20)


def at(score, null):
    """S, the null's S and their difference in one setting, each all but exact."""
    return tuple(limits(v - 1e-4, v + 1e-4) for v in (score, null, score - null))


def judged(*settings):
    return everywhere_verdict(*([s[part] for s in settings] for part in range(3)))


ROOM, NO_ROOM = 0.7, 0.98  # S of a null


@pytest.mark.parametrize(
    ("settings", "verdict"),
    [
        ([at(0.999, ROOM), at(0.999, NO_ROOM)], "holds"),
        ([at(0.999, ROOM), at(0.4, NO_ROOM)], "fails"),  # whatever the null has there
        ([at(0.4, ROOM), at(0.999, NO_ROOM)], "fails"),
        ([at(0.999, ROOM), at(0.97, NO_ROOM)], "approximate"),
        ([at(0.999, ROOM), (NONE, *at(0, NO_ROOM)[1:])], "undecided"),
        ([at(0.4, ROOM), (NONE, *at(0, NO_ROOM)[1:])], "fails"),
        ([at(0.999, NO_ROOM)], "not evidence"),
        ([at(0.992, 0.945), at(0.999, ROOM)], "not evidence"),  # room, and not exceeded
        ([at(0.4, NO_ROOM)], "fails"),
        ([], "undecided"),
    ],
)
def test_a_law_everywhere_fails_in_any_setting_and_holds_where_the_null_leaves_room(
    settings, verdict
):
    assert judged(*settings) == judged(*settings[::-1]) == verdict


def test_a_null_leaves_room_up_to_a_twentieth_below_one():
    assert leaves_room(limits(0.8, 0.95))
    assert not leaves_room(limits(0.8, 0.951))
    assert not leaves_room(NONE)


def test_a_law_does_worst_where_it_fails_though_another_limit_is_lower():
    wide = limits(0.5, 1.2)  # approximate
    assert lowest_law([wide, limits(0.9, 0.94), limits(0.8, 0.9), NONE]) == 2
    assert lowest_law([wide, limits(0.999, 1.0)]) == 0


def test_a_search_that_found_no_number_breaks_nothing_and_keeps_nothing():
    assert search_law_verdict(np.nan) == "undecided"
    slope = es.interval([0.9, 1.0, 1.1])
    assert search_limit_verdict(slope, np.inf, 6) == "fails"
    assert search_limit_verdict(slope, np.nan, 6) == "undecided"
    assert search_law_verdict(0.94) == "fails"
    assert search_law_verdict(0.95) == "not broken"


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.99, 1.0, "holds"),
        (0.9899, 1.0, "approximate"),
        (0.9, 0.95, "approximate"),
        (0.9, 0.9499, "fails"),
        (-3.0, 0.0, "fails"),
        (np.nan, np.nan, "undecided"),
    ],
)
def test_a_law_is_judged_by_its_limits(low, high, said):
    assert verdicts.law_verdict(limits(low, high)) == said


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.0101, 0.2, "first"),
        (0.009, 0.2, "undecided"),
        (-0.2, -0.0101, "second"),
        (-0.2, -0.009, "undecided"),
        (np.nan, np.nan, "undecided"),
    ],
)
def test_rivals_are_decided_only_beyond_a_hundredth(low, high, said):
    assert verdicts.rival_verdict(limits(low, high)) == said


@pytest.mark.parametrize(
    ("argmax", "information", "trivial"),
    [(0.989, 0.06, False), (0.99, 0.06, True), (0.5, 0.049, True), (np.nan, 0.06, False)],
)
def test_a_corner_is_trivial_when_the_argmax_explains_all_or_there_is_nothing(
    argmax, information, trivial
):
    found = verdicts.is_trivial(limits(argmax, argmax), limits(information, information))
    assert found is trivial


@pytest.mark.parametrize(
    ("trained", "worlds", "enough"), [(10, 20, True), (9, 20, False), (10, 19, False)]
)
def test_nothing_is_decided_on_few_seeds(trained, worlds, enough):
    assert verdicts.enough_seeds(trained, worlds) is enough


def test_a_predictor_counts_as_trained_up_to_a_hundredth_of_the_information():
    found = [verdicts.is_trained(share) for share in (0.0, 0.01, 0.0101, np.nan, np.inf)]
    assert found == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("low", "counts"), [(0.05, True), (0.0499, False), (-1.0, False), (np.nan, False)]
)
def test_evidence_exceeds_the_largest_null_by_five_hundredths(low, counts):
    assert verdicts.is_evidence(limits(low, low + 0.1)) is counts
