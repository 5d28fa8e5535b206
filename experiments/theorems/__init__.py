"""Do the identities and the bounds hold in ten thousand random worlds each?

Nothing is trained and nothing is fitted: each theorem is called on random worlds, and the largest
amount by which it misses what it says is kept, beside how much of its bound it uses.
"""

from dataclasses import dataclass, replace
from typing import Self

from experiments.experiment import Experiment
from experiments.limits import check
from experiments.theorems.cell import TRIED, TheoremsCell, compute, shape
from experiments.theorems.finding import CLAIMS, finding

BLOCK = 5  # batches per cell


@dataclass(frozen=True)
class TheoremsConfig:
    """How many random worlds of which kind."""

    num_batches: int = 20
    """Batches of worlds: the seeds."""
    num_worlds: int = 500
    """Worlds of a family in a batch."""
    num_zeros: int = 60
    """Worlds in a batch whose tables have exact zeros, beside the others."""

    def __post_init__(self) -> None:
        check(self)

    def with_seeds(self, num_seeds: int) -> Self:
        """The same with this many batches."""
        return replace(self, num_batches=num_seeds)


def cells(config: TheoremsConfig) -> list[TheoremsCell]:
    """All cells, block of batches by block of batches."""
    sizes = dict.fromkeys(TRIED, config.num_worlds)
    sizes["zeros"] = config.num_zeros
    return [
        TheoremsCell(family, size, tuple(range(start, start + BLOCK)))
        for start in range(0, config.num_batches, BLOCK)
        for family, size in sizes.items()
    ]


EXPERIMENT = Experiment(
    name="theorems",
    question=(__doc__ or "").splitlines()[0],
    profiles={
        "smoke": TheoremsConfig(num_batches=5, num_worlds=40, num_zeros=15),
        "paper": TheoremsConfig(),
        "full": TheoremsConfig(num_batches=100),
    },
    cells=cells,
    shape=shape,
    compute=compute,
    finding=finding,
    claims=CLAIMS,
)
