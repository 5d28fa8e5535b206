"""The figures of the gap: its parts stacked over every axis, and the law over the loss."""

import math
import sys
from pathlib import Path
from typing import NamedTuple

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from paper_figs import style
from paper_figs.tables import Row, Series, read_rows, select, stamp

PARTS = {
    "theory": ("#4D4D4D", "theory: the perfect predictor"),
    "dimension": (style.PURPLE, "dimension: the best of d dimensions"),
    "network": (style.GREEN, "width and depth: very long training"),
    "optimisation": (style.ORANGE, "optimisation: only the steps given"),
    "data": (style.BLUE, "sampling: samples, not the population"),
}
AXES = {
    "num_samples": "samples n (∞: fresh at every step)",
    "num_steps": "steps of training",
    "dim": "dimension d of the representation",
    "width": "units in a hidden layer",
    "depth": "hidden layers",
}
COLOURS = (style.BLUE, style.ORANGE, style.PURPLE, style.GREEN, style.BLACK)  # one an axis
LEAST = 1e-4  # where the axis of the excess ends
COUNTS = 0.01  # of I(x; y): up to here a network counts as trained
FRESH = "0"  # how the table writes fresh samples
BAR, TOP = 0.62, 0.3  # width of a bar; where the axes of the wholes end
SMALL_PRINT = (
    "Every bar is one setting; all else is as at the base, marked by *. Parts add up to the "
    "circle, the whole, by construction; those below 0 hang below. Bars: mean over seeds (a world "
    "and an\ninitialisation each); error bars: 95 % t interval of each part, and of the whole at "
    "the circle; beyond the axis the whole is written. Hollow circle: some seed has an excess "
    "above .01 of I(x; y), and\ndoes not count as trained."
)
TREND_PRINT = (
    "Markers: trained, mean over seeds (a world and an initialisation each) with 95 % t intervals. "
    "Left: at the base setting, steps fixed; band: 95 % t interval. Right: S held out\nby distinct "
    "context, vertical axis linear within ±.02, logarithmic beyond; below the line the law of "
    "log p(c∣x) fits the network better than the perfect predictor. Grey line:\n.01, up to where a "
    "network counts as trained. Nulls are beyond the axis (raw input, rows permuted, untrained)."
)


class Whole(NamedTuple):
    """One of the two wholes: its words, its metrics, and its nulls, less_from 1 as 1 − S."""

    title: str
    label: str
    part: str
    whole: str
    estimate: str
    nulls: tuple[tuple[str, str, str], ...]
    less_from: float
    small_print: str


EXCESS = Whole(
    "What the excess loss of a trained network consists of",
    "excess loss / I(x; y)",
    "excess_part",
    "excess_share",
    "",
    tuple(("excess_share", null, "") for null in ("untrained", "raw_input", "permuted")),
    0.0,
    " Nulls are beyond the axis: {:.2f} to {:.2f} for an untrained network, the best linear reader "
    "of the raw input and predictions exchanged between contexts.",
)
LAW = Whole(
    "What the law of log p(c∣x) misses of a trained network's predictions",
    "1 − S, share that log p(c∣x) misses",
    "missed_part",
    "missed",
    "held_out",
    (
        ("score_log_posterior", "untrained", "held_out"),
        ("score_raw_input", "trained", "held_out"),
        ("score_permuted", "trained", "held_out"),
    ),
    1.0,
    " S is held out by distinct context. Line: the perfect predictor. Nulls are beyond the axis: "
    "1 − S is {:.2f} to {:.2f} for the untrained network, the raw input and rows permuted.",
)


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    rows = read_rows(table)
    with matplotlib.rc_context(style.SETTINGS):
        figures = {
            "gap_excess": _stacks(rows, EXCESS),
            "gap_law": _stacks(rows, LAW),
            "gap_trends": _trends(rows),
        }
        for figure in figures.values():
            style.stamp_smoke(figure, stamp(rows))
    return figures


