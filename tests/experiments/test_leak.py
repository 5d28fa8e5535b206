"""Does the leak's experiment measure what it says, and do its words follow the numbers?"""

import csv
from dataclasses import replace

import numpy as np
import pytest

import latentgen as lg
from experiments.leak import EXPERIMENT, PAPER, cells
from experiments.leak.cell import AFRESH, FIXED, LeakCell, by_word, compute, leaking_word, world
from experiments.leak.finding import LAWS, NULLS, finding
from experiments.results import Results, write_table
from tests.experiments.made_up import made_up_records

SMALL = LeakCell("rename", 0.3, 3, 5, 0.01, 3, 0.1, (0, 1))


def contexts(model):
    return lg.enumerate_contexts(model)


@pytest.mark.parametrize("panel", ["repeat", "rename"])
def test_the_strength_changes_the_token_table_and_nothing_else(panel):
    weak, strong = (world(replace(SMALL, panel=panel, strength=s), 0) for s in (0.0, 1.0))
    one, other = contexts(weak), contexts(strong)
    np.testing.assert_array_equal(one.log_weight, other.log_weight)
    np.testing.assert_array_equal(
        lg.log_posterior(weak, one.context), lg.log_posterior(strong, one.context)
    )
    assert not np.allclose(
        lg.log_predictive(weak, one.context), lg.log_predictive(strong, one.context)
    )


def test_there_is_no_leak_at_strength_zero_and_more_with_every_step():
    found = [
        compute(replace(SMALL, strength=s)).metrics["leak.exact"] for s in (0.0, 0.1, 0.5, 1.0)
    ]
    assert np.allclose(found[0], 0, atol=1e-12)
    assert (np.diff(np.array(found), axis=0) > 1e-4).all()


def test_renaming_moves_every_token_when_the_word_is_one():
    model = world(replace(SMALL, strength=1.0, replace_rate=0.0), 0)
    given = np.exp(lg.log_token_given_context(model, [[0, 0, 0, 0, 0], [0, 0, 0, 0, 1]]))
    np.testing.assert_allclose(given[0], np.eye(8), atol=1e-12)
    np.testing.assert_allclose(given[1].sum(0), 1, atol=1e-12)
    np.testing.assert_allclose(np.diag(given[1]), 0, atol=1e-12)


def test_a_fixed_mask_does_not_leak_and_a_fresh_one_does():
    for strength, leaks in ((FIXED, False), (AFRESH, True)):
        cell = replace(SMALL, panel="mask", strength=strength)
        metrics = compute(cell).metrics
        assert all((value > 0.05) is leaks for value in metrics["leak.exact"])
        words = leaking_word(cell, contexts(world(cell, 0)).context)
        assert words.shape[1] == (3 if leaks else 1)


def test_one_law_for_each_word_has_each_words_features_alone():
    word = np.array([[1.0, 0.0], [0.0, 1.0]])
    found = by_word(np.array([[2.0, 3.0], [5.0, 7.0]]), word)
    np.testing.assert_array_equal(found, [[2, 3, 0, 0, 1, 0], [0, 0, 5, 7, 0, 1]])


def test_the_law_holds_without_a_leak_and_one_for_each_word_holds_with_it():
    cell = replace(SMALL, num_words=6, replace_rate=1e-4)
    closed, renamed = (compute(replace(cell, strength=s)).metrics for s in (0.0, 1.0))
    name = "score_{}.oracle.population"
    assert min(closed[name.format("log_posterior")]) > 0.999
    assert max(renamed[name.format("log_posterior")]) < 0.9
    assert min(renamed[name.format("by_word")]) > 0.999
    closed_twin = closed["score_log_posterior.closed.population"]
    np.testing.assert_allclose(closed_twin, closed[name.format("log_posterior")], atol=1e-6)


def test_the_parts_of_the_residual_are_those_of_the_leak_theorem():
    """With no leak β is constant, and h is all of it."""
    metrics = compute(replace(SMALL, strength=0.0)).metrics
    np.testing.assert_allclose(metrics["offset_share.exact"], 0, atol=1e-20)
    np.testing.assert_allclose(
        metrics["residual_share.exact"], metrics["remainder_share.exact"], rtol=1e-9
    )
    leaking = compute(replace(SMALL, strength=1.0)).metrics
    assert min(leaking["offset_share.exact"]) > 0.1


