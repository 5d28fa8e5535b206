"""How sure is a mean over seeds?"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binom, t


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


def interval(values: ArrayLike, level: float = 0.95) -> Interval:
    """Student-t interval of the mean and the distribution-free interval of the median.

    values [seed]; NaN is refused with a ValueError: say first what a missing value means.
    """
    ordered = np.sort(np.asarray(values, np.float64).reshape(-1))
    if np.isnan(ordered).any():
        raise ValueError("an interval over NaN has no meaning: drop or explain missing seeds first")
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
