"""Where a token pins c, or the values of some concepts, is log p(y|x) affine in log p(c|x)?"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import ArrayLike

from latentgen.model import ConceptModel
from latentgen.space import ConceptSpace
from latentgen.theorems.instance import Instance, instance
from latentgen.theorems.result import Assumption, Theorem, theorem

SAME = 1e-12  # a difference of logarithms that float64 leaves of none


class Anchors(NamedTuple):
    """The best anchor token of each group of configurations, from the token's table alone.

    token y_v [group], the one of smallest ρ; rho ρ_v [group], the largest p(y_v|c) outside the
    group over the smallest inside, inf for a group whose every token is impossible somewhere
    inside; rho_low [group], the smallest outside over the smallest inside; log_spread [group],
    log of the largest inside over the smallest; log_scale [group], log of the smallest inside;
    possible [group], whether the group has a configuration with p(c) > 0, and only these count.
    """

    token: np.ndarray
    rho: np.ndarray
    rho_low: np.ndarray
    log_spread: np.ndarray
    log_scale: np.ndarray
    possible: np.ndarray


def anchored_tokens(
    model: ConceptModel,
    context: ArrayLike,
    log_weight: ArrayLike | None = None,
    *,
    concepts: Sequence[int] | None = None,
    reference: int | None = None,
) -> Theorem:
    """log p(y_v|x) = log p(v|x) + log m_v + r, 0 ≤ r ≤ log(s_v + ρ_v (1 − p(v|x))/p(v|x)).

    v: the value of the group of `concepts` (all of them by default: a configuration; one of them:
    a single concept), numbered row-major; y_v its best anchor; m_v and s_v m_v the smallest and
    the largest p(y_v|c) inside v; ρ_v m_v the largest outside. For a configuration s_v = 1 and
    r = −log p(c|x, y_c). Proof: p(y|x) = Σ_{c in v} p(c|x) p(y|c) + Σ_{c not in v} p(c|x) p(y|c)
    lies between p(v|x) m_v + (1 − p(v|x)) ρ'_v m_v and p(v|x) s_v m_v + (1 − p(v|x)) ρ_v m_v, ρ'_v
    from the smallest outside: that sharper lower bound is the one returned. It needs x ⊥ y | c
    alone; it is a law when ρ_v < 1 and s_v = 1 (y tells the value and nothing else), and ends
    where p(v|x) ≲ ρ_v.

    Rows are contexts, components the values v; with a reference u, differences to its anchor:
    log p(y_v|x)/p(y_u|x) against log p(v|x)/p(u|x) + log m_v/m_u. Undefined where p(v|x) = 0 or v
    has no anchor. terms: token, rho, rho_low, log_spread, log_scale [group]; log_group log p(v|x)
    and ends, 1 where p(v|x) ≤ ρ_v [context, group]. Nats. Raises ValueError for concepts and a
    reference that do not exist. Source: docs/theory.md, item 6.
    """
    seen = instance(model, context, log_weight)
    group = group_numbers(seen.space, concepts)
    if reference is not None and not 0 <= reference <= group.max():
        raise ValueError(f"reference must lie in 0 … {group.max()}, the values; got {reference}")
    found = anchors(seen.log_token_given(), group, ~np.isneginf(seen.log_prior))
    log_group = log_group_beliefs(seen.log_belief, group)
    defined = np.isfinite(log_group) & np.isfinite(found.rho)
    quantity = np.where(defined, seen.log_predictive[:, found.token], 0.0)
    claimed = np.where(defined, log_group + found.log_scale, 0.0)
    low, high = _bounds(log_group, found, defined)
    residual = _residual(seen, group, log_group, found, defined)
    scale = np.abs(quantity) + np.abs(claimed)
    if reference is not None:
        pair = slice(reference, reference + 1)
        defined = defined & defined[:, pair]
        quantity, claimed = quantity - quantity[:, pair], claimed - claimed[:, pair]
        residual, scale = residual - residual[:, pair], scale + scale[:, pair]
        low, high = low - high[:, pair], high - low[:, pair]
    return theorem(
        "log p(y_v|x) = log p(v|x) + log m_v + r, 0 ≤ r ≤ log(s_v + ρ_v (1 − p(v|x))/p(v|x))",
        "docs/theory.md, item 6",
        [seen.independence(), *_assumptions(found)],
        quantity,
        claimed,
        residual=residual,
        low=np.where(defined, low, 0.0),
        high=np.where(defined, high, 0.0),
        scale=scale,
        defined=defined,
        terms={
            "token": found.token,
            "rho": found.rho,
            "rho_low": found.rho_low,
            "log_spread": found.log_spread,
            "log_scale": found.log_scale,
            "log_group": log_group,
            "ends": (np.exp(log_group) <= found.rho).astype(np.float64),
        },
    )


def group_numbers(
    space: ConceptSpace, concepts: Sequence[int] | None = None
) -> Int[np.ndarray, "configuration"]:
    """The value of a group of concepts, numbered row-major, of each configuration.

    None: all concepts. Raises ValueError for no concept, one named twice, one that is none.
    """
    configurations = np.arange(space.num_configurations)
    if concepts is None:
        return configurations
    chosen = tuple(space.check_concept(concept) for concept in concepts)
    if not chosen or len(set(chosen)) < len(chosen):
        raise ValueError(f"concepts must name at least one concept, each once; got {chosen}")
    sizes = tuple(space.cardinalities[concept] for concept in chosen)
    values = space.values(configurations)
    return np.asarray(np.ravel_multi_index(tuple(values[:, chosen].T), sizes))


def log_group_beliefs(
    log_belief: Float[np.ndarray, "context configuration"],
    group: Int[np.ndarray, "configuration"],
) -> Float[np.ndarray, "context group"]:
    """log p(v|x), the beliefs summed over the configurations of each group, nats."""
    order, starts = _by_group(group)
    return np.logaddexp.reduceat(log_belief[:, order], starts, axis=1)


def anchors(
    log_given: Float[np.ndarray, "configuration token"],
    group: Int[np.ndarray, "configuration"],
    possible: Bool[np.ndarray, "configuration"],
) -> Anchors:
    """The anchor of each group: the token of smallest ρ, then of smallest spread inside."""
    order, starts = _by_group(group)
    known = possible[:, None]
    largest = np.maximum.reduceat(np.where(known, log_given, -np.inf)[order], starts, axis=0)
    smallest = np.minimum.reduceat(np.where(known, log_given, np.inf)[order], starts, axis=0)
    says = np.isfinite(smallest)  # every possible configuration of the group may say the token
    inside = np.where(says, smallest, 0.0)
    log_rho = np.where(says, _largest_of_others(largest) - inside, np.inf)
    log_spread = np.where(says, largest - inside, np.inf)
    token = np.lexsort((log_spread, log_rho), axis=1)[:, 0]
    chosen = np.arange(len(starts)), token
    least = np.where(says, -_largest_of_others(-smallest) - inside, -np.inf)[chosen]
    is_possible = np.logical_or.reduceat(possible[order], starts)
    with np.errstate(over="ignore"):
        return Anchors(
            token,
            np.exp(log_rho[chosen]),
            np.exp(np.where(least == np.inf, -np.inf, least)),  # nothing is possible outside
            log_spread[chosen],
            np.where(says, smallest, -np.inf)[chosen],
            is_possible,
        )


def _by_group(group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The configurations sorted by group, and where each group starts."""
    order = np.argsort(group, kind="stable")
    return order, np.searchsorted(group[order], np.arange(group.max() + 1))


