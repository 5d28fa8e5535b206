"""How fast does a score rise during training, and when?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import root_scalar

from estimators.assessment.verdict import EVIDENCE_MARGIN

LOW, HALF, HIGH = 0.1, 0.5, 0.9
LEAST_RISE = EVIDENCE_MARGIN  # what rises by less has no time of rising
FASTEST, SLOWEST = np.log(1e-3), np.log(2.0)  # log τ as a share of all that is spent


class Rise(NamedTuple):
    """How a score goes from its lowest value to its last one, in doublings of the steps.

    rise_width: log2 of the ratio of the steps at 90 % and at 10 % of the rise, each reached for the
    first time after the lowest value; halfway: log2 of the step at 50 %. NaN where the rise is
    below .05.
    """

    rise_width: float
    halfway: float


def rise(step: Int[np.ndarray, "checkpoint"], score: Float[np.ndarray, "checkpoint"]) -> Rise:
    """The rise of a score over checkpoints, the first of which is step 0.

    It counts from the lowest value, as untrained layers may tell more than those half trained.
    Between checkpoints the score is taken to be linear in log2 of the step; step 0 counts as half
    the next one.
    """
    lowest = int(np.argmin(score))  # NaN counts as lowest
    total = float(score[-1] - score[lowest])
    if not total >= LEAST_RISE:
        return Rise(np.nan, np.nan)
    log2_step = np.log2(np.concatenate([step[1:2] / 2, step[1:]]))[lowest:]
    share = (score[lowest:] - score[lowest]) / total
    low, half, high = (_reached(log2_step, share, level) for level in (LOW, HALF, HIGH))
    return Rise(high - low, half)


def exponential_width(
    step: Int[np.ndarray, "checkpoint"],
    learning_rate: Float[np.ndarray, "step"],
    halfway: float,
) -> float:
    """rise_width of an exponential approach, on the same schedule, that is halfway there as soon.

    The score 1 − exp(−T/τ), T the sum of the learning rates so far, at the same checkpoints, τ such
    that its halfway (log2 of a step) is as given. At a constant rate, long before the end, it is
    log2(log 10/log(10/9)) = 4.45 doublings. NaN where no τ will do.
    """
    spent = np.concatenate([[0.0], np.cumsum(learning_rate)])[step]
    spent /= spent[-1]

    def approach(log_time: float) -> Rise:
        return rise(step, -np.expm1(-spent / np.exp(log_time)))

    def late(log_time: float) -> float:
        return approach(log_time).halfway - halfway

    if np.isnan(halfway) or not late(FASTEST) < 0 < late(SLOWEST):
        return np.nan
    found = root_scalar(late, bracket=(FASTEST, SLOWEST), method="brentq")
    return approach(float(found.root)).rise_width


def _reached(log2_step: np.ndarray, share: np.ndarray, level: float) -> float:
    """Where the share, 0 at first, is first as high as the level."""
    index = int(np.argmax(share >= level))
    before, after = share[index - 1], share[index]
    part = (level - before) / (after - before)
    return float(log2_step[index - 1] + part * (log2_step[index] - log2_step[index - 1]))
