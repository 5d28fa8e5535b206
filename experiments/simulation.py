"""Does a trained predictor's representation tell the concepts, and does it hold log p(c|x)?

The simulation of arXiv:2503.08980, made explicit in `latentgen.worlds.permuted_bits`. Three
panels: the size of the context, the concept graph and the number of concepts, and the paper's
literal case without noise.
"""

from dataclasses import dataclass, field, replace
from typing import Self

from experiments.experiment import Experiment
from experiments.simulation_cell import SimulationCell, Training, compute, shape
from experiments.simulation_finding import finding

BLOCK = 5  # seeds per cell


@dataclass(frozen=True)
class SimulationConfig:
    """The settings of all three panels."""

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
    graphs: tuple[tuple[int, int], ...] = ((4, 1), (6, 1), (6, 2), (8, 1), (8, 2), (8, 3))
    """Pairs (concepts, edges per concept) of the second panel."""
    graph_context_bits: int = 12
    """Size of the context in the second panel."""
    noiseless_context_bits: tuple[int, ...] = (0, 2, 3, 4, 6, 8, 12)
    """Sizes of the context in the third panel, where δ = η = 0."""
    training: Training = field(default_factory=Training)
    """How the predictors are trained."""

    def with_seeds(self, num_seeds: int) -> Self:
        """The same with this many trained seeds, and at least as many worlds."""
        return replace(self, num_trained=num_seeds, num_worlds=max(num_seeds, self.num_worlds))


def cells(config: SimulationConfig) -> list[SimulationCell]:
    """All cells; blocks of seeds come last first, so that one shape compiles once."""
    found = []
    for start in range(0, max(config.num_worlds, config.num_trained), BLOCK):
        seeds = tuple(range(start, start + BLOCK))
        for cell in _settings(config, seeds):
            if start < config.num_trained:
                found.append(replace(cell, training=config.training))
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
        SimulationCell("graph", m, edges, config.graph_context_bits, token, *noise, None, seeds)
        for m, edges in config.graphs
        for token in (m // 2, m)
    ]
    found += [
        SimulationCell("noiseless", 4, 1, size, token, 0.0, 0.0, None, seeds)
        for token in config.num_token_bits
        for size in config.noiseless_context_bits
    ]
    return found


def _small(config: SimulationConfig) -> SimulationConfig:
    return replace(
        config,
        num_trained=5,
        num_worlds=5,
        num_context_bits=(0, 4, 8),
        graphs=((4, 1), (6, 1)),
        graph_context_bits=9,
        noiseless_context_bits=(0, 4, 8),
        training=Training(num_steps=300),
    )


PAPER = SimulationConfig()
EXPERIMENT = Experiment(
    name="simulation",
    question=(__doc__ or "").splitlines()[0],
    profiles={
        "smoke": _small(PAPER),
        "paper": PAPER,
        "full": replace(PAPER, num_trained=50, num_worlds=100, training=Training(num_steps=6000)),
    },
    cells=cells,
    shape=shape,
    compute=compute,
    finding=finding,
)
