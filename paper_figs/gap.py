"""The figures of the gap: its parts stacked over every axis, and the law over the loss."""

import math
from functools import partial
from pathlib import Path
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from paper_figs import style
from paper_figs.layout import draw_all, finish, handles, run
from paper_figs.tables import Point, Row, Series, curve, point, select

PARTS = {
    "theory": ("#4D4D4D", "", "theory:\nthe perfect predictor"),
    "dimension": (style.PURPLE, "...", "dimension:\nthe best of d dimensions"),
    "network": (style.GREEN, "xxx", "width and depth:\nvery long training"),
    "optimisation": (style.ORANGE, "///", "optimisation:\nonly the steps given"),
    "data": (style.BLUE, "", "sampling: samples,\nnot the population"),
}
AXES = {
    "num_samples": "samples n (∞: fresh)",
    "num_steps": "steps of training",
    "dim": "dimension d",
    "width": "units in a hidden layer",
    "depth": "hidden layers",
}
COLOURS = (style.BLUE, style.ORANGE, style.PURPLE, style.GREEN, style.BLACK)  # one an axis
MARKERS = "os^Dv"
LEAST = 1e-4  # where the axis of the excess ends
COUNTS = 0.01  # of I(x; y): up to here a network counts as trained
FRESH = "0"  # how the table writes fresh samples
HELD = "held_out"
BAR = 0.62  # width of a bar
TOP, LAST = 0.3, 9  # where the axes of the wholes turn logarithmic, and where they end
TICKS = (0, 0.1, 0.2, 0.3, 1, 3)
CHANGES = (-0.1, -0.02, 0, 0.02, 0.1, 1)
SMALL_PRINT = (
    "Every bar is one setting; all else is as at the base, marked by *. Parts add up to the "
    "circle, the whole, by construction; those below 0 hang below. Bars: mean over seeds (a world "
    "and an initialisation each); error bars: 95 % t interval of each part, and of the whole at "
    "the circle. Hollow circle: some seed has an excess above .01 of I(x; y), and does not count "
    "as trained. The vertical axis is linear to .3, logarithmic above."
)
TREND_PRINT = (
    "Markers: trained, mean over seeds (a world and an initialisation each) with 95 % t intervals. "
    "Top: at the base setting, steps fixed. Bottom: S held out by distinct context, differences "
    "paired by seed, vertical axis linear within ±.02, logarithmic beyond; below 0 the law of log "
    "p(c∣x) fits the network better than the perfect predictor. Nulls of the base setting less the "
    "same predictor, not paired: the widest interval that both allow."
)
NULL_NAMES = {"untrained": "untrained", "raw_input": "raw input", "permuted": "rows permuted"}


class Whole(NamedTuple):
    """One of the two wholes: its words, its metrics, and its nulls, less_from 1 as 1 − S."""

    label: str
    part: str
    whole: str
    estimate: str
    nulls: dict[str, tuple[str, str]]
    less_from: float
    small_print: str


EXCESS = Whole(
    "excess loss / I(x; y)",
    "excess_part",
    "excess_share",
    "",
    {null: ("excess_share", null) for null in NULL_NAMES},
    0.0,
    " Nulls: the best linear reader of the raw input; permuted: predictions exchanged between "
    "contexts.",
)
LAW = Whole(
    "1 − S, share that log p(c∣x) misses",
    "missed_part",
    "missed",
    "held_out",
    {
        "untrained": ("score_log_posterior", "untrained"),
        "raw_input": ("score_raw_input", "trained"),
        "permuted": ("score_permuted", "trained"),
    },
    1.0,
    " S is held out by distinct context.",
)


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    return draw_all(
        table,
        {
            "gap_excess": partial(_stacks, whole=EXCESS),
            "gap_law": partial(_stacks, whole=LAW),
            "gap_trends": _trends,
        },
    )


def _stacks(rows: list[Row], whole: Whole) -> Figure:
    """A panel an axis, the legend in the place of a sixth."""
    figure = Figure(figsize=(7.2, 7.2))
    grid = figure.subplots(2, 3, sharey=True)
    *panels, words = grid.flat
    for axes, axis in zip(panels, AXES, strict=True):
        _stack(axes, rows, axis, whole)
        axes.set_xlabel(AXES[axis])
        axes.tick_params(labelsize=7.5)
    for row in grid:
        row[0].set_ylabel(whole.label)
    words.axis("off")
    look = {"markerfacecolor": "white", "markersize": 4.5, "linestyle": "none"}
    circle = Line2D([], [], color=style.BLACK, marker="o", **look)
    patches = {
        name: Patch(facecolor=colour, hatch=hatch, edgecolor="white")
        for colour, hatch, name in PARTS.values()
    }
    legend = {"the whole, trained\n(filled: counts)": circle} | patches | handles(panels)
    words.legend(list(legend.values()), list(legend), loc="center", fontsize=8)
    return finish(figure, SMALL_PRINT + whole.small_print)


