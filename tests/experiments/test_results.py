"""Are blocks of seeds put together in order, and summed up with honest intervals?"""

import csv

import numpy as np
import pytest

import estimators as es
from experiments import verdicts, wording
from experiments.experiment import CellRecord
from experiments.results import Results, write_table


def record(seeds, training=None, size=4, **metrics):
    config = {"panel": "size", "size": size, "training": training, "seeds": list(seeds)}
    return CellRecord(config, {name.replace("__", "."): row for name, row in metrics.items()})


SETTING = {"panel": "size", "size": 4}


def test_blocks_are_merged_by_seed_in_whatever_order_they_come():
    blocks = [record([2, 3], score__a=[30.0, 40.0]), record([1, 0], score__a=[20.0, 10.0])]
    for records in (blocks, blocks[::-1]):
        found = Results(records).values("score.a", SETTING)
        np.testing.assert_array_equal(found, [10, 20, 30, 40])


def test_trained_and_exact_cells_of_a_setting_are_one_setting():
    results = Results([
        record([0, 1], score__exact=[1.0, 2.0]),
        record([0, 1], training={"num_steps": 9}, score__trained=[3.0, 4.0]),
        record([0, 1], size=8, score__exact=[5.0, 6.0]),
    ])  # fmt: skip
    assert results.settings() == [SETTING, {"panel": "size", "size": 8}]
    assert results.settings(size=8) == [{"panel": "size", "size": 8}]
    np.testing.assert_array_equal(results.values("score.trained", SETTING), [3, 4])
    assert results.values("score.unheard_of", SETTING).shape == (0,)


def test_differences_are_paired_seed_by_seed_where_both_are_there():
    worlds = [float(i) for i in range(4)]
    results = Results([
        record([0, 1], training={}, score__trained=[1.0, 3.0]),
        record([0, 1, 2, 3], score__exact=worlds),
    ])  # fmt: skip
    found = results.paired("score.trained", "score.exact", SETTING)
    assert found == es.interval([1.0, 2.0])
    back = results.paired("score.exact", "score.trained", SETTING)
    assert (back.mean, back.num_values) == (-1.5, 2)


def test_a_seed_without_an_answer_leaves_none():
    results = Results([record([0, 1, 2], score__a=[1.0, None, 3.0])])
    found = results.interval("score.a", SETTING)
    assert np.isnan(found.mean)
    assert found.num_values == 0


def test_intervals_are_over_seeds():
    values = [0.1, 0.4, 0.2, 0.3]
    found = Results([record(range(4), score__a=values)]).interval("score.a", SETTING)
    assert found == es.interval(values)


def test_the_held_out_value_is_preferred_to_the_populations():
    both = {"score__a__held_out": [0.5, 0.7], "score__a__population": [0.8, 0.9]}
    assert Results([record([0, 1], **both)]).best("score.a", SETTING).mean == 0.6
    both["score__a__held_out"] = [None, None]
    assert abs(Results([record([0, 1], **both)]).best("score.a", SETTING).mean - 0.85) < 1e-12


def test_the_table_has_a_row_for_every_setting_and_metric(tmp_path):
    table = tmp_path / "table.csv"
    results = Results([
        record([0, 1, 2], score__oracle__held_out=[0.5, 0.6, 0.7], epsilon__exact=[0.1] * 3),
        record([0, 1, 2], size=8, accuracy__trained__population__3=[None, 1.0, 1.0]),
    ])  # fmt: skip
    write_table(table, results, "smoke")
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    columns = ["profile", "panel", "size", "quantity", "source", "estimate", "concept"]
    assert list(rows[0]) == columns + list(es.Interval._fields)
    described = [tuple(row[name] for name in columns[2:]) for row in rows]
    assert described == [
        ("4", "epsilon", "exact", "", ""),
        ("4", "score", "oracle", "held_out", ""),
        ("8", "accuracy", "trained", "population", "3"),
    ]
    assert {row["profile"] for row in rows} == {"smoke"}
    expected = es.interval([0.5, 0.6, 0.7])
    for name in ("mean", "low", "high", "median"):
        assert abs(float(rows[1][name]) - getattr(expected, name)) < 1e-8
    assert rows[1]["num_values"] == "3"
    assert (rows[2]["mean"], rows[2]["num_values"]) == ("", "2")
    assert b"\r" not in table.read_bytes()


