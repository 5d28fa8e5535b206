"""What does an error of the size that counts as trained do, where nothing was learnt?"""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq

import estimators as es
from experiments.architectures.networks import AIM, LEVELS
from experiments.architectures.worlds import Seen
from latentgen.theorems.instance import Instance

LogPredicted = Float[np.ndarray, "context token"]

LEAST = 1e-6  # share of an error where its search begins
MOST = {"noise": 10.0, "mixed": 0.999, "tempered": 0.999}  # where it ends


def perturbed(found: Seen) -> dict[str, LogPredicted]:
    """log p(y|x) with three errors, nats, of the excess loss that trained networks are aimed at.

    noise: normal errors of one size on all logits, drawn once for each context and token. mixed:
    p(y|x) and p(y) in one proportion. tempered: logits times one factor below 1.
    """
    inside = found.instance
    exact = inside.log_predictive
    drawn = np.random.default_rng(found.random_state).normal(size=exact.shape)
    mean = inside.weight @ np.exp(exact)
    errors: dict[str, Callable[[float], LogPredicted]] = {
        "noise": lambda size: _normalised(exact + size * drawn),
        "mixed": lambda size: np.log((1 - size) * np.exp(exact) + size * mean),
        "tempered": lambda size: _normalised((1 - size) * exact),
    }
    return {name: _of_level(error, MOST[name], inside) for name, error in errors.items()}


def _of_level(
    error: Callable[[float], LogPredicted], most: float, inside: Instance
) -> LogPredicted:
    """The error whose excess loss is the level's; it grows with the size."""
    information = es.mutual_information(inside.log_predictive, inside.weight)
    aim = AIM * LEVELS["trained"] * information

    def above(size: float) -> float:
        return es.excess_loss(inside.log_predictive, error(size), inside.weight) - aim

    size: Any = brentq(above, LEAST, most)
    return error(size)


def _normalised(logits: LogPredicted) -> LogPredicted:
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
