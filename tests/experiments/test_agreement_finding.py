"""Do the words and verdicts on agreement follow the numbers?"""

import re

import numpy as np
import pytest

from experiments.agreement import EXPERIMENT, PAPER, cells
from experiments.agreement.cell import DISTANCES, PAIRS
from experiments.agreement.claims import CLAIMS
from experiments.agreement.comparisons import NEAR, across_less_within, main, share_text
from experiments.agreement.constructed import NOISE
from experiments.agreement.distances import against_lines, hidden, pooled_rank
from experiments.agreement.finding import finding
from experiments.agreement.networks import ARCHITECTURES, END, FITTING, STAGES, START
from experiments.results import Results, write_table
from paper_figs.agreement import draw
from tests.experiments.made_up import made_up_records

USUAL = {f"counted.{name}": 1.0 for name in FITTING} | {"counted.log_bilinear": 0.0}
USUAL |= {f"excess_share.{name}.population.{END}": 0.001 for name in ARCHITECTURES}
USUAL |= {"token_information.exact": 0.2, "concept_information.exact": 0.7}
USUAL |= {f"counted.{name}": 1.0 for name in (*PAIRS, "pairs")}
USUAL |= {"score_argmax.oracle.population": 0.8, "r2.oracle.held_out": 1.0}
USUAL |= {f"spectrum.exact.population.{i + 1}": 2.0**-i / 2 for i in range(9)}
for _pair in (*PAIRS, *(f"{name}+oracle" for name in FITTING), "log_bilinear"):
    USUAL |= {f"svcca.{_pair}.held_out.{END}": 0.9, f"cka.{_pair}.population.{END}": 0.9}
    for _stage in (START, *STAGES, END):
        _value = 0.3 if _stage == START else 0.999
        USUAL |= {f"r2.{_pair}.{e}.{_stage}": _value for e in ("held_out", "population")}
        USUAL |= {f"r2_logits.{_pair}.{e}.{_stage}": _value for e in ("held_out", "population")}
        USUAL |= {f"log10_missed.{_pair}.held_out.{_stage}": -1.0}
        USUAL |= {f"log10_{distance}.{_pair}.population.{_stage}": -2.0 for distance in DISTANCES}
USUAL |= {f"{q}.{n}.{null}": 0.0 for q in ("r2", "r2_logits") for n in FITTING
          for null in ("raw_input", "permuted")}  # fmt: skip
USUAL |= {f"r2_direction.{pair}.{estimate}.{i}": value
          for pair in (*PAIRS, *(f"{name}+oracle" for name in FITTING)) for i in range(1, 10)
          for estimate, value in (("held_out", 1 - 0.01 * i), ("untrained", 0.2))}  # fmt: skip
USUAL |= {f"r2_direction.{name}.{null}.{i}": -0.1 for name in FITTING for i in range(1, 10)
          for null in ("raw_input", "permuted")}  # fmt: skip
BOUNDS = {"svd": 0.002, "svd_bound": 0.01, "r2_bound_logit": 0.2, "r2_bound_kl": 0.0}
USUAL |= {f"{q}.{pair}.population.{END}": v for q, v in BOUNDS.items() for pair in PAIRS}
USUAL |= {f"rank_{d}.pairs.{e}": 0.9 for d in DISTANCES for e in ("course", "end")}
for _number in range(1, 10):
    for _name, _value in {"excess_share": 0.002 * _number, "r2": 1 - _number / 9}.items():
        USUAL |= {f"{_name}.scrambled.population.{_number}": _value}
    for _name in ("logit_relative", *BOUNDS):
        USUAL |= {f"{_name}.scrambled.population.{_number}": 0.003 * _number}
    USUAL |= {f"log10_missed.scrambled.held_out.{_number}": -1.0}
    USUAL |= {f"log10_{distance}.scrambled.population.{_number}": -2.0 for distance in DISTANCES}
for _number in NOISE:
    USUAL |= {f"log10_missed.noisy.held_out.{_number}": -1.0}
    USUAL |= {f"log10_{distance}.noisy.population.{_number}": -2.0 for distance in DISTANCES}
