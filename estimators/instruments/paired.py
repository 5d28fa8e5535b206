"""How sure is the difference of two scores over the same seeds?"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from estimators.instruments.intervals import Interval, checked_values, interval


class PairedDifference(NamedTuple):
    """The interval of first − second over seeds, and the correlation that pairing made use of.

    difference: t interval of the mean and order-statistic interval of the median. correlation of
    the two scores over seeds, NaN when one of them is constant: the higher, the more pairing
    narrows the interval.
    """

    difference: Interval
    correlation: float

    def decided(self, margin: float) -> bool:
        """Whether the t interval lies outside ±margin, on either side; False without limits."""
        return bool(self.difference.low > margin or self.difference.high < -margin)

    def exceeds(self, margin: float) -> bool:
        """Whether the first is larger by at least the margin: the lower limit reaches it."""
        return bool(self.difference.low >= margin)


def paired_difference(
    first: "ArrayLike", second: "ArrayLike", level: float = 0.95
) -> PairedDifference:
    """t interval and order-statistic interval of first − second, paired by seed.

    first, second [seed], the same seeds in the same order. Swapping them mirrors the interval; a
    quantity added to both seed by seed changes nothing. Raises ValueError for lengths that differ
    and for what `interval` refuses.

    Source: Student 1908; the interval of the median by the sign test, which needs no normality.
    """
    first, second = _checked_pair(first, second, ("first", "second"))
    found = interval(first - second, level)
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return PairedDifference(found, np.nan)
    return PairedDifference(found, float(np.corrcoef(first, second)[0, 1]))


def gap_to_largest_null(
    score: "ArrayLike", nulls: "Sequence[ArrayLike]", level: float = 0.95
) -> PairedDifference:
    """The score less the null that is largest on average, paired by seed.

    score [seed]; nulls: one array [seed] each. The null is chosen by its mean over seeds, once;
    the largest of every seed would favour many nulls over one. Raises ValueError without a null,
    and where any of them could not be paired with the score.
    """
    rows = [
        _checked_pair(score, null, ("score", f"nulls[{number}]"))[1]
        for number, null in enumerate(nulls)
    ]
    if not rows:
        raise ValueError("a score is evidence only beside a null; got none")
    return paired_difference(score, max(rows, key=lambda null: float(null.sum())), level)


def _checked_pair(
    first: "ArrayLike", second: "ArrayLike", names: tuple[str, str]
) -> tuple[np.ndarray, np.ndarray]:
    pair = checked_values(first, names[0]), checked_values(second, names[1])
    if len(pair[0]) != len(pair[1]):
        raise ValueError(
            f"scores are paired by seed; got {len(pair[0])} and {len(pair[1])} of {names[0]} and "
            f"{names[1]}: keep the seeds that both have, in one order"
        )
    return pair
