"""How far can f range, and what must the paper's remainder do where log p(c|x) ranges further?"""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from latentgen.model import ConceptModel
from latentgen.theorems.identity import support
from latentgen.theorems.instance import Instance, instance
from latentgen.theorems.paper import PaperTerms, check_reference, paper_terms
from latentgen.theorems.result import Assumption, Theorem, theorem


def boundedness(
    model: ConceptModel,
    context: ArrayLike,
    log_weight: ArrayLike | None = None,
    *,
    reference: int = 0,
) -> Theorem:
    """min_c log p(y_j|c)/p(y_0|c) ≤ log p(y_j|x)/p(y_0|x) ≤ max_c: f is bounded, whatever x says.

    Rows contexts, components tokens; residual: the logit difference itself (claimed is 0); low and
    high: the extremes over the c with p(c|x) > 0, infinite where a p(y|c) is 0. p(y|x) is a mean of
    p(y|c), and a ratio of means lies between the extreme ratios. Source: docs/theory.md, item 5.
    """
    seen = instance(model, context, log_weight)
    check_reference(seen, reference)
    low, high = ratio_bounds(seen, reference)
    log_token = seen.log_predictive
    defined = ~np.isneginf(log_token) & ~np.isneginf(log_token[:, [reference]])
    finite = np.where(np.isneginf(log_token), 0.0, log_token)
    quantity = np.where(defined, finite - finite[:, [reference]], 0.0)
    return theorem(
        "log p(y_j|x)/p(y_0|x) lies between min_c and max_c of log p(y_j|c)/p(y_0|c)",
        "docs/theory.md, item 5",
        [full_support(seen)],
        quantity,
        np.zeros(quantity.shape),
        low=np.where(defined, low, 0.0),
        high=np.where(defined, high, 0.0),
        scale=np.abs(quantity),
        defined=defined,
    )


def divergence(
    model: ConceptModel,
    context: ArrayLike,
    log_weight: ArrayLike | None = None,
    *,
    reference: int = 0,
) -> Theorem:
    """h = (p(c*|y_0) − p(c*|y_j)) log ε + a rest within its bound, ε = 1 − p(c*|x).

    c* is the likeliest configuration of a context. quantity: the paper's h_j(x); claimed: the
    leading term; bound of the rest: |p(c*|y_0) − p(c*|y_j)| |log(1 − ε)| + Σ_{c≠c*} |L_jc|
    |log p(c|x)/ε| + |β_j| + max_c |log p(y_j|c)/p(y_0|c)|. So where p(y|c) > 0 and the other
    configurations keep their shares p(c|x)/ε, as with ℓ = 2 they must, the residual of the law
    diverges as ε → 0 through x if the two tokens differ in p(c*|y). Where shares vanish the bound
    grows too and h may stay bounded: in general h diverges where L log p(c|x) does. terms: those
    of `PaperTerms`, and epsilon [context]. Source: docs/theory.md, item 5 (derived).
    """
    seen = instance(model, context, log_weight)
    parts = paper_terms(seen, reference)
    log_epsilon, rest = _posterior_bound(seen, parts)
    low, high = ratio_bounds(seen, reference)
    best = seen.log_belief.argmax(1)
    uncertain = ~np.isneginf(log_epsilon)
    defined = parts.defined & uncertain[:, None]
    slope = -parts.diversity_matrix[:, best].T
    leading = np.where(defined, slope * np.where(uncertain, log_epsilon, 0.0)[:, None], 0.0)
    ratio = np.maximum(np.abs(low), np.abs(high))
    bound = np.where(defined, rest + np.abs(parts.offset) + ratio, 0.0)
    return theorem(
        "h_j = (p(c*|y_0) − p(c*|y_j)) log(1 − p(c*|x)) + a rest within its bound",
        "docs/theory.md, item 5",
        [support(parts.defined), full_support(seen)],
        np.where(defined, parts.remainder, 0.0),
        leading,
        low=-bound,
        high=bound,
        scale=parts.scale + parts.scale[:, [reference]],
        defined=defined,
        terms={**parts._asdict(), "epsilon": np.exp(log_epsilon)},
    )


