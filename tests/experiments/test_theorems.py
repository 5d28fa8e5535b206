"""The random worlds: do they have what the theorems need, and would a false theorem be caught?"""

import numpy as np
import pytest

import latentgen as lg
from experiments.experiment import CellRecord
from experiments.store import canonical
from experiments.theorems import EXPERIMENT, TheoremsConfig, cells
from experiments.theorems import cell as theorems_cell
from experiments.theorems.cell import CONDITIONAL, TRIED, TheoremsCell, compute
from experiments.theorems.finding import CLAIMS, STATEMENTS, finding, judge
from experiments.theorems.worlds import FAMILIES, draw

SMALL = TheoremsConfig(num_batches=2, num_worlds=8, num_zeros=3)


def records_of(family, num_worlds=6, seeds=(0, 1)):
    cell = TheoremsCell(family, num_worlds, seeds)
    return [CellRecord(canonical(cell), compute(cell).metrics)]


def test_every_theorem_of_the_catalogue_is_tried_and_claimed():
    tried = {name for names in TRIED.values() for name in names}
    assert tried == set(lg.theorems.catalogue()) == set(STATEMENTS)
    assert [claim.name for claim in CLAIMS] == list(STATEMENTS)
    assert set(TRIED) == set(FAMILIES)


@pytest.mark.parametrize("family", sorted(set(TRIED) - {"generic", "zeros"}))
def test_structured_worlds_meet_what_their_theorems_assume(family):
    random = np.random.default_rng(3)
    for _ in range(5):
        world = draw(family, random)
        for name in set(TRIED[family]) & set(CONDITIONAL):
            assert lg.theorems.catalogue()[name](*world).applies, name


def test_a_leaking_world_leaks():
    world = draw("leaking", np.random.default_rng(0))
    assert not lg.theorems.leak(*world).applies
    assert lg.conditions(*world).leak > 1e-3


def test_batches_draw_different_worlds_and_the_same_batch_the_same():
    first, second = (records_of("generic", 3)[0].metrics["worst.paper_v3"] for _ in range(2))
    assert first == second
    assert first[0] != first[1]


@pytest.mark.parametrize("family", sorted(TRIED))
def test_what_is_tried_on_a_family_holds_there(family):
    (record,) = records_of(family)
    for name in TRIED[family]:
        assert max(record.metrics[f"violation.{name}"]) <= 1e-10, name
        assert sum(record.metrics[f"counted.{name}"]) > 0, name


def test_a_false_theorem_is_caught(monkeypatch):
    def too_bold(model, context, log_weight=None):
        """The paper's law with no remainder at all, claimed to be exact."""
        told = lg.theorems.paper_theorem(model, context, log_weight)
        size = np.abs(told.residual)
        return told._replace(low=size * 0, high=size * 0, violation=float(size.max()))

    honest = lg.theorems.catalogue()
    monkeypatch.setattr(lg.theorems, "catalogue", lambda: {**honest, "identity": too_bold})
    judgement = judge("identity", records_of("leaking"))
    assert judgement.verdict == "fails"


def test_where_an_assumption_is_broken_the_claim_is_missed_by_far():
    (record,) = records_of("generic", 20)
    for name in CONDITIONAL:
        assert min(record.metrics[f"broken.{name}"]) > 1e-3, name


def test_too_few_worlds_decide_nothing():
    found = [r for family in TRIED for r in records_of(family, 3, (0,))]
    said = finding(found, True)
    assert not said.evidence
    assert judge("identity", found).verdict == "undecided"
    assert "largest scaled error" in said.headline


def test_the_paper_profile_has_ten_thousand_worlds_for_every_theorem():
    planned = dict.fromkeys(STATEMENTS, 0)
    for cell in cells(EXPERIMENT.profiles["paper"]):
        for name in TRIED[cell.family]:
            planned[name] += cell.num_worlds * len(cell.seeds)
    assert min(planned.values()) >= 10_000
    assert len(cells(SMALL)) == len(TRIED)


def test_tightness_is_the_share_of_the_bound_that_is_used():
    residual = np.array([[0.5, -0.2]])
    bound = np.ones((1, 2))
    answer = lg.theorems.Theorem(
        "", "", (), residual, 0 * residual, residual, -0.25 * bound, bound, bound > 0, 0.0, {}
    )
    assert theorems_cell.tightness(answer) == 0.8


def test_steering_is_compared_with_doing_nothing():
    worlds = [draw("generic", np.random.default_rng(seed)) for seed in range(12)]
    found = theorems_cell.steered(worlds)
    ratios = []
    for world in worlds:
        terms = lg.theorems.steering(*world).terms
        weight = np.exp(world.log_weight)
        ratios.append((weight * terms["kl_steered"]).sum() / (weight * terms["kl_unsteered"]).sum())
    assert found["steering.ratio"] == pytest.approx(np.median(ratios))
    assert found["steering.worse"] == np.mean([ratio > 1 for ratio in ratios])
    settled = [draw("settled", np.random.default_rng(seed)) for seed in range(3)]
    assert theorems_cell.steered(settled)["steering.ratio"] < 1e-12
