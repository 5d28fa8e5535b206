"""Which directions of two representations move together, up to an affine map of either?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.linalg import cholesky, solve_triangular

from estimators.instruments.folds import NUM_FOLDS, Folds, context_folds, repeated_contexts
from estimators.instruments.moments import WELL_CONDITIONED, fold_moments
from estimators.instruments.whitening import (
    Whitening,
    checked_pair,
    checked_weight,
    unchecked_whitening,
)

EXPLAINED = 0.99  # the share of variance that svcca keeps, as in arXiv:1706.05806


class CanonicalCorrelations(NamedTuple):
    """Canonical correlations of two representations, as many as the smaller rank.

    score: mean of held_out; population: mean of correlations; both NaN when a side is constant.
    held_out [pair]: of the pairs of directions found on the other contexts, NaN when saturated.
    correlations [pair]: found and measured on all rows, the largest first. first_rank,
    second_rank after the cut-off. saturated: too few contexts for first_rank + second_rank
    directions; as soon as there are no more contexts than that, some pair correlates perfectly.
    """

    score: float
    population: float
    held_out: np.ndarray
    correlations: np.ndarray
    first_rank: int
    second_rank: int
    saturated: bool


def cca(
    first: "ArrayLike",
    second: "ArrayLike",
    weight: "ArrayLike | None" = None,
    *,
    groups: "ArrayLike | None" = None,
    num_folds: int = NUM_FOLDS,
    random_state: int = 0,
) -> CanonicalCorrelations:
    """(1/k) Σ_i corr(a_iᵀ x, b_iᵀ y) on held-out contexts, k the smaller rank of first and second.

    a_i, b_i maximise the i-th correlation among directions uncorrelated with those before. first
    [row, dim], second [row, component], weight [row], groups as in `law_score`. Correlations are
    the singular values of
    E z_x z_yᵀ, z whitened without ridge (Hotelling 1936; Björck & Golub 1973). Range: population
    in [0, 1], score in [−1, 1] and about 0 on noise. Invariant under invertible affine maps of
    either side; symmetric. 1: the side of smaller rank is an affine image of the other. Raises
    ValueError for NaN and for rows that disagree.
    """
    first, second = checked_pair(first, second)
    weight = checked_weight(weight, len(first))
    groups = repeated_contexts(groups, weight, first, second)
    folds = context_folds(
        groups, len(first), weight, num_folds=num_folds, random_state=random_state
    )
    white = [unchecked_whitening(side, weight).apply(side) for side in (first, second)]
    return _canonical(white[0], white[1], weight, folds)


def svcca(
    first: "ArrayLike",
    second: "ArrayLike",
    weight: "ArrayLike | None" = None,
    *,
    explained: float = EXPLAINED,
    groups: "ArrayLike | None" = None,
    num_folds: int = NUM_FOLDS,
    random_state: int = 0,
) -> CanonicalCorrelations:
    """Canonical correlations of the leading principal components of each side.

    Of each side as few components are kept as hold the share `explained` of its variance
    (arXiv:1706.05806, section 2); ranks count those. Range and errors as `cca`, and ValueError
    for a share outside (0, 1]. Invariant only under orthogonal maps, isotropic scale and shifts of
    either side, as variance depends on the scale of directions; symmetric.
    """
    if not 0 < explained <= 1:
        raise ValueError(
            f"explained must be a share in (0, 1]; got {explained}: {EXPLAINED} is one"
        )
    first, second = checked_pair(first, second)
    weight = checked_weight(weight, len(first))
    groups = repeated_contexts(groups, weight, first, second)
    folds = context_folds(
        groups, len(first), weight, num_folds=num_folds, random_state=random_state
    )
    whitenings = [
        _leading(unchecked_whitening(side, weight), explained) for side in (first, second)
    ]
    return _canonical(whitenings[0].apply(first), whitenings[1].apply(second), weight, folds)


def _leading(whitening: Whitening, explained: float) -> Whitening:
    """The fewest components that hold the share of variance, up to rounding."""
    return whitening.leading(1 + int((np.cumsum(whitening.share) < explained - 1e-12).sum()))


def _canonical(
    first: np.ndarray, second: np.ndarray, weight: np.ndarray, folds: Folds
) -> CanonicalCorrelations:
    """The canonical correlations of whitened rows."""
    ranks = first.shape[1], second.shape[1]
    num_pairs, saturated = min(ranks), folds.saturated(sum(ranks))
    if num_pairs == 0:
        none = np.zeros(0)
        return CanonicalCorrelations(np.nan, np.nan, none, none, ranks[0], ranks[1], saturated)
    rows = np.concatenate([first, second, np.ones((len(first), 1))], 1)
    total, splits = fold_moments(rows, weight, folds)
    everything = np.ones(len(rows), bool)
    correlations = _directions(rows, ranks, weight, everything, total)[2]
    held_out = np.full(num_pairs, np.nan)
    if not saturated:
        products = np.zeros((3, num_pairs))
        for train, test, moment in splits:
            left, right, _ = _directions(rows, ranks, weight, train, moment)
            a, b = rows[test] @ left, rows[test] @ right
            products += weight[test] @ np.stack([a * b, a * a, b * b])
        norm = np.sqrt(products[1] * products[2])
        held_out = products[0] / np.where(norm > 0, norm, 1)
    means = float(held_out.mean()), float(correlations.mean())
    return CanonicalCorrelations(*means, held_out, correlations, *ranks, saturated)


def _directions(
    rows: np.ndarray,
    ranks: tuple[int, int],
    weight: np.ndarray,
    train: np.ndarray,
    moment: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The canonical directions of training rows [x, y, 1]: two maps [column, pair], correlations.

    The last row of a map takes the training mean away. A pair beyond what varies among the
    training rows has directions 0 and correlation 0.
    """
    maps, correlations = np.zeros((2, len(moment), min(ranks))), np.zeros(min(ranks))
    if moment[-1, -1] <= 0:
        return maps[0], maps[1], correlations
    mean = moment[-1, :-1] / moment[-1, -1]
    covariance = moment[:-1, :-1] / moment[-1, -1] - np.outer(mean, mean)
    x, y = slice(0, ranks[0]), slice(ranks[0], sum(ranks))
    if min(np.linalg.eigvalsh(covariance[side, side])[0] for side in (x, y)) < WELL_CONDITIONED:
        share = weight[train] / weight[train].sum()
        white = [unchecked_whitening(rows[train, side], share) for side in (x, y)]
        bases = [whitening.basis for whitening in white]
        sides = [one.apply(rows[train, side]) for one, side in zip(white, (x, y), strict=True)]
        cross = sides[0].T @ (share[:, None] * sides[1])
    else:
        bases = [_whitening_basis(covariance[side, side]) for side in (x, y)]
        cross = bases[0].T @ covariance[x, y] @ bases[1]
    left, scale, right = np.linalg.svd(cross, full_matrices=False)
    correlations[: len(scale)] = np.minimum(scale, 1)
    maps[0, x, : len(scale)] = bases[0] @ left
    maps[1, y, : len(scale)] = bases[1] @ right.T
    maps[:, -1] = -mean @ maps[:, :-1]
    return maps[0], maps[1], correlations


def _whitening_basis(covariance: Float[np.ndarray, "column column"]) -> np.ndarray:
    """B with Bᵀ covariance B = I."""
    factor = cholesky(covariance, lower=True)
    return solve_triangular(factor, np.eye(len(factor)), lower=True).T
