"""When do concepts appear in a transformer, smoothly or at once, and in which layer?

A transformer is trained on sequences, every next word a token, in a world whose words interact
given c and in Mess3. At every layer, prefix and checkpoint p(c|x) is read out through two links: is
p affine in the residual stream (arXiv:2405.15943), or log p (arXiv:2503.08980)?
"""

from dataclasses import dataclass, field, replace
from typing import Self

from experiments.experiment import Experiment
from experiments.layers.cell import LayersCell, Training, compute, shape
from experiments.layers.claims import CLAIMS
from experiments.layers.finding import finding
from experiments.layers.worlds import KEYED, MESS3
from experiments.limits import FROM_ZERO, GROWTH, SHARE, check

BLOCK = 5  # seeds per cell


@dataclass(frozen=True)
class LayersConfig:
    """The settings of both worlds."""

    num_trained: int = 10
    """Seeds: worlds and initialisations."""
    num_keyed_words: int = 8
    """Words read in the keyed world, in pairs that tell the two concepts in turn."""
    flips: tuple[float, float] = (0.02, 0.3)
    """From which to which probability the second words of pairs are flipped."""
    replace_rate: float = 0.01
    """η: probability that the last letter is not the configuration but uniform."""
    num_mess3_words: int = 6
    """Words read in Mess3."""
    keyed_training: Training = field(default_factory=lambda: Training(num_steps=1600))
    """How transformers are trained in the keyed world."""
    mess3_training: Training = field(default_factory=lambda: Training(num_steps=1000))
    """How they are trained in Mess3, which is learnt sooner."""

    def __post_init__(self) -> None:
        check(
            self,
            {
                "flips": SHARE,
                "replace_rate": SHARE,
                **dict.fromkeys(("keyed_training.growth", "mess3_training.growth"), GROWTH),
                "keyed_training.warmup_steps": FROM_ZERO,
                "mess3_training.warmup_steps": FROM_ZERO,
            },
        )

    def with_seeds(self, num_seeds: int) -> Self:
        """The same with this many seeds."""
        return replace(self, num_trained=num_seeds)


def cells(config: LayersConfig) -> list[LayersCell]:
    """All cells, block of seeds by block of seeds."""
    return [
        cell
        for start in range(0, config.num_trained, BLOCK)
        for cell in _both(config, tuple(range(start, min(start + BLOCK, config.num_trained))))
    ]


def _both(config: LayersConfig, seeds: tuple[int, ...]) -> list[LayersCell]:
    noise = (*config.flips, config.replace_rate)
    return [
        LayersCell(KEYED, config.num_keyed_words, *noise, config.keyed_training, seeds),
        LayersCell(MESS3, config.num_mess3_words, 0.0, 0.0, 0.0, config.mess3_training, seeds),
    ]


PAPER = LayersConfig()
EXPERIMENT = Experiment(
    name="layers",
    question=(__doc__ or "").splitlines()[0],
    profiles={
        "smoke": replace(
            PAPER,
            num_trained=2,
            num_mess3_words=5,
            keyed_training=Training(num_steps=300, growth=4.0),
            mess3_training=Training(num_steps=100, growth=4.0),
        ),
        "paper": PAPER,
        "full": replace(
            PAPER,
            num_trained=50,
            num_keyed_words=12,
            num_mess3_words=8,
            keyed_training=Training(num_steps=20000, batch_size=256, width=64, num_layers=3),
            mess3_training=Training(num_steps=5000, batch_size=256, width=64, num_layers=3),
        ),
    },
    cells=cells,
    shape=shape,
    compute=compute,
    finding=finding,
    claims=CLAIMS,
)
