"""Do the words and the verdicts on architectures follow the numbers?"""

from dataclasses import replace

import numpy as np
import pytest

from experiments.architectures import EXPERIMENT, PAPER, cells
from experiments.architectures.claims import CLAIMS
from experiments.architectures.finding import finding
from experiments.architectures.perturbed import MOST
from experiments.architectures.tables import comparable, ends, pairs, shrinkages, spread, worlds
from experiments.architectures.unlearnt import ERRORS
from experiments.architectures.worlds import CHAIN
from experiments.experiment import CellRecord
from experiments.log_or_belief.worlds import CHANNEL, RANDOM
from experiments.results import Results, write_table
from experiments.store import canonical
from paper_figs.architectures import draw

PANEL = replace(PAPER, diagonal=((CHANNEL, 0.001, 4), (CHANNEL, 0.5, 8), (RANDOM, 0.1, 4)))
WORLD_USUAL = {
    "token_information.exact": 0.5,
    "concept_information.exact": 0.6,
    "score_argmax.oracle.population": 0.8,
}
LEARNT = {"early": 0.09, "trained": 0.009, "late": 0.0009}


def usual(cell):
    """Made-up metrics of a cell: log p holds for all, and nothing differs."""
    scores = {"log_posterior": 0.998, "belief": 0.94, "rho": 0.999}
    nulls = {"raw_input": 0.0, "permuted": -0.3}
    estimates = ("held_out", "population")
    found = dict(WORLD_USUAL)
    if cell.training is None:
        found["log10_rho.oracle"] = -2.0
        sources, read = ("oracle", *ERRORS), ("oracle", "raw_input", "permuted")
    else:
        found |= {"num_parameters.trained": 3000.0, "diverged.trained": 0.0}
        found |= {"log10_rho.trained": -2.0, "converged_belief.trained": 1.0}
        sources, read = LEARNT, ("trained", "untrained", "permuted")
        for source, share in LEARNT.items():
            found |= {f"excess_share.{source}": share, f"explained.{source}": 1 - share}
            found |= {f"equal.{source}": 1.0, f"counted.{source}": 1.0, f"step.{source}": 50.0}
    for estimate in estimates:
        if cell.training is not None:
            found |= {f"score_{law}.untrained.{estimate}": 0.2 for law in scores}
            found[f"score_difference.untrained.{estimate}"] = 0.0
        for source in sources:
            if source != "oracle":
                found[f"oracle_gap.{source}.{estimate}"] = 0.0
            found[f"score_difference.{source}.{estimate}"] = 0.058
            for law, value in (scores | nulls).items():
                found[f"score_{law}.{source}.{estimate}"] = value
        for source in read:
            found[f"readout.{source}.{estimate}"] = 0.0 if source == "permuted" else 0.9
    return found


def records(value=lambda cell, name: None, config=PANEL):
    """Made-up records; value(cell, name) gives another number, None for the usual."""
    spread_of, found = np.random.default_rng(0), []
    for cell in cells(config):
        metrics = {}
        for name, common in usual(cell).items():
            given = value(cell, name)
            fixed = name.startswith(("equal", "counted", "step", "num", "diverged", "converged"))
            noise = 0 if fixed else 1e-4 * spread_of.normal(size=len(cell.seeds))
            middle = common if given is None else given
            metrics[name] = (np.zeros(len(cell.seeds)) + middle + noise).tolist()
        found.append(CellRecord(canonical(cell), metrics))
    return found


def words_of(made_up, evidence=True):
    told = finding(made_up, evidence)
    return told, " ".join([told.headline, *told.paragraphs])


def gru_differs(cell, name):
    if cell.architecture != "gru":
        return None
    if name.startswith("score_difference.trained"):
        return 0.158
    return 0.1 if name.startswith("oracle_gap.trained") else None


def bilinear_is_not_trained(cell, name):
    if cell.architecture == "log_bilinear" and name.startswith(("equal", "counted")):
        return 0.0
    if name == "score_raw_input.oracle.population":
        return 0.72
    return 0.7 if cell.architecture == "log_bilinear" and name.startswith("explained") else None


