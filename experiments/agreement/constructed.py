"""How much may representations differ at a given distance of predictions? Made without training.

Two families of pairs, made from the exact p(y|x): how far apart two predictors can be is decided
by the spectrum of f, and neither needs a network to be shown.
"""

import numpy as np
from jaxtyping import Float

import estimators as es
import latentgen as lg
from experiments.agreement.measures import Rows, identified

NOISE = {"1": 0.01, "2": 0.03, "3": 0.1, "4": 0.3, "5": 1.0, "6": 3.0}  # nats, of a logit


def scrambled(
    log_predictive: Rows,
    weight: Float[np.ndarray, "context"],
    num_directions: int,
    random_state: int,
) -> Rows:
    """The exact predictor with its directions of smallest variance exchanged between contexts.

    Of the centred logits' principal components the last num_directions have their rows permuted,
    so that they tell nothing of x; the others stay. Returns log-predictions.
    """
    coordinates = identified(log_predictive)
    whitening = es.fit_whitening(coordinates, weight)
    scores = whitening.apply(coordinates)
    order = np.random.default_rng(random_state).permutation(len(scores))
    first = scores.shape[1] - num_directions
    scores[:, first:] = scores[order, first:]
    moved = whitening.mean + scores @ np.linalg.pinv(whitening.basis)
    return _predictions(log_predictive, moved - coordinates)


def noisy(log_predictive: Rows, deviation: float, random_state: int) -> Rows:
    """The exact predictor with independent normal noise on every coordinate of every context.

    The noise has the same deviation in every direction of the centred logits, nats.
    """
    draw = np.random.default_rng(random_state)
    return _predictions(
        log_predictive, deviation * draw.normal(size=identified(log_predictive).shape)
    )


def _predictions(log_predictive: Rows, change: Float[np.ndarray, "context dim"]) -> Rows:
    """Log-predictions whose centred logits are changed by so much in the Helmert basis."""
    logits = log_predictive + change @ lg.zero_sum_basis(log_predictive.shape[1]).T
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
