"""How far is steering along Ã_k from changing the belief about concept k?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from latentgen.contraction_sums import log_sum
from latentgen.model import ConceptModel
from latentgen.space import ConceptSpace
from latentgen.theorems.instance import Instance, instance
from latentgen.theorems.result import Assumption, Theorem, theorem

SAME = 1e-11  # nats by which equal log-probabilities may differ in float64


class ConceptSeen(NamedTuple):
    """What context and token say of one concept.

    log_by_token log p(c_k|y) [token, value]; log_by_both log p(c_k|x, y) [context, token, value];
    log_by_context log p(c_k|x) [context, value].
    """

    log_by_token: np.ndarray
    log_by_both: np.ndarray
    log_by_context: np.ndarray


def steering(
    model: ConceptModel,
    context: ArrayLike,
    log_weight: ArrayLike | None = None,
    *,
    concept: int = 0,
    shift: ArrayLike | None = None,
) -> Theorem:
    """log p̂(y|x) at f(x) + Ã_k u beside log p(y|x) under the belief p(c|x) e^{u(c_k)} / Z.

    Steering a perfect predictor gives p̂ ∝ p(y|x) exp E[u(c_k)|y]; the tilted belief predicts
    p(y|x) E[e^{u(c_k)}|x, y] / Z. shift u [value], nats, finite; by default 1 for the last value
    and 0 else. The two agree for every u iff each token that x allows tells c_k by itself,
    p(c_k|y) being one-hot, or neither p(c_k|y) nor p(c_k|x, y) depends on which of them y is; that
    (x, y) tells c_k is not enough.
    Bound: with v the likeliest value given y, γ = 1 − p(v|y) and γ' = 1 − p(v|x, y),
    d_y = log E[e^u|x, y] − E[u|y] lies in [l_y, h_y] by γ and γ' alone, and the residual in
    [min l − h_y, max h − l_y]. terms: kl_steered, kl_unsteered [context], of the exact tilt to
    steering and to doing nothing; log_tilted_concept log p(c_k|x) tilted [context, value];
    log_tilt_limit, log_steering_limit [context, token] for αu, α → ∞: p(y|x, c_k best) and p(y|x)
    on the tokens of the largest E[u|y]. Raises ValueError for a wrong concept or shift. Source:
    arXiv:2503.08980, Corollary 4.2; docs/theory.md, item 10.
    """
    seen = instance(model, context, log_weight)
    shift = checked_shift(seen.space, seen.space.check_concept(concept), shift)
    told = concept_seen(seen, concept)
    possible, defined = _defined(seen, told)
    log_token = np.where(possible, seen.log_predictive, -np.inf)
    mean = (np.exp(told.log_by_token) * shift).sum(-1)  # E[u|y]
    steered = _normalised(log_token + mean)
    log_factor = log_sum(told.log_by_both + shift, -1)  # log E[e^u|x,y]
    tilted = _normalised(np.where(possible, log_token + log_factor, -np.inf))
    excess = np.where(possible, np.where(possible, log_factor, 0.0) - mean, 0.0)
    low, high = _bound(told, shift, possible)
    return theorem(
        "p(y|x) exp E[u(c_k)|y] / Ẑ = p(y|x) E[exp u(c_k)|x, y] / Z",
        "arXiv:2503.08980, Corollary 4.2; steering's error derived here",
        [_determined(told, possible)],
        np.where(defined, steered, 0.0),
        np.where(defined, tilted, 0.0),
        residual=_residual(tilted, excess, defined),
        low=low,
        high=high,
        scale=np.abs(shift).max() + np.where(possible, np.abs(seen.log_predictive), 0.0),
        defined=defined,
        terms={
            "kl_steered": row_divergence(tilted, steered, defined),
            "kl_unsteered": row_divergence(tilted, log_token, defined),
            "log_tilted_concept": _normalised(told.log_by_context + shift),
            "log_tilt_limit": _tilt_limit(told, shift, log_token),
            "log_steering_limit": _steering_limit(mean, log_token),
        },
    )


def checked_shift(
    space: ConceptSpace, concept: int, shift: ArrayLike | None
) -> Float[np.ndarray, "value"]:
    """u [value] in nats, one for the last value by default; ValueError when it is not finite."""
    cardinality = space.cardinalities[concept]
    if shift is None:
        return np.eye(cardinality)[-1]
    shift = np.asarray(shift, np.float64)
    if shift.shape != (cardinality,) or not np.isfinite(shift).all():
        raise ValueError(
            f"shift must hold one finite number of nats for each of the {cardinality} values of "
            f"concept {concept}; got {shift}: see terms['log_tilt_limit'] for an infinite one"
        )
    return shift


def concept_seen(seen: Instance, concept: int) -> ConceptSeen:
    """log p(c_k|y), log p(c_k|x, y) and log p(c_k|x)."""
    return ConceptSeen(
        log_marginal(seen.log_token_posterior(), seen.space, concept),
        log_marginal(seen.log_both(), seen.space, concept),
        log_marginal(seen.log_belief, seen.space, concept),
    )


def log_marginal(
    log_joint: Float[np.ndarray, "*row configuration"], space: ConceptSpace, concept: int
) -> Float[np.ndarray, "*row value"]:
    """log Σ over the other concepts, by value of one concept."""
    inner = space.strides[concept]
    shape = (*log_joint.shape[:-1], -1, space.cardinalities[concept], inner)
    return log_sum(log_joint.reshape(shape), (-3, -1))


def _defined(
    seen: Instance, told: ConceptSeen
) -> tuple[Bool[np.ndarray, "context token"], Bool[np.ndarray, "context token"]]:
    """Which tokens a context allows, and where both predictions are defined.

    A token that only contexts of weight zero allow has no p(c|y): no steering in such contexts.
    """
    possible = ~np.isneginf(seen.log_predictive)
    known = ~np.isneginf(told.log_by_token).all(-1)
    return possible & known, possible & (known | ~possible).all(1, keepdims=True)


def _normalised(log_terms: np.ndarray) -> np.ndarray:
    total = log_sum(log_terms, -1)[..., None]
    return log_terms - np.where(np.isneginf(total), 0.0, total)


def _residual(tilted: np.ndarray, excess: np.ndarray, defined: np.ndarray) -> np.ndarray:
    """−d_y − log Σ_y' p_tilted(y'|x) e^{−d_y'}: no difference of two large logarithms."""
    log_mean = log_sum(tilted - excess, -1)[:, None]
    return np.where(defined, -excess - np.where(np.isneginf(log_mean), 0.0, log_mean), 0.0)


def _bound(
    told: ConceptSeen, shift: np.ndarray, possible: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The residual's limits by what y leaves open of c_k alone and with x [context, token]."""
    best = told.log_by_token.argmax(-1)  # [token]
    up, down = shift.max() - shift[best], shift[best] - shift.min()
    log_kept = told.log_by_both[:, np.arange(len(best)), best]
    log_open = _log_left_open(told.log_by_both, best)
    alone = np.exp(_log_left_open(told.log_by_token, best))
    low = np.logaddexp(log_kept, log_open - down) - alone * up
    high = np.logaddexp(log_kept, log_open + up) + alone * down
    least = np.where(possible, low, np.inf).min(1, keepdims=True)
    most = np.where(possible, high, -np.inf).max(1, keepdims=True)
    return (
        np.where(possible, least - np.where(possible, high, 0.0), 0.0),
        np.where(possible, most - np.where(possible, low, 0.0), 0.0),
    )


def _log_left_open(
    log_terms: Float[np.ndarray, "*context token value"], best: np.ndarray
) -> Float[np.ndarray, "*context token"]:
    """log of what all values but the best of each token have, without 1 − p."""
    chosen = np.arange(log_terms.shape[-1]) == best[:, None]
    return log_sum(np.where(chosen, -np.inf, log_terms), -1)


def _determined(told: ConceptSeen, possible: np.ndarray) -> Assumption:
    """Every token that x allows tells c_k by itself, or all say the same of it, with x and without.

    The value is the smaller of what the tokens leave open and of how far apart they are (in nats),
    in the worst context.
    """
    best = told.log_by_token.argmax(-1)
    log_open = np.maximum(
        _log_left_open(told.log_by_token, best), _log_left_open(told.log_by_both, best)
    )
    left_open = np.where(possible, np.exp(log_open), 0.0).max(1)
    apart = np.maximum(
        _spread(np.broadcast_to(told.log_by_token, told.log_by_both.shape), possible),
        _spread(told.log_by_both, possible),
    )
    # what is left open must be an exact zero: a large shift makes up for any small probability
    met = (left_open == 0) | (apart <= SAME)
    return Assumption(
        "each token tells c_k by itself, or all tokens say the same of it",
        float(np.minimum(left_open, apart).max(initial=0.0)),
        bool(met.all()),
    )


def _spread(log_terms: np.ndarray, possible: np.ndarray) -> Float[np.ndarray, "context"]:
    """The largest difference between tokens of log p(value), nats; inf where only one allows it."""
    top = np.where(possible[:, :, None], log_terms, -np.inf).max(1)
    bottom = np.where(possible[:, :, None], log_terms, np.inf).min(1)
    same = np.isneginf(top) | np.isposinf(bottom)
    return np.where(same, 0.0, np.where(same, 0.0, top) - np.where(same, 0.0, bottom)).max(-1)


def row_divergence(
    log_first: Float[np.ndarray, "context outcome"],
    log_second: Float[np.ndarray, "context outcome"],
    counted: Bool[np.ndarray, "context outcome"],
) -> Float[np.ndarray, "context"]:
    """KL(first ‖ second) of the rows over the outcomes that count, nats."""
    first, second = (np.where(counted, array, 0.0) for array in (log_first, log_second))
    share = np.where(counted, np.exp(first), 0.0)
    return np.maximum(0.0, (share * (first - second)).sum(1))


def _tilt_limit(
    told: ConceptSeen, shift: np.ndarray, log_token: np.ndarray
) -> Float[np.ndarray, "context token"]:
    """log p(y|x, c_k ∈ the values with the largest u that x allows)."""
    reached = np.where(np.isneginf(told.log_by_context), -np.inf, shift)
    chosen = reached == reached.max(-1, keepdims=True)
    log_kept = np.where(chosen[:, None, :], told.log_by_both, -np.inf)
    return _normalised(log_token + log_sum(log_kept, -1))


def _steering_limit(mean: np.ndarray, log_token: np.ndarray) -> Float[np.ndarray, "context token"]:
    """log p(y|x) on the tokens with the largest E[u|y] among those that x allows."""
    reached = np.where(np.isneginf(log_token), -np.inf, mean)
    chosen = reached == reached.max(-1, keepdims=True)
    return _normalised(np.where(chosen, log_token, -np.inf))