def spread_shrinks(cell, name):
    if cell.architecture == "mlp" and name.startswith("score_difference.early"):
        return 0.2
    return None


def spread_grows(cell, name):
    if cell.architecture == "mlp" and name.startswith("score_difference.late"):
        return 0.2
    return None


def verdicts(made_up):
    return {claim.name: claim.judge(made_up).verdict for claim in CLAIMS}


def test_claims_are_judged_by_the_stored_numbers():
    alike = verdicts(records())
    assert alike["architectures-log"] == "holds"
    assert alike["architectures-belief"] == "fails"
    assert alike["architectures-alike"] == alike["architectures-oracle"] == "holds"
    assert verdicts(records(spread_grows))["architectures-shrinks"] == "fails"
    assert alike["architectures-log-bilinear"] == "holds"
    differ = verdicts(records(gru_differs))
    assert differ["architectures-alike"] == differ["architectures-oracle"] == "fails"
    assert verdicts(records(spread_shrinks))["architectures-shrinks"] == "holds"
    assert verdicts(records(bilinear_is_not_trained))["architectures-log-bilinear"] == "fails"
    assert len({claim.name for claim in CLAIMS}) == len(CLAIMS)


def test_one_world_that_a_sum_over_words_cannot_learn_is_enough():
    def misses(cell, name):
        if cell.architecture != "log_bilinear" or not name.startswith("explained"):
            return None
        return 0.9 if cell.sharpness == 0.5 else 0.97

    assert verdicts(records(misses))["architectures-log-bilinear"] == "fails"
    wide = records(misses)
    for record in wide:
        if record.config["architecture"] == "log_bilinear" and record.config["sharpness"] == 0.1:
            record.metrics["explained.late"] = [0.3, 1.0, 1.0, 1.0, 1.0]
    judged = {claim.name: claim.judge(wide) for claim in CLAIMS}["architectures-log-bilinear"]
    assert judged.verdict == "fails"
    assert "0.900" in judged.figures


@pytest.mark.parametrize("null", ["score_raw_input", "score_permuted", "score_log_posterior.untr"])
@pytest.mark.parametrize("score", [0.998, 0.985])
def test_a_law_that_a_null_states_too_is_not_evidence_even_when_it_is_approximate(null, score):
    def stated(cell, name):
        if name.startswith(null):
            return 0.96
        return score if name.startswith("score_log_posterior.trained") else None

    assert verdicts(records(stated))["architectures-log"] == "not evidence"
    _, text = words_of(records(stated))
    assert f"log p(c∣x) {score:.3f} (not evidence)" in text


def test_an_approximate_law_above_its_nulls_is_called_so():
    def nearly(cell, name):
        return 0.985 if name.startswith("score_log_posterior.trained") else None

    assert verdicts(records(nearly))["architectures-log"] == "approximate"


def test_the_log_bilinear_predictor_is_told_apart_from_those_of_like_size():
    def bilinear_differs(cell, name):
        own = cell.architecture == "log_bilinear" and name.startswith("score_difference.trained")
        return 0.2 if own else None

    made_up = records(bilinear_differs)
    assert verdicts(made_up)["architectures-alike"] == "holds"
    _, text = words_of(made_up)
    assert "of 18 pairs with the log-bilinear predictor, 18 beyond it" in text


def test_errors_that_nothing_learnt_are_told_beside_the_networks():
    def noisy(cell, name):
        if name.startswith("oracle_gap.trained"):
            return -0.02
        return {"oracle_gap.noise": 0.005, "oracle_gap.mixed": -0.03}.get(name.rsplit(".", 1)[0])

    _, text = words_of(records(noisy))
    assert "noise on the logits in 0, mixing with p(y) in 6" in text
    assert "mixing with p(y) -0.030" in text
    assert ERRORS.keys() == MOST.keys()


