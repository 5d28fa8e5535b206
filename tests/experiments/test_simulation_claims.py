"""Do the simulation's verdicts follow its numbers, whatever the numbers are?

The records are the made-up ones of the tests of its words.
"""

from dataclasses import replace

import numpy as np
import pytest

import estimators as es
from experiments import verdicts
from experiments.simulation import EXPERIMENT, PAPER
from tests.experiments.test_simulation_finding import RISING, by_noise, noise_world, records


def judged(name, override=lambda cell, name: None, config=PAPER):
    """The judgement on one claim of the simulation."""
    claim = next(claim for claim in EXPERIMENT.claims if claim.name == f"simulation-{name}")
    return claim.judge(records(override, config))


def only(value, *starts, panel=None):
    """An override that gives some metrics a value, in one panel or in all."""

    def override(cell, name):
        return value if name.startswith(starts) and panel in (None, cell.panel) else None

    return override


def rising(names):
    def override(cell, name):
        if cell.panel == "size" and name in names:
            return 0.6 + 0.02 * cell.num_context_bits
        return None

    return override


LAW = "score_log_posterior.oracle"


@pytest.mark.parametrize("claim", ["law-anchored", "law-coarse"])
@pytest.mark.parametrize(
    ("override", "verdict"),
    [
        (only(0.998, LAW), "holds"),
        (only(0.97, LAW), "approximate"),
        (only(0.6, LAW), "fails"),
        (only(0.995, "score_argmax"), "trivial corner"),
        (only(0.01, "concept_information"), "trivial corner"),
        (only(np.nan, f"{LAW}.held_out"), "saturated"),
    ],
)
def test_a_law_is_judged_by_its_score_unless_nothing_can_be_told(claim, override, verdict):
    found = judged(claim, override)
    assert found.verdict == verdict
    assert "raw input" in found.figures


def test_the_belief_law_is_judged_by_its_own_score():
    assert judged("belief-coarse", only(0.998, "score_belief.oracle")).verdict == "holds"
    assert judged("belief-coarse", only(0.998, LAW)).verdict == "fails"


def test_the_exact_law_is_judged_where_it_does_worst():
    exact = only(0.9999, "score_rho.oracle")
    assert judged("offset-anchored", exact).verdict == "holds"

    def once_worse(cell, name):
        worse = cell.panel == "noise" and cell.replace_rate == 0.3
        return 0.97 if worse and name.startswith("score_rho") else exact(cell, name)

    found = judged("offset-anchored", once_worse)
    assert found.verdict == "approximate"
    assert "η = 0.3" in found.figures


def test_the_exact_law_without_a_setting_that_can_tell_stays_undecided():
    found = judged("offset-anchored", only(0.995, "score_argmax"))
    assert found.verdict == "undecided"


def by_room(score, null, told=0.999):
    """log(p + ρ) and the raw input: told and .48 at η = .3, a score and a null elsewhere."""

    def override(cell, name):
        room = cell.panel == "noise" and cell.replace_rate == 0.3
        if name.startswith("score_rho.oracle"):
            return told if room else score
        if name.startswith("score_raw_input.oracle"):
            return 0.48 if room else null
        return None

    return override


@pytest.mark.parametrize(
    ("override", "verdict"),
    [
        (by_room(0.999, 0.98), "holds"),
        (by_room(0.5, 0.98), "fails"),  # where the raw input would explain nearly all
        (by_room(0.5, 0.45), "fails"),
        (by_room(0.999, 0.98, told=0.5), "fails"),
        (by_room(0.97, 0.98), "approximate"),
    ],
)
def test_the_exact_law_fails_where_it_fails_whatever_the_raw_input_explains(override, verdict):
    found = judged("offset-anchored", override)
    assert found.verdict == verdict
    assert "to the raw input" in found.figures


def test_the_exact_law_is_evidence_only_where_the_raw_input_leaves_room():
    one = judged("offset-anchored", by_room(0.999, 0.98))
    assert "in the 1 where it leaves room" in one.figures
    none = judged("offset-anchored", only(0.999, "score_rho.oracle", "score_raw_input"))
    assert none.verdict == "not evidence"
    assert "leaves room for evidence in none of them" in none.figures


@pytest.mark.parametrize("claim", ["accuracy-anchored", "accuracy-coarse"])
def test_a_rise_must_be_seen_by_all_measures_by_trained_predictors_and_above_the_nulls(claim):
    assert judged(claim, rising(RISING)).verdict == "holds"
    assert judged(claim, rising(RISING[:2])).verdict in ("undecided", "fails")
    settled = only(0.83, "accuracy.raw_input.held_out")

    def near_the_null(cell, name):
        return settled(cell, name) or rising(RISING)(cell, name)

    def untrained(cell, name):
        return 0.0 if name == "counted.trained" else rising(RISING)(cell, name)

    assert judged(claim, near_the_null).verdict == "not evidence"
    assert judged(claim, untrained).verdict == "not evidence"


@pytest.mark.parametrize(
    ("score", "best", "verdict"),
    [
        (by_noise(0.995, 0.7), by_noise(0.8, 0.94), "fails"),
        (by_noise(0.995, 0.7), by_noise(0.94, 0.8), "holds"),
        (by_noise(0.995, 0.7), by_noise(0.9, 0.9), "undecided"),
    ],
)
def test_readability_tells_of_the_law_only_when_both_move_together(score, best, verdict):
    assert judged("readable", noise_world(score, best)).verdict == verdict


