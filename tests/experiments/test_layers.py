"""Are layers read as they should be, and do the words follow the numbers?"""

import re
from dataclasses import replace

import numpy as np
import pytest

import estimators as es
import latentgen as lg
from experiments.experiment import CellRecord
from experiments.layers import EXPERIMENT, PAPER, cells
from experiments.layers.cell import LayersCell, Training, compute, predictor, sequences
from experiments.layers.claims import CLAIMS
from experiments.layers.finding import finding
from experiments.layers.reading import read_sites
from experiments.layers.tables import layers, setting_of
from experiments.layers.worlds import KEYED, MESS3
from experiments.results import Results, write_table
from experiments.scores import apart
from experiments.store import canonical
from paper_figs.layers import along, draw
from paper_figs.tables import read_rows

SMALL = Training(num_steps=4, batch_size=16, width=8, growth=4.0)
KEYED_CELL = LayersCell(KEYED, 8, 0.02, 0.3, 0.01, SMALL, (0,))
MESS3_CELL = LayersCell(MESS3, 4, 0.0, 0.0, 0.0, SMALL, (0, 1))


@pytest.fixture(scope="module")
def measured():
    return {KEYED: compute(KEYED_CELL).metrics, MESS3: compute(MESS3_CELL).metrics}


def test_sites_are_causal_and_predictions_are_those_of_the_predictor():
    exact = sequences(MESS3_CELL, 0)
    network = predictor(MESS3_CELL)
    import jax

    params = network.init(jax.random.key(0))
    read = read_sites(network, params, exact)
    assert list(read.sites) == ["layer_0", "layer_1", "layer_2", "final"]
    same = exact.group[:, 3] == exact.group[0, 3]
    for stream in read.sites.values():
        np.testing.assert_allclose(stream[same, 3] - stream[0, 3], 0, atol=1e-5)
    _, told = es.represent_and_predict(network, params, exact.context.astype(np.int32))
    np.testing.assert_allclose(read.log_predicted[:, -1], told, atol=1e-5)


def test_a_seed_means_the_same_in_any_block(measured):
    alone = compute(replace(MESS3_CELL, seeds=(1,))).metrics
    assert alone.keys() == measured[MESS3].keys()
    for name, row in alone.items():
        assert row[0] == pytest.approx(measured[MESS3][name][1], nan_ok=True, abs=1e-5), name


def test_hardly_trained_networks_do_not_count_and_step_0_is_the_untrained_network(measured):
    for found in measured.values():
        assert found["counted.trained"][0] == 0
        for site in ("layer_1", "final"):
            step = found[f"identity_step_0.{site}.held_out"]
            assert step == pytest.approx(found[f"identity.untrained_{site}.held_out"], abs=1e-9)
            step = found[f"softmax_step_4.{site}.held_out"]
            assert step == pytest.approx(found[f"softmax.{site}.held_out"], abs=1e-9)
        assert found["softmax.log_posterior.held_out"][0] == pytest.approx(1, abs=1e-3)
        assert found["identity.belief.held_out"][0] == pytest.approx(1, abs=1e-9)


def test_the_raw_input_cannot_read_the_keyed_world_and_can_read_mess3(measured):
    assert measured[KEYED]["softmax.raw_input.held_out"][0] < 0.05
    assert measured[MESS3]["softmax.raw_input.held_out"][0] > 0.9
    assert measured[KEYED]["score_log_posterior.oracle.held_out"][0] > 0.99


def test_the_null_of_the_oracles_laws_is_that_of_log_p_and_not_that_of_a_stream(measured):
    exact = sequences(KEYED_CELL, 0)
    last = exact.log_belief[:, -1]
    log_posterior = es.permute_contexts(
        last @ lg.zero_sum_basis(last.shape[1]),
        np.unique(last.round(9), axis=0, return_inverse=True)[1],
        random_state=0,
    )
    score = es.law_score(log_posterior, exact.log_predictive[:, -1], exact.weight).population
    found = measured[KEYED]
    assert found["score_permuted.oracle.population"][0] == pytest.approx(score, abs=0.02)
    stream = found["score_site_permuted.oracle.population"][0]
    assert stream != found["score_permuted.oracle.population"][0]