def test_the_same_results_give_the_same_bytes(tmp_path):
    results = Results([record([0, 1], b__x=[0.1, 0.2], a__y=[1 / 3, 2 / 3])])
    for name in ("one", "two"):
        write_table(tmp_path / name, results, "paper")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_numbers_are_worded_with_their_intervals():
    value = es.Interval(0.625, 0.5, 0.75, np.nan, np.nan, np.nan, 10)
    alone = es.interval([0.5])
    assert wording.share(value) == "62.5% [50.0%, 75.0%]"
    assert wording.plain(value) == "0.625 [0.500, 0.750]"
    assert wording.difference(value) == "+0.625 [+0.500, +0.750]"
    assert wording.plain(alone) == "0.500"
    assert wording.share(alone) == "50.0%"
    nothing = es.interval([])
    assert wording.plain(nothing) == "–"
    assert wording.share(nothing) == wording.difference(nothing) == "no answer"


def test_settings_are_compared_seed_by_seed():
    results = Results([
        record([0, 1], score__a=[1.0, 2.0]),
        record([0, 1, 2], size=8, score__a=[4.0, 6.0, 9.0]),
    ])  # fmt: skip
    larger = {"panel": "size", "size": 8}
    assert results.between("score.a", larger, SETTING) == es.interval([3.0, 4.0])


RECORDS = [
    record([2, 3], score__a=[30.0, None]),
    record([0, 1], score__a=[10.0, 20.0]),
    record([0, 1], training={"num_steps": 9}, score__trained=[3.0, 4.0]),
    record([0], size=8, score__a=[5.0]),
]


def test_a_frame_has_a_row_a_setting_metric_and_seed():
    frame = Results(RECORDS).to_pandas()
    assert list(frame.columns) == ["panel", "size", "metric", "seed", "value"]
    assert len(frame) == 7
    chosen = frame[(frame["size"] == 4) & (frame["metric"] == "score.a")]
    assert list(chosen["seed"]) == [0, 1, 2, 3]
    np.testing.assert_array_equal(chosen["value"], [10, 20, 30, np.nan])
    assert set(frame[frame["metric"] == "score.trained"]["seed"]) == {0, 1}


def test_a_dataset_has_the_same_numbers_by_setting_and_seed():
    found = Results(RECORDS).to_xarray()
    assert dict(found.sizes) == {"setting": 2, "seed": 4}
    small = found.where(found["size"] == 4, drop=True).isel(setting=0)
    np.testing.assert_array_equal(small["score.a"], [10, 20, 30, np.nan])
    np.testing.assert_array_equal(small["score.trained"], [3, 4, np.nan, np.nan])
    np.testing.assert_array_equal(found["score.a"][1], [5, np.nan, np.nan, np.nan])
    assert list(found["panel"].values) == ["size", "size"]


def test_settings_that_are_lists_or_missing_stay_whole():
    records = [
        CellRecord({"sizes": [1, 2], "seeds": [0]}, {"x": [1.0]}),
        CellRecord({"sizes": [1, 2, 3], "seeds": [0]}, {"x": [2.0]}),
    ]
    results = Results(records)
    assert list(results.to_xarray()["sizes"].values) == [(1, 2), (1, 2, 3)]
    assert len(results.to_pandas()) == 2
    for sizes in ([1, 2, 3], (1, 2, 3)):  # as JSON has them, and as `settings` gives them
        assert results.values("x", {"sizes": sizes}) == [2.0]
        assert results.settings(sizes=sizes) == [{"sizes": (1, 2, 3)}]


def test_settings_within_a_setting_stay_whole(tmp_path):
    inner = [{"rate": 0.1, "kinds": ["a"]}, {"rate": 0.2, "kinds": []}, None]
    results = Results([
        CellRecord({"noise": noise, "seeds": [0]}, {"x": [float(number)]})
        for number, noise in enumerate(inner)
    ])  # fmt: skip
    for number, noise in enumerate(inner):
        assert results.values("x", {"noise": noise}) == [number]
    assert results.to_xarray()["noise"].values[0] == (("rate", 0.1), ("kinds", ("a",)))
    write_table(tmp_path / "table", results, "paper")
    rows = list(csv.DictReader((tmp_path / "table").read_text().splitlines()))
    assert [row["noise"] for row in rows] == [
        "(('rate', 0.1), ('kinds', ('a',)))", "(('rate', 0.2), ('kinds', ()))", "",
    ]  # fmt: skip


