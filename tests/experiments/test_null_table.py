"""Does the page say rightly how far what was measured lies above its nulls?"""

import numpy as np
import pytest
from scipy import stats

from experiments.experiment import CellRecord
from experiments.null_table import null_table
from experiments.quantities import QUANTITIES
from experiments.results import Results

MEASURED = {"a": [0.9, 0.8, 0.7], "b": [0.99, 0.98, 1.0]}
NULL_AND_TRAINED = ("permuted", "trained")
NULL = {"a": [0.1, 0.3, 0.2], "b": [0.97, 0.98, 0.99]}


def results(*cells):
    """Results of one cell a setting: (panel, metrics)."""
    return Results(
        [
            CellRecord({"panel": panel, "seeds": list(range(len(next(iter(own.values())))))}, own)
            for panel, own in cells
        ]
    )


def two_settings(measured, null):
    """Both metrics at two settings."""
    return results(*((panel, {measured: MEASURED[panel], null: NULL[panel]}) for panel in "ab"))


def words(values, sign=""):
    """A mean with its 95 % t interval, from scipy."""
    mean, half = np.mean(values), stats.sem(values) * stats.t.ppf(0.975, len(values) - 1)
    return f"{mean:{sign}.3f}\u00a0[{mean - half:.3f},\u00a0{mean + half:.3f}]"


def pairs(found):
    """Who stands beside which null."""
    return {(row.measured, row.null) for row in (*found.rows, *found.others)}


def test_a_row_spans_all_settings_and_pairs_the_difference_within_one():
    found = null_table(
        two_settings("score_log_posterior.oracle.held_out", "score_raw_input.oracle.held_out")
    )
    (row,) = found.rows
    gaps = {panel: np.subtract(MEASURED[panel], NULL[panel]) for panel in "ab"}
    assert row.measured == "S of log p(c∣x), oracle"
    assert row.null == "raw input"
    assert row.null_reaches == f"{words(NULL['a'])} to {words(NULL['b'])}"
    assert row.measured_reaches == f"{words(MEASURED['a'])} to {words(MEASURED['b'])}"
    assert row.difference == f"{words(gaps['b'], '+')} to {words(gaps['a'], '+')}"
    assert row.beyond == "1 better, 1 neither"
    assert (found.others, found.remark) == ([], "")


def test_a_measured_value_below_its_null_is_told_with_its_sign():
    found = null_table(two_settings("score_raw_input.oracle.held_out", "readout.oracle.held_out"))
    assert found.rows == []  # a readout is no law
    below = {"readout.trained.held_out": NULL["a"], "readout.raw_input.held_out": MEASURED["a"]}
    (row,) = null_table(results(("a", below))).rows
    assert row.difference == words(np.subtract(NULL["a"], MEASURED["a"]), "+")
    assert row.difference.startswith("-0.600")
    assert row.beyond == "1 worse"


@pytest.mark.parametrize(
    ("measured", "null", "row"),
    [
        ("score_belief.trained.held_out", "score_permuted.trained.held_out", "rows permuted"),
        ("readout.trained.held_out", "readout.untrained.held_out", "untrained network"),
        ("score_belief.mlp.held_out", "score_belief.untrained_mlp.held_out", "untrained network"),
        ("accuracy.oracle.population", "accuracy.majority.population", "commonest value"),
        ("parallelism.oracle", "parallelism.permuted", "rows permuted"),
        ("r2.mlp.held_out.end", "r2.mlp.raw_input", "raw input"),
        ("r2.gru.held_out.end", "r2.gru.held_out.untrained", "untrained network"),
        ("score_paper.exact", "score_argmax.exact", "likeliest configuration alone"),
        ("violation.rank", "broken.rank", "assumption broken"),
    ],
)
def test_a_null_is_found_wherever_its_word_stands_in_a_name(measured, null, row):
    found = null_table(two_settings(measured, null))
    assert [found_row.null for found_row in found.rows] == [row]


@pytest.mark.parametrize(
    ("measured", "null"),
    [
        ("readout.oracle.held_out", "readout.untrained.held_out"),  # a null of networks only
        ("score_belief.gru.held_out", "score_belief.untrained_mlp.held_out"),  # another network
        ("score_belief.trained.held_out", "score_permuted.oracle.held_out"),  # another predictor
        ("readout.trained.held_out", "score_raw_input.trained.held_out"),  # another quantity
        ("readout.trained.held_out", "readout.raw_input.population"),  # another estimate
        ("accuracy.oracle.held_out.1", "accuracy.raw_input.held_out.2"),  # another concept
        ("score_difference.trained.held_out", "score_permuted.trained.held_out"),  # no score
        ("converged_readout.trained", "converged_readout.permuted"),
        ("readout_step_8.trained.held_out", "readout_step_8.permuted.held_out"),  # on the way
    ],
)
def test_what_is_no_null_of_a_metric_is_not_put_beside_it(measured, null):
    assert pairs(null_table(two_settings(measured, null))) == set()