EXACT = ("counted", "r2.scrambled", "excess_share")


def records(value=lambda cell, name: None, config=PAPER):
    found = made_up_records(cells(config), USUAL, value)
    for record in found:  # a flag is a flag, and a share is not negative
        for name in record.metrics:
            if name.startswith(EXACT):
                record.metrics[name] = [round(v, 3) for v in record.metrics[name]]
    return found


def at_end(quantity, number, tokens=10):
    def value(cell, name):
        mine = name.startswith(f"{quantity}.") and name.endswith(f".held_out.{END}")
        return number if mine and cell.num_tokens == tokens else None

    return value


def text_of(made, evidence=True):
    told = finding(made, evidence)
    return told, " ".join([told.headline, *told.paragraphs])


def verdicts(made):
    return {claim.name: claim.judge(made).verdict for claim in CLAIMS}


@pytest.mark.parametrize(
    ("number", "word"), [(0.999, "holds"), (0.97, "approximate"), (0.6, "fails")]
)
def test_a_claim_gets_the_verdict_of_its_numbers(number, word):
    found = verdicts(records(at_end("r2", number)))
    for name in ("agreement-mlp", "agreement-gru", "agreement-transformer", "agreement-across"):
        assert found[name] == word
    assert found["agreement-threshold"] == found["agreement-few-tokens"] == "holds"
    found = verdicts(records(at_end("r2_logits", number)))
    assert found["agreement-logits"] == word
    assert found["agreement-mlp"] == "holds"
    found = verdicts(records(at_end("r2", number, 4)))
    assert found["agreement-few-tokens"] == word


def test_what_untrained_networks_share_as_well_is_no_evidence():
    def value(cell, name):
        return 0.98 if name == f"r2.gru.held_out.{START}" else None

    found = verdicts(records(value))
    assert found["agreement-gru"] == found["agreement-untrained"] == "not evidence"
    assert found["agreement-mlp"] == "holds"
    assert found["agreement-logits"] == "holds"
    assert verdicts(records())["agreement-untrained"] == "holds"
    weighed = verdicts(
        records(lambda c, n: 0.98 if n == f"r2_logits.gru.held_out.{START}" else None)
    )
    assert weighed["agreement-logits"] == "not evidence"  # whichever pair agrees least
    text = text_of(records(value))[1]
    assert "no evidence that training made them agree: two GRUs." in text
    assert "Every pair type exceeds each of its nulls by .05." in text_of(records())[1]


def test_networks_that_are_not_trained_and_few_worlds_get_no_verdict():
    flags = {"counted.transformer", "counted.mlp+transformer", "counted.gru+transformer"}
    untrained = verdicts(records(lambda c, n: 0.0 if n in (*flags, "counted.pairs") else None))
    assert untrained["agreement-transformer"] == untrained["agreement-across"] == "not evidence"
    assert untrained["agreement-order-logit"] == "not evidence"
    assert untrained["agreement-mlp"] == "holds"
    few = verdicts(records(config=PAPER.with_seeds(5)))
    del few["agreement-small-loss"]  # one made pair suffices
    assert set(few.values()) == {"not evidence"}


def test_a_stage_that_was_not_reached_is_undecided_and_said_to_be():
    def value(cell, name):
        return np.nan if name.startswith("r2.gru.") and name.endswith(".10") else None

    made = records(value)
    assert verdicts(made)["agreement-threshold"] == "undecided"
    assert "excess ≤ 0.01 I: 0.999 to 0.999 (1 pair types not reached" in text_of(made)[1]


def test_held_out_values_that_are_missing_are_saturated_and_trivial_corners_named():
    saturated = verdicts(records(at_end("r2", np.nan)))
    assert saturated["agreement-mlp"] == "saturated"
    trivial = verdicts(
        records(lambda c, n: 0.999 if n == "score_argmax.oracle.population" else None)
    )
    assert trivial["agreement-mlp"] == "trivial corner"


