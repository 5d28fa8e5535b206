"""Are optimisers and schedules what they are called, and is bad configuration refused?"""

from copy import copy
from dataclasses import replace

import jax
import numpy as np
import optax
import pytest

import estimators as es
from estimators.training.checks import check_training
from estimators.training.config import compiled_part, learning_rate_schedule, optimiser
from tests.estimators.training.cases import (
    CONFIG,
    CONTEXT,
    KEYS,
    POPULATIONS,
    SAMPLERS,
    same,
    sample_batch,
)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("constant", [1.0, 1.0, 1.0]),
        ("linear", [1.0, 0.5, 0.0]),
        ("cosine", [1.0, 0.5, 0.0]),
    ],
)
def test_a_schedule_begins_at_the_peak_and_ends_where_it_says(schedule, expected):
    rate = learning_rate_schedule(replace(CONFIG, schedule=schedule, learning_rate=1.0))
    np.testing.assert_allclose([rate(step) for step in (0, 150, 300)], expected, atol=1e-6)


def test_warm_up_rises_to_the_peak_and_wastes_no_step():
    rate = learning_rate_schedule(replace(CONFIG, warmup_steps=100, learning_rate=1.0))
    rates = np.array([rate(step) for step in range(301)])
    assert rates[0] > 0
    assert (np.diff(rates[:101]) > 0).all()
    assert rates[100] == 1
    assert (np.diff(rates[100:]) < 0).all()
    assert rates[300] == pytest.approx(0, abs=1e-6)


def test_plain_descent_steps_along_the_gradient_and_a_clipped_one_has_the_norm_asked_for():
    params, slope = {"w": np.zeros(2, np.float32)}, {"w": np.array([3.0, 4.0], np.float32)}
    plain = replace(CONFIG, optimiser="sgd", schedule="constant", learning_rate=0.1)
    for clip, expected in ((None, [-0.3, -0.4]), (1.0, [-0.06, -0.08])):
        chosen = optimiser(replace(plain, gradient_clip=clip))
        update, _ = chosen.update(slope, chosen.init(params), params)
        np.testing.assert_allclose(update["w"], expected, rtol=1e-6)


def test_any_function_from_a_schedule_to_an_optax_transformation_is_an_optimiser():
    few = replace(CONFIG, optimiser=optax.lion, num_steps=100, learning_rate=1e-2, num_chunks=2)
    found = es.train(few, KEYS[:1], sample_batch, SAMPLERS[:1])
    assert found.loss[0, 1] < found.loss[0, 0]


def test_configurations_share_a_compiled_loop_unless_the_loop_reads_what_differs():
    unread = replace(
        CONFIG, num_chunks=7, stop_excess=0.1, num_checks=3, trajectory_growth=3.0,
        keep_trajectory=True, seed_mode="vmap", width=4,
    )  # fmt: skip
    assert compiled_part(unread) == compiled_part(CONFIG)
    for change in ({"num_steps": 299}, {"batch_size": 64}, {"schedule": "linear"}):
        assert compiled_part(replace(CONFIG, **change)) != compiled_part(CONFIG)


@pytest.mark.parametrize(
    ("backend", "batch_size", "mode", "width"),
    [("cpu", 64, "threads", None), ("gpu", 64, "vmap", 64), ("gpu", 1024, "vmap", 16),
     ("tpu", 10**6, "vmap", 1)],
)  # fmt: skip
def test_how_seeds_run_is_a_rule_of_backend_and_batch_size(backend, batch_size, mode, width):
    found = es.resolve(replace(CONFIG, batch_size=batch_size), backend)
    assert found.seed_mode == mode
    assert found.width == width or mode == "threads"
    assert found.width >= 1
    assert es.resolve(found, "cpu") == found  # what is filled in stays


def test_what_is_asked_for_wins_over_the_rule():
    asked = replace(CONFIG, seed_mode="vmap", width=3)
    assert es.resolve(asked, "cpu") == asked
    assert es.resolve(replace(CONFIG, seed_mode="sequence"), "gpu").width == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_checks": 0}, "num_checks must be a whole number, at least 1; got 0"),
        ({"optimiser": optax.adam(1e-3)}, r"function from a schedule .* learning_rate"),
        ({"optimiser": "adm"}, "optimiser must be one of adam, sgd; got 'adm'"),
        ({"schedule": "step"}, "schedule must be one of cosine, linear, constant; got 'step'"),
        ({"seed_mode": "gpu"}, "seed_mode must be one of sequence, threads, vmap; got 'gpu'"),
        ({"width": 0}, "width must be at least 1; got 0"),
        ({"warmup_steps": 300}, "warmup_steps must be from 0 to below num_steps = 300; got 300"),
        ({"gradient_clip": 0.0}, "gradient_clip must be positive; got 0.0"),
        ({"stop_excess": -0.1}, "stop_excess must not be negative; got -0.1"),
        ({"trajectory_growth": 1.0}, "trajectory_growth must exceed 1; got 1.0"),
        ({"learning_rate": float("inf")}, "learning_rate must be positive and finite; got inf"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        replace(CONFIG, **settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"learning_rate": "a"}, "learning_rate must be a number; got 'a'"),
        ({"gradient_clip": "a"}, "gradient_clip must be a number, or None; got 'a'"),
        ({"width": 2.5}, r"width must be a whole number, or None; got 2\.5"),
        ({"warmup_steps": 1.5}, r"warmup_steps must be a whole number; got 1\.5"),
        ({"num_steps": True}, "num_steps must be a whole number; got True"),
        ({"every_prefix": 1}, "every_prefix must be True or False; got 1"),
        ({"predictor": None}, "protocol es.Predictor; None has no dim, .*, or give one such as"),
        ({"predictor": es.MLP}, r"got the class MLP: call it, as in es\.MLP\("),
    ],
)
def test_settings_of_another_kind_are_refused(settings, message):
    made = copy(CONFIG)
    for name, value in settings.items():  # past the constructor, whose annotations are executed
        object.__setattr__(made, name, value)
    with pytest.raises(ValueError, match=message):
        made.__post_init__()


