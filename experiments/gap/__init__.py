"""How much of the gap is theory, how much capacity, optimisation and finite data?

Five predictors of one world stand in a row, from the perfect one to a network trained on a finite
sample. What each step costs adds up to the whole by construction, for two wholes: the excess loss,
and what the law of log p(c|x) misses. Swept: samples, width, depth, dimension, steps.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Self

from experiments.experiment import Experiment
from experiments.gap.cell import compute, shape
from experiments.gap.claims import CLAIMS
from experiments.gap.finding import finding
from experiments.gap.predictors import FRESH, GapCell, Training
from experiments.limits import BELOW_ONE, FOUR, FROM_ZERO, check

BLOCK = 5  # seeds per cell


@dataclass(frozen=True)
class GapConfig:
    """The base setting, and the five axes on which it is changed one by one."""

    num_trained: int = 10
    """Seeds, each with a world and an initialisation of its own."""
    base: tuple[int, int, int, int, int] = (2**18, 32, 2, 5, 1000)
    """Samples, width, depth, dimension and steps of the base setting; |tokens| − 1 dimensions."""
    num_samples: tuple[int, ...] = (2**10, 2**12, 2**14, 2**16, 2**18, FRESH)
    """Sizes of the finite sample; 0 draws fresh samples at every step."""
    widths: tuple[int, ...] = (4, 8, 32)
    """Units in a hidden layer."""
    depths: tuple[int, ...] = (1, 2, 3)
    """Hidden layers."""
    dims: tuple[int, ...] = (1, 2, 3, 4, 5)
    """Dimensions of the representation, through ℓ − 1 = 3 up to |tokens| − 1 = 5."""
    num_steps: tuple[int, ...] = (125, 250, 500, 1000, 2000)
    """Steps of training."""
    long_steps: int = 4000
    """Steps of the long training that bounds what the architecture can do."""
    num_pairs: int = 4
    """Pairs of words in a context: 4^pairs contexts, all of them enumerated."""
    num_tokens: int = 6
    """Tokens: more than the four configurations."""
    strength: float = 0.7
    """Probability that the token names the configuration; else it is drawn from a random row."""
    training: Training = field(default_factory=Training)
    """What all networks share."""

    def __post_init__(self) -> None:
        check(self, {"num_samples": FROM_ZERO, "num_tokens": FOUR, "strength": BELOW_ONE})
        for num_samples in (self.base[0], *self.num_samples):
            if num_samples != FRESH and self.training.num_rows % num_samples:
                raise ValueError(
                    f"--num-samples must divide --training.num-rows, {self.training.num_rows}; "
                    f"got {num_samples}: give powers of 2 up to it"
                )

    def with_seeds(self, num_seeds: int) -> Self:
        """The same with this many seeds."""
        return replace(self, num_trained=num_seeds)


def cells(config: GapConfig) -> list[GapCell]:
    """All cells, axis by axis; the base setting is part of every axis."""
    starts = range(0, config.num_trained, BLOCK)
    blocks = [tuple(range(s, min(s + BLOCK, config.num_trained))) for s in starts]
    return [replace(cell, seeds=seeds) for cell in _settings(config) for seeds in blocks]


def _settings(config: GapConfig) -> Iterator[GapCell]:
    num_samples, width, depth, dim, num_steps = config.base
    base = GapCell(
        "",
        num_samples,
        width,
        depth,
        dim,
        num_steps,
        config.long_steps,
        config.num_pairs,
        config.num_tokens,
        config.strength,
        config.training,
        (),
    )
    axes: dict[str, tuple[int, ...]] = {
        "num_samples": config.num_samples,
        "num_steps": config.num_steps,
        "dim": config.dims,
        "width": config.widths,
        "depth": config.depths,
    }
    for axis, values in axes.items():
        for value in values:
            changed: dict[str, Any] = {axis: value}
            yield replace(base, axis=axis, **changed)
    for narrow in sorted({min(config.widths), width}):
        for long_steps in (config.long_steps, 2 * config.long_steps):
            yield replace(base, axis="long_steps", width=narrow, long_steps=long_steps)


PAPER = GapConfig()
EXPERIMENT = Experiment(
    name="gap",
    question=(__doc__ or "").splitlines()[0],
    profiles={
        "smoke": replace(
            PAPER,
            num_trained=2,
            base=(2**14, 16, 2, 5, 300),
            num_samples=(2**10, 2**12, 2**14, FRESH),
            widths=(16,),
            depths=(2,),
            dims=(2, 5),
            num_steps=(100, 300),
            long_steps=900,
            training=Training(num_rows=2**14),
        ),
        "paper": PAPER,
        "full": replace(
            PAPER,
            num_trained=50,
            base=(2**20, 64, 2, 5, 4000),
            num_samples=(2**10, 2**12, 2**14, 2**16, 2**18, 2**20, FRESH),
            widths=(2, 4, 8, 16, 32, 64, 128, 256),
            depths=(1, 2, 3, 4, 6),
            dims=(1, 2, 3, 4, 5, 6, 8),
            num_steps=(125, 250, 500, 1000, 2000, 4000, 8000, 16000),
            long_steps=40_000,
            num_pairs=5,
            training=Training(num_rows=2**20),
        ),
    },
    cells=cells,
    shape=shape,
    compute=compute,
    finding=finding,
    claims=CLAIMS,
)
