"""Are figures drawn from the table alone?"""

import math
import subprocess
import sys
from pathlib import Path

import pytest

from paper_figs import style, tables

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


def test_only_smoke_figures_are_stamped():
    from matplotlib.figure import Figure

    for profile, texts in (("smoke", ["smoke: not evidence"]), ("paper", [])):
        figure = Figure()
        style.stamp_smoke(figure, profile)
        assert [text.get_text() for text in figure.texts] == texts