def test_a_metric_that_is_measured_twice_is_refused():
    assert apart({"a": 1.0}, {"b": 2.0}) == {"a": 1.0, "b": 2.0}
    with pytest.raises(ValueError, match="a metric is measured once; a twice: rename one"):
        apart({"a": 1.0}, {"a": 2.0})


def test_an_unknown_world_is_refused():
    with pytest.raises(ValueError, match="must be 'keyed' or 'mess3'; got 'dark'"):
        sequences(replace(KEYED_CELL, world="dark"), 0)


def test_every_profile_covers_both_worlds_and_all_its_seeds():
    for config in EXPERIMENT.profiles.values():
        found = cells(config)
        assert {cell.world for cell in found} == {KEYED, MESS3}
        assert {seed for cell in found for seed in cell.seeds} == set(range(config.num_trained))
    assert {seed for cell in cells(PAPER.with_seeds(7)) for seed in cell.seeds} == set(range(7))


USUAL = {
    "counted.trained": 1.0,
    "concept_information.exact": 0.7,
    "score_belief.trained.held_out": 0.6,
    "rise_width.final.softmax": 2.0,
    "lag.final.softmax": 0.1,
    "lag.layer_2.softmax": 0.2,
    "identity.layer_1.held_out": 0.21,
    "softmax.layer_1.held_out": 0.22,
    "softmax_prefix_7.layer_2.held_out.1": 0.98,
    "softmax_prefix_7.layer_2.held_out.0": 0.5,
}


def usual(name):
    if name in USUAL:
        return USUAL[name]
    if re.search(r"raw_input|permuted|untrained", name):
        return 0.2
    if re.match(r"softmax(_pooled)?\.layer_2", name):
        return 0.995
    return 0.96 if re.match(r"identity(_pooled)?\.layer_2", name) else 0.5


def records(measured, override=None, config=PAPER):
    spread, found = np.random.default_rng(0), []
    for cell in cells(config):
        metrics = {}
        for name in measured[cell.world]:
            value = (override or {}).get((cell.world, name), (override or {}).get(name))
            value = usual(name) if value is None else value
            noise = 0 if name == "counted.trained" else 1e-4
            drawn = value + noise * spread.normal(size=len(cell.seeds))
            metrics[name] = [None if np.isnan(v) else float(v) for v in drawn]
        found.append(CellRecord(canonical(cell), metrics))
    return found


def verdict(name, made):
    return next(claim for claim in CLAIMS if claim.name == name).judge(made).verdict


@pytest.mark.parametrize(
    ("score", "told"), [(0.999, "holds"), (0.97, "approximate"), (0.5, "fails")]
)
@pytest.mark.parametrize("link", ["identity", "softmax"])
def test_a_link_gets_the_verdict_of_its_own_numbers(measured, link, score, told):
    paper = {"identity": "belief", "softmax": "log"}[link]
    for world, place in ((KEYED, ""), (MESS3, "_pooled")):
        made = records(measured, {(world, f"{link}{place}.layer_2.held_out"): score})
        assert verdict(f"layers-{paper}-{world}", made) == told


def test_what_the_raw_input_does_as_well_is_no_evidence(measured):
    made = records(measured, {"softmax_pooled.raw_input.held_out": 0.97})
    assert verdict("layers-log-mess3", made) == "not evidence"
    assert verdict("layers-log-keyed", made) == "holds"


def test_without_trained_or_enough_seeds_and_in_trivial_corners_nothing_is_decided(measured):
    made = {
        "not evidence": records(measured, {"counted.trained": 0.0}),
        "trivial corner": records(measured, {"score_argmax.oracle.population": 0.995}),
    }
    for word, given in made.items():
        assert {claim.judge(given).verdict for claim in CLAIMS} == {word}
    few = records(measured, config=PAPER.with_seeds(5))
    assert {claim.judge(few).verdict for claim in CLAIMS} == {"not evidence"}


def test_contexts_of_the_keyed_world_differ_in_their_beliefs(measured):
    assert measured[KEYED]["num_beliefs.exact"][0] == 256
    assert measured[MESS3]["num_beliefs.exact"][0] == 81


def test_a_link_that_could_not_be_held_out_is_saturated(measured):
    made = records(measured, {(KEYED, "softmax.layer_2.held_out"): np.nan})
    assert verdict("layers-log-keyed", made) == "saturated"