def by_concepts(small, large, null=0.6):
    """The trained probe's accuracy in the graph panel, by number of concepts."""

    def override(cell, name):
        if cell.panel != "graph":
            return None
        if name == "accuracy.trained.held_out":
            return small if cell.num_concepts < 8 else large
        return null if name == "accuracy.raw_input.held_out" else None

    return override


@pytest.mark.parametrize(
    ("override", "verdict"),
    [
        (by_concepts(0.85, 0.84), "holds"),
        (by_concepts(0.85, 0.75), "fails"),
        (by_concepts(0.85, 0.84, null=0.83), "not evidence"),
        (by_concepts(0.85, 0.75, null=0.74), "not evidence"),  # nor does a change count then
        (only(0.0, "counted.trained"), "not evidence"),
        (only(np.nan, "accuracy.trained.held_out", panel="graph"), "not evidence"),
    ],
)
def test_stability_is_told_only_by_probes_above_their_nulls(override, verdict):
    assert judged("accuracy-graphs", override).verdict == verdict


def test_distances_to_the_bayes_accuracy_are_paired_by_seed_and_not_by_place():
    made_up = records(config=replace(PAPER, num_trained=20))
    accuracy = {"accuracy.bayes.population": 0.8, "accuracy.trained.held_out": 0.75}
    kept = []
    for record in made_up:
        config = record.config
        late = config["panel"] == "graph" and config["num_concepts"] == 6
        if late and config["training"] and config["seeds"][0] == 0:
            continue  # there the first trained seed is the fifth world
        for name in accuracy.keys() & record.metrics.keys():
            record.metrics[name] = [accuracy[name] + 0.005 * seed for seed in config["seeds"]]
        kept.append(record)
    claim = next(claim for claim in EXPERIMENT.claims if "accuracy-graphs" in claim.name)
    found = claim.judge(kept)
    assert found.verdict == "holds"
    assert "Bayes accuracy changes by +0.000 [+0.000, +0.000] at most" in found.figures


@pytest.mark.parametrize("config", [replace(PAPER, num_trained=5), replace(PAPER, num_worlds=10)])
def test_on_too_few_seeds_no_claim_is_decided(config):
    for claim in EXPERIMENT.claims:
        found = claim.judge(records(only(0.998, LAW, "score_rho"), config))
        assert found.verdict in ("not evidence", "undecided")


def test_diverged_seeds_leave_claims_undecided_and_no_crash():
    def override(cell, name):
        if cell.training is None:
            return None
        return 0.0 if name == "counted.trained" else np.nan

    for claim in EXPERIMENT.claims:
        assert "accuracy" not in claim.name or claim.judge(records(override)).verdict in (
            "not evidence",
            "undecided",
        )


def limits(low, high):
    return es.Interval((low + high) / 2, low, high, np.nan, np.nan, np.nan, 20)


NONE = es.interval([])


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ([limits(0.01, 0.02), limits(0.1, 0.2)], "holds"),
        ([limits(0.01, 0.02), limits(-0.1, 0.2)], "undecided"),
        ([limits(0.01, 0.02), limits(-0.2, 0.0)], "fails"),
        ([limits(0.01, 0.02), NONE], "undecided"),
        ([], "undecided"),
    ],
)
def test_a_rise_needs_every_lower_limit_above_zero(changes, verdict):
    assert verdicts.rise_verdict(changes) == verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ([limits(-0.05, 0.05)], "holds"),
        ([limits(-0.05, 0.05), limits(0.04, 0.06)], "undecided"),
        ([limits(-0.05, 0.05), limits(0.051, 0.06)], "fails"),
        ([limits(-0.2, -0.06)], "fails"),
        ([NONE], "undecided"),
        ([], "undecided"),
    ],
)
def test_stability_is_within_a_twentieth(changes, verdict):
    assert verdicts.stability_verdict(changes) == verdict


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        (limits(0.1, 0.2), limits(0.1, 0.2), "holds"),
        (limits(-0.2, -0.1), limits(-0.2, -0.1), "holds"),
        (limits(0.1, 0.2), limits(-0.2, -0.1), "fails"),
        (limits(0.1, 0.2), limits(-0.1, 0.1), "undecided"),
        (limits(0.1, 0.2), NONE, "undecided"),
    ],
)
def test_two_quantities_move_together_when_both_intervals_are_on_one_side(first, second, verdict):
    assert verdicts.sign_verdict(first, second) == verdict
    assert verdicts.sign_verdict(second, first) == verdict


@pytest.mark.parametrize(
    ("verdict", "gaps", "shown"),
    [
        ("holds", [limits(0.05, 0.1)], "holds"),
        ("holds", [limits(0.05, 0.1), limits(0.04, 0.1)], "not evidence"),
        ("holds", [], "not evidence"),
        ("approximate", [limits(0.05, 0.1)], "approximate"),
        ("approximate", [limits(0.04, 0.1)], "not evidence"),
        ("fails", [limits(0.0, 0.1)], "fails"),
        ("undecided", [limits(0.0, 0.1)], "undecided"),
    ],
)
def test_what_holds_or_nearly_needs_to_exceed_its_nulls(verdict, gaps, shown):
    assert verdicts.supported_verdict(verdict, gaps) == shown


def test_what_does_not_count_comes_before_what_cannot_be_told():
    def shown(**why):
        return verdicts.counted_verdict("fails", **why)

    assert shown(counted=True) == "fails"
    assert shown(counted=True, trivial=True) == "trivial corner"
    assert shown(counted=True, trivial=True, saturated=True) == "saturated"
    assert shown(counted=False, trivial=True, saturated=True) == "not evidence"
