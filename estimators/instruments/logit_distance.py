"""How far apart are the logits of two predictors, and what does that say of representations?"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from estimators.instruments.divergence import checked_predictions
from estimators.instruments.whitening import checked_weight, unchecked_whitening


class LogitDistance(NamedTuple):
    """Distance of centred logits z(x) = log p(·|x) − its mean over tokens, and what it bounds.

    distance: d_logit = (E_x ‖z − z'‖²)^½. relative: d_logit² / (E ‖z‖² + E ‖z'‖²), from 0 to 2;
    0 equal, 1 unrelated. lost: Σ_i λ_i (1 − ρ_i²), λ the eigenvalues of cov z and ρ the canonical
    correlations of z and z', both falling: never above d_logit². least_cca: a lower bound of the
    mean of ρ_i² that the distance gives, 0 when it says nothing; NaN when both are constant.
    """

    distance: float
    relative: float
    lost: float
    least_cca: float


def logit_distance(
    log_first: "ArrayLike",
    log_second: "ArrayLike",
    weight: "ArrayLike | None" = None,
) -> LogitDistance:
    """d_logit of two predictors, and the bound on canonical correlations that follows from it.

    log_first, log_second: log p̂(y|x) [context, token], nats; weight [context]. Range 0 to ∞; zero
    iff the predictions agree. distance, relative and least_cca are symmetric; distance is a
    metric on predictions. It depends on predictions only, hence is invariant under (f, g) →
    (A f, A⁻ᵀ g + u) of either predictor. A token that both give probability 0 is left out in that
    context; one that a single predictor gives 0 makes the distance infinite, which bounds nothing.
    Raises ValueError for rows that disagree or are not distributions.

    Source: arXiv:2602.15438, d_logit as in its authors' code: the centred logits (g(y) − ḡ)·f(x).
    lost ≤ d_logit² is what that code names Theorem F.1, there with uncentred moments; here with
    covariances, which follows in the same way: min_B E‖z − Bz' − b‖² ≤ E‖z − z'‖², and its value
    is the trace of cov z times a matrix with eigenvalues 1 − ρ_i². least_cca is our corollary,
    1 − var(z − z')/(r λ_r), r the rank of the predictor of larger rank.
    """
    first, second = checked_predictions(log_first, log_second)
    weight = checked_weight(weight, len(first))
    zero = np.isneginf(first)
    if (zero != np.isneginf(second))[weight > 0].any():
        return LogitDistance(np.inf, 1.0, np.inf, 0.0)
    z, other = _centred(first), _centred(second)
    squared = float(weight @ ((z - other) ** 2).sum(1))
    total = float(weight @ ((z**2).sum(1) + (other**2).sum(1)))
    gap = z - other - weight @ (z - other)
    lost, floor, rank = _canonical(z, other, weight, float(weight @ (gap**2).sum(1)))
    _, other_floor, other_rank = _canonical(other, z, weight, float(weight @ (gap**2).sum(1)))
    if rank == other_rank:
        least = max(floor, other_floor)
    else:
        least = floor if rank > other_rank else other_floor
    return LogitDistance(np.sqrt(squared), squared / total if total > 0 else 0.0, lost, least)


def logit_distance_of_kl(divergence: float, least_probability: float) -> float:
    """The largest d_logit that E KL(p ‖ p') allows when no probability is below τ.

    (E KL / (τ κ))^½ with κ = (τ − 1 − log τ)/log² τ; divergence in nats, τ = least_probability in
    (0, 1). Where probabilities reach 0 the bound is infinite: KL alone bounds nothing. Raises
    ValueError for a negative divergence or a τ outside (0, 1).

    Source: that such a bound exists is in arXiv:2602.15438; the constant is ours: KL = Σ p h(u)
    with u = log(p'/p) ≥ log τ and h(u) = eᵘ − 1 − u, and h(u)/u² rises with u.
    """
    if not 0 < least_probability < 1:
        raise ValueError(
            f"the least probability must lie between 0 and 1; got {least_probability}: without "
            "such a floor KL does not bound the logit distance"
        )
    if not divergence >= 0:
        raise ValueError(f"a divergence is not negative; got {divergence}")
    log = np.log(least_probability)
    curvature = (least_probability - 1 - log) / log**2
    return float(np.sqrt(divergence / (least_probability * curvature)))


def _centred(log_rows: np.ndarray) -> np.ndarray:
    """log p less its mean over the tokens that are possible, 0 elsewhere."""
    possible = ~np.isneginf(log_rows)
    rows = np.where(possible, log_rows, 0.0)
    mean = rows.sum(1, keepdims=True) / possible.sum(1, keepdims=True)
    return np.where(possible, rows - mean, 0.0)


def _canonical(
    z: np.ndarray, other: np.ndarray, weight: np.ndarray, gap: float
) -> tuple[float, float, int]:
    """Σ λ (1 − ρ²), the lower bound of the mean of ρ² given var(z − z'), and the rank of z."""
    own, second = unchecked_whitening(z, weight), unchecked_whitening(other, weight)
    if own.rank == 0:
        return 0.0, np.nan, 0
    spread = 1 / (own.basis**2).sum(0)  # a basis column is a direction over its deviation
    cross = own.apply(z).T @ (weight[:, None] * second.apply(other))
    shared = np.linalg.svd(cross, compute_uv=False) if second.rank else np.zeros(0)
    shared = np.minimum(np.pad(shared, (0, own.rank))[: own.rank], 1.0)
    floor = max(0.0, 1 - gap / (own.rank * float(spread[-1])))
    return float(spread @ (1 - shared**2)), floor, own.rank
