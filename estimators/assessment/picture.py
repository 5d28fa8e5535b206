"""How does an assessment look at a glance?"""

import textwrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from estimators.assessment.labels import (
    SECTIONS,
    SOURCES,
    Section,
    of_section,
    quantity,
    with_interval,
)
from estimators.assessment.row import Facts, Row
from estimators.assessment.verdict import LAW_FAILS, LAW_HOLDS

# Okabe and Ito's colours, told apart with any colour vision; kinds differ by marker as well
TRAINED, ORACLE, CEILING, NULL = "#0072B2", "#000000", "#D55E00", "#7A7A7A"
NULL_MARKERS = {
    "raw_input": "s",
    "untrained": "^",
    "permuted": "x",
    "noise": "+",
    "majority": "v",
}
ORDER = ("trained", "oracle", "Bayes")  # then the nulls
LOWEST = -0.2  # what lies below is drawn at the edge, as an arrow
HIGHEST = 1.02
BELOW = 0.24  # nulls lie this much below their row, so that nothing covers them
ROW_HEIGHT, SECTION_HEIGHT = 0.3, 0.75  # inches
UNITS = {
    "law": "S, held out; shaded: the law holds, left of the dots: it fails",
    "readout": "share of I(c;x), held out",
    "law from f": "R², held out",
    "probe": "accuracy, share of contexts, held out",
}


def draw(rows: tuple[Row, ...], facts: Facts) -> Figure:
    """One axis a section, one line a quantity: trained, its oracle, its nulls, its verdict."""
    found = [(section, of_section(rows, section)) for section in SECTIONS]
    sections = [(section, lines) for section, lines in found if lines]
    heights = [SECTION_HEIGHT + ROW_HEIGHT * len(lines) for _, lines in sections]
    figure = Figure(figsize=(9, sum(heights) + 0.7), layout="constrained")
    grid = figure.subplots(len(sections), 1, squeeze=False, height_ratios=heights)
    for axes, (section, lines) in zip(grid[:, 0], sections, strict=True):
        _draw_section(axes, section, lines, facts)
    _draw_legend(figure)
    note = _not_drawn(rows)
    if note:
        figure.supxlabel(textwrap.fill(note, 110), fontsize=8)
    return figure


def _not_drawn(rows: tuple[Row, ...]) -> str:
    """Which sources have no held-out score because too few contexts are there, and where."""
    places: dict[str, list[str]] = {}
    for row in rows:
        if row.saturated and row.direction != "rivals" and row.score != row.score:
            name = "argmax" if row.quantity == "argmax" else SOURCES[row.source]
            places.setdefault(name, []).append(row.direction)
    said = [f"{name} ({', '.join(dict.fromkeys(where))})" for name, where in places.items()]
    return f"Not drawn, as saturated and never held out: {'; '.join(said)}." if said else ""


def _draw_legend(figure: Figure) -> None:
    named: dict[str, Any] = {}
    for axes in figure.axes:
        handles, labels = axes.get_legend_handles_labels()
        named = dict(zip(labels, handles, strict=True)) | named
    labels = sorted(named, key=lambda one: (ORDER.index(one) if one in ORDER else 9, one))
    handles = [named[label] for label in labels]
    look: dict[str, Any] = {"frameon": False, "fontsize": 8, "ncols": 4}
    figure.legend(handles, labels, loc="outside upper center", **look)


def _draw_section(axes: Axes, section: Section, lines: list[list[Row]], facts: Facts) -> None:
    for place, line in enumerate(lines):
        for row in line:
            if row.quantity != "argmax" or row.source == "trained":
                _draw_row(axes, row, place)
    if section.directions == ("law",):
        axes.axvspan(LAW_HOLDS, HIGHEST, color=TRAINED, alpha=0.12, linewidth=0)
        axes.axvline(LAW_FAILS, color=TRAINED, linewidth=0.8, linestyle=":")
    names = [quantity(line[0], facts) for line in lines]
    axes.set_yticks(range(len(lines)), names, fontsize=8)
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.set_xlim(LOWEST - 0.02, HIGHEST)
    axes.set_title(section.title, fontsize=9, loc="left", fontweight="bold")
    axes.set_xlabel(UNITS[section.directions[0]], fontsize=8)
    axes.tick_params(labelsize=8, length=0)
    axes.grid(axis="x", color="#E6E6E6", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    _draw_verdicts(axes, lines)


def _draw_verdicts(axes: Axes, lines: list[list[Row]]) -> None:
    """The verdict and its number, as labels of the right side, for which room is kept."""
    trained = [next(row for row in line if row.source == "trained") for line in lines]
    numbers = [with_interval(row.score, row.low, row.high) for row in trained]
    said = [f"{row.verdict}  {one}".strip() for row, one in zip(trained, numbers, strict=True)]
    right = axes.twinx()
    right.set_ylim(axes.get_ylim())
    right.set_yticks(range(len(lines)), said, fontsize=8)
    right.tick_params(length=0)
    right.spines[["top", "right", "left"]].set_visible(False)


def _draw_row(axes: Axes, row: Row, place: int) -> None:
    """One number, held out; what could not be is left out."""
    value = row.score
    if value != value:
        return
    look = _look(row)
    height = place + BELOW if row.kind == "null" and row.source != "trained" else place
    if value < LOWEST:
        axes.plot(LOWEST, height, marker="<", markersize=4, color=look["color"])
        value = float("nan")  # so that the legend still has it
    bars = None
    if row.kind == "trained" and row.low == row.low:
        bars = [[row.score - row.low], [row.high - row.score]]
    axes.errorbar(value, height, xerr=bars, linestyle="none", capsize=3, elinewidth=1.2, **look)


def _look(row: Row) -> dict[str, Any]:
    """Colour and marker: filled blue trained, black bar oracle, orange ceiling, grey nulls."""
    if row.kind == "trained":
        look = {"marker": "o", "markersize": 6, "color": TRAINED}
        return look | {"label": "trained", "zorder": 4}
    if row.kind == "oracle":
        look = {"marker": "|", "markersize": 15, "markeredgewidth": 1.8, "color": ORACLE}
        return look | {"label": "oracle", "zorder": 3}
    if row.kind == "exact":
        look = {"marker": "D", "markersize": 7, "color": CEILING, "markerfacecolor": "none"}
        return look | {"label": SOURCES[row.source], "zorder": 3}
    name = "argmax" if row.source == "trained" else SOURCES[row.source]
    look = {"marker": NULL_MARKERS.get(row.source, "o"), "markersize": 5, "color": NULL}
    return look | {"markerfacecolor": "none", "label": f"null: {name}", "zorder": 2}
