"""Does a cell of the origins measure what is told, and do words and verdicts follow the numbers?"""

from dataclasses import replace

import numpy as np
import pytest

from experiments.experiment import CellRecord
from experiments.origins import EXPERIMENT, PAPER, cells
from experiments.origins.cell import OriginsCell, Training, compute
from experiments.origins.claims import CLAIMS
from experiments.origins.finding import finding
from experiments.origins.worlds import FAMILIES, JOINT, PRODUCT
from experiments.results import Results, write_table
from experiments.store import canonical
from paper_figs.origins import draw
from tests.experiments.made_up import made_up_records

TINY = OriginsCell(JOINT, 7, "sgd", 1.0, 3, 0.05, Training(num_steps=8, hidden=(4,)), (0, 1))


def test_a_cell_measures_every_source_and_a_seed_means_the_same_in_any_block():
    together, alone = compute(TINY).metrics, compute(replace(TINY, seeds=(1,))).metrics
    for name, row in alone.items():
        assert row[0] == pytest.approx(together[name][1], nan_ok=True, abs=0), name
    assert together.keys() >= set(NAMES)
    assert together["cosine_raw.trained.step_8"] == together["cosine_raw.trained.population"]
    assert together["cosine_raw.trained.step_0"] == together["cosine_raw.untrained.population"]
    assert together["excess_share.trained.step_8"] == pytest.approx(
        together["excess_share.trained"]
    )
    assert max(together["free_error.exact.population"]) == 0
    assert together["cosine_raw.trained.population"][0] != pytest.approx(
        together["cosine_raw.trained.population"][1], abs=1e-4
    )
    ranks = [np.mean(together[f"cosine_free.exact.rank_{j}"]) for j in range(18)]
    assert ranks == sorted(ranks)


def test_every_profile_covers_all_families_and_seeds():
    for config in EXPERIMENT.profiles.values():
        found = cells(config)
        assert {c.family for c in found} == set(FAMILIES)
        assert {c.optimiser for c in found} == {"sgd", "adam"}
        assert {seed for c in found for seed in c.seeds} == set(range(config.num_trained))
    assert {s for c in cells(PAPER.with_seeds(7)) for s in c.seeds} == set(range(7))


SOURCES = ("trained", "untrained", "permuted", "raw_input")
NAMES = [
    f"{quantity}.{source}.population"
    for quantity in ("cosine_raw", "cosine_free", "across_raw", "across_free", "free_error")
    for source in SOURCES
]
NAMES += [f"cosine_raw.{s}.population" for s in ("helmert", "least_norm", "regauged")]
NAMES += ["cosine_free.exact.population", "across_free.exact.population"]
NAMES += ["across_raw.least_norm.population", "cosine_varying.trained.population"]
NAMES += [f"{q}.{s}.rank_{j}" for q in ("cosine_free", "across_free") for s in ("exact",)
          for j in (0, 1)]  # fmt: skip
NAMES += [f"{q}_miss.{s}.rank_{j}" for q in ("cosine_free", "across_free")
          for s in ("trained", "untrained") for j in (0, 1)]  # fmt: skip
NAMES += ["idle_share.trained", "beyond.trained", "beyond.bound", "drift_balance.trained"]
NAMES += ["drift_mean.trained", "counted.trained", "excess_share.trained", "rank.untrained"]
NAMES += ["score_argmax.exact.population", "score_raw_input.exact.population"]
NAMES += ["concept_information.exact"]
NAMES += [f"{q}.trained.step_{n}" for q in ("cosine_raw", "excess_share") for n in (0, 1, 2)]
USUAL = dict.fromkeys(NAMES, 0.2) | {
    "cosine_free.trained.population": 0.999,
    "cosine_free.exact.population": 0.999,
    "free_error.trained.population": 0.001,
    "counted.trained": 1.0,
    "excess_share.trained": 1e-4,
    "cosine_raw.helmert.population": 0.0,
    "cosine_raw.least_norm.population": 0.9,
    "across_raw.trained.population": 0.01,
    "score_argmax.exact.population": 0.8,
}


SMALL = replace(PAPER, dims=(7,), unembedding_scales=(0.1, 4.0))


def records(config=SMALL, override=None):
    def value(chosen, name):
        given = None if override is None else override(chosen, name)
        if given is None and name == "cosine_raw.trained.population":
            return 0.9 if chosen.unembedding_scale < 1 else 0.3
        return given

    found = made_up_records(cells(config), USUAL, value)
    for record in found:  # a count is a count
        counted = record.metrics["counted.trained"]
        record.metrics["counted.trained"] = [float(round(number or 0)) for number in counted]
    return found


