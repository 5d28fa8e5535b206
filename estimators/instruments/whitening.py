"""Which directions of a set of features vary at all, on one common scale?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike


class Whitening(NamedTuple):
    """The affine map features -> components with mean 0 and covariance I under the weights.

    mean [regressor]; basis [regressor, component]; only directions above the rank cut-off.
    """

    mean: np.ndarray
    basis: np.ndarray

    @property
    def rank(self) -> int:
        """The number of components."""
        return self.basis.shape[1]

    def apply(self, features: Float[np.ndarray, "row regressor"]) -> np.ndarray:
        """(features − mean) basis [row, component]."""
        return (features - self.mean) @ self.basis


def fit_whitening(
    features: Float[np.ndarray, "row regressor"],
    weight: Float[np.ndarray, "row"],
    tolerance: float | None = None,
) -> Whitening:
    """Whitening of weighted rows by singular values, without ridge.

    Directions whose singular value is below tolerance times the largest are dropped; tolerance
    defaults to ε^(2/3) of the features' dtype (4e-11 in float64, 2e-5 in float32), the noise that
    rounding leaves. So are those that rounding of the features and of their mean explains:
    constant features have rank 0.
    """
    if tolerance is None:
        tolerance = float(np.finfo(features.dtype).eps ** (2 / 3))
    mean = weight @ features.astype(np.float64)
    centred = np.sqrt(weight)[:, None] * (features - mean)
    if features.shape[1] == 0:
        return Whitening(mean, np.zeros((0, 0)))
    _, scale, directions = np.linalg.svd(centred, full_matrices=False)
    magnitude = float(np.abs(features).max(initial=0.0))
    of_mean = np.finfo(np.float64).eps * max(features.shape)
    rounding = magnitude * max(of_mean, np.finfo(features.dtype).eps)
    kept = scale > max(tolerance * scale[0], rounding)
    return Whitening(mean, directions[kept].T / scale[kept])


def checked_rows(array: ArrayLike, name: str) -> np.ndarray:
    """The array as floating point [row, column]; ValueError for NaN, infinity or wrong axes."""
    matrix = np.asarray(array)
    if not np.issubdtype(matrix.dtype, np.floating):
        matrix = matrix.astype(np.float64)
    if matrix.ndim != 2:
        raise ValueError(f"{name} must have axes [row, column]; got shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        row = int(np.argwhere(~np.isfinite(matrix))[0, 0])
        raise ValueError(
            f"{name} must be finite; row {row} is not: drop such rows, or score a law that is "
            "defined there, such as log(p + ρ)"
        )
    return matrix


def checked_weight(weight: ArrayLike | None, num_rows: int) -> np.ndarray:
    """Weights [row] that are positive and sum to one; None means equal weights."""
    if num_rows == 0:
        raise ValueError("nothing can be scored on zero rows: give at least one context")
    if weight is None:
        return np.full(num_rows, 1 / num_rows)
    weight = np.asarray(weight, np.float64)
    if weight.shape != (num_rows,):
        raise ValueError(f"weight must have shape ({num_rows},), one a row; got {weight.shape}")
    if not np.isfinite(weight).all() or (weight < 0).any() or not weight.sum() > 0:
        raise ValueError(
            f"weights must be finite, not negative and not all zero; got {weight.min()} … "
            f"{weight.max()}"
        )
    return weight / weight.sum()
