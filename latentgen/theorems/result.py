"""What does a theorem say of one world, and is it so?"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

TOLERANCE = 1e-10  # of the scaled error: what float64 leaves of an exact statement


class Assumption(NamedTuple):
    """One assumption as it was measured on an instance.

    name: what is assumed; value: the number measured; met: whether that number satisfies it.
    """

    name: str
    value: float
    met: bool


class Theorem(NamedTuple):
    """What a theorem claims of a world and its contexts, beside what is so.

    statement: the claim in a line. source: where it is made. assumptions: as measured here.
    quantity, claimed: what the claim is about and what it says that is [row, component]; residual:
    their difference, computed without cancellation where that is possible. low, high: the bounds
    the theorem sets for the residual; 0 and 0 for an identity, −inf and inf where it sets none.
    defined [row, component]: where the claim says something; elsewhere quantity, claimed and
    residual are zero. violation: by how much a defined residual leaves its bounds at most, over
    max(1, the size of the terms it was computed from). terms: whatever else the theorem speaks of,
    by name. Rows and components are contexts and tokens unless the function says otherwise. Nats.
    Two are equal when all of this is; NaN equals NaN.
    """

    statement: str
    source: str
    assumptions: tuple[Assumption, ...]
    quantity: np.ndarray
    claimed: np.ndarray
    residual: np.ndarray
    low: np.ndarray
    high: np.ndarray
    defined: np.ndarray
    violation: float
    terms: Mapping[str, np.ndarray]

    @property
    def broken(self) -> tuple[str, ...]:
        """The names of the assumptions that this instance does not meet."""
        return tuple(assumption.name for assumption in self.assumptions if not assumption.met)

    @property
    def applies(self) -> bool:
        """Whether every assumption is met."""
        return not self.broken

    @property
    def holds(self) -> bool:
        """Whether every defined residual lies within its bounds, up to 1e-10 of the terms' size."""
        return self.violation <= TOLERANCE

    @property
    def worst(self) -> float:
        """The largest defined |residual|, nats; 0 where nothing is defined."""
        return float(np.abs(self.residual).max(initial=0.0))

    def _verdict(self) -> str:
        """What is so of the bounds: words for a person, who must not take them for the claim."""
        if not (np.isfinite(self.low).any() or np.isfinite(self.high).any()):
            return "no bound is set"
        if self.holds:
            return "within its bounds"
        return "leaves its bounds" + (
            ", as it may where an assumption is broken" * bool(self.broken)
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Theorem) and _same(self, other)

    def __ne__(self, other: object) -> bool:  # that of a tuple would compare arrays
        return not self == other

    def __hash__(self) -> int:
        return hash((self.statement, self.source, self.violation))

    def __str__(self) -> str:
        met = [
            f"  {'met   ' if a.met else 'broken'}  {a.name}: {a.value:.4g}"
            for a in self.assumptions
        ]
        share = self.defined.mean() if self.defined.size else 0.0
        return "\n".join(
            [
                f"{self.statement} ({self.source})",
                *met,
                f"  largest |residual| {self.worst:.4g} nats, defined for {share:.0%} of "
                f"{self.residual.shape[0]} × {self.residual.shape[1]}; {self._verdict()} "
                f"(scaled violation {self.violation:.2g})",
            ]
        )


def _same(one: Any, other: Any) -> bool:
    """Whether texts, numbers and arrays, in tuples and by name, are the same; NaN is NaN."""
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, str):
        return one == other
    return np.array_equal(one, other, equal_nan=np.asarray(one).dtype.kind in "fc")


def theorem(
    statement: str,
    source: str,
    assumptions: Sequence[Assumption],
    quantity: Float[np.ndarray, "row component"],
    claimed: Float[np.ndarray, "row component"],
    *,
    residual: Float[np.ndarray, "row component"] | None = None,
    low: ArrayLike = 0.0,
    high: ArrayLike = 0.0,
    scale: ArrayLike = 1.0,
    defined: Bool[np.ndarray, "row component"] | None = None,
    terms: Mapping[str, np.ndarray] | None = None,
) -> Theorem:
    """A `Theorem` whose residual, violation and masks are filled in.

    Where quantity and claimed are the same infinity they agree: the residual is zero there.
    Where only one of them is infinite, the residual is infinite. residual: given where it can be
    computed more exactly than by subtraction. scale: size of the terms, broadcast to [row,
    component], by which violations are divided where it exceeds 1. defined: False where the claim
    says nothing; an entry that is NaN must not be defined.
    """
    shape = quantity.shape
    everywhere = np.ones(shape, bool) if defined is None else defined
    if residual is None:
        same = quantity == claimed  # also the same infinity
        left, right = (np.where(everywhere & ~same, array, 0.0) for array in (quantity, claimed))
        residual = left - right
    residual = np.where(everywhere, residual, 0.0)
    low, high, scale = (
        np.broadcast_to(np.asarray(a, np.float64), shape) for a in (low, high, scale)
    )
    below, above = np.zeros(shape), np.zeros(shape)
    np.subtract(low, residual, out=below, where=everywhere & np.isfinite(low))
    np.subtract(residual, high, out=above, where=everywhere & np.isfinite(high))
    beyond = np.maximum(below, above)
    size = np.maximum(1.0, np.where(np.isfinite(scale), scale, 1.0))
    violation = float((beyond / size).max(initial=0.0))
    return Theorem(
        statement,
        source,
        tuple(assumptions),
        np.where(everywhere, quantity, 0.0),
        np.where(everywhere, claimed, 0.0),
        residual,
        low,
        high,
        everywhere,
        violation,
        {} if terms is None else dict(terms),
    )
