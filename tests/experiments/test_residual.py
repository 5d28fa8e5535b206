"""Is the residual what the algebra leaves, and does each path get the verdict of its numbers?"""

import numpy as np
import pytest

import latentgen as lg
from experiments.experiment import CellRecord
from experiments.measures import total_variance
from experiments.residual import EXPERIMENT, PAPER, cells
from experiments.residual.cell import ResidualCell, compute
from experiments.residual.finding import CLAIMS, finding, limit, points
from experiments.residual.worlds import PATHS, Noise, noise, world
from experiments.results import Results
from experiments.store import canonical
from experiments.verdicts import LIMIT_HOLDS
from latentgen.theorems.paper import paper_theorem


def measured(path, scale, seeds=(0, 1)):
    return compute(ResidualCell(path, scale, 32, 8, seeds)).metrics


def test_the_total_variance_is_a_weighted_sum_over_contexts_and_tokens():
    logits, weight = np.array([[0.0, 2.0], [1.0, -1.0], [5.0, 5.0]]), np.array([0.5, 0.3, 0.2])
    centred = [[-1, 1], [1, -1], [0, 0]]
    mean = [sum(w * row[t] for w, row in zip(weight, centred, strict=True)) for t in range(2)]
    expected = sum(
        w * sum((row[t] - mean[t]) ** 2 for t in range(2))
        for w, row in zip(weight, centred, strict=True)
    )
    assert total_variance(logits, weight) == pytest.approx(expected)
    assert total_variance(logits + np.array([[7.0], [-3.0], [1.0]]), weight) == pytest.approx(
        expected
    )


def test_r_does_not_depend_on_the_reference_token():
    model = world(4, noise("both_equal", 0.03), num_words=32, num_tokens=8)
    bags = lg.enumerate_bags(model, 1)
    found = []
    for reference in (0, 5):
        claim = paper_theorem(model, *bags, reference=reference)
        found.append(total_variance(claim.residual, bags.weight))
    assert found[0] == pytest.approx(found[1], rel=1e-9)


@pytest.mark.parametrize("path", list(PATHS))
def test_epsilon_goes_to_zero_on_every_path_and_every_token_stays_possible(path):
    first, last = (measured(path, scale)["epsilon.exact"] for scale in (0.1, 0.001))
    assert np.all(np.array(last) < 0.05 * np.array(first))
    model = world(0, noise(path, 0.001), num_words=32, num_tokens=8)
    assert np.isfinite(lg.log_token_given(model)).all()


def test_every_context_becomes_certain_through_x_only_and_none_through_y_only():
    x, y = (measured(path, 1e-4) for path in ("x", "y"))
    assert max(x["worst_context_epsilon.exact"]) < 0.02
    assert min(y["context_epsilon.exact"]) > 0.1
    assert max(y["epsilon.exact"]) < 1e-3


def test_the_residual_grows_through_x_and_shrinks_through_y():
    x = [np.array(measured("x", s)["ratio_paper.oracle"]) for s in (0.01, 1e-4)]
    y = [np.array(measured("y", s)["ratio_paper.oracle"]) for s in (0.01, 1e-4)]
    assert np.all(x[1] > 1.5 * x[0])
    assert np.all(y[1] < 0.2 * y[0])


def test_the_leading_term_leaves_a_rest_that_levels_off():
    rest, residual = (
        [10 ** np.array(measured("x", s)[f"log10_sd_{name}.oracle"]) for s in (1e-6, 1e-8)]
        for name in ("rest", "residual")
    )
    np.testing.assert_allclose(rest[1], rest[0], rtol=0.02)
    assert np.all(residual[1] > 1.2 * residual[0])


def test_f_ranges_over_at_most_twice_the_coverage():
    for path in PATHS:
        assert max(measured(path, 0.01)["range_share.oracle"]) <= 1 + 1e-9


def test_a_seed_means_the_same_in_any_block():
    together, alone = measured("y", 0.1), measured("y", 0.1, (1,))
    for name, row in alone.items():
        assert row[0] == pytest.approx(together[name][1], nan_ok=True, abs=0)


def test_only_the_noise_changes_along_a_path():
    assert noise("x", 0.01) == Noise(0.01, 0.3)
    assert noise("y", 0.01) == Noise(0.5, 0.01)
    assert noise("both_fast", 0.01).token == pytest.approx(1e-4)
    with pytest.raises(ValueError, match=r"path must be one of .*; got 'z'"):
        noise("z", 0.1)


def test_every_profile_has_enough_points_for_a_verdict_and_all_its_worlds():
    for config in EXPERIMENT.profiles.values():
        found = cells(config)
        assert {c.path for c in found} == set(PATHS)
        assert len({c.scale for c in found}) >= 6
        assert {seed for c in found for seed in c.seeds} == set(range(config.num_worlds))


