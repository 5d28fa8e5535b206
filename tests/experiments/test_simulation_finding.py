"""Do the words follow the numbers, whatever the numbers are?

Records are made up: every metric has a value per setting, spread a little over the seeds.
"""

import re
from dataclasses import replace

import numpy as np
import pytest

from experiments.experiment import CellRecord
from experiments.simulation import PAPER, cells
from experiments.simulation.claims import CLAIMS
from experiments.simulation.finding import finding
from experiments.store import canonical

NAMES = {
    "exact": ["epsilon.exact", "context_epsilon.exact", "concept_information.exact"],
    "accuracy": ["oracle", "belief", "log_posterior", "raw_input"],
    "trained": ["trained", "untrained", "permuted"],
    "laws": ["log_posterior", "belief", "rho", "raw_input", "permuted", "argmax"],
}
PLAUSIBLE = {
    "concept_information.exact": 0.5,
    "epsilon.exact": 0.01,
    "context_epsilon.exact": 0.1,
    "accuracy.bayes.population": 0.95,
    "accuracy.majority.population": 0.6,
    "accuracy.raw_input.held_out": 0.7,
    "accuracy.untrained.held_out": 0.65,
    "accuracy.permuted.held_out": 0.5,
    "accuracy.trained.held_out": 0.9,
    "score_raw_input.oracle.held_out": 0.5,
    "score_permuted.oracle.held_out": -0.2,
    "score_argmax.oracle.held_out": 0.6,
    "counted.trained": 1.0,
    "excess_share.trained": 0.005,
    "diverged.trained": 0.0,
}


def metrics_of(cell):
    """The metrics a cell would hold, with plausible values."""
    names = []
    if cell.training is None:
        names += NAMES["exact"] + ["accuracy.bayes.population", "accuracy.majority.population"]
        for source in NAMES["accuracy"]:
            names += [f"accuracy.{source}.{e}" for e in ("held_out", "population", "best")]
        for law in NAMES["laws"]:
            names += [f"score_{law}.oracle.{e}" for e in ("held_out", "population")]
            names.append(f"converged_{law}.oracle")
    else:
        names += ["counted.trained", "excess_share.trained", "diverged.trained"]
        for source in NAMES["trained"]:
            names += [f"accuracy.{source}.{e}" for e in ("held_out", "population")]
        for law in ("log_posterior", "belief", "rho"):
            for source in ("trained", "untrained"):
                names += [f"score_{law}.{source}.{e}" for e in ("held_out", "population")]
    return {name: PLAUSIBLE.get(name, 0.9) for name in names}


def records(override=lambda cell, name: None, config=PAPER):
    """Made-up records; override(cell, name) may give another value, NaN for none."""
    found = []
    spread = np.random.default_rng(0)
    for cell in cells(config):
        metrics = {}
        for name, usual in metrics_of(cell).items():
            given = override(cell, name)
            value = usual if given is None else given
            noise = 0 if name.startswith(("counted", "diverged")) else 1e-4
            drawn = value + noise * spread.normal(size=len(cell.seeds))
            metrics[name] = [None if np.isnan(v) else float(v) for v in drawn]
        found.append(CellRecord(canonical(cell), metrics))
    return found


def words(override=lambda cell, name: None, evidence=True, config=PAPER):
    told = finding(records(override, config), evidence)
    return told, " ".join([told.headline, *told.paragraphs])


def by_noise(low, high):
    """A metric that depends on the noise of the token in the noise panel."""

    def value(cell):
        return low if cell.replace_rate < 0.01 else high

    return value


def noise_world(score, best):
    def override(cell, name):
        if cell.panel != "noise":
            return None
        if name == "score_log_posterior.oracle.held_out":
            return score(cell)
        return best(cell) if name == "accuracy.oracle.best" else None

    return override


@pytest.mark.parametrize(
    ("score", "best", "said"),
    [
        (by_noise(0.995, 0.7), by_noise(0.8, 0.94), "move in opposite directions"),
        (by_noise(0.995, 0.7), by_noise(0.94, 0.8), "move in the same direction"),
        (by_noise(0.995, 0.7), by_noise(0.9, 0.9), "do not clearly move together"),
    ],
)
def test_how_accuracy_and_the_law_move_is_said_as_the_ledger_judges_it(score, best, said):
    _, text = words(noise_world(score, best))
    assert f"Accuracy and S of log p(c∣x) {said} as the token gets noisier" in text


def headline_score(value):
    def override(cell, name):
        return value if name == "score_log_posterior.oracle.held_out" else None

    return override


@pytest.mark.parametrize(
    ("score", "said"),
    [(0.999, "the law holds"), (0.97, "the law is approximate"), (0.6, "the law fails")],
)
def test_the_headline_gives_the_verdict_of_the_numbers(score, said):
    told, _ = words(headline_score(score))
    assert said in told.headline
    assert "the raw input explains as much" not in told.headline


