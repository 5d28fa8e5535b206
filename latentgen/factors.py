"""What is a table of the world, and when is it one?"""

import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from latentgen.host import refuse_tracers
from latentgen.space import ConceptSpace

ROW_TOLERANCE = 1e-6  # a row may miss 1 by this much and is then renormalised


class Emission(NamedTuple):
    """A conditional probability table as the user writes it.

    scope: the concepts the table reads. table: probabilities [*values of scope, *words at
    reads, outcome]; the concept axes may also come flattened into one. reads: earlier positions
    whose words the table reads as well, so that words interact given c.
    """

    scope: Sequence[int]
    table: ArrayLike
    reads: Sequence[int] = ()


class Factor(NamedTuple):
    """One log-factor of a world, in float64 and read-only.

    log_table: of a prior factor [*values of scope]; of an emission [*values of scope, *words at
    reads, outcome], log p(outcome | c_scope, x_reads).
    """

    scope: tuple[int, ...]
    log_table: np.ndarray
    reads: tuple[int, ...] = ()

    @property
    def num_outcomes(self) -> int:
        """The size of an emission's last axis."""
        return self.log_table.shape[-1]


def log_probability_rows(table: ArrayLike, name: str) -> np.ndarray:
    """log of a table whose last axis is a distribution, in float64, each row renormalised.

    Raises ValueError naming the row: for NaN, infinite or negative entries, and for a sum that
    misses 1 by more than 1e-6.
    """
    array = float_array(table, name)
    if array.ndim == 0 or array.shape[-1] == 0:
        raise ValueError(f"{name} needs at least one outcome; got shape {array.shape}")
    wrong = ~np.isfinite(array) | (array < 0)
    if wrong.any():
        row = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(
            f"{name} must hold finite probabilities that are not negative; "
            f"entry {row} is {array[row]}"
        )
    total = array.sum(-1, keepdims=True)
    missed = np.abs(total - 1) > ROW_TOLERANCE
    if missed.any():
        row = tuple(int(i) for i in np.argwhere(missed[..., 0])[0])
        where = f"row {row} sums" if row else "it sums"
        raise ValueError(
            f"{name} must sum to 1 over its last axis; {where} to {total[row][0]:.9g}: "
            "divide the table by its sum over the last axis"
        )
    with np.errstate(divide="ignore"):  # log 0 = −inf is a legal entry
        log_table = np.log(array / total)
    log_table.setflags(write=False)
    return log_table


def prior_factor(space: ConceptSpace, table: ArrayLike) -> Factor:
    """The joint prior p(c) [configuration] as one factor over all concepts."""
    array = float_array(table, "prior")
    if array.shape not in {(space.num_configurations,), space.cardinalities}:
        raise ValueError(
            f"prior must have shape ({space.num_configurations},), one entry a configuration; "
            f"got {array.shape}"
        )
    log_table = log_probability_rows(array.reshape(-1), "prior").reshape(space.cardinalities)
    return Factor(tuple(range(space.num_concepts)), log_table)


def concept_factor(
    space: ConceptSpace, concept: int, parents: tuple[int, ...], table: ArrayLike
) -> Factor:
    """p(c_k | parents) [*parent values, value] as a factor; parents in ascending order."""
    name = f"the table of concept {concept}"
    array = float_array(table, name)
    shape = tuple(space.cardinalities[k] for k in (*parents, concept))
    if array.shape != shape:
        raise ValueError(
            f"{name} must have shape {shape} (parents {list(parents)}, then its own values); "
            f"got {array.shape}"
        )
    return Factor((*parents, concept), log_probability_rows(array, name))


def emission_factor(
    space: ConceptSpace,
    emission: Any,
    name: str,
    vocabularies: Sequence[int] = (),
    to_read: str = "",
) -> Factor:
    """An emission as a factor; vocabularies are the sizes at earlier positions.

    to_read: what to do instead where a table of this kind cannot read words at all.
    """
    try:
        scope, table, reads = Emission(*emission)
    except TypeError:
        raise ValueError(
            f"{name} must be Emission(scope, table) or a (scope, table) pair, with reads as a "
            f"third entry if any; got {emission!r}"
        ) from None
    try:
        scope = tuple(space.check_concept(operator.index(k)) for k in scope)
    except TypeError:
        raise ValueError(
            f"the scope of {name} must be a sequence of concepts; got {scope!r}"
        ) from None
    if len(set(scope)) != len(scope):
        raise ValueError(f"the scope of {name} must name each concept once; got {scope}")
    reads = _checked_reads(reads, name, len(vocabularies), to_read)
    array = float_array(table, name)
    values = tuple(space.cardinalities[k] for k in scope)
    words = tuple(vocabularies[position] for position in reads)
    flat = (int(np.prod(values, dtype=np.int64)), *words)
    if array.shape[:-1] == flat:
        array = array.reshape(*values, *words, array.shape[-1])
    if array.ndim == 0 or array.shape[:-1] != (*values, *words):
        raise ValueError(
            f"{name} reads concepts {list(scope)} and positions {list(reads)}: its table must "
            f"have shape {(*values, *words)} and then its outcomes; got {array.shape}"
        )
    return Factor(scope, log_probability_rows(array, name), reads)


def _checked_reads(reads: Any, name: str, num_earlier: int, to_read: str) -> tuple[int, ...]:
    try:
        positions = tuple(operator.index(position) for position in reads)
    except TypeError:
        raise ValueError(
            f"the reads of {name} must be a sequence of positions; got {reads!r}"
        ) from None
    if positions and to_read:
        raise ValueError(f"{name} reads no words; got reads {list(positions)}: {to_read}")
    for position in positions:
        if not 0 <= position < num_earlier:
            raise ValueError(
                f"{name} can read earlier words only, at positions below {num_earlier}; "
                f"got position {position}"
            )
    if len(set(positions)) != len(positions):
        raise ValueError(f"the reads of {name} must name each position once; got {positions}")
    return positions


def float_array(table: ArrayLike, name: str) -> np.ndarray:
    """The table as a new float64 array; ValueError when it is ragged or holds no numbers."""
    refuse_tracers(f"a constructor given {name}", table)
    try:
        return np.array(table, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be an array of numbers: {error}") from None
