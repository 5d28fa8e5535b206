"""Are the settings of an assessment ones that it can use?"""

import math
from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np


def checked_sizes(cardinalities: Any, num_configurations: int) -> tuple[int, ...]:
    """Whole numbers whose product is the number of configurations; ValueError for others."""
    rule = (
        "cardinalities must be whole numbers, one a concept, whose product is the number of "
        f"configurations, the columns of log_posterior; got {cardinalities!r} for "
        f"{num_configurations}: "
    )
    sizes = tuple(cardinalities) if isinstance(cardinalities, Iterable) else ()
    if not sizes or not all(isinstance(size, Integral) for size in sizes):
        raise ValueError(f"{rule}give a sequence such as (2, 2), of one concept (4,)")
    sizes = tuple(int(size) for size in sizes)
    if min(sizes) < 1 or math.prod(sizes) != num_configurations:
        raise ValueError(f"{rule}columns are row-major over concepts, the last concept fastest")
    return sizes


def checked_rho(rho: Any) -> float | None:
    """ρ > 0, or None to have it fitted; ValueError for what is neither."""
    if rho is None:
        return None
    if not isinstance(rho, Real) or not 0 < float(rho) < np.inf:
        raise ValueError(
            f"rho must be positive and finite; got {rho!r}: leave it out to have it fitted"
        )
    return float(rho)


def checked_random_state(random_state: Any) -> int:
    """A whole number that is not negative; ValueError for what is none."""
    if not isinstance(random_state, Integral) or random_state < 0:
        raise ValueError(
            f"random_state must be a whole number of at least 0; got {random_state!r}: nulls and "
            "folds are drawn from it, so that an assessment can be repeated"
        )
    return int(random_state)


def checked_layers(layers: Any) -> Mapping[str, Any]:
    """Representations by name; ValueError for what has no names."""
    if layers is None:
        return {}
    if not isinstance(layers, Mapping):
        raise ValueError(
            f"layers must be a mapping of names to representations; got {type(layers).__name__}: "
            'give {"layer 1": array, …}'
        )
    return layers
