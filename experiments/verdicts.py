"""When does a result count, and for what? The criteria were fixed before anything was run."""

import numpy as np

import estimators as es

LAW_HOLDS, LAW_FAILS = 0.99, 0.95
EXCESS_SHARE = 0.01  # a predictor counts as trained up to this share of I(x;y)
EVIDENCE_MARGIN = 0.05


def law_verdict(score: es.Interval) -> str:
    """A law holds if the lower 95 % limit of S is ≥ .99, fails if the upper is < .95."""
    if np.isnan(score.low):
        return "undecided"
    if score.low >= LAW_HOLDS:
        return "holds"
    return "fails" if score.high < LAW_FAILS else "approximate"


def is_trained(excess_share: np.ndarray) -> np.ndarray:
    """Which seeds reached an excess loss of at most .01 · I(x;y); excess_share is their ratio."""
    return np.asarray(excess_share) <= EXCESS_SHARE


def is_evidence(gap: es.Interval) -> bool:
    """Whether a statistic exceeds its largest null by ≥ .05; gap: the paired difference."""
    return bool(gap.low >= EVIDENCE_MARGIN)
