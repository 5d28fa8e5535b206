"""Is each law scored as the algebra says, and do the words follow the numbers?"""

import numpy as np
import pytest

import estimators as es
import latentgen as lg
from experiments.experiment import CellRecord
from experiments.log_or_belief import EXPERIMENT, PAPER, cells
from experiments.log_or_belief.cell import (
    LogOrBeliefCell,
    compute,
    contrasts,
    fitted_rho,
    paper_logits,
)
from experiments.log_or_belief.claims import CLAIMS
from experiments.log_or_belief.finding import finding
from experiments.log_or_belief.tables import collapse
from experiments.log_or_belief.worlds import CHANNEL, RANDOM, channel_rho, world
from experiments.results import Results
from experiments.store import canonical
from experiments.unfitted import argmax_score, explained
from latentgen.theorems.instance import instance


def cell(family=CHANNEL, sharpness=0.1, length=4, seeds=(0, 1)):
    return LogOrBeliefCell(family, sharpness, length, 4, 6, 0.01, seeds)


def seen(family=CHANNEL, sharpness=0.1, length=4, seed=0):
    model = world(seed, family, sharpness, num_words=4, num_tokens=6, floor=0.01)
    return instance(model, *lg.enumerate_bags(model, length))


@pytest.mark.parametrize("rate", [0.001, 0.1, 0.9])
def test_the_channels_offset_law_is_exact_and_its_rho_is_found(rate):
    inside = seen(sharpness=rate)
    rho = channel_rho(rate, 4)
    assert explained(np.log(np.exp(inside.log_belief) + rho), inside) == pytest.approx(1, abs=1e-10)
    assert np.log10(fitted_rho(inside)) == pytest.approx(np.log10(rho), abs=1e-4)


def test_the_papers_own_logits_are_a_mean_of_log_p_c_and_y_over_c_given_y():
    inside = seen(RANDOM, 1.0)
    joint = np.exp(inside.log_prior)[:, None] * np.exp(inside.log_given[0])
    expected = np.zeros(inside.log_predictive.shape)
    for row, log_belief in enumerate(inside.log_belief):
        for token in range(joint.shape[1]):
            share = joint[:, token] / joint[:, token].sum()
            expected[row, token] = share @ (log_belief + inside.log_given[0][:, token])
    found = paper_logits(inside)
    np.testing.assert_allclose(found - found[:, :1], expected - expected[:, :1], atol=1e-10)


def test_the_argmax_score_is_that_of_a_convex_fit_to_its_one_hot():
    inside = seen(RANDOM, 1.0, length=6)
    one_hot = np.eye(4)[inside.log_belief.argmax(1)]
    fitted = es.law_score(one_hot, inside.log_predictive, inside.weight).population
    assert argmax_score(inside) == pytest.approx(fitted, abs=1e-6)


def test_a_constant_explains_nothing_and_a_perfect_prediction_all():
    inside = seen()
    mean = np.log(inside.weight @ np.exp(inside.log_predictive))
    constant = np.broadcast_to(mean, inside.log_predictive.shape)
    assert explained(constant, inside) == pytest.approx(0, abs=1e-12)
    assert explained(inside.log_predictive + 3, inside) == pytest.approx(1, abs=1e-12)


def test_word_counts_span_the_log_ratios_where_positions_are_alike():
    model = world(3, RANDOM, 1.0, num_words=4, num_tokens=6, floor=0.01)
    bags = lg.enumerate_bags(model, 5)
    counts = (bags.context[:, :, None] == np.arange(4)).sum(1)
    ratios = contrasts(lg.log_posterior(model, bags.context))
    design = np.concatenate([counts, np.ones((len(counts), 1))], 1)
    left = ratios - design @ np.linalg.lstsq(design, ratios, rcond=None)[0]
    assert np.abs(left).max() < 1e-9


def test_a_seed_means_the_same_in_any_block_and_keeps_its_words_at_any_sharpness():
    together, alone = compute(cell()).metrics, compute(cell(seeds=(1,))).metrics
    for name, row in alone.items():
        assert row[0] == pytest.approx(together[name][1], nan_ok=True, abs=0)
    sharp, weak = (seen(family, 0.5).log_belief for family in (CHANNEL, RANDOM))
    np.testing.assert_array_equal(sharp, weak)


