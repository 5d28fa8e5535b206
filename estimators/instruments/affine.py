"""How much of one representation is an affine image of another?"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from estimators.instruments.folds import NUM_FOLDS, Folds, context_folds, repeated_contexts
from estimators.instruments.moments import fold_moments, least_squares
from estimators.instruments.whitening import checked_pair, checked_weight, unchecked_whitening


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


class AffineScores(NamedTuple):
    """The affine R² of both directions: forward from source to target, backward to the source."""

    forward: AffineScore
    backward: AffineScore


def affine_r2(
    source: "ArrayLike",
    target: "ArrayLike",
    weight: "ArrayLike | None" = None,
    *,
    groups: "ArrayLike | None" = None,
    num_folds: int = NUM_FOLDS,
    random_state: int = 0,
) -> AffineScore:
    """1 − E‖z − ẑ‖² / E‖z − E z‖², z the whitened target, ẑ its best affine fit from the source.

    source [row, dim]; target [row, component]; weight [row]; groups as in `law_score`. Range:
    population in [0, 1], score at most 1 and a little below 0 on noise. Invariant under invertible
    affine maps of either side, without ridge; not symmetric. 1: the target is an affine image of
    the source. Of log p(c|x) [row, configuration] subtract its mean over c first: f = A log p(c|x)
    + b has A·1 = 0 and holds log-ratios only, so that the log-posterior as it is has a direction
    that f cannot tell, its normaliser, and f reaches at most (ℓ − 1)/ℓ of ℓ configurations even
    where the law is exact. The population value is the mean of the squared canonical correlations
    over the target's rank (Hotelling 1936; R²_CCA of arXiv:1905.00414). Raises ValueError for NaN
    and for rows that disagree.
    """
    rows, weight, folds = _whitened(source, target, weight, groups, num_folds, random_state)
    return _explained(*rows, weight, folds)


def affine_r2_both(
    source: "ArrayLike",
    target: "ArrayLike",
    weight: "ArrayLike | None" = None,
    *,
    groups: "ArrayLike | None" = None,
    num_folds: int = NUM_FOLDS,
    random_state: int = 0,
) -> AffineScores:
    """The affine R² of source -> target and of target -> source on the same folds.

    Each as `affine_r2`, whose range, invariance and errors hold. Exchanging the arguments
    exchanges the answers. Both 1: either is an invertible affine image of the other.
    """
    rows, weight, folds = _whitened(source, target, weight, groups, num_folds, random_state)
    source, target = rows
    return AffineScores(
        forward=_explained(source, target, weight, folds),
        backward=_explained(target, source, weight, folds),
    )


def _whitened(
    source: "ArrayLike",
    target: "ArrayLike",
    weight: "ArrayLike | None",
    groups: "ArrayLike | None",
    num_folds: int,
    random_state: int,
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray, Folds]:
    """Whitened rows of both sides, weights that sum to one, and folds."""
    source, target = checked_pair(source, target, ("source", "target"))
    weight = checked_weight(weight, len(source))
    groups = repeated_contexts(groups, weight, source, target)
    folds = context_folds(
        groups, len(source), weight, num_folds=num_folds, random_state=random_state
    )
    rows = tuple(unchecked_whitening(side, weight).apply(side) for side in (source, target))
    return (rows[0], rows[1]), weight, folds


def _explained(
    source: np.ndarray, goal: np.ndarray, weight: np.ndarray, folds: Folds
) -> AffineScore:
    """The score of whitened rows from whitened rows."""
    rank = goal.shape[1]
    saturated = folds.saturated(source.shape[1])
    if rank == 0:
        return AffineScore(np.nan, np.nan, source.shape[1], 0, saturated)
    design = np.concatenate([source, np.ones((len(source), 1))], 1)
    rows = np.concatenate([design, goal], 1)

    def missed(train: np.ndarray, test: np.ndarray, moment: np.ndarray) -> float:
        coefficient = least_squares(design, goal, weight, train, moment)
        return float(weight[test] @ ((goal[test] - design[test] @ coefficient) ** 2).sum(1))

    everything = np.ones(len(source), bool)
    total, splits = fold_moments(rows, weight, folds)
    whole = missed(everything, everything, total)
    score = np.nan if saturated else 1 - sum(missed(*split) for split in splits) / rank
    return AffineScore(score, 1 - whole / rank, source.shape[1], rank, saturated)
