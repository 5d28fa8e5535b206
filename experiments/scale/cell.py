"""What is measured at one number of concepts and one dimension of the representation?

Names of metrics are quantity.source.estimate. estimate: held_out (contexts of one belief kept
together; NaN when saturated) or population (fitted and scored on all contexts); for the source
"whole", a perfect predictor under p(x), lower and upper, between which its S lies.
"""

import time
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

import estimators as es
from estimators.assessment.verdict import EXCESS_SHARE
from experiments.experiment import CellResult, by_name
from experiments.networks import (
    Metrics,
    Network,
    checkpoints,
    read,
    train_networks,
)
from experiments.scale.beliefs import predictive
from experiments.scale.measures import (
    Seen,
    argmax_score,
    exact_metrics,
    look,
    oracle_metrics,
    trained_metrics,
    whole_metrics,
)
from experiments.scale.worlds import contexts, world

ARGMAX_POOL = 4096  # contexts that answer for their likeliest configuration
TENTH = 0.1  # share of I(x; y) whose first step is noted, beside that which counts as trained
GROWTH = 1.2  # ratio of the steps at which the excess loss is measured


@dataclass(frozen=True)
class Training:
    """How the predictors of a cell are trained: on contexts of a pool with their exact p(y|x)."""

    num_steps: int
    batch_size: int = 256
    learning_rate: float = 2e-2
    hidden: tuple[int, ...] = (96, 96)


@dataclass(frozen=True)
class ScaleCell:
    """One family of tokens, number of concepts, dimension, and block of seeds."""

    family: str
    num_concepts: int
    num_tokens: int
    dim: int
    strength: float
    rate: float
    num_contexts: int
    pool_size: int
    training: Training | None
    seeds: tuple[int, ...]


def shape(cell: ScaleCell) -> Hashable:
    """Cells that share compiled functions; what is not trained shares the drawing of contexts."""
    return cell.num_concepts, cell.num_tokens, cell.dim


def compute(cell: ScaleCell) -> CellResult:
    """Measure every seed of a cell; each seed draws its own world and its own training key."""
    return CellResult(by_name([_measured(cell, seed) for seed in cell.seeds]), {})


def _measured(cell: ScaleCell, seed: int) -> Metrics:
    """The metrics of one seed, and the CPU seconds that each part of them took."""
    clock = [time.process_time()]
    model = world(
        seed,
        cell.family,
        cell.num_concepts,
        num_tokens=cell.num_tokens,
        strength=cell.strength,
        rate=cell.rate,
    )
    drawn = contexts(model, seed, cell.num_contexts + cell.pool_size)
    seen = look(model, drawn[: cell.num_contexts], seed)
    others = drawn[cell.num_contexts :]
    metrics = exact_metrics(seen)
    metrics["score_argmax.oracle.population"] = argmax_score(model, seen, others[:ARGMAX_POOL])
    clock.append(time.process_time())
    metrics |= oracle_metrics(model, seen, cell.dim)
    clock.append(time.process_time())
    if cell.training is not None:
        pool = es.population(others, np.log(predictive(model, others)))
        network = _train(cell, cell.training, seed, pool)
        clock.append(time.process_time())
        metrics |= trained_metrics(seen, network, metrics) | _step_metrics(seen, network)
        clock.append(time.process_time())
    parts = ("exact", "oracle", "training", "reading")[: len(clock) - 1]
    metrics |= {
        f"seconds.{part}": float(seconds)
        for part, seconds in zip(parts, np.diff(clock), strict=True)
    }
    if cell.dim == cell.num_tokens - 1:  # after the clock: enumerated for few concepts only
        metrics |= whole_metrics(model, seen, metrics)
    return metrics


def _train(cell: ScaleCell, training: Training, seed: int, pool: es.Population) -> Network:
    config = es.TrainConfig(
        es.MLP(
            context_length=pool.context.shape[1],
            num_tokens=cell.num_tokens,
            dim=cell.dim,
            hidden=training.hidden,
        ),
        training.num_steps,
        training.batch_size,
        training.learning_rate,
        num_chunks=1,
        trajectory_growth=GROWTH,
        keep_trajectory=True,
        seed_mode="sequence",
    )
    return train_networks(config, [seed], es.population_batch, [pool])[0]


def _step_metrics(seen: Seen, network: Network) -> Metrics:
    """The steps after which the excess loss is at most a share of I(x; y)."""
    kept = checkpoints(network)
    steps = np.array([step for step, _ in kept])
    excess = [
        es.excess_loss(seen.log_predictive, read(network.predictor, params, seen.context)[1])
        for _, params in kept
    ]
    share = np.array(excess) / es.mutual_information(seen.log_predictive)
    return {
        "num_steps.trained": float(network.last_step),
        "steps_to_tenth.trained": first_step(steps, share, TENTH),
        "steps_to_counted.trained": first_step(steps, share, EXCESS_SHARE),
    }


def first_step(steps: np.ndarray, share: np.ndarray, threshold: float) -> float:
    """Where a curve first falls to a threshold, its logarithm interpolated; NaN where it does not.

    steps, share [point], share positive.
    """
    below = np.flatnonzero(share <= threshold)
    if not below.size:
        return np.nan
    last = int(below[0])
    if last == 0:
        return float(steps[0])
    before, after = np.log(share[last - 1]), np.log(share[last])
    along = (before - np.log(threshold)) / (before - after)
    return float(steps[last - 1] + along * (steps[last] - steps[last - 1]))
