"""Does what Theorem 3.1 leaves over vanish as ε → 0?

With the paper's own A, beside the best one, as ε → 0 through the context only, through the token
only, through both at three relative speeds, and where the coverage δ of v4 vanishes too.
"""

from dataclasses import dataclass, replace
from typing import Self

from experiments.experiment import Experiment
from experiments.limits import FOUR, SOME, check
from experiments.residual.cell import ResidualCell, compute, shape
from experiments.residual.finding import CLAIMS, finding
from experiments.residual.worlds import PATHS

BLOCK = 10  # seeds per cell


@dataclass(frozen=True)
class ResidualConfig:
    """The settings of all paths."""

    num_worlds: int = 20
    """Seeds; nothing is trained."""
    scales: tuple[float, ...] = (0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001)
    """κ, about geometric; ε goes to zero with it on every path."""
    paths: tuple[str, ...] = tuple(PATHS)
    """Through x, y or both."""
    num_words: int = 32
    """Contexts: each is one word."""
    num_tokens: int = 8
    """Tokens, two for each configuration, so that there are ℓ + 1."""

    def __post_init__(self) -> None:
        limits = {"scales": SOME, **dict.fromkeys(("num_words", "num_tokens"), FOUR)}
        check(self, limits, {"paths": tuple(PATHS)})

    def with_seeds(self, num_seeds: int) -> Self:
        """The same with this many worlds."""
        return replace(self, num_worlds=num_seeds)


def cells(config: ResidualConfig) -> list[ResidualCell]:
    """All cells, block of seeds by block of seeds."""
    return [
        ResidualCell(
            path,
            scale,
            config.num_words,
            config.num_tokens,
            tuple(range(start, min(start + BLOCK, config.num_worlds))),
        )
        for start in range(0, config.num_worlds, BLOCK)
        for path in config.paths
        for scale in config.scales
    ]


PAPER = ResidualConfig()
EXPERIMENT = Experiment(
    name="residual",
    question=(__doc__ or "").splitlines()[0],
    profiles={
        "smoke": replace(PAPER, num_worlds=2, scales=(0.3, 0.1, 0.03, 0.01, 0.003, 0.001)),
        "paper": PAPER,
        "full": replace(
            PAPER,
            num_worlds=100,
            scales=tuple(round(0.3 * 10 ** (-step / 2), 9) for step in range(13)),
        ),
    },
    cells=cells,
    shape=shape,
    compute=compute,
    finding=finding,
    claims=CLAIMS,
)
