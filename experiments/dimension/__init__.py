"""How many dimensions does the law need?

The best predictor of every dimension d, through ℓ − 1 and |tokens| − 1, for ℓ configurations and
numbers of tokens through ℓ + 1, with token tables that are random, anchored and weak. Exact and
oracle only: nothing is trained.
"""

from dataclasses import dataclass, replace
from typing import Self

from experiments.dimension.cell import DimensionCell, compute, shape
from experiments.dimension.claims import CLAIMS
from experiments.dimension.finding import finding
from experiments.experiment import Experiment
from experiments.limits import BELOW_ONE, SOME, check

BLOCK = 5  # seeds per cell


@dataclass(frozen=True)
class DimensionConfig:
    """The settings of all panels."""

    num_worlds: int = 20
    """Seeds; each draws its own world."""
    random: tuple[tuple[int, int, tuple[int, ...]], ...] = (
        (2, 3, (1, 2, 3, 4)),
        (2, 4, (1, 2, 3, 4, 5)),
        (2, 5, (1, 2, 3, 4, 5, 6)),
        (2, 8, (1, 2, 3, 4, 5, 6, 7, 8, 9)),
        (3, 9, (6, 7, 8, 10)),
        (3, 16, (1, 2, 4, 6, 7, 8, 12, 15, 17)),
    )
    """Triples (concepts, tokens, dimensions) with a random token table."""
    others: tuple[tuple[int, int, tuple[int, ...]], ...] = (
        (2, 8, (1, 2, 3, 4, 5, 7)),
        (3, 16, (1, 4, 6, 7, 8, 15)),
    )
    """The same with an anchored and with a weak token table."""
    num_words: int = 6
    """Binary words in a context: 64 contexts, all of them enumerated."""
    replace_rate: float = 0.01
    """η, the probability that an anchored token names a uniform group."""
    strength: float = 0.1
    """Weight of what depends on c in a weak token table."""

    def __post_init__(self) -> None:
        check(self, {"replace_rate": BELOW_ONE, "strength": SOME})

    def with_seeds(self, num_seeds: int) -> Self:
        """The same with this many worlds."""
        return replace(self, num_worlds=num_seeds)


def cells(config: DimensionConfig) -> list[DimensionCell]:
    """All cells, block of seeds by block of seeds."""
    noise = (config.num_words, config.replace_rate, config.strength)
    panels = {"random": config.random, "anchored": config.others, "weak": config.others}
    return [
        DimensionCell(family, num_concepts, num_tokens, dim, *noise, seeds)
        for seeds in _blocks(config.num_worlds)
        for family, settings in panels.items()
        for num_concepts, num_tokens, dims in settings
        for dim in dims
    ]


def _blocks(num_worlds: int) -> list[tuple[int, ...]]:
    return [tuple(range(start, start + BLOCK)) for start in range(0, num_worlds, BLOCK)]


PAPER = DimensionConfig()
EXPERIMENT = Experiment(
    name="dimension",
    question=(__doc__ or "").splitlines()[0],
    profiles={
        "smoke": replace(
            PAPER,
            num_worlds=5,
            random=((2, 3, (1, 2)), (2, 8, (1, 2, 3, 4, 7, 8))),
            others=((2, 8, (2, 3, 4, 7)),),
        ),
        "paper": PAPER,
        "full": replace(
            PAPER,
            num_worlds=100,
            num_words=8,
            random=(*PAPER.random, (2, 16, (1, 2, 3, 4, 5, 8, 12, 15))),
        ),
    },
    cells=cells,
    shape=shape,
    compute=compute,
    finding=finding,
    claims=CLAIMS,
)
