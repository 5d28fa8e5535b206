"""Does training approach the Bayes loss, seed by seed, whatever runs beside it?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import log_softmax

import estimators as es

# One shape for all tests, so that the loop compiles once: three bits, four tokens.
PREDICTOR = es.MLP(3, 4, 3, hidden=(16,))
CONFIG = es.TrainConfig(PREDICTOR, num_steps=300, batch_size=128, learning_rate=1e-2, num_chunks=3)
ROOT = jax.random.key(0)
KEYS = [jax.random.fold_in(ROOT, seed) for seed in range(3)]
CONTEXT = jnp.array(np.unravel_index(np.arange(8), (2, 2, 2)), jnp.int32).T
# Three worlds: log p(y|x) [seed, context, token], contexts uniform.
WORLDS = log_softmax(np.random.default_rng(0).normal(size=(3, 8, 4)), axis=2)
SAMPLERS = WORLDS.astype(np.float32)


def sample_batch(key, num_samples, sampler):
    """Uniform contexts of three bits, and tokens drawn from the sampler's rows."""
    context_key, token_key = jax.random.split(key)
    index = jax.random.randint(context_key, (num_samples,), 0, 8, jnp.int32)
    return CONTEXT[index], jax.random.categorical(token_key, sampler[index])


def excess(params, seed):
    """KL from the exact predictions to those of one seed's parameters."""
    own = jax.tree.map(lambda leaf: leaf[seed], params)
    log_model = np.asarray(es.log_predict(PREDICTOR, own, CONTEXT), np.float64)
    return es.excess_loss(WORLDS[seed], log_model, np.full(8, 1 / 8))


def same(first, second):
    """Whether two pytrees hold the same bits."""
    leaves = zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True)
    return all(np.array_equal(one, two) for one, two in leaves)


@pytest.fixture(scope="module")
def trained():
    return es.train(CONFIG, KEYS, sample_batch, SAMPLERS)


def test_what_is_returned_has_the_seed_first(trained):
    assert trained.step.tolist() == [100, 200, 300]
    assert trained.loss.shape == (3, 3)
    assert trained.diverged.tolist() == [False] * 3
    assert {leaf.shape[0] for leaf in jax.tree.leaves(trained.params)} == {3}


def test_training_approaches_the_bayes_loss_from_far_away(trained):
    start = es.initial_params(CONFIG, KEYS)
    for seed in range(3):
        assert excess(trained.params, seed) < 0.05
        assert excess(start, seed) > 0.15


def test_the_reported_loss_is_the_cross_entropy_on_fresh_samples(trained):
    bayes = -(np.exp(WORLDS) * WORLDS).sum(2).mean(1)
    last = trained.loss[:, -1]
    # The mean of 100 batches of 128, so four standard errors are below 4 / √12800.
    assert (last > bayes - 0.036).all()
    assert (last < bayes + 0.1).all()
    assert (trained.loss[:, 0] > last).all()


def test_the_number_of_chunks_changes_no_bit(trained):
    for num_chunks in (1, 7):
        config = es.TrainConfig(PREDICTOR, 300, 128, 1e-2, num_chunks)
        again = es.train(config, KEYS[:1], sample_batch, SAMPLERS[:1])
        assert same(again.params, jax.tree.map(lambda leaf: leaf[:1], trained.params))
        assert again.loss.shape == (1, num_chunks)
        assert again.step[-1] == 300


def test_a_seed_does_not_depend_on_the_seeds_beside_it(trained):
    alone = es.train(CONFIG, KEYS[2:], sample_batch, SAMPLERS[2:])
    assert same(alone.params, jax.tree.map(lambda leaf: leaf[2:], trained.params))
    np.testing.assert_array_equal(alone.loss, trained.loss[2:])


def test_another_key_or_another_world_gives_another_predictor(trained):
    other_key = es.train(CONFIG, KEYS[1:2], sample_batch, SAMPLERS[:1])
    other_world = es.train(CONFIG, KEYS[:1], sample_batch, SAMPLERS[1:2])
    first = jax.tree.map(lambda leaf: leaf[:1], trained.params)
    for other in (other_key, other_world):
        assert not same(other.params, first)


def test_initial_params_are_those_that_training_starts_from():
    still = es.TrainConfig(PREDICTOR, 300, 128, learning_rate=1e-30, num_chunks=3)
    moved = es.train(still, KEYS[:2], sample_batch, SAMPLERS[:2])
    start = es.initial_params(still, KEYS[:2])
    for one, two in zip(jax.tree.leaves(moved.params), jax.tree.leaves(start), strict=True):
        np.testing.assert_allclose(one, two, atol=1e-20)
    assert same(start, es.initial_params(still, KEYS[:2]))
    assert not same(*(jax.tree.map(lambda leaf, i=i: leaf[i], start) for i in (0, 1)))


def test_divergence_is_a_labelled_result(trained):
    absurd = es.TrainConfig(PREDICTOR, 300, 128, learning_rate=1e30, num_chunks=3)
    found = es.train(absurd, KEYS[:1], sample_batch, SAMPLERS[:1])
    assert found.diverged.tolist() == [True]
    assert not np.isfinite(found.loss[0, -1])


def test_progress_is_told_after_each_chunk():
    told = []
    es.train(CONFIG, KEYS[:2], sample_batch, SAMPLERS[:2], lambda *what: told.append(what))
    assert told == [(seed, step) for seed in (0, 1) for step in (100, 200, 300)]


def test_samplers_are_stacked_leaf_by_leaf():
    stacked = es.stack_seeds([{"a": np.ones(2), "b": i * np.ones(3)} for i in range(4)])
    assert stacked["a"].shape == (4, 2)
    np.testing.assert_array_equal(stacked["b"][:, 0], range(4))


def test_worlds_of_different_structure_cannot_be_trained_together():
    with pytest.raises(ValueError, match=r"share one structure.* seed 1 has .*'b'.* seed 0 has"):
        es.stack_seeds([{"a": np.ones(2)}, {"b": np.ones(2)}])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_steps": 0}, "num_steps must be at least 1; got 0"),
        ({"batch_size": -1}, "batch_size must be at least 1; got -1"),
        ({"num_chunks": 0}, "num_chunks must be at least 1; got 0"),
        ({"learning_rate": 0.0}, "learning_rate must be positive; got 0.0"),
        ({"learning_rate": float("nan")}, "learning_rate must be positive; got nan"),
    ],
)
def test_training_that_cannot_be_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        es.TrainConfig(PREDICTOR, **settings)