def _largest_of_others(values: np.ndarray) -> np.ndarray:
    """The largest entry of each column [row, column] that is not in the row itself."""
    best = values.argmax(0)
    column = np.arange(values.shape[1])
    others = values.copy()
    others[best, column] = -np.inf
    answer = np.broadcast_to(values[best, column], values.shape).copy()
    answer[best, column] = others.max(0)
    return answer


def _log_sum_of_others(log_values: np.ndarray) -> np.ndarray:
    """log of the sum over the other groups [..., group], without subtracting."""
    nothing = np.full((*log_values.shape[:-1], 1), -np.inf)
    before = np.concatenate([nothing, log_values[..., :-1]], -1)
    after = np.concatenate([nothing, log_values[..., :0:-1]], -1)
    return np.logaddexp(
        np.logaddexp.accumulate(before, axis=-1),
        np.logaddexp.accumulate(after, axis=-1)[..., ::-1],
    )


def _bounds(
    log_group: np.ndarray, found: Anchors, defined: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and the largest residual [context, group]."""
    log_odds = _log_sum_of_others(log_group) - np.where(defined, log_group, 0.0)
    rho_low, rho = (np.where(np.isfinite(found.rho), r, 0.0) for r in (found.rho_low, found.rho))
    with np.errstate(divide="ignore"):
        log_low, log_high = np.log(rho_low) + log_odds, np.log(rho) + log_odds
    return np.logaddexp(0.0, log_low), np.logaddexp(found.log_spread, log_high)


def _residual(
    seen: Instance, group: np.ndarray, log_group: np.ndarray, found: Anchors, defined: np.ndarray
) -> np.ndarray:
    """log p(y_v|x) − log p(v|x) − log m_v [context, group], where nothing cancels.

    log(1 + Σ_{c in v} p(c|x, v) (p(y_v|c)/m_v − 1)) and what comes from outside v.
    """
    order, starts = _by_group(group)
    log_claim = np.where(defined, log_group + found.log_scale, 0.0)
    if seen.leaks:
        return np.where(defined, seen.log_predictive[:, found.token], 0.0) - log_claim
    log_sums = np.logaddexp.reduceat(seen.log_joint()[..., order], starts, axis=-1)
    log_others = _log_sum_of_others(log_sums)[:, found.token, np.arange(len(starts))] - log_claim
    own = seen.log_token_given()[np.arange(len(group)), found.token[group]]
    counts = ~np.isneginf(seen.log_prior) & np.isfinite(found.rho)[group]
    excess = np.expm1(np.where(counts, own, 0.0) - np.where(counts, found.log_scale[group], 0.0))
    share = np.exp(seen.log_belief - np.where(np.isneginf(log_group), 0.0, log_group)[:, group])
    log_inside = np.log1p(np.add.reduceat((share * excess)[:, order], starts, axis=1))
    return log_inside + np.logaddexp(0.0, log_others - log_inside)


def _assumptions(found: Anchors) -> list[Assumption]:
    rho = float(found.rho[found.possible].max(initial=0.0))
    spread = float(found.log_spread[found.possible].max(initial=0.0))
    return [
        Assumption("every value has an anchor: the largest ρ is below 1", rho, rho < 1),
        Assumption("the anchor tells the value alone: its log-spread is 0", spread, spread <= SAME),
    ]
