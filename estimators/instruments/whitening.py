"""Which directions of a set of features vary at all, on one common scale?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from estimators.instruments.numeric import checked_real

BLOCK_ROWS = 512  # rows whose triangle is found at once: they stay in the cache
HIDDEN = 1e-3  # of a column's spread: if directions that are dropped hold more, others hide it
MAY_BE_LAWS = ("features", "source", "target")  # arguments that may hold log p, and so log 0


class Whitening(NamedTuple):
    """The affine map features -> components with mean 0 and covariance I under the weights.

    mean [regressor]; basis [regressor, component]; spread [component]: the standard deviation of
    the features along each component; only directions above the rank cut-off.
    """

    mean: np.ndarray
    basis: np.ndarray
    spread: np.ndarray

    @property
    def rank(self) -> int:
        """The number of components."""
        return self.basis.shape[1]

    @property
    def share(self) -> np.ndarray:
        """Of the features' variance along each component [component], the largest first."""
        if self.rank == 0:
            return np.zeros(0)
        spread = self.spread / self.spread.max()
        return spread**2 / (spread**2).sum()

    def leading(self, num_components: int) -> "Whitening":
        """The same map onto the components of largest variance."""
        return Whitening(self.mean, self.basis[:, :num_components], self.spread[:num_components])

    def apply(self, features: "ArrayLike") -> np.ndarray:
        """(features − mean) basis [row, component] of features [row, regressor]."""
        return (checked_columns(features, len(self.mean)) - self.mean) @ self.basis


def fit_whitening(
    features: "ArrayLike",
    weight: "ArrayLike | None" = None,
    tolerance: float | None = None,
) -> Whitening:
    """Whitening of features [row, regressor] with weight [row], by singular values, without ridge.

    Directions whose singular value is below tolerance times the largest are dropped; tolerance
    defaults to ε^(2/3) of the features' dtype (4e-11 in float64, 2e-5 in float32), the noise that
    rounding leaves. So are those that rounding of the features and of their mean explains:
    constant features have rank 0. Rounding of a column is as large as that column, so that no
    column is dropped for the size of another: where one would be, and no tolerance is given, every
    column is measured by its own spread. Raises ValueError for NaN, infinity and wrong weights.
    """
    features = checked_rows(features, "features")
    return unchecked_whitening(features, checked_weight(weight, len(features)), tolerance)


def unchecked_whitening(
    features: Float[np.ndarray, "row regressor"],
    weight: Float[np.ndarray, "row"],
    tolerance: float | None = None,
    rounding: Float[np.ndarray, "regressor"] | None = None,
) -> Whitening:
    """`fit_whitening` of finite floats and of weights that sum to one.

    rounding: of every column, by default that of its largest number; where it is given, columns
    are told apart by it whatever the tolerance.
    """
    eps = float(np.finfo(features.dtype).eps)
    by_column = tolerance is None or rounding is not None
    cut_off = eps ** (2 / 3) if tolerance is None else tolerance
    mean = weight @ features.astype(np.float64)
    centred = np.sqrt(weight)[:, None] * (features - mean)
    if features.shape[1] == 0:
        return Whitening(mean, np.zeros((0, 0)), np.zeros(0))
    # R of centred = QR has its singular values and its right singular vectors, and is small.
    rows = triangle(centred)
    of_mean = float(np.finfo(np.float64).eps) * max(features.shape)
    magnitude = np.abs(features).max(0, initial=0.0).astype(np.float64)
    noise = magnitude * max(of_mean, eps) if rounding is None else rounding
    _, scale, directions = np.linalg.svd(rows, full_matrices=False)
    kept = scale > max(cut_off * scale[0], noise.max())
    missed = np.linalg.norm(scale[~kept, None] * directions[~kept], axis=0)
    spread = np.linalg.norm(rows, axis=0)
    if by_column and (missed > np.maximum(HIDDEN * spread, noise)).any():
        return _column_by_column(mean, rows, noise, cut_off)
    return Whitening(mean, directions[kept].T / scale[kept], scale[kept])


def _column_by_column(
    mean: np.ndarray, rows: np.ndarray, rounding: np.ndarray, tolerance: float
) -> Whitening:
    """The whitening of centred rows whose rank is judged with every column at spread 1.

    A direction is rounding where that of the columns that make it up, each by its share, explains
    it. A column that does not vary by more than its own rounding is left out.
    """
    spread = np.linalg.norm(rows, axis=0)
    varies = spread > rounding
    spread = np.where(varies, spread, 1.0)
    _, scale, directions = np.linalg.svd(np.where(varies, rows / spread, 0), full_matrices=False)
    noise = np.linalg.norm(directions * (rounding / spread), axis=1)
    kept = scale > np.maximum(tolerance * scale[0], noise)
    # Onto the principal components of what is kept, in the columns' own scales.
    turn, size, _ = np.linalg.svd(
        scale[kept, None] * directions[kept] * spread, full_matrices=False
    )
    return Whitening(mean, (directions[kept].T / scale[kept] @ turn) / spread[:, None], size)


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


def checked_columns(features: "ArrayLike", num_columns: int) -> np.ndarray:
    """Features [row, regressor] of as many columns as a map was fitted to; else ValueError."""
    matrix = checked_rows(features, "features")
    if matrix.shape[1] != num_columns:
        raise ValueError(
            f"features must have the {num_columns} columns that the map was fitted to; got shape "
            f"{matrix.shape}: give rows of the same features"
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
