"""Are figures drawn from the table alone?"""

import math
import subprocess
import sys
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from paper_figs import layout, style, tables

ROOT = Path(__file__).parents[2]
HEADER = "profile,panel,size,quantity,source,estimate,concept,mean,low,high"
ROWS = [
    "smoke,size,8,accuracy,trained,held_out,,0.8,0.7,0.9",
    "smoke,size,8,accuracy,trained,held_out,0,0.1,0.1,0.1",
    "smoke,size,0,accuracy,trained,held_out,,0.5,,",
    "smoke,size,4,accuracy,trained,held_out,,,,",
    "smoke,size,8,accuracy,oracle,held_out,,0.9,0.9,0.9",
    "smoke,size,8,epsilon,exact,,,0.01,0.01,0.02",
]


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("\n".join([HEADER, *ROWS]) + "\n", encoding="utf-8")
    return tables.read_rows(path)


def test_figures_import_neither_the_world_nor_the_learner_nor_jax():
    code = (
        "import sys, paper_figs.simulation; "
        "banned = {'jax', 'jaxlib', 'flax', 'optax', 'latentgen', 'estimators', 'experiments'}; "
        "sys.exit(f'imported {banned & set(sys.modules)}' if banned & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_rows_are_chosen_by_the_names_of_their_columns(rows):
    assert len(rows) == 6
    assert len(tables.select(rows, size=8, quantity="accuracy")) == 3
    assert tables.select(rows, size=9) == []
    assert tables.stamp(rows) == "smoke"
    assert tables.stamp([]) == ""


def test_a_curve_has_its_answered_points_in_order_averaged_over_concepts(rows):
    curve = tables.series(rows, "size", "accuracy.trained.held_out")
    assert (curve.position, curve.mean) == ([0, 8], [0.5, 0.8])
    assert math.isnan(curve.low[0])
    assert (curve.low[1], curve.high[1]) == (0.7, 0.9)
    assert tables.series(rows, "size", "epsilon.exact").mean == [0.01]
    assert tables.series(rows, "size", "accuracy.unheard_of").position == []


def test_a_curve_is_split_into_points_here_and_points_elsewhere(rows):
    curve = tables.series(rows, "size", "accuracy.trained.held_out")
    inside, outside = style.split(curve, [8.0])
    assert (inside.mean, outside.mean) == ([0.8], [0.5])
    assert style.split(curve, [])[0].position == []


def test_what_a_law_misses_is_one_less_its_score_and_never_below_the_floor():
    curve = tables.Series([1, 2], [0.75, 1.0], [0.5, 0.999], [0.875, 1.001])
    found = tables.missed(curve, 0.01)
    assert found == ([1, 2], [0.25, 0.01], [0.125, 0.01], [0.5, 0.01])


def test_a_single_world_has_no_interval_of_what_is_missed():
    found = tables.missed(tables.Series([1], [0.75], [math.nan], [math.nan]), 0.01)
    assert found.mean == [0.25]
    assert math.isnan(found.low[0])
    assert math.isnan(found.high[0])


def test_a_curve_is_held_out_where_it_can_be_and_on_the_population_elsewhere(rows):
    whole = [row | {"estimate": "population", "mean": "0.7"} for row in rows]
    whole += [whole[0] | {"size": "12"}]
    held, other = tables.held_or_whole(rows + whole, "size", "accuracy.trained")
    assert (held.position, held.mean) == ([0, 8], [0.5, 0.8])
    assert (other.position, other.mean) == ([4, 12], [0.7, 0.7])


def test_a_number_without_an_interval_is_its_own_interval(rows):
    answered = tables.select(rows, size=0)
    assert tables.point(answered, "accuracy", "trained", "held_out") == (0.5, 0.5, 0.5)
    assert tables.point(rows, "accuracy", "oracle", "held_out") == (0.9, 0.9, 0.9)
    assert tables.point(rows, "accuracy", "unheard_of") is None
    assert tables.point(tables.select(rows, size=4), "accuracy", "trained", "held_out") is None


def test_medians_come_with_the_intervals_of_medians(rows):
    columns = {"median": "3", "median_low": "2", "median_high": ""}
    curve = tables.medians([row | columns for row in rows], "size", "epsilon.exact")
    assert (curve.mean, curve.low) == ([3], [2])
    assert math.isnan(curve.high[0])


def test_entries_of_a_column_are_in_the_order_of_their_numbers():
    rows = [{"size": size} for size in ("10", "2", "0.5", "10")]
    assert tables.values(rows, "size") == ["0.5", "2", "10"]


@pytest.mark.parametrize("across", [False, True])
def test_values_at_places_are_short_lines_with_their_intervals(across):
    axes = Figure().subplots()
    data = tables.Series([0, 3], [0.5, 0.7], [0.4, 0.6], [0.6, 0.8])
    style.line_at(axes, data, style.BLUE, "oracle", half=0.25, across=across)
    style.null_at(axes, data, style.DASHES["permuted"], "null", half=0.25, across=across)
    for line, place, value in zip(axes.lines, [0, 3] * 2, [0.5, 0.7] * 2, strict=True):
        along, up = line.get_data()[::-1] if across else line.get_data()
        assert list(along) == [place - 0.25, place + 0.25]
        assert list(up) == [value, value]
    assert axes.get_legend_handles_labels()[1] == ["oracle", "null"]
    ends = axes.collections[-1].get_segments()  # the bars of the null
    spans = [sorted(end[:, 0 if across else 1]) for end in ends]
    assert spans == [pytest.approx([0.4, 0.6]), pytest.approx([0.6, 0.8])]


def test_a_verdicts_limits_are_named_where_it_is_asked():
    axes = Figure().subplots()
    style.limits(axes, 0.02, 0.3)
    style.limits(axes, named=False)
    assert [line.get_ydata()[0] for line in axes.lines] == [0.02, 0.3, 0.01, 0.05]
    assert [text.get_text() for text in axes.texts] == ["holds below", "fails above"]


def test_a_level_has_its_interval_as_a_band():
    axes = Figure().subplots()
    style.level(axes, tables.Point(0.5, 0.4, 0.7), style.BLACK)
    band = axes.patches[0].get_extents().transformed(axes.transData.inverted())
    assert (band.y0, band.y1) == pytest.approx((0.4, 0.7))


def test_small_print_and_legend_stand_below_the_panels():
    figure = Figure(figsize=(4, 3))
    axes = figure.subplots()
    style.line(axes, tables.Series([0, 1], [0, 1], [0, 1], [0, 1]), style.BLUE, "curve")
    axes.set_xlabel("axis")
    layout.finish(figure, "word " * 60 + "95 % t", legend=layout.handles([axes, axes]))
    figure.draw_without_rendering()
    print_box, legend_box = figure.texts[0].get_window_extent(), figure.legends[0]
    assert "\n" in figure.texts[0].get_text()
    assert "95\N{NO-BREAK SPACE}% t" in figure.texts[0].get_text()
    assert [text.get_text() for text in legend_box.get_texts()] == ["curve"]
    below = [print_box, legend_box.get_window_extent(), axes.xaxis.label.get_window_extent()]
    heights = [end for box in below for end in (box.y0, box.y1)]
    assert heights == sorted(heights)
    assert print_box.x1 <= figure.bbox.x1


def test_a_script_writes_its_figures_from_the_command_line(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["script", "table.csv", str(tmp_path)])
    asked = []

    def draw(table):
        asked.append(table)
        return {"one": Figure(figsize=(1, 1)), "two": Figure(figsize=(1, 1))}

    layout.run(draw)
    assert asked == [Path("table.csv")]
    assert {path.name for path in tmp_path.iterdir()} == {"one.pdf", "two.pdf"}


def test_only_smoke_figures_are_stamped():
    for profile, texts in (("smoke", ["smoke: not evidence"]), ("paper", [])):
        figure = Figure()
        style.stamp_smoke(figure, profile)
        assert [text.get_text() for text in figure.texts] == texts