def test_what_can_be_held_out_is_compared_there():
    own = {
        f"readout.{source}.{estimate}": [value, value + 0.02]
        for source, estimate, value in (
            ("trained", "held_out", 0.8), ("trained", "population", 0.9),
            ("permuted", "held_out", 0.1), ("permuted", "population", 0.3),
        )
    }  # fmt: skip
    (row,) = null_table(results(("a", own))).rows
    assert row.measured_reaches == words([0.8, 0.82])
    assert row.null_reaches == words([0.1, 0.12])


def test_a_difference_whose_interval_reaches_the_margin_is_on_neither_side():
    for shift in (0.5, -0.5):
        wide = {"r2.trained": [shift - 1, shift + 1], "r2.permuted": [0.0, 0.0]}
        (row,) = null_table(results(("a", wide))).rows
        assert row.beyond == "1 neither"


POPULATION = {"readout.trained.population": [0.95, 0.97], "readout.permuted.population": [0.2, 0.3]}
UNANSWERED = {"readout.trained.held_out": [0.9, None], "readout.permuted.held_out": [0.1, None]}
HELD_OUT = {"readout.trained.held_out": [0.5, 0.6], "readout.permuted.held_out": [0.1, 0.2]}


def test_where_nothing_can_be_held_out_anywhere_the_population_stands_in_and_is_named():
    (row,) = null_table(results(("a", UNANSWERED | POPULATION))).rows
    assert row.measured == "readout score, trained, population, saturated"
    assert row.measured_reaches == words([0.95, 0.97])
    assert row.null_reaches == words([0.2, 0.3])
    assert row.left_out == ""
    (row,) = null_table(results(("a", POPULATION))).rows
    assert row.measured == "readout score, trained, population"


def test_a_setting_that_is_not_held_out_is_left_out_and_counted_where_others_are():
    cells = [("a", HELD_OUT | POPULATION), ("b", UNANSWERED | POPULATION), ("c", POPULATION)]
    (row,) = null_table(results(*cells)).rows
    assert row.measured == "readout score, trained"
    assert row.measured_reaches == words([0.5, 0.6])
    assert row.null_reaches == words([0.1, 0.2])
    assert (row.beyond, row.left_out) == ("1 better", "2 not held out")


def test_a_saturated_setting_is_left_out_of_a_row_that_has_only_the_population():
    fitted = {
        "accuracy.trained.population": [0.8, 0.81],
        "accuracy.majority.population": [0.5, 0.6],
    }
    full = {name: [0.99, 1.0] for name in fitted}
    cells = [
        ("a", {**fitted, "accuracy.trained.held_out": [0.7, 0.71]}),
        ("b", {**full, "accuracy.trained.held_out": [0.7, None]}),
    ]
    (row,) = null_table(results(*cells)).rows
    assert row.measured == "probe accuracy, trained, population"
    assert row.measured_reaches == words([0.8, 0.81])
    assert row.left_out == "1 not held out"


@pytest.mark.parametrize(
    ("source", "counted"), [("mlp", "mlp"), ("mlp+gru", "mlp+gru"), ("mlp+oracle", "mlp")]
)
def test_networks_of_which_a_seed_does_not_count_as_trained_are_left_out_and_counted(
    source, counted
):
    own = {f"r2.{source}.held_out": [0.7, 0.8], f"r2.untrained_{source}.held_out": [0.1, 0.2]}
    short = {f"r2.{source}.held_out": [0.9, 0.99], f"r2.untrained_{source}.held_out": [0.6, 0.7]}
    cells = [
        ("a", {**own, f"counted.{counted}": [1.0, 1.0]}),
        ("b", {**short, f"counted.{counted}": [1.0, 0.0]}),
    ]
    (row,) = null_table(results(*cells)).rows
    assert row.measured_reaches == words([0.7, 0.8])
    assert row.left_out == "1 not trained"
    (row,) = null_table(results(cells[1])).rows
    assert (row.measured_reaches, row.beyond, row.left_out) == ("–", "–", "1 not trained")


def test_whether_a_network_counts_says_nothing_of_the_oracle():
    own = {"score_rho.oracle.held_out": [0.7, 0.8], "score_permuted.oracle.held_out": [0.1, 0.2]}
    (row,) = null_table(results(("a", {**own, "counted.oracle": [0.0, 0.0]}))).rows
    assert (row.measured_reaches, row.left_out) == (words([0.7, 0.8]), "")


def test_numbers_that_do_not_vary_along_an_axis_count_once():
    other = {"readout.trained.held_out": [0.5, 0.61], "readout.permuted.held_out": [0.1, 0.2]}
    (row,) = null_table(results(("a", HELD_OUT), ("b", HELD_OUT), ("c", HELD_OUT))).rows
    assert row.beyond == "1 better"
    (row,) = null_table(results(("a", HELD_OUT), ("b", HELD_OUT), ("c", other))).rows
    assert row.beyond == "2 better"