@pytest.mark.parametrize(("family", "sharpness"), [(CHANNEL, 0.3), (RANDOM, 3.0)])
def test_what_a_law_misses_is_near_its_closed_form(family, sharpness):
    found = compute(cell(family, sharpness, 8, (0, 1, 2))).metrics
    for law in ("log_posterior", "belief"):
        assert np.abs(found[f"decades_{law}.oracle.population"]).max() < 0.1


def test_a_sharp_channel_holds_log_p_and_a_weak_one_p():
    sharp, weak = (compute(cell(sharpness=rate)).metrics for rate in (1e-3, 0.9))
    assert min(sharp["score_difference.oracle.held_out"]) > 0.01
    assert max(weak["score_difference.oracle.held_out"]) < -0.01
    assert min(sharp["score_paper.oracle.no_fit"]) > 0.99
    assert max(weak["score_paper.oracle.no_fit"]) < 0


def test_an_unknown_family_is_refused():
    with pytest.raises(ValueError, match=r"must be 'channel' or 'random'; got 'loud'"):
        world(0, "loud", 0.1, num_words=4, num_tokens=6, floor=0.01)


def test_every_profile_covers_both_families_and_all_its_worlds():
    for config in EXPERIMENT.profiles.values():
        found = cells(config)
        assert {c.family for c in found} == {CHANNEL, RANDOM}
        assert {seed for c in found for seed in c.seeds} == set(range(config.num_worlds))
    assert {s for c in cells(PAPER.with_seeds(7)) for s in c.seeds} == set(range(7))


NAMES = [
    f"score_{law}.oracle.{estimate}"
    for law in ("log_posterior", "belief", "rho")
    for estimate in ("held_out", "population", "predicted", "no_fit")
]
NAMES += [
    f"decades_{law}.oracle.{e}"
    for law in ("log_posterior", "belief", "rho")
    for e in ("held_out", "population")
]
NAMES += [
    f"score_{n}.oracle.{e}" for n in ("raw_input", "permuted") for e in ("held_out", "population")
]
NAMES += ["score_argmax.oracle.population", "score_paper.oracle.no_fit", "epsilon.exact"]
NAMES += ["concept_information.exact", "log10_rho.oracle", "log10_rho.exact", "rho_error.oracle"]
NAMES += ["blurred.oracle", "log10_anchor.exact", "score_difference.oracle.held_out"]
USUAL = {
    "score_argmax.oracle.population": 0.8,
    "score_raw_input.oracle.held_out": 0.7,
    "score_permuted.oracle.held_out": -0.2,
    "score_difference.oracle.held_out": 0.05,
    "decades_log_posterior.oracle.population": 0.1,
}


def records(config=PAPER, override=lambda cell, name: None):
    spread, found = np.random.default_rng(0), []
    for chosen in cells(config):
        metrics = {}
        for name in NAMES:
            given = override(chosen, name)
            value = USUAL.get(name, 0.5) if given is None else given
            drawn = value + 1e-4 * spread.normal(size=len(chosen.seeds))
            metrics[name] = [None if np.isnan(v) else float(v) for v in drawn]
        found.append(CellRecord(canonical(chosen), metrics))
    return found


def judged(name, made):
    return next(claim for claim in CLAIMS if claim.name == name).judge(made)


@pytest.mark.parametrize(
    ("score", "verdict"), [(0.999, "holds"), (0.97, "approximate"), (0.5, "fails")]
)
def test_a_claim_gets_the_verdict_of_its_numbers(score, verdict):
    def override(chosen, name):
        return score if name == "score_log_posterior.oracle.held_out" else None

    assert judged("log-or-belief-log-channel", records(override=override)).verdict == verdict


@pytest.mark.parametrize(("raw_input", "verdict"), [(0.7, "holds"), (0.98, "not evidence")])
def test_a_prediction_with_nothing_fitted_has_to_explain_more_than_the_raw_input(
    raw_input, verdict
):
    def override(chosen, name):
        given = {"score_paper.oracle.no_fit": 0.999, "score_raw_input.oracle.population": raw_input}
        return given.get(name)

    assert judged("log-or-belief-own-matrix", records(override=override)).verdict == verdict


