"""When concepts are independent given x and y is a tuple of readings, is f a sum over concepts?"""

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from latentgen.contraction_sums import log_sum
from latentgen.model import ConceptModel
from latentgen.theorems.instance import Instance, instance
from latentgen.theorems.result import Assumption, Theorem, theorem
from latentgen.theorems.steering import SAME, log_marginal, row_divergence

MAX_SHAPES = 32  # that are tried when none is given …
MAX_ENTRIES = 2**24  # … and as many entries of their tables in all


def product_law(
    model: ConceptModel,
    context: ArrayLike,
    log_weight: ArrayLike | None = None,
    *,
    token_shape: Sequence[int] | None = None,
) -> Theorem:
    """log p(y|x) = Σ_k log Σ_v p(y_k|c_k = v) p(c_k = v|x), at any sharpness [context, token].

    y = (y_1 … y_m) is a tuple, one sub-token a concept, numbered row-major; token_shape gives how
    many values each y_k has (1 for a concept that y does not read). By default the cardinalities
    if they fit, or else the factorisation into m factors that p(y|c) meets best, of 32 at most.
    Exact when p(y|c) = ∏ p(y_k|c_k) and p(c|x) = ∏ p(c_k|x) over the concepts that y reads, M_k
    being the mean of p(y_k|c) over the beliefs. Then contexts that differ in p(c_k|x) only differ
    in f along E_k: for a binary y_k in one direction, however large the change. Bound, without any
    assumption: with q(c, y|x) = ∏ p(c_k|x) p(y_k|c_k) over the concepts that y reads, the residual
    lies between the smallest and the largest log p(c, y|x)/q(c, y|x) over the c with q > 0. terms:
    token_shape [concept]; sub_token
    [concept, context, largest y_k], log M_k p(c_k|x), −inf beyond a concept's own; sub_token_index
    [token, concept]; total_correlation KL(p(c|x) ‖ ∏ p(c_k|x)) of the concepts that y reads
    [context], nats. Raises ValueError for a shape that does not fit. Source: docs/theory.md,
    item 12.
    """
    seen = instance(model, context, log_weight)
    shapes = _shapes(seen) if token_shape is None else [checked_token_shape(seen, token_shape)]
    misses = [_token_miss(seen, sub_tables(seen, shape), shape) for shape in shapes]
    miss, shape = min(misses), shapes[int(np.argmin(misses))]
    tables, index = sub_tables(seen, shape), _index(shape)
    reads = [k for k, size in enumerate(shape) if size > 1]
    log_concepts = [log_marginal(seen.log_belief, seen.space, k) for k in range(len(shape))]
    parts = [
        log_sum(table + log_concept[:, :, None], 1)  # [context, y_k]
        for table, log_concept in zip(tables, log_concepts, strict=True)
    ]
    picked = np.stack([part[:, index[:, k]] for k, part in enumerate(parts)])
    log_belief = _read_marginal(seen, seen.log_belief, reads)
    log_factored = _sum_over_read(seen, log_concepts, reads)
    log_claimed = log_factored[:, None, :] + _log_rows(seen, tables, index, reads)
    low, high = _bound(_read_marginal(seen, seen.log_joint(), reads), log_claimed)
    gap = _largest_gap(log_belief, log_factored)
    name = f"p(y|c) = ∏ p(y_k|c_k), y of shape {'×'.join(map(str, shape))}: |log ratio|, nats"
    return theorem(
        "log p(y|x) = Σ_k log Σ_v p(y_k|c_k = v) p(c_k = v|x)",
        "docs/theory.md, item 12",
        [
            Assumption(
                "p(c|x) = ∏ p(c_k|x), c_k that y reads: |log ratio|, nats", gap, gap <= SAME
            ),
            Assumption(name, miss, miss <= SAME),
        ],
        seen.log_predictive,
        picked.sum(0),
        low=low,
        high=high,
        scale=np.where(np.isneginf(picked), 0.0, np.abs(picked)).sum(0),
        terms={
            "token_shape": np.array(shape),
            "sub_token": _padded(parts),
            "sub_token_index": index,
            "total_correlation": row_divergence(log_belief, log_factored, ~np.isneginf(log_belief)),
        },
    )


