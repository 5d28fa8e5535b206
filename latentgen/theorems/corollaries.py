"""Does editing one concept move the representation along that concept's direction alone?"""

import numpy as np
from jaxtyping import Int
from numpy.typing import ArrayLike

from latentgen.host import integer_matrix, refuse_large_output, whole_number
from latentgen.model import ConceptModel
from latentgen.theorems.identity import support
from latentgen.theorems.instance import Instance, instance
from latentgen.theorems.paper import PaperTerms, paper_terms
from latentgen.theorems.rank import value_indicator
from latentgen.theorems.result import Assumption, Theorem, theorem
from latentgen.theorems.steering import SAME, log_marginal


def corollary_directions(
    model: ConceptModel,
    context: ArrayLike,
    log_weight: ArrayLike | None = None,
    *,
    concept: int = 0,
    pairs: ArrayLike | None = None,
    reference: int = 0,
) -> Theorem:
    """f(x₁) − f(x₀) = Ã_k [log p(c_k|x₁) − log p(c_k|x₀)], for pairs of contexts [pair, token].

    In the coordinates of logit differences to the reference token, where Ã_k = L B_k. What is left
    over is exactly L Δ log p(c_−k|c_k, x) − Δh (plus Δβ with a leak): the corollary is exact iff
    the two cancel. The first vanishes when the edited words, and the words that read
    them, read c_k only, Δh when every token
    tells c_k as well; neither is implied by the other. pairs [pair, 2] of rows of the context; by
    default each row with the next. Undefined where p(c_k|x) has a zero that matters. terms: pairs;
    direction Ã_k [token, value]; conditional_part, remainder_part, offset_part [pair, token], whose
    sum (the remainder with its sign −) is the residual, and parts_defined, where they are defined
    (elsewhere they are zero). Raises ValueError for a wrong concept, pair or reference. Source:
    arXiv:2503.08980, Corollary 4.2; docs/theory.md, item 11.
    """
    seen = instance(model, context, log_weight)
    concept = seen.space.check_concept(concept)
    first, second = checked_pairs(pairs, len(seen.log_belief)).T
    parts = paper_terms(seen, reference)
    parts_defined = parts.defined[first] & parts.defined[second]
    by_value = np.exp(seen.log_token_posterior()) @ value_indicator(seen.space, concept)
    change, known = _change(log_marginal(seen.log_belief, seen.space, concept), first, second)
    claimed = (change @ by_value.T) - (change @ by_value[reference])[:, None]
    log_token, reached = _change(seen.log_predictive, first, second)
    counted = (by_value > 0) | (by_value[reference] > 0)
    defined = reached & reached[:, [reference]] & ~(~known @ counted.T)
    defined &= by_value.any(1) & by_value[reference].any()
    size = np.abs(change) @ by_value.T
    rest, edited = _conditional(seen, concept, first, second)
    conditional = np.where(parts_defined, rest @ parts.diversity_matrix.T, 0.0)
    remainder = np.where(parts_defined, parts.remainder[second] - parts.remainder[first], 0.0)
    return theorem(
        "f(x₁) − f(x₀) = Ã_k [log p(c_k|x₁) − log p(c_k|x₀)]",
        "arXiv:2503.08980, Corollary 4.2",
        [
            seen.independence(),
            support(parts_defined),
            Assumption("p(c_−k|c_k, x) is the same in both, nats", edited, edited <= SAME),
            _same_remainder(remainder),
        ],
        log_token - log_token[:, [reference]],
        claimed,
        scale=_size(seen, parts, first, second) + size + size[:, [reference]],
        defined=defined,
        terms={
            "pairs": np.stack([first, second], 1),
            "direction": by_value - by_value[reference],
            "conditional_part": conditional,
            "remainder_part": remainder,
            "offset_part": np.where(parts_defined, parts.offset[second] - parts.offset[first], 0.0),
            "parts_defined": parts_defined,
        },
    )