@pytest.mark.parametrize(
    ("rank", "word", "said"),
    [
        (0.95, "first", "it orders pairs better than KL"),
        (0.9, "undecided", "no difference from KL is decided"),
        (0.85, "second", "KL orders pairs better"),
    ],
)
def test_distances_are_rivals_of_kl(rank, word, said):
    made = records(lambda c, n: rank if n == "rank_logit.pairs.course" else None)
    assert verdicts(made)["agreement-order-logit"] == word
    assert verdicts(made)["agreement-order-llv"] == "undecided"
    assert f"the logit distance: {rank:.3f}" in text_of(made)[1]
    assert said in text_of(made)[1]


def test_a_made_pair_breaks_the_law_only_within_the_excess_that_counts():
    found = hidden(Results(records()), main(Results(records())), 0.0105)
    assert found.num_directions == 5
    assert found.excess_share == pytest.approx(0.01, abs=1e-3)
    assert found.r2 == pytest.approx(0.444, abs=2e-3)
    assert found.distances["logit_relative"] == pytest.approx(0.015, abs=1e-3)
    judged = {claim.name: claim for claim in CLAIMS}["agreement-small-loss"].judge(records())
    assert judged.verdict == "fails"
    assert "d_LLV 0.01" in judged.figures
    far = records(lambda c, n: 0.5 if n.startswith("excess_share.scrambled") else None)
    assert verdicts(far)["agreement-small-loss"] == "not evidence"
    assert "was not shown" in text_of(far)[1]
    close = records(lambda c, n: 0.999 if n.startswith("r2.scrambled") else None)
    assert verdicts(close)["agreement-small-loss"] == "not broken"


def test_the_nearest_fit_is_judged_on_the_pairs_that_came_so_near():
    def only_mlp(found):
        for record in found:
            for pair in PAIRS:
                if pair != "mlp":
                    del record.metrics[f"r2.{pair}.held_out.{NEAR}"]
        return found

    assert verdicts(records())["agreement-near"] == "holds"
    assert verdicts(only_mlp(records()))["agreement-near"] == "holds"
    judged = only_mlp(records(lambda c, n: 0.9 if n == f"r2.mlp.held_out.{NEAR}" else None))
    assert verdicts(judged)["agreement-near"] == "fails"
    away = records(lambda c, n: 0.9 if n == f"r2.gru.held_out.{NEAR}" else None)
    assert verdicts(away)["agreement-near"] == "fails"  # it came so near, and agrees least
    assert verdicts(only_mlp(away))["agreement-near"] == "holds"
    told = next(claim for claim in CLAIMS if claim.name == "agreement-near").judge(judged).figures
    assert "of two MLPs, excess ≤ 1e-5 I" in told
    assert "not reached by two GRUs, two transformers, MLP and GRU" in told
    for record in judged:
        del record.metrics[f"r2.mlp.held_out.{NEAR}"]
    assert verdicts(judged)["agreement-near"] == "not evidence"


def test_a_share_of_the_information_is_told_however_small():
    told = [share_text(share) for share in (0.0112, 0.0004, 7.31e-07, np.nan)]
    assert told == ["0.011", "0.0004", "7.3e-7", "–"]


def test_points_are_counted_above_between_and_below_the_lines_of_made_pairs():
    def value(cell, name):
        quantity, source, stage = (*name.split(".")[:2], name.split(".")[-1])
        if source in ("noisy", "scrambled") and quantity in ("log10_kl", "log10_missed"):
            along = float(int(stage) - 1) - 6
            return along if quantity == "log10_kl" else along / 2 + (source == "scrambled")
        if source in PAIRS and quantity in ("log10_kl", "log10_missed"):
            if quantity == "log10_kl":
                return -3.0 if stage != START else 3.0
            return {"300": 0.0, "100": -1.0, "30": -1.0}.get(stage, -2.0)
        return None

    results = Results(records(value))
    assert tuple(against_lines(results, main(results), "kl")) == (6, 12, 36, 0)
    away = Results(records(lambda c, n: -9.0 if n.startswith("log10_kl.mlp.") else value(c, n)))
    assert against_lines(away, main(away), "kl").beside == 9
    assert "KL 6 above both, 12 between, 36 below both" in text_of(records(value))[1]


