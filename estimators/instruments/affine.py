"""How much of one representation is an affine image of another?"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from estimators.instruments.folds import NUM_FOLDS, context_folds
from estimators.instruments.whitening import checked_rows, checked_weight, fit_whitening


class AffineScore(NamedTuple):
    """R² of an affine fit onto a whitened target.

    score: held out by distinct context, NaN when saturated or when the target is constant.
    population: fitted and scored on all rows. source_rank, target_rank after the cut-off.
    """

    score: float
    population: float
    source_rank: int
    target_rank: int
    saturated: bool


def affine_r2(
    source: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    groups: ArrayLike | None = None,
    num_folds: int = NUM_FOLDS,
    random_state: int = 0,
) -> AffineScore:
    """1 − E‖z − ẑ‖² / E‖z − E z‖², z the whitened target, ẑ its best affine fit from the source.

    source [row, dim]; target [row, component]; weight [row]. Invariant under invertible affine
    maps of either side, without ridge. 1: the target is an affine image of the source. Raises
    ValueError for NaN and for rows that disagree.
    """
    source, target = checked_rows(source, "source"), checked_rows(target, "target")
    if len(source) != len(target):
        raise ValueError(f"source has {len(source)} rows and target has {len(target)}")
    weight = checked_weight(weight, len(source))
    folds = context_folds(groups, len(source), num_folds=num_folds, random_state=random_state)
    whitening = fit_whitening(source, weight)
    z = fit_whitening(target, weight)
    saturated = folds.saturated(whitening.rank)
    if z.rank == 0:
        return AffineScore(np.nan, np.nan, whitening.rank, 0, saturated)
    design = np.concatenate([whitening.apply(source), np.ones((len(source), 1))], 1)
    goal = z.apply(target)

    def missed(train: np.ndarray, test: np.ndarray) -> float:
        scale = np.sqrt(weight[train])[:, None]
        coefficient, *_ = np.linalg.lstsq(scale * design[train], scale * goal[train], rcond=None)
        return float(weight[test] @ ((goal[test] - design[test] @ coefficient) ** 2).sum(1))

    everything = np.ones(len(source), bool)
    return AffineScore(
        np.nan if saturated else 1 - sum(missed(*split) for split in folds.splits()) / z.rank,
        1 - missed(everything, everything) / z.rank,
        whitening.rank,
        z.rank,
        saturated,
    )
