"""Which affine map takes one set of representations to another?"""

from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.base import ClassNamePrefixFeaturesOutMixin, RegressorMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from estimators.instruments.covariance import fit_covariance_whitening
from estimators.scikit.storage import StoredEstimator
from estimators.scikit.validation import (
    check_number,
    checked_features,
    checked_fit,
    weight_and_total,
)


class AffineMap(ClassNamePrefixFeaturesOutMixin, TransformerMixin, RegressorMixin, StoredEstimator):
    """The least-squares map Y ≈ X coef_ᵀ + intercept_ as a scikit-learn regressor.

    It minimises Σ_i w_i ‖y_i − A x_i − b‖² + ridge ‖A‖² over A and b, the smallest A where several
    do. Directions of X below the rank cut-off of `es.fit_whitening` are left out, so that neither
    rounding nor a lack of rows is read as a direction.

    ridge: the penalty, at least 0, as in `sklearn.linear_model.Ridge`; none by default. tolerance:
    the cut-off relative to the largest singular value of the centred rows; None: ε^(2/3) of the
    dtype of X.

    Learnt: coef_ A [target, feature] ([feature] for y [row]), intercept_ b [target] (a number for
    y [row]), rank_ the number of directions kept, n_features_in_, feature_names_in_ where X has
    column names.

    `score` is scikit-learn's R², the mean over targets of 1 − Σ (y − ŷ)² / Σ (y − ȳ)². It depends
    on the gauge of Y: an invertible map of the targets changes it. `es.affine_r2` does not.
    """

    # learnt by `fit`
    coef_: np.ndarray
    intercept_: Any
    rank_: int
    n_features_in_: int

    def __init__(self, ridge: Any = 0.0, tolerance: Any = None) -> None:
        self.ridge = ridge
        self.tolerance = tolerance

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "AffineMap":
        """Fit to X [row, feature] and y [row, target] or [row]; sample_weight [row].

        Raises ValueError for NaN and infinity, rows that disagree, weights that are negative or
        all zero, and a negative ridge or tolerance.
        """
        tolerance = 0.0 if self.tolerance is None else self.tolerance
        for name, value in {"ridge": self.ridge, "tolerance": tolerance}.items():
            check_number(name, value)
            if not 0 <= value < np.inf:
                raise ValueError(f"{name} must be a finite number of at least 0; got {value}")
        features, target = checked_fit(self, X, y, multi_output=True, y_numeric=True)
        goal = target.reshape(len(features), -1).astype(np.float64, copy=False)
        weight, total = weight_and_total(sample_weight, len(features))
        coefficient, intercept, self.rank_ = self._solve(features, goal, weight, self.ridge / total)
        self.coef_ = coefficient if target.ndim == 2 else coefficient[0]
        self.intercept_ = intercept if target.ndim == 2 else float(intercept[0])
        return self

    def _solve(
        self,
        features: Float[np.ndarray, "row feature"],
        goal: Float[np.ndarray, "row target"],
        weight: Float[np.ndarray, "row"],
        ridge: float,
    ) -> tuple[Float[np.ndarray, "target feature"], Float[np.ndarray, "target"], int]:
        """A, b and the rank, by the normal equations in whitened coordinates, where they are I."""
        whitening = fit_covariance_whitening(features, weight, self.tolerance)
        basis, mean = whitening.basis, weight @ goal
        centred = features - whitening.mean
        centred *= weight[:, None]
        whitened = basis.T @ (centred.T @ (goal - mean))
        if ridge > 0:
            whitened = np.linalg.solve(np.eye(len(whitened)) + ridge * basis.T @ basis, whitened)
        coefficient = (basis @ whitened).T
        return coefficient, mean - coefficient @ whitening.mean, whitening.rank

    def predict(self, X: Any) -> Float[np.ndarray, "..."]:
        """X coef_ᵀ + intercept_ [row, target], or [row] where y was."""
        check_is_fitted(self)
        return checked_features(self, X) @ self.coef_.T + self.intercept_

    def transform(self, X: Any) -> Float[np.ndarray, "row target"]:
        """The image of X in the space of y [row, target], for a step of a pipeline."""
        return self.predict(X).reshape(-1, self._n_features_out)

    @property
    def _n_features_out(self) -> int:
        return 1 if self.coef_.ndim == 1 else len(self.coef_)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
