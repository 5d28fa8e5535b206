"""Is agreement measured as it is defined?"""

from dataclasses import replace
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import spearmanr

import estimators as es
from experiments.agreement import EXPERIMENT, PAPER, cells
from experiments.agreement import networks as training
from experiments.agreement.cell import AgreementCell, compute, rank_correlation
from experiments.agreement.constructed import noisy, scrambled
from experiments.agreement.measures import (
    agreement,
    bound_of_kl,
    direction_agreement,
    identified,
    logit_agreement,
    logit_r2,
    pair_metrics,
)
from experiments.agreement.networks import (
    END,
    FITTING,
    STAGES,
    START,
    Schedule,
    Training,
    course,
    predictor,
)
from experiments.agreement.worlds import PAIRED, world
from experiments.measures import truth

BRIEF = Schedule(12, 1e-2)
TINY = AgreementCell(
    5,
    0.1,
    0.05,
    0.02,
    0.4,
    Training(BRIEF, BRIEF, BRIEF, BRIEF, 16, 2, (8,), 8),
    (0, 1),
)


def exact(seed=0, num_tokens=10):
    model = world(seed, num_tokens=num_tokens, concentration=0.1, floor=0.05, flips=(0.02, 0.4))
    return model, truth(model, seed)


def test_all_contexts_differ_and_no_word_alone_tells_a_concept():
    model, known = exact()
    assert len(np.unique(known.log_predictive.round(9), axis=0)) == 256
    keys = known.context[:, ::2]
    for bits in product((0, 1), repeat=len(PAIRED)):
        rows = (keys == bits).all(1)
        assert known.weight[rows].sum() == pytest.approx(0.5 ** len(PAIRED), abs=1e-9)
    assert [factor.reads for factor in model.words] == [(), (0,), (), (2,), (), (4,), (), (6,)]


def test_the_words_of_a_seed_stay_when_the_token_changes_and_seeds_differ():
    few, many = exact(3, 4)[1], exact(3, 10)[1]
    np.testing.assert_array_equal(few.log_posterior, many.log_posterior)
    assert not np.array_equal(few.log_posterior, exact(4, 4)[1].log_posterior)


def test_agreement_is_one_under_an_invertible_map_and_nothing_on_noise():
    known = exact()[1]
    rows, draw_one = identified(known.log_predictive), np.random.default_rng(1)
    mixed = rows @ draw_one.normal(size=(9, 9)) + 3
    assert agreement(rows, mixed, known.weight, 0).held_out == pytest.approx(1, abs=1e-6)
    noise = draw_one.normal(size=rows.shape)
    assert agreement(rows, noise, known.weight, 0).held_out < 0.1
    # without a direction the way back fails: the lower of both ways is kept
    assert agreement(rows, rows[:, :5], known.weight, 0).population < 0.9


def test_agreement_on_all_contexts_is_the_mean_squared_canonical_correlation():
    known = exact()[1]
    rows = identified(known.log_predictive).astype(float)
    other = rows + 0.2 * np.random.default_rng(2).normal(size=rows.shape)
    sides = []
    for side in (rows, other):
        centred = np.sqrt(known.weight)[:, None] * (side - known.weight @ side)
        sides.append(np.linalg.qr(centred)[0])
    squared = np.linalg.svd(sides[0].T @ sides[1], compute_uv=False) ** 2
    found = agreement(rows, other, known.weight, 0).population
    assert found == pytest.approx(squared.mean(), abs=1e-6)


def test_the_weighed_r2_is_a_regression_token_by_token():
    known = exact()[1]
    source = np.random.default_rng(0).normal(size=(256, 3))
    source[:, 0] += known.log_predictive[:, 0]
    share = known.weight @ np.exp(known.log_predictive)
    left = total = 0.0
    design = np.concatenate([source, np.ones((256, 1))], 1) * np.sqrt(known.weight)[:, None]
    centred = known.log_predictive - (known.log_predictive @ share)[:, None]
    for token in range(10):
        goal = centred[:, token] * np.sqrt(known.weight)
        fitted = design @ np.linalg.lstsq(design, goal, rcond=None)[0]
        mean = known.weight @ centred[:, token]
        left += share[token] * ((goal - fitted) ** 2).sum()
        total += share[token] * (known.weight @ (centred[:, token] - mean) ** 2)
    found = logit_r2(source, known.log_predictive, known.weight, 0)
    assert found.population == pytest.approx(1 - left / total, abs=1e-9)
    assert found.held_out < found.population


