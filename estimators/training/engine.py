"""How is a predictor trained on fresh samples, once per seed?"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from estimators.predictors.protocol import Predictor, log_predict

SampleBatch = Callable[[Any, int, Any], tuple[Any, Any]]  # (key, n, sampler) -> context, token


@dataclass(frozen=True)
class TrainConfig:
    """What is trained, and for how long: Adam with a cosine schedule on fresh batches."""

    predictor: Predictor
    """The architecture."""
    num_steps: int = 2000
    """Optimiser steps, a fresh batch each."""
    batch_size: int = 256
    """Samples per step."""
    learning_rate: float = 3e-3
    """Peak rate; it falls to zero along a half cosine."""
    num_chunks: int = 10
    """How often the mean training loss is reported; does not change the result."""

    def __post_init__(self) -> None:
        for name in ("num_steps", "batch_size", "num_chunks"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1; got {getattr(self, name)}")
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate must be positive; got {self.learning_rate}")


class Trained(NamedTuple):
    """What training returns, seeds first.

    params: parameters with a leading axis [seed, …]; step [chunk] at which a chunk ended;
    loss [seed, chunk], mean cross-entropy in nats over the chunk's fresh samples;
    diverged [seed]: whether the loss became NaN or infinite.
    """

    params: Any
    step: np.ndarray
    loss: np.ndarray
    diverged: np.ndarray


class _State(NamedTuple):
    params: Any
    optimiser: Any
    loss: Any


def train(
    config: TrainConfig,
    keys: Any,
    sample_batch: SampleBatch,
    sampler: Any,
    progress: Callable[[int, int], None] | None = None,
) -> Trained:
    """Train one predictor per seed; seed i depends on its own key and sampler alone.

    keys [seed]; sampler: a pytree whose leaves have a leading seed axis, handed to
    sample_batch(key, batch_size, sampler) inside the compiled loop. Step t draws its batch with
    fold_in(seed's key, t), so any number of chunks gives the same bits. progress(seed, step) is
    called after each chunk. Seeds run one after another through one compiled loop, which on a CPU
    is as fast as batching them and compiles once for any number of seeds.
    """
    chunks = min(config.num_chunks, config.num_steps)
    ends = [config.num_steps * (i + 1) // chunks for i in range(chunks)]
    config = replace(config, num_chunks=1)  # so that any chunking shares one compilation
    if not len(keys):
        raise ValueError("training needs one key per seed; got none")
    finished, losses = [], []
    for seed, key in enumerate(keys):
        world = jax.tree.map(lambda leaf, seed=seed: leaf[seed], sampler)
        state, start, means = _start(config, key), 0, []
        for end in ends:
            state = _run(config, sample_batch, state, key, world, start, end)
            means.append(float(state.loss) / (end - start))
            start = end
            if progress is not None:
                progress(seed, end)
        finished.append(state.params)
        losses.append(means)
    loss = np.asarray(losses)
    params = jax.tree.map(lambda *leaves: jnp.stack(leaves), *finished)
    diverged = np.logical_not(np.isfinite(loss).all(1))
    return Trained(params, np.asarray(ends), loss, np.asarray(diverged))


def _optimiser(config: TrainConfig) -> optax.GradientTransformation:
    return optax.adam(optax.cosine_decay_schedule(config.learning_rate, config.num_steps))


def _start(config: TrainConfig, key: Any) -> _State:
    params = config.predictor.init(jax.random.fold_in(key, config.num_steps))  # no batch's key
    return _State(params, _optimiser(config).init(params), jnp.zeros((), jnp.float32))


@partial(jax.jit, static_argnums=(0, 1))
def _run(
    config: TrainConfig,
    sample_batch: SampleBatch,
    state: _State,
    key: Any,
    world: Any,
    start: Any,
    end: Any,
) -> _State:
    """Steps start … end − 1; the bounds are traced, so every chunk shares one compilation."""
    optimiser = _optimiser(config)

    def loss(params: Any, step: Any) -> Any:
        batch_key = jax.random.fold_in(key, step)
        context, token = sample_batch(batch_key, config.batch_size, world)
        log_model = log_predict(config.predictor, params, context)
        return -jnp.take_along_axis(log_model, token[:, None], 1).mean()

    def advance(step: Any, state: _State) -> _State:
        value, slope = jax.value_and_grad(loss)(state.params, step)
        updates, moments = optimiser.update(slope, state.optimiser, state.params)
        return _State(optax.apply_updates(state.params, updates), moments, state.loss + value)

    return jax.lax.fori_loop(start, end, advance, state._replace(loss=jnp.zeros_like(state.loss)))


def initial_params(config: TrainConfig, keys: Any) -> Any:
    """The parameters [seed, …] that `train` starts from with the same keys: the untrained null."""
    if not len(keys):
        raise ValueError("training needs one key per seed; got none")
    config = replace(config, num_chunks=1)  # as `train` does
    started = [_start(config, key).params for key in keys]
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *started)


def stack_seeds(samplers: list[Any]) -> Any:
    """One pytree with a leading seed axis from one pytree per seed.

    Raises ValueError when the worlds differ in structure and so cannot share a compilation.
    """
    first = jax.tree.structure(samplers[0])
    for seed, other in enumerate(samplers):
        if jax.tree.structure(other) != first:
            raise ValueError(
                f"all seeds must share one structure to be trained together; seed {seed} has "
                f"{jax.tree.structure(other)}, seed 0 has {first}"
            )
    return jax.tree.map(lambda *leaves: np.stack(leaves), *samplers)