def _stacks(rows: list[Row], whole: Whole) -> Figure:
    """A panel an axis."""
    figure = Figure(figsize=(11.4, 7.4))
    grid = figure.subplots(2, 3, sharey=True)
    panels = list(grid.flat)
    for axes, (axis, words) in zip(panels, AXES.items(), strict=False):
        _stack(axes, rows, axis, whole)
        axes.set_xlabel(words)
        axes.tick_params(labelleft=True)
    for row in grid:
        row[0].set_ylabel(whole.label)
    panels[-1].axis("off")
    label = "the whole, trained (filled: counts)"
    circle = Line2D([], [], color=style.BLACK, marker="o", mfc="white", ls="none", label=label)
    handles = [Patch(facecolor=colour, label=words) for colour, words in PARTS.values()]
    panels[-1].legend(handles=[circle, *handles], loc="center", fontsize=8.5)
    figure.suptitle(whole.title, fontsize=11, fontweight="bold", x=0.01, ha="left")
    figure.tight_layout(rect=(0, 0.075, 1, 0.985))
    style.note(figure, SMALL_PRINT + whole.small_print.format(*_nulls(rows, whole)))
    return figure


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
    theory = _number(cells[0], whole.part, "theory", whole.estimate) if cells else None
    for height in (0, theory[0]) if theory else (0,):
        axes.axhline(height, color=style.BLACK, linewidth=0.9)
    axes.set_xticks(range(len(cells)), labels)
    axes.set_xlim(-0.6, len(cells) - 0.4)
    axes.grid(False, axis="x")
    axes.set_ylim(-TOP / 4, TOP * 1.12)


def _bar(axes: Axes, place: int, cell: list[Row], whole: Whole) -> None:
    """The parts on top of each other, those below 0 downwards; intervals side by side."""
    above, below = 0.0, 0.0
    for index, (part, (colour, _)) in enumerate(PARTS.items()):
        found = _number(cell, whole.part, part, whole.estimate)
        if found is None:
            continue
        mean, low, high = found
        start = above if mean >= 0 else below
        height = (
            mean if mean < 0 else max(0.0, min(mean, TOP - start))
        )  # what is beyond the axis is written, not drawn
        axes.bar(place, height, BAR, bottom=start, color=colour, alpha=0.75, linewidth=0)
        across = [place + (index - len(PARTS) / 2 + 0.5) * BAR / (len(PARTS) + 1)] * 2
        if high - low > TOP / 100 and start + low < TOP:
            ends = [start + low, min(start + high, TOP)]
            axes.plot(across, ends, color="white", linewidth=2.8)
            axes.plot(across, ends, color=colour)
        above, below = above + max(mean, 0.0), below + min(mean, 0.0)


def _circle(axes: Axes, place: int, cell: list[Row], whole: Whole) -> None:
    """The whole beside its parts, in words where it is beyond the axis."""
    found = _number(cell, whole.whole, "trained", whole.estimate)
    if found is None:
        return
    mean, low, high = found
    if mean > TOP:
        text = f"{mean:.2f}\n[{low:.2f}, {high:.2f}]"
        axes.text(place, TOP * 1.02, text, ha="center", va="bottom", fontsize=6.5)
        return
    counted = _number(cell, "counted", "trained", "")
    filled = counted is not None and counted[0] == 1
    axes.errorbar(
        place + BAR * 0.62,
        mean,
        yerr=[[mean - low], [high - mean]],
        color=style.BLACK,
        marker="o",
        markersize=4.5,
        markerfacecolor=style.BLACK if filled else "white",
        capsize=2,
        linewidth=1,
    )


def _trends(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(12.2, 4.8))
    fall, law = figure.subplots(1, 2)
    _fall(fall, select(rows, axis="num_samples"))
    _against_excess(law, rows)
    figure.tight_layout(rect=(0, 0.075, 1, 1))
    style.note(figure, TREND_PRINT)
    return figure


