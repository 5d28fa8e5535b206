"""How does an array of any library become rows of numbers?

Arrays are known by what they can do, never by their type, so that no library need be installed.
"""

from typing import Any, NamedTuple

import numpy as np

from estimators.instruments.whitening import checked_rows, unchecked_whitening

# Spacing of 1 in the floating-point formats that NumPy has not, or keeps too few digits of
HALF_EPS = {"bfloat16": 2.0**-7, "float16": 2.0**-10}
SINGLE_EPS = float(np.finfo(np.float32).eps)  # half precision is accumulated in single


class Rows(NamedTuple):
    """Numbers [row, column], float32 or float64, and the spacing ε of 1 in the format they had."""

    values: np.ndarray
    eps: float


class Kept(NamedTuple):
    """The directions of rows that vary by more than rounding of their format explains.

    values z [row, component]: mean 0 and covariance I under the weights, the largest first. onto
    [column, component]: E (x − E x) zᵀ of the rows x, so that x − E x is z ontoᵀ. num_columns:
    directions there could be, as many as columns vary and contexts allow.
    """

    values: np.ndarray
    onto: np.ndarray
    num_columns: int


def kept(rows: Rows, weight: np.ndarray, magnitude: np.ndarray | None = None) -> Kept:
    """Directions of weighted rows [row, column] whose spread is above the rounding of the format.

    In single and double precision as `fit_whitening` judges. In half precision every element is
    off by up to ε/2 of itself, so that each column is measured by its own magnitude and a direction
    counts above ε/2 · (1 + √(columns / rows)): the largest singular value that so much noise has.
    magnitude [column]: of the terms that a column is summed from, where sums may have cancelled; by
    default the root mean square of the column itself.
    """
    values, tolerance, rounding = rows.values, rows.eps ** (2 / 3), None
    if rows.eps > SINGLE_EPS:
        values, tolerance = values.astype(np.float64), SINGLE_EPS ** (2 / 3)
        sizes = np.sqrt(weight @ values**2) if magnitude is None else magnitude
        # What is smaller yet is left of sums that cancel, and is no column of its own.
        scale = np.maximum(sizes, tolerance * sizes.max(initial=0.0))
        values = values / np.where(scale > 0, scale, 1.0)
    else:
        sizes = np.abs(values).max(0, initial=0.0) if magnitude is None else magnitude
        of_mean = float(np.finfo(np.float64).eps) * max(values.shape)
        rounding = sizes.astype(np.float64) * max(rows.eps, of_mean)
    whitening = unchecked_whitening(values, weight, tolerance, rounding)
    if rows.eps > SINGLE_EPS:
        noise = rows.eps / 2 * (1 + np.sqrt(values.shape[1] * (weight**2).sum()))
        whitening = whitening.leading(int((whitening.spread > noise).sum()))
    components = whitening.apply(values)
    centred = rows.values - weight @ rows.values.astype(np.float64)
    varying = int((np.ptp(rows.values, axis=0) > 0).sum())
    return Kept(
        components,
        centred.T @ (weight[:, None] * components),
        min(varying, int((weight > 0).sum()) - 1),
    )


def as_numpy(array: Any, name: str) -> np.ndarray:
    """The numbers of an array of NumPy, JAX, torch or alike; half precision becomes float32.

    A tensor is detached from its gradient and brought to the host. Raises ValueError for what
    holds no real numbers.
    """
    if callable(getattr(array, "detach", None)):
        array = array.detach()
        array = array.cpu() if callable(getattr(array, "cpu", None)) else array
        array = array.float() if _format(array) in HALF_EPS else array
        array = array.numpy()
    array = np.asarray(array)
    if _format(array) in HALF_EPS:
        array = array.astype(np.float32)
    if array.dtype.kind not in "fiub":
        raise ValueError(
            f"{name} must hold real numbers; got an array of {array.dtype}: give an array of "
            "NumPy, JAX or torch, with rows of one length"
        )
    return array


def as_rows(array: Any, name: str) -> Rows:
    """One array [row, column]; ValueError for NaN, infinity and other axes."""
    values = checked_rows(as_numpy(array, name), name)
    values = values if values.dtype == np.float32 else values.astype(np.float64)
    eps = HALF_EPS.get(_format(array), float(np.finfo(values.dtype).eps))
    return Rows(values, eps)


def as_seeds(stack: Any, name: str) -> list[Rows]:
    """One array per seed, from [row, column], [seed, row, column] or a sequence over seeds.

    The seeds of a sequence may differ in their columns.
    """
    if isinstance(stack, list | tuple):
        parts = list(stack)
        if not parts:
            raise ValueError(f"{name} must hold at least one array [row, column]; got none")
        if as_numpy(parts[0], name).ndim == 2:
            return [as_rows(part, f"{name} of seed {seed}") for seed, part in enumerate(parts)]
        return [as_rows(np.stack([as_numpy(part, name) for part in parts]), name)]
    whole = as_numpy(stack, name)
    if whole.ndim != 3:
        return [as_rows(stack, name)]
    if len(whole) == 0:
        raise ValueError(f"{name} must hold at least one seed; got shape {whole.shape}")
    return [as_rows(part, f"{name} of seed {seed}") for seed, part in enumerate(stack)]


def _format(array: Any) -> str:
    """The name of the number format, `bfloat16` for jax's as for torch's."""
    return str(getattr(array, "dtype", "")).rpartition(".")[-1]
