"""What may enter an exact host function, and how large may its answer be?"""

from typing import Any

import numpy as np
from jax.core import Tracer
from numpy.typing import ArrayLike

MAX_OUTPUT_BYTES = 2**30
MAX_CONFIGURATIONS = 2**26


def refuse_tracers(function: str, *arrays: Any) -> None:
    """Raise a TypeError naming `latentgen.kernels` when a JAX tracer is given."""
    if any(isinstance(array, Tracer) for array in arrays):
        raise TypeError(
            f"{function} is an exact host function in NumPy float64 and cannot be traced: "
            "use latentgen.kernels inside jit, vmap and grad"
        )


def refuse_large_output(function: str, shape: tuple[int, ...], remedy: str) -> None:
    """Raise a ValueError when a float64 answer of this shape would exceed 1 GiB."""
    size = 8
    for length in shape:
        size *= length
    if size > MAX_OUTPUT_BYTES:
        raise ValueError(
            f"{function} would return {size / 2**30:.3g} GiB, an array of shape {shape}, "
            f"and answers at most 1 GiB: {remedy}"
        )


def refuse_large_enumeration(function: str, num_configurations: int) -> None:
    """Raise a ValueError when the configurations are too many to be visited one by one."""
    if num_configurations > MAX_CONFIGURATIONS:
        raise ValueError(
            f"{function} visits every configuration; this world has {num_configurations} of "
            f"them and the limit is {MAX_CONFIGURATIONS} (2^26): use fewer concepts or smaller "
            "cardinalities"
        )


def integer_matrix(array: ArrayLike, name: str, axes: str) -> np.ndarray:
    """The array as int64 with two axes, or a ValueError saying what it was instead."""
    try:
        matrix = np.asarray(array)
    except ValueError:
        raise ValueError(f"{name} must be one array [{axes}]; its rows differ in length") from None
    if matrix.ndim != 2:
        raise ValueError(f"{name} must have two axes [{axes}]; got shape {matrix.shape}")
    if matrix.size and not np.issubdtype(matrix.dtype, np.integer):
        raise ValueError(f"{name} must hold integers; got dtype {matrix.dtype}")
    return matrix.astype(np.int64)
