"""What do the training rows of every fold sum to, and what do they fit by least squares?

Every row is tested in one fold only, so the sums of all folds together cost one pass over the
rows; decomposing the training rows of each fold anew would cost as many passes as there are folds.
"""

import numpy as np
from jaxtyping import Bool, Float
from scipy.linalg import cho_factor, cho_solve

from estimators.instruments.folds import Folds

# Of whitened rows all second moments are 1. While those of the training rows stay above this, a
# sum of products loses four digits of sixteen; below, the rows themselves are decomposed.
WELL_CONDITIONED = 1e-4
CANCELLED = 0.1  # less than this share of a sum is not found by subtracting the rest


def fold_moments(
    rows: Float[np.ndarray, "row column"], weight: Float[np.ndarray, "row"], folds: Folds
) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray, np.ndarray]]]:
    """Σ weight row rowᵀ [column, column] over all rows, and of every fold (train, test, Σ_train).

    Rows that are whitened, or at least standardised, lose nothing that counts in these sums.
    """
    scaled = np.sqrt(weight)[:, None] * rows
    splits = list(folds.splits())
    if not splits:
        return scaled.T @ scaled, []
    tested = [scaled[test].T @ scaled[test] for _, test in splits]
    total = np.sum(tested, axis=0)
    moments = []
    for (train, test), own in zip(splits, tested, strict=True):
        moment = total - own
        if (moment.diagonal() < CANCELLED * total.diagonal()).any():
            moment = scaled[train].T @ scaled[train]
        moments.append((train, test, moment))
    return total, moments


def least_squares(
    design: Float[np.ndarray, "row regressor"],
    goal: Float[np.ndarray, "row component"],
    weight: Float[np.ndarray, "row"],
    train: Bool[np.ndarray, "row"],
    moment: Float[np.ndarray, "column column"],
) -> np.ndarray:
    """argmin_B Σ_{train} weight ‖goal − design B‖² [regressor, component], the shortest one.

    moment: that of [design, goal] over the training rows. The normal equations are solved where
    they lose no precision that counts; else the singular values of the design decide, as ever.
    """
    size = design.shape[1]
    if size == 0 or np.linalg.eigvalsh(moment[:size, :size])[0] >= WELL_CONDITIONED:
        return cho_solve(cho_factor(moment[:size, :size]), moment[:size, size:])
    scale = np.sqrt(weight[train])[:, None]
    return np.linalg.lstsq(scale * design[train], scale * goal[train], rcond=None)[0]
