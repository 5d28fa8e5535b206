"""Does the experiment on scale measure what it says, and do its words follow the numbers?"""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

import estimators as es
import latentgen as lg
from experiments.scale.beliefs import (
    every_belief,
    likeliest,
    log_likelihood_ratios,
    pattern,
    predictive,
)
from experiments.scale.cell import ScaleCell, Training, compute, first_step
from experiments.scale.measures import argmax_score, look, whole_metrics
from experiments.scale.settings import PROFILES, cells
from experiments.scale.worlds import CONTEXTS, FIXED, GROWING, contexts, world

PAPER, SMOKE = PROFILES["paper"], PROFILES["smoke"]
TINY = Training(30, 32, 1e-2, (8, 8))
ENDS = {"held_out": 0.5, "population": 0.6}
USUAL_CELL = ScaleCell(FIXED, 3, 5, 4, 2.0, 0.01, 80, 200, TINY, (0, 1))


def small(family=FIXED, seed=0, num_concepts=3):
    return world(seed, family, num_concepts, num_tokens=5, strength=2.0, rate=0.01)


@pytest.mark.parametrize("family", [FIXED, GROWING])
def test_the_split_sum_is_the_exact_predictive_and_the_argmax_that_of_the_posterior(family):
    model = small(family)
    context = contexts(model, 0, 50)
    exact = lg.log_predictive(model, context)
    np.testing.assert_allclose(np.log(predictive(model, context)), exact, atol=1e-10)
    posterior = lg.log_posterior(model, context)
    np.testing.assert_array_equal(likeliest(model, context), posterior.argmax(1))


def test_the_log_ratios_of_the_posterior_are_the_evidence_and_the_prior():
    model = small()
    context = contexts(model, 0, 20)
    posterior, told = lg.log_posterior(model, context), log_likelihood_ratios(model, context)
    for index, values in enumerate(product((0, 1), repeat=3)):
        change = posterior[:, index] - posterior[:, 0]
        prior = lg.log_prior(model)[index] - lg.log_prior(model)[0]
        np.testing.assert_allclose(change, told @ np.array(values) + prior, atol=1e-10)


def test_a_pair_of_words_tells_its_concept_and_a_word_alone_tells_nothing():
    model = small()
    context, log_weight = lg.enumerate_contexts(model)
    weight = np.exp(log_weight)
    posterior = np.exp(lg.log_posterior(model, context))
    prior = np.exp(lg.log_prior(model))
    for position in range(12):
        ones = context[:, position] == 1
        np.testing.assert_allclose((weight * ones) @ posterior, prior / 2, atol=1e-10)
    for concept in range(3):
        told = lg.log_concept_posterior(model, context, concept)
        assert es.mutual_information(told, weight) > 0.1


def test_contexts_have_one_pattern_exactly_when_they_have_one_belief():
    model = small()
    context, _ = lg.enumerate_contexts(model)
    rounded = np.round(lg.log_posterior(model, context), 9)
    beliefs = np.unique(rounded, axis=0, return_inverse=True)[1].reshape(-1)
    assert len({*zip(pattern(context), beliefs, strict=True)}) == 64
    assert len(np.unique(beliefs)) == len(np.unique(pattern(context))) == 64


def test_enumerated_beliefs_have_the_probabilities_of_all_contexts():
    model = small()
    context, log_weight = lg.enumerate_contexts(model)
    found, weight = every_belief(model)
    assert len(found) == len(np.unique(pattern(found))) == 64
    summed = np.bincount(pattern(context), np.exp(log_weight), minlength=64)
    np.testing.assert_allclose(summed[pattern(found)], weight, atol=1e-12)


def test_the_score_under_all_of_p_x_is_that_of_all_contexts_and_a_bracket_for_many_beliefs():
    model = small()
    context, log_weight = lg.enumerate_contexts(model)
    seen = look(model, contexts(model, 0, 80), 0)
    found = whole_metrics(model, seen, {})
    exact = lg.log_predictive(model, context)
    laws = {
        "log_posterior": log_likelihood_ratios(model, context),
        "marginals": np.exp(lg.log_posterior(model, context)) @ lg.binary_digits(np.arange(8), 3),
    }
    for law, features in laws.items():
        slow = es.law_score(features, exact, np.exp(log_weight), num_folds=2).population
        assert found[f"score_{law}.whole.lower"] == pytest.approx(slow, abs=1e-6)
        assert found[f"score_{law}.whole.upper"] == found[f"score_{law}.whole.lower"]
    drawn = {f"score_{law}.oracle.{e}": v for law in laws for e, v in ENDS.items()}
    many = small(num_concepts=7)
    bracket = whole_metrics(many, look(many, contexts(many, 0, 20), 0), drawn)
    assert [bracket[f"score_marginals.whole.{end}"] for end in ("lower", "upper")] == [0.5, 0.6]


