"""Do the parts of the gap add up, is each what it says, and do the words follow the numbers?"""

from dataclasses import replace

import numpy as np
import pytest

import latentgen as lg
from experiments.gap import EXPERIMENT, PAPER, cells
from experiments.gap.cell import PARTS, SAMPLE_PARTS, balance, compute, parts
from experiments.gap.claims import CLAIMS
from experiments.gap.finding import finding
from experiments.gap.predictors import FRESH, SOURCES, GapCell, Training, best_of_dimension
from experiments.gap.tables import base, falling, sweep
from experiments.gap.worlds import repeated, rows_drawn, seen, world
from experiments.results import Results, write_table
from paper_figs.gap import draw
from tests.experiments.made_up import made_up_records

TINY = GapCell(
    "num_samples", 512, 8, 1, 3, 60, 60, 3, 6, 0.7, Training(num_rows=1024), seeds=(0, 1)
)
SMOKE = EXPERIMENT.profiles["smoke"]
NAMES = {claim.name: claim for claim in CLAIMS}


@pytest.fixture(scope="module")
def tiny():
    return compute(TINY).metrics


def test_the_parts_add_up_to_the_whole(tiny):
    excess = sum(np.array(tiny[f"excess_part.{part}"]) for part in PARTS)
    np.testing.assert_allclose(excess, tiny["excess_share.trained"], atol=1e-12)
    missed = sum(np.array(tiny[f"missed_part.{part}.held_out"]) for part in PARTS)
    score = np.array(tiny["score_log_posterior.trained.held_out"])
    np.testing.assert_allclose(missed, 1 - score, atol=1e-12)
    np.testing.assert_allclose(missed, tiny["missed.trained.held_out"], atol=1e-12)


def test_the_parts_of_finite_data_add_up_to_it(tiny):
    data = sum(np.array(tiny[f"excess_part.{part}"]) for part in SAMPLE_PARTS)
    np.testing.assert_allclose(data, tiny["excess_part.data"], atol=1e-12)


def test_parts_are_the_steps_of_a_row():
    row = dict(zip(SOURCES, (1.0, 3.0, 6.0, 10.0, 8.0), strict=True))
    found = parts(row | {"batches": 11.0, "fresh": 11.5})
    assert [found[part] for part in PARTS] == [1, 2, 3, 4, -2]
    assert [found[part] for part in SAMPLE_PARTS] == [1, 0.5, -3.5]
    assert balance(found) == 1 - 2 - 3 - 4 - 2


def test_the_excess_of_a_perfect_predictor_is_nothing_and_its_theory_is_the_laws(tiny):
    np.testing.assert_allclose(tiny["excess_part.theory"], 0, atol=1e-12)
    oracle = 1 - np.array(tiny["score_log_posterior.oracle.held_out"])
    np.testing.assert_allclose(tiny["missed_part.theory.held_out"], oracle, atol=1e-12)


def test_the_dimension_costs_nothing_from_the_number_of_tokens_less_one_on():
    exact = seen(*TINY.world_settings(0))
    for dim in (5, 6):
        found = best_of_dimension(TINY.world_settings(0), dim)
        np.testing.assert_allclose(found, exact.log_predictive, atol=1e-12)
    divergence = np.exp(exact.log_predictive) * (
        exact.log_predictive - best_of_dimension(TINY.world_settings(0), 2)
    )
    assert exact.weight @ divergence.sum(1) > 1e-3


def test_a_pair_of_words_tells_a_concept_and_a_word_alone_nothing():
    model = world(3, 2, 6, 0.7)
    exact = seen(3, 2, 6, 0.7)
    prior = lg.log_concept_posterior(model, np.zeros((1, 0), int), 0)[0]
    for position in range(4):
        for word in (0, 1):
            chosen = exact.context[:, position] == word
            weight = exact.weight[chosen] / exact.weight[chosen].sum()
            belief = weight @ np.exp(exact.log_concepts[0][chosen])
            np.testing.assert_allclose(belief, np.exp(prior), atol=1e-12)
    agree = exact.context[:, 0] == exact.context[:, 1]
    belief = np.exp(exact.log_concepts[0][:, 0])
    assert belief[agree].min() > belief[~agree].min()


def test_all_contexts_have_different_beliefs_so_that_they_can_be_held_out():
    for seed in range(3):
        belief = np.exp(seen(seed, 4, 6, 0.7).log_posterior)
        assert len(np.unique(np.round(belief, 8), axis=0)) == 256


def test_the_raw_input_explains_nothing_of_the_token(tiny):
    np.testing.assert_allclose(tiny["excess_share.raw_input"], 1, atol=1e-6)


def token_of(model):
    assert model.token is not None
    return model.token


def test_the_token_names_the_configuration_or_is_drawn_from_a_row_of_its_own():
    sharp, weak = (np.exp(token_of(world(1, 2, 6, s)).log_table).reshape(4, 6) for s in (0.7, 0.0))
    np.testing.assert_allclose(sharp, 0.7 * np.eye(4, 6) + 0.3 * weak, atol=1e-12)
    with pytest.raises(ValueError, match="num_tokens must be at least 4"):
        world(0, 2, 3, 0.7)


