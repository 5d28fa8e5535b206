"""Does the law survive when the token reads the context itself, and what restores it?

The theorem assumes x ⊥ y | c. Here the last word reaches y past the concepts, more and more: it
either says what y repeats, or renames the tokens. And the mask of a masked observation, drawn
afresh for every sample, is such a word.
"""

from dataclasses import dataclass, replace
from typing import Self

from experiments.experiment import Experiment
from experiments.leak.cell import AFRESH, FIXED, LeakCell, compute, shape
from experiments.leak.finding import CLAIMS, finding
from experiments.limits import BELOW_HALF, SEVERAL, SHARE, THREE, Limits, check

BLOCK = 5  # seeds per cell


@dataclass(frozen=True)
class LeakConfig:
    """The settings of all panels."""

    num_worlds: int = 20
    """Seeds; each draws its own world."""
    strengths: tuple[float, ...] = (0.0, 0.1, 0.3, 0.6, 1.0)
    """λ, the share of the token table that reads the last word."""
    kinds: tuple[str, ...] = ("repeat", "rename")
    """What the last word does to the token."""
    num_concepts: int = 3
    """Binary concepts, on a random graph with as many edges."""
    num_words: int = 8
    """Binary words of the context, each reading c and the word before it."""
    replace_rate: float = 0.001
    """η of a token that names c; in the panel of masks the noise of each hidden digit."""
    num_blocks: int = 3
    """Blocks of digits in the panel of masks, of which one is hidden."""
    flip_rate: float = 0.1
    """Noise of each digit that is shown."""

    def __post_init__(self) -> None:
        check(
            self,
            {
                "strengths": SHARE,
                "num_concepts": THREE,  # of fewer no graph has as many edges
                "replace_rate": BELOW_HALF,
                "num_blocks": SEVERAL,
                "flip_rate": Limits(0, 0.5, above=True, below=True),
            },
            {"kinds": ("repeat", "rename")},
        )

    def with_seeds(self, num_seeds: int) -> Self:
        """The same with this many worlds."""
        return replace(self, num_worlds=num_seeds)


def cells(config: LeakConfig) -> list[LeakCell]:
    """All cells, block of seeds by block of seeds."""
    settings = [(kind, strength) for kind in config.kinds for strength in config.strengths]
    settings += [("mask", FIXED), ("mask", AFRESH)]
    return [
        LeakCell(
            panel,
            strength,
            config.num_concepts,
            config.num_words,
            config.replace_rate,
            config.num_blocks,
            config.flip_rate,
            tuple(range(start, start + BLOCK)),
        )
        for start in range(0, config.num_worlds, BLOCK)
        for panel, strength in settings
    ]


PAPER = LeakConfig()
EXPERIMENT = Experiment(
    name="leak",
    question=(__doc__ or "").splitlines()[0],
    profiles={
        "smoke": replace(PAPER, num_worlds=5, strengths=(0.0, 1.0), num_words=7),
        "paper": PAPER,
        "full": replace(PAPER, num_worlds=100, num_words=10),
    },
    cells=cells,
    shape=shape,
    compute=compute,
    finding=finding,
    claims=CLAIMS,
)
