"""What does Theorem 3.1 of arXiv:2503.08980 leave over, with its own A, b and h?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from latentgen.model import ConceptModel
from latentgen.theorems.identity import averages, support
from latentgen.theorems.instance import Instance, instance
from latentgen.theorems.result import Assumption, Theorem, theorem

APPROXIMATE = ("v1", "v2", "v3", "v4-limit")  # h is dropped, in a limit
READINGS = (*APPROXIMATE, "v4")
NO_EPSILON = 1e-12  # a worst ε below this counts as zero
RANK_TOLERANCE = 1e-12  # of singular values: entries are differences of probabilities


class PaperTerms(NamedTuple):
    """The paper's terms in the coordinates of logit differences to a reference token y_0.

    diversity_matrix L [token, configuration], rows p(·|y_j) − p(·|y_0), zero where one of the two
    tokens never occurs. logit_difference log p(y_j|x)/p(y_0|x); log_belief_part L log p(c|x);
    offset β_j, the difference of E_{p(c|y_j)} log p(y_j|c), constant in x unless words leak;
    remainder h_j, the difference of E_{p(c|y_j)} log p(c|x,y_j): all [context, token], zero for
    y_0 itself. scale: size of what was added up. defined [context, token].
    """

    diversity_matrix: np.ndarray
    logit_difference: np.ndarray
    log_belief_part: np.ndarray
    offset: np.ndarray
    remainder: np.ndarray
    scale: np.ndarray
    defined: np.ndarray


def paper_terms(seen: Instance, reference: int = 0) -> PaperTerms:
    """L, β and h of Theorem 3.1 on an instance. Raises ValueError for a token that is not one."""
    check_reference(seen, reference)
    weight = np.exp(seen.log_token_posterior())
    occurring = np.asarray(np.any(weight > 0, axis=1))
    occurring &= occurring[reference]
    parts = averages(seen, weight)
    defined = parts["defined"] > 0
    defined &= defined[:, [reference]]
    log_token = np.where(defined, seen.log_predictive, 0.0)

    def difference(term: np.ndarray) -> np.ndarray:
        return np.where(defined, term - term[:, [reference]], 0.0)

    return PaperTerms(
        np.where(occurring[:, None], weight - weight[reference], 0.0),
        difference(log_token),
        difference(parts["belief"]),
        difference(parts["given"]),
        difference(parts["both"]),
        np.abs(parts["belief"]) + np.abs(parts["given"]) + np.abs(parts["both"]),
        defined,
    )


def check_reference(seen: Instance, reference: int) -> None:
    """Raises ValueError for a reference that is not a token."""
    if not 0 <= reference < seen.num_tokens:
        raise ValueError(
            f"the reference token must lie in 0 … {seen.num_tokens - 1}; got {reference}"
        )


def paper_theorem(
    model: ConceptModel,
    context: ArrayLike,
    log_weight: ArrayLike | None = None,
    *,
    reading: str = "v3",
    reference: int = 0,
    unembedding: ArrayLike | None = None,
) -> Theorem:
    """L̂ᵀf = L log p(c|x) + β − h with the paper's own L, β and h, for a perfect predictor.

    The components are tokens: L̂ᵀf(x) is log p(y_j|x)/p(y_0|x) in any gauge. reading "v3" (or "v1",
    "v2") drops h: the residual is −h, and the law is claimed in the limit ε → 0; "v4-limit" drops
    it in the limit ε, δ, TV → 0. They set no bound; the one given here is ours, |h_j| ≤ δ_j(x) +
    TV_j (max_c − min_c) log p(c|x,y_0). reading "v4" keeps h: an identity. terms: those of
    `PaperTerms`, total_variation [token], coverage δ_j(x) [context, token], epsilon(x,y), and, when
    an unembedding [token, dim] is given, f's own coordinates: mixing_matrix A = (L̂ᵀ)⁺L [dim,
    configuration], offset_in_f b = (L̂ᵀ)⁺β and remainder_in_f (L̂ᵀ)⁺h [context, dim].
    Raises ValueError for an unknown reading, reference or shape. Source: arXiv:2503.08980,
    Theorem 3.1 in v3 and v4.
    """
    if reading not in READINGS:
        raise ValueError(f"reading must be one of {READINGS}; got {reading!r}")
    seen = instance(model, context, log_weight)
    parts = paper_terms(seen, reference)
    coverage, spread = _coverage_and_spread(seen, reference)
    variation = np.abs(parts.diversity_matrix).sum(1) / 2
    linear = parts.log_belief_part + parts.offset
    keeps = reading == "v4"
    with np.errstate(invalid="ignore"):
        limit = np.where(variation > 0, coverage + variation * spread[:, None], coverage)
    limit = np.where(np.isnan(limit), np.inf, limit)
    terms: dict[str, np.ndarray] = {**parts._asdict(), "total_variation": variation}
    terms |= {"coverage": coverage, "epsilon": seen.epsilon()}
    if unembedding is not None:
        terms |= _in_f(parts, differences_inverse(seen, unembedding, reference))
    return theorem(
        _statement(reading),
        f"arXiv:2503.08980{reading[:2]}, Theorem 3.1",
        [
            seen.independence(),
            support(parts.defined),
            *diversity(seen, parts.diversity_matrix),
            *([] if keeps else [_vanishing("ε", "1 − max_c p(c|x,y)", terms["epsilon"])]),
            *([] if reading != "v4-limit" else _vanishing_changes(terms)),
        ],
        parts.logit_difference,
        linear - parts.remainder if keeps else linear,
        low=0.0 if keeps else -limit,
        high=0.0 if keeps else limit,
        scale=parts.scale + parts.scale[:, [reference]],
        defined=parts.defined,
        terms=terms,
    )


def diversity(seen: Instance, diversity_matrix: np.ndarray) -> list[Assumption]:
    """The diversity condition as far as the world decides it: ℓ + 1 tokens, and L of rank ℓ − 1.

    The paper asks for ℓ + 1 tokens whose unembedding differences are invertible, ℓ the number of
    configurations. L·1 = 0, so that ℓ − 1 is the largest rank there is.
    """
    size, num_tokens = seen.space.num_configurations, seen.num_tokens
    rank = float(diversity_rank(diversity_matrix))
    return [
        Assumption(f"diversity: at least ℓ + 1 = {size + 1} tokens", num_tokens, num_tokens > size),
        Assumption(f"diversity: rank L is ℓ − 1 = {size - 1}", rank, rank == size - 1),
    ]


def diversity_rank(diversity_matrix: np.ndarray) -> int:
    """The rank of L, or of L B_k; singular values below 1e-12 are rounding, whatever L's size."""
    return int(np.linalg.matrix_rank(diversity_matrix, tol=RANK_TOLERANCE))