def told(made, evidence=True):
    found = finding(made, evidence)
    return found, " ".join([found.headline, *found.paragraphs])


def verdicts(made):
    return {claim.name: claim.judge(made).verdict for claim in CLAIMS}


def test_claims_follow_their_numbers():
    found = verdicts(records())
    assert found == {
        "origins-log-odds": "holds",
        "origins-spread": "holds",
        "origins-raw-small": "fails",
        "origins-raw-large": "fails",
        "origins-descent": "holds",
        "origins-start": "holds",
        "origins-optimisers": "holds",
        "origins-least-norm": "holds",
        "origins-orthogonal": "holds",
    }


@pytest.mark.parametrize(
    ("metric", "value", "claim", "verdict"),
    [
        ("cosine_free.trained.population", 0.97, "origins-log-odds", "approximate"),
        ("cosine_free.raw_input.population", 0.999, "origins-log-odds", "not evidence"),
        ("cosine_free.trained.population", 0.8, "origins-spread", "fails"),
        ("cosine_raw.trained.population", 0.995, "origins-raw-large", "holds"),
        ("cosine_raw.trained.population", 0.1, "origins-descent", "fails"),
        ("cosine_raw.raw_input.population", 0.9, "origins-descent", "not evidence"),
        ("cosine_raw.trained.population", 0.5, "origins-start", "undecided"),
        ("cosine_raw.least_norm.population", 0.7, "origins-least-norm", "fails"),
        ("across_raw.trained.population", 0.3, "origins-orthogonal", "fails"),
        ("across_raw.untrained.population", 0.01, "origins-orthogonal", "not evidence"),
        ("score_argmax.exact.population", 0.995, "origins-start", "trivial corner"),
        ("counted.trained", 0.0, "origins-optimisers", "not evidence"),
    ],
)
def test_another_number_gives_another_verdict(metric, value, claim, verdict):
    made = records(override=lambda c, name: value if name == metric else None)
    assert verdicts(made)[claim] == verdict


def test_optimisers_that_differ_are_said_to():
    def override(chosen, name):
        if name == "cosine_raw.trained.population" and chosen.optimiser == "adam":
            return 0.5
        return None

    assert verdicts(records(override=override))["origins-optimisers"] == "fails"


def test_few_seeds_and_networks_that_are_not_trained_give_no_verdict():
    few = records(SMALL.with_seeds(5))
    assert set(verdicts(few).values()) == {"not evidence"}
    assert not told(few)[0].evidence
    found, text = told(records(override=lambda c, n: 0.0 if n == "counted.trained" else None))
    assert not found.evidence
    assert "0 of 10 seeds count as trained" in text
    assert "raw cosine 1: " not in text


def test_the_words_follow_the_numbers():
    found, text = told(records())
    assert found.evidence
    assert "is 0.900 to 0.900 from a start of 0.1 and 0.300 to 0.300 from one of 4" in text
    assert "raw cosine 1: fails" in text
    assert "(cosine 1: holds)" in text
    assert "Parallel differences alone" not in text
    name = "cosine_raw.raw_input.population"
    parallel = told(records(override=lambda c, n: 0.999 if n == name else None))[1]
    assert "Parallel differences alone do not show" in parallel
    silent = told(records(), evidence=False)[1]
    assert "raw cosine 1: " not in silent
    assert "(cosine 1: " not in silent


def test_a_diverged_network_is_a_dash_and_no_crash(tmp_path):
    made = records()
    gone = {name for name in NAMES if ".trained" in name} - {"counted.trained"}
    metrics = {
        name: [None, *row[1:]] if name in gone else [0.0, *row[1:]] if "counted" in name else row
        for name, row in made[0].metrics.items()
    }
    made[0] = CellRecord(made[0].config, metrics)
    found, text = told(made)
    assert not found.evidence
    assert "9 of 10 seeds count as trained" in text
    write_table(tmp_path / "origins.csv", Results(made), "paper")
    assert draw(tmp_path / "origins.csv").keys() == found.captions.keys()
    assert verdicts(made)["origins-start"] == "not evidence"


def test_every_caption_has_its_figure_and_every_claim_a_figure(tmp_path):
    for name, config in (("paper", SMALL), ("smoke", EXPERIMENT.profiles["smoke"])):
        made = records(config)
        write_table(tmp_path / "origins.csv", Results(made), name)
        found = finding(made, name == "paper")
        assert draw(tmp_path / "origins.csv").keys() == found.captions.keys()
        assert {claim.figure for claim in CLAIMS} <= found.captions.keys()
        assert all(len(row) == len(rows[0]) for rows in found.tables.values() for row in rows)
    assert canonical(cells(PAPER)[0])["family"] == PRODUCT
