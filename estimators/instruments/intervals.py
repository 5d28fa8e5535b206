"""How sure is a mean over seeds?"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binom, t

from estimators.instruments.numeric import checked_real


class Interval(NamedTuple):
    """A mean with its t interval and a median with its order-statistics interval.

    All NaN without values; limits NaN where there are too few of them for the level.
    """

    mean: float
    low: float
    high: float
    median: float
    median_low: float
    median_high: float
    num_values: int


def interval(values: "ArrayLike", level: float = 0.95) -> Interval:
    """Student-t interval of the mean and the distribution-free interval of the median.

    values [seed]; level: the share of intervals that cover, in (0, 1). Raises ValueError for
    other axes, NaN and infinity (say first what such a value means) and for other levels.
    """
    ordered = np.sort(checked_values(values))
    if not 0 < level < 1:
        raise ValueError(
            f"level must be a share between 0 and 1; got {level}: 0.95 for an interval of 95 %"
        )
    count = len(ordered)
    if count == 0:
        nan = np.nan
        return Interval(nan, nan, nan, nan, nan, nan, 0)
    mean, median = float(ordered.mean()), float(np.median(ordered))
    low = high = median_low = median_high = np.nan
    if count > 1:
        margin = t.ppf((1 + level) / 2, count - 1) * ordered.std(ddof=1) / np.sqrt(count)
        low, high = mean - margin, mean + margin
    rank = int(binom.ppf((1 - level) / 2, count, 0.5))  # P(fewer than rank below) ≤ (1−level)/2
    if rank >= 1:
        median_low, median_high = float(ordered[rank - 1]), float(ordered[count - rank])
    return Interval(mean, float(low), float(high), median, median_low, median_high, count)


def checked_values(values: "ArrayLike", name: str = "values") -> np.ndarray:
    """One finite number a seed [seed], as float64; ValueError for anything else."""
    found = checked_real(values, name).astype(np.float64)
    if found.ndim != 1:
        raise ValueError(
            f"{name} must have one axis [seed]; got shape {found.shape}: give an interval for each "
            "concept or setting by itself, as only seeds are independent repetitions"
        )
    if np.isnan(found).any():
        raise ValueError(
            f"{name} must be numbers; {int(np.isnan(found).sum())} of {len(found)} are NaN: an "
            "interval over NaN has no meaning: drop or explain missing seeds first"
        )
    if np.isinf(found).any():
        raise ValueError(
            f"{name} must be finite; {int(np.isinf(found).sum())} of {len(found)} are infinite, "
            "and so is their mean: say so, or drop and explain those seeds"
        )
    return found