def test_two_architectures_are_compared_with_one_world_by_world():
    def value(cell, name):
        two = name.startswith("r2.") and name.endswith(f".held_out.{END}") and "+" in name
        return 0.9 if two else None

    results = Results(records(value))
    found = across_less_within(results, main(results), END)
    assert found.mean == pytest.approx(-0.099, abs=1e-3)
    assert "end of training -0.099 [" in text_of(records(value))[1]
    gone = Results(records(lambda c, n: np.nan if n == f"r2.gru.held_out.{END}" else None))
    assert np.isnan(across_less_within(gone, main(gone), END).mean)
    made = records()
    for record in made:
        for pair in PAIRS:
            del record.metrics[f"r2.{pair}.held_out.1"]  # a stage that nobody reached
    assert "excess ≤ 0.001 I no answer" in text_of(made)[1]


def test_directions_and_bounds_are_told_from_their_numbers():
    text = text_of(records())[1]
    both = r"0\.910 to 0\.910, with the oracle 0\.910 to 0\.910 \(untrained 0\.200"
    assert re.search(rf"; 9 \(0\.\d+%\): {both}", text)
    assert "d_SVD is 0.002 to 0.002, at most 0.010 to 0.010 by d_LLV" in text
    gone = text_of(records(lambda c, n: np.nan if n.startswith("r2_direction.mlp.") else None))[1]
    assert re.search(r"; 9 \(0\.\d+%\): not in every world", gone)


def test_pooled_ranks_see_every_world_and_their_interval_is_over_worlds():
    def value(cell, name):
        part = name.split(".")
        if part[0] in ("log10_missed", "log10_kl") and part[1] in PAIRS and part[3] in STAGES:
            return -(1.4 ** list(STAGES).index(part[3])) * 1.05 ** list(PAIRS).index(part[1])
        return None

    results = Results(records(value))
    stages = tuple(STAGES)
    found = pooled_rank(results, main(results), "kl", stages)
    assert found.mean == pytest.approx(1, abs=0.01)
    assert found.num_values == 10
    unrelated = pooled_rank(results, main(results), "logit", stages)
    assert abs(unrelated.mean) < 0.3
    one = Results(records(value, PAPER.with_seeds(1)))
    assert np.isnan(pooled_rank(one, main(one), "kl", stages).low)


def test_the_words_follow_the_numbers():
    told, text = text_of(records(at_end("r2", 0.6)))
    assert told.evidence
    assert "0.600 [0.600, 0.600] of the whitened f" in told.headline
    assert ": fails" in told.headline
    assert "and R² of the whitened f is higher" in text
    assert "is higher" not in text_of(records())[1]
    assert "(0 of 10 seeds count as trained)" in text  # the log-bilinear ones


def test_in_smoke_or_with_few_worlds_there_is_no_verdict():
    for made, evidence in ((records(), False), (records(config=PAPER.with_seeds(5)), True)):
        told, text = text_of(made, evidence)
        assert not told.evidence
        for word in ("holds", "fails", "approximate", "no evidence", "better"):
            assert word not in text


def test_every_caption_has_its_figure_and_a_dot_lies_where_its_numbers_are(tmp_path):
    for config in (EXPERIMENT.profiles["smoke"], PAPER):
        found = records(at_end("r2", 0.6), config)
        write_table(tmp_path / "agreement.csv", Results(found), "smoke")
        figures = draw(tmp_path / "agreement.csv")
        assert figures.keys() == finding(found, True).captions.keys()
    axes = figures["agreement_pairs"].axes[0]
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert any(line.get_xdata()[0] == pytest.approx(0.6, abs=1e-3) for line in dots)
    assert axes.get_title(loc="left") == "10 tokens: f has 9 directions"
