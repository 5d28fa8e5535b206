"""Is p(c|x) affine in some features, or log p(c|x)? Two links to one target, one score.

The identity link says p̂ = W f + v, fitted by least squares: p is affine in f. The softmax link says
p̂ = softmax(W f + v), fitted in KL: log p is affine in f, up to its norm. Both are scored by the
share of the variance of p(c|x) that they explain, on the same folds; so the score is the identity
link's own loss, and whatever head start there is, is its.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

import estimators as es
from estimators.instruments.folds import CONTEXTS_PER_REGRESSOR

TOLERANCE = 1e-7  # relative change of the log-loss at which a fit stops


class Predicted(NamedTuple):
    """What each link makes of the features, [row, outcome]: p̂ by identity, log p̂ by softmax.

    converged: all softmax fits reached their tolerance.
    """

    identity: np.ndarray
    log_softmax: np.ndarray
    converged: bool


class Fitted(NamedTuple):
    """Both links, held out by row (None when saturated) and on the population."""

    held_out: Predicted | None
    population: Predicted


def fit_links(
    features: Float[np.ndarray, "row regressor"],
    log_target: Float[np.ndarray, "row outcome"],
    weight: Float[np.ndarray, "row"],
    *,
    groups: Int[np.ndarray, "row"] | None = None,
    random_state: int,
    fewer: bool = False,
) -> Fitted:
    """Both links fitted to log_target (nats), every row a distinct context with p(x) = weight.

    Folds over groups, or over rows. Saturated with fewer than five training groups per regressor;
    fewer: then use as many leading principal components as can be held out instead.
    """
    weight = weight / weight.sum()
    folds = es.context_folds(groups, len(features), random_state=random_state)
    whitening = es.fit_whitening(features, weight)
    if fewer and folds.saturated(whitening.rank):
        whitening = whitening.leading(folds.num_training // CONTEXTS_PER_REGRESSOR)
    components, target = whitening.apply(features), np.exp(log_target)
    everything = np.ones(len(features), bool)
    whole = _fitted(components, target, weight, [(everything, everything)])
    if folds.saturated(whitening.rank):
        return Fitted(None, whole)
    return Fitted(_fitted(components, target, weight, list(folds.splits())), whole)


def explained_variance(
    log_target: Float[np.ndarray, "row outcome"],
    predicted: Float[np.ndarray, "row outcome"],
    weight: Float[np.ndarray, "row"],
) -> float:
    """1 − E‖p − p̂‖² / E‖p − E p‖², p = exp(log_target); NaN where p is constant."""
    weight, target = weight / weight.sum(), np.exp(log_target)
    variance = float(weight @ ((target - weight @ target) ** 2).sum(1))
    missed = float(weight @ ((target - predicted) ** 2).sum(1))
    return 1 - missed / variance if variance > 1e-12 else np.nan


def explained_information(
    log_target: Float[np.ndarray, "row outcome"],
    log_predicted: Float[np.ndarray, "row outcome"],
    weight: Float[np.ndarray, "row"],
) -> float:
    """1 − E KL(p ‖ p̂) / I: the readout, of the softmax link; NaN where there is no information."""
    weight = weight / weight.sum()
    information = es.mutual_information(log_target, weight)
    if information < 1e-9:
        return np.nan
    return 1 - es.excess_loss(log_target, log_predicted, weight) / information


def link_scores(
    fitted: Fitted,
    log_target: Float[np.ndarray, "row outcome"],
    weight: Float[np.ndarray, "row"],
) -> dict[str, float]:
    """{identity, softmax, readout, converged}.{held_out, population}; NaN when saturated.

    identity, softmax: the explained variance; readout: the information that softmax explains;
    converged: 1 where all softmax fits reached their tolerance, else 0.
    """
    scores = {}
    for estimate, predicted in fitted._asdict().items():
        found = dict.fromkeys(("identity", "softmax", "readout", "converged"), np.nan)
        if predicted is not None:
            softmax = np.exp(predicted.log_softmax)
            found = {
                "identity": explained_variance(log_target, predicted.identity, weight),
                "softmax": explained_variance(log_target, softmax, weight),
                "readout": explained_information(log_target, predicted.log_softmax, weight),
                "converged": float(predicted.converged),
            }
        scores |= {f"{link}.{estimate}": value for link, value in found.items()}
    return scores


def _fitted(
    components: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray,
    splits: list[tuple[np.ndarray, np.ndarray]],
) -> Predicted:
    design = np.concatenate([components, np.ones((len(components), 1))], 1)
    scale = np.sqrt(weight)[:, None]
    identity, log_softmax, converged = np.empty_like(target), np.empty_like(target), True
    for train, test in splits:
        scaled = scale[train] * design[train], scale[train] * target[train]
        identity[test] = design[test] @ np.linalg.lstsq(*scaled, rcond=None)[0]
        fit = es.fit_softmax(components[train], target[train], weight[train], tolerance=TOLERANCE)
        log_softmax[test] = fit.log_predict(components[test])
        converged &= fit.converged
    return Predicted(identity, log_softmax, converged)