def test_a_seed_means_the_same_in_any_block():
    together, alone = compute(SMALL), compute(replace(SMALL, seeds=(1,)))
    for name, row in alone.metrics.items():
        np.testing.assert_array_equal(row[0], together.metrics[name][1])


def test_every_profile_has_its_cells_and_enough_worlds():
    assert len(cells(PAPER)) == 4 * 12
    assert EXPERIMENT.profiles["paper"].num_worlds >= 20
    assert len(cells(PAPER.with_seeds(40))) == 2 * len(cells(PAPER))


def records(value, config=PAPER):
    """Made-up records; value(cell, name) gives a metric, None for the usual."""
    usual = {
        "concept_information.exact": 0.5,
        "leak.exact": 0.1,
        "leak_share.exact": 0.2,
        "residual_share.exact": 0.3,
        "offset_share.exact": 0.1,
        "remainder_share.exact": 0.2,
    }
    names = [*LAWS, *{null for nulls in NULLS.values() for null in nulls}, "argmax"]
    for estimate in ("held_out", "population"):
        usual["score_log_posterior.closed." + estimate] = 0.9
        for name in names:
            usual[f"score_{name}.oracle.{estimate}"] = 0.9 if name in LAWS else 0.3
    return made_up_records(cells(config), usual, value)


def by_word_holds(cell, name):
    return 0.999 if name.startswith("score_by_word") else None


def test_the_words_give_the_verdicts_of_the_numbers():
    told = finding(records(by_word_holds), True)
    assert told.evidence
    assert "it is 0.999 [0.999, 0.999] (holds)" in told.headline
    assert "S of log p(c∣x) is 0.900 [0.900, 0.900] (fails)" in told.headline


def test_a_law_no_better_than_its_null_is_not_evidence():
    def value(cell, name):
        same = name.startswith(("score_by_word", "score_raw_by_word"))
        return 0.999 if same else None

    told = finding(records(value), True)
    assert "(not evidence)" in told.headline
    verdicts = {c.name: c.judge(records(value)).verdict for c in EXPERIMENT.claims}
    assert verdicts["leak-law-by-word"] == "not evidence"
    assert verdicts["leak-law-renamed"] == "fails"


@pytest.mark.parametrize(("evidence", "worlds"), [(False, 20), (True, 10)])
def test_in_smoke_and_with_few_worlds_no_verdict_is_given(evidence, worlds):
    told = finding(records(by_word_holds, replace(PAPER, num_worlds=worlds)), evidence)
    assert not told.evidence
    text = " ".join([told.headline, *told.paragraphs])
    assert not [
        word for word in ("(holds", "(fails", "(approximate", "explains more)") if word in text
    ]


def test_claims_are_judged_by_the_numbers_and_named_once():
    assert len({claim.name for claim in EXPERIMENT.claims}) == len(EXPERIMENT.claims)
    judged = {c.name: c.judge(records(by_word_holds)) for c in EXPERIMENT.claims}
    assert judged["leak-law-by-word"].verdict == "holds"
    assert "where 1 is possible" in judged["leak-law-by-word"].figures
    few = {c.name: c.judge(records(by_word_holds, PAPER.with_seeds(5))) for c in EXPERIMENT.claims}
    assert {j.verdict for j in few.values()} == {"not evidence"}


def test_every_claim_names_a_figure_that_is_drawn_and_described(tmp_path):
    from paper_figs.leak import draw

    made = records(by_word_holds)
    write_table(tmp_path / "leak.csv", Results(made), "smoke")
    figures = draw(tmp_path / "leak.csv")
    assert set(figures) == set(finding(made, True).captions)
    assert {claim.figure for claim in EXPERIMENT.claims} <= set(figures)
    assert all(name.startswith("leak") for name in figures)
    with (tmp_path / "leak.csv").open(encoding="utf-8") as file:
        assert {row["panel"] for row in csv.DictReader(file)} == {"repeat", "rename", "mask"}
