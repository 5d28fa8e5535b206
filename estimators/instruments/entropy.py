"""Over how many directions does a representation spread its variance?"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from estimators.instruments.whitening import checked_rows, checked_weight, unchecked_whitening


class MatrixEntropy(NamedTuple):
    """How many directions a covariance matrix has, by three counts of its shares of variance.

    entropy: in nats. effective_rank: its exponential. participation_ratio: one over the chance
    that two draws from the shares are the same direction. rank: shares above the cut-off.
    """

    entropy: float
    effective_rank: float
    participation_ratio: float
    rank: int


def matrix_entropy(representation: "ArrayLike", weight: "ArrayLike | None" = None) -> MatrixEntropy:
    """H = −Σ_i λ_i log λ_i in nats, λ the eigenvalues of the covariance over their sum.

    representation [row, dim]; weight [row]. H is the von Neumann entropy of the normalised
    covariance; exp(H) is the effective rank of that matrix (Roy & Vetterli, EUSIPCO 2007), 1 / Σ λ²
    the participation ratio. Range: 1 ≤ participation ratio ≤ exp(H) ≤ rank, and rank when all
    directions vary alike. Constant rows vary along no direction: counts 0 and H = log 0 = −inf.
    Invariant under orthogonal maps, isotropic scale and shifts, not under other affine maps. Over
    n contexts no count exceeds n − 1, so that noise of many dimensions looks smaller than it is.
    Raises ValueError for NaN.
    """
    rows = checked_rows(representation, "representation")
    whitening = unchecked_whitening(rows, checked_weight(weight, len(rows)))
    if whitening.rank == 0:
        return MatrixEntropy(-np.inf, 0.0, 0.0, 0)
    share = whitening.share
    entropy = max(0.0, -float((share * np.log(share)).sum()))
    return MatrixEntropy(
        entropy, float(np.exp(entropy)), float(1 / (share**2).sum()), whitening.rank
    )
