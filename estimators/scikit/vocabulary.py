"""Do contexts and tokens keep to the vocabulary?"""

from typing import Any

import numpy as np


def whole_numbers(array: Any, name: str, axes: str) -> np.ndarray:
    """The array as int32; ValueError for other axes, fractions, negative or too large numbers.

    name: "context" or "token"; axes: what is expected, such as "[sample, position]".
    """
    array = np.asarray(array)
    if array.ndim != axes.count(",") + 1:
        raise ValueError(
            f"{name} must have axes {axes}; got shape {array.shape}: drop an axis too many, as "
            f"{name}.ravel() does for a single column"
        )
    if array.dtype == object:
        array = array.astype(np.float64)
    if array.dtype.kind not in "biuf":
        raise ValueError(
            f"{name} must hold whole numbers from 0; got dtype {array.dtype}: number the "
            "vocabulary, as sklearn.preprocessing.OrdinalEncoder does"
        )
    wrong = np.argwhere(~((array >= 0) & (array < 2**31) & (array == np.floor(array))))
    if wrong.size:
        at = tuple(wrong[0])
        raise ValueError(
            f"{name} must hold whole numbers from 0; row {at[0]} has {array[at]}: number the "
            "vocabulary from 0, without gaps"
        )
    return array.astype(np.int32)


def within(array: np.ndarray, num_known: int, name: str, counted: str) -> None:
    """Raise ValueError unless all numbers are below num_known; counted: the parameter it is."""
    beyond = np.argwhere(array >= num_known)
    if beyond.size:
        at = tuple(beyond[0])
        raise ValueError(
            f"{name} must hold numbers below {counted} = {num_known}; row {at[0]} has "
            f"{array[at]}: fit with {counted} of at least {array.max() + 1}, so that numbers "
            f"missing from the sample keep their place; set {counted}=... when cross-validating, "
            "as a training fold may lack the largest number"
        )


def as_many(context: np.ndarray, token: np.ndarray) -> None:
    """Raise ValueError unless there is a token for every context."""
    if len(context) != len(token):
        raise ValueError(
            f"context has {len(context)} rows and token has {len(token)}: give one token for every "
            "context"
        )
