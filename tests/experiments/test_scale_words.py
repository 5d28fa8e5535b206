"""Do the claims and the words of the experiment on scale follow the numbers?"""

from dataclasses import replace

import numpy as np
import pytest

from experiments.experiment import CellRecord
from experiments.results import Results, write_table
from experiments.scale import EXPERIMENT
from experiments.scale.cell import ScaleCell, Training
from experiments.scale.claims import CLAIMS
from experiments.scale.finding import finding
from experiments.scale.price import Rate, extrapolated, rates
from experiments.scale.settings import PROFILES, cells
from experiments.scale.tables import full, slope
from experiments.scale.worlds import FIXED
from experiments.store import canonical
from paper_figs.scale import draw
from tests.experiments.made_up import made_up_records

PAPER, SMOKE = PROFILES["paper"], PROFILES["smoke"]
TINY = Training(30, 32, 1e-2, (8, 8))
USUAL_CELL = ScaleCell(FIXED, 3, 5, 4, 2.0, 0.01, 80, 200, TINY, (0, 1))


LAWS = ("log_posterior", "marginals", "belief")
USUAL = {
    f"score_{law}.{source}.{estimate}": 0.97
    for law in LAWS
    for source in ("oracle", "trained")
    for estimate in ("held_out", "population")
}
USUAL |= {f"readout.{s}.held_out": 0.95 for s in ("oracle", "trained")}
USUAL |= {f"readout.{s}.population": 0.95 for s in ("oracle", "trained")}
for null in ("readout.raw_input", "readout.untrained", "readout.permuted"):
    USUAL |= {f"{null}.held_out": -0.02, f"{null}.population": 0.02}
for null in ("raw_input.trained", "permuted.trained", "log_posterior.untrained"):
    USUAL |= {f"score_{null}.held_out": -0.02, f"score_{null}.population": 0.02}
USUAL |= {
    f"score_{law}.whole.{end}": 0.97
    for law in ("log_posterior", "marginals")
    for end in ("lower", "upper")
}
USUAL |= {f"missed_ratio.trained.{e}": 0.9 for e in ("held_out", "population")}
USUAL |= {f"converged_{law}.oracle": 1.0 for law in LAWS}
USUAL |= {
    "token_information.exact": 0.6,
    "concept_information.exact": 0.4,
    "num_beliefs.exact": 60.0,
    "score_argmax.oracle.population": 0.8,
    "explained.oracle": 1.0,
    "excess_share.oracle": 0.0,
    "excess_share.trained": 0.004,
    "beyond_oracle.trained": 0.004,
    "counted.trained": 1.0,
    "num_steps.trained": 600.0,
    "steps_to_tenth.trained": 100.0,
    "steps_to_counted.trained": 400.0,
}
USUAL |= {f"seconds.{part}": 1.0 for part in ("exact", "oracle", "training", "reading")}


def override_nothing(cell, name):
    if name == "counted.trained":
        return 1.0
    return 30.0 * cell.num_concepts**1.5 if name == "steps_to_tenth.trained" else None


def records(override=lambda cell, name: None, config=PAPER):
    """Made-up results; a cell without training has nothing trained."""

    def value(cell, name):
        found = override(cell, name)
        return override_nothing(cell, name) if found is None else found

    found = []
    for record in made_up_records(cells(config), USUAL, value):
        trained = record.config["training"] is not None
        metrics = {
            name: [None if np.isnan(v) else v for v in values]
            for name, values in record.metrics.items()
            if trained or "trained" not in name.split(".")
        }
        if record.config["num_concepts"] > 4:
            metrics = {n: v for n, v in metrics.items() if not n.startswith("score_belief")}
        if record.config["dim"] != record.config["num_tokens"] - 1:
            metrics = {n: v for n, v in metrics.items() if ".whole." not in n}
        if trained:
            metrics["counted.trained"] = [float(round(v)) for v in metrics["counted.trained"]]
        found.append(CellRecord(record.config, metrics))
    return found


def judged(name, made):
    return next(claim for claim in CLAIMS if claim.name == f"scale-{name}").judge(made).verdict


def of(metric, value, where=lambda cell: True):
    return records(lambda cell, name: value if name == metric and where(cell) else None)


LOG = "score_log_posterior"


