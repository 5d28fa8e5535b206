"""Does the experiment on dependence measure what it says, and do its words follow the numbers?"""

from dataclasses import replace

import numpy as np
import pytest

import latentgen as lg
from experiments.dependence import EXPERIMENT, PAPER, cells
from experiments.dependence.cell import DependenceCell, channel, compute, world
from experiments.dependence.finding import LAWS, NULLS, finding
from experiments.results import Results, write_table
from tests.experiments.made_up import made_up_records

SMALL = DependenceCell("product", "chain", 0.8, 3, 6, 0.001, 0.2, (0, 1))
GRAPHS = ("chain", "parity")


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("seed", range(5))
def test_the_marginals_do_not_depend_on_the_strength(graph, seed):
    worlds = [world(replace(SMALL, graph=graph, strength=s), seed) for s in (0.0, 0.5, 1.0)]
    for concept in range(3):
        marginals = [lg.log_concept_prior(model, concept) for model in worlds]
        np.testing.assert_allclose(marginals[1], marginals[0], atol=1e-12)
        np.testing.assert_allclose(marginals[2], marginals[0], atol=1e-12)


@pytest.mark.parametrize("graph", GRAPHS)
def test_dependence_grows_from_none_with_the_strength(graph):
    cell = replace(SMALL, graph=graph)
    metrics = [compute(replace(cell, strength=s)).metrics for s in (0.0, 0.5, 0.95)]
    for name in ("total_correlation.prior", "total_correlation.exact"):
        found = np.array([row[name] for row in metrics])
        np.testing.assert_allclose(found[0], 0, atol=1e-12)
        assert (np.diff(found, axis=0) > 0.005).all()


def test_parity_ties_all_three_and_no_two():
    prior = np.exp(lg.log_prior(world(replace(SMALL, graph="parity", strength=1.0), 0)))
    joint = prior.reshape(2, 2, 2)
    assert (joint[np.indices((2, 2, 2)).sum(0) % 2 == 1] == 0).all()
    first = joint.sum(2)
    np.testing.assert_allclose(first, np.outer(first.sum(1), first.sum(0)), atol=1e-12)


def test_a_chain_ties_neighbours_as_closely_as_their_marginals_allow():
    joint = np.exp(lg.log_prior(world(replace(SMALL, strength=1.0), 0))).reshape(2, 2, 2).sum(2)
    assert (joint == 0).sum() == 1  # one of the four pairs never occurs


@pytest.mark.parametrize("token", ["anchored", "product", "shown"])
def test_every_word_reads_one_concept_and_the_token_what_it_says(token):
    cell = replace(SMALL, panel=token)
    model = world(cell, 0)
    for position in range(cell.num_words):
        assert model.word_factor(position).scope == (position % 3,)
    given = np.exp(lg.log_token_given(model))
    values = model.space.values(np.arange(8))
    if token == "anchored":
        assert (given.argmax(1) == np.arange(8)).all()
    for concept in range(3 if token != "anchored" else 0):
        if token == "product":
            marginal = given.reshape(8, 2, 2, 2).sum(tuple(1 + k for k in range(3) if k != concept))
        else:
            marginal = 3 * given[:, 2 * concept : 2 * concept + 2]
        np.testing.assert_allclose(marginal, channel(cell)[values[:, concept]], atol=1e-12)


def scores(token, graph, strength):
    cell = replace(SMALL, panel=token, graph=graph, strength=strength, num_words=7)
    metrics = compute(cell).metrics
    return {law: metrics[f"score_{law}.oracle.population"] for law in LAWS}, metrics


def test_which_form_is_exact_is_what_the_theory_says():
    independent, metrics = scores("product", "chain", 0.0)
    assert min(independent["product"]) > 1 - 1e-6
    np.testing.assert_allclose(metrics["parallelism.oracle"], 1, atol=1e-9)
    tied, metrics = scores("product", "parity", 0.95)
    assert max(tied["product"]) < 1 - 1e-3
    assert max(metrics["parallelism.oracle"]) < 0.95
    shown, _ = scores("shown", "parity", 0.95)
    assert min(shown["product"]) > 1 - 1e-6
    assert min(shown["marginals"]) > 0.999
    assert max(shown["log_posterior"]) < 0.95
    named, _ = scores("anchored", "parity", 0.95)
    assert min(named["log_posterior"]) > 0.999
    assert max(named["marginals"]) < 0.995


