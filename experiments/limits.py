"""Which settings of an experiment can nobody mean?

A config checks itself when it is made, so that a wrong setting is refused before anything runs.
Numbers must be finite; whole ones at least 1 and others at least 0, unless the config says
otherwise; a list of values must have one.
"""

import dataclasses
import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple


class Limits(NamedTuple):
    """Where a number must lie: low … high, low itself left out if `above`, high if `below`."""

    low: float
    high: float = math.inf
    above: bool = False
    below: bool = False

    def allow(self, value: float) -> bool:
        """Whether the number lies there."""
        at_end = (self.above and value == self.low) or (self.below and value == self.high)
        return self.low <= value <= self.high and not at_end

    def __str__(self) -> str:
        if math.isfinite(self.high) and not (self.above or self.below):
            return f"lie in {self.low:g} … {self.high:g}"
        low = f"be {'greater than' if self.above else 'at least'} {self.low:g}"
        high = f" and {'less than' if self.below else 'at most'} {self.high:g}"
        return low + high if math.isfinite(self.high) else low


SHARE = Limits(0, 1)
BELOW_ONE = Limits(0, 1, below=True)  # a rate at which something is told, so that I(x; y) > 0
BELOW_HALF = Limits(0, 0.5, below=True)  # the same of a digit that is flipped
SOME = Limits(0, 1, above=True)
BETWEEN = Limits(0, 1, above=True, below=True)
POSITIVE = Limits(0, above=True)
GROWTH = Limits(1, above=True)
FROM_ZERO = Limits(0)
SEVERAL = Limits(2)
THREE = Limits(3)
FOUR = Limits(4)


def check(
    config: Any,
    limits: Mapping[str, Limits] | None = None,
    choices: Mapping[str, Collection[str]] | None = None,
) -> None:
    """Raise a ValueError for the first setting that cannot be meant.

    limits, choices: by the name of the setting, those of a part after a point (training.width).
    """
    for name, value in _settings(config):
        option = f"--{name.replace('_', '-')}"
        for entry in _entries(value, option):
            if isinstance(entry, str):
                _check_choice(entry, option, (choices or {}).get(name))
            elif isinstance(entry, int | float) and not isinstance(entry, bool):
                usual = Limits(1) if isinstance(entry, int) else FROM_ZERO
                check_number(entry, option, (limits or {}).get(name, usual))


def _settings(config: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """All settings by their names, those of parts too."""
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            yield from _settings(value, f"{prefix}{field.name}.")
        else:
            yield f"{prefix}{field.name}", value


def _entries(value: Any, option: str) -> Iterator[Any]:
    """The numbers and words in a setting."""
    if not isinstance(value, tuple):
        yield value
        return
    if not value:
        raise ValueError(f"{option} needs at least one value; got none: give one, or leave it out")
    for entry in value:
        yield from _entries(entry, option)


def check_number(value: float, option: str, limits: Limits) -> None:
    """Raise a ValueError for a number that is not finite or lies outside the limits."""
    if not math.isfinite(value):
        raise ValueError(f"{option} must be finite; got {value}: give a number")
    if not limits.allow(value):
        raise ValueError(f"{option} must {limits}; got {value}: give another number")


def _check_choice(value: str, option: str, choices: Collection[str] | None) -> None:
    if choices is not None and value not in choices:
        raise ValueError(
            f"{option} must be among {', '.join(choices)}; got {value!r}: choose one of them"
        )
