"""Is what a scikit-learn estimator is given fit to compute with?

Parameters and inputs of the estimators are typed Any: scikit-learn's contract is that a
constructor takes everything and that `fit` refuses what is wrong, with errors of its own.
"""

from numbers import Real
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from estimators.instruments.whitening import checked_weight

REAL = (np.float64, np.float32)  # the first unless the input is already one of them


def checked_fit(
    estimator: BaseEstimator, features: Any, target: Any, **options: Any
) -> tuple[np.ndarray, np.ndarray]:
    """X [row, feature] and y as arrays, by scikit-learn's own rules; remembers the features."""
    checked: Any = validate_data(estimator, features, target, dtype=list(REAL), **options)
    return checked[0], checked[1]


def checked_features(estimator: BaseEstimator, features: Any) -> np.ndarray:
    """X [row, feature] as an array with the features that `fit` saw."""
    checked: Any = validate_data(estimator, features, dtype=list(REAL), reset=False)
    return checked


def check_number(name: str, value: Any) -> None:
    """Raise ValueError unless a parameter is a number; what it may be is checked where it is."""
    if not isinstance(value, Real) or isinstance(value, bool):
        raise ValueError(f"{name} must be a number; got {value!r}: give set_params({name}=...) one")


def checked_distributions(given: np.ndarray, named: str) -> np.ndarray:
    """Distributions [row, class], float64, that sum to one; named: what a class is.

    Raises ValueError for fewer than two classes, and for rows that are no distributions.
    """
    if given.ndim != 2 or given.shape[1] < 2:
        raise ValueError(
            f"probability must have axes [row, {named}] with at least two classes; got shape "
            f"{given.shape}"
        )
    target = given.astype(np.float64, copy=False)
    wrong = np.flatnonzero((target < 0).any(1) | ~(np.abs(target.sum(1) - 1) <= 1e-4))
    if wrong.size:
        raise ValueError(
            f"each row of probability must hold no negative number and sum to 1; row "
            f"{wrong[0]} is {target[wrong[0]]}: give probabilities, not their logarithms"
        )
    return target / target.sum(1, keepdims=True)


def weight_and_total(sample_weight: Any, num_rows: int) -> tuple[np.ndarray, float]:
    """Weights [row] that sum to one, and what they summed to; each weighs 1 if there are none."""
    weight = checked_weight(sample_weight, num_rows)
    total = num_rows if sample_weight is None else np.asarray(sample_weight, np.float64).sum()
    return weight, float(total)
