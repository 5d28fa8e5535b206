"""When does a number count, and for what? The criteria were fixed before anything was run."""

from collections.abc import Sequence

import numpy as np

from estimators.instruments.intervals import Interval

LAW_HOLDS, LAW_FAILS = 0.99, 0.95
RIVAL_MARGIN = 0.01
EXCESS_SHARE = 0.01  # a predictor counts as trained up to this share of I(x;y)
EVIDENCE_MARGIN = 0.05
TRIVIAL_SCORE, TRIVIAL_INFORMATION = 0.99, 0.05  # S of the argmax alone; I(c;x) in nats
LEAST_SEEDS = 10  # with fewer trained seeds a verdict is about these predictors only


def law_verdict(score: Interval) -> str:
    """A law holds if the lower 95 % limit of S is ≥ .99, fails if the upper is < .95."""
    if np.isnan(score.low):
        return "undecided"
    if score.low >= LAW_HOLDS:
        return "holds"
    return "fails" if score.high < LAW_FAILS else "approximate"


def rival_verdict(difference: Interval) -> str:
    """Which of two laws explains more: first, second, or undecided when within ±.01."""
    if difference.low > RIVAL_MARGIN:
        return "first"
    return "second" if difference.high < -RIVAL_MARGIN else "undecided"


def is_trained(excess_share: float) -> bool:
    """Whether a predictor reached an excess loss of at most .01 · I(x;y), given their ratio."""
    return bool(excess_share <= EXCESS_SHARE)


def is_evidence(gap: Interval) -> bool:
    """Whether a statistic exceeds its largest null by ≥ .05; gap: the paired difference."""
    return bool(gap.low >= EVIDENCE_MARGIN)


def is_trivial(argmax_score: float, concept_information: float) -> bool:
    """Whether naming the likeliest configuration explains all, or there is nothing to explain."""
    return bool(argmax_score >= TRIVIAL_SCORE or concept_information < TRIVIAL_INFORMATION)


def judged(
    score: Interval,
    gap: Interval,
    *,
    is_law: bool,
    trained: bool | None,
    saturated: bool,
    trivial: bool,
    null_saturated: bool = False,
) -> str:
    """The verdict on one number of a trained predictor; gap: to its largest null, paired.

    In this order: "not trained" when an excess loss is known and too large (trained None: it is
    not known); "saturated"; "trivial corner"; for a law "holds", "approximate", "fails" or, with
    one distinct value too few for limits, "undecided", where what does not exceed the largest
    null is "not evidence"; for any other number "evidence" or "not evidence". What speaks for a
    law, or is evidence, is "null saturated" instead when null_saturated, a null that was given
    could not be held out; and "no null" when none could, the gap then being NaN.
    """
    if trained is False:
        return "not trained"
    if saturated:
        return "saturated"
    if trivial:
        return "trivial corner"
    if np.isnan(score.mean):
        return "not evidence"
    verdict = law_verdict(score) if is_law else "evidence"
    if verdict not in ("holds", "approximate", "evidence"):
        return verdict
    if np.isnan(gap.mean):
        return "null saturated" if null_saturated else "no null"
    if not is_evidence(gap):
        return "not evidence"
    return "null saturated" if null_saturated else verdict


def all_trained(excess_shares: Sequence[float] | None) -> bool | None:
    """Whether every seed counts as trained; None where the excess loss is not known.

    A share is NaN where y tells nothing of x, and nothing can be missing.
    """
    if excess_shares is None:
        return None
    return all(np.isnan(share) or is_trained(share) for share in excess_shares)