def differences_inverse(
    seen: Instance, unembedding: ArrayLike, reference: int
) -> Float[np.ndarray, "dim token"]:
    """(L̂ᵀ)⁺ of an unembedding [token, dim]; L̂ᵀ its differences to the reference token."""
    matrix = np.asarray(unembedding, np.float64)
    if matrix.ndim != 2 or len(matrix) != seen.num_tokens:
        raise ValueError(
            f"unembedding must have axes [token, dim] with {seen.num_tokens} tokens; "
            f"got shape {matrix.shape}"
        )
    if not np.isfinite(matrix).all():
        token = int(np.argmax(~np.isfinite(matrix).all(1)))
        raise ValueError(
            f"unembedding must hold finite numbers; the row of token {token} is {matrix[token]}: "
            "leave out tokens that a predictor cannot produce"
        )
    return np.linalg.pinv(matrix - matrix[reference])


def _statement(reading: str) -> str:
    if reading == "v4":
        return "L̂ᵀf = L log p(c|x) + β − h"
    limit = "ε, δ, TV → 0" if reading == "v4-limit" else "ε → 0"
    return (
        f"L̂ᵀf ≈ L log p(c|x) + β as {limit}; bound (ours): |h_j| ≤ δ_j + TV_j range log p(c|x,y_0)"
    )


def _in_f(parts: PaperTerms, inverse: np.ndarray) -> dict[str, np.ndarray]:
    """A, b and what is left over in the coordinates of f itself."""
    return {
        "mixing_matrix": inverse @ parts.diversity_matrix,
        "offset_in_f": parts.offset @ inverse.T,
        "remainder_in_f": parts.remainder @ inverse.T,
    }


def _vanishing(symbol: str, what: str, values: np.ndarray) -> Assumption:
    worst = float(values.max(initial=0.0))
    return Assumption(f"{symbol} → 0: the largest {what} is 0", worst, worst <= NO_EPSILON)


def _vanishing_changes(terms: dict[str, np.ndarray]) -> list[Assumption]:
    """The conditions that v4 adds: coverage δ, and how much p(c|y) changes with the token."""
    return [
        _vanishing("δ", "|log p(c|x,y_j) − log p(c|x,y_0)|", terms["coverage"]),
        _vanishing("TV", "distance of p(c|y_j) to p(c|y_0)", terms["total_variation"]),
    ]


def _coverage_and_spread(seen: Instance, reference: int) -> tuple[np.ndarray, np.ndarray]:
    """δ_j(x) = max_c |log p(c|x,y_j) − log p(c|x,y_0)| [context, token], over the c that either
    token allows, infinite where one allows a c that the other forbids; and max_c − min_c of
    log p(c|x,y_0) [context] over all possible c, infinite where some c is impossible."""
    log_both = seen.log_both()
    base = log_both[:, [reference], :]
    allowed = np.exp(seen.log_token_posterior()) > 0
    counted = (allowed | allowed[reference])[None]
    same = ~counted | ((log_both == base) & np.isneginf(base))
    left, right = (np.where(same, 0.0, term) for term in (log_both, base))
    coverage = np.abs(left - right).max(-1)
    possible = allowed.any(0) & ~np.isneginf(seen.log_predictive[:, [reference]])
    top = np.where(possible, base[:, 0, :], -np.inf).max(-1)
    bottom = np.where(possible, base[:, 0, :], np.inf).min(-1)
    spread = np.where(possible.any(-1), top, 0.0) - np.where(possible.any(-1), bottom, 0.0)
    return coverage, spread
