"""Does a trained predictor's representation tell the concepts, and does it hold log p(c|x)?

The simulation of arXiv:2503.08980, made explicit in `latentgen.worlds.permuted_bits`. Three
panels: the size of the context, the concept graph and the number of concepts, and the paper's
literal case without noise; and a fourth of ours, the noise of the token.
"""

from dataclasses import dataclass, field, replace
from typing import Self

from experiments.experiment import Experiment
from experiments.limits import BELOW_ONE, FROM_ZERO, SHARE, check
from experiments.simulation.cell import SimulationCell, Training, compute, shape
from experiments.simulation.claims import CLAIMS
from experiments.simulation.finding import finding

BLOCK = 5  # seeds per cell


@dataclass(frozen=True)
class SimulationConfig:
    """The settings of all panels."""

    num_trained: int = 10
    """Seeds (worlds and initialisations) with a trained predictor."""
    num_worlds: int = 20
    """Seeds for what needs no training."""
    num_context_bits: tuple[int, ...] = tuple(range(13))
    """Sizes of the context in the first panel, at four concepts."""
    num_token_bits: tuple[int, ...] = (2, 4)
    """Sizes of the token in the first and third panel."""
    flip_rate: float = 0.1
    """δ, the probability that a bit of the context is flipped."""
    replace_rate: float = 0.01
    """η, the probability that the token is replaced by a uniform one."""
    graphs: tuple[tuple[int, int], ...] = ((4, 1), (6, 1), (8, 1), (8, 2), (8, 3))
    """Pairs (concepts, edges per concept) of the second panel, where y has all the digits."""
    context_bits_per_concept: float = 1.5
    """Size of the context in the second panel, so that it grows with the number of concepts."""
    noiseless_context_bits: tuple[int, ...] = (0, 2, 3, 4, 8, 12)
    """Sizes of the context in the third panel, where δ = η = 0."""
    replace_rates: tuple[float, ...] = (1e-4, 0.01, 0.1, 0.3)
    """η in the fourth panel, where the token has all four digits."""
    replace_context_bits: int = 8
    """Size of the context in the fourth panel."""
    training: Training = field(default_factory=Training)
    """How predictors are trained in the first and third panel."""
    long_training: Training = field(default_factory=lambda: Training(num_steps=2000))
    """How they are trained in the second and fourth panel, where there is more to learn."""

    def __post_init__(self) -> None:
        check(
            self,
            {
                **dict.fromkeys(("num_context_bits", "noiseless_context_bits"), FROM_ZERO),
                "replace_context_bits": FROM_ZERO,
                "flip_rate": SHARE,
                **dict.fromkeys(("replace_rate", "replace_rates"), BELOW_ONE),
            },
        )

    def with_seeds(self, num_seeds: int) -> Self:
        """The same with this many trained seeds, and at least as many worlds."""
        return replace(self, num_trained=num_seeds, num_worlds=max(num_seeds, self.num_worlds))


def cells(config: SimulationConfig) -> list[SimulationCell]:
    """All cells, block of seeds by block of seeds."""
    found = []
    for start in range(0, max(config.num_worlds, config.num_trained), BLOCK):
        seeds = tuple(range(start, start + BLOCK))
        for cell in _settings(config, seeds):
            if start < config.num_trained:
                found.append(replace(cell, training=_training(config, cell.panel)))
            if start < config.num_worlds:
                found.append(cell)
    return found


def _settings(config: SimulationConfig, seeds: tuple[int, ...]) -> list[SimulationCell]:
    noise = (config.flip_rate, config.replace_rate)
    found = [
        SimulationCell("size", 4, 1, size, token, *noise, None, seeds)
        for token in config.num_token_bits
        for size in config.num_context_bits
    ]
    found += [
        SimulationCell("graph", m, edges, _context_bits(config, m), m, *noise, None, seeds)
        for m, edges in config.graphs
    ]
    found += [
        SimulationCell("noiseless", 4, 1, size, token, 0.0, 0.0, None, seeds)
        for token in config.num_token_bits
        for size in config.noiseless_context_bits
    ]
    size = config.replace_context_bits
    found += [
        SimulationCell("noise", 4, 1, size, 4, config.flip_rate, rate, None, seeds)
        for rate in config.replace_rates
    ]
    return found


def _context_bits(config: SimulationConfig, num_concepts: int) -> int:
    return int(config.context_bits_per_concept * num_concepts)


def _training(config: SimulationConfig, panel: str) -> Training:
    return config.long_training if panel in ("graph", "noise") else config.training


def _small(config: SimulationConfig) -> SimulationConfig:
    return replace(
        config,
        num_trained=5,
        num_worlds=5,
        num_context_bits=(0, 4, 8),
        graphs=((4, 1), (6, 1)),
        noiseless_context_bits=(0, 4, 8),
        replace_rates=(0.01, 0.3),
        training=Training(num_steps=300),
        long_training=Training(num_steps=300),
    )


PAPER = SimulationConfig()
EXPERIMENT = Experiment(
    name="simulation",
    question=(__doc__ or "").splitlines()[0],
    profiles={
        "smoke": _small(PAPER),
        "paper": PAPER,
        "full": replace(
            PAPER,
            num_trained=50,
            num_worlds=100,
            training=Training(num_steps=6000),
            long_training=Training(num_steps=20000, hidden=(128, 128)),
        ),
    },
    cells=cells,
    shape=shape,
    compute=compute,
    finding=finding,
    claims=CLAIMS,
)