def counterfactual_pairs(context: ArrayLike, position: int) -> Int[np.ndarray, "pair 2"]:
    """Rows of the context that differ in the word at one position only, each pair once.

    In ascending order, the smaller row first. Raises ValueError for a position that the context
    does not have, and above 1 GiB of pairs.
    """
    matrix = integer_matrix(context, "context", "sample, position")
    if whole_number(position, "position") not in range(matrix.shape[1]):
        raise ValueError(
            f"the context has the positions 0 … {matrix.shape[1] - 1}; there is no {position}"
        )
    word, group = matrix[:, position], _same_rows(np.delete(matrix, position, axis=1))
    size = np.bincount(group)
    alike = np.bincount(_same_rows(np.stack([group, word], 1)))
    num_pairs = (int(size @ size) - int(alike @ alike)) // 2
    refuse_large_output("counterfactual_pairs", (num_pairs, 2), "use each context once, or fewer")
    order = np.argsort(group, kind="stable")
    pairs = [np.zeros((0, 2), np.int64)]
    for apart in range(1, int(size.max(initial=0))):  # within a group, rows stand side by side
        each = np.stack([order[:-apart], order[apart:]], 1)
        first, second = each.T
        pairs.append(each[(group[first] == group[second]) & (word[first] != word[second])])
    every = np.concatenate(pairs)
    return every[np.lexsort(every.T[::-1])]


def _same_rows(matrix: Int[np.ndarray, "sample column"]) -> Int[np.ndarray, "sample"]:
    """A number for each row, the same for equal rows only."""
    if not matrix.shape[1]:
        return np.zeros(len(matrix), np.int64)
    return np.unique(matrix, axis=0, return_inverse=True)[1].reshape(-1)


def checked_pairs(pairs: ArrayLike | None, num_contexts: int) -> Int[np.ndarray, "pair 2"]:
    """Pairs of rows, each with the next by default; ValueError for rows that do not exist."""
    if pairs is None:
        row = np.arange(num_contexts - 1)
        return np.stack([row, row + 1], 1)
    array = np.asarray(pairs)
    whole = array.size == 0 or np.issubdtype(array.dtype, np.integer)
    if array.ndim != 2 or array.shape[1] != 2 or not whole:
        raise ValueError(
            f"pairs must hold integers [pair, 2], rows of the context; got shape {array.shape} "
            f"of {array.dtype}"
        )
    outside = array[(array < 0) | (array >= num_contexts)]
    if outside.size:
        raise ValueError(
            f"pairs must name rows 0 … {num_contexts - 1} of the context; got {outside[0]}"
        )
    return array.astype(np.int64)


def _change(
    log_rows: np.ndarray, first: np.ndarray, second: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """log row of the second less that of the first, and where both are finite (0 elsewhere)."""
    known = ~np.isneginf(log_rows[first]) & ~np.isneginf(log_rows[second])
    left, right = (np.where(known, log_rows[rows], 0.0) for rows in (second, first))
    return left - right, known


def _conditional(
    seen: Instance, concept: int, first: np.ndarray, second: np.ndarray
) -> tuple[np.ndarray, float]:
    """Δ log p(c_−k|c_k, x) [pair, configuration], 0 where it is not finite, and its worst size.

    Infinite where one context allows a configuration that the other forbids although it allows
    that value of c_k.
    """
    log_concept = log_marginal(seen.log_belief, seen.space, concept)
    value = value_indicator(seen.space, concept).argmax(1)
    anchor = np.where(np.isneginf(log_concept), 0.0, log_concept)[:, value]
    rest, known = _change(seen.log_belief - anchor, first, second)
    allowed = ~np.isneginf(log_concept)[:, value]
    both_allowed = allowed[first] & allowed[second]
    one_sided = np.isneginf(seen.log_belief[first]) != np.isneginf(seen.log_belief[second])
    if (one_sided & both_allowed).any():
        return rest, np.inf
    return rest, float(np.abs(rest[known]).max(initial=0.0))


def _same_remainder(remainder: np.ndarray) -> Assumption:
    worst = float(np.abs(remainder).max(initial=0.0))
    return Assumption("Δh = 0, where it is defined: largest |Δh|, nats", worst, worst <= SAME)


def _size(seen: Instance, parts: PaperTerms, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """How large the logarithms are that were subtracted [pair, token]."""
    log_token = np.where(np.isneginf(seen.log_predictive), 0.0, np.abs(seen.log_predictive))
    size = log_token + log_token.max(1, keepdims=True)
    size = size + np.where(parts.defined, parts.scale, 0.0)
    return size[first] + size[second]