def test_small_directions_count_when_whitened_and_hardly_by_their_weight():
    known = exact()[1]
    changed = scrambled(known.log_predictive, known.weight, 4, 0)
    whitened = agreement(
        identified(known.log_predictive), identified(changed), known.weight, 0
    ).population
    weighed = logit_agreement(known.log_predictive, changed, known.weight, 0).population
    assert whitened < 0.62 < 0.95 < weighed


def test_r2_by_direction_is_one_regression_a_direction():
    known = exact()[1]
    other = noisy(known.log_predictive, 0.2, 1)
    rows, seen = identified(known.log_predictive).astype(float), identified(other).astype(float)
    centred = rows - known.weight @ rows
    basis = np.linalg.eigh(centred.T @ (known.weight[:, None] * centred))[1][:, ::-1]
    folds = es.context_folds(None, 256, known.weight, random_state=0)
    root = np.sqrt(known.weight)[:, None]

    def regressed(source, target):
        design = np.concatenate([source, np.ones((256, 1))], 1)
        goal = target @ basis
        left = np.zeros(9)
        for train, test in folds.splits():
            found = np.linalg.lstsq((root * design)[train], (root * goal)[train], rcond=None)[0]
            left += known.weight[test] @ (goal[test] - design[test] @ found) ** 2
        return 1 - left / (known.weight @ (goal - known.weight @ goal) ** 2)

    expected = np.minimum(regressed(rows, seen), regressed(seen, rows))
    found = direction_agreement(known.log_predictive, other, known.log_predictive, known.weight, 0)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_scrambled_directions_are_the_ones_that_are_missing():
    known = exact()[1]
    changed = scrambled(known.log_predictive, known.weight, 4, 0)
    found = direction_agreement(
        known.log_predictive, changed, known.log_predictive, known.weight, 0
    )
    assert found[:5].min() > 0.99
    assert found[5:].max() < 0.5


def test_bounds_of_distances_are_kept_and_that_of_kl_is_the_weakest():
    known = exact(0, 4)[1]
    for deviation in (0.003, 0.03, 0.3, 1.0):
        other = noisy(known.log_predictive, deviation, 1)
        found = pair_metrics("a", "b", known.log_predictive, other, known.weight, 0)
        by_logit, by_kl = (found[f"r2_bound_{d}.a.population.b"] for d in ("logit", "kl"))
        assert by_kl <= by_logit <= found["r2.a.population.b"] + 1e-9
        assert found["svd.a.population.b"] <= found["svd_bound.a.population.b"] + 1e-9
        assert by_kl > 0.9 if deviation == 0.003 else True
    assert bound_of_kl(known.log_predictive, other, known.weight) == 0
    near = noisy(known.log_predictive, 0.01, 1)
    floor = np.exp(min(known.log_predictive.min(), near.min()))
    ways = ((known.log_predictive, near), (near, known.log_predictive))
    divergence = min(known.weight @ (np.exp(p) * (p - q)).sum(1) for p, q in ways)
    smallest = []
    for rows in (known.log_predictive, near):
        logits = rows - rows.mean(1, keepdims=True)
        centred = np.sqrt(known.weight)[:, None] * (logits - known.weight @ logits)
        smallest.append(np.linalg.svd(centred, compute_uv=False)[2] ** 2)  # the fourth is 0
    expected = 1 - es.logit_distance_of_kl(divergence, floor) ** 2 / (3 * max(smallest))
    assert 0.5 < expected < 0.999
    assert bound_of_kl(*ways[0], known.weight) == pytest.approx(expected, abs=1e-4)


def test_scrambling_leaves_the_large_directions_and_the_number_alone():
    known = exact()[1]
    rows = identified(known.log_predictive).astype(float)
    centred = rows - known.weight @ rows
    basis = np.linalg.eigh(centred.T @ (known.weight[:, None] * centred))[1][:, ::-1]
    excess = []
    for number in range(1, 10):
        changed = scrambled(known.log_predictive, known.weight, number, 0)
        np.testing.assert_allclose(np.exp(changed).sum(1), 1, atol=1e-9)
        gap = (identified(changed) - rows) @ basis
        assert np.abs(gap[:, : 9 - number]).max(initial=0) < 1e-4
        assert np.abs(gap[:, 9 - number]).max() > 1e-3
        excess.append(es.excess_loss(known.log_predictive, changed, known.weight))
    assert excess[0] < 0.05 * excess[-1]