def _stack(axes: Axes, rows: list[Row], axis: str, whole: Whole) -> None:
    """One bar a value of the axis."""
    cells = _cells(rows, axis)
    base = select(rows, axis=next(name for name in AXES if name != axis))[0][axis]
    labels = []
    for place, cell in enumerate(cells):
        _bar(axes, place, cell, whole)
        _circle(axes, place, cell, whole)
        value = cell[0][axis]
        labels.append(_words(axis, value) + ("*" if value == base else ""))
    theory = point(cells[0], whole.part, "theory", whole.estimate) if cells else None
    axes.axhline(0, color=style.BLACK, linewidth=0.8)
    if theory:
        style.level(axes, theory, style.BLACK, "perfect predictor")
    for null, name in NULL_NAMES.items():
        found = [_null(cell, null, whole) for cell in cells]
        data = curve((place, *value) for place, value in enumerate(found) if value)
        style.null_at(axes, data, style.DASHES[null], f"null: {name}", half=0.42)
    axes.set_xticks(range(len(cells)), labels)
    axes.set_xlim(-0.6, len(cells) - 0.4)
    axes.grid(False, axis="x")
    axes.set_yscale("symlog", linthresh=TOP, linscale=3)
    axes.set_ylim(-TOP / 4, LAST)
    axes.set_yticks(TICKS, [f"{tick:g}" for tick in TICKS])
    axes.set_yticks([], minor=True)


def _null(cell: list[Row], null: str, whole: Whole) -> Point | None:
    """A null of the whole; what it misses where the whole is what a law misses."""
    quantity, source = whole.nulls[null]
    found = point(cell, quantity, source, whole.estimate)
    if found is None or not whole.less_from:
        return found
    return Point(*(whole.less_from - value for value in (found.mean, found.high, found.low)))


def _bar(axes: Axes, place: int, cell: list[Row], whole: Whole) -> None:
    """The parts on top of each other, those below 0 downwards; intervals side by side."""
    above, below = 0.0, 0.0
    for index, (part, (colour, hatch, _)) in enumerate(PARTS.items()):
        found = point(cell, whole.part, part, whole.estimate)
        if found is None:
            continue
        start = above if found.mean >= 0 else below
        look = {"color": colour, "alpha": 0.75, "linewidth": 0, "hatch": hatch}
        axes.bar(place, found.mean, BAR, bottom=start, edgecolor="white", **look)
        across = [place + (index - len(PARTS) / 2 + 0.5) * BAR / (len(PARTS) + 1)] * 2
        if found.high - found.low > TOP / 100:
            ends = [start + found.low, start + found.high]
            axes.plot(across, ends, color="white", linewidth=2.8)
            axes.plot(across, ends, color=colour)
        above, below = above + max(found.mean, 0.0), below + min(found.mean, 0.0)


def _circle(axes: Axes, place: int, cell: list[Row], whole: Whole) -> None:
    """The whole beside its parts."""
    found = point(cell, whole.whole, "trained", whole.estimate)
    if found is None:
        return
    counted = point(cell, "counted", "trained")
    hollow = counted is None or counted.mean != 1
    data = curve([(place + BAR * 0.62, *found)])
    style.trained(axes, data, style.BLACK, hollow=hollow, joined=False)


def _trends(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(7.2, 8.0))
    fall, law = figure.subplots(2, 1, height_ratios=(2, 3))
    _fall(fall, select(rows, axis="num_samples"))
    _against_excess(law, rows)
    return finish(figure, TREND_PRINT, ends=[fall], legend=handles([law]), ncols=4)


