"""When does a perfect predictor hold log p(c|x), and when p(c|x)?

A phase diagram over the sharpness of the token and the length of the context, in two families of
tokens; and whether every point of it follows from p(y|c) and the beliefs alone.
"""

from dataclasses import dataclass, replace
from typing import Self

from experiments.experiment import Experiment
from experiments.limits import BELOW_ONE, BETWEEN, POSITIVE, SEVERAL, check
from experiments.log_or_belief.cell import LogOrBeliefCell, compute, shape
from experiments.log_or_belief.claims import CLAIMS
from experiments.log_or_belief.finding import finding
from experiments.log_or_belief.worlds import CHANNEL, RANDOM

BLOCK = 5  # seeds per cell


@dataclass(frozen=True)
class LogOrBeliefConfig:
    """The settings of both families."""

    num_worlds: int = 20
    """Seeds; nothing is trained."""
    rates: tuple[float, ...] = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.9)
    """η of the first family, where the token is the configuration with probability 1 − η."""
    concentrations: tuple[float, ...] = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
    """α of the second family, whose token tables are drawn at random: small is sharp."""
    context_lengths: tuple[int, ...] = (4, 8, 12)
    """Numbers of words; bags of them are enumerated."""
    num_words: int = 4
    """Size of the vocabulary of words."""
    num_tokens: int = 6
    """Tokens of the second family: more than the four configurations."""
    floor: float = 0.01
    """Weight of a uniform token in the second family, so that every token has full support."""

    def __post_init__(self) -> None:
        check(
            self,
            {
                "rates": BETWEEN,
                "concentrations": POSITIVE,
                "num_words": SEVERAL,
                "num_tokens": SEVERAL,
                "floor": BELOW_ONE,
            },
        )

    def with_seeds(self, num_seeds: int) -> Self:
        """The same with this many worlds."""
        return replace(self, num_worlds=num_seeds)


def cells(config: LogOrBeliefConfig) -> list[LogOrBeliefCell]:
    """All cells, block of seeds by block of seeds."""
    families = {CHANNEL: config.rates, RANDOM: config.concentrations}
    return [
        LogOrBeliefCell(
            family,
            sharpness,
            length,
            config.num_words,
            config.num_tokens,
            config.floor,
            tuple(range(start, min(start + BLOCK, config.num_worlds))),
        )
        for start in range(0, config.num_worlds, BLOCK)
        for family, values in families.items()
        for sharpness in values
        for length in config.context_lengths
    ]


PAPER = LogOrBeliefConfig()
EXPERIMENT = Experiment(
    name="log_or_belief",
    question=(__doc__ or "").splitlines()[0],
    profiles={
        "smoke": replace(
            PAPER,
            num_worlds=4,
            rates=(0.01, 0.1, 0.9),
            concentrations=(0.3, 3.0),
            context_lengths=(4, 8),
        ),
        "paper": PAPER,
        "full": replace(
            PAPER,
            num_worlds=100,
            rates=(0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.5, 0.9, 0.99),
            concentrations=(0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0),
            context_lengths=(4, 6, 8, 12, 16),
        ),
    },
    cells=cells,
    shape=shape,
    compute=compute,
    finding=finding,
    claims=CLAIMS,
)
