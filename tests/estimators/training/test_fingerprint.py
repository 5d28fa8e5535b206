"""Are two runs told apart by what decides their results, in this process and in any other?"""

import functools
import io
import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest

import estimators as es
from estimators.training.fingerprint import fingerprint
from estimators.training.identity import tree_digest
from tests.estimators.training.cases import CONFIG, KEYS, SAMPLERS, sample_batch
from tests.estimators.training.functions import MAKERS, Fields, Shifted, plain

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("way", MAKERS)
def test_what_does_something_else_is_told_apart_and_what_is_made_anew_is_not(way):
    make = MAKERS[way]
    assert fingerprint(make(0)) != fingerprint(make(1))
    assert fingerprint(make(0)) == fingerprint(make(0))


@pytest.fixture(scope="module")
def in_other_processes():
    """The fingerprints that two processes of different hash seeds give."""
    command = [sys.executable, "-m", "tests.estimators.training.functions"]
    children = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    return [json.loads(child.communicate()[0]) for child in children]


@pytest.mark.parametrize("way", MAKERS)
def test_another_process_gives_the_same_fingerprints(in_other_processes, way):
    one, two = (found[way] for found in in_other_processes)
    assert one == two


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (np.float64(3e-3), 3e-3),
        (np.int64(300), 300),
        (np.bool_(True), True),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({1, 2}, {2, 1}),
        (Fields(1, {"kept": 1}), Fields(1, {})),
        (functools.partial(plain(0), a=1, b=2), functools.partial(plain(0), b=2, a=1)),
    ],
)
def test_equal_values_are_one(one, two):
    assert fingerprint(one) == fingerprint(two)


def test_what_a_property_keeps_is_no_part_of_an_object():
    used = Shifted(3)
    assert used.twice == 6
    assert fingerprint(used) == fingerprint(Shifted(3))


def test_the_structure_of_a_sampler_is_told_apart_by_what_it_holds():
    of = [jax.tree_util.Partial(plain(shift), np.ones(2)) for shift in (0, 1, 0)]
    assert tree_digest(of[0]) != tree_digest(of[1])
    assert tree_digest(of[0]) == tree_digest(of[2])
    assert tree_digest({"a": np.ones(2)}) != tree_digest({"b": np.ones(2)})
    assert tree_digest([np.ones(2), None]) != tree_digest([np.ones(2)])


def test_a_checkpoint_of_another_jitted_function_is_refused(tmp_path):
    def trained_with(shift):
        def batch(key, num_samples, sampler):
            context, token = sample_batch(key, num_samples, sampler)
            return context, (token + shift) % 4

        jitted = jax.jit(batch, static_argnums=1)
        config = replace(CONFIG, num_steps=10, num_chunks=1)
        return es.train(config, KEYS[:1], jitted, SAMPLERS[:1], checkpoints=tmp_path)

    trained_with(0)
    trained_with(0)
    with pytest.raises(
        ValueError, match=r"sample_batch: …\S*batch (\w+)\) there, …\S*batch (?!\1)\w+\) here"
    ):
        trained_with(1)


UNREADABLE = {
    "open file": io.TextIOWrapper(io.BytesIO()),
    "lock": threading.Lock(),
    "generator": (number for number in range(3)),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_cannot_be_told_apart_is_refused_before_a_file_is_written(tmp_path, kind):
    content = UNREADABLE[kind]

    def batch(key, num_samples, sampler):
        assert content
        return sample_batch(key, num_samples, sampler)

    said = (
        rf"sample_batch: what checkpoints belong to must be told apart, and an object of class "
        rf"{type(content).__module__}\.{type(content).__qualname__} cannot be: use functions.*"
        r"attribute fingerprint .*, or train without checkpoints"
    )
    with pytest.raises(ValueError, match=said):
        es.train(CONFIG, KEYS, batch, SAMPLERS, checkpoints=tmp_path)
    assert not list(tmp_path.iterdir())
    vars(batch)["fingerprint"] = "reads nothing of it"
    assert fingerprint(batch) != fingerprint(sample_batch)
