"""Which directions of a set of features vary at all, on one common scale?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from estimators.instruments.numeric import checked_real

BLOCK_ROWS = 512  # rows whose triangle is found at once: they stay in the cache
MAY_BE_LAWS = ("features", "source", "target")  # arguments that may hold log p, and so log 0


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

    @property
    def share(self) -> np.ndarray:
        """Of the features' variance along each component [component], the largest first."""
        if self.rank == 0:
            return np.zeros(0)
        largest = np.abs(self.basis).max(0)
        spread = 1 / (largest / largest.min() * np.linalg.norm(self.basis / largest, axis=0))
        return spread**2 / (spread**2).sum()

    def leading(self, num_components: int) -> "Whitening":
        """The same map onto the components of largest variance."""
        return Whitening(self.mean, self.basis[:, :num_components])

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
    # R of centred = QR has its singular values and its right singular vectors, and is small.
    _, scale, directions = np.linalg.svd(triangle(centred), full_matrices=False)
    magnitude = float(np.abs(features).max(initial=0.0))
    of_mean = np.finfo(np.float64).eps * max(features.shape)
    rounding = magnitude * max(of_mean, np.finfo(features.dtype).eps)
    kept = scale > max(tolerance * scale[0], rounding)
    return Whitening(mean, directions[kept].T / scale[kept])


def triangle(rows: Float[np.ndarray, "row column"]) -> np.ndarray:
    """R [column, column] of rows = QR, block by block; rows that are no taller as they are.

    Blocks are reduced to their triangles, and the triangles stacked and reduced again, which is
    as stable as one decomposition (Demmel et al., SIAM J. Sci. Comput. 34, 2012) and faster.
    """
    num_rows, num_columns = rows.shape
    size = max(BLOCK_ROWS, 8 * num_columns)
    while num_rows > size:
        num_blocks = num_rows // size
        whole, rest = rows[: num_blocks * size], rows[num_blocks * size :]
        blocks = _reduced(whole.reshape(num_blocks, size, num_columns))
        rows = np.concatenate([blocks.reshape(-1, num_columns), rest])
        num_rows = len(rows)
    return _reduced(rows) if num_rows > num_columns else rows


def _reduced(rows: np.ndarray) -> np.ndarray:
    """R [..., column, column] of one matrix or a stack of them."""
    return np.asarray(np.linalg.qr(rows, mode="r"))


def checked_rows(array: "ArrayLike", name: str) -> np.ndarray:
    """The array as floating point [row, column]; ValueError for NaN, infinity or wrong axes.

    So is one for what are no real numbers.
    """
    matrix = checked_real(array, name)
    if matrix.ndim != 2:
        raise ValueError(f"{name} must have axes [row, column]; got shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        row, column = np.argwhere(~np.isfinite(matrix))[0]
        value = float(matrix[row, column])
        raise ValueError(
            f"{name} must be finite; row {row} is not, {value} in column {column}: "
            f"{_remedy(value, name)}"
        )
    return matrix


def _remedy(value: float, name: str) -> str:
    """What to do about a number that is not finite: that depends on where it may come from."""
    if value == -np.inf and name in MAY_BE_LAWS:
        return (
            "where it is log p of p = 0 score a law that is defined there, such as log(p + ρ), or "
            "drop such rows"
        )
    if np.isnan(value):
        return "find out what made it, such as 0/0 or a padded row, or drop such rows"
    return "compute it in float32 if it was in float16, which ends at 65504, or drop such rows"


def checked_pair(
    first: "ArrayLike", second: "ArrayLike", names: tuple[str, str] = ("first", "second")
) -> tuple[np.ndarray, np.ndarray]:
    """Two arrays [row, column] that have their rows in common; ValueError when they have not."""
    rows = checked_rows(first, names[0]), checked_rows(second, names[1])
    if len(rows[0]) != len(rows[1]):
        raise ValueError(
            f"{names[0]} and {names[1]} must have the same contexts as rows; {names[0]} has "
            f"{len(rows[0])} rows and {names[1]} has {len(rows[1])}: give both one row a context"
        )
    return rows


def checked_weight(weight: "ArrayLike | None", num_rows: int) -> np.ndarray:
    """Weights [row] that are positive and sum to one; None means equal weights."""
    if num_rows == 0:
        raise ValueError("nothing can be scored on zero rows: give at least one context")
    if weight is None:
        return np.full(num_rows, 1 / num_rows)
    weight = checked_real(weight, "weight").astype(np.float64)
    if weight.shape != (num_rows,):
        raise ValueError(f"weight must have shape ({num_rows},), one a row; got {weight.shape}")
    if not np.isfinite(weight).all() or (weight < 0).any() or not weight.sum() > 0:
        raise ValueError(
            f"weights must be finite, not negative and not all zero; got {weight.min()} … "
            f"{weight.max()}"
        )
    return weight / weight.sum()
