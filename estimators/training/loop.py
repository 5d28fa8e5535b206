"""What happens in one compiled stretch of training?"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from estimators.predictors.protocol import Predictor, log_predict, log_predict_prefixes
from estimators.training.batches import Population
from estimators.training.config import TrainConfig, optimiser

PARAMETERS = 2**32 - 1  # no step's number, so the key of the parameters is no batch's key

# (key, number of samples, sampler) -> (context, target) or (context, target, weight)
SampleBatch = Callable[[Any, int, Any], tuple[Any, ...]]


class State(NamedTuple):
    """What is carried from step to step.

    params; optimiser: its moments; loss: the sum of the batch losses since the chunk began;
    bad_step: the first step whose loss was not finite, −1 while there is none.
    """

    params: Any
    optimiser: Any
    loss: Any
    bad_step: Any


@partial(jax.jit, static_argnums=0)
def start(config: TrainConfig, key: Any) -> State:
    """The state before step 0; initial parameters depend on predictor and key alone."""
    params = config.predictor.init(jax.random.fold_in(key, PARAMETERS))
    state = State(params, optimiser(config).init(params), jnp.zeros((), jnp.float32), jnp.int32(-1))
    return state


@partial(jax.jit, static_argnums=(0, 1))
def run(
    config: TrainConfig,
    sample_batch: SampleBatch,
    state: State,
    key: Any,
    sampler: Any,
    first: Any,
    end: Any,
) -> State:
    """Steps first … end − 1; the bounds are traced, so every stretch shares one compilation."""
    transformation = optimiser(config)

    def loss(params: Any, step: Any) -> Any:
        batch = sample_batch(jax.random.fold_in(key, step), config.batch_size, sampler)
        return batch_loss(config, params, *batch)

    def advance(step: Any, state: State) -> State:
        value, slope = jax.value_and_grad(loss)(state.params, step)
        updates, moments = transformation.update(slope, state.optimiser, state.params)
        bad_now = (state.bad_step < 0) & ~jnp.isfinite(value)
        return State(
            optax.apply_updates(state.params, updates),
            moments,
            state.loss + value,
            jnp.where(bad_now, step, state.bad_step).astype(jnp.int32),
        )

    return jax.lax.fori_loop(first, end, advance, state)


@partial(jax.jit, static_argnums=(0, 1))
def run_together(
    config: TrainConfig,
    sample_batch: SampleBatch,
    states: tuple[State, ...],
    keys: tuple[Any, ...],
    samplers: tuple[Any, ...],
    first: Any,
    end: Any,
) -> tuple[State, ...]:
    """`run` for a batch of seeds, by vmap in one loop."""

    def one(state: State, key: Any, sampler: Any) -> State:
        return run(config, sample_batch, state, key, sampler, first, end)

    def stacked(trees: tuple[Any, ...]) -> Any:
        return jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)

    found = jax.vmap(one)(stacked(states), stacked(keys), stacked(samplers))
    return tuple(jax.tree.map(lambda leaf, i=i: leaf[i], found) for i in range(len(states)))


def batch_loss(
    config: TrainConfig, params: Any, context: Any, target: Any, weight: Any = None
) -> Any:
    """Cross-entropy of a batch in nats; traceable.

    target [sample] token numbers, or distributions [sample, token]; with every_prefix the words
    and the token after them are all predicted, or distributions [sample, prefix, token] given.
    weight [sample] sums to 1; None: equal weights.
    """
    if config.every_prefix:
        log_model = log_predict_prefixes(config.predictor, params, context)
        if target.ndim == 1:
            target = jnp.concatenate([context, target[:, None]], 1)
        per_prefix = _cross_entropy(log_model, target)
        per_sample = per_prefix.mean(1)
    else:
        per_sample = _cross_entropy(log_predict(config.predictor, params, context), target)
    return per_sample.mean() if weight is None else weight @ per_sample


def _cross_entropy(log_model: Any, target: Any) -> Any:
    """−Σ_y target(y) log p̂(y), a token number standing for a one-hot distribution."""
    if target.ndim == log_model.ndim:
        if target.shape != log_model.shape:
            raise ValueError(
                f"target distributions have shape {target.shape}, predictions "
                f"{log_model.shape}: give one probability for each token of the predictor"
            )
        return -(target * log_model).sum(-1)
    return -jnp.take_along_axis(log_model, target[..., None], -1)[..., 0]


@partial(jax.jit, static_argnums=0)
def population_excess(predictor: Predictor, params: Any, population: Population) -> Any:
    """E_x KL(p(y|x) ‖ p̂(y|x)) of float32 predictions, nats; the mean over prefixes, if any."""
    probability = population.probability
    predict = log_predict_prefixes if probability.ndim == 3 else log_predict
    with jax.default_matmul_precision("highest"):  # an accelerator would round to fewer digits
        log_model = predict(predictor, params, jnp.asarray(population.context))
    log_exact = jnp.log(jnp.where(probability > 0, probability, 1.0))
    divergence = (probability * jnp.where(probability > 0, log_exact - log_model, 0.0)).sum(-1)
    return population.weight @ divergence.reshape(len(divergence), -1).mean(1)


@jax.jit
def all_finite(params: Any) -> Any:
    """Whether no parameter is NaN or infinite."""
    return jnp.all(jnp.stack([jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(params)]))
