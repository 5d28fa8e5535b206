"""Do the arguments of training fit together?"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from estimators.training.batches import FiniteSample, Population
from estimators.training.config import TrainConfig
from estimators.training.loop import SampleBatch
from estimators.training.seeds import of_seed


def check_training(
    config: TrainConfig,
    keys: Any,
    sample_batch: SampleBatch,
    sampler: Any,
    population: Any,
    progress: Any,
) -> None:
    """Raise ValueError or TypeError, with the remedy, before the first step."""
    check_keys(keys)
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be a function such as es.print_progress; got {progress!r}")
    for name, tree in (("sampler", sampler), ("population", population)):
        lengths = {np.shape(leaf)[:1] for leaf in jax.tree.leaves(tree)}
        if lengths - {(len(keys),)}:
            raise ValueError(
                f"every array of {name} needs a leading axis of {len(keys)}, one part a seed; "
                f"got lengths {sorted(lengths)}: see stack_seeds"
            )
    if config.stop_excess is not None and population is None:
        raise ValueError(
            "stop_excess compares with the exact answers: give the population of every seed"
        )
    for name, data in (("sampler", sampler), ("population", population)):
        if isinstance(data, Population):
            _check_population(config, data, name, trains=name == "sampler")
        elif isinstance(data, FiniteSample):
            _check_numbers(config, data.context, data.token)
    _check_batch(config, keys, sample_batch, sampler)


def check_keys(keys: Any) -> None:
    """A sequence of keys, or an array of them; ValueError for none or for a single one."""
    arrays = isinstance(keys, jax.Array | np.ndarray)
    if arrays and (not np.shape(keys) or (np.ndim(keys) == 1 and not _is_typed(keys))):
        raise ValueError("training needs one key per seed; got a single key: put it in a list")
    if not arrays and not isinstance(keys, Sequence):
        raise ValueError(
            f"training needs one key per seed; got {keys!r}: give a list of jax.random.key(seed)"
        )
    if not len(keys):
        raise ValueError("training needs one key per seed; got none")
    for seed, key in enumerate(keys):
        if np.ndim(key) != (0 if _is_typed(key) else 1):
            raise ValueError(
                f"training needs one key per seed; seed {seed} has {key!r}: give a list of "
                "jax.random.key(seed)"
            )


def _is_typed(key: Any) -> bool:
    """Whether it comes from jax.random.key; those of PRNGKey are bare numbers, two a key."""
    dtype = getattr(key, "dtype", None)
    return dtype is not None and jnp.issubdtype(dtype, jax.dtypes.prng_key)


def _check_population(config: TrainConfig, data: Population, name: str, *, trains: bool) -> None:
    _check_numbers(config, data.context, None)
    shape = np.shape(data.probability)[1:]  # without the seed
    if shape[-1] != config.predictor.num_tokens:
        raise ValueError(
            f"the {name} is over {shape[-1]} tokens and the predictor over "
            f"{config.predictor.num_tokens}: give p(y|x) for each of its tokens"
        )
    if trains and config.every_prefix != (len(shape) == 3):
        axes = "[context, prefix, token]" if config.every_prefix else "[context, token]"
        raise ValueError(
            f"with every_prefix={config.every_prefix} a population needs p(y|x) {axes}; "
            f"got shape {shape}"
        )


def _check_numbers(config: TrainConfig, context: Any, token: Any) -> None:
    predictor = config.predictor
    known = [("word", context, predictor.num_words)]
    if token is not None:
        known.append(("token", token, predictor.num_tokens))
    for name, numbers, limit in known:
        largest = int(np.max(numbers, initial=-1))
        if largest >= limit:
            raise ValueError(
                f"{name} {largest} is outside the vocabulary of the predictor, which has "
                f"num_{name}s = {limit}: numbers go from 0 to {limit - 1}"
            )


def _check_batch(config: TrainConfig, keys: Any, sample_batch: SampleBatch, sampler: Any) -> None:
    """The shapes of a batch, without drawing it."""
    predictor = config.predictor
    batch = jax.eval_shape(
        lambda key, world: sample_batch(key, config.batch_size, world),
        keys[0],
        of_seed(sampler, 0),
    )
    if not isinstance(batch, tuple) or len(batch) not in (2, 3):
        raise ValueError(
            "sample_batch must return (context, target) or (context, target, weight); got "
            f"{len(batch) if isinstance(batch, tuple) else type(batch).__name__}"
        )
    context, target = batch[:2]
    if len(context.shape) != 2 or not jnp.issubdtype(context.dtype, jnp.integer):
        raise ValueError(
            f"contexts must be whole numbers [sample, position]; got {context.dtype} of shape "
            f"{context.shape}"
        )
    if jnp.issubdtype(target.dtype, jnp.integer):
        if len(target.shape) != 1:
            raise ValueError(f"token numbers must have axes [sample]; got shape {target.shape}")
        if config.every_prefix and predictor.num_words > predictor.num_tokens:
            raise ValueError(
                "with every_prefix words are predicted too, so num_tokens must be at least "
                f"num_words = {predictor.num_words}; got {predictor.num_tokens}"
            )
        return
    prefixes = (context.shape[1] + 1,) if config.every_prefix else ()
    wanted = (context.shape[0], *prefixes, predictor.num_tokens)
    if target.shape != wanted:
        raise ValueError(
            f"target distributions must have shape {wanted}, one probability for each token of "
            f"the predictor{' and prefix' if prefixes else ''}; got {target.shape}"
        )
