"""Which predictors stand between the perfect one and the trained one, and what do they predict?

oracle: the perfect predictor, p(y|x) itself. best: the best predictor of d dimensions, in the
glossary the oracle of dimension d. long: the network trained on the whole population for very long.
whole: the same for the steps of the setting. trained: for these steps on a finite sample, or on
fresh samples. All networks of a seed start from the same parameters.
"""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import log_softmax

import estimators as es
import latentgen as lg
from estimators.training.loop import SampleBatch
from experiments.gap.worlds import repeated, rows_drawn, seen, world
from experiments.networks import fresh_batch, read, train_networks

FRESH, WHOLE, BATCHES = 0, -1, -2  # in place of a number of samples: where batches come from
SOURCES = ("oracle", "best", "long", "whole", "trained")

LogPredicted = Float[np.ndarray, "context token"]
WorldSettings = tuple[int, int, int, float]


@dataclass(frozen=True)
class Training:
    """What all networks share."""

    batch_size: int = 512
    learning_rate: float = 2e-2
    num_rows: int = 2**18  # samples drawn, of which a smaller sample is the beginning


@dataclass(frozen=True)
class GapCell:
    """One setting on one axis, and one block of seeds."""

    axis: str
    num_samples: int
    width: int
    depth: int
    dim: int
    num_steps: int
    long_steps: int
    num_pairs: int
    num_tokens: int
    strength: float
    training: Training
    seeds: tuple[int, ...]

    def world_settings(self, seed: int) -> WorldSettings:
        """What fixes the world of a seed: the arguments of `world`."""
        return seed, self.num_pairs, self.num_tokens, self.strength


class Predicted(NamedTuple):
    """log p̂(y|x) of the network of one seed, and of the same untrained; None if it diverged."""

    log_predicted: LogPredicted | None
    log_untrained: LogPredicted


def networks(cell: GapCell) -> dict[str, tuple[Predicted, ...]]:
    """The networks of a cell by their place in the row, one a seed.

    On the axis of samples also two that split the last step: trained on batches of contexts with
    exact p(y|x) (batches), and on fresh samples (fresh).
    """
    found = {
        "long": _trained(_stage(cell, WHOLE, cell.long_steps)),
        "whole": _trained(_stage(cell, WHOLE, cell.num_steps)),
        "trained": _trained(_stage(cell, cell.num_samples, cell.num_steps)),
    }
    if cell.axis == "num_samples":
        found["batches"] = _trained(_stage(cell, BATCHES, cell.num_steps))
        found["fresh"] = _trained(_stage(cell, FRESH, cell.num_steps))
    return found


@cache
def best_of_dimension(settings: WorldSettings, dim: int) -> LogPredicted:
    """log p̂(y|x) of the best predictor of a dimension, the perfect one from |tokens| − 1 on."""
    exact = seen(*settings)
    model = world(*settings)
    oracle = lg.oracle_representation(model, exact.context, dim, exact.log_weight)
    return log_softmax(oracle.representation @ oracle.unembedding.T, axis=1)


def _stage(cell: GapCell, num_samples: int, num_steps: int) -> GapCell:
    """The cell with nothing in it that its training does not read: several axes share it."""
    return replace(cell, axis="", long_steps=0, num_samples=num_samples, num_steps=num_steps)


@cache
def _trained(stage: GapCell) -> tuple[Predicted, ...]:
    config = es.TrainConfig(
        es.MLP(
            context_length=2 * stage.num_pairs,
            num_tokens=stage.num_tokens,
            dim=stage.dim,
            hidden=(stage.width,) * stage.depth,
        ),
        stage.num_steps,
        stage.training.batch_size,
        stage.training.learning_rate,
        num_chunks=1,
        seed_mode="sequence",  # cells already run side by side
    )
    found = train_networks(config, stage.seeds, *_source(stage))
    contexts = [seen(*stage.world_settings(seed)).context for seed in stage.seeds]
    return tuple(
        Predicted(
            None if network.diverged else read(network.predictor, network.params, context)[1],
            read(network.predictor, network.start, context)[1],
        )
        for network, context in zip(found, contexts, strict=True)
    )


def _source(stage: GapCell) -> tuple[SampleBatch, list[Any]]:
    """Where batches come from, and what they are drawn from, one a seed."""
    worlds = [stage.world_settings(seed) for seed in stage.seeds]
    if stage.num_samples == FRESH:
        return fresh_batch, [lg.sampler(world(*one)) for one in worlds]
    if stage.num_samples > 0:
        drawn = [rows_drawn(*one, stage.training.num_rows) for one in worlds]
        return es.finite_batch, [repeated(sample, stage.num_samples) for sample in drawn]
    exact = [seen(*one) for one in worlds]
    populations = [es.population(one.context, one.log_predictive, one.weight) for one in exact]
    whole = stage.num_samples == WHOLE
    return es.whole_population if whole else es.population_batch, populations
