"""Are networks put beside the right oracle, and do the words follow the numbers?"""

from dataclasses import replace

import numpy as np
import pytest

import estimators as es
from experiments import log_or_belief
from experiments.log_or_belief.cell import LogOrBeliefCell
from experiments.log_or_belief.worlds import CHANNEL, RANDOM, channel_rho
from experiments.log_or_belief_trained import EXPERIMENT, PAPER, cell, cells
from experiments.log_or_belief_trained.cell import LogOrBeliefTrainedCell, compute
from experiments.log_or_belief_trained.training import Schedule, Training, trained_networks
from experiments.networks import Network

SHORT = Training(mlp=Schedule(400, 1e-2), transformer=Schedule(3, 1e-3), growth=8.0)
USUAL = LogOrBeliefTrainedCell(
    CHANNEL, 0.1, 4, 4, 6, 0.01, (0, 1), replace(SHORT, stops_early=True)
)
NETWORKS = ("mlp", "transformer")


@pytest.fixture(scope="module")
def trained():
    return compute(USUAL).metrics


def test_the_oracle_is_that_of_the_phase_diagram_without_training(trained):
    diagram = log_or_belief.compute(LogOrBeliefCell(CHANNEL, 0.1, 4, 4, 6, 0.01, (0, 1))).metrics
    shared = [name for name in trained if name in diagram]
    assert len(shared) >= 15
    for name in shared:
        np.testing.assert_array_equal(trained[name], diagram[name], err_msg=name)


def test_a_network_trained_for_long_counts_and_one_of_three_steps_does_not(trained):
    assert trained["counted.mlp"] == [1, 1]
    assert trained["counted.transformer"] == [0, 0]
    assert max(np.abs(trained["shift_difference.mlp.held_out"])) < 0.02
    assert max(trained["score_belief.untrained_mlp.held_out"]) < 0.9


def test_a_path_starts_untrained_and_ends_where_training_ends(trained):
    for name, last in (("mlp", 400), ("transformer", 3)):
        for law in ("log_posterior", "belief", "difference"):
            metric = f"score_{law}.{{}}.held_out"
            along = [trained[metric.format(f"{name}_step_{step}")] for step in (0, last)]
            ends = [trained[metric.format(source)] for source in (f"untrained_{name}", name)]
            np.testing.assert_allclose(along, ends, atol=1e-9)


def test_a_seed_means_the_same_in_any_block(trained):
    alone = compute(replace(USUAL, seeds=(1,))).metrics
    for name, (value,) in alone.items():
        np.testing.assert_array_equal(value, trained[name][1], err_msg=name)


def pretend(monkeypatch, predicted, diverged=False):
    """Every network predicts what predicted(exact log p(y|x)) says, trained or not."""
    exact = iter([])

    def networks(training, architecture, num_words, seeds, populations):
        nonlocal exact
        exact = iter([np.log(p.probability.astype(np.float64)) for p in populations for _ in "12"])
        none = np.zeros(0)
        made = Network(
            es.MLP(context_length=1, num_tokens=2, dim=1), 0, 0, diverged, 0, *[none] * 3, None
        )
        return [made] * len(seeds)

    def read(predictor, params, context):
        rows = predicted(next(exact))
        return rows, rows - np.logaddexp.reduce(rows, axis=1, keepdims=True)

    monkeypatch.setattr(cell, "trained_networks", networks)
    monkeypatch.setattr(cell, "read", read)
    return compute(replace(USUAL, training=SHORT)).metrics


def test_a_network_that_predicts_perfectly_scores_what_the_oracle_scores(monkeypatch):
    found = pretend(monkeypatch, lambda exact: exact)
    for name in NETWORKS:
        assert max(np.abs(found[f"excess_share.{name}"])) < 1e-6
        for law in ("log_posterior", "belief", "rho", "difference"):
            assert max(np.abs(found[f"shift_{law}.{name}.held_out"])) < 1e-4
        np.testing.assert_allclose(found[f"log10_rho.{name}"], found["log10_rho.oracle"], atol=1e-3)


def test_a_network_is_scored_on_its_own_predictions(monkeypatch):
    """Mixed with as much of a uniform token, the channel is one of η' = (1 + η) / 2."""
    found = pretend(monkeypatch, lambda exact: np.log(np.exp(exact) / 2 + 1 / 8))
    assert found["counted.mlp"] == [0, 0]
    weaker = np.log10(channel_rho(0.55, 4))
    np.testing.assert_allclose(found["log10_rho.mlp"], weaker, atol=1e-3)
    np.testing.assert_allclose(found["score_rho.mlp.held_out"], 1, atol=1e-4)


def test_a_network_that_diverged_does_not_count(monkeypatch):
    found = pretend(monkeypatch, lambda exact: exact, diverged=True)
    assert found["counted.transformer"] == [0, 0]
    assert found["diverged.mlp"] == [1, 1]
    assert "score_belief.mlp.held_out" not in found
    assert not any("_step_" in name for name in found)


def test_an_unknown_architecture_is_refused():
    found = es.population(np.zeros((1, 2), np.int32), np.log([[0.5, 0.5]]))
    with pytest.raises(ValueError, match="must be 'mlp' or 'transformer'; got 'cnn'"):
        trained_networks(SHORT, "cnn", 4, (0,), [found])


def test_every_profile_covers_both_families_and_stops_some_networks_early():
    for config in EXPERIMENT.profiles.values():
        found = cells(config)
        assert {c.family for c in found} == {CHANNEL, RANDOM}
        assert {seed for c in found for seed in c.seeds} == set(range(config.num_trained))
        stopped = {(c.family, c.sharpness) for c in found if c.training.stops_early}
        assert stopped == set(config.stopped)
    assert {s for c in cells(PAPER.with_seeds(7)) for s in c.seeds} == set(range(7))
