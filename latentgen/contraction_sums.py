"""How is a path of products and sums carried out, and when must it be done in logarithms?

Operands are arrays [*values of scope, sample], their axes in the order of the scope; one that is
alike for all contexts has a last axis of size 1. `contracted` and `marginals` take NumPy and JAX.
"""

import operator
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from latentgen.contraction_path import Path

SMALL = 1e-250  # a smaller sum may have lost terms, as products underflow at 1e-308


class Algebra(NamedTuple):
    """What multiplies two operands, what sums one over some axes, what changes no product."""

    times: Callable[[Any, Any], Any]
    total: Callable[[Any, tuple[int, ...]], Any]
    one: float


def log_sum(log_terms: np.ndarray, axis: int | tuple[int, ...]) -> np.ndarray:
    """log Σ exp over some axes; −inf where all terms are."""
    best = log_terms.max(axis, keepdims=True)
    anchor = np.where(np.isneginf(best), 0.0, best)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(log_terms - anchor).sum(axis)) + anchor.squeeze(axis)


PROBABILITY = Algebra(operator.mul, lambda terms, axes: terms.sum(axes), 1.0)
LOGARITHM = Algebra(operator.add, log_sum, 0.0)


def contracted(path: Path, operands: Sequence[Any], algebra: Algebra) -> list[Any]:
    """The operands given and those that each step makes; the last one is the answer."""
    every, scope_of = list(operands), path.every_scope
    for step in path.steps:
        arrays = [every[i] for i in step.inputs]
        every.append(_combined(algebra, arrays, [scope_of[i] for i in step.inputs], step.scope))
    return every


def marginals(
    path: Path, operands: Sequence[Any], wanted: Sequence[int], algebra: Algebra
) -> list[Any]:
    """u · ∂Z/∂u of each wanted operand u, of the shape of u; Z is what the path sums up to.

    Over Z this is the gradient of log Z with respect to log u. One backward pass finds all; it
    is written out because in logarithms it then loses nothing, however small the gradient.
    """
    every, scope_of = contracted(path, operands, algebra), path.every_scope
    first = len(path.scopes)
    needed = set(wanted)
    for number, step in enumerate(path.steps, first):
        if needed & set(step.inputs):
            needed.add(number)
    slope = {len(every) - 1: np.full((1,), algebra.one, every[-1].dtype)}
    for number, step in reversed(list(enumerate(path.steps, first))):
        for this in needed & set(step.inputs):
            others = [other for other in step.inputs if other != this]
            slope[this] = _combined(
                algebra,
                [slope[number], *[every[other] for other in others]],
                [step.scope, *[scope_of[other] for other in others]],
                scope_of[this],
            )
    return [algebra.times(every[this], slope[this]) for this in wanted]


def _combined(
    algebra: Algebra,
    arrays: Sequence[Any],
    scopes: Sequence[tuple[int, ...]],
    scope: tuple[int, ...],
) -> Any:
    """The product of some arrays, summed over what is not in the scope.

    A variable of the scope that no array has gets an axis of size 1.
    """
    union = sorted(set(scope).union(*scopes))
    pairs = zip(arrays, scopes, strict=True)
    product = reduce(algebra.times, [_aligned(array, own, union) for array, own in pairs])
    axes = tuple(axis for axis, variable in enumerate(union) if variable not in scope)
    return algebra.total(product, axes) if axes else product


def _aligned(array: Any, scope: tuple[int, ...], union: Sequence[int]) -> Any:
    sizes = dict(zip(scope, array.shape, strict=False))
    return array.reshape(*[sizes.get(variable, 1) for variable in union], array.shape[-1])


def safe_log_marginals(
    path: Path, log_operands: Sequence[np.ndarray], wanted: Sequence[int]
) -> list[np.ndarray]:
    """log (u · ∂Z/∂u) of each wanted operand [*values, sample], exact at any depth, or −inf.

    Operands must not exceed 1. Done with probabilities; contexts of which an entry comes out
    below 1e-250, though it is not zero, are done again in logarithms.
    """

    def answer(operands: Sequence[np.ndarray], algebra: Algebra) -> list[np.ndarray]:
        return marginals(path, operands, wanted, algebra)

    return _safely(answer, log_operands, [np.isneginf(log_operands[this]) for this in wanted])


def safe_log_sum(path: Path, log_operands: Sequence[np.ndarray]) -> np.ndarray:
    """log of what the path sums up to [*values of its output, sample]; as `safe_log_marginals`."""
    if len(path.steps[-1].scope) == len({variable for scope in path.scopes for variable in scope}):
        return contracted(path, log_operands, LOGARITHM)[-1]  # nothing is summed, only added

    def answer(operands: Sequence[np.ndarray], algebra: Algebra) -> list[np.ndarray]:
        return contracted(path, operands, algebra)[-1:]

    return _safely(answer, log_operands, [np.False_])[0]


def _safely(
    answer: Callable[[Sequence[np.ndarray], Algebra], list[np.ndarray]],
    log_operands: Sequence[np.ndarray],
    zero: Sequence[np.ndarray | np.bool],
) -> list[np.ndarray]:
    """The logarithms of an answer, of which some entries are known to be zero."""
    with np.errstate(over="ignore", invalid="ignore", under="ignore", divide="ignore"):
        found = answer([np.exp(operand) for operand in log_operands], PROBABILITY)
        log_found = [np.log(array) for array in found]
    pairs = zip(found, zero, strict=True)
    doubtful = [~((array >= SMALL) & (array < np.inf) | known) for array, known in pairs]
    rows = _samples(doubtful)
    if not rows.size:
        return log_found
    possible = _possible(answer, [_at(operand, rows) for operand in log_operands])
    pairs = zip(doubtful, possible, strict=True)
    lost = [doubt[..., rows] & ways for doubt, ways in pairs]
    again = rows[_samples(lost)]
    if again.size:
        exact = answer([_at(operand, again) for operand in log_operands], LOGARITHM)
        for array, better in zip(log_found, exact, strict=True):
            array[..., again] = better
    return log_found


def _possible(
    answer: Callable[[Sequence[np.ndarray], Algebra], list[np.ndarray]],
    log_operands: Sequence[np.ndarray],
) -> list[np.ndarray]:
    """Which sums have a term that is not zero: 0 and 1 in place of probabilities count them.

    Counts do not underflow; where they overflow, NaN and inf are not 0 either.
    """
    allowed = [(~np.isneginf(operand)).astype(np.float64) for operand in log_operands]
    with np.errstate(over="ignore", invalid="ignore"):
        return [ways != 0 for ways in answer(allowed, PROBABILITY)]


def _samples(marks: Sequence[np.ndarray]) -> np.ndarray:
    """The samples with a mark in any of the arrays [*values, sample]."""
    marked = [mark.any(axis=tuple(range(mark.ndim - 1))) for mark in marks]
    return np.flatnonzero(np.logical_or.reduce(marked))


def _at(operand: np.ndarray, samples: np.ndarray) -> np.ndarray:
    return operand if operand.shape[-1] == 1 else operand[..., samples]