def test_stopping_needs_something_to_measure_on():
    with pytest.raises(ValueError, match="give the population of every seed"):
        es.train(replace(CONFIG, stop_excess=0.1), KEYS, sample_batch, SAMPLERS)


def test_a_sampler_or_population_without_a_seed_axis_is_refused():
    with pytest.raises(ValueError, match=r"of sampler needs a leading axis of 2.*stack_seeds"):
        es.train(CONFIG, KEYS[:2], sample_batch, SAMPLERS)
    with pytest.raises(ValueError, match="of population needs a leading axis of 3"):
        es.train(CONFIG, KEYS, sample_batch, SAMPLERS, population=es.of_seed(POPULATIONS, 0))


def test_without_keys_there_is_nothing_to_train():
    for keys in ([], jax.random.split(jax.random.key(0), 0)):
        with pytest.raises(ValueError, match="one key per seed; got none"):
            es.train(CONFIG, keys, sample_batch, SAMPLERS[:0])
        with pytest.raises(ValueError, match="one key per seed; got none"):
            es.initial_params(CONFIG, keys)
    for key in (KEYS[0], jax.random.PRNGKey(0)):
        with pytest.raises(ValueError, match="got a single key: put it in a list"):
            es.train(CONFIG, key, sample_batch, SAMPLERS[:1])
    for keys in (0, [0], [KEYS[0], 1]):
        with pytest.raises(ValueError, match=r"one key per seed; .*give a list of jax"):
            es.initial_params(CONFIG, keys)


def test_legacy_keys_are_keys():
    found = es.initial_params(CONFIG, jax.random.split(jax.random.PRNGKey(0), 2))
    typed = es.initial_params(CONFIG, jax.random.split(jax.random.key(0), 2))
    assert same(found, typed)


def test_seeds_of_unequal_shapes_are_named():
    samples = [es.finite_sample(np.zeros((rows, 2), int), [0] * rows) for rows in (3, 3, 4)]
    with pytest.raises(ValueError, match=r"seed 2 has \[\(4, 2\), \(4,\)\], seed 0 has .*give"):
        es.stack_seeds(samples)


def test_progress_must_be_a_function():
    with pytest.raises(TypeError, match=r"such as es\.print_progress; got True"):
        check_training(CONFIG, KEYS, sample_batch, SAMPLERS, None, True)


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (lambda key, n, s: (s, s, s, s), r"target, weight\); got 4"),
        (lambda key, n, s: s, r"must return \(context, target\) or .*; got "),
        (lambda key, n, s: (s, s), r"contexts must be whole numbers .* got float32 of shape"),
        (lambda key, n, s: (CONTEXT, CONTEXT), r"token numbers must have axes \[sample\]; got"),
        (lambda key, n, s: (CONTEXT, s[:, :3]), r"must have shape \(8, 4\), .*; got \(8, 3\)"),
    ],
)
def test_batches_of_another_form_are_refused(batch, message):
    with pytest.raises(ValueError, match=message):
        es.train(CONFIG, KEYS, batch, SAMPLERS)


def finite(context, token):
    return es.stack_seeds([es.finite_sample(context, token)])


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        (finite(CONTEXT + 1, [0] * 8), r"word 2 is outside the vocabulary .* num_words = 2"),
        (finite(CONTEXT, [4] * 8), r"token 4 is outside the vocabulary .* num_tokens = 4"),
    ],
)
def test_numbers_outside_the_vocabulary_are_refused(sample, message):
    small = replace(CONFIG, batch_size=8)
    with pytest.raises(ValueError, match=message):
        es.train(small, KEYS[:1], es.finite_batch, sample)


def test_populations_of_another_form_are_refused():
    flat = es.stack_seeds([es.population(CONTEXT, np.zeros((8, 1)))])
    with pytest.raises(ValueError, match="population is over 1 tokens and the predictor over 4"):
        es.train(CONFIG, KEYS[:1], sample_batch, SAMPLERS[:1], population=flat)
    whole = es.stack_seeds([es.of_seed(POPULATIONS, 0)])
    with pytest.raises(ValueError, match=r"every_prefix=True a population needs .*prefix"):
        es.train(replace(CONFIG, every_prefix=True), KEYS[:1], es.whole_population, whole)
    few = replace(
        CONFIG,
        every_prefix=True,
        predictor=es.MLP(context_length=3, num_tokens=4, dim=2, num_words=6),
    )
    with pytest.raises(ValueError, match="num_tokens must be at least num_words = 6; got 4"):
        es.train(few, KEYS[:1], sample_batch, SAMPLERS[:1])
