"""Does training survive interruption and damage, and does it refuse what belongs to another run?"""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import jax
import numpy as np
import optax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import estimators as es
from estimators.files import sweep
from estimators.training.checkpoints import log_grid
from tests.estimators.training.cases import (
    CONFIG,
    KEYS,
    POPULATIONS,
    SAMPLERS,
    same,
    sample_batch,
)


class BrokenOffError(Exception):
    """Stands for a process that ends in the middle."""


def interrupted(folder, after, config=CONFIG):
    """Train until so many chunks were reported, and break off."""
    told = []

    def report(progress):
        told.append(progress)
        if len(told) == after:
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        es.train(config, KEYS, sample_batch, SAMPLERS, checkpoints=folder, progress=report)


def trained_in(folder, config=CONFIG, **more):
    return es.train(config, KEYS, sample_batch, SAMPLERS, checkpoints=folder, **more)


@pytest.fixture(scope="module")
def whole():
    return es.train(replace(CONFIG, keep_trajectory=True), KEYS, sample_batch, SAMPLERS)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of a whole run; copy it before changing it."""
    folder = tmp_path_factory.mktemp("finished")
    trained_in(folder)
    return folder


def files_of(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("mode", ["sequence", "threads", "vmap"])
@pytest.mark.parametrize("after", [1, 2, 5])
def test_an_interrupted_run_ends_with_the_bits_of_a_whole_one(tmp_path, whole, mode, after):
    config = replace(CONFIG, seed_mode=mode, width=3, keep_trajectory=True)
    reference = whole if mode != "vmap" else es.train(config, KEYS, sample_batch, SAMPLERS)
    interrupted(tmp_path, after, config)
    found = trained_in(tmp_path, config)
    for name in ("params", "step", "loss", "excess", "last_step", "trajectory"):
        assert same(getattr(found, name), getattr(reference, name)), name


def test_a_finished_run_takes_no_step_again(finished, whole):
    before = {path: (finished / path).stat().st_mtime_ns for path in files_of(finished)}
    told = []
    again = trained_in(finished, progress=told.append)
    assert same(again.params, whole.params)
    assert same(again.loss, whole.loss)
    assert told == []
    assert before == {path: (finished / path).stat().st_mtime_ns for path in files_of(finished)}


def test_the_folder_holds_the_trajectory_on_the_log_grid(finished, whole):
    found = es.load_trajectory(CONFIG, KEYS, sample_batch, SAMPLERS, finished)
    assert same(found, whole.trajectory)
    assert found[0].step.tolist() == [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300]


def test_seeds_may_be_added_to_a_folder(tmp_path, whole):
    es.train(CONFIG, KEYS[:1], sample_batch, SAMPLERS[:1], checkpoints=tmp_path)
    told = []
    found = trained_in(tmp_path, progress=told.append)
    assert {what.seed for what in told} == {1, 2}
    assert same(found.params, whole.params)


def test_a_seed_that_stopped_early_stays_stopped(tmp_path):
    early = replace(CONFIG, stop_excess=0.1, num_checks=30)
    first = trained_in(tmp_path, early, population=POPULATIONS)
    told = []
    second = trained_in(tmp_path, early, population=POPULATIONS, progress=told.append)
    assert told == []
    for name in ("params", "loss", "excess", "last_step"):
        assert same(getattr(first, name), getattr(second, name)), name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"learning_rate": 0.5}, "learning_rate: 0.01 there, 0.5 here"),
        ({"batch_size": 64}, "batch_size: 128 there, 64 here"),
        (
            {"predictor": es.MLP(context_length=3, num_tokens=4, dim=2)},
            "predictor: MLP.* there, MLP.* here",
        ),
        ({"seed_mode": "vmap", "width": 2}, "seeds: one loop each there, vmap of 2 here"),
    ],
)
def test_a_checkpoint_of_another_configuration_is_refused(finished, change, message):
    with pytest.raises(ValueError, match=f"{message}.*name another folder, or delete this one"):
        trained_in(finished, replace(CONFIG, **change))


def test_a_checkpoint_of_another_run_is_found_before_any_seed_takes_a_step(tmp_path):
    other = replace(CONFIG, learning_rate=0.5)
    es.train(other, KEYS[2:], sample_batch, SAMPLERS[2:], checkpoints=tmp_path)
    told = []
    with pytest.raises(ValueError, match=r"learning_rate: 0\.5 there, 0\.01 here"):
        trained_in(tmp_path, progress=told.append)
    assert told == []


def optimiser_with(decay):
    return lambda schedule: optax.adamw(schedule, weight_decay=decay)


def batch_with(shift):
    def shifted(key, num_samples, sampler):
        context, token = sample_batch(key, num_samples, sampler)
        return context, (token + shift) % 4

    return shifted


def few_steps(folder, optimiser, batch):
    config = replace(CONFIG, num_steps=10, num_chunks=1, optimiser=optimiser)
    return es.train(config, KEYS[:1], batch, SAMPLERS[:1], checkpoints=folder)


def test_functions_are_told_apart_by_what_they_close_over(tmp_path):
    few_steps(tmp_path, optimiser_with(0.0), batch_with(0))
    few_steps(tmp_path, optimiser_with(0.0), batch_with(0))  # made anew, and the same
    with pytest.raises(ValueError, match=r"another run \(optimiser: "):
        few_steps(tmp_path, optimiser_with(5.0), batch_with(0))
    with pytest.raises(ValueError, match=r"another run \(sample_batch: "):
        few_steps(tmp_path, optimiser_with(0.0), batch_with(1))


def test_functions_are_told_apart_by_their_arguments(tmp_path):
    few_steps(tmp_path, partial(optax.adamw, b1=0.8), sample_batch)
    few_steps(tmp_path, partial(optax.adamw, b1=0.8), sample_batch)
    with pytest.raises(ValueError, match=r"another run \(optimiser: "):
        few_steps(tmp_path, partial(optax.adamw, b1=0.9), sample_batch)


def test_another_population_is_another_run(tmp_path):
    early = replace(CONFIG, stop_excess=0.1)
    trained_in(tmp_path, early, population=POPULATIONS)
    others = jax.tree.map(lambda leaf: leaf[::-1].copy(), POPULATIONS)
    with pytest.raises(ValueError, match=r"another run \(population: "):
        trained_in(tmp_path, early, population=others)


def test_one_key_may_start_in_several_worlds_but_no_seed_twice(tmp_path):
    paired = [KEYS[0]] * 3
    for mode in ("threads", "vmap"):
        config = replace(CONFIG, seed_mode=mode, width=2)
        found = es.train(config, paired, sample_batch, SAMPLERS, checkpoints=tmp_path / mode)
        again = es.train(config, paired, sample_batch, SAMPLERS)
        assert same(found.params, again.params)
    twice = SAMPLERS[[0, 1, 0]]
    with pytest.raises(ValueError, match="seeds 0 and 2 have the same key and sampler"):
        es.train(CONFIG, paired, sample_batch, twice, checkpoints=tmp_path)


def test_without_checkpoints_there_is_no_trajectory_to_load(tmp_path):
    with pytest.raises(ValueError, match=r"no checkpoint of this seed.*train with it first"):
        es.load_trajectory(CONFIG, KEYS, sample_batch, SAMPLERS, tmp_path)


@given(seed=st.integers(0, 2), at=st.floats(0, 1, exclude_max=True), bit=st.integers(-1, 7))
@settings(max_examples=15)
def test_a_damaged_file_is_named_and_costs_only_the_way_from_the_one_before(
    tmp_path_factory, finished, whole, seed, at, bit
):
    folder = tmp_path_factory.mktemp("damaged")
    shutil.copytree(finished, folder, dirs_exist_ok=True)
    path = sorted(folder.iterdir())[seed] / "latest.msgpack"
    (path.parent / "step-000000300.msgpack").unlink()
    content = path.read_bytes()
    where = int(at * len(content))
    flipped = content[where] ^ (1 << max(bit, 0))
    rest = b"" if bit < 0 else bytes([flipped]) + content[where + 1 :]  # cut short, or one bit
    path.write_bytes(content[:where] + rest)
    told = []
    with pytest.warns(UserWarning, match=r"an older checkpoint is tried: .*latest\.msgpack"):
        found = trained_in(folder, progress=told.append)
    assert [what.step for what in told] == [300]  # from step 256 on, of one seed
    assert same(found.params, whole.params)
    assert same(found.loss, whole.loss)


def test_when_every_file_is_damaged_training_begins_anew(tmp_path, finished, whole):
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    for path in files_of(tmp_path):
        (tmp_path / path).write_bytes((tmp_path / path).read_bytes()[:50])
    with pytest.warns(UserWarning, match="an older checkpoint is tried"):
        found = trained_in(tmp_path)
    assert same(found.params, whole.params)


def test_a_failing_write_leaves_the_older_file_and_no_litter(tmp_path, monkeypatch, whole):
    interrupted(tmp_path, 1, replace(CONFIG, seed_mode="sequence"))
    before = files_of(tmp_path)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space left"):
            trained_in(tmp_path, replace(CONFIG, seed_mode="sequence"))
    assert files_of(tmp_path) == before
    assert same(trained_in(tmp_path).params, whole.params)


def test_a_diverged_seed_leaves_its_last_finite_checkpoint(tmp_path):
    absurd = replace(CONFIG, learning_rate=1e30)
    found = trained_in(tmp_path, absurd)
    assert found.diverged.all()
    stored = es.load_trajectory(absurd, KEYS, sample_batch, SAMPLERS, tmp_path)
    for seed, trajectory in enumerate(stored):
        assert trajectory.step[-1] == found.last_step[seed] < 10
        last = jax.tree.map(lambda leaf: leaf[-1], trajectory.params)
        assert same(last, es.of_seed(found.params, seed))
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(last))


CHILD = """
import sys
from dataclasses import replace
import estimators as es
from tests.estimators.training.cases import CONFIG, KEYS, SAMPLERS, sample_batch
config = replace(CONFIG, num_chunks=300, seed_mode=sys.argv[2], width=2)
es.train(config, KEYS, sample_batch, SAMPLERS, checkpoints=sys.argv[1])
"""


@pytest.mark.parametrize("mode", ["threads", "vmap"])
def test_a_killed_process_ends_with_the_bits_of_one_that_was_not(tmp_path, mode):
    config = replace(CONFIG, num_chunks=300, seed_mode=mode, width=2)
    command = [sys.executable, "-c", CHILD, str(tmp_path), mode]
    with subprocess.Popen(command, cwd=Path(__file__).parents[3]) as child:
        while len(list(tmp_path.glob("*/step-000000016.msgpack"))) < 2 and child.poll() is None:
            time.sleep(0.01)
        child.kill()
    told = []
    found = trained_in(tmp_path, config, progress=told.append)
    assert 0 < len(told) < 900  # it was killed in the middle, and went on from there
    reference = es.train(config, KEYS, sample_batch, SAMPLERS)
    assert same(found.params, reference.params)
    assert same(found.loss, reference.loss)


def test_what_a_killed_writer_left_is_removed_after_an_hour(tmp_path):
    old, young = tmp_path / ".latest.msgpack.a.unfinished", tmp_path / ".x.b.unfinished"
    for path, age in ((old, 7200), (young, 60)):
        path.touch()
        os.utime(path, (time.time() - age,) * 2)
    sweep(tmp_path)
    assert not old.exists()
    assert young.exists()


@given(num_steps=st.integers(1, 10**6), growth=st.sampled_from([1.01, 1.5, 2.0, 10.0]))
def test_the_log_grid_rises_from_zero_to_the_end(num_steps, growth):
    grid = log_grid(num_steps, growth)
    assert grid[:2] == [0, 1]
    assert grid[-1] == num_steps
    assert all(a < b for a, b in pairwise(grid))
    assert all(b <= max(a + 1, a * growth + 0.5) for a, b in pairwise(grid))
