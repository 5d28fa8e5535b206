"""What holds for every figure, whatever it shows?"""

import importlib
import io
from itertools import combinations
from pathlib import Path
from unittest.mock import patch

import matplotlib
import numpy as np
import pytest
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_hex
from matplotlib.container import ErrorbarContainer
from matplotlib.text import Text

from paper_figs import style
from tests.paper_figs import made_up_tables

SCRIPTS = sorted(
    path.stem
    for path in (Path(__file__).parents[2] / "paper_figs").glob("*.py")
    if "def draw(" in path.read_text(encoding="utf-8")
)
TOUCH = 0.75  # pixels by which the boxes of two texts may overlap, which no ink does


@pytest.fixture(scope="module", params=SCRIPTS)
def figures(request, tmp_path_factory):
    """The figures of one script, drawn once from a made-up table."""
    return drawn(request.param, tmp_path_factory.mktemp("table"))


def drawn(name, folder):
    return importlib.import_module(f"paper_figs.{name}").draw(made_up_tables.write(name, folder))


def texts(figure):
    """Every text that is drawn, with the box of its words in pixels."""
    found, draw = [], Text.draw

    def noted(text, renderer):
        draw(text, renderer)
        if text.get_visible() and text.get_text().strip():
            found.append((text, Text.get_window_extent(text, renderer)))

    with patch.object(Text, "draw", noted):
        figure.draw_without_rendering()
    return found


def test_every_text_lies_inside_its_figure_and_no_two_overlap(figures):
    for name, figure in figures.items():
        found = texts(figure)
        page = figure.bbox
        outside = [
            one.get_text()
            for one, box in found
            if box.x0 < -1 or box.y0 < -1 or box.x1 > page.x1 + 1 or box.y1 > page.y1 + 1
        ]
        assert not outside, name
        assert not list(overlapping(found)), name


def overlapping(found):
    """The texts whose boxes overlap."""
    for (first, one), (second, other) in combinations(found, 2):
        across = min(one.x1, other.x1) - max(one.x0, other.x0)
        up = min(one.y1, other.y1) - max(one.y0, other.y0)
        if across > TOUCH and up > TOUCH:
            yield first.get_text(), second.get_text()


def test_every_curve_has_one_of_the_three_looks_or_is_a_guide(figures):
    for name, figure in figures.items():
        for axes in figure.axes:
            bars = {c[0] for c in axes.containers if isinstance(c, ErrorbarContainer)}
            for line in axes.lines:
                assert look(line, line in bars), (name, line.get_label(), axes.get_title("left"))


def look(line, has_bars):
    """What kind of curve a line looks like; empty if none."""
    cap = line.get_marker() in ("|", "_") and line.get_linestyle() == "None"
    if cap or not np.size(line.get_xdata()):
        return "the cap of an error bar, or nothing"
    marker, grey = line.get_marker() not in ("None", "", "_"), to_hex(line.get_color()) == GREY
    if line.get_marker() == "*":
        return "an exact point"
    if grey and has_bars and line.get_linestyle() == "None":
        return "null, a cross of intervals: it has a place along both axes"
    if marker:
        return "trained" if has_bars and not grey else ""
    if to_hex(line.get_color()) == "#ffffff":
        return "the halo of an interval"
    thin = line.get_linewidth() <= 0.8
    if thin and line.get_linestyle() == "-":
        return "guide"
    if grey:
        return "null" if line.get_linewidth() <= 1 and line.get_linestyle() != "-" else ""
    return "" if thin else "oracle"


GREY = to_hex(style.GREY)


def test_uncertainty_is_drawn_with_every_oracle_and_trained_curve(figures):
    for name, figure in figures.items():
        for axes in figure.axes:
            bars = {c[0] for c in axes.containers if isinstance(c, ErrorbarContainer)}
            bands = [
                to_hex(colour)
                for one in axes.collections
                if isinstance(one, PolyCollection | LineCollection)
                for colour in (*one.get_facecolor(), *one.get_edgecolor())
            ] + [to_hex(patch.get_facecolor()) for patch in axes.patches]
            for line in axes.lines:
                if look(line, line in bars) == "oracle":
                    assert to_hex(line.get_color()) in bands, (name, line.get_label())


def test_a_caller_may_restyle_a_figure(tmp_path):
    figure = drawn("theorems", tmp_path)["theorems"]
    figure.axes[0].set_title("mine", loc="left")
    figure.set_size_inches(5, 4)
    figure.tight_layout()
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    assert picture.getvalue()[:4] == b"\x89PNG"
    assert figure.axes[0].get_title(loc="left") == "mine"


def test_a_figure_has_the_same_bytes_every_time(tmp_path):
    pictures = []
    for _ in range(2):
        picture = io.BytesIO()
        with matplotlib.rc_context({"svg.hashsalt": "test"}):
            figure = drawn("theorems", tmp_path)["theorems"]
            figure.savefig(picture, format="svg", metadata={"Date": None})
        pictures.append(picture.getvalue())
    assert pictures[0] == pictures[1]


def test_every_script_has_a_made_up_table():
    assert made_up_tables.RECORDS.keys() == set(SCRIPTS)
