"""One small problem for all tests of training, so that its loop compiles once: 3 bits, 4 tokens."""

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import log_softmax

import estimators as es

PREDICTOR = es.MLP(context_length=3, num_tokens=4, dim=3, hidden=(16,))
CONFIG = es.TrainConfig(PREDICTOR, num_steps=300, batch_size=128, learning_rate=1e-2, num_chunks=3)
ROOT = jax.random.key(0)
KEYS = [jax.random.fold_in(ROOT, seed) for seed in range(3)]
CONTEXT = np.array(np.unravel_index(np.arange(8), (2, 2, 2)), np.int32).T
# Three worlds: log p(y|x) [seed, context, token], contexts uniform.
WORLDS = log_softmax(np.random.default_rng(0).normal(size=(3, 8, 4)), axis=2)
SAMPLERS = WORLDS.astype(np.float32)
POPULATIONS = es.stack_seeds([es.population(CONTEXT, world) for world in WORLDS])


def sample_batch(key, num_samples, sampler):
    """Uniform contexts of three bits, and tokens drawn from the sampler's rows."""
    context_key, token_key = jax.random.split(key)
    index = jax.random.randint(context_key, (num_samples,), 0, 8, jnp.int32)
    return jnp.asarray(CONTEXT)[index], jax.random.categorical(token_key, sampler[index])


def excess(params, seed):
    """KL from the exact predictions to those of one seed's parameters."""
    own = es.of_seed(params, seed)
    log_model = np.asarray(es.log_predict(PREDICTOR, own, jnp.asarray(CONTEXT)), np.float64)
    return es.excess_loss(WORLDS[seed], log_model, np.full(8, 1 / 8))


def same(first, second):
    """Whether two pytrees hold the same bits."""
    leaves = zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True)
    return all(np.array_equal(one, two, equal_nan=True) for one, two in leaves)
