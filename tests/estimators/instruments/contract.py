"""What does an instrument promise, in a form that one test file can execute for all of them?

An instrument joins the contract by one `Case` in the list of `test_contract.py`. A case builds
its arguments from a seed, as keywords of the public function, and states what must come out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

NUM_ROWS = 200  # distinct contexts of every pair, unless a case says otherwise
NUM_NULLS = 20  # seeds whose mean score must be near chance

Arguments = dict[str, Any]

# Mean of NUM_NULLS null scores: five standard errors of a correlation, of a share of variance.
CORRELATION_NOISE = 5 / np.sqrt(NUM_ROWS * NUM_NULLS)
SHARE_NOISE = 10 / NUM_ROWS  # a fit of p regressors loses about p/n: three or four of them, twice


class Move(NamedTuple):
    """A change of the arguments by name; `apply(draw, arguments)` draws it from hypothesis.

    tolerance: what it may change, where that is more than the case allows.
    """

    name: str
    apply: Callable[[Callable[..., Any], Arguments], Arguments]
    tolerance: float = 0.0

    def __str__(self):
        return self.name


@dataclass(frozen=True)
class Case:
    """One instrument and everything it promises.

    call: the public function, or one that puts the keywords where they belong.
    perfect, between, null: seed -> arguments: nothing to be wished for, something, nothing;
        the same shapes. between is where invariances are tested: any value but a trivial one.
    arrays: argument -> the name a refusal calls it by; each is tried with a NaN and, if aligned,
        with one row too few (not aligned: the arrays need not share their rows).
    score: answer -> the number that is promised.
    best, best_tolerance: the score of the perfect pair.
    chance, chance_tolerance: the mean score of NUM_NULLS nulls; the tolerance follows from n.
    low, high: the range.
    moves: what changes nothing, within move_tolerance; changes: what must change the score.
    symmetric: two arguments that may be exchanged, or None.
    constant: argument -> the score when it is constant (NaN: no number has a meaning).
    copies: arguments to which linear combinations of their columns add nothing.
    weighted: takes weight, and a weight of k is a row repeated k times.
    grouped: takes groups; the repeats are then named as one context.
    folded: takes num_folds beside groups.
    examples: how many examples hypothesis draws; fewer for slow instruments.
    """

    name: str
    call: Callable[..., Any]
    perfect: Callable[[int], Arguments]
    between: Callable[[int], Arguments]
    null: Callable[[int], Arguments]
    arrays: Mapping[str, str]
    score: Callable[[Any], float] = attrgetter("score")
    best: float = 1.0
    best_tolerance: float = 1e-8
    chance: float = 0.0
    chance_tolerance: float = CORRELATION_NOISE
    low: float = -np.inf
    high: float = 1.0
    moves: tuple[Move, ...] = ()
    changes: tuple[Move, ...] = ()
    move_tolerance: float = 1e-8
    symmetric: tuple[str, str] | None = None
    constant: Mapping[str, float] = field(default_factory=dict)
    copies: tuple[str, ...] = ()
    weighted: bool = True
    grouped: bool = True
    folded: bool = True
    aligned: bool = True
    examples: int = 10

    def __str__(self):
        return self.name

    @property
    def num_rows(self) -> int:
        """How many rows its arguments have."""
        return len(self.between(0)[next(iter(self.arrays))])

    def value(self, arguments: Arguments) -> float:
        """The promised number of these arguments."""
        return float(self.score(self.call(**arguments)))


def integers(draw, shape, low=-2, high=2):
    """Integers of a shape, from hypothesis."""
    size = int(np.prod(shape))
    values = draw(st.lists(st.integers(low, high), min_size=size, max_size=size))
    return np.array(values, float).reshape(shape)


def invertible(draw, size):
    """An integer matrix of determinant one: unit lower times unit upper triangular."""
    lower, upper = integers(draw, (size, size)), integers(draw, (size, size))
    return (np.tril(lower, -1) + np.eye(size)) @ (np.triu(upper, 1) + np.eye(size))


def orthogonal(draw, size):
    """Two reflections at hyperplanes with integer normals, one after the other."""
    result = np.eye(size)
    for _ in range(2):
        normal = integers(draw, (size,))
        normal[0] += not normal.any()
        result = result @ (np.eye(size) - 2 * np.outer(normal, normal) / (normal @ normal))
    return result


def affine(argument: str) -> Move:
    """Invertible affine maps of the rows of an argument."""

    def apply(draw, arguments):
        rows = arguments[argument]
        moved = rows @ invertible(draw, rows.shape[1]) + integers(draw, rows.shape[1:])
        return {**arguments, argument: moved}

    return Move(f"affine maps of {argument}", apply)


def rescaled(argument: str) -> Move:
    """The rows of an argument in float32, every column times a power of ten."""

    def apply(draw, arguments):
        rows = arguments[argument]
        scale = np.float32(10.0) ** integers(draw, rows.shape[1:], -5, 5).astype(np.float32)
        return {**arguments, argument: rows.astype(np.float32) * scale}

    return Move(f"columns of {argument} times powers of ten in float32", apply, tolerance=1e-5)


def rigid(argument: str) -> Move:
    """Orthogonal maps, isotropic scales and shifts of the rows of an argument."""

    def apply(draw, arguments):
        rows = arguments[argument]
        scale = draw(st.sampled_from([-3.0, 0.01, 1.0, 7.0]))
        moved = scale * rows @ orthogonal(draw, rows.shape[1]) + integers(draw, rows.shape[1:])
        return {**arguments, argument: moved}

    return Move(f"rigid motions and scales of {argument}", apply)


def monomial(argument: str) -> Move:
    """Every column by itself shifted and scaled by a number other than 0, and all permuted."""

    def apply(draw, arguments):
        rows = arguments[argument]
        scale = integers(draw, rows.shape[1:], 1, 5) * (-1) ** integers(draw, rows.shape[1:], 0, 1)
        order = draw(st.permutations(range(rows.shape[1])))
        moved = (rows * scale + integers(draw, rows.shape[1:]))[:, list(order)]
        return {**arguments, argument: moved}

    return Move(f"permutations, scales and shifts of the columns of {argument}", apply)


def stretch(argument: str) -> Move:
    """The first column ten times as large: an affine map that is no rigid motion."""

    def apply(draw, arguments):
        rows = arguments[argument].copy()
        rows[:, 0] *= 10
        return {**arguments, argument: rows}

    return Move(f"a stretch of the first column of {argument}", apply)


def shear(argument: str) -> Move:
    """Three times the second column added to the first: columns are mixed."""

    def apply(draw, arguments):
        rows = arguments[argument].copy()
        rows[:, 0] += 3 * rows[:, 1]
        return {**arguments, argument: rows}

    return Move(f"a shear of the columns of {argument}", apply)
