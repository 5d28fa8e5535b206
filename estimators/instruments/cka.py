"""How alike are the distances between contexts in two representations?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from estimators.instruments.folds import checked_groups, repeated_contexts
from estimators.instruments.whitening import (
    checked_pair,
    checked_weight,
    triangle,
    unchecked_whitening,
)

MIN_CONTEXTS = 4  # of three contexts any distances are sums of one number a context
NOTHING_LEFT = 1e-12  # a share of the weights, or of the products, that rounding may have made


class KernelAlignment(NamedTuple):
    """Linear centred kernel alignment.

    score: debiased, NaN when saturated or when nothing is left between distinct contexts.
    population: the plain one, right only where the contexts given are all there are; NaN when a
    side is constant, or the same in every context. first_rank, second_rank of the rows given,
    after the cut-off. saturated: fewer than four distinct contexts.
    """

    score: float
    population: float
    first_rank: int
    second_rank: int
    saturated: bool


def linear_cka(
    first: "ArrayLike",
    second: "ArrayLike",
    weight: "ArrayLike | None" = None,
    *,
    groups: "ArrayLike | None" = None,
) -> KernelAlignment:
    """HSIC(x, y) / √(HSIC(x, x) HSIC(y, y)) with linear kernels.

    population: HSIC = ‖E (x − E x)(y − E y)ᵀ‖²_F (arXiv:1905.00414, equation 3). On few contexts
    that is far from 0 for noise, and near 1 for noise of many dimensions. score: HSIC is summed
    over pairs of distinct contexts and inner products lose their best fit u_i + u_j there, which
    for equal weights is the unbiased HSIC of Song et al. 2012 (equation 5; Székely & Rizzo 2014,
    proposition 1); on independent rows its mean is 0 for any weights and shapes.

    first [row, dim]; second [row, component]; weight [row]; groups as in `law_score`, and rows of
    one context are averaged first.
    Range: population in [0, 1], score in [−1, 1]. Invariant under orthogonal maps, isotropic scale
    and shifts of either side, not under other affine maps; symmetric. The score is NaN where at
    most one context differs from the rest, or all are equally far apart: distances between
    contexts then say nothing. Raises ValueError for NaN, for rows that disagree and for groups
    that do not number every row.
    """
    first, second = checked_pair(first, second)
    weight = checked_weight(weight, len(first))
    groups = repeated_contexts(groups, weight, first, second)
    groups = checked_groups(groups, len(first))
    ranks = unchecked_whitening(first, weight).rank, unchecked_whitening(second, weight).rank
    rows, mass = _contexts([first, second], weight, groups)
    saturated = len(mass) < MIN_CONTEXTS
    if min(ranks) == 0 or not all(side.any() for side in rows):
        return KernelAlignment(np.nan, np.nan, *ranks, saturated)
    pairs = ((0, 1), (0, 0), (1, 1))
    plain = [float((_cross(rows[i], rows[j], mass) ** 2).sum()) for i, j in pairs]
    population = plain[0] / np.sqrt(plain[1] * plain[2])
    score = np.nan
    if not saturated:
        debiased = [
            _between(rows[i], rows[j], mass, total)
            for (i, j), total in zip(pairs, plain, strict=True)
        ]
        if min(debiased[1] / plain[1], debiased[2] / plain[2]) > NOTHING_LEFT:
            score = float(debiased[0] / np.sqrt(debiased[1] * debiased[2]))
    return KernelAlignment(score, float(population), *ranks, saturated)


def _contexts(
    sides: list[np.ndarray], weight: np.ndarray, groups: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray]:
    """Centred rows of the distinct contexts with weight, of size about 1, and their weights.

    Rows are 0 where the contexts of a side differ by no more than rounding.
    """
    context = np.unique(groups, return_inverse=True)[1].reshape(-1)
    order = np.argsort(context, kind="stable")
    start = np.flatnonzero(np.diff(context[order], prepend=-1))
    mass = np.add.reduceat(weight[order], start)
    kept = mass > NOTHING_LEFT
    rows = []
    for side in sides:
        centred = side.astype(np.float64) - weight @ side.astype(np.float64)
        summed = np.add.reduceat((weight[:, None] * centred)[order], start, axis=0)[kept]
        mean = summed / mass[kept, None]
        size = float(np.abs(mean).max(initial=0))
        mean /= max(size, np.finfo(float).tiny)
        if size * np.sqrt(mass[kept] @ (mean**2).sum(1)) <= _rounding(side):
            mean[:] = 0
        # Inner products alone count, so no more columns than rows are needed.
        rows.append(triangle(mean.T).T if mean.shape[1] > len(mean) else mean)
    return rows, mass[kept]


def _rounding(side: np.ndarray) -> float:
    """What averages of the rows may differ by where they are equal; as in `fit_whitening`."""
    of_mean = np.finfo(np.float64).eps * max(side.shape)
    return float(np.abs(side).max(initial=0.0)) * max(of_mean, float(np.finfo(side.dtype).eps))


def _cross(first: np.ndarray, second: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """E x yᵀ of centred rows."""
    return (mass[:, None] * first).T @ second


def _between(first: np.ndarray, second: np.ndarray, mass: np.ndarray, total: float) -> float:
    """Σ_{i≠j} m_i m_j (x_iᵀx_j − u_i − u_j) y_iᵀy_j, u the best fit to x_iᵀx_j at i ≠ j."""
    squares = (first**2).sum(1), (second**2).sum(1)
    # Σ_j m_j x_iᵀx_j is 0 as the rows are centred, so that without j = i it is −m_i x_iᵀx_i.
    sums = -mass * squares[0], -mass * squares[1]
    off_diagonal = total - float((mass**2) @ (squares[0] * squares[1]))
    return off_diagonal - 2 * float(mass @ (_additive_fit(sums[0], mass) * sums[1]))


def _additive_fit(
    sums: Float[np.ndarray, "context"], mass: Float[np.ndarray, "context"]
) -> np.ndarray:
    """u [context] with Σ_{j≠i} m_j (a_ij − u_i − u_j) = 0, where sums_i = Σ_{j≠i} m_j a_ij.

    With s_i = m_i u_i and s = Σ s_i: (1 − 2 m_i) s_i + m_i s = m_i sums_i. The heaviest context
    may have half the mass, so it is kept as an unknown beside s; all others are eliminated.
    """
    heavy = int(mass.argmax())
    light = np.arange(len(mass)) != heavy
    left = 1 - 2 * mass[light]
    system = [
        [mass[heavy], 1 - 2 * mass[heavy]],
        [1 + (mass[light] / left).sum(), -1.0],
    ]
    total, of_heavy = np.linalg.solve(
        system, [mass[heavy] * sums[heavy], (mass[light] * sums[light] / left).sum()]
    )
    fit = (sums - total) / np.where(light, 1 - 2 * mass, 1)
    fit[heavy] = of_heavy / mass[heavy]
    return fit
