"""How are contexts held out, so that no context is both learnt from and scored?"""

from collections.abc import Iterator
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

NUM_FOLDS = 5
CONTEXTS_PER_REGRESSOR = 5  # with fewer distinct training contexts a fit is called saturated
DECIMALS = {8: 10, 4: 5, 2: 2}  # to which rows of one context agree, by bytes of a number
NUM_DIRECTIONS = 3  # along which rows are put in order; after two hardly any share a number
EDGE = 1e-3  # of what rows that are alike may be apart along a direction: more than its rounding


class Folds(NamedTuple):
    """Rows dealt into folds by distinct context.

    fold [row], or None when there are fewer contexts than folds; num_training: distinct contexts
    in the smallest training set.
    """

    fold: np.ndarray | None
    num_training: int

    def saturated(self, num_regressors: int) -> bool:
        """Whether so few contexts train so many regressors that any representation would fit."""
        return self.fold is None or self.num_training < CONTEXTS_PER_REGRESSOR * num_regressors

    def splits(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Pairs of masks (train, test) over the rows; every row is tested once."""
        if self.fold is not None:
            for index in range(int(self.fold.max()) + 1):
                yield self.fold != index, self.fold == index


def context_folds(
    groups: "ArrayLike | None",
    num_rows: int,
    weight: "ArrayLike | None" = None,
    *,
    num_folds: int = NUM_FOLDS,
    random_state: int = 0,
) -> Folds:
    """Folds over distinct contexts. groups [row] numbers the contexts; None: each row is one.

    weight [row]: contexts without any are dealt out too, but do not count as training contexts,
    and every fold gets its share of the others. Raises ValueError for groups that do not number
    every row and for fewer than two folds.
    """
    num_folds = checked_num_folds(num_folds)
    groups = checked_groups(groups, num_rows)
    distinct, context = np.unique(groups, return_inverse=True)
    context = context.reshape(-1)
    counts = np.ones(num_rows) if weight is None else np.asarray(weight) > 0
    present = np.bincount(context, counts, minlength=len(distinct)) > 0
    num_contexts = int(present.sum())
    if num_contexts < num_folds:
        return Folds(None, 0)
    dealt = np.arange(num_contexts) % num_folds
    np.random.default_rng(random_state).shuffle(dealt)
    fold = np.arange(len(distinct)) % num_folds
    fold[present] = dealt
    return Folds(fold[context], num_contexts - -(-num_contexts // num_folds))


def repeated_contexts(
    groups: "ArrayLike | None", weight: np.ndarray | None, *arrays: np.ndarray
) -> ArrayLike | None:
    """groups as given, or, without groups, one number for rows that agree everywhere.

    Rows [row, column] that were drawn repeat contexts, and one held out apart from its repeats
    could be looked up. Rows whose weights differ list contexts, each once; equal weights say no
    more than none. Rows agree when all arrays do, to the digits of their dtype, beside the largest
    number of a column.
    """
    if groups is not None or (weight is not None and weight.min() < weight.max()):
        return groups
    units = []
    for array in arrays:
        digits = DECIMALS.get(array.itemsize, DECIMALS[8])
        scale = np.abs(array).max(0, initial=0).astype(np.float64)
        units.append(array / np.where(scale > 0, scale, 1) * 10.0**digits)
    number = _alike(np.concatenate(units, 1))
    _, first, context = np.unique(number, return_index=True, return_inverse=True)
    return first.argsort().argsort()[context.reshape(-1)]


def _alike(rows: np.ndarray) -> np.ndarray:
    """A number for rows [row, column] that differ by at most 1 in every column from their first.

    Numbers that were rounded have edges, at which rows of one context come apart, and the more
    columns there are the more rows are at some edge; differences have none.
    """
    number = _candidates(rows)
    left = np.arange(len(rows))
    while left.size:
        _, first, group = np.unique(number[left], return_index=True, return_inverse=True)
        gap = np.abs(rows[left] - rows[left[first]][group.reshape(-1)])
        left = left[(gap > 1).any(1)]
        number[left] += len(rows)
    return number


def _candidates(rows: np.ndarray) -> np.ndarray:
    """A number for rows that may be alike [row]: never do rows that are alike differ in it.

    Along any direction rows that are alike are no further apart than the sum of its entries. So
    where rows, in the order along a random direction, leave a gap, different contexts begin.
    """
    number = np.zeros(len(rows), int)
    draw = np.random.default_rng(0)
    for _ in range(NUM_DIRECTIONS):
        direction = draw.standard_normal(rows.shape[1])
        along = rows @ direction
        order = np.lexsort((along, number))
        gap = np.diff(along[order]) > np.abs(direction).sum() * (1 + EDGE)
        number[order[1:]] = np.cumsum(gap | (np.diff(number[order]) > 0))
        number[order[:1]] = 0
    return number


def permute_contexts(
    array: "ArrayLike", groups: "ArrayLike | None" = None, *, random_state: int = 0
) -> np.ndarray:
    """The null: rows [row, …] exchanged between distinct contexts, whole contexts at a time.

    groups [row] as in `context_folds`; None: each row is a context, also where rows repeat. Raises
    ValueError when groups do not number every row.
    """
    array = np.asarray(array)
    groups = checked_groups(groups, len(array))
    _, first, context = np.unique(groups, return_index=True, return_inverse=True)
    order = np.random.default_rng(random_state).permutation(len(first))
    return array[first[order][context.reshape(-1)]]


def checked_groups(groups: "ArrayLike | None", num_rows: int, name: str = "groups") -> np.ndarray:
    """Labels of contexts [row], any that can be sorted; None: each row is a context of its own."""
    if groups is None:
        return np.arange(num_rows)
    labels = np.asarray(groups)
    if labels.shape != (num_rows,):
        raise ValueError(
            f"{name} must have shape ({num_rows},), one a row; got {labels.shape}: number the "
            "context of every row, equal contexts alike"
        )
    if labels.dtype.kind == "f" and np.isnan(labels).any():
        raise ValueError(
            f"{name} must name the context of every row; row {int(np.isnan(labels).argmax())} is "
            "NaN: give it a number, or drop the row"
        )
    return labels


def checked_num_folds(num_folds: Any) -> int:
    """A whole number of folds, at least two; ValueError for what is none."""
    if not isinstance(num_folds, Integral) or num_folds < 2:
        raise ValueError(
            f"num_folds must be a whole number of at least 2; got {num_folds!r}: {NUM_FOLDS} are "
            "usual"
        )
    return int(num_folds)
