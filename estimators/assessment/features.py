"""Which laws and which nulls is a predictor measured against?"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from estimators.assessment.held_out import Chosen
from estimators.instruments.folds import permute_contexts
from estimators.instruments.softmax_fit import unchecked_softmax
from estimators.instruments.whitening import unchecked_whitening

DECADES = tuple(range(-6, 3))  # of the ρ that are tried, and then thirds of a decade around
THIRDS = (-2 / 3, -1 / 3, 1 / 3, 2 / 3)
RHO_RANGE = 10.0 ** (DECADES[0] + THIRDS[0]), 10.0 ** (DECADES[-1] + THIRDS[-1])
CHOICE_TOLERANCE = 1e-6  # relative change of the loss at which a candidate's fit stops


class Nulls(NamedTuple):
    """Features that nothing was learnt in; of the seed that asks.

    permuted, noise: functions of what is to be exchanged between contexts, or replaced by noise
    of the same shape.
    """

    groups: np.ndarray
    random_state: int

    def permuted(self, rows: np.ndarray) -> np.ndarray:
        """Rows exchanged between distinct contexts."""
        return permute_contexts(rows, self.groups, random_state=self.random_state)

    def noise(self, rows: np.ndarray) -> np.ndarray:
        """Standard normal numbers of the same shape, alike in rows of one context."""
        _, context = np.unique(self.groups, return_inverse=True)
        shape = (int(context.max()) + 1, rows.shape[1])
        drawn = np.random.default_rng([self.random_state, 1]).standard_normal(shape)
        return drawn[context.reshape(-1)]


def one_hots(context: np.ndarray) -> Float[np.ndarray, "row column"]:
    """Words [row, position] as position-wise one-hots of the words that occur; floats as given."""
    if np.issubdtype(context.dtype, np.floating):
        return context.astype(np.float64)
    columns = [column[:, None] == np.unique(column) for column in context.T]
    return np.concatenate(columns, 1).astype(np.float64)


def log_concept_posteriors(
    log_posterior: Float[np.ndarray, "row configuration"], cardinalities: Sequence[int]
) -> list[Float[np.ndarray, "row value"]]:
    """log p(c_k|x) of every concept; configurations row-major, the last concept fastest."""
    belief = np.exp(log_posterior).reshape(len(log_posterior), *cardinalities)
    axes = range(1, 1 + len(cardinalities))
    with np.errstate(divide="ignore"):  # log 0 = −inf is the answer
        return [np.log(belief.sum(tuple(a for a in axes if a != axis))) for axis in axes]


def log_ratios(log_posterior: np.ndarray) -> np.ndarray:
    """log p(c|x) less its mean over configurations: all that an A with A·1 = 0 can show of it."""
    return log_posterior - log_posterior.mean(1, keepdims=True)


def log_plus(log_posterior: np.ndarray, rho: float) -> np.ndarray:
    """log(1 + p(c|x)/ρ) = log(p + ρ) less a constant; finite where p = 0, for ρ > 0."""
    return np.logaddexp(0.0, log_posterior - np.log(rho))


def argmax_one_hot(
    log_posterior: Float[np.ndarray, "*rows configuration"],
) -> Float[np.ndarray, "*rows regressor"]:
    """The likeliest configuration, and nothing else of p(c|x).

    One column for each configuration that is the likeliest of some row, as the columns of all
    others would be zero, and there may be more of them than memory holds.
    """
    likeliest = log_posterior.argmax(-1)
    return (likeliest[..., None] == np.unique(likeliest)).astype(np.float64)


def law_features(
    log_posterior: np.ndarray, log_concepts: Sequence[np.ndarray] | None
) -> dict[str, np.ndarray]:
    """The laws without a parameter: log p(c|x), p(c|x), and all log p(c_k|x) side by side.

    A law in logarithms is left out where a probability is zero.
    """
    found = {"log_posterior": log_posterior, "belief": np.exp(log_posterior)}
    if log_concepts is not None:
        found["log_marginals"] = np.concatenate(log_concepts, 1)
    return {name: rows for name, rows in found.items() if np.isfinite(rows).all()}


def chosen_rho(
    log_posterior: np.ndarray,
    log_target: np.ndarray,
    weight: np.ndarray,
    train: Bool[np.ndarray, "row"],
) -> float:
    """The ρ whose log(p + ρ) leaves the least cross-entropy on training rows.

    The best decade of DECADES, or a third of a decade near it: from RHO_RANGE[0] to RHO_RANGE[1].
    """
    target = np.exp(log_target[train])

    def loss(exponent: float) -> float:
        features = log_plus(log_posterior, 10.0**exponent)
        whitening = unchecked_whitening(features, weight)
        fit = unchecked_softmax(
            features[train], target, weight[train], whitening, tolerance=CHOICE_TOLERANCE
        )
        return fit.loss

    found = {float(exponent): loss(exponent) for exponent in DECADES}
    best = min(found, key=lambda exponent: found[exponent])
    found |= {best + third: loss(best + third) for third in THIRDS}
    return float(10.0 ** min(found, key=lambda exponent: found[exponent]))


def rho_features(
    log_posterior: np.ndarray, log_target: np.ndarray, weight: np.ndarray, rho: float | None
) -> Chosen:
    """log(p + ρ) with ρ given, or chosen anew on the training rows of every fold, once each."""
    chosen: dict[bytes, float] = {}

    def features(train: Bool[np.ndarray, "row"]) -> np.ndarray:
        if rho is not None:
            return log_plus(log_posterior, rho)
        fold = train.tobytes()
        if fold not in chosen:
            chosen[fold] = chosen_rho(log_posterior, log_target, weight, train)
        return log_plus(log_posterior, chosen[fold])

    return features