def test_a_smaller_sample_is_the_beginning_of_a_larger_one_repeated():
    drawn = rows_drawn(0, 3, 6, 0.7, 64)
    found = repeated(drawn, 16)
    assert len(found.token) == 64
    np.testing.assert_array_equal(found.token.reshape(4, 16), np.tile(drawn.token[:16], (4, 1)))
    np.testing.assert_array_equal(found.context[16:32], drawn.context[:16])
    with pytest.raises(ValueError, match="must divide the 64 rows drawn; got 24"):
        repeated(drawn, 24)


def test_a_seed_means_the_same_in_any_block_and_changes_the_world(tiny):
    alone = compute(replace(TINY, seeds=(1,))).metrics
    for name in ("excess_share.trained", "missed.trained.held_out", "token_information.exact"):
        assert alone[name][0] == tiny[name][1]
        assert tiny[name][0] != tiny[name][1]


def test_every_axis_has_the_base_setting_and_changes_nothing_else():
    for config in EXPERIMENT.profiles.values():
        found = cells(config)
        assert {seed for c in found for seed in c.seeds} == set(range(config.num_trained))
        for axis in ("num_samples", "num_steps", "dim", "width", "depth"):
            mine = {replace(c, seeds=(), axis="") for c in found if c.axis == axis}
            names = ("num_samples", "width", "depth", "dim", "num_steps")
            chosen = dict(zip(names, config.base, strict=True))
            assert any(all(getattr(c, n) == v for n, v in chosen.items()) for c in mine)
            assert len({replace(c, **{axis: 1}) for c in mine}) == 1
        assert all(config.training.num_rows % n == 0 for n in config.num_samples if n)


USUAL = {
    "token_information.exact": 0.5,
    "concept_information.exact": 0.5,
    "score_argmax.oracle.population": 0.85,
    "excess_share.oracle": 0.0,
    "excess_share.long": 0.0,
    "excess_share.trained": 0.005,
    "excess_share.untrained": 1.6,
    "excess_share.raw_input": 1.0,
    "excess_share.permuted": 1.9,
    "missed.trained.held_out": 0.1,
    "missed_change.trained.held_out": 0.0,
    "missed_balance.theory.held_out": 0.09,
    "counted.trained": 1.0,
    **{f"excess_part.{part}": 0.001 for part in (*PARTS, *SAMPLE_PARTS)},
    **{f"missed_part.{part}.held_out": 0.001 for part in (*PARTS, *SAMPLE_PARTS)},
    "missed_part.theory.held_out": 0.1,
    **{
        f"score_{law}.{source}.{estimate}": value
        for law, value in (("log_posterior", 0.9), ("belief", 0.97))
        for source in ("oracle", "trained")
        for estimate in ("held_out", "population")
    },
    "score_log_posterior.untrained.held_out": -0.05,
    "score_raw_input.trained.held_out": -0.25,
    "score_permuted.trained.held_out": -0.06,
}


def records(override=None, config=PAPER, sample=lambda n: 50 / n):
    """Made-up results; sample: the excess above fresh samples at a size of the sample."""

    def value(cell, name):
        given = (override or {}).get(name)
        return given(cell) if callable(given) else given

    found = made_up_records(cells(config), USUAL, value)
    for record in found:
        size, count = record.config["num_samples"], len(record.config["seeds"])
        record.metrics["counted.trained"] = np.round(record.metrics["counted.trained"]).tolist()
        record.metrics["excess_part.sample"] = [sample(size) if size else 0.0] * count
    return found


def words(override=None, evidence=True, config=PAPER, **more):
    told = finding(records(override, config, **more), evidence)
    return told, " ".join([told.headline, *told.paragraphs])


def verdict(name, override=None, config=PAPER, **more):
    return NAMES[name].judge(records(override, config, **more)).verdict


def test_the_exponent_of_a_power_law_is_found_and_unfit_sizes_are_left_out():
    found = records(sample=lambda n: 1e6 / n**2 if n < 2**18 else -1.0)
    chosen, slope = falling(Results(found))
    assert slope.mean == pytest.approx(-2)
    assert [s["num_samples"] for s in chosen] == [2**10, 2**12, 2**14, 2**16]
    none, slope = falling(Results(records(sample=lambda n: -1.0)))
    assert not none
    assert np.isnan(slope.mean)


