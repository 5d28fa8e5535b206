"""How does an array of any library become rows of numbers?

Arrays are known by what they can do, never by their type, so that no library need be installed.
"""

from typing import Any, NamedTuple

import numpy as np

from estimators.instruments.whitening import checked_rows

# Spacing of 1 in the floating-point formats that NumPy has not, or keeps too few digits of
HALF_EPS = {"bfloat16": 2.0**-7, "float16": 2.0**-10}


class Rows(NamedTuple):
    """Numbers [row, column] and the precision they came with.

    values: float32 or float64. tolerance: singular values below it times the largest are rounding
    of the format they came in, ε^(2/3), and count as rank no more.
    """

    values: np.ndarray
    tolerance: float


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
    return Rows(values, eps ** (2 / 3))


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
