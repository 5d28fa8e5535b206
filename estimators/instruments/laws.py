"""How much of what a distribution says is said by a softmax of a linear readout?

One score serves both directions. A law φ(x) is scored by how well softmax(U φ + v) reproduces
p(y|x): S. A representation f is scored by how well softmax(W f + v) reproduces p(c|x): the
readout. Both are shares of information in nats, do not depend on the gauge of f, and allow zeros.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from estimators.instruments.folds import NUM_FOLDS, context_folds, repeated_contexts
from estimators.instruments.numeric import checked_real
from estimators.instruments.softmax_fit import unchecked_softmax
from estimators.instruments.whitening import checked_rows, checked_weight, unchecked_whitening

NO_INFORMATION = 1e-9  # nats; below it a share of information has no meaning
HALF_PRECISION = 0.02  # how far from 1 the sum of a log_softmax in float16 or bfloat16 may be


class InformationScore(NamedTuple):
    """A share of information, 1 − E KL(target ‖ fit) / I.

    score: held out by distinct context; NaN when saturated or when there is no information.
    population: the best fit over all contexts given, scored on them under their weights.
    information: I in nats. num_regressors: rank of the features. saturated: too few distinct
    contexts to tell a law from a lookup. converged: all fits reached their tolerance.
    """

    score: float
    population: float
    information: float
    num_regressors: int
    saturated: bool
    converged: bool


def mutual_information(log_conditional: "ArrayLike", weight: "ArrayLike | None" = None) -> float:
    """I = H(Σ_x p(x) p(·|x)) − Σ_x p(x) H(p(·|x)) of log-distributions [row, outcome], nats.

    weight [row], p(x). Raises ValueError for rows that are not distributions and wrong weights.
    """
    log_conditional, _ = _rows_and_sums(log_conditional, None, "log_conditional")
    weight = checked_weight(weight, len(log_conditional))
    conditional = np.exp(log_conditional)
    mean = weight @ conditional
    floor = (conditional * np.where(conditional > 0, log_conditional, 0.0)).sum(1)
    return float(weight @ floor - (mean * np.log(np.where(mean > 0, mean, 1))).sum())


def law_score(
    features: "ArrayLike",
    log_predictive: "ArrayLike",
    weight: "ArrayLike | None" = None,
    *,
    groups: "ArrayLike | None" = None,
    num_folds: int = NUM_FOLDS,
    random_state: int = 0,
) -> InformationScore:
    """S(φ) = 1 − E_x KL(p(y|x) ‖ softmax(U φ(x) + v)) / I(x;y), best U and v.

    features φ [row, regressor]; log_predictive [row, token] in nats, exact or a predictor's own;
    weight [row], p(x) where contexts are enumerated; groups [row] numbers the contexts when rows
    repeat them. Without groups rows that agree in all arrays are one context; with weights that
    differ each row is its own. 1: the law holds exactly; 0: no better than p(y). Invariant under
    invertible affine maps of φ. Raises ValueError for NaN and infinite features, for rows that
    disagree or are not distributions.
    """
    named = {"features": features, "log_predictive": log_predictive}
    return _explained(named, weight, groups, num_folds, random_state)


def readout_score(
    representation: "ArrayLike",
    log_posterior: "ArrayLike",
    weight: "ArrayLike | None" = None,
    *,
    groups: "ArrayLike | None" = None,
    num_folds: int = NUM_FOLDS,
    random_state: int = 0,
) -> InformationScore:
    """1 − E_x KL(p(c|x) ‖ softmax(W f(x) + v)) / I(c;x), best W and v, held out by context.

    representation f [row, dim]; log_posterior [row, outcome] in nats, of configurations or of
    one concept. weight, groups, range, invariance and errors as `law_score`.
    """
    named = {"representation": representation, "log_posterior": log_posterior}
    return _explained(named, weight, groups, num_folds, random_state)


def _explained(
    named: dict[str, ArrayLike],
    weight: "ArrayLike | None",
    groups: "ArrayLike | None",
    num_folds: int,
    random_state: int,
) -> InformationScore:
    (name, features), (target_name, log_target) = named.items()
    matrix = checked_rows(features, name)
    log_target = checked_log_rows(log_target, len(matrix), target_name)
    target = np.exp(log_target)
    weight = checked_weight(weight, len(matrix))
    groups = repeated_contexts(groups, weight, matrix, target)
    divergence_floor = (target * np.where(target > 0, log_target, 0.0)).sum(1)  # −H of each row
    information = mutual_information(log_target, weight)
    folds = context_folds(
        groups, len(matrix), weight, num_folds=num_folds, random_state=random_state
    )
    whitening = unchecked_whitening(matrix, weight)
    saturated = folds.saturated(whitening.rank)
    if information < NO_INFORMATION:
        return InformationScore(
            np.nan, np.nan, max(information, 0.0), whitening.rank, saturated, True
        )
    whole = unchecked_softmax(matrix, target, weight, whitening)
    population = 1 - (float(weight @ divergence_floor) + whole.loss) / information
    converged, score = whole.converged, np.nan
    if not saturated:
        divergence = 0.0
        for train, test in folds.splits():
            fit = unchecked_softmax(matrix[train], target[train], weight[train], whitening)
            log_model = fit.log_predict(matrix[test])
            cross = divergence_floor[test] - (target[test] * log_model).sum(1)
            divergence += float(weight[test] @ cross)
            converged &= fit.converged
        score = 1 - divergence / information
    return InformationScore(
        score, population, information, whitening.rank, saturated, bool(converged)
    )


def checked_log_rows(
    log_target: "ArrayLike", num_rows: int | None = None, name: str = "the log-distribution"
) -> np.ndarray:
    """Log-distributions [row, outcome] as float64, scaled to sum to 1; ValueError for others.

    num_rows: how many there must be; None: any number.
    """
    rows, total = _rows_and_sums(log_target, num_rows, name)
    return rows - np.log(total)[:, None]


def _rows_and_sums(
    log_target: "ArrayLike", num_rows: int | None, name: str
) -> tuple[np.ndarray, np.ndarray]:
    """Log-distributions as they are, checked, and what their exponentials sum to [row]."""
    log_target = checked_real(log_target, name).astype(np.float64)
    if log_target.ndim != 2 or num_rows not in (None, len(log_target)):
        of_features = "" if num_rows is None else f" with the {num_rows} rows of the features"
        raise ValueError(
            f"{name} must have axes [row, outcome]{of_features}; got shape {log_target.shape}"
        )
    with np.errstate(over="ignore"):  # no logarithm of a probability, and refused below
        total = np.exp(log_target).sum(1)
    wrong = np.flatnonzero(~(np.abs(total - 1) <= 1e-4))
    if wrong.size:
        row = int(wrong[0])
        rounded = bool(abs(total[row] - 1) <= HALF_PRECISION)
        raise ValueError(
            f"{name} must hold log-probabilities whose exponentials sum to 1; row {row} sums "
            f"to {total[row]:.6g}: give logarithms of probabilities in nats"
            f"{', or recompute log_softmax in float32 if it was in half precision' * rounded}"
        )
    return log_target, total
