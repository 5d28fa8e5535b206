"""Where y names c or is noise, is log p(y|x) affine in log(p(c|x) + ρ), at every noise?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar

from latentgen.model import ConceptModel
from latentgen.theorems.instance import instance
from latentgen.theorems.projection import fisher_projection
from latentgen.theorems.result import Theorem
from latentgen.theorems.two_levels import row_levels, two_level_theorem

LOG10_RHO = np.arange(-16.0, 5.0)  # where a fitted ρ between the two laws is looked for
SAME_SHARE = 1e-18  # shares that differ by less are equal
RHO_TOLERANCE = 1e-10  # of log10 ρ


class FittedRho(NamedTuple):
    """The ρ at which log(p(c|x) + ρ) leaves least over, and the share of I(x;y) that it leaves.

    rho is exactly 0 for log p(c|x), the paper's law, and exactly inf for p(c|x), the belief law.
    """

    rho: float
    share: float


def crossover(
    model: ConceptModel, context: ArrayLike, log_weight: ArrayLike | None = None
) -> Theorem:
    """log p(y|x) = log b_y + log(p(c_y|x) + ρ_y), ρ_y = a_y/b_y, for rows p(y|·) = a_y 1 + b_y 1_c.

    If y = c with probability 1 − η and uniform otherwise, ρ = η/(ℓ (1 − η)): exact at every noise
    and length of the context, log p(c|x) as ρ → 0 and p(c|x) as ρ → ∞. For any other row c_y is
    its largest entry, a_y the smallest of the rest and b_y + a_y = p(y|c_y): p(y|x) is then at
    least what is claimed, and at most the same with the largest of the rest in place of a_y.

    Only configurations with p(c) > 0 count. terms: rho ρ_y, inf for a row of one level; log_scale
    log b_y, then log a_y; configuration c_y [token]. Nats. Source: docs/theory.md, item 9.
    """
    seen = instance(model, context, log_weight)
    log_rows = seen.log_token_given().T
    possible = ~np.isneginf(seen.log_prior)
    named = np.where(possible, log_rows, -np.inf).argmax(1)
    configurations, group = np.unique(named, return_inverse=True)
    groups = configurations[:, None] == np.arange(len(possible))
    return two_level_theorem(
        "log p(y|x) = log b_y + log(p(c_y|x) + ρ_y)",
        "docs/theory.md, item 9",
        seen,
        groups,
        group,
        row_levels(log_rows, groups[group], possible),
        "every row of p(y|c) is a 1 + b 1_c: log of the largest spread out of c is 0",
        {"configuration": named},
    )


def log_plus(
    log_belief: Float[np.ndarray, "context configuration"], rho: float
) -> Float[np.ndarray, "context configuration"]:
    """Features affine in log(p + ρ): log(1 + p/ρ), so that nothing cancels for large ρ.

    ρ = 0 gives log p, −inf where p = 0; ρ = inf gives p. Raises ValueError for ρ < 0 and NaN.
    """
    if not rho >= 0:
        raise ValueError(f"rho must not be negative, inf for the belief itself; got {rho}")
    if rho == 0:
        return log_belief
    if rho == np.inf:
        return np.exp(log_belief)
    return np.logaddexp(0.0, log_belief - float(np.log(rho)))  # keeps the format of log p


def _real(array: ArrayLike) -> np.ndarray:
    """The array in its own floating-point format; float64 for integers and lists."""
    array = np.asarray(array)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def fitted_rho(
    log_belief: ArrayLike, log_predictive: ArrayLike, weight: ArrayLike | None = None
) -> FittedRho:
    """ρ̂ = argmin over 0 ≤ ρ ≤ ∞ of the share that log(p(c|x) + ρ) leaves (`fisher_projection`).

    The two ends, every decade from 1e-16 to 1e4, then a bounded search around the best decade. An
    end stands when nothing between leaves less by 1e-18; 0 before inf. Where p(c|x) = 0 occurs
    ρ = 0 is out of question. Where the contexts determine y, or are too few to tell laws apart,
    many ρ leave nothing and the answer says little. Deterministic. log_belief [context,
    configuration], log_predictive [context, token] and weight [context]; raises ValueError as
    `fisher_projection`.
    """
    log_belief = _real(log_belief)

    def share(rho: float) -> float:
        return fisher_projection(log_plus(log_belief, rho), log_predictive, weight).share

    ends = [0.0, np.inf] if np.isfinite(log_belief).all() else [np.inf]
    found = min((FittedRho(rho, share(rho)) for rho in ends), key=lambda end: end.share)
    best = int(np.argmin([share(10**exponent) for exponent in LOG10_RHO]))
    around = LOG10_RHO[max(0, best - 1)], LOG10_RHO[min(len(LOG10_RHO) - 1, best + 1)]
    between = minimize_scalar(
        lambda exponent: share(10**exponent),
        bounds=around,
        method="bounded",
        options={"xatol": RHO_TOLERANCE},
    )
    if between.fun < found.share - SAME_SHARE:
        return FittedRho(float(10**between.x), float(between.fun))
    return found
