"""How much of I(x;y) does a prediction explain to which nothing was fitted?"""

import numpy as np
from jaxtyping import Float

import estimators as es
from estimators.assessment.features import argmax_one_hot
from latentgen.theorems.instance import Instance


def explained(logits: Float[np.ndarray, "context token"], seen: Instance) -> float:
    """1 − E_x KL(p(y|x) ‖ softmax(logits)) / I(x;y): S of a prediction with nothing fitted.

    1 is perfect, 0 a constant; a bad prediction is far below. Logits of −inf are legal where
    p(y|x) = 0.
    """
    log_model = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    excess = es.excess_loss(seen.log_predictive, log_model, seen.weight)
    return 1 - excess / es.mutual_information(seen.log_predictive, seen.weight)


def argmax_score(seen: Instance) -> float:
    """S of the one-hot of argmax_c p(c|x), in closed form: each group is given its mean p(y|x)."""
    best = argmax_one_hot(seen.log_belief)
    mass = best.T @ (seen.weight[:, None] * np.exp(seen.log_predictive))
    with np.errstate(divide="ignore"):
        log_mean = np.log(mass[mass.sum(1) > 0])
    total = np.logaddexp.reduce(log_mean, axis=1)
    kept = es.mutual_information(log_mean - total[:, None], np.exp(total))
    return kept / es.mutual_information(seen.log_predictive, seen.weight)