def test_every_token_of_the_first_family_leans_on_every_concept_and_of_the_second_names_c():
    table = np.exp(lg.log_token_given(small()))
    for concept in range(3):
        swapped = np.flip(table.reshape(2, 2, 2, 5), concept).reshape(8, 5)
        assert np.abs(swapped - table).max(0).min() > 1e-3
    named = np.exp(lg.log_token_given(small(GROWING)))
    np.testing.assert_allclose(named, 0.99 * np.eye(8) + 0.01 / 8, atol=1e-12)
    with pytest.raises(ValueError, match=r"must be 'fixed' or 'growing'; got 'loud'"):
        small("loud")


def test_a_world_shares_no_key_with_its_contexts():
    assert CONTEXTS == 4
    first, other = contexts(small(), 0, 30), contexts(small(seed=1), 1, 30)
    assert not np.array_equal(first, other)


def test_the_argmax_explains_a_world_whose_beliefs_are_certain():
    model = small(GROWING)
    drawn = contexts(model, 0, 4000)
    seen = look(model, drawn[:500], 0)
    found = argmax_score(model, seen, drawn[500:])
    named = likeliest(model, drawn)
    exact = np.exp(lg.log_predictive(model, drawn))
    rows = np.stack([exact[500:][named[500:] == c].mean(0) for c in range(8)])
    divergence = (exact[:500] * np.log(exact[:500] / rows[named[:500]])).sum(1).mean()
    information = es.mutual_information(np.log(exact[:500]))
    assert found == pytest.approx(1 - divergence / information, abs=1e-9)


def test_a_cell_has_every_kind_of_number_and_a_seed_means_the_same_in_any_block():
    found = compute(USUAL_CELL).metrics
    alone = compute(replace(USUAL_CELL, seeds=(1,))).metrics
    for name, row in alone.items():
        if not name.startswith("seconds."):
            assert row[0] == pytest.approx(found[name][1], nan_ok=True, abs=0), name
    assert found["explained.oracle"] == [1.0, 1.0]
    assert found["num_steps.trained"] == [30.0, 30.0]
    missed = [
        1 - np.array(found[f"score_log_posterior.{source}.population"])
        for source in ("trained", "oracle")
    ]
    np.testing.assert_allclose(found["missed_ratio.trained.population"], missed[0] / missed[1])
    assert {"score_belief.trained.held_out", "score_permuted.trained.held_out"} <= found.keys()
    assert set(found["converged_log_posterior.trained"]) == {1.0}
    assert np.isfinite(found["score_log_posterior.whole.lower"]).all()
    without = compute(replace(USUAL_CELL, training=None, seeds=(1,))).metrics
    assert "counted.trained" not in without
    assert without["score_log_posterior.oracle.population"] == [
        found["score_log_posterior.oracle.population"][1]
    ]


def test_too_few_dimensions_explain_less():
    found = compute(replace(USUAL_CELL, dim=1, training=None)).metrics
    assert max(found["explained.oracle"]) < 1 - 1e-4


def test_the_first_step_is_interpolated_and_missing_where_the_curve_stays_above():
    steps, share = np.array([0, 10, 20]), np.array([1.0, 0.1, 0.001])
    assert first_step(steps, share, 0.1) == 10
    assert first_step(steps, share, 0.01) == pytest.approx(15)
    assert np.isnan(first_step(steps, share, 1e-4))
    assert first_step(steps, share, 2.0) == 0


def test_every_profile_measures_each_seed_of_a_setting_once():
    for config in PROFILES.values():
        seeds = {}
        for cell in cells(config):
            key = cell.family, cell.num_concepts, cell.dim
            seeds.setdefault(key, []).extend(cell.seeds)
        for found in seeds.values():
            assert len(found) == len(set(found)) >= config.num_trained
    assert max(s for c in cells(PAPER.with_seeds(12)) if c.training for s in c.seeds) == 11


@pytest.mark.parametrize("panels", [{"num_tokens": 5}, {"narrow_dim": 15}, {"narrow_dim": 32}])
def test_panels_that_share_a_dimension_keep_all_their_concepts(panels):
    config = replace(PAPER, **panels, narrow_concepts=(3, 7))
    measured = [
        (cell.dim, cell.num_concepts, seed)
        for cell in cells(config)
        if cell.family == FIXED
        for seed in cell.seeds
    ]
    assert len(measured) == len(set(measured))
    places = {place[:2] for place in measured}
    assert {m for dim, m in places if dim == config.num_tokens - 1} >= set(config.fixed_concepts)
    assert {m for dim, m in places if dim == config.narrow_dim} >= {3, 7}
    assert {m for dim, m in places if dim == 2 * config.num_tokens} >= set(config.wide_concepts)
