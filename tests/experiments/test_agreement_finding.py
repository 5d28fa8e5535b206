"""Do the words and verdicts on agreement follow the numbers?"""

import numpy as np
import pytest

from experiments.agreement import EXPERIMENT, PAPER, cells
from experiments.agreement.cell import DISTANCES, PAIRS
from experiments.agreement.claims import CLAIMS
from experiments.agreement.constructed import NOISE
from experiments.agreement.finding import finding
from experiments.agreement.networks import ARCHITECTURES, END, FITTING, STAGES, START
from experiments.agreement.tables import hidden, main, pooled_rank
from experiments.results import Results, write_table
from paper_figs.agreement import draw
from tests.experiments.made_up import made_up_records

USUAL = {f"counted.{name}": 1.0 for name in FITTING} | {"counted.log_bilinear": 0.0}
USUAL |= {f"excess_share.{name}.population.{END}": 0.001 for name in ARCHITECTURES}
USUAL |= {"token_information.exact": 0.2, "concept_information.exact": 0.7}
USUAL |= {"score_argmax.exact": 0.8, "r2.oracle.held_out": 1.0}
USUAL |= {f"spectrum.exact.population.{i + 1}": 2.0**-i / 2 for i in range(9)}
for _pair in (*PAIRS, *(f"{name}+oracle" for name in FITTING), "log_bilinear"):
    for _stage in (START, *STAGES, END):
        _value = 0.3 if _stage == START else 0.999
        USUAL |= {f"r2.{_pair}.{e}.{_stage}": _value for e in ("held_out", "population")}
        USUAL |= {f"r2_logits.{_pair}.{e}.{_stage}": _value for e in ("held_out", "population")}
        USUAL |= {f"missed.{_pair}.held_out.{_stage}": -1.0}
        USUAL |= {f"{distance}.{_pair}.population.{_stage}": -2.0 for distance in DISTANCES}
USUAL |= {f"{q}.{n}.{null}": 0.0 for q in ("r2", "r2_logits") for n in FITTING
          for null in ("raw_input", "permuted")}  # fmt: skip
USUAL |= {f"rank_{d}.pairs.{e}": 0.9 for d in DISTANCES for e in ("course", "end")}
for _number in range(1, 10):
    for _name, _value in {"excess_share": 0.002 * _number, "r2": 1 - _number / 9}.items():
        USUAL |= {f"{_name}.scrambled.population.{_number}": _value}
    USUAL |= {f"missed.scrambled.held_out.{_number}": -1.0}
    USUAL |= {f"{distance}.scrambled.population.{_number}": -2.0 for distance in DISTANCES}
for _number in NOISE:
    USUAL |= {f"missed.noisy.held_out.{_number}": -1.0}
    USUAL |= {f"{distance}.noisy.population.{_number}": -2.0 for distance in DISTANCES}
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
    assert "Every pair type exceeds its largest null by .05." in text_of(records())[1]


def test_networks_that_are_not_trained_and_few_worlds_get_no_verdict():
    untrained = verdicts(records(lambda c, n: 0.0 if n == "counted.transformer" else None))
    assert untrained["agreement-transformer"] == untrained["agreement-across"] == "not evidence"
    assert untrained["agreement-order-logit"] == "not evidence"
    assert untrained["agreement-mlp"] == "holds"
    few = verdicts(records(config=PAPER.with_seeds(5)))
    del few["agreement-kl-alone"]  # one made pair suffices
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
    trivial = verdicts(records(lambda c, n: 0.999 if n == "score_argmax.exact" else None))
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


def test_a_made_pair_breaks_small_kl_only_within_the_excess_that_counts():
    assert hidden(Results(records()), main(Results(records())), 0.0105) == (
        5,
        pytest.approx(0.01, abs=1e-3),
        pytest.approx(0.444, abs=2e-3),
    )
    assert verdicts(records())["agreement-kl-alone"] == "fails"
    far = records(lambda c, n: 0.5 if n.startswith("excess_share.scrambled") else None)
    assert verdicts(far)["agreement-kl-alone"] == "not broken"
    assert "was not shown" in text_of(far)[1]


def test_pooled_ranks_see_every_world_and_their_interval_is_over_worlds():
    def value(cell, name):
        part = name.split(".")
        if part[0] in ("missed", "kl") and part[1] in PAIRS and part[3] in STAGES:
            return -float(STAGES[part[3]]) - list(PAIRS).index(part[1]) / 7
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
