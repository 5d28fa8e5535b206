"""When does a result count, and for what? The criteria were fixed before anything was run."""

from collections.abc import Sequence

import numpy as np

import estimators as es
from estimators.assessment import verdict as criteria
from estimators.assessment.verdict import EVIDENCE_MARGIN, LAW_FAILS
from estimators.assessment.verdict import is_evidence as is_evidence
from estimators.assessment.verdict import is_trained as is_trained
from estimators.assessment.verdict import law_verdict as law_verdict
from estimators.assessment.verdict import rival_verdict as rival_verdict

IDENTITY_HOLDS, IDENTITY_FAILS, LEAST_IDENTITY_WORLDS = 1e-10, 1e-6, 10_000
LIMIT_HOLDS, LIMIT_FAILS, LEAST_LIMIT_POINTS = 0.01, 1.0, 6
LEAST_TRAINED, LEAST_WORLDS = 10, 20


def is_trivial(argmax_score: es.Interval, concept_information: es.Interval) -> bool:
    """Whether naming the likeliest configuration explains all, or there is nothing to explain."""
    return criteria.is_trivial(argmax_score.mean, concept_information.mean)


def enough_seeds(num_trained: int, num_worlds: int) -> bool:
    """Whether there are ≥ 10 trained seeds and ≥ 20 worlds, below which nothing is decided."""
    return num_trained >= LEAST_TRAINED and num_worlds >= LEAST_WORLDS


def enough_trained(num_seeds: int) -> bool:
    """Whether there are ≥ 10 trained seeds, below which nothing is decided."""
    return num_seeds >= LEAST_TRAINED


def identity_verdict(violation: float, num_worlds: int) -> str:
    """An identity or bound holds up to a scaled error of 1e-10 over ≥ 10⁴ worlds.

    It fails on one violation > 1e-6 with the assumptions met (to be verified at high precision).
    """
    if violation > IDENTITY_FAILS:
        return "fails"
    enough = num_worlds >= LEAST_IDENTITY_WORLDS
    return "holds" if enough and violation <= IDENTITY_HOLDS else "undecided"


def limit_verdict(slope: es.Interval, last: es.Interval, num_points: int) -> str:
    """Whether r = var(residual)/var(f) vanishes as ε → 0, from ≥ 6 geometric values of ε.

    slope: of log r on log ε; last: r at the smallest ε. Holds if the slope's lower limit is > 0 and
    the last r < .01; fails if the slope's upper limit is ≤ 0 or the last r > 1.
    """
    if num_points < LEAST_LIMIT_POINTS or np.isnan(slope.low) or np.isnan(last.mean):
        return "undecided"
    if slope.high <= 0 or last.mean > LIMIT_FAILS:
        return "fails"
    return "holds" if slope.low > 0 and last.mean < LIMIT_HOLDS else "undecided"


# The next three were written for the ledger, when the simulation's numbers were already known:
# the list fixed before has no criterion for such claims. They use only its margins and signs.


def rise_verdict(changes: Sequence[es.Interval]) -> str:
    """Whether a quantity rises by every measure of it.

    changes: the end less the start, paired by seed, as of `Results.between(metric, end, start)`;
    for a quantity that falls the start less the end. Holds if every lower limit is > 0, fails if
    some upper limit is ≤ 0.
    """
    if not changes or any(np.isnan(change.low) for change in changes):
        return "undecided"
    if any(change.high <= 0 for change in changes):
        return "fails"
    return "holds" if all(change.low > 0 for change in changes) else "undecided"


def stability_verdict(changes: Sequence[es.Interval], margin: float = EVIDENCE_MARGIN) -> str:
    """Whether a quantity stays within ±margin; changes: between settings or kinds, paired by seed.

    Holds if every interval lies within ±margin, fails if some interval lies beyond it.
    """
    if not changes or any(np.isnan(change.low) for change in changes):
        return "undecided"
    if any(change.low > margin or change.high < -margin for change in changes):
        return "fails"
    within = all(max(-change.low, change.high) <= margin for change in changes)
    return "holds" if within else "undecided"


def sign_verdict(first: es.Interval, second: es.Interval) -> str:
    """Whether two quantities move together, from their changes between the same two settings.

    Holds if both intervals lie on one side of 0, fails if they lie on opposite sides.
    """
    signs = [int(change.low > 0) - int(change.high < 0) for change in (first, second)]
    return {1: "holds", -1: "fails"}.get(signs[0] * signs[1], "undecided")


def supported_verdict(verdict: str, gaps: Sequence[es.Interval]) -> str:
    """What holds, or nearly, counts only as far as it is evidence; gaps: to each null, paired."""
    supported = bool(gaps) and all(is_evidence(gap) for gap in gaps)
    claimed = verdict in ("holds", "approximate")
    return "not evidence" if claimed and not supported else verdict


# The next three were written after a review, when numbers were known: before, a law's settings were
# chosen by its own S, so that one which failed nearly everywhere would have held.


def leaves_room(null: es.Interval) -> bool:
    """Whether a perfect score would be evidence above this null: its upper limit is ≤ 1 − .05."""
    return bool(null.high <= 1 - EVIDENCE_MARGIN)


def lowest_law(scores: Sequence[es.Interval]) -> int:
    """Where a law does worst: by its verdict there, and by the lower limit of S among equals."""
    order = ("fails", "undecided", "approximate", "holds")
    ranks = [(order.index(law_verdict(score)), score.low) for score in scores]
    return ranks.index(min(ranks))


def everywhere_verdict(
    scores: Sequence[es.Interval], nulls: Sequence[es.Interval], gaps: Sequence[es.Interval]
) -> str:
    """Whether a law holds in every setting; one entry a setting: S, the null's S, their difference.

    A law that fails in one setting fails, whatever the null has there. One that holds in all, or
    nearly, is evidence only if some null leaves room and S exceeds every null that does.
    """
    if not scores:
        return "undecided"
    told = [gap for null, gap in zip(nulls, gaps, strict=True) if leaves_room(null)]
    return supported_verdict(law_verdict(scores[lowest_law(scores)]), told)


def counted_verdict(
    verdict: str, *, counted: bool, saturated: bool = False, trivial: bool = False
) -> str:
    """The verdict where there is one to give.

    "not evidence" when it does not count (too few seeds, or predictors that are not trained),
    "saturated" when any representation would fit, "trivial corner" where there is nothing to tell.
    """
    if not counted:
        return "not evidence"
    if saturated:
        return "saturated"
    return "trivial corner" if trivial else verdict


def ledger_verdict(judged: str | None, smoke: bool) -> str:
    """What the ledger shows: "not computed" without complete results (None), nothing of smoke."""
    if judged is None:
        return "not computed"
    return "not evidence" if smoke else judged


def search_limit_verdict(slope: es.Interval, worst: float, num_points: int) -> str:
    """What a search for counterexamples says of a limit; worst: r of the worst world found last.

    As `limit_verdict`, but one world suffices to break a claim about all of them, and a search
    never proves: what it could not break is "not broken".
    """
    last = es.interval([])._replace(mean=worst)  # one number, which may be infinite
    found = limit_verdict(slope, last, num_points)
    return "not broken" if found == "holds" else found


def search_law_verdict(worst: float) -> str:
    """What a search says of a law in all worlds: "fails" when the worst S found is < .95.

    One world suffices; a search never proves, so the answer is "not broken" otherwise, and
    "undecided" where it found no number.
    """
    if np.isnan(worst):
        return "undecided"
    return "fails" if worst < LAW_FAILS else "not broken"
