"""Does each component of one representation correlate with one component of another?"""

from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment

from estimators.instruments.folds import NUM_FOLDS, context_folds, repeated_contexts
from estimators.instruments.moments import fold_moments
from estimators.instruments.whitening import checked_pair, checked_weight

NO_VARIANCE = 1e-10  # among the training rows, of a component whose variance over all rows is 1

Kind = Literal["pearson", "spearman"]


class MeanCorrelation(NamedTuple):
    """Mean correlation coefficient of components matched one to one.

    score: held out by distinct context, NaN when saturated. population: matched and measured on
    all rows, which is positive for noise. Both NaN when a side has no components. match [pair,
    2]: the components of first and second that are matched on all rows, in the order of first.
    correlations [pair]: with their signs, on all rows. saturated: too few contexts to hold out.
    """

    score: float
    population: float
    match: np.ndarray
    correlations: np.ndarray
    saturated: bool


def mean_correlation(
    first: "ArrayLike",
    second: "ArrayLike",
    weight: "ArrayLike | None" = None,
    *,
    kind: Kind = "pearson",
    groups: "ArrayLike | None" = None,
    num_folds: int = NUM_FOLDS,
    random_state: int = 0,
) -> MeanCorrelation:
    """(1/k) Σ_i s_i corr(x_i, y_π(i)), the matching π and the signs s from the other contexts.

    first [row, component], second [row, component]; weight [row]; groups as in `law_score`. π
    maximises Σ |corr| among the training contexts (Hungarian method), as in independent component
    analysis (Hyvärinen & Morioka, arXiv:1605.06336); here held-out contexts score it. kind:
    "pearson" for the values, "spearman" for their ranks over all rows. Of p and q components k =
    min(p, q) are matched, and the surplus of the larger side counts for nothing; a component that
    does not vary correlates with nothing, 0. Range: population in [0, 1], score in [−1, 1] and
    about 0 on noise. Invariant under permutations and affine maps of single components (spearman:
    monotone maps), not under mixing of components; symmetric. Raises ValueError for NaN, rows that
    disagree and other kinds.
    """
    if kind not in ("pearson", "spearman"):
        raise ValueError(f'kind must be "pearson" or "spearman"; got {kind!r}')
    first, second = checked_pair(first, second)
    weight = checked_weight(weight, len(first))
    groups = repeated_contexts(groups, weight, first, second)
    folds = context_folds(
        groups, len(first), weight, num_folds=num_folds, random_state=random_state
    )
    saturated = folds.saturated(1)
    # With the narrower side first, every one of its components is matched in every fold.
    sides = [first, second] if first.shape[1] <= second.shape[1] else [second, first]
    num_pairs = sides[0].shape[1]
    if num_pairs == 0:
        return MeanCorrelation(np.nan, np.nan, np.zeros((0, 2), int), np.zeros(0), saturated)
    standard = [_standardised(side, weight, kind) for side in sides]
    rows = np.concatenate([*standard, np.ones((len(first), 1))], 1)
    total, splits = fold_moments(rows, weight, folds)
    _, partner, correlations = _matching(total, num_pairs)
    products = np.zeros((3, num_pairs))
    for _, test, moment in splits:
        mean, found, trained = _matching(moment, num_pairs)
        centred = rows[test, :-1] - mean
        a, b = centred[:, :num_pairs], centred[:, num_pairs + found] * np.sign(trained)
        products += weight[test] @ np.stack([a * b, a * a, b * b])
    norm = np.sqrt(products[1] * products[2])
    score = float((products[0] / np.where(norm > 0, norm, 1)).mean())
    match = np.stack([np.arange(num_pairs), partner], 1)
    if sides[0] is not first:
        order = partner.argsort()
        match, correlations = match[order, ::-1], correlations[order]
    population = float(np.abs(correlations).mean())
    return MeanCorrelation(
        np.nan if saturated else score, population, match, correlations, saturated
    )


def _standardised(
    side: Float[np.ndarray, "row component"], weight: Float[np.ndarray, "row"], kind: Kind
) -> np.ndarray:
    """Components with mean 0 and variance 1; 0 where there is no more variance than rounding."""
    rows = side.astype(np.float64)
    if kind == "spearman":
        rows = np.stack([_ranks(column, weight) for column in rows.T], 1)
    magnitude = np.abs(rows).max(0, initial=0)
    rows = rows / np.where(magnitude > 0, magnitude, 1)  # so that no square is out of range
    rounding = max(np.finfo(np.float64).eps * len(rows), np.finfo(side.dtype).eps)
    rows = rows - weight @ rows
    scale = np.sqrt(weight @ rows**2)
    return np.where(scale > rounding, rows / np.where(scale > rounding, scale, 1), 0)


def _ranks(column: Float[np.ndarray, "row"], weight: Float[np.ndarray, "row"]) -> np.ndarray:
    """The weight of smaller values and half that of equal ones [row]."""
    values, inverse = np.unique(column, return_inverse=True)
    mass = np.bincount(inverse.reshape(-1), weight, len(values))
    return (np.cumsum(mass) - mass / 2)[inverse.reshape(-1)]


def _matching(moment: np.ndarray, num_pairs: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means [column], the partner [pair] of each narrow component, their correlations [pair]."""
    mass = moment[-1, -1] if moment[-1, -1] > 0 else 1.0  # no weight, no mean, no correlation
    mean = moment[-1, :-1] / mass
    covariance = moment[:-1, :-1] / mass - np.outer(mean, mean)
    variance = covariance.diagonal()
    scale = np.sqrt(np.where(variance > NO_VARIANCE, variance, np.inf))
    correlation = np.clip((covariance / scale / scale[:, None])[:num_pairs, num_pairs:], -1, 1)
    rows, partner = linear_sum_assignment(np.abs(correlation), maximize=True)
    return mean, partner, correlation[rows, partner]