def _fall(axes: Axes, rows: list[Row]) -> None:
    """The excess above fresh samples over n, and at ∞ what fresh samples themselves cost."""
    sizes = [value for value in _values(rows, "num_samples") if value != FRESH]
    places = {FRESH: 4 * int(sizes[-1]), **{size: int(size) for size in sizes}}
    found = {size: point(select(rows, num_samples=size), "excess_part", "sample") for size in sizes}
    data = _above(curve((places[n], *value) for n, value in found.items() if value))
    if data.position:
        style.trained(axes, data, style.BLUE, "n samples,\nabove fresh ones")
        middle = len(data.position) // 2
        anchor = data.mean[middle] * data.position[middle]
        slope = [anchor / n for n in data.position]
        axes.plot(data.position, slope, color=style.GREY, linewidth=0.8, label="slope −1")
    fresh = point(select(rows, num_samples=FRESH), "excess_part", "data")
    if fresh:
        alone = _above(curve([(places[FRESH], *fresh)]))
        style.trained(axes, alone, style.ORANGE, "fresh samples,\nabove population", marker="s")
    style.guide(axes, COUNTS, "counts as trained below", side="top")
    axes.set_xscale("log", base=2)
    axes.set_xticks(list(places.values()), [_words("num_samples", size) for size in places])
    axes.set_yscale("log")
    axes.set_ylim(bottom=LEAST)
    axes.set_xlabel("samples n (∞: fresh at every step)")
    axes.set_ylabel("excess loss / I(x; y)")
    axes.set_title("What a finite sample costs")


def _above(data: Series) -> Series:
    """The points above 0, with intervals that end where the logarithmic axis does."""
    return curve(
        (position, mean, max(low, LEAST), high)
        for position, mean, low, high in zip(*data, strict=True)
        if mean > 0
    )


def _against_excess(axes: Axes, rows: list[Row]) -> None:
    """What the law misses of each network, less the perfect predictor's, over the excess."""
    for (axis, words), colour, marker in zip(AXES.items(), COLOURS, MARKERS, strict=True):
        found = [
            (point(cell, "excess_share", "trained"), point(cell, "missed_change", "trained", HELD))
            for cell in _cells(rows, axis)
        ]
        data = curve((x.mean, *y) for x, y in found if x and y)
        if data.position:
            style.trained(axes, data, colour, words.split(" (")[0], marker=marker)
    style.level(axes, Point(0, 0, 0), style.BLACK, "perfect predictor")
    _null_levels(axes, rows)
    style.guide(axes, COUNTS, "← counts as trained", at=0.04, across=True)
    axes.set_xscale("log")
    axes.set_xlabel("excess loss / I(x; y) of the trained network")
    axes.set_ylabel("1 − S of log p(c∣x), network less perfect predictor")
    axes.set_title("Does the law follow the loss? One thing varied from the base")
    axes.set_yscale("symlog", linthresh=0.02)
    axes.set_yticks(CHANGES, [f"{tick:g}".replace("-", "−") for tick in CHANGES])
    axes.set_yticks([], minor=True)


def _null_levels(axes: Axes, rows: list[Row]) -> None:
    """Nulls of the base setting less the perfect predictor, over the whole width."""
    base = _base(rows)
    oracle = point(base, "score_log_posterior", "oracle", HELD)
    ends = axes.dataLim.intervalx
    for null, name in NULL_NAMES.items():
        found = point(base, *LAW.nulls[null], HELD)
        if found and oracle:
            low, high = oracle.low - found.high, oracle.high - found.low
            data = curve((end, oracle.mean - found.mean, low, high) for end in ends)
            style.null(axes, data, style.DASHES[null], f"null: {name}")


def _base(rows: list[Row]) -> list[Row]:
    """The rows of the setting from which every axis varies one thing."""
    (base,) = {row["num_samples"] for row in select(rows, axis="num_steps")}
    return select(rows, axis="num_samples", num_samples=base)


def _words(axis: str, value: str) -> str:
    if axis != "num_samples":
        return f"{int(value)}"
    return "∞" if value == FRESH else f"$2^{{{math.log2(int(value)):.3g}}}$"


def _cells(rows: list[Row], axis: str) -> list[list[Row]]:
    """The rows of every setting on an axis."""
    mine = select(rows, axis=axis)
    return [select(mine, **{axis: value}) for value in _values(mine, axis)]


def _values(rows: list[Row], axis: str) -> list[str]:
    """The values of an axis in order, fresh samples last."""
    found = {row[axis] for row in rows}
    return sorted(found, key=lambda v: (axis == "num_samples" and v == FRESH, int(v)))


if __name__ == "__main__":
    run(draw)
