"""How fast does a score rise during training, and when?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

LOW, HALF, HIGH = 0.1, 0.5, 0.9
LEAST_RISE = 0.05  # what rises by less has no time of rising: the margin of evidence


class Rise(NamedTuple):
    """How a score goes from its lowest value to its last one, in doublings of the steps.

    width: log2 of the ratio of the steps at 90 % and at 10 % of the rise, each reached for the
    first time after the lowest value; halfway: log2 of the step at 50 %. NaN where the rise is
    below .05. At a constant rate, 1 − exp(−step/τ) has a width of 4.45 doublings, less where the
    rate falls.
    """

    width: float
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


def _reached(log2_step: np.ndarray, share: np.ndarray, level: float) -> float:
    """Where the share, 0 at first, is first as high as the level."""
    index = int(np.argmax(share >= level))
    before, after = share[index - 1], share[index]
    part = (level - before) / (after - before)
    return float(log2_step[index - 1] + part * (log2_step[index] - log2_step[index - 1]))
