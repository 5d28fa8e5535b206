"""How far apart are the spans of two sets of vectors in one space?"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import subspace_angles

from estimators.instruments.whitening import checked_rows


class PrincipalAngles(NamedTuple):
    """Principal angles between two spans, as many as the smaller rank.

    score: their mean squared cosine. chance: its mean over random spans of the same ranks.
    above_chance: (score − chance) / (1 − chance), NaN when one span is the whole space. angles
    [pair] in radians, the smallest first. first_rank, second_rank after the cut-off.
    """

    score: float
    chance: float
    above_chance: float
    angles: np.ndarray
    first_rank: int
    second_rank: int


def principal_angles(first: "ArrayLike", second: "ArrayLike") -> PrincipalAngles:
    """(1/k) Σ_i cos² θ_i = tr(P Q) / k, P and Q the projections onto the two spans.

    first [vector, dim], second [vector, dim]: rows are vectors of one space, not contexts, and no
    mean is taken away; k is the smaller rank. Angles by Björck & Golub 1973. Range [0, 1]. 1: one
    span lies in the other; 0: they are orthogonal. A span of rank r drawn uniformly in dim
    dimensions has E P = (r/dim) I, so that chance is the larger rank over dim. Invariant under
    invertible recombinations of the vectors of either set and under one orthogonal map of the
    space for both; symmetric. Zero vectors span nothing: rank 0, and NaN. Directions below ε^(2/3)
    of the largest singular value are dropped. Raises ValueError for NaN and for spaces of
    different dimensions.
    """
    first, second = checked_rows(first, "first"), checked_rows(second, "second")
    dim = first.shape[1]
    if second.shape[1] != dim:
        raise ValueError(
            f"first and second must hold vectors of one space as rows; they have {dim} and "
            f"{second.shape[1]} columns: give rows, and compare spans of one representation"
        )
    bases = [_basis(side) for side in (first, second)]
    ranks = bases[0].shape[1], bases[1].shape[1]
    if min(ranks) == 0:
        return PrincipalAngles(np.nan, np.nan, np.nan, np.zeros(0), *ranks)
    angles = subspace_angles(*bases)[::-1]
    score, chance = float((np.cos(angles) ** 2).mean()), max(ranks) / dim
    above = (score - chance) / (1 - chance) if chance < 1 else np.nan
    return PrincipalAngles(score, chance, above, angles, *ranks)


def _basis(vectors: np.ndarray) -> np.ndarray:
    """Orthonormal columns [dim, component] that span the rows."""
    if vectors.size == 0:
        return np.zeros((vectors.shape[1], 0))
    _, scale, directions = np.linalg.svd(vectors.astype(np.float64), full_matrices=False)
    tolerance = float(np.finfo(vectors.dtype).eps ** (2 / 3))
    return directions[scale > tolerance * scale[0]].T
