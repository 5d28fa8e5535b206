"""What may enter an exact host function, and how large may its answer be?"""

import operator
from typing import Any

import numpy as np
from jax.core import Tracer
from numpy.typing import ArrayLike

MAX_OUTPUT_BYTES = 2**30
MAX_CONFIGURATIONS = 2**26
BY_CONTRACTION = {  # what answers instead where configurations are too many to visit
    "log_evidence": "lg.contract_log_evidence",
    "log_predictive": "lg.contract_log_predictive",
    "log_concept_posterior": "lg.contract_log_concept_posteriors",
    "log_posterior": "lg.contract_log_posterior, which takes the concepts that are wanted",
    "log_posterior_prefixes": "lg.contract_log_posterior on each prefix, which takes concepts",
    "log_prior": "lg.contract_log_posterior of the concepts that are wanted, after no words",
    "enumerate_contexts": "lg.sample, and lg.contract_log_evidence for log p(x)",
    "enumerate_bags": "lg.sample, and lg.contract_log_evidence for log p(x)",
}


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
        instead = BY_CONTRACTION.get(
            function, "fewer concepts or smaller cardinalities, as no contraction answers this"
        )
        raise ValueError(
            f"{function} visits every configuration; this world has {num_configurations} of "
            f"them and the limit is {MAX_CONFIGURATIONS} (2^26): use {instead}"
        )


def whole_number(number: Any, name: str) -> int:
    """The number as a Python integer, or a ValueError when it is none."""
    try:
        return operator.index(number)
    except TypeError:
        raise ValueError(f"{name} must be a whole number; got {number!r}") from None


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