@pytest.mark.parametrize(
    ("claim", "metric", "value", "verdict"),
    [
        ("steady", f"{LOG}.oracle.held_out", 0.5, "holds"),
        ("law-fixed", f"{LOG}.trained.held_out", 0.97, "approximate"),
        ("law-fixed", f"{LOG}.trained.held_out", 0.995, "holds"),
        ("law-growing", f"{LOG}.trained.held_out", 0.5, "fails"),
        ("rival-fixed", "score_marginals.trained.held_out", 0.99, "second"),
        ("rival-growing", "score_marginals.trained.held_out", 0.90, "first"),
        ("rival-growing", "score_marginals.trained.held_out", 0.971, "undecided"),
        ("joint-fixed", "score_belief.trained.held_out", 0.99, "second"),
        ("joint-growing", "score_belief.trained.held_out", 0.9, "first"),
        ("joint-growing", "score_belief.trained.held_out", np.nan, "saturated"),
        ("narrow", "explained.oracle", 0.8, "fails"),
        ("narrow", "explained.oracle", 0.999, "holds"),
        ("follows", f"{LOG}.trained.held_out", 0.975, "holds"),
        ("follows", f"{LOG}.trained.held_out", 0.99, "fails"),
        ("follows", f"{LOG}.trained.held_out", 0.95, "fails"),
        ("cost", "steps_to_counted.trained", 300.0, "holds"),
        ("cost", "steps_to_tenth.trained", np.nan, "undecided"),
        ("wide", f"{LOG}.trained.held_out", 0.97, "holds"),
    ],
)
def test_a_claim_gets_the_verdict_of_its_numbers(claim, metric, value, verdict):
    assert judged(claim, of(metric, value)) == verdict


def test_what_changes_with_m_is_not_steady_and_what_is_cheaper_does_not_rise():
    for end, value in (("lower", 0.955), ("upper", 0.985)):
        drifting = of(f"{LOG}.whole.{end}", value, lambda cell: cell.num_concepts == 12)
        assert judged("steady", drifting) == "fails"
    cheaper = records(
        lambda cell, name: 900.0 / cell.num_concepts if name == "steps_to_tenth.trained" else None
    )
    assert judged("cost", cheaper) == "fails"
    wider = of(f"{LOG}.trained.held_out", 0.9, lambda cell: cell.dim == 32)
    assert judged("wide", wider) == "fails"


def test_untrained_settings_trivial_corners_and_few_seeds_get_no_verdict():
    lost = of(
        "counted.trained",
        0.0,
        lambda cell: cell.family == FIXED and cell.num_concepts in (6, 12),
    )
    for name in ("follows", "law-fixed", "rival-fixed", "wide", "cost"):
        assert judged(name, lost) == "not evidence"
    assert judged("law-growing", lost) != "not evidence"
    corner = of("score_argmax.oracle.population", 0.995)
    for name in ("steady", "follows", "law-fixed", "rival-growing"):
        assert judged(name, corner) == "trivial corner"
    assert judged("law-fixed", of(f"{LOG}.trained.held_out", np.nan)) == "saturated"
    few = records(config=replace(PAPER, num_trained=5, num_worlds=5))
    assert {claim.judge(few).verdict for claim in CLAIMS} == {"not evidence"}


@pytest.mark.parametrize(
    "null",
    [
        "score_raw_input.trained.held_out",
        "score_permuted.trained.held_out",
        f"{LOG}.untrained.held_out",
    ],
)
@pytest.mark.parametrize("score", [0.995, 0.97])
def test_what_holds_or_nearly_no_better_than_a_null_is_not_evidence(null, score):
    def override(cell, name):
        return score if name in (f"{LOG}.trained.held_out", null) else None

    assert judged("law-fixed", records(override)) == "not evidence"


def test_exponents_are_those_of_the_numbers_and_missing_where_a_seed_has_none():
    results = Results(records())
    found = slope(results, "steps_to_tenth.trained", full(results, FIXED), "num_concepts")
    assert found.mean == pytest.approx(1.5, abs=1e-4)
    none = Results(of("steps_to_tenth.trained", np.nan, lambda cell: cell.num_concepts == 3))
    assert np.isnan(slope(none, "steps_to_tenth.trained", full(none, FIXED), "num_concepts").mean)