def test_fits_that_did_not_converge_are_counted():
    def short(cell, name):
        return 0.0 if name.startswith("converged") and cell.architecture == "gru" else None

    _, text = words_of(records(short))
    assert "Of 240 fits 60 did not converge" in text


@pytest.mark.parametrize(
    "hidden",
    [
        lambda cell, name: 0.0 if name.startswith(("equal", "counted")) else None,
        lambda cell, name: 0.995 if name.startswith("score_argmax") else None,
        lambda cell, name: np.nan if name.startswith(("score_", "equal", "oracle_gap")) else None,
    ],
)
def test_untrained_trivial_or_missing_networks_support_nothing(hidden):
    found = verdicts(records(hidden))
    assert "holds" not in {v for name, v in found.items() if name != "architectures-log-bilinear"}
    told, text = words_of(records(hidden))
    assert "no two of MLP, GRU and transformer can be compared" in text
    assert told.headline


def test_with_few_seeds_there_is_no_verdict():
    few = records(config=PANEL.with_seeds(3))
    assert set(verdicts(few).values()) == {"not evidence"}
    told, text = words_of(few)
    assert not told.evidence
    assert "(holds)" not in text


def test_one_seed_that_misses_the_level_takes_its_network_out():
    made_up = records()
    for record in made_up:
        if record.config["architecture"] == "gru" and record.config["seeds"][0] == 0:
            record.metrics["equal.trained"][2] = 0.0
    results = Results(made_up)
    assert all("gru" not in (p.first, p.second) for p in pairs(results, "trained"))
    assert any("gru" in (p.first, p.second) for p in pairs(results, "early"))
    assert all("gru" not in comparable(results, w, "trained") for w in worlds(results))


def test_the_spread_is_the_largest_less_the_smallest_seed_by_seed():
    results = Results(records(gru_differs))
    place = worlds(results)[0]
    found = spread(results, place, ["mlp", "gru"], "trained")
    np.testing.assert_allclose(found, 0.1, atol=2e-3)
    assert not len(spread(results, place, ["mlp"], "trained"))
    before = Results(records(spread_shrinks))
    for _, change in shrinkages(before):
        assert change.mean == pytest.approx(0.142, abs=2e-3)


def test_the_words_follow_the_numbers():
    told, text = words_of(records())
    assert told.evidence
    assert "18 of 18 pairs lie within ±0.01" in text
    assert "GRU" in text
    _, text = words_of(records(gru_differs))
    assert "12 beyond it" in text
    _, text = words_of(records(bilinear_is_not_trained))
    assert "0.700 of 0.720 (not trained)" in text


def test_the_order_in_which_the_diagonal_was_asked_for_changes_no_word():
    def moves(cell, name):
        weak = cell.family == CHANNEL and cell.sharpness == 0.5
        return 0.9 if weak and name.startswith("score_log_posterior") else None

    given = records(moves)
    backwards = sorted(given, key=lambda record: -record.config["sharpness"])
    told, _ = words_of(given)
    assert [s["sharpness"] for s in ends(Results(backwards), CHAIN)] == [0.001, 0.5]
    assert words_of(backwards)[0].headline == told.headline
    assert verdicts(backwards) == verdicts(given)


def test_the_headline_says_when_architectures_differ_as_much_as_worlds():
    def moves(cell, name):
        weak = cell.sharpness == 0.5 and cell.words == CHAIN
        return -0.3 if weak and name.startswith("score_difference.oracle") else None

    told, _ = words_of(records(moves))
    assert "the world decides more than the architecture" in told.headline
    told, _ = words_of(records(gru_differs))
    assert "not known to decide less" in told.headline


def test_every_caption_has_its_figure(tmp_path):
    for config in (PANEL, EXPERIMENT.profiles["smoke"]):
        made_up = records(bilinear_is_not_trained, config)
        write_table(tmp_path / "architectures.csv", Results(made_up), "smoke")
        drawn = draw(tmp_path / "architectures.csv")
        assert drawn.keys() == finding(made_up, True).captions.keys()
        assert {claim.figure for claim in CLAIMS} <= drawn.keys()