def test_a_setting_without_the_null_does_not_widen_the_range():
    own = {"readout.trained.held_out": [0.5, 0.6], "readout.permuted.held_out": [0.1, 0.2]}
    alone = {"readout.trained.held_out": [0.0, 0.01]}
    (row,) = null_table(results(("a", own), ("b", alone))).rows
    assert row.measured_reaches == words([0.5, 0.6])


def test_the_mean_over_concepts_stands_for_all_of_them():
    own = {
        f"accuracy.{source}.held_out{concept}": [value, value + 0.01]
        for source, value in (("trained", 0.8), ("raw_input", 0.6))
        for concept in ("", ".0", ".1")
    }
    own |= {"accuracy.trained.held_out.0": [0.0, 0.1], "accuracy.raw_input.held_out.1": [1.0, 0.9]}
    (row,) = null_table(results(("a", own))).rows
    assert row.null_reaches == words([0.6, 0.61])
    assert row.beyond == "1 better"


def test_trained_numbers_lead_and_what_is_beyond_nine_rows_is_kept_apart():
    sources = ("trained", "oracle", "raw_input", "permuted")
    quantities = ("readout", "r2", "accuracy", "parallelism", "cosine_raw", "cosine_free")
    own = {f"{q}.{s}": [0.1 * i, 0.2] for q in quantities for i, s in enumerate(sources)}
    found = null_table(results(("a", own)))
    assert len(found.rows) == 8  # four quantities, both nulls each; a fifth would be cut in half
    assert all(", trained" in row.measured for row in found.rows)
    assert len(found.others) == 2 * 2 * 6 - 8
    assert sum(", oracle" in row.measured for row in found.others) == 12


@pytest.mark.parametrize(
    ("quantity", "less"),
    [
        ("excess_share", True), ("free_error", True), ("missed", True), ("violation", True),
        ("logit_relative", True), ("svd", True), ("llv", True), ("kl", True),
        ("across_free", True), ("across_raw", True),
        ("readout", False), ("svcca", False), ("r2_logits", False), ("cosine_free", False),
    ],
)  # fmt: skip
def test_less_is_better_for_losses_errors_distances_and_likeness_of_what_should_differ(
    quantity, less
):
    own = {f"{quantity}.trained": [0.1, 0.11], f"{quantity}.permuted": [0.8, 0.82]}
    (row,) = null_table(results(("a", own))).rows
    assert row.measured.endswith(" (less is better)") == less
    assert row.beyond == ("1 better" if less else "1 worse")


def test_every_quantity_has_words_and_an_unknown_one_its_name_without_underscores():
    known = {f"{name}.{source}": [0.1, 0.2] for name in QUANTITIES for source in NULL_AND_TRAINED}
    found = null_table(results(("a", known)))
    told = {row.measured for row in (*found.rows, *found.others)}
    assert not any("_" in text for text in told if "c_k" not in text and "d_" not in text)
    for name, text in {"new_thing": "new thing", "score_new_law": "S of new law"}.items():
        own = {f"{name}.trained": [0.1, 0.2], f"{name}.permuted": [0.1, 0.2]}
        own |= {"score_permuted.trained": [0.1, 0.2]} if name.startswith("score") else {}
        assert null_table(results(("a", own))).rows[0].measured == f"{text}, trained"


def test_an_assumption_met_and_broken_at_different_settings_is_not_subtracted():
    met, broken = {"violation.rank": [1e-16, 3e-16]}, {"broken.rank": [0.3, 0.5]}
    (row,) = null_table(results(("met", met), ("broken", broken))).rows
    assert row.null_reaches == words([0.3, 0.5])
    assert row.measured_reaches.startswith("2e−16")
    assert (row.difference, row.beyond) == ("never at one setting", "–")


def test_without_a_null_the_page_says_what_the_numbers_are():
    exact = null_table(results(("a", {"epsilon.exact": [0.1, 0.2], "own_map.found": [1.0, 2.0]})))
    assert exact.rows == []
    assert exact.remark == (
        "No null was measured: a search has no null; what it finds is exact in its world."
    )
    alone = null_table(results(("a", {"epsilon.exact": [0.1, 0.2], "own_map.strange": [1.0, 2.0]})))
    assert alone.remark == (
        "No null was measured. No network was trained and nothing was held out. The numbers are "
        "exact."
    )
    trained = null_table(results(("a", {"readout.trained.held_out": [0.1, 0.2]})))
    assert trained.remark == "No null was measured. The numbers are trained."


def test_one_seed_gives_means_without_intervals_and_nothing_is_beyond():
    own = {"readout.trained.held_out": [0.9], "readout.permuted.held_out": [0.1]}
    (row,) = null_table(results(("a", own))).rows
    assert (row.measured_reaches, row.difference) == ("0.900", "+0.800")
    assert row.beyond == "1 neither"
