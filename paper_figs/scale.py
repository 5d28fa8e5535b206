"""The figures of scale: what changes with the number of concepts, and what it costs."""

import math
import sys
from pathlib import Path

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
    "marginals": (style.ORANGE, "s", "marginal beliefs p(c_k∣x)"),
}
DIM_LOOKS = ((style.GREEN, "o", "-"), (style.BLUE, "s", "-"), (style.PURPLE, "^", (0, (4, 2))))
PARTS = {
    "exact": (style.BLACK, "o", "exact beliefs"),
    "oracle": (style.GREEN, "s", "perfect predictor, its fits"),
    "training": (style.BLUE, "^", "training"),
    "reading": (style.ORANGE, "v", "fits of the trained network"),
}
STEPS = {"steps_to_tenth": ("o", ".1 of I"), "steps_to_counted": ("s", ".01 of I")}
FAMILIES = {"fixed": (style.BLUE, "16 tokens"), "growing": (style.ORANGE, "y names c")}
LAW_PRINT = (
    "Lines with bands: best predictor of d dimensions (oracle). Markers: trained. Grey: nulls. "
    "Bars, bands: 95 % t intervals over seeds.\nContexts of one belief are held out together; "
    "hollow and dotted: scored on the population, as too few beliefs could be held out."
)
COST_PRINT = (
    "Left: means, 95 % t intervals over seeds, d = |tokens| − 1; lines: power laws through the "
    "means. A point is left out where some seed does not get there.\nRight: medians over seeds "
    "and their 95 % intervals, on a shared two-core machine; 16 tokens, d = 15."
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
    figure = Figure(figsize=(9.8, 7.2))
    grid = figure.subplots(2, 3, sharex=True, sharey="row", squeeze=False)
    titles = ("16 tokens, d = 15", "16 tokens, log p(c∣x), other d", "y names c: 2^m tokens")
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title)
    for column, family in ((0, "fixed"), (2, "growing")):
        chosen = _full(rows, family)
        for law, (colour, marker, name) in LAWS.items():
            _pair(grid[0, column], chosen, f"score_{law}", colour, marker, name)
        _nulls(grid[0, column], chosen, "score_raw_input.trained", "score_permuted.oracle")
        _pair(grid[1, column], chosen, "readout", style.BLUE, "o", "representation")
        names = ("readout.raw_input", "readout.permuted", "readout.untrained")
        _nulls(grid[1, column], chosen, *names)
    fixed = select(rows, family="fixed")
    dims = sorted({int(row["dim"]) for row in fixed})
    for dim, (colour, marker, dashes) in zip(dims, DIM_LOOKS, strict=False):
        chosen = select(fixed, dim=dim)
        for axes, metric in ((grid[0, 1], "score_log_posterior"), (grid[1, 1], "readout")):
            _pair(axes, chosen, metric, colour, marker, f"d = {dim}", dashes)
    grid[0, 0].set_ylabel("1 − S, share of I(x; y) the law misses")
    grid[1, 0].set_ylabel("1 − readout of the p(c_k∣x), mean over k")
    for axes in grid.flat:
        axes.set_yscale("log")
        axes.set_ylim(FLOOR, 3)
        _size_axis(axes, rows)
    for axes in (*grid[0], grid[1, 0]):
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.1), fontsize=7)
    for axes in grid[1]:
        axes.set_xlabel(LABEL)
    figure.tight_layout(rect=(0, 0.05, 1, 1))
    style.note(figure, LAW_PRINT)
    return figure


def _pair(
    axes: Axes,
    rows: list[Row],
    metric: str,
    colour: str,
    marker: str,
    name: str,
    dashes: object = "-",
) -> None:
    """What is missed: oracle as a line, trained as markers; where saturated, on the population."""
    held, whole = _both(rows, f"{metric}.oracle")
    style.line(axes, held, colour, f"oracle: {name}", dashes)
    style.line(axes, whole, colour, "", (0, (1, 1)))
    held, whole = _both(rows, f"{metric}.trained")
    _markers(axes, held, colour, f"trained: {name}", marker)
    _markers(axes, whole, colour, "", marker, hollow=True)


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


def _nulls(axes: Axes, rows: list[Row], *metrics: str) -> None:
    looks = ("--", "-.", ":")
    for metric, dashes in zip(metrics, looks, strict=False):
        data = missed(series(rows, SIZE, f"{metric}.held_out"), FLOOR)
        name = metric.removeprefix("score_").removeprefix("readout.").split(".")[0]
        named = {"permuted": "rows permuted"}.get(name, name.replace("_", " "))
        style.null(axes, data, dashes, f"null: {named}")


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
            fitted = _power(data)
            told = "" if fitted is None else f" (∝ m^{fitted[1]:.1f})"
            _markers(steps, data, colour, f"{name}, excess {threshold}{told}", marker)
            if fitted is not None:
                factor, exponent = fitted
                curve = [factor * place**exponent for place in data.position]
                steps.plot(data.position, curve, color=colour, linewidth=0.8, linestyle=":")
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


def _power(data: Series) -> tuple[float, float] | None:
    """factor and exponent of the power law through the means, least squares in logarithms."""
    if len(data.position) < 2:
        return None
    logs = [(math.log(x), math.log(y)) for x, y in zip(data.position, data.mean, strict=True)]
    mean_x = sum(x for x, _ in logs) / len(logs)
    mean_y = sum(y for _, y in logs) / len(logs)
    spread = sum((x - mean_x) ** 2 for x, _ in logs)
    exponent = sum((x - mean_x) * (y - mean_y) for x, y in logs) / spread
    return math.exp(mean_y - exponent * mean_x), exponent


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
