"""The figures of scale: what changes with the number of concepts, and what it costs."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

from paper_figs import style
from paper_figs.tables import Row, Series, missed, read_rows, select, series, stamp

SIZE, LABEL = "num_concepts", "number of concepts m"
FLOOR = 1e-3  # where the axes of what is missed end
LAWS = {
    "log_posterior": (style.BLUE, "o", "log p(c∣x)"),
    "marginals": (style.ORANGE, "s", "p(c_k∣x)"),
}
NARROW, WIDE = (style.GREEN, "D", "-"), (style.PURPLE, "^", (0, (4, 2)))
SCORE_NULLS = ("score_raw_input.trained", "score_permuted.trained", "score_log_posterior.untrained")
READOUT_NULLS = ("readout.raw_input", "readout.permuted", "readout.untrained")
NULL_LOOKS = {"raw input": "--", "rows permuted": "-.", "untrained": ":"}
SATURATED = "hollow and dashes: not held out"
ASIDE = 1.06  # factor by which the widest predictors are drawn aside, so as not to hide others
PARTS = {
    "exact": (style.BLACK, "o", "exact beliefs"),
    "oracle": (style.GREEN, "s", "perfect predictor, its fits"),
    "training": (style.BLUE, "^", "training"),
    "reading": (style.ORANGE, "v", "fits of the trained network"),
}
STEPS = {"steps_to_tenth": ("o", ".1 of I"), "steps_to_counted": ("s", ".01 of I")}
FAMILIES = {"fixed": (style.BLUE, "16 tokens"), "growing": (style.ORANGE, "y names c")}
LAW_PRINT = (
    "Lines: oracle, the best predictor of d dimensions; markers: trained; bars, bands: 95 % t "
    "intervals over seeds (20 worlds for the oracle with 16 tokens, else 10).\n"
    "Contexts of one belief are held out together; hollow markers, single dashes: too few beliefs "
    "for that, fitted and scored on all contexts drawn. Dotted: all of p(x),\nevery belief "
    "enumerated to m = 6, beyond fitted and scored on those drawn. Lower row: blue is d = |tokens| "
    "− 1. S is against the predictor's own predictions. d = 32: a little aside."
)
COST_PRINT = (
    "Left: means, 95 % t intervals over seeds, d = |tokens| − 1; a point is left out where some "
    "seed does not get there. Excess loss measured after steps that grow by a fifth.\n"
    "Right: medians over seeds and their 95 % intervals; 16 tokens, d = 15."
)


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    rows = read_rows(table)
    with matplotlib.rc_context(style.SETTINGS):
        figures = {"scale_laws": _laws(rows), "scale_cost": _cost(rows)}
        for figure in figures.values():
            style.stamp_smoke(figure, stamp(rows))
    return figures


def _full(rows: list[Row], family: str) -> list[Row]:
    """The rows of d = |tokens| − 1."""
    chosen = select(rows, family=family)
    return [row for row in chosen if int(row["dim"]) == int(row["num_tokens"]) - 1]


def _laws(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(9.8, 7.4))
    grid = figure.subplots(2, 3, sharex=True, sharey="row", squeeze=False)
    titles = ("16 tokens, d = 15", "16 tokens, other d", "y names c: 2^m tokens")
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title)
    for column, family in ((0, "fixed"), (2, "growing")):
        _family(grid[0, column], grid[1, column], _full(rows, family))
    _other_dims(grid[0, 1], rows, "score_log_posterior", SCORE_NULLS)
    _other_dims(grid[1, 1], rows, "readout", READOUT_NULLS)
    grid[0, 0].set_ylabel("1 − S, share of I(x; y) the law misses")
    grid[1, 0].set_ylabel("1 − readout of the p(c_k∣x), mean over k")
    for axes in grid.flat:
        axes.set_yscale("log")
        axes.set_ylim(FLOOR, 3)
        _size_axis(axes, rows)
    for axes in grid[1]:
        axes.set_xlabel(LABEL)
    figure.tight_layout(rect=(0, 0.16, 1, 1))
    _legend_below(figure)
    style.note(figure, LAW_PRINT)
    return figure


def _family(laws: Axes, readout: Axes, rows: list[Row]) -> None:
    """Both laws and the readout of one family at d = |tokens| − 1."""
    for law, (colour, marker, name) in LAWS.items():
        _pair(laws, rows, f"score_{law}", colour, marker, name)
        whole = missed(series(rows, SIZE, f"score_{law}.whole.upper"), FLOOR)
        style.line(laws, whole, colour, f"oracle, all of p(x): {name}", (0, (1, 1)))
    _pair(readout, rows, "readout", style.BLUE, "o", "")
    _nulls(laws, rows, SCORE_NULLS)
    _nulls(readout, rows, READOUT_NULLS)


def _legend_below(figure: Figure) -> None:
    """One legend for all panels, every label once."""
    found: dict[str, Any] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    figure.legend(
        list(found.values()),
        list(found),
        loc="lower center",
        bbox_to_anchor=(0.5, 0.06),
        ncols=4,
        fontsize=7.5,
    )


def _other_dims(axes: Axes, rows: list[Row], metric: str, nulls: Sequence[str]) -> None:
    """log p(c|x) below, at and above |tokens| − 1 dimensions, each with its nulls."""
    fixed = select(rows, family="fixed")
    usual = {int(row["num_tokens"]) - 1 for row in fixed}
    for dim in sorted({int(row["dim"]) for row in fixed}):
        chosen = select(fixed, dim=dim)
        if dim in usual:
            _pair(axes, chosen, metric, style.BLUE, "o", "")
            continue
        colour, marker, dashes = NARROW if dim < min(usual) else WIDE
        if dim > max(usual):
            chosen = [{**row, SIZE: str(ASIDE * float(row[SIZE]))} for row in chosen]
        _pair(axes, chosen, metric, colour, marker, f"d = {dim}", dashes)
        _nulls(axes, chosen, nulls)


def _pair(
    axes: Axes,
    rows: list[Row],
    metric: str,
    colour: str,
    marker: str,
    name: str,
    dashes: object = "-",
) -> None:
    """What is missed: oracle as a line, trained as markers; where saturated, on the population.

    name: as the legend has it; without one it is explained by another curve.
    """
    held, whole = _both(rows, f"{metric}.oracle")
    style.line(axes, _visible(held), colour, f"oracle: {name}" if name else "", dashes)
    axes.plot(whole.position, whole.mean, color=colour, marker="_", markersize=13, linestyle="")
    held, whole = _both(rows, f"{metric}.trained")
    _markers(axes, held, colour, f"trained: {name}" if name else "", marker)
    _markers(axes, whole, colour, SATURATED if whole.position else "", marker, hollow=True)


def _visible(data: Series) -> Series:
    """A single point as a short line."""
    if len(data.position) != 1:
        return data
    place = data.position[0]
    return Series([place / 1.04, place * 1.04], *(2 * column for column in data[1:]))


def _both(rows: list[Row], metric: str) -> tuple[Series, Series]:
    """What is missed held out, and on the population where nothing could be held out."""
    held = series(rows, SIZE, f"{metric}.held_out")
    whole = style.split(series(rows, SIZE, f"{metric}.population"), held.position)[1]
    return missed(held, FLOOR), missed(whole, FLOOR)


def _markers(
    axes: Axes, data: Series, colour: str, label: str, marker: str, hollow: bool = False
) -> None:
    below = [mean - low for mean, low in zip(data.mean, data.low, strict=True)]
    above = [high - mean for mean, high in zip(data.mean, data.high, strict=True)]
    axes.errorbar(
        data.position,
        data.mean,
        yerr=[below, above],
        color=colour,
        label=label,
        marker=marker,
        markersize=5,
        markerfacecolor="white" if hollow else colour,
        linestyle="none",
        elinewidth=0.8,
        capsize=2,
    )


def _nulls(axes: Axes, rows: list[Row], metrics: Sequence[str]) -> None:
    """Nulls, held out; where saturated, a dash for the population."""
    for metric, (name, dashes) in zip(metrics, NULL_LOOKS.items(), strict=True):
        held, whole = _both(rows, metric)
        style.null(axes, held, dashes, f"null: {name}")
        axes.plot(
            whole.position, whole.mean, color=style.GREY, marker="_", markersize=9, linestyle=""
        )


def _size_axis(axes: Axes, rows: list[Row]) -> None:
    sizes = sorted({int(row["num_concepts"]) for row in rows})
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(sizes))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(ScalarFormatter())


def _cost(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(10.4, 4.8))
    steps, seconds = figure.subplots(1, 2)
    for family, (colour, name) in FAMILIES.items():
        chosen = _full(rows, family)
        for metric, (marker, threshold) in STEPS.items():
            data = series(chosen, SIZE, f"{metric}.trained")
            _markers(steps, data, colour, f"{name}, excess {threshold}", marker)
            steps.plot(data.position, data.mean, color=colour, linewidth=0.8, linestyle=":")
    for part, (colour, marker, name) in PARTS.items():
        data = _medians(_full(rows, "fixed"), part)
        _markers(seconds, data, colour, name, marker)
        seconds.plot(data.position, data.mean, color=colour, linewidth=0.8, linestyle=":")
    steps.set_title("steps until the excess loss is small")
    steps.set_ylabel("steps of 256 contexts")
    seconds.set_title("price of a seed")
    seconds.set_ylabel("CPU seconds")
    for axes in (steps, seconds):
        axes.set_yscale("log")
        axes.set_xlabel(LABEL)
        _size_axis(axes, rows)
        axes.legend(loc="upper left", bbox_to_anchor=(-0.1, -0.16), ncols=2, fontsize=7)
    figure.tight_layout(rect=(0, 0.08, 1, 1))
    style.note(figure, COST_PRINT)
    return figure


def _medians(rows: list[Row], part: str) -> Series:
    """Median seconds of a part with the interval of the median, where there are seeds for one."""
    chosen = [row for row in select(rows, quantity="seconds", source=part) if row["median"]]
    points = sorted(
        (
            float(row[SIZE]),
            float(row["median"]),
            *(float(row[name] or row["median"]) for name in ("median_low", "median_high")),
        )
        for row in chosen
    )
    return Series(*(list(column) for column in zip(*points, strict=True))) if points else _EMPTY


_EMPTY = Series([], [], [], [])

if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    for name, picture in draw(source).items():
        picture.savefig(target / f"{name}.pdf")
