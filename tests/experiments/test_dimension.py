"""Does the experiment on the dimension measure what it says, and say what it measured?"""

from dataclasses import replace

import numpy as np
import pytest

import latentgen as lg
from experiments.dimension import EXPERIMENT, PAPER, cells
from experiments.dimension.cell import FAMILIES, DimensionCell, compute, token_table, world
from experiments.dimension.claims import CLAIMS
from experiments.dimension.finding import finding
from experiments.experiment import CellRecord
from experiments.store import canonical
from paper_figs.dimension import draw

USUAL = DimensionCell("random", 2, 5, 4, 6, 0.01, 0.1, (0, 1))
LAW = "score_log_posterior.oracle"
SCORES = ("score_log_posterior", "score_belief", "score_raw_input", "score_permuted", "readout")


def test_at_the_number_of_tokens_less_one_nothing_is_missed_and_the_laws_face_the_truth():
    found = compute(USUAL).metrics
    assert found["rank.exact"] == [4.0, 4.0]
    assert found["explained.oracle"] == pytest.approx([1, 1], abs=1e-12)
    assert "score_argmax.oracle.held_out" in found
    below = compute(replace(USUAL, dim=3)).metrics
    assert max(below["explained.oracle"]) < 1 - 1e-6


def test_beyond_the_number_of_tokens_only_the_fit_is_measured():
    found = compute(replace(USUAL, dim=5)).metrics
    assert found["explained.oracle"] == pytest.approx([1, 1], abs=1e-12)
    assert not any(name.startswith(SCORES[:4]) for name in found)


def test_an_anchored_table_needs_as_many_dimensions_as_configurations():
    found = compute(replace(USUAL, family="anchored", num_tokens=8)).metrics
    assert found["rank.exact"] == [4.0, 4.0]
    assert found["explained.oracle"] == pytest.approx([1, 1], abs=1e-12)


def test_the_ceiling_is_above_every_readout_of_that_dimension():
    for dim in (1, 2, 3):
        found = compute(replace(USUAL, num_tokens=8, dim=dim)).metrics
        for source in ("oracle", "raw_input", "permuted"):
            if source == "raw_input" and dim < 3:
                continue  # six dimensions
            read = np.array(found[f"readout.{source}.population"])
            assert (read <= np.array(found["readout.ceiling"]) + 1e-6).all()


def test_a_seed_means_the_same_in_any_block_and_the_contexts_the_same_in_any_family():
    together, alone = compute(USUAL), compute(replace(USUAL, seeds=(1,)))
    for name, row in alone.metrics.items():
        np.testing.assert_array_equal(row[0], together.metrics[name][1])
    context, log_weight = lg.enumerate_contexts(world(USUAL, 0))
    for family in FAMILIES:
        other = lg.enumerate_contexts(world(replace(USUAL, family=family, num_tokens=8), 0))
        np.testing.assert_array_equal(other.log_weight, log_weight)
    assert len(context) == 64
    assert not np.array_equal(lg.enumerate_contexts(world(USUAL, 1)).log_weight, log_weight)


def test_words_interact_given_the_concepts():
    model = world(USUAL, 0)
    assert [factor.reads for factor in model.words] == [(), (0,), (1,), (2,), (3,), (4,)]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("num_tokens", [3, 4, 5, 8])
def test_every_table_is_a_distribution(family, num_tokens):
    import jax

    table = token_table(replace(USUAL, family=family, num_tokens=num_tokens), jax.random.key(0))
    assert table.shape == (4, num_tokens)
    assert (table > 0).all()
    np.testing.assert_allclose(table.sum(1), 1, atol=1e-12)


def metrics_of(cell, override):
    """Made-up metrics of a cell: exact from |tokens| − 1 on, as in a world of that rank."""
    perfect = cell.dim >= cell.num_tokens - 1
    usual = {
        "token_information.exact": 0.1,
        "concept_information.exact": 0.6,
        "rank.exact": float(cell.num_tokens - 1),
        "explained.oracle": 1.0 if perfect else 0.999,
        "converged.oracle": 1.0,
    }
    if cell.dim < cell.num_tokens:
        for name in (*SCORES, "r2"):
            usual |= {f"{name}.oracle.{e}": 0.7 for e in ("held_out", "population")}
        usual |= {"score_belief.oracle.held_out": 0.995, "readout.permuted.held_out": -0.2}
        usual |= {"readout.permuted.population": 0.1, "score_argmax.oracle.held_out": 0.3}
        usual |= {"score_argmax.oracle.population": 0.3}
    usual |= {"readout.ceiling": 1.0, "readout.raw_input.held_out": 0.4}
    usual |= {"readout.raw_input.population": 0.4}
    return {name: override.get(name, value) for name, value in usual.items()}


def records(override, config=PAPER):
    drawn, found = np.random.default_rng(0), []
    for cell in cells(config):
        metrics = {}
        for name, value in metrics_of(cell, override).items():
            fixed = name.startswith(("rank", "explained", "converged"))
            spread = 0 if fixed else 1e-4 * drawn.normal(size=len(cell.seeds))
            metrics[name] = [float(v) for v in np.zeros(len(cell.seeds)) + value + spread]
        found.append(CellRecord(canonical(cell), metrics))
    return found


def words(override=None, evidence=True, config=PAPER):
    told = finding(records(override or {}, config), evidence)
    return told, " ".join([told.headline, *told.paragraphs])


