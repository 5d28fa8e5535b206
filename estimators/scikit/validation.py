"""Is what a scikit-learn estimator is given fit to compute with?

Parameters and inputs of the estimators are typed Any: scikit-learn's contract is that a
constructor takes everything and that `fit` refuses what is wrong, with errors of its own.
"""

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


def weight_and_total(sample_weight: Any, num_rows: int) -> tuple[np.ndarray, float]:
    """Weights [row] that sum to one, and what they summed to; each weighs 1 if there are none."""
    weight = checked_weight(sample_weight, num_rows)
    total = num_rows if sample_weight is None else np.asarray(sample_weight, np.float64).sum()
    return weight, float(total)
