"""Where a token barely tells c, is log p(y|x) affine in the belief p(c|x)?"""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from latentgen.model import ConceptModel
from latentgen.theorems.instance import Instance, instance
from latentgen.theorems.result import Assumption, Theorem, theorem

WEAK = 0.5  # of |s − 1|: up to there the bound is at most half of |s − 1|, what the law explains
SMALL = 1e-2  # |u| below which the series of u − log(1 + u) is exact to rounding
NUM_SERIES_TERMS = 8


def weak_tokens(
    model: ConceptModel,
    context: ArrayLike,
    log_weight: ArrayLike | None = None,
    *,
    log_reference: ArrayLike | None = None,
) -> Theorem:
    """log p(y|x) = log a_y + (s − 1) − r, (s−1)²/(2 max(1,s)) ≤ r ≤ (s−1)²/(2 min(1,s)).

    s = p(y|x)/a_y, so that s − 1 = Σ_c p(c|x) p(y|c)/a_y − 1 is affine in the belief. The reference
    a_y > 0 may be anything; by default it is p(y) = Σ_x p(x) p(y|x) over the contexts given, which
    makes s − 1 zero on average. log_reference [token] sets another; −inf leaves a token out.
    Proof: r = s − 1 − log s has r(1) = r'(1) = 0 and r'' = 1/s²; where s ≥ 1 that is at most 1, and
    (s − 1)²/(2s) grows more slowly than r, as its derivative is less by (1 − 1/s)²/2; where s ≤ 1
    both are the other way round. Both bounds are tight as s → 1. They need nothing but p(y|x) > 0;
    that s is affine in the belief needs x ⊥ y | c.

    The residual is −r, undefined where p(y|x) or a_y is 0. terms: log_reference [token]; readout
    p(y|c)/a_y [token, configuration], the slope; excess s − 1 [context, token]. Nats. Raises
    ValueError for a reference of another shape and one that is NaN or +inf. Source: the law form
    after arXiv:2405.15943; docs/theory.md, item 7.
    """
    seen = instance(model, context, log_weight)
    log_reference = _reference(seen, log_reference)
    known = ~np.isneginf(log_reference)
    defined = ~np.isneginf(seen.log_predictive) & known
    safe_reference = np.where(known, log_reference, 0.0)
    log_ratio = np.where(defined, seen.log_predictive - safe_reference, 0.0)
    with np.errstate(over="ignore"):
        excess = np.expm1(log_ratio)
    defined &= np.isfinite(excess)
    excess, log_ratio = (np.where(defined, a, 0.0) for a in (excess, log_ratio))
    with np.errstate(over="ignore", divide="ignore"):
        low = -(excess**2 / 2) / np.exp(np.minimum(0.0, log_ratio))
        high = -(excess**2 / 2) / (1 + np.maximum(0.0, excess))
        readout = np.exp(seen.log_token_given().T - safe_reference[:, None])
    return theorem(
        "log p(y|x) = log a_y + s − 1 − r, (s−1)²/(2 max(1,s)) ≤ r ≤ (s−1)²/(2 min(1,s))",
        "docs/theory.md, item 7, after arXiv:2405.15943, the law form",
        [seen.independence(), _weak(excess)],
        np.where(defined, seen.log_predictive, 0.0),
        safe_reference + excess,
        residual=-remainder(excess, log_ratio),
        low=low,
        high=high,
        scale=np.abs(excess) + np.abs(log_ratio),
        defined=defined,
        terms={
            "log_reference": log_reference,
            "readout": np.where(known[:, None], readout, 0.0),
            "excess": excess,
        },
    )


def remainder(
    excess: Float[np.ndarray, "context token"], log_ratio: Float[np.ndarray, "context token"]
) -> Float[np.ndarray, "context token"]:
    """s − 1 − log s of excess s − 1 and log s, by its series where the difference would cancel."""
    small = np.abs(excess) < SMALL
    u = np.where(small, excess, 0.0)
    series = np.sum([(-u) ** power / power for power in range(2, 2 + NUM_SERIES_TERMS)], axis=0)
    return np.where(small, series, excess - log_ratio)


def _reference(seen: Instance, log_reference: ArrayLike | None) -> np.ndarray:
    if log_reference is None:
        with np.errstate(divide="ignore"):
            return np.log(seen.weight @ np.exp(seen.log_predictive))
    log_reference = np.asarray(log_reference, np.float64)
    if log_reference.shape != (seen.num_tokens,):
        raise ValueError(
            f"log_reference must have one entry for each of the {seen.num_tokens} tokens; "
            f"got shape {log_reference.shape}"
        )
    if not (log_reference < np.inf).all():
        raise ValueError(
            "log_reference must hold logarithms of probabilities, −inf for a token to leave out; "
            f"got {log_reference.max()}"
        )
    return log_reference


def _weak(excess: np.ndarray) -> Assumption:
    worst = float(np.abs(excess).max(initial=0.0))
    return Assumption(
        f"the token barely tells: the largest |p(y|x)/a_y − 1| is at most {WEAK:g}",
        worst,
        worst <= WEAK,
    )
