"""What follows when rows p(y|·) of the token's table have two levels, in a group and out of it?"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from latentgen.theorems.instance import Instance
from latentgen.theorems.result import Assumption, Theorem, theorem

SAME = 1e-12  # a difference of logarithms that float64 leaves of none


class Levels(NamedTuple):
    """The smallest and the largest log p(y|c) in a group of configurations and out of it [token].

    Both are −inf where there is no possible configuration on that side.
    """

    log_inside: np.ndarray
    log_outside: np.ndarray
    log_most_inside: np.ndarray
    log_most_outside: np.ndarray

    def log_spread(self) -> Float[np.ndarray, "token"]:
        """log of the largest over the smallest, the worse side: 0 for a row a 1 + b 1_G."""
        inside = log_ratio(self.log_most_inside, self.log_inside)
        return np.maximum(inside, log_ratio(self.log_most_outside, self.log_outside))

    def rises(self) -> Bool[np.ndarray, "token"]:
        """Whether the level in the group is above the level out of it: b > 0."""
        return self.log_inside > self.log_outside + SAME

    def rho(self) -> Float[np.ndarray, "token"]:
        """ρ = a/b of a row a 1 + b 1_G: 0 for an indicator, inf for a row of one level."""
        step = np.where(self.rises(), log_ratio(self.log_inside, self.log_outside), 1.0)
        with np.errstate(over="ignore"):
            return np.where(self.rises(), 1 / np.expm1(step), np.inf)

    def log_scale(self) -> Float[np.ndarray, "token"]:
        """log b of a row a 1 + b 1_G; log a for a row of one level."""
        step = np.where(self.rises(), log_ratio(self.log_inside, self.log_outside), np.inf)
        return self.log_inside + np.log1p(-np.exp(-step))


def log_ratio(log_above: np.ndarray, log_below: np.ndarray) -> np.ndarray:
    """log_above − log_below, 0 where both are the same infinity."""
    same = log_above == log_below
    return np.where(same, 0.0, log_above) - np.where(same, 0.0, log_below)


def row_levels(
    log_rows: Float[np.ndarray, "token configuration"],
    inside: Bool[np.ndarray, "*token configuration"],
    possible: Bool[np.ndarray, "configuration"],
) -> Levels:
    """The levels of each row in and out of its group, or of one group for all.

    Only possible configurations count.
    """

    def side(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        smallest = np.where(counts, log_rows, np.inf).min(1)
        largest = np.where(counts, log_rows, -np.inf).max(1)
        return np.where(smallest == np.inf, -np.inf, smallest), largest

    log_inside, log_most_inside = side(inside & possible)
    log_outside, log_most_outside = side(~inside & possible)
    return Levels(log_inside, log_outside, log_most_inside, log_most_outside)


def two_level_theorem(
    statement: str,
    source: str,
    seen: Instance,
    groups: Bool[np.ndarray, "group configuration"],
    group: Int[np.ndarray, "token"],
    levels: Levels,
    assumption: str,
    terms: Mapping[str, np.ndarray],
) -> Theorem:
    """log p(y|x) against log(p(G|x) m + p(not G|x) m'), m and m' the smallest p(y|c) in and out.

    The residual lies between 0 and the same with the largest in place of the smallest; both are
    0 when the row has two levels. Undefined where the claim is log 0 and p(y|x) > 0.
    """
    log_in, log_out = (
        np.stack([np.logaddexp.reduce(seen.log_belief[:, side], axis=1) for side in sides], 1)
        for sides in (groups, ~groups)
    )
    log_in, log_out = log_in[:, group], log_out[:, group]
    claimed = np.logaddexp(log_in + levels.log_inside, log_out + levels.log_outside)
    most = np.logaddexp(log_in + levels.log_most_inside, log_out + levels.log_most_outside)
    spread = float(levels.log_spread().max())
    return theorem(
        statement,
        source,
        [seen.independence(), Assumption(assumption, spread, spread <= SAME)],
        seen.log_predictive,
        claimed,
        high=log_ratio(most, claimed),
        scale=np.abs(claimed),
        defined=~np.isneginf(claimed) | np.isneginf(seen.log_predictive),
        terms={"rho": levels.rho(), "log_scale": levels.log_scale(), **terms},
    )
