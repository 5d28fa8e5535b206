"""How is a predictor trained in the world of every seed, and when does it count as trained?"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Float, Int

import estimators as es
import latentgen as lg
from estimators.instruments.laws import NO_INFORMATION
from estimators.training.loop import SampleBatch
from experiments.verdicts import is_trained

Metrics = dict[str, float]

TRAINING_ROOT = 2503_08980  # training keys are folded from here, worlds from jax.random.key(seed)


class Network(NamedTuple):
    """The predictor of one seed.

    params: trained; start: the same network untrained, a null; diverged: its loss became infinite
    or NaN; last_step: the steps behind params; step, loss, excess [chunk]: where chunks of training
    end, the mean loss over their batches, and the excess loss at their end (NaN without a
    population), nats; trajectory: steps and parameters along the way, None where none is kept.
    """

    predictor: es.Predictor
    params: Any
    start: Any
    diverged: bool
    last_step: int
    step: np.ndarray
    loss: np.ndarray
    excess: np.ndarray
    trajectory: es.Trajectory | None


def train_networks(
    config: es.TrainConfig,
    seeds: Sequence[int],
    sample_batch: SampleBatch,
    samplers: Sequence[Any],
    *,
    populations: Sequence[es.Population] | None = None,
    member: int = 0,
) -> list[Network]:
    """One trained network per seed; samplers, populations: one per seed, all of one shape.

    Seed i depends on its own number alone, whatever the block. member: tells several networks of
    one seed apart: the same world, another initialisation and other batches.
    """
    keys = [training_key(seed, member) for seed in seeds]
    exact = None if populations is None else es.stack_seeds(list(populations))
    stacked = es.stack_seeds(list(samplers))
    trained = es.train(config, keys, sample_batch, stacked, population=exact)
    start = es.initial_params(config, keys)
    return [
        Network(
            config.predictor,
            es.of_seed(trained.params, index),
            es.of_seed(start, index),
            bool(trained.diverged[index]),
            int(trained.last_step[index]),
            trained.step,
            trained.loss[index],
            trained.excess[index],
            None if trained.trajectory is None else trained.trajectory[index],
        )
        for index in range(len(seeds))
    ]


def checkpoints(network: Network) -> list[tuple[int, Any]]:
    """Steps and parameters along the way. Raises ValueError where training kept none."""
    if network.trajectory is None:
        raise ValueError("no trajectory was kept: train with keep_trajectory=True")
    kept = network.trajectory
    return [(int(step), es.of_seed(kept.params, i)) for i, step in enumerate(kept.step)]


def training_key(seed: int, member: int = 0) -> Any:
    """The key that a seed's network is initialised and trained with."""
    key = jax.random.fold_in(jax.random.key(TRAINING_ROOT), seed)
    return jax.random.fold_in(key, member) if member else key


def fresh_batch(key: Any, num_samples: int, sampler: lg.Sampler) -> tuple[Any, Any]:
    """Contexts and tokens drawn afresh; traceable."""
    drawn = sampler.draw(key, num_samples)
    return drawn.context, drawn.token


def read(
    predictor: es.Predictor, params: Any, context: Int[np.ndarray, "context position"]
) -> tuple[Float[np.ndarray, "context dim"], Float[np.ndarray, "context token"]]:
    """f(x) and log p̂(y|x), nats, of every context."""
    both = es.represent_and_predict(predictor, params, context.astype(np.int32))
    return np.asarray(both[0]), np.asarray(both[1], np.float64)


def excess_metrics(
    source: str,
    log_predictive: Float[np.ndarray, "context token"],
    log_predicted: Float[np.ndarray, "context token"],
    weight: Float[np.ndarray, "context"] | None = None,
) -> Metrics:
    """The excess loss above the Bayes loss, nats, as a share of I(x; y), and whether it counts.

    excess_loss.source, excess_share.source (NaN where x tells nothing of y), counted.source: 1
    where the share is at most .01 or there is nothing to learn, else 0.
    """
    excess = es.excess_loss(log_predictive, log_predicted, weight)
    information = es.mutual_information(log_predictive, weight)
    learnable = information > NO_INFORMATION
    return {
        f"excess_loss.{source}": excess,
        f"excess_share.{source}": excess / information if learnable else np.nan,
        f"counted.{source}": float(not learnable or is_trained(excess / information)),
    }


def diverged_metrics(source: str) -> Metrics:
    """What is said of a network whose training diverged: that it does not count."""
    return {f"diverged.{source}": 1.0, f"counted.{source}": 0.0}