def test_claims_are_judged_by_the_stored_numbers():
    assert verdict("gap-theory-first") == "holds"
    assert verdict("gap-theory-first", {"missed_balance.theory.held_out": -0.1}) == "fails"
    assert verdict("gap-log-trained") == "fails"
    perfect = {"score_log_posterior.trained.held_out": 0.995}
    assert verdict("gap-log-trained", perfect) == "holds"
    for null in ("log_posterior.untrained", "raw_input.trained", "permuted.trained"):
        near = perfect | {f"score_{null}.held_out": 0.99}
        assert verdict("gap-log-trained", near) == "not evidence"
    assert verdict("gap-log-or-belief") == "second"
    assert verdict("gap-log-or-belief", {"score_belief.trained.held_out": 0.8}) == "first"
    assert verdict("gap-oracle-followed") == "holds"
    assert verdict("gap-oracle-followed", {"missed_change.trained.held_out": -0.02}) == "fails"
    assert verdict("gap-dimension-reached") == "holds"
    stuck = {"excess_part.network": lambda c: 0.1 if c.dim == 2 else 0.0}
    assert verdict("gap-dimension-reached", stuck) == "fails"
    assert verdict("gap-one-over-n") == "holds"
    assert verdict("gap-one-over-n", sample=lambda n: n**-0.7) == "fails"


def test_what_does_not_count_as_trained_or_has_few_seeds_gets_no_verdict():
    untrained = {"counted.trained": 0.0}
    for name in ("gap-theory-first", "gap-log-trained", "gap-log-or-belief", "gap-oracle-followed"):
        assert verdict(name, untrained) == "not evidence"
    for name in NAMES:
        assert verdict(name, config=PAPER.with_seeds(4)) == "not evidence"


def test_missing_answers_are_undecided_and_said_so():
    gone = {name: np.nan for name in USUAL if name.startswith(("missed", "excess_part"))}
    assert verdict("gap-theory-first", gone) == "undecided"
    assert verdict("gap-dimension-reached", gone) == "undecided"
    assert verdict("gap-one-over-n", sample=lambda n: np.nan) == "undecided"
    _, text = words(gone, sample=lambda n: np.nan)
    assert "no exponent, 0 sizes count" in text


def test_the_words_follow_the_numbers():
    told, text = words()
    assert told.evidence
    assert "(theory first: holds)" in text
    assert "262,144 samples, 2 hidden layers of 32 units, d = 5, 1,000 steps. Excess" in text
    assert "(the law: fails)" in text
    assert "(within .01: holds)" in text
    assert "(1/n: holds)" in text
    assert "Within .01 at every d: holds." in text
    assert "Below 0 at the upper limit: none." in text
    below = {"missed_part.optimisation.held_out": lambda c: -0.2 if c.num_steps == 125 else 0.0}
    _, text = words(below)
    assert "1 − S(log p), optimisation at steps = 125 -0.200 [-0.200, -0.200]." in text
    _, text = words({"counted.trained": lambda c: 0.0 if c.axis == "num_samples" else 1.0})
    assert "1,000 steps (0 of 10 seeds count as trained)" in text
    assert "(the law: not evidence)" in text


def test_fits_that_did_not_converge_are_counted_and_missing_ones_are_not():
    found = records()
    for record in found:
        record.metrics.update({"converged_a.oracle": [0.0] * 5, "converged_a.trained": [1.0] * 5})
    found[0].metrics["converged_a.trained"] = [None, 1.0, 1.0, 1.0, 1.0]
    num = 5 * len(found)
    said = finding(found, True).paragraphs[-1]
    assert said == f"Of the {2 * num - 1} fits of a law {num - 1} converged."


def test_without_evidence_no_verdict_is_said():
    for told, text in (
        words(evidence=False),
        words(config=PAPER.with_seeds(5)),
        words(config=SMOKE),
    ):
        assert not told.evidence
        assert "holds" not in text
        assert "fails" not in text


def test_fresh_samples_come_last_and_the_base_is_found():
    results = Results(records())
    assert [s["num_samples"] for s in sweep(results, "num_samples")][-2:] == [2**18, FRESH]
    assert base(results)["num_samples"] == 2**18


def test_every_caption_has_its_figure_even_where_answers_are_missing(tmp_path):
    gone = {"missed.trained.held_out": np.nan, "missed_part.data.held_out": np.nan}
    found = records(gone, SMOKE)
    write_table(tmp_path / "gap.csv", Results(found), "smoke")
    assert draw(tmp_path / "gap.csv").keys() == finding(found, True).captions.keys()


def test_bars_are_stacked_from_nought_and_negative_parts_hang_below(tmp_path):
    override = {
        f"missed_part.{part}.held_out": value
        for part, value in zip(PARTS, (0.1, 0.05, 0.01, -0.04, 0.02), strict=True)
    }
    write_table(tmp_path / "gap.csv", Results(records(override, SMOKE)), "paper")
    bars = draw(tmp_path / "gap.csv")["gap_law"].axes[0].patches[:5]
    boxes = [bar.get_path().transformed(bar.get_patch_transform()) for bar in bars]
    ends = [(box.vertices[0, 1], box.vertices[2, 1]) for box in boxes]
    expected = [(0, 0.1), (0.1, 0.15), (0.15, 0.16), (0, -0.04), (0.16, 0.18)]
    np.testing.assert_allclose(ends, expected, atol=2e-3)