def test_the_laws_of_predictions_are_judged_by_their_own_scores(measured):
    assert verdict("layers-laws-mess3", records(measured)) == "second"
    made = records(measured, {"score_belief.trained.held_out": 0.4})
    assert verdict("layers-laws-mess3", made) == "first"


def test_the_other_claims_follow_their_numbers(measured):
    made = records(measured)
    assert verdict("layers-log-or-belief-keyed", made) == "first"
    assert verdict("layers-at-once", made) == "fails"
    assert verdict("layers-with-the-loss", made) == "holds"
    assert verdict("layers-last-layer", made) == "holds"
    assert verdict("layers-asked", made) == "holds"
    other = {
        "softmax.layer_2.held_out": 0.9,
        "rise_width.final.softmax": 0.5,
        "rise_width.final.identity": 0.5,
        "lag.final.softmax": 3.0,
        "softmax.layer_1.held_out": 0.4,
        "softmax_prefix_7.layer_2.held_out.1": 0.4,
    }
    made = records(measured, other)
    assert verdict("layers-log-or-belief-keyed", made) == "second"
    assert verdict("layers-at-once", made) == "holds"
    assert verdict("layers-with-the-loss", made) == "fails"
    assert verdict("layers-last-layer", made) == "fails"
    assert verdict("layers-asked", made) == "fails"
    early = {f"{link}.layer_1.held_out": 0.4 for link in ("identity", "softmax")}
    assert verdict("layers-last-layer", records(measured, early)) == "fails"
    unknown = records(measured, {"rise_width.final.softmax": np.nan})
    assert verdict("layers-at-once", unknown) == "undecided"


def test_the_words_follow_the_numbers(measured):
    told = finding(records(measured), True)
    text = " ".join([told.headline, *told.paragraphs])
    assert told.evidence
    assert "22.0% of the variance of p(c∣x) after layer 1 and 99.5% after layer 2" in told.headline
    assert "the steps double 2.0 times" in told.headline
    assert "the softmax link explains more" in text
    assert "layers-asked: holds" in text
    swapped = finding(records(measured, {"softmax.layer_2.held_out": 0.9}), True)
    assert "the identity link explains more" in " ".join(swapped.paragraphs)
    late = finding(records(measured, {"rise_width.final.softmax": np.nan}), True)
    assert "have no rise of .05 to time" in " ".join(late.paragraphs)


def test_the_tenth_layer_comes_after_the_ninth(measured):
    made = records(measured)
    numbers = {"layer_1": "layer_9", "layer_2": "layer_10"}
    deeper = [
        record._replace(
            metrics={
                re.sub(r"layer_[12]\b", lambda found: numbers[found[0]], name): values
                for name, values in record.metrics.items()
            }
        )
        for record in made
    ]
    results = Results(deeper)
    assert layers(results, setting_of(results, KEYED)) == ["layer_0", "layer_9", "layer_10"]
    headline = finding(deeper, True).headline
    assert "22.0% of the variance of p(c∣x) after layer 9 and 99.5% after layer 10" in headline
    assert [claim.judge(deeper).verdict for claim in CLAIMS] == [
        claim.judge(made).verdict for claim in CLAIMS
    ]


def test_without_evidence_no_verdict_is_said(measured):
    silent = (
        finding(records(measured), False),
        finding(records(measured, config=PAPER.with_seeds(5)), True),
        finding(records(measured, {"counted.trained": 0.0}), True),
    )
    for told in silent:
        text = " ".join([told.headline, *told.paragraphs])
        assert not told.evidence
        assert "(holds)" not in text
        assert "explains more" not in text
        assert "Claims:" not in text
    assert "0 of 10 seeds count as trained" in " ".join(silent[2].paragraphs)


def test_figures_are_drawn_from_the_table_alone(measured, tmp_path):
    table = tmp_path / "layers.csv"
    write_table(table, Results(records(measured)), "paper")
    figures = draw(table)
    assert set(figures) == {"layers_time", "layers_prefixes", "layers_concepts"}
    assert set(finding(records(measured), True).captions) == set(figures)
    curve = along(read_rows(table), "predicted_step", "trained", "")
    assert sorted(set(curve.position)) == [0.5, 1, 4]