NAMES = [
    *("worst_epsilon.exact", "concept_information.exact", "score_argmax.oracle.population"),
    *("score_log_posterior.oracle.predicted", "log10_missed_paper.oracle.no_fit"),
    *("log10_missed_log_posterior.oracle.predicted", "log10_missed_argmax.oracle.population"),
    *("log10_delta.exact", "total_variation.exact", "range_share.oracle"),
    *(f"log10_sd_{name}.oracle" for name in ("f", "residual", "leading", "rest")),
]


def records(ratio, config=PAPER):
    """Made-up records with ε = κ² and r = ratio(ε)."""
    spread, found = np.random.default_rng(0), []
    for cell in cells(config):
        size = len(cell.seeds)
        epsilon = cell.scale**2 * np.exp(0.01 * spread.normal(size=size))
        metrics = {name: [0.5] * size for name in NAMES}
        metrics["epsilon.exact"] = epsilon.tolist()
        found_ratio = ratio(epsilon) * (1 + 0.01 * spread.random(size))
        metrics["ratio_paper.oracle"] = found_ratio.tolist()
        metrics["log10_ratio_paper.oracle"] = np.log10(found_ratio).tolist()
        found.append(CellRecord(canonical(cell), metrics))
    return found


@pytest.mark.parametrize(
    ("ratio", "slope", "verdict"),
    [
        (lambda e: e**0.7, 0.7, "holds"),
        (lambda e: 0.3 * e**-0.1, -0.1, "fails"),
        (lambda e: 0.1 * e**0.05, 0.05, "undecided"),
    ],
)
def test_a_path_gets_the_slope_and_the_verdict_of_its_numbers(ratio, slope, verdict):
    made = records(ratio)
    found = limit(Results(made), "x")
    assert found.slope.mean == pytest.approx(slope, abs=0.01)
    assert {claim.judge(made).verdict for claim in CLAIMS} == {verdict}
    told = finding(made, True)
    assert f"({verdict})" in told.headline


def test_what_is_told_and_judged_is_the_geometric_mean_which_is_drawn():
    def skewed(epsilon):
        """r = ε²/100, and in one world of ten a thousand times that."""
        return epsilon**2 / 100 * np.where(np.arange(len(epsilon)) % 10, 1, 1000)

    made = records(skewed)
    results, last = Results(made), points(Results(made), "y")[-1]
    drawn = results.interval("log10_ratio_paper.oracle", last)
    arithmetic = results.interval("ratio_paper.oracle", last)
    assert arithmetic.mean > 40 * 10**drawn.mean
    found = limit(results, "y").last
    shown = [10**drawn.mean, 10**drawn.low, 10**drawn.high]
    assert [found.mean, found.low, found.high] == pytest.approx(shown)
    told = finding(made, True)
    limits = f"{shown[0]:.2g} [{shown[1]:.2g}, {shown[2]:.2g}]"
    assert "geometric mean" in told.headline
    assert f"through y only {shown[0]:.2g} (holds)" in told.headline
    assert f"to {limits}; slope" in told.paragraphs[list(PATHS).index("y")]
    (table,) = told.tables.values()
    at_the_end = next(row for row in reversed(table) if row[0] == PATHS["y"])
    assert at_the_end[table[0].index("r, own A (geometric mean)")] == limits
    judged = next(claim for claim in CLAIMS if claim.name == "residual-y").judge(made)
    assert f"to {limits}, where 0" in judged.figures


def test_a_few_worlds_of_large_r_do_not_decide_the_verdict():
    made = records(lambda e: e * np.where(np.arange(len(e)) % 10, 1, 1e8))
    last = points(Results(made), "y")[-1]
    assert Results(made).interval("ratio_paper.oracle", last).mean > LIMIT_HOLDS
    assert limit(Results(made), "y").verdict == "holds"


def test_the_range_of_f_is_told_of_the_world_that_comes_nearest_to_the_coverage():
    made = records(lambda e: e)
    made[5].metrics["range_share.oracle"][0] = 0.9
    assert "f ranges over 0.900 of 2δ at most" in " ".join(finding(made, True).paragraphs)


def test_few_worlds_and_smoke_give_no_verdict():
    few = records(lambda e: e, PAPER.with_seeds(10))
    assert {claim.judge(few).verdict for claim in CLAIMS} == {"not evidence"}
    for told in (finding(few, True), finding(records(lambda e: e), False)):
        assert not told.evidence
        assert "The limit" not in " ".join([told.headline, *told.paragraphs])
