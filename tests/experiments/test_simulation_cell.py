"""Does a cell measure every seed, label what failed, and leave nothing out?"""

import jax
import numpy as np
import pytest

import estimators as es
import latentgen as lg
from experiments.experiment import by_name
from experiments.simulation.cell import (
    SimulationCell,
    Training,
    compute,
    rho,
    shape,
    world,
)

BRIEF = Training(num_steps=40)


def cell(training=None, **changes):
    usual = {
        "panel": "size",
        "num_concepts": 4,
        "edges_per_concept": 1,
        "num_context_bits": 2,
        "num_token_bits": 2,
        "flip_rate": 0.1,
        "replace_rate": 0.01,
        "training": training,
        "seeds": (0, 1),
    }
    return SimulationCell(**{**usual, **changes})


def test_a_diverged_predictor_is_labelled_and_leaves_no_numbers():
    found = compute(cell(Training(num_steps=40, learning_rate=1e30))).metrics
    assert found["diverged.trained"] == [1.0, 1.0]
    assert found["counted.trained"] == [0.0, 0.0]
    assert all(np.isnan(row).all() for name, row in found.items() if name.startswith("accuracy"))


def test_metrics_of_some_seeds_only_are_nan_for_the_others():
    found = by_name([{"a": 1.0}, {"a": 2.0, "b": 3.0}])
    assert found["a"] == [1.0, 2.0]
    assert np.isnan(found["b"][0])
    assert found["b"][1] == 3.0


def test_the_same_cell_gives_the_same_numbers():
    first, again = (compute(cell(BRIEF)).metrics for _ in range(2))
    assert first.keys() == again.keys()
    for name, row in first.items():
        np.testing.assert_array_equal(row, again[name])


def test_a_seed_means_the_same_in_any_block():
    together, alone = compute(cell(BRIEF)), compute(cell(BRIEF, seeds=(1,)))
    for name, row in alone.metrics.items():
        np.testing.assert_array_equal(row[0], together.metrics[name][1])


def test_the_world_is_the_public_one_of_that_seed():
    usual = lg.worlds.permuted_bits(jax.random.key(5), num_context_bits=2, num_token_bits=2)
    assert world(cell(), 5) == usual


def test_every_seed_trains_from_another_start_in_the_same_world(monkeypatch):
    monkeypatch.setattr("experiments.simulation.cell.world", lambda cell, seed: world(cell, 0))
    losses = compute(cell(BRIEF)).arrays["loss"]
    assert not np.array_equal(losses[0], losses[1])


def test_the_offset_of_the_exact_law_is_read_off_the_token_table():
    pinned = cell(num_token_bits=4, num_context_bits=8, replace_rate=0.3)
    model = world(pinned, 0)
    context, log_weight = lg.enumerate_contexts(model)
    law = np.log(np.exp(lg.log_posterior(model, context)) + rho(pinned))
    score = es.law_score(law, lg.log_predictive(model, context), np.exp(log_weight))
    assert score.score == pytest.approx(1, abs=1e-6)


def test_trained_cells_of_one_shape_share_a_worker_whatever_their_noise():
    assert shape(cell(BRIEF)) == shape(cell(BRIEF, flip_rate=0.0, seeds=(5, 6)))
    assert shape(cell(BRIEF)) != shape(cell(BRIEF, num_context_bits=3))
    assert shape(cell()) != shape(cell(seeds=(5, 6)))