def test_the_words_follow_the_numbers():
    told, text = words()
    assert told.evidence
    assert "16 random tokens about 8 configurations needs 15 dimensions; 8 of them" in text
    assert "has the rank |tokens| − 1, whatever ℓ is" in text
    assert "the law: fails; p explains more" in text
    assert "99 % of I: holds" in text
    _, text = words({"score_log_posterior.oracle.held_out": 0.999, "explained.oracle": 0.8})
    assert "the law: holds; the rival explains as much" in text
    assert "99 % of I: fails" in text
    _, text = words({"rank.exact": 2.0})
    assert "whatever ℓ is" not in text


def test_trivial_corners_get_no_verdict():
    _, text = words({"score_argmax.oracle.held_out": 0.995})
    assert "a trivial corner: no verdict" in text
    assert "the law:" not in text


def test_in_smoke_or_with_few_worlds_there_is_no_verdict():
    smoke = EXPERIMENT.profiles["smoke"]
    for told, text in (
        words(evidence=False),
        words(config=PAPER.with_seeds(10)),
        words(config=smoke),
    ):
        assert not told.evidence
        assert "the law:" not in text
        assert "99 % of I:" not in text


@pytest.mark.parametrize(
    ("override", "verdicts"),
    [
        ({}, ["fails", "holds", "fails", "fails", "fails"]),
        ({"explained.oracle": 1.0}, ["undecided", "holds", "fails", "fails", "fails"]),
        (
            {"explained.oracle": 0.9, "score_log_posterior.oracle.held_out": 0.998},
            ["fails", "fails", "holds", "holds", "holds"],
        ),
    ],
)
def test_claims_are_judged_by_the_stored_numbers(override, verdicts):
    made_up = records(override)
    assert [claim.judge(made_up).verdict for claim in CLAIMS] == verdicts
    assert len({claim.name for claim in CLAIMS}) == len(CLAIMS)


def judged(override, names, config=PAPER):
    made_up = records(override, config)
    return [claim.judge(made_up).verdict for claim in CLAIMS if claim.name in names]


@pytest.mark.parametrize("null", ["raw_input", "permuted"])
def test_a_law_that_holds_is_evidence_only_above_its_nulls(null):
    held = {"score_log_posterior.oracle.held_out": 0.998}
    names = [claim.name for claim in CLAIMS if "-law-" in claim.name]
    assert judged(held, names) == ["holds"] * 3
    near = {f"score_{null}.oracle.held_out": 0.96}
    assert judged(held | near, names) == ["not evidence"] * 3


@pytest.mark.parametrize("null", [0.4, 0.96, 0.999])
@pytest.mark.parametrize("score", [0.6, 0.97, 0.999])
def test_the_page_gives_laws_the_verdicts_of_the_ledger(score, null):
    override = {f"{LAW}.held_out": score, "score_raw_input.oracle.held_out": null}
    names = [claim.name for claim in CLAIMS if "-law-" in claim.name]
    (verdict,) = set(judged(override, names))
    _, text = words(override)
    assert text.count("the law: ") == text.count(f"the law: {verdict};") == 3


@pytest.mark.parametrize(
    ("dims", "missing"),
    [
        ((1, 4, 15), "not measured: d = ℓ = 8"),
        ((1, 8), "not measured: d = |tokens| − 1 = 15"),
        ((4, 9), "not measured: d = ℓ = 8 and d = |tokens| − 1 = 15"),
    ],
)
def test_a_dimension_that_was_not_measured_is_said_and_not_replaced_by_another(dims, missing):
    config = replace(PAPER, others=((3, 16, dims),), random=((3, 16, dims),))
    made_up = records({f"{LAW}.held_out": 0.999, "explained.oracle": 0.9}, config)
    for claim in CLAIMS:
        found = claim.judge(made_up)
        if "-law-" in claim.name or 8 not in dims:
            assert (found.verdict, found.figures) == ("undecided", missing)
        else:
            assert found.verdict == "fails"
    told = finding(made_up, True)
    text = " ".join([told.headline, *told.paragraphs])
    assert text.count(f"the law: undecided, {missing}") == 3
    assert ("99 % of I: undecided" in text) == (8 not in dims)
    assert "0.900" in told.headline if 8 in dims else "explain – of I(x; y)" in told.headline


def test_laws_get_no_verdict_in_few_worlds_or_where_nothing_can_be_told():
    names = [claim.name for claim in CLAIMS if claim.name != "dimension-perfect"]
    assert judged({}, names, PAPER.with_seeds(10)) == ["not evidence"] * 4
    trivial = {"score_argmax.oracle.held_out": 0.995}
    assert judged(trivial, names[1:]) == ["trivial corner"] * 3


def test_that_a_perfect_fit_needs_more_than_l_dimensions_is_so_where_a_claim_says_it():
    said = {claim.name: claim.assumptions for claim in CLAIMS}
    for family in FAMILIES:
        cell = replace(USUAL, family=family, num_concepts=3, num_tokens=16)
        model = world(cell, 0)
        log_predictive = lg.log_predictive(model, lg.enumerate_contexts(model).context)
        rank = np.linalg.matrix_rank(log_predictive - log_predictive.mean(1, keepdims=True))
        fit = "a perfect fit" if rank <= 8 else f"no perfect fit, which needs d = {rank}"
        assert f"; {fit};" in said[f"dimension-law-{family}"]
    assert {claim.source for claim in CLAIMS} == {"latentgen, what d = ℓ would need"}


def test_every_caption_has_its_figure(tmp_path):
    from experiments.results import Results, write_table

    for config in (PAPER, EXPERIMENT.profiles["smoke"]):
        found = records({}, config)
        write_table(tmp_path / "dimension.csv", Results(found), "smoke")
        assert draw(tmp_path / "dimension.csv").keys() == finding(found, True).captions.keys()