def _fall(axes: Axes, rows: list[Row]) -> None:
    """The excess above fresh samples over n, and what fresh samples themselves cost."""
    sizes = [value for value in _values(rows, "num_samples") if value != FRESH]
    found = [_number(select(rows, num_samples=n), "excess_part", "sample", "") for n in sizes]
    points = [(int(n), *row) for n, row in zip(sizes, found, strict=True) if row and row[0] > 0]
    if points:
        size, mean, low, high = (list(column) for column in zip(*points, strict=True))
        low = [max(value, LEAST) for value in low]
        style.trained(
            axes, Series(size, mean, low, high), style.BLUE, "n samples, above fresh ones"
        )
        middle = len(points) // 2
        anchor = mean[middle] * size[middle]
        axes.plot(
            size, [anchor / n for n in size], color=style.BLACK, label="slope −1, for the eye"
        )
    fresh = _number(select(rows, num_samples=FRESH), "excess_part", "data", "")
    if fresh:
        axes.axhline(fresh[0], color=style.BLUE, linestyle=":", label="fresh, above population")
        axes.axhspan(max(fresh[1], LEAST), fresh[2], color=style.BLUE, alpha=0.12, linewidth=0)
    axes.axhline(COUNTS, color=style.GREY, linewidth=0.8, linestyle="-.", label="counts as trained")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_ylim(bottom=LEAST)
    axes.set_xlabel("samples n")
    axes.set_ylabel("excess loss / I(x; y)")
    axes.set_title("What a finite sample costs")
    axes.legend(loc="upper right", fontsize=7.5)


def _against_excess(axes: Axes, rows: list[Row]) -> None:
    """What the law misses of each network, less the perfect predictor's, over the excess."""
    for (axis, words), colour, marker in zip(AXES.items(), COLOURS, "os^Dv", strict=True):
        found = [
            (
                _number(cell, "excess_share", "trained", ""),
                _number(cell, "missed_change", "trained", "held_out"),
            )
            for cell in _cells(rows, axis)
        ]
        points = [(x[0], *y) for x, y in found if x and y]
        if points:
            data = Series(*(list(column) for column in zip(*sorted(points), strict=True)))
            style.trained(axes, data, colour, words.split(" (")[0], marker=marker)
    axes.axhline(0, color=style.BLACK, linewidth=1.2, label="the perfect predictor")
    axes.axvline(COUNTS, color=style.GREY, linewidth=0.8, linestyle="-.")
    axes.set_xscale("log")
    axes.set_xlabel("excess loss / I(x; y) of the trained network")
    axes.set_ylabel("1 − S of log p(c∣x): network less perfect predictor")
    axes.set_title("Does the law follow the loss?")
    axes.set_yscale("symlog", linthresh=0.02)
    axes.legend(title="varied from the base:", loc="center left", bbox_to_anchor=(1, 0.5))


def _words(axis: str, value: str) -> str:
    if axis != "num_samples":
        return f"{int(value):,}"
    return "∞" if value == FRESH else f"$2^{{{math.log2(int(value)):.3g}}}$"


def _nulls(rows: list[Row], whole: Whole) -> tuple[float, float]:
    """The least and the largest null over all settings."""
    cells = [cell for axis in AXES for cell in _cells(rows, axis)]
    found = [_number(cell, *name) for cell in cells for name in whole.nulls]
    means = [abs(whole.less_from - value[0]) for value in found if value] or [float("nan")]
    return min(means), max(means)


def _cells(rows: list[Row], axis: str) -> list[list[Row]]:
    """The rows of every setting on an axis."""
    mine = select(rows, axis=axis)
    return [select(mine, **{axis: value}) for value in _values(mine, axis)]


def _values(rows: list[Row], axis: str) -> list[str]:
    """The values of an axis in order, fresh samples last."""
    found = {row[axis] for row in rows}
    return sorted(found, key=lambda v: (axis == "num_samples" and v == FRESH, int(v)))


def _number(
    cell: list[Row], quantity: str, source: str, estimate: str
) -> tuple[float, float, float] | None:
    """Mean and limits of one metric; None where some seed has no answer."""
    rows = select(cell, quantity=quantity, source=source, estimate=estimate, concept="")
    if not rows or not rows[0]["mean"]:
        return None
    mean = float(rows[0]["mean"])
    low, high = (float(rows[0][name] or mean) for name in ("low", "high"))
    return mean, low, high


if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    for name, picture in draw(source).items():
        picture.savefig(target / f"{name}.pdf")