def coverage_range(
    model: ConceptModel,
    context: ArrayLike,
    log_weight: ArrayLike | None = None,
    *,
    reference: int = 0,
) -> Theorem:
    """Coverage δ bounds f's own range: max_x − min_x of log p(y_j|x)/p(y_0|x) ≤ 2 δ_j.

    One row; components tokens. quantity: the range over the contexts given; bound: twice
    δ_j = min_c max_x |log p(c|x,y_j) − log p(c|x,y_0)| over the c possible in all of them, as
    log p(y_j|x)/p(y_0|x) = log p(y_j|c)/p(y_0|c) − [log p(c|x,y_j) − log p(c|x,y_0)] for each c.
    So a residual that vanishes with δ says nothing: the range of f vanishes with it. terms:
    coverage δ_j [token].
    Source: docs/theory.md, item 5.
    """
    seen = instance(model, context, log_weight)
    check_reference(seen, reference)
    log_token, log_both = seen.log_predictive, seen.log_both()
    possible = ~np.isneginf(log_both) & ~np.isneginf(log_both[:, [reference], :])
    finite = np.where(np.isneginf(log_both), 0.0, log_both)
    change = np.where(possible, np.abs(finite - finite[:, [reference], :]), np.inf)
    coverage = change.max(0, initial=0.0).min(-1)
    never = np.any(np.isneginf(log_token), axis=0)
    defined = np.asarray(~never & ~never[reference])
    shown = np.where(defined, log_token, 0.0)
    ratio = shown - np.where(defined, shown[:, [reference]], 0.0)
    quantity = ratio.max(0) - ratio.min(0)
    return theorem(
        "the range of log p(y_j|x)/p(y_0|x) over contexts is at most 2 δ_j",
        "docs/theory.md, item 5",
        [seen.independence()],
        quantity[None],
        np.zeros((1, len(quantity))),
        low=0.0,
        high=2 * coverage[None],
        scale=np.abs(ratio).max(0)[None],
        defined=defined[None],
        terms={"coverage": coverage},
    )


def ratio_bounds(
    seen: Instance, reference: int = 0
) -> tuple[Float[np.ndarray, "context token"], Float[np.ndarray, "context token"]]:
    """min and max over the c with p(c|x) > 0 of log p(y_j|c)/p(y_0|c); c that allow neither are
    left out."""
    log_given = seen.log_given.transpose(0, 2, 1)
    base = log_given[:, [reference], :]
    neither = np.isneginf(log_given) & np.isneginf(base)
    ratio = np.where(neither, 0.0, log_given) - np.where(neither, 0.0, base)
    counted = ~neither & ~np.isneginf(seen.log_belief)[:, None, :]
    low = np.where(counted, ratio, np.inf).min(-1)
    high = np.where(counted, ratio, -np.inf).max(-1)
    return low, high


def full_support(seen: Instance) -> Assumption:
    """p(y|c) > 0 for every token and every possible c: then f is bounded."""
    possible = np.broadcast_to(~np.isneginf(seen.log_prior)[None, :, None], seen.log_given.shape)
    share = float(np.isneginf(seen.log_given[possible]).mean()) if possible.any() else 0.0
    return Assumption("full support: share of (c, y) with p(y|c) = 0", share, share == 0)


def _posterior_bound(seen: Instance, parts: PaperTerms) -> tuple[np.ndarray, np.ndarray]:
    """log ε [context], ε = 1 − p(c*|x), and |L_jc* log(1−ε)| + Σ_{c≠c*} |L_jc log p(c|x)/ε|."""
    rows = np.arange(len(seen.log_belief))
    best = seen.log_belief.argmax(1)
    others = seen.log_belief.copy()
    others[rows, best] = -np.inf
    log_epsilon = np.logaddexp.reduce(others, axis=1)
    with np.errstate(invalid="ignore"):
        share = np.abs(others - log_epsilon[:, None])
    size = np.abs(parts.diversity_matrix)[None]
    share = np.where(np.isfinite(others), share, 0.0)[:, None, :]
    unreachable = np.isneginf(others)[:, None, :] & (size > 0)
    unreachable[rows, :, best] = False
    rest = (size * share).sum(-1) + np.where(unreachable.any(-1), np.inf, 0.0)
    first = np.abs(seen.log_belief[rows, best])[:, None] * size[0][:, best].T
    return log_epsilon, rest + first
