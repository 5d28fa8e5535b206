"""Does a law in every setting fail where it fails, and hold only where that can be told?"""

import numpy as np
import pytest

import estimators as es
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
