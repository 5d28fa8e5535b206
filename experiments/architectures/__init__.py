"""At equal excess loss, do architectures hold different laws of the concepts?

Along the diagonal of the phase diagram, from sharp tokens and short contexts to weak tokens and
long ones, with words that are independent given c and with words that interact given c.
"""

from dataclasses import dataclass, field, replace
from typing import Self

from experiments.architectures.cell import ORACLE, ArchitecturesCell, compute, shape
from experiments.architectures.claims import CLAIMS
from experiments.architectures.finding import finding
from experiments.architectures.networks import ARCHITECTURES, Training
from experiments.architectures.worlds import BAGS, CHAIN
from experiments.experiment import Experiment
from experiments.limits import BELOW_ONE, GROWTH, POSITIVE, SEVERAL, check, check_number
from experiments.log_or_belief.worlds import CHANNEL, RANDOM

BLOCK = 5  # seeds per cell


@dataclass(frozen=True)
class ArchitecturesConfig:
    """The settings of both kinds of words."""

    num_trained: int = 10
    """Seeds (worlds and initialisations) with trained networks."""
    num_worlds: int = 20
    """Seeds for what needs no training."""
    diagonal: tuple[tuple[str, float, int], ...] = (
        (CHANNEL, 0.001, 4),
        (CHANNEL, 0.03, 4),
        (CHANNEL, 0.1, 8),
        (CHANNEL, 0.5, 8),
        (RANDOM, 0.1, 4),
    )
    """Token, its sharpness (η or α) and the words of a bag, from sharp and short to weak and long;
    in the chain of words only the sharpness changes."""
    chain_length: int = 7
    """Words of the chain: 128 contexts, all of them enumerated, with 64 beliefs."""
    architectures: tuple[str, ...] = ARCHITECTURES
    """What is trained."""
    num_tokens: int = 4
    """Tokens of both families; the channel has one for each configuration."""
    floor: float = 0.01
    """Weight of a uniform token in a table drawn at random."""
    training: Training = field(default_factory=Training)
    """How all networks are trained."""

    def __post_init__(self) -> None:
        check(
            self,
            {
                "chain_length": SEVERAL,
                "num_tokens": SEVERAL,
                "floor": BELOW_ONE,
                "training.trajectory_growth": GROWTH,
            },
            {"diagonal": (CHANNEL, RANDOM), "architectures": ARCHITECTURES},
        )
        for family, sharpness, _ in self.diagonal:
            check_number(sharpness, "--diagonal", BELOW_ONE if family == CHANNEL else POSITIVE)

    def with_seeds(self, num_seeds: int) -> Self:
        """The same with this many trained seeds, and at least as many worlds."""
        return replace(self, num_trained=num_seeds, num_worlds=max(num_seeds, self.num_worlds))


def cells(config: ArchitecturesConfig) -> list[ArchitecturesCell]:
    """All cells, block of seeds by block of seeds."""
    found = []
    for seeds in _blocks(config.num_worlds):
        found += _settings(config, ORACLE, None, seeds)
    for seeds in _blocks(config.num_trained):
        for architecture in config.architectures:
            found += _settings(config, architecture, config.training, seeds)
    return found


def _blocks(num_seeds: int) -> list[tuple[int, ...]]:
    starts = range(0, num_seeds, BLOCK)
    return [tuple(range(start, min(start + BLOCK, num_seeds))) for start in starts]


def _settings(
    config: ArchitecturesConfig,
    architecture: str,
    training: Training | None,
    seeds: tuple[int, ...],
) -> list[ArchitecturesCell]:
    return [
        ArchitecturesCell(
            words,
            family,
            sharpness,
            length if words == BAGS else config.chain_length,
            config.num_tokens,
            config.floor,
            architecture,
            training,
            seeds,
        )
        for words in (BAGS, CHAIN)
        for family, sharpness, length in config.diagonal
    ]


PAPER = ArchitecturesConfig()
EXPERIMENT = Experiment(
    name="architectures",
    question=(__doc__ or "").splitlines()[0],
    profiles={
        "smoke": replace(
            PAPER,
            num_trained=2,
            num_worlds=4,
            diagonal=((CHANNEL, 0.001, 4), (CHANNEL, 0.1, 4)),
            training=Training(num_steps=600),
        ),
        "paper": PAPER,
        "full": replace(
            PAPER,
            num_trained=50,
            num_worlds=100,
            diagonal=(
                (CHANNEL, 0.001, 4),
                (CHANNEL, 0.003, 4),
                (CHANNEL, 0.01, 4),
                (CHANNEL, 0.03, 8),
                (CHANNEL, 0.1, 8),
                (CHANNEL, 0.3, 8),
                (CHANNEL, 0.9, 12),
                (RANDOM, 0.03, 4),
                (RANDOM, 0.1, 4),
                (RANDOM, 0.3, 8),
                (RANDOM, 1.0, 8),
                (RANDOM, 10.0, 12),
            ),
            chain_length=10,
            training=Training(
                num_steps=50_000,
                learning_rate=3e-3,
                hidden=(128, 128),
                gru_width=96,
                transformer_width=48,
            ),
        ),
    },
    cells=cells,
    shape=shape,
    compute=compute,
    finding=finding,
    claims=CLAIMS,
)
