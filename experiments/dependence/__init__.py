"""Which form does the representation have when concepts depend on each other: joint or marginal?

The prior goes from independent concepts to tied ones with the marginals unchanged, along a chain
or by the parity of the others; every word reads one concept. Three tokens: one names c, one reads
every concept through noise, one shows a concept drawn at random.
"""

from dataclasses import dataclass, replace
from typing import Self

from experiments.dependence.cell import DependenceCell, compute, shape
from experiments.dependence.finding import CLAIMS, finding
from experiments.experiment import Experiment
from experiments.limits import BELOW_ONE, SEVERAL, SHARE, check

BLOCK = 5  # seeds per cell


@dataclass(frozen=True)
class DependenceConfig:
    """The settings of all panels."""

    num_worlds: int = 20
    """Seeds; each draws its own world."""
    tokens: tuple[str, ...] = ("anchored", "product", "shown")
    """What the token tells."""
    graphs: tuple[str, ...] = ("chain", "parity")
    """How concepts depend on each other."""
    strengths: tuple[float, ...] = (0.0, 0.5, 0.8, 0.95)
    """s, from independent (0) to tied (1, where posteriors would have zeros)."""
    num_concepts: int = 3
    """Binary concepts."""
    num_words: int = 8
    """Binary words; word i reads concept i mod 3 and the word of that concept before it."""
    replace_rate: float = 0.001
    """η of the anchored token and of the concept shown."""
    reading_flip_rate: float = 0.2
    """Noise with which the product token reads each concept: it is not sharp."""

    def __post_init__(self) -> None:
        check(
            self,
            {
                "strengths": BELOW_ONE,
                "num_concepts": SEVERAL,
                **dict.fromkeys(("replace_rate", "reading_flip_rate"), SHARE),
            },
            {"tokens": ("anchored", "product", "shown"), "graphs": ("chain", "parity")},
        )

    def with_seeds(self, num_seeds: int) -> Self:
        """The same with this many worlds."""
        return replace(self, num_worlds=num_seeds)


def cells(config: DependenceConfig) -> list[DependenceCell]:
    """All cells, block of seeds by block of seeds."""
    return [
        DependenceCell(
            token,
            graph,
            strength,
            config.num_concepts,
            config.num_words,
            config.replace_rate,
            config.reading_flip_rate,
            tuple(range(start, start + BLOCK)),
        )
        for start in range(0, config.num_worlds, BLOCK)
        for token in config.tokens
        for graph in config.graphs
        for strength in config.strengths
    ]


PAPER = DependenceConfig()
EXPERIMENT = Experiment(
    name="dependence",
    question=(__doc__ or "").splitlines()[0],
    profiles={
        "smoke": replace(PAPER, num_worlds=5, strengths=(0.0, 0.95)),
        "paper": PAPER,
        "full": replace(
            PAPER,
            num_worlds=100,
            num_words=10,
            strengths=(0.0, 0.25, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99),
        ),
    },
    cells=cells,
    shape=shape,
    compute=compute,
    finding=finding,
    claims=CLAIMS,
)