def test_parallelism_is_that_of_differences_formed_pair_by_pair():
    model = world(SMALL, 0)
    every = lg.enumerate_contexts(model)
    log_token = lg.log_predictive(model, every.context)
    mean = every.weight @ np.exp(log_token)
    f = (log_token - (log_token @ mean)[:, None]) * np.sqrt(mean)
    shares = []
    for concept in range(3):
        others = [p for p in range(6) if p % 3 != concept]
        total = np.zeros((8, 8))
        for one in range(len(f)):
            same = (every.context[:, others] == every.context[one, others]).all(1)
            group = every.weight[same].sum()
            for other in np.flatnonzero(same):
                step = f[other] - f[one]
                total += every.weight[one] * every.weight[other] / group * np.outer(step, step)
        shares.append(np.linalg.eigvalsh(total)[-1] / np.trace(total))
    found = compute(SMALL).metrics["parallelism.oracle"][0]
    assert found == pytest.approx(np.mean(shares), abs=1e-9)


def test_a_seed_means_the_same_in_any_block():
    together, alone = compute(SMALL), compute(replace(SMALL, seeds=(1,)))
    for name, row in alone.metrics.items():
        np.testing.assert_array_equal(row[0], together.metrics[name][1])


def test_every_profile_has_its_cells_and_enough_worlds():
    assert len(cells(PAPER)) == 4 * 3 * 2 * 4
    assert EXPERIMENT.profiles["paper"].num_worlds >= 20
    assert len(cells(PAPER.with_seeds(40))) == 2 * len(cells(PAPER))


def records(value, config=PAPER):
    """Made-up records; value(cell, name) gives a metric, None for the usual."""
    usual = {
        "concept_information.exact": 0.5,
        "total_correlation.prior": 0.4,
        "total_correlation.exact": 0.2,
        "parallelism.oracle": 0.9,
        "parallelism.permuted": 0.5,
    }
    for estimate in ("held_out", "population"):
        for name in (*LAWS, *NULLS, "argmax"):
            usual[f"score_{name}.oracle.{estimate}"] = 0.9 if name in LAWS else 0.3
    return made_up_records(cells(config), usual, value)


def joint_holds(cell, name):
    if name.startswith("score_log_posterior") and cell.panel == "anchored":
        return 0.999
    return 0.9999 if name == "parallelism.oracle" and cell.strength == 0 else None


def test_the_words_and_claims_give_the_verdicts_of_the_numbers():
    told = finding(records(joint_holds), True)
    assert told.evidence
    assert "0.999 [0.999, 0.999] (holds)" in told.headline
    assert "the joint form explains more" in told.paragraphs[0]
    assert "undecided" in told.paragraphs[1]
    judged = {c.name: c.judge(records(joint_holds)).verdict for c in EXPERIMENT.claims}
    assert judged["dependence-joint"] == "holds"
    assert judged["dependence-marginals-shown"] == "fails"
    assert judged["dependence-parallel-independent"] == "holds"
    assert judged["dependence-parallel-dependent"] == "fails"


def test_what_its_null_explains_as_well_is_not_evidence():
    def value(cell, name):
        if name.startswith("parallelism"):
            return 0.9999
        return 0.999 if name.startswith(("score_log_posterior", "score_raw_input")) else None

    judged = {c.name: c.judge(records(value)).verdict for c in EXPERIMENT.claims}
    assert judged["dependence-joint"] == "not evidence"
    assert judged["dependence-parallel-independent"] == "not evidence"


@pytest.mark.parametrize(("evidence", "worlds"), [(False, 20), (True, 10)])
def test_in_smoke_and_with_few_worlds_no_verdict_is_given(evidence, worlds):
    config = replace(PAPER, num_worlds=worlds)
    told = finding(records(joint_holds, config), evidence)
    assert not told.evidence
    text = " ".join([told.headline, *told.paragraphs])
    words = ("(holds", "(fails", "(approximate", "explains more)", "evidence)")
    assert not [word for word in words if word in text]


def test_every_claim_names_a_figure_that_is_drawn_and_described(tmp_path):
    from paper_figs.dependence import draw

    made = records(joint_holds)
    write_table(tmp_path / "dependence.csv", Results(made), "smoke")
    figures = draw(tmp_path / "dependence.csv")
    assert set(figures) == set(finding(made, True).captions)
    assert {claim.figure for claim in EXPERIMENT.claims} <= set(figures)
    assert len({claim.name for claim in EXPERIMENT.claims}) == len(EXPERIMENT.claims)
