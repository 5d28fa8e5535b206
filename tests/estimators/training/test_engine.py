"""Does training approach the Bayes loss, seed by seed, whatever runs beside it?"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import estimators as es
from tests.estimators.training.cases import (
    CONFIG,
    KEYS,
    POPULATIONS,
    PREDICTOR,
    SAMPLERS,
    WORLDS,
    excess,
    same,
    sample_batch,
)


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


def test_divergence_is_a_labelled_result_with_step_and_remedy():
    absurd = replace(CONFIG, learning_rate=1e30)
    told = []
    found = es.train(absurd, KEYS[:1], sample_batch, SAMPLERS[:1], progress=told.append)
    assert found.diverged.tolist() == [True]
    assert not np.isfinite(found.loss).any()
    assert found.problem[0].endswith("lower learning_rate, which is 1e+30, or set gradient_clip")
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(found.params))
    assert found.last_step.tolist() == [0]
    assert told[0].seconds_left == 0


STEP_7 = np.asarray(jax.random.key_data(jax.random.fold_in(KEYS[0], 7)))


def poisoned(key, num_samples, sampler):
    """Tokens as they are, until step 7 asks for one that no predictor has."""
    context, token = sample_batch(key, num_samples, sampler)
    now = (jax.random.key_data(key) == STEP_7).all()
    return context, jnp.where(now, 99, token)


def test_the_first_step_that_went_wrong_is_the_one_that_is_named():
    short = replace(CONFIG, num_steps=20, num_chunks=1)
    found = es.train(short, KEYS[:1], poisoned, SAMPLERS[:1])
    assert found.problem[0].startswith("the loss was not finite at step 7: lower learning_rate")


def leap(schedule):
    """Steps far beyond float32."""
    return optax.chain(optax.sgd(schedule), optax.scale(1e38))


def test_a_last_step_that_ruins_the_parameters_is_noticed():
    one = replace(CONFIG, num_steps=1, num_chunks=1, learning_rate=3e38, optimiser=leap)
    found = es.train(one, KEYS[:1], sample_batch, SAMPLERS[:1])
    assert found.diverged.tolist() == [True]
    assert "a parameter was not finite after step 0: lower" in found.problem[0]


def test_initial_parameters_do_not_depend_on_how_long_training_is():
    longer = replace(CONFIG, num_steps=301)
    assert same(es.initial_params(CONFIG, KEYS), es.initial_params(longer, KEYS))


def test_progress_is_told_after_each_chunk():
    told = []
    one_by_one = replace(CONFIG, seed_mode="sequence")
    trained = es.train(one_by_one, KEYS[:2], sample_batch, SAMPLERS[:2], progress=told.append)
    assert [what[:3] for what in told] == [(s, t, 300) for s in (0, 1) for t in (100, 200, 300)]
    assert [what.loss for what in told] == trained.loss.reshape(-1).tolist()
    assert all(np.isnan(what.excess) for what in told)
    assert all(what.steps_per_second > 0 for what in told)
    assert told[-1].seconds_left == 0
    assert told[0].seconds_left == pytest.approx(500 / told[0].steps_per_second)


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
        ({"num_steps": 0}, "num_steps must be a whole number, at least 1; got 0"),
        ({"batch_size": -1}, "batch_size must be a whole number, at least 1; got -1"),
        ({"num_chunks": 0}, "num_chunks must be a whole number, at least 1; got 0"),
        ({"learning_rate": 0.0}, "learning_rate must be positive and finite; got 0.0"),
        ({"learning_rate": float("nan")}, "learning_rate must be positive and finite; got nan"),
    ],
)
def test_training_that_cannot_be_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        es.TrainConfig(PREDICTOR, **settings)


def test_the_excess_that_is_reported_is_that_of_the_returned_parameters(trained):
    told = []
    again = es.train(
        CONFIG, KEYS, sample_batch, SAMPLERS, population=POPULATIONS, progress=told.append
    )
    assert same(again.params, trained.params)
    for seed in range(3):
        assert again.excess[seed, -1] == pytest.approx(excess(again.params, seed), abs=1e-5)
        assert [w.excess for w in told if w.seed == seed] == again.excess[seed].tolist()
    assert np.isnan(trained.excess).all()


def test_threads_and_one_loop_after_another_give_the_same_bits(trained):
    for mode, width in (("sequence", None), ("threads", 3)):
        again = es.train(replace(CONFIG, seed_mode=mode, width=width), KEYS, sample_batch, SAMPLERS)
        assert same(again.params, trained.params)
        assert same(again.loss, trained.loss)
        assert again.config.seed_mode == mode


@pytest.mark.parametrize("width", [2, 5])
def test_seeds_in_one_vmapped_loop_stay_near_loops_of_their_own(trained, width):
    """Float32 sums in another order: over 300 steps parameters part by less than a thousandth."""
    together = replace(CONFIG, seed_mode="vmap", width=width)
    again = es.train(together, KEYS, sample_batch, SAMPLERS, population=POPULATIONS)
    assert again.loss.shape == (3, 3)
    np.testing.assert_allclose(again.loss, trained.loss, atol=1e-4)
    for one, two in zip(
        jax.tree.leaves(again.params), jax.tree.leaves(trained.params), strict=True
    ):
        np.testing.assert_allclose(one, two, atol=1e-3)
    alone = es.train(together, KEYS[:1], sample_batch, SAMPLERS[:1])
    assert same(es.of_seed(alone.params, 0), es.of_seed(again.params, 0))  # filled up to the width


def test_a_seed_stops_at_the_first_check_at_which_it_has_learnt_enough():
    early = replace(CONFIG, stop_excess=0.1, num_checks=30)
    found = es.train(early, KEYS, sample_batch, SAMPLERS, population=POPULATIONS)
    assert (found.last_step < 300).all()
    assert (found.last_step % 10 == 0).all()
    whole = es.train(
        replace(CONFIG, num_chunks=30), KEYS, sample_batch, SAMPLERS, population=POPULATIONS
    )
    for seed in range(3):
        assert excess(found.params, seed) <= 0.1
        passed = found.last_step[seed] // 10 - 1
        assert (whole.excess[seed, :passed] > 0.1).all()
        reported = found.excess[seed][np.isfinite(found.excess[seed])]
        assert reported[-1] == whole.excess[seed, passed]
        assert np.isnan(found.loss[seed, len(reported) :]).all()


def test_where_training_stops_does_not_depend_on_the_chunks():
    early = replace(CONFIG, stop_excess=0.1, num_checks=30)
    first, second = (
        es.train(
            replace(early, num_chunks=chunks), KEYS, sample_batch, SAMPLERS, population=POPULATIONS
        )
        for chunks in (1, 8)
    )
    assert same(first.params, second.params)
    assert first.last_step.tolist() == second.last_step.tolist()


def test_a_trajectory_holds_the_parameters_on_a_log_grid(trained):
    found = es.train(replace(CONFIG, keep_trajectory=True), KEYS, sample_batch, SAMPLERS)
    assert same(found.params, trained.params)
    for seed, trajectory in enumerate(found.trajectory):
        assert trajectory.step.tolist() == [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
        last = jax.tree.map(lambda leaf: leaf[-1], trajectory.params)
        assert same(last, es.of_seed(trained.params, seed))
        first = jax.tree.map(lambda leaf: leaf[0], trajectory.params)
        assert same(first, es.of_seed(es.initial_params(CONFIG, KEYS), seed))
    assert trained.trajectory is None