def test_noise_is_alike_in_every_direction_and_drawn_anew():
    known = exact()[1]
    first, second = (noisy(known.log_predictive, 0.3, state) for state in (1, 2))
    gap = identified(first).astype(float) - identified(second)
    covariance = gap.T @ gap / len(gap)
    np.testing.assert_allclose(covariance, 2 * 0.09 * np.eye(9), atol=0.06)
    np.testing.assert_allclose(np.exp(first).sum(1), 1, atol=1e-9)


def test_a_course_keeps_the_first_checkpoint_of_every_stage_and_the_last(monkeypatch):
    known = exact()[1]
    constant = np.log(known.weight @ np.exp(known.log_predictive))
    mixed = [1.0, 0.4, 0.05, 0.5, 0.0]  # how much of the constant each checkpoint predicts

    def read(predictor, params, context):
        rows = params * np.exp(constant) + (1 - params) * np.exp(known.log_predictive)
        return None, np.log(rows)

    monkeypatch.setattr(training, "read", read)
    trajectory = SimpleNamespace(params=np.array(mixed), step=np.arange(5))
    network = SimpleNamespace(predictor=None, trajectory=trajectory, diverged=False)
    found = course(network, known)
    assert found.share[START] == pytest.approx(1)
    for stage, part in {"300": 0.4, "100": 0.05, "30": 0.05, "10": 0.05, "3": 0.0}.items():
        np.testing.assert_allclose(found.log_predicted[stage], read(None, part, None)[1])
        assert found.share[stage] <= STAGES[stage]
    assert found.share["1"] == found.share[END] == pytest.approx(0, abs=1e-12)
    broken = course(SimpleNamespace(**{**vars(network), "diverged": True}), known)
    assert END not in broken.share


def test_an_unknown_architecture_and_a_network_without_course_are_refused():
    with pytest.raises(ValueError, match="an architecture is one of"):
        predictor("cnn", Training(), 8, 4)
    with pytest.raises(ValueError, match="no trajectory was kept"):
        course(SimpleNamespace(trajectory=None), exact()[1])


@pytest.fixture(scope="module")
def tiny():
    return compute(TINY).metrics


def test_a_seed_means_the_same_in_any_block_and_its_two_networks_differ(tiny):
    alone = compute(replace(TINY, seeds=(1,))).metrics
    for name, row in alone.items():
        np.testing.assert_array_equal(row[0], tiny[name][1])
    for name in FITTING:
        assert max(tiny[f"r2.{name}.held_out.{START}"]) < 0.999
        assert tiny[f"r2.{name}.held_out.{START}"][0] != tiny[f"r2.{name}.held_out.{START}"][1]


def test_the_ceiling_is_one_and_the_permuted_rows_are_none(tiny):
    assert tiny["r2.oracle.held_out"] == pytest.approx([1, 1], abs=1e-6)
    for name in FITTING:
        assert max(tiny[f"r2.{name}.permuted"]) < 0.1
    assert tiny["num_contexts.exact"] == [256, 256]
    assert np.all(np.array(tiny["counted.mlp"]) == 0)  # twelve steps train nobody


def test_the_rank_correlation_is_spearmans():
    first, second = np.random.default_rng(0).integers(0, 9, (2, 30)).astype(float)
    found = rank_correlation(first.tolist(), second.tolist())
    assert found == pytest.approx(spearmanr(first, second).statistic)
    assert np.isnan(rank_correlation([1.0, 2.0], [1.0, 2.0]))
    assert np.isnan(rank_correlation([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]))


def test_profiles_train_ten_seeds_or_more_but_for_smoke():
    for name, config in EXPERIMENT.profiles.items():
        found = cells(config)
        assert {seed for c in found for seed in c.seeds} == set(range(config.num_worlds))
        assert name == "smoke" or config.num_worlds >= 10
    assert {s for c in cells(PAPER.with_seeds(3)) for s in c.seeds} == {0, 1, 2}