def test_the_price_of_cells_goes_on_at_the_measured_rate():
    def seconds(cell, name):
        return 600 * 2.0**cell.num_concepts if name == "seconds.training" else None

    results = Results(records(seconds))
    found = rates(results, full(results, FIXED))
    assert found["training"].doublings == pytest.approx(1, abs=1e-3)
    assert found["exact"].doublings == pytest.approx(0, abs=1e-3)
    cell = replace(USUAL_CELL, num_concepts=14, training=replace(TINY, num_steps=10))
    each = {part: Rate(2.0, 0.5) for part in ("exact", "oracle", "training", "reading")}
    price = extrapolated(each, [cell, cell], canonical(cell))
    assert price["training"] == pytest.approx(2 * 2 * 10 * 2 * 2**7)
    assert price["exact"] == pytest.approx(2 * 2 * 2 * 2**7)
    assert extrapolated(each, [replace(cell, training=None)], canonical(cell))["reading"] == 0


def test_the_words_follow_the_numbers_and_give_no_verdict_without_evidence():
    told = finding(records(), True)
    text = " ".join([told.headline, *told.paragraphs])
    assert told.evidence
    assert "grow as m to the power 1.500 [1.500, 1.500]" in told.headline
    assert "(approximate; neither explains more)" in text
    assert "core-hours" in text
    assert "0.970 [0.970, 0.970] (m = 3)" in text
    assert "m = 4, d = 15: S 0.970 [0.970, 0.970] oracle" in text
    between = " ".join(finding(of(f"{LOG}.whole.upper", 0.98), True).paragraphs)
    assert "0.970 [0.970, 0.970] to 0.980 [0.980, 0.980] (m = 3)" in between
    better = finding(of("score_marginals.trained.held_out", 0.99), True)
    assert "(approximate; p explains more)" in " ".join(better.paragraphs)
    lost = finding(of("counted.trained", 0.0, lambda cell: cell.num_concepts == 12), True)
    assert "not judged: not trained" in " ".join(lost.paragraphs)
    assert "(0 of 10 seeds count as trained)" in lost.headline
    for silent in (finding(records(config=SMOKE), False), finding(records(config=SMOKE), True)):
        assert not silent.evidence
        assert "explains more)" not in " ".join(silent.paragraphs)


def test_the_headline_says_of_the_oracle_what_the_claim_judges_and_not_what_few_beliefs_do():
    def override(cell, name):
        """Held out the oracle seems to rise; under all of p(x) it falls."""
        if name.startswith(f"{LOG}.whole"):
            end = 0.003 if name.endswith("upper") and cell.num_concepts == 12 else 0
            return 0.96 - 0.001 * cell.num_concepts + end
        if name == f"{LOG}.trained.held_out":
            return 0.945 + 0.001 * cell.num_concepts
        return 0.94 + 0.001 * cell.num_concepts if name == f"{LOG}.oracle.held_out" else None

    made = records(override)
    headline, steady = finding(made, True).headline, judged("steady", made)
    assert steady == "holds"
    assert "changes by -0.009 [-0.009, -0.009] to -0.006 [-0.006, -0.006]" in headline
    assert "(stays within ±0.01: holds)" in headline
    assert "from 0.957 [0.957, 0.957] to 0.948 [0.948, 0.948] to 0.951" in headline
    assert "goes from +0.005 [+0.005, +0.005] to +0.005" in headline
    assert not any(seeming in headline for seeming in ("0.943", "0.952"))
    assert "stays within" not in finding(made, False).headline


def test_every_caption_has_its_figure_also_where_nothing_could_be_held_out(tmp_path):
    saturated = of("readout.trained.held_out", np.nan, lambda cell: cell.num_concepts == 3)
    for made in (saturated, records(config=SMOKE)):
        write_table(tmp_path / "scale.csv", Results(made), "smoke")
        assert draw(tmp_path / "scale.csv").keys() == finding(made, False).captions.keys()
        assert {claim.figure for claim in CLAIMS} <= finding(made, False).captions.keys()


def test_the_experiment_is_found_with_its_claims():
    assert EXPERIMENT.name == "scale"
    assert len({claim.name for claim in CLAIMS}) == len(CLAIMS) == 11