def test_a_law_that_the_raw_input_explains_as_well_is_no_evidence():
    def override(cell, name):
        return 0.998 if name.startswith(("score_log_posterior.o", "score_raw_input.o")) else None

    told, _ = words(override)
    assert "(not evidence: the raw input explains as much)" in told.headline
    assert "the law holds" not in told.headline


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (0.97, "less than .05 above the raw input"),
        (0.93, "the law holds)"),
        (0.999, "the raw input explains as much"),
    ],
)
def test_how_far_a_law_lies_above_the_raw_input_is_said_as_it_is(raw, said):
    def override(cell, name):
        if name.startswith("score_log_posterior.o"):
            return 0.998
        return raw if name.startswith("score_raw_input.o") else None

    told, _ = words(override)
    assert said in told.headline


def test_a_trivial_corner_gets_no_verdict():
    told, _ = words(lambda cell, name: 0.995 if name.startswith("score_argmax") else None)
    assert "a trivial corner: no verdict" in told.headline


def test_saturated_settings_get_no_verdict_and_enter_no_range():
    def override(cell, name):
        saturated = name.endswith("held_out") and name.startswith(("accuracy.oracle", "score_"))
        return np.nan if saturated else None

    told, text = words(override)
    assert "saturated: no verdict" in told.headline
    assert "every setting is saturated" in text


def test_below_the_largest_null_there_is_no_evidence():
    _, text = words(lambda cell, name: 0.93 if name == "accuracy.raw_input.held_out" else None)
    assert "no evidence that the representation tells the concepts" in text
    _, text = words()
    assert "no evidence that the representation tells the concepts" not in text
    assert "evidence that the representation tells the concepts" in text


RISES = ("simulation-accuracy-anchored", "simulation-accuracy-coarse")
RISING = ["accuracy.trained.held_out", "accuracy.trained.population", "accuracy.oracle.best"]


@pytest.mark.parametrize(
    ("rising", "said"),
    [
        (RISING, "it rises, as in the paper"),
        (RISING[:1], "no clear rise by all three"),  # more contexts to fit, and no more
        (RISING[:2], "no clear rise by all three"),
        ([], "no clear rise by all three"),
    ],
)
def test_a_rise_with_the_size_of_the_context_is_read_off(rising, said):
    def override(cell, name):
        rises = name in rising and cell.panel == "size"
        return 0.6 + 0.02 * cell.num_context_bits if rises else None

    _, text = words(override)
    assert said in text


@pytest.mark.parametrize(
    "spared",
    [
        lambda cell, name: 0.0 if name == "counted.trained" else None,
        lambda cell, name: 0.83 if name == "accuracy.raw_input.held_out" else None,
    ],
)
def test_a_rise_that_is_not_evidence_in_the_ledger_is_none_on_the_page(spared):
    def override(cell, name):
        given = spared(cell, name)
        rises = name in RISING and cell.panel == "size"
        return 0.6 + 0.02 * cell.num_context_bits if given is None and rises else given

    made_up = records(override)
    rises = [claim.judge(made_up).verdict for claim in CLAIMS if claim.name in RISES]
    assert rises == ["not evidence"] * 2
    text = " ".join(finding(made_up, True).paragraphs)
    assert text.count(": not evidence of a rise") == 2
    assert "it rises" not in text
    assert text.count("no evidence that the representation tells the concepts") == 2


@pytest.mark.parametrize("raw", [0.5, 0.96, 0.998])
@pytest.mark.parametrize("score", [0.6, 0.97, 0.998])
def test_the_page_gives_laws_the_verdicts_of_the_ledger(score, raw):
    def override(cell, name):
        given = {
            "score_log_posterior.oracle.held_out": score,
            "score_raw_input.oracle.held_out": raw,
        }
        return given.get(name)

    made_up = records(override)
    verdicts = {claim.judge(made_up).verdict for claim in CLAIMS if "-law-" in claim.name}
    said = {
        "holds": "(the law holds)",
        "approximate": "(the law is approximate)",
        "fails": "(the law fails)",
        "not evidence": "(not evidence: ",
    }
    (verdict,) = verdicts
    headline = finding(made_up, True).headline
    assert [word for word in said if said[word] in headline] == [verdict]


def test_predictors_that_do_not_count_are_said_wherever_they_are_quoted():
    def override(cell, name):
        if name == "counted.trained":
            return 0.0
        return 0.3 if name == "excess_share.trained" else None

    told, text = words(override)
    assert "0 of 10 seeds count as trained" in told.headline
    assert "In no setting does every seed count as trained" in text
    assert re.search(r"Training: 0 of \d+ predictors", text)


def test_a_diverged_seed_leaves_no_answer_and_no_crash():
    def override(cell, name):
        if cell.training is None:
            return None
        if name == "counted.trained":
            return 0.0
        return np.nan if not name.startswith("diverged") else 1.0

    _, text = words(override)
    assert "no answer" in text


@pytest.mark.parametrize(
    ("evidence", "config"),
    [(False, PAPER), (True, replace(PAPER, num_trained=5)), (True, replace(PAPER, num_worlds=10))],
)
def test_without_enough_seeds_or_in_smoke_no_verdict_is_given(evidence, config):
    told, text = words(noise_world(by_noise(0.995, 0.7), by_noise(0.8, 0.94)), evidence, config)
    assert not told.evidence
    judgements = ("the law holds", "the law fails", "is approximate", "evidence", "as in the")
    assert not [phrase for phrase in judgements if phrase in text.replace("as in the paper;", "")]
    assert "opposite directions" not in text