def checked_token_shape(seen: Instance, token_shape: Sequence[int]) -> tuple[int, ...]:
    """The shape as integers; ValueError unless it has one factor a concept and fits the tokens."""
    shape = tuple(int(size) for size in token_shape)
    if len(shape) != seen.space.num_concepts or min(shape) < 1:
        raise ValueError(
            f"token_shape must have one size of at least 1 for each of the "
            f"{seen.space.num_concepts} concepts; got {tuple(token_shape)}"
        )
    if math.prod(shape) != seen.num_tokens:
        raise ValueError(
            f"token_shape must multiply to the {seen.num_tokens} tokens; got {shape}, "
            f"{math.prod(shape)} in all"
        )
    return shape


def sub_tables(
    seen: Instance, shape: Sequence[int]
) -> list[Float[np.ndarray, "row value sub_token"]]:
    """log M_k = log p(y_k|c_k), the mean of p(y_k|c) over the beliefs; one row unless words leak.

    The mean over all contexts given, or over each context's own belief where p(y|c, x) differs. A
    value that no context allows gets the mean over its configurations.
    """
    share = seen.log_belief if seen.leaks else log_sum(seen.log_belief, 0)[None]
    return [_sub_table(seen, share, concept, shape) for concept in range(len(shape))]


def _sub_table(
    seen: Instance, log_share: np.ndarray, concept: int, shape: Sequence[int]
) -> Float[np.ndarray, "row value sub_token"]:
    rows, size, _ = seen.log_given.shape
    others = tuple(2 + k for k in range(len(shape)) if k != concept)
    log_table = log_sum(seen.log_given.reshape(rows, size, *shape), others)
    cardinality = seen.space.cardinalities[concept]
    inner = seen.space.strides[concept]
    log_share = log_share.reshape(len(log_share), -1, cardinality, inner)
    total = log_sum(log_share, (1, 3))[:, None, :, None]
    even = -math.log(size / cardinality)
    log_share = np.where(
        np.isneginf(total), even, log_share - np.where(np.isneginf(total), 0, total)
    )
    log_table = log_table.reshape(rows, -1, cardinality, inner, shape[concept])
    return log_sum(log_table + log_share[..., None], (1, 3))