@pytest.mark.parametrize(
    ("score", "raw_input", "verdict"),
    [
        (0.999, 0.98, "holds"),
        (0.6, 0.98, "fails"),  # where the raw input would explain nearly all
        (0.6, 0.3, "fails"),
        (0.97, 0.98, "approximate"),
    ],
)
def test_our_own_law_fails_where_it_fails_whatever_the_raw_input_explains(
    score, raw_input, verdict
):
    def override(chosen, name):
        room = chosen.sharpness == 0.9
        if name == "score_rho.oracle.no_fit":
            return 0.999 if room else score
        if name == "score_raw_input.oracle.population":
            return 0.7 if room else raw_input
        return None

    found = judged("log-or-belief-offset", records(override=override))
    assert found.verdict == verdict
    assert "the lowest of 21 settings" in found.figures
    assert ("in the 3 where it leaves room" in found.figures) == (raw_input == 0.98)


def test_our_own_law_is_evidence_only_where_something_is_left_to_explain():
    spared = records(override=lambda c, n: 0.999 if "raw_input" in n or "no_fit" in n else None)
    found = judged("log-or-belief-offset", spared)
    assert found.verdict == "not evidence"
    assert "leaves room for evidence in none of them" in found.figures
    corner = records(override=lambda c, n: 0.995 if n.startswith("score_argmax") else None)
    found = judged("log-or-belief-offset", corner)
    assert (found.verdict, found.figures) == (
        "undecided",
        "every setting is saturated or a trivial corner",
    )


@pytest.mark.parametrize("raw_input", [0.7, 0.96, 0.999])
@pytest.mark.parametrize("score", [0.6, 0.97, 0.999])
def test_the_page_gives_laws_the_verdicts_of_the_ledger(score, raw_input):
    def override(chosen, name):
        laws = ("score_log_posterior.oracle.held_out", "score_belief.oracle.held_out")
        return score if name in laws else {"score_raw_input.oracle.held_out": raw_input}.get(name)

    made_up = records(override=override)
    verdict = judged("log-or-belief-log-channel", made_up).verdict
    assert judged("log-or-belief-belief-channel", made_up).verdict == verdict
    headline = finding(made_up, True).headline
    assert headline.count(f"({verdict})") == 6  # two laws at three corners


def test_a_trivial_corner_a_saturated_cell_and_few_worlds_get_no_verdict():
    claim = "log-or-belief-log-random"
    argmax = records(override=lambda c, n: 0.995 if n.startswith("score_argmax") else None)
    assert judged(claim, argmax).verdict == "trivial corner"
    held = records(
        override=lambda c, n: np.nan if n == "score_log_posterior.oracle.held_out" else None
    )
    assert judged(claim, held).verdict == "saturated"
    assert judged(claim, records(PAPER.with_seeds(10))).verdict == "not evidence"


def test_the_winner_is_named_only_beyond_the_margin_and_only_with_evidence():
    def override(chosen, name):
        if name != "score_difference.oracle.held_out":
            return None
        return 0.05 if chosen.sharpness <= 0.01 else -0.05 if chosen.sharpness >= 0.1 else 0.0

    text = " ".join(finding(records(override=override), True).paragraphs)
    assert "log p: 9 (η = 0.001, 4 words" in text
    assert "undecided: 3 (η = 0.03, 4 words" in text
    silent = finding(records(override=override), False)
    assert "log p: " not in " ".join(silent.paragraphs)
    assert "(fails)" not in silent.headline


def test_points_on_one_curve_collapse_and_points_off_it_do_not():
    def curve(shift):
        def override(chosen, name):
            place = np.log10(chosen.sharpness)
            if name == "blurred.oracle":
                return place
            if name == "score_belief.oracle.held_out":
                return 1 - 10 ** (-2 + place / 4 + shift * (chosen.family == RANDOM))
            return None

        return collapse(Results(records(override=override)), "belief", "blurred.oracle")

    assert max(curve(0.0)) < 0.02
    same, other = curve(0.5)
    assert same < 0.02 < 0.3 < other
