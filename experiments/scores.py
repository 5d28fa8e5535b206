"""How are the scores of laws and of readouts named and kept?

held_out: by distinct context, or by groups of contexts; NaN when saturated. population: fitted and
scored on all. converged: whether both fits were.
"""

from typing import Any

import numpy as np
from jaxtyping import Float, Int

import estimators as es

Metrics = dict[str, float]


def law_metrics(
    source: str,
    law: str,
    features: Float[np.ndarray, "context regressor"],
    log_predicted: Float[np.ndarray, "context token"],
    weight: Float[np.ndarray, "context"] | None = None,
    *,
    groups: Int[np.ndarray, "context"] | None = None,
    random_state: int,
) -> Metrics:
    """S of one law for the predictions of one source: score_law.source and converged_law.source."""
    scored = es.law_score(features, log_predicted, weight, groups=groups, random_state=random_state)
    return _named(f"score_{law}.{source}", f"converged_{law}.{source}", scored)


def readout_metrics(
    source: str,
    features: Float[np.ndarray, "context dim"],
    log_posterior: Float[np.ndarray, "context outcome"],
    weight: Float[np.ndarray, "context"] | None = None,
    *,
    groups: Int[np.ndarray, "context"] | None = None,
    random_state: int,
) -> Metrics:
    """How well a belief is read off some features: readout.source and converged_readout.source."""
    scored = es.readout_score(
        features, log_posterior, weight, groups=groups, random_state=random_state
    )
    return _named(f"readout.{source}", f"converged_readout.{source}", scored)


def apart(first: Metrics, second: Metrics) -> Metrics:
    """Both together. Raises ValueError where one would cover the other's metric."""
    both = sorted(first.keys() & second.keys())
    if both:
        raise ValueError(f"a metric is measured once; {', '.join(both)} twice: rename one")
    return first | second


def _named(name: str, converged: str, scored: Any) -> Metrics:
    return {
        f"{name}.held_out": scored.score,
        f"{name}.population": scored.population,
        converged: float(scored.converged),
    }