def _shapes(seen: Instance) -> list[tuple[int, ...]]:
    """Shapes that the tokens may have: the cardinalities when they fit, or else the first 32."""
    if seen.num_tokens == seen.space.num_configurations:
        return [seen.space.cardinalities]
    every = _factorisations(seen.num_tokens, seen.space.num_concepts)
    affordable = max(1, min(MAX_SHAPES, MAX_ENTRIES // max(1, seen.log_given.size)))
    return list(itertools.islice(every, affordable))


def _factorisations(number: int, num_factors: int) -> Iterator[tuple[int, ...]]:
    """Ordered factorisations of a number, those into few factors first."""
    for count in range(1, num_factors + 1):
        for places in itertools.combinations(range(num_factors), count):
            for factors in _proper_factorisations(number, count):
                shape = [1] * num_factors
                for place, factor in zip(places, factors, strict=True):
                    shape[place] = factor
                yield tuple(shape)
        if number == 1:
            return


def _proper_factorisations(number: int, count: int) -> Iterator[tuple[int, ...]]:
    """Ordered factorisations into count factors above 1 (a single factor may be 1)."""
    if count == 1:
        yield (number,)
        return
    for first in range(2, number // 2 + 1):
        if number % first == 0:
            for rest in _proper_factorisations(number // first, count - 1):
                if rest[-1] > 1:
                    yield (first, *rest)


def _index(shape: Sequence[int]) -> Int[np.ndarray, "token concept"]:
    """y_k of every token."""
    return np.stack(np.unravel_index(np.arange(math.prod(shape)), shape), 1)


def _read_values(seen: Instance, reads: list[int]) -> Int[np.ndarray, "configuration concept"]:
    """The values of the concepts that are read, for every configuration of those concepts."""
    sizes = [seen.space.cardinalities[k] for k in reads]
    return np.indices(sizes).reshape(len(reads), math.prod(sizes)).T


def _read_marginal(
    seen: Instance, log_rows: Float[np.ndarray, "*row configuration"], reads: list[int]
) -> Float[np.ndarray, "*row read"]:
    """log Σ over the concepts that y does not read."""
    leading = log_rows.shape[:-1]
    sizes = seen.space.cardinalities
    others = tuple(len(leading) + k for k in range(len(sizes)) if k not in reads)
    if not others:
        return log_rows
    return log_sum(log_rows.reshape(*leading, *sizes), others).reshape(*leading, -1)


def _sum_over_read(
    seen: Instance, log_concepts: list[np.ndarray], reads: list[int]
) -> Float[np.ndarray, "context read"]:
    """Σ log p(c_k|x) over the concepts that y reads."""
    values = _read_values(seen, reads)
    total = np.zeros((len(seen.log_belief), len(values)))
    for place, concept in enumerate(reads):
        total += log_concepts[concept][:, values[:, place]]
    return total


def _log_rows(
    seen: Instance, tables: list[np.ndarray], index: np.ndarray, reads: list[int]
) -> Float[np.ndarray, "row token read"]:
    """Σ log M_k[c_k, y_k] over the concepts that y reads."""
    values = _read_values(seen, reads)
    total = np.zeros((len(tables[0]), len(index), len(values)))
    for place, concept in enumerate(reads):
        by_value = tables[concept][:, values[:, place]][:, :, index[:, concept]]
        total += by_value.transpose(0, 2, 1)
    return total


def _token_miss(seen: Instance, tables: list[np.ndarray], shape: Sequence[int]) -> float:
    """The largest |log p(y|c) − Σ_k log M_k[c_k, y_k]| over possible c, nats."""
    factored = _log_rows(seen, tables, _index(shape), list(range(len(shape))))
    possible = ~np.isneginf(seen.log_belief)
    if not seen.leaks:
        possible = np.asarray(possible.any(0))[None]
    given = np.where(possible[:, :, None], seen.log_given, 0.0)
    return _largest_gap(given, np.where(possible[:, :, None], factored.transpose(0, 2, 1), 0.0))


def _largest_gap(first: np.ndarray, second: np.ndarray) -> float:
    """max |first − second| of log-probabilities; equal zeros agree."""
    differ = first != second
    left, right = (np.where(differ, array, 0.0) for array in (first, second))
    return float(np.abs(left - right).max(initial=0.0))


def _bound(log_joint: np.ndarray, log_claimed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and largest log p(c, y|x)/q(c, y|x) over the c with q > 0 [context, token]."""
    counted = ~np.isneginf(log_claimed)
    ratio = np.where(counted, log_joint, 0.0) - np.where(counted, log_claimed, 0.0)
    low = np.where(counted, ratio, np.inf).min(-1)
    high = np.where(counted, ratio, -np.inf).max(-1)
    nothing = ~counted.any(-1)  # claimed impossible, and then it is
    return np.where(nothing, 0.0, low), np.where(nothing, 0.0, high)


def _padded(parts: list[np.ndarray]) -> Float[np.ndarray, "concept context sub_token"]:
    size = max(part.shape[1] for part in parts)
    padded = np.full((len(parts), len(parts[0]), size), -np.inf)
    for concept, part in enumerate(parts):
        padded[concept, :, : part.shape[1]] = part
    return padded
