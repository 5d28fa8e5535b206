"""When does a result count, and for what? The criteria were fixed before anything was run."""

import numpy as np

import estimators as es

LAW_HOLDS, LAW_FAILS = 0.99, 0.95
RIVAL_MARGIN = 0.01
EXCESS_SHARE = 0.01  # a predictor counts as trained up to this share of I(x;y)
EVIDENCE_MARGIN = 0.05
TRIVIAL_SCORE, TRIVIAL_INFORMATION = 0.99, 0.05
LEAST_TRAINED, LEAST_WORLDS = 10, 20


def law_verdict(score: es.Interval) -> str:
    """A law holds if the lower 95 % limit of S is ≥ .99, fails if the upper is < .95."""
    if np.isnan(score.low):
        return "undecided"
    if score.low >= LAW_HOLDS:
        return "holds"
    return "fails" if score.high < LAW_FAILS else "approximate"


def rival_verdict(difference: es.Interval) -> str:
    """Which of two laws explains more: first, second, or undecided when within ±.01."""
    if difference.low > RIVAL_MARGIN:
        return "first"
    return "second" if difference.high < -RIVAL_MARGIN else "undecided"


def is_trained(excess_share: float) -> bool:
    """Whether a predictor reached an excess loss of at most .01 · I(x;y), given their ratio."""
    return bool(excess_share <= EXCESS_SHARE)


def is_evidence(gap: es.Interval) -> bool:
    """Whether a statistic exceeds its largest null by ≥ .05; gap: the paired difference."""
    return bool(gap.low >= EVIDENCE_MARGIN)


def is_trivial(argmax_score: es.Interval, concept_information: es.Interval) -> bool:
    """Whether naming the likeliest configuration explains all, or there is nothing to explain."""
    return bool(
        argmax_score.mean >= TRIVIAL_SCORE or concept_information.mean < TRIVIAL_INFORMATION
    )


def enough_seeds(num_trained: int, num_worlds: int) -> bool:
    """Whether there are ≥ 10 trained seeds and ≥ 20 worlds, below which nothing is decided."""
    return num_trained >= LEAST_TRAINED and num_worlds >= LEAST_WORLDS
