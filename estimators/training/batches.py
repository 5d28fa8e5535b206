"""Where does a batch come from: a finite sample, or the population itself?

The third source, fresh samples, is a sampler of the user's own: any function
(key, number of samples, sampler) -> (context, token). Here are two more of that form. A batch is
(context, target) or (context, target, weight); a target is a token number or a distribution.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

STEPS = 2**31  # weights of contexts are drawn as multiples of 1 / STEPS


class FiniteSample(NamedTuple):
    """n samples: context [sample, position] and token [sample], int32."""

    context: Any
    token: Any


class WeightedSample(NamedTuple):
    """n samples, of which some count more: context, token, and threshold as in a `Population`."""

    context: Any
    token: Any
    threshold: Any


class Population(NamedTuple):
    """Contexts with the exact answers.

    context [context, position] int32; probability p(y|x) [context, token], or [context, prefix,
    token], float32; weight p(x) [context] float32, sums to 1; threshold [context] uint32, the
    cumulative weights as integers: inverse distribution functions in float32 would never reach
    rare contexts.
    """

    context: Any
    probability: Any
    weight: Any
    threshold: Any


def finite_sample(context: "ArrayLike", token: "ArrayLike") -> FiniteSample:
    """A finite sample, checked; ValueError for wrong axes, fractions, or no rows at all."""
    sample = FiniteSample(_whole(context, "context", 2), _whole(token, "token", 1))
    if len(sample.context) != len(sample.token):
        raise ValueError(
            f"context has {len(sample.context)} rows and token has {len(sample.token)}"
        )
    if not len(sample.token):
        raise ValueError("a sample needs at least one row; got none")
    return sample


def finite_batch(key: Any, num_samples: int, sample: FiniteSample) -> tuple[Any, Any]:
    """A batch drawn from the sample with replacement: context, token.

    Raises ValueError for a batch larger than the sample.
    """
    available = len(sample.token)
    if num_samples > available:
        raise ValueError(
            f"a batch of {num_samples} needs as many samples; there are {available}: "
            f"set batch_size to at most {available}"
        )
    row = jax.random.randint(key, (num_samples,), 0, available, jnp.int32)
    return jnp.asarray(sample.context)[row], jnp.asarray(sample.token)[row]


def weighted_sample(sample: FiniteSample, weight: np.ndarray) -> WeightedSample:
    """A sample to draw from in proportion to weights [sample] that are not negative."""
    return WeightedSample(sample.context, sample.token, _thresholds(weight))


def weighted_batch(key: Any, num_samples: int, sample: WeightedSample) -> tuple[Any, Any]:
    """A batch drawn from the sample with replacement, by weight: context, token."""
    row = _draw_row(key, num_samples, sample.threshold)
    return jnp.asarray(sample.context)[row], jnp.asarray(sample.token)[row]


def population(
    context: "ArrayLike", log_predictive: "ArrayLike", weight: "ArrayLike | None" = None
) -> Population:
    """Contexts with the exact p(y|x) as soft targets, checked.

    context [context, position]; log_predictive [context, token], or [context, prefix, token] to
    train on every prefix, nats; weight [context]: p(x) where contexts are enumerated, None where
    they were sampled. Raises ValueError for rows that disagree or are no distributions.
    """
    context = _whole(context, "context", 2)
    probability = np.exp(np.asarray(log_predictive, np.float64))
    if probability.ndim not in (2, 3) or len(probability) != len(context) or not len(context):
        raise ValueError(
            "log_predictive must have axes [context, token] or [context, prefix, token] with the "
            f"{len(context)} rows of context, at least one; got shape {probability.shape}"
        )
    total = probability.sum(-1)
    if not (np.abs(total - 1) <= 1e-4).all():
        raise ValueError(
            "log_predictive must hold log-probabilities in nats whose exponentials sum to 1; "
            f"they sum to {total.min():.6g} … {total.max():.6g}"
        )
    share = np.full(len(context), 1.0) if weight is None else np.asarray(weight, np.float64)
    if share.shape != (len(context),) or not (share >= 0).all() or not 0 < share.sum() < np.inf:
        raise ValueError(
            f"weight must hold one number a context, not negative and not all zero; "
            f"got shape {share.shape}, {share.min(initial=0)} … {share.max(initial=0)}"
        )
    share = share / share.sum()
    probability = (probability / total[..., None]).astype(np.float32)
    return Population(context, probability, share.astype(np.float32), _thresholds(share))


def population_batch(key: Any, num_samples: int, population: Population) -> tuple[Any, Any]:
    """Contexts drawn from p(x), each with its exact p(y|x): context, target."""
    row = _draw_row(key, num_samples, population.threshold)
    return jnp.asarray(population.context)[row], jnp.asarray(population.probability)[row]


def whole_population(key: Any, num_samples: int, population: Population) -> tuple[Any, ...]:
    """All contexts under their weights, whatever key and number: context, target, weight.

    Training on it is gradient descent on the exact loss: no sampling error is left.
    """
    del key, num_samples
    return tuple(map(jnp.asarray, population[:3]))


def _thresholds(weight: np.ndarray) -> np.ndarray:
    cumulative = np.cumsum(weight)
    return np.floor(cumulative / cumulative[-1] * STEPS).astype(np.uint32)


def _draw_row(key: Any, num_samples: int, threshold: Any) -> Any:
    bits = jax.random.bits(key, (num_samples,), jnp.uint32) >> jnp.uint32(1)
    return jnp.searchsorted(jnp.asarray(threshold), bits, side="right")


def _whole(array: "ArrayLike", name: str, ndim: int) -> np.ndarray:
    array = np.asarray(array)
    axes = "[sample, position]" if ndim == 2 else "[sample]"
    if array.ndim != ndim:
        raise ValueError(f"{name} must have axes {axes}; got shape {array.shape}")
    if not np.issubdtype(array.dtype, np.integer):
        raise ValueError(f"{name} must hold whole numbers from 0; got dtype {array.dtype}")
    if array.size and not (array.min() >= 0 and array.max() < 2**31):
        raise ValueError(f"{name} must hold numbers from 0; got {array.min()} … {array.max()}")
    return array.astype(np.int32)
