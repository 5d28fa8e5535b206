"""Does a trained network hold log p(c|x) where a perfect predictor does, and p(c|x) elsewhere?

The phase diagram of `log_or_belief`, its worlds, contexts and seeds, with an MLP and a transformer
trained on the whole population; and how they get there, by stopping them early.
"""

from dataclasses import dataclass, field, replace
from typing import Self

from experiments.experiment import Experiment
from experiments.limits import (
    BELOW_ONE,
    BETWEEN,
    FROM_ZERO,
    GROWTH,
    POSITIVE,
    SEVERAL,
    check,
)
from experiments.log_or_belief.worlds import CHANNEL, RANDOM
from experiments.log_or_belief_trained.cell import LogOrBeliefTrainedCell, compute, shape
from experiments.log_or_belief_trained.claims import CLAIMS
from experiments.log_or_belief_trained.finding import finding
from experiments.log_or_belief_trained.training import Schedule, Training

BLOCK = 5  # seeds per cell


@dataclass(frozen=True)
class LogOrBeliefTrainedConfig:
    """The settings of both families and of the early stopping."""

    num_trained: int = 10
    """Seeds; each is a world and an initialisation of its own."""
    rates: tuple[float, ...] = (0.001, 0.01, 0.03, 0.1, 0.9)
    """η of the first family, where the token is the configuration with probability 1 − η."""
    concentrations: tuple[float, ...] = (0.03, 0.3, 1.0, 10.0)
    """α of the second family, whose token tables are drawn at random: small is sharp."""
    context_lengths: tuple[int, ...] = (4, 8)
    """Numbers of words; bags of them are enumerated."""
    num_words: int = 4
    """Size of the vocabulary of words."""
    num_tokens: int = 6
    """Tokens of the second family: more than the four configurations."""
    floor: float = 0.01
    """Weight of a uniform token in the second family, so that every token has full support."""
    stopped: tuple[tuple[str, float], ...] = (
        (CHANNEL, 0.001),
        (CHANNEL, 0.1),
        (CHANNEL, 0.9),
        (RANDOM, 1.0),
    )
    """Families and sharpness at which training is also stopped early, at the longest context."""
    training: Training = field(default_factory=Training)
    """How the networks are trained."""

    def __post_init__(self) -> None:
        check(
            self,
            {
                "rates": BETWEEN,
                "concentrations": POSITIVE,
                "num_words": SEVERAL,
                "num_tokens": SEVERAL,
                "floor": BELOW_ONE,
                "training.mlp.warmup_steps": FROM_ZERO,
                "training.transformer.warmup_steps": FROM_ZERO,
                "training.growth": GROWTH,
            },
            {"stopped": (CHANNEL, RANDOM)},
        )

    def with_seeds(self, num_seeds: int) -> Self:
        """The same with this many seeds."""
        return replace(self, num_trained=num_seeds)


def cells(config: LogOrBeliefTrainedConfig) -> list[LogOrBeliefTrainedCell]:
    """All cells, block of seeds by block of seeds."""
    families = {CHANNEL: config.rates, RANDOM: config.concentrations}
    longest = max(config.context_lengths)
    return [
        LogOrBeliefTrainedCell(
            family,
            sharpness,
            length,
            config.num_words,
            config.num_tokens,
            config.floor,
            tuple(range(start, min(start + BLOCK, config.num_trained))),
            replace(
                config.training,
                stops_early=length == longest and (family, sharpness) in config.stopped,
            ),
        )
        for start in range(0, config.num_trained, BLOCK)
        for family, values in families.items()
        for sharpness in values
        for length in config.context_lengths
    ]


PAPER = LogOrBeliefTrainedConfig()
EXPERIMENT = Experiment(
    name="log_or_belief_trained",
    question=(__doc__ or "").splitlines()[0],
    profiles={
        "smoke": replace(
            PAPER,
            num_trained=3,
            rates=(0.001, 0.9),
            concentrations=(1.0,),
            context_lengths=(4,),
            stopped=((CHANNEL, 0.001), (CHANNEL, 0.9)),
            training=Training(mlp=Schedule(300, 1e-2), transformer=Schedule(500, 4e-2, 100)),
        ),
        "paper": PAPER,
        "full": replace(
            PAPER,
            num_trained=50,
            rates=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.9),
            concentrations=(0.03, 0.1, 0.3, 1.0, 3.0, 10.0),
            context_lengths=(4, 8, 12),
            training=Training(
                mlp=Schedule(10000, 1e-2),
                transformer=Schedule(20000, 1e-2, 200),
                num_layers=2,
                width=64,
            ),
        ),
    },
    cells=cells,
    shape=shape,
    compute=compute,
    finding=finding,
    claims=CLAIMS,
)