TWO_KINDS = [
    CellRecord({"a": 1, "b": 2, "seeds": [0]}, {"x.y": [1.0]}),
    CellRecord({"a": 1, "c": 3, "seeds": [0]}, {"x.y": [2.0]}),
]


def test_cells_with_other_fields_have_columns_of_their_own(tmp_path):
    write_table(tmp_path / "table", Results(TWO_KINDS), "paper")
    rows = list(csv.DictReader((tmp_path / "table").read_text().splitlines()))
    found = [tuple(row[name] for name in ("a", "b", "c", "mean")) for row in rows]
    assert found == [("1", "2", "", "1"), ("1", "", "3", "2")]


def test_a_setting_may_have_any_order_and_needs_no_more_than_tells_it_from_the_others():
    results = Results(TWO_KINDS)
    assert results.interval("x.y", {"b": 2, "a": 1}).mean == 1
    assert results.interval("x.y", {"c": 3}).mean == 2
    assert results.between("x.y", {"c": 3}, {"b": 2}).mean == 1
    assert results.settings(c=3) == [{"a": 1, "c": 3}]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"a": 2}, r"no setting agrees with \{'a': 2\}: `settings\(\)` lists those there are"),
        ({"a": 1}, r"2 settings agree with \{'a': 1\}, which must be one: give also b"),
        ({"d": 1}, r"unknown setting 'd': there are: a, b, c"),
    ],
)
def test_a_setting_that_is_not_there_or_not_the_only_one_is_named(setting, said):
    with pytest.raises(LookupError, match=said):
        Results(TWO_KINDS).interval("x.y", setting)


def test_a_misspelt_metric_is_no_metric_without_an_answer():
    results = Results([
        record([0, 1], score__trained__held_out__3=[1.0, 2.0]),
        record([0, 1], size=8, score__exact=[1.0, 2.0]),
    ])  # fmt: skip
    small, large = results.settings()
    for ask in (
        lambda: results.interval("scor.exact", small),
        lambda: results.paired("score.exact", "scor.exact", small),
        lambda: results.between("scor.exact", small, large),
    ):
        with pytest.raises(
            LookupError, match=r"unknown metric 'scor.exact': did you mean 'score\.e"
        ):
            ask()
    with pytest.raises(LookupError, match=r"there are: score\.exact, score\.trained\.held_out$"):
        results.interval("a", small)
    assert np.isnan(results.interval("score.exact", small).mean)  # measured elsewhere
    assert np.isnan(results.interval("score.trained.held_out.4", small).mean)  # another concept


def test_one_infinite_seed_makes_the_mean_infinite_and_is_left_empty_in_the_table(tmp_path):
    results = Results([
        record([0, 1, 2], score__a=[1.0, -np.inf, 1.0], score__b=[np.inf, -np.inf, 1.0])
    ])  # fmt: skip
    found = results.interval("score.a", SETTING)
    assert (found.mean, found.low, found.high, found.median) == (-np.inf, -np.inf, -np.inf, 1.0)
    assert verdicts.law_verdict(found) == "fails"
    assert np.isnan(results.interval("score.b", SETTING).mean)  # of both signs
    assert np.isnan(results.paired("score.a", "score.b", SETTING).mean)
    write_table(tmp_path / "table", results, "paper")
    rows = list(csv.DictReader((tmp_path / "table").read_text().splitlines()))
    assert [(row["mean"], row["num_values"]) for row in rows] == [("", "2"), ("", "1")]


@pytest.mark.parametrize("name", ["pandas", "xarray"])
def test_what_is_not_installed_is_named_with_its_remedy(monkeypatch, name):
    def missing(wanted):
        raise ImportError(wanted)

    monkeypatch.setattr("experiments.results.importlib.import_module", missing)
    with pytest.raises(ImportError, match=rf"this needs {name}: .*latentgen\[{name}\]"):
        getattr(Results(RECORDS), f"to_{name}")()
