"""Is there a small world, within the theorem's assumptions, in which its claim fails?

A search over the tables of small worlds for those in which f ≈ A log p(c|x) + b fails most, those
in which it holds best, and random ones that merely meet the same assumptions; and the worlds that
came of it, small enough to be checked by hand, which are frozen under a name.
"""

from dataclasses import dataclass, replace
from typing import Self

from experiments.counterexamples.cell import (
    ASSUMPTIONS,
    FAMILIES,
    CounterexamplesCell,
    compute,
    shape,
)
from experiments.counterexamples.finding import CLAIMS, finding
from experiments.experiment import Experiment
from experiments.limits import SHARE, check

BLOCK = 20  # seeds per cell
WORST = {
    "mean": ("own_map", "any_map"),
    "pinned": ("own_map", "any_map"),
    "coverage": ("own_map", "any_map", "beyond_argmax"),
    "anchored": ("own_map", "any_map"),
}
COMMITTED = {  # world -> the assumption it meets, what fails or holds, and at which level
    "counterexample-mean": ("mean", "own_map", "worst", 1e-2),
    "counterexample-pinned": ("pinned", "own_map", "worst", 1e-2),
    "counterexample-any-map": ("pinned", "any_map", "worst", 1e-2),
    "counterexample-coverage": ("coverage", "own_map", "worst", 1e-1),
    "counterexample-coverage-any-map": ("coverage", "any_map", "worst", 1e-1),
    "holds-anchored": ("anchored", "own_map", "best", 1e-2),
}

SHARPENED = ("counterexample-pinned", "counterexample-any-map", "holds-anchored")
POWERS = (1.0, 2.0, 3.0)


@dataclass(frozen=True)
class CounterexamplesConfig:
    """How long is searched, and where."""

    num_seeds: int = 20
    """Searches of every setting, each from its own random worlds."""
    num_starts: int = 3
    """Starts of a search, of which the best counts."""
    num_steps: int = 300
    """Steps of Adam of a start."""
    levels: tuple[float, ...] = tuple(round(10 ** -(1 + 0.6 * i), 6) for i in range(6))
    """ε0, the limit of every assumption, geometric from 1/10 to 1/10000."""
    families: tuple[str, ...] = ("2 configurations", "4 configurations")
    """Sizes of the worlds."""
    floor: float = 1e-12
    """No probability in a table is smaller."""

    def __post_init__(self) -> None:
        check(self, dict.fromkeys(("levels", "floor"), SHARE), {"families": tuple(FAMILIES)})

    def with_seeds(self, num_seeds: int) -> Self:
        """The same with this many searches of every setting."""
        return replace(self, num_seeds=num_seeds)


def cells(config: CounterexamplesConfig) -> list[CounterexamplesCell]:
    """The committed worlds, and all searches, block of seeds by block of seeds."""
    found = [_committed("world", name, COMMITTED[name][-1]) for name in COMMITTED]
    found += [_committed("sharpened", name, power) for name in SHARPENED for power in POWERS]
    for start in range(0, config.num_seeds, BLOCK):
        seeds = tuple(range(start, min(start + BLOCK, config.num_seeds)))
        for family in config.families:
            for level in config.levels:
                found += [
                    CounterexamplesCell(
                        "search",
                        "",
                        *aim,
                        level,
                        family,
                        config.num_starts,
                        config.num_steps,
                        config.floor,
                        seeds,
                    )
                    for aim in aims()
                ]
    return found


def aims() -> list[tuple[str, str, str]]:
    """All triples (assumption, target, direction) that are searched."""
    worst = [(name, target, "worst") for name in ASSUMPTIONS for target in WORST[name]]
    best = [(name, "own_map", "best") for name in ASSUMPTIONS]
    return worst + best + [(name, "none", "random") for name in ASSUMPTIONS]


def _committed(panel: str, name: str, level: float) -> CounterexamplesCell:
    """Nothing is searched here: the family is the world itself."""
    aim = COMMITTED[name][:-1]
    return CounterexamplesCell(panel, name, *aim, level, "", 0, 0, 0.0, (0,))


PAPER = CounterexamplesConfig()
EXPERIMENT = Experiment(
    name="counterexamples",
    question=(__doc__ or "").splitlines()[0],
    profiles={
        "smoke": replace(
            PAPER,
            num_seeds=5,
            num_steps=200,
            levels=(0.1, 0.01),
            families=("2 configurations",),
        ),
        "paper": PAPER,
        "full": replace(
            PAPER,
            num_starts=8,
            num_steps=2000,
            families=("2 configurations", "3 configurations", "4 configurations"),
        ),
    },
    cells=cells,
    shape=shape,
    compute=compute,
    finding=finding,
    claims=CLAIMS,
)
