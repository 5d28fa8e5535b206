"""Which claims about winners and paths hold? Both rest on `rival_verdict`, whose margin is ±.01.

The list of criteria has none for a word that should stay the same, so these two were written for
this experiment, before the run. `no_detour_verdict` was made stricter after review, when the
numbers were known: it asked only that no stop is decided for the other law.
"""

from collections.abc import Sequence

import estimators as es
from experiments.verdicts import rival_verdict

FIRST, SECOND, UNDECIDED = "first", "second", "undecided"
HALF = 0.5  # of I(x; y): from here until all seeds count as trained a network is on its way


def same_winner_verdict(pairs: Sequence[tuple[str, str]]) -> str:
    """Whether trained networks favour the oracle's law; pairs: of words of `rival_verdict`.

    Holds if the words of every pair agree and some are decided, fails if some pair is decided in
    opposite directions.
    """
    if all(first == UNDECIDED for first, _ in pairs):
        return UNDECIDED
    if any({first, second} == {FIRST, SECOND} for first, second in pairs):
        return "fails"
    return "holds" if all(first == second for first, second in pairs) else UNDECIDED


def no_detour_verdict(paths: Sequence[tuple[str, Sequence[es.Interval]]]) -> str:
    """Whether networks stopped on their way never favour the other law than at the end.

    paths: the oracle's word of `rival_verdict`, and S of log p less S of p of the networks stopped
    early, one interval for each step on the way. Holds if every interval lies on the oracle's side
    of 0, fails if some step is decided against the oracle's word; undecided otherwise, where the
    oracle is, and where no step lies between.
    """
    told = [(end, stops) for end, stops in paths if end != UNDECIDED and stops]
    if any({end, rival_verdict(stop)} == {FIRST, SECOND} for end, stops in told for stop in stops):
        return "fails"
    sided = all(
        stop.low > 0 if end == FIRST else stop.high < 0 for end, stops in told for stop in stops
    )
    return "holds" if told and len(told) == len(paths) and sided else UNDECIDED
