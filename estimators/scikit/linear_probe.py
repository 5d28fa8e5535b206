"""Which class does a softmax of a linear readout name?"""

from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from estimators.instruments.softmax_fit import fit_softmax, log_softmax_blocks
from estimators.scikit.storage import StoredEstimator
from estimators.scikit.validation import (
    check_number,
    checked_distributions,
    checked_features,
    checked_fit,
    weight_and_total,
)


class LinearProbe(ClassifierMixin, StoredEstimator):
    """Multinomial logistic regression p̂(y|x) = softmax(W x + v) as a scikit-learn classifier.

    It minimises Σ_i w_i KL(y_i ‖ p̂(·|x_i)) + ‖W‖²/(2C), nats, by the convex fit behind
    `es.law_score`; v is free. The optimum is that of `sklearn.linear_model.LogisticRegression`.
    Without penalty, the default, the result does not depend on the gauge of X.

    C: inverse of the penalty, positive; infinity, the default, is none. tolerance: relative
    change of the loss at which to stop.

    Learnt: classes_; coef_ W [class, feature] and intercept_ v [class], both with mean zero over
    classes; for two classes one row, the second less the first. converged_: whether the optimiser
    reached its tolerance. loss_: the mean cross-entropy in nats with the penalty. n_features_in_,
    feature_names_in_ where X has column names.

    If a hyperplane separates the classes there is no optimum without penalty: the loss falls
    towards 0 and W grows until the loss changes by less than the tolerance.
    """

    # learnt by `fit`
    classes_: np.ndarray
    coef_: np.ndarray
    intercept_: np.ndarray
    converged_: bool
    loss_: float
    n_features_in_: int

    def __init__(self, C: Any = np.inf, tolerance: Any = 1e-9) -> None:
        self.C = C
        self.tolerance = tolerance

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "LinearProbe":
        """Fit to X [row, feature] and classes y [row]; sample_weight [row].

        Raises ValueError for NaN and infinity, rows that disagree, a single class, weights that
        are negative or all zero, and C or tolerance that is not positive.
        """
        features, labels = checked_fit(self, X, y)
        check_classification_targets(labels)
        classes, index = np.unique(labels, return_inverse=True)
        weight, total = weight_and_total(sample_weight, len(features))
        if np.unique(index[weight > 0]).size < 2:
            raise ValueError(
                f"a probe needs at least two classes; y has one class, {labels[weight > 0][0]}: "
                "a constant concept needs no probe, leave it out"
            )
        target = np.zeros((len(features), len(classes)))
        target[np.arange(len(features)), index] = 1
        return self._fit(features, target, classes, weight, total)

    def fit_soft(self, X: Any, probability: Any, sample_weight: Any = None) -> "LinearProbe":
        """Fit to X [row, feature] and distributions probability [row, class] over classes 0, 1, …

        This is what infinitely many labelled samples would give, such as p(c|x) from a world.
        Raises ValueError as `fit`, and for rows that are no distributions over two classes or
        more.
        """
        features, given = checked_fit(self, X, probability, multi_output=True, y_numeric=True)
        target = checked_distributions(given, "class")
        weight, total = weight_and_total(sample_weight, len(features))
        return self._fit(features, target, np.arange(target.shape[1]), weight, total)

    def _fit(
        self,
        features: Float[np.ndarray, "row feature"],
        target: Float[np.ndarray, "row class"],
        classes: np.ndarray,
        weight: Float[np.ndarray, "row"],
        total: float,
    ) -> "LinearProbe":
        for name, value in {"C": self.C, "tolerance": self.tolerance}.items():
            check_number(name, value)
            if not value > 0:
                raise ValueError(f"{name} must be positive; got {value}")
        # ‖W‖² of one row for two classes is twice that of the two rows ±W/2
        penalty = (2 if len(classes) == 2 else 1) / (self.C * total)
        fit = fit_softmax(features, target, weight, tolerance=self.tolerance, penalty=penalty)
        coefficient = fit.coefficient - fit.coefficient.mean(1, keepdims=True)
        if len(classes) == 2:
            coefficient = coefficient[:, 1:] - coefficient[:, :1]
        self.classes_ = classes
        self.coef_ = (fit.whitening.basis @ coefficient[:-1]).T
        self.intercept_ = coefficient[-1] - self.coef_ @ fit.whitening.mean
        self.converged_, self.loss_ = fit.converged, fit.loss
        return self

    def decision_function(self, X: Any) -> Float[np.ndarray, "..."]:
        """W x + v [row, class]; for two classes the log-odds of the second [row], nats."""
        check_is_fitted(self)
        logits = checked_features(self, X) @ self.coef_.T + self.intercept_
        return logits[:, 0] if len(self.classes_) == 2 else logits

    def predict_log_proba(self, X: Any) -> Float[np.ndarray, "row class"]:
        """log p̂(y|x) [row, class], nats."""
        logits = self.decision_function(X)
        if logits.ndim == 1:
            logits = np.stack([-logits / 2, logits / 2], 1)
        return log_softmax_blocks(logits, (len(self.classes_),))

    def predict_proba(self, X: Any) -> Float[np.ndarray, "row class"]:
        """p̂(y|x) [row, class]."""
        return np.exp(self.predict_log_proba(X))

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class [row]."""
        scores = self.decision_function(X)
        return self.classes_[(scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(1)]
