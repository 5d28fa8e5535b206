"""The figures of scale: what changes with the number of concepts, and what it costs."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

from paper_figs import style
from paper_figs.layout import draw_all, finish, handles, run
from paper_figs.tables import Row, Series, held_or_whole, medians, missed, select, series

SIZE, LABEL = "num_concepts", "number of concepts m"
FLOOR = 1e-3  # where the axes of what is missed end
LAWS = {
    "log_posterior": (style.BLUE, "o", "log p(c∣x)"),
    "marginals": (style.ORANGE, "s", "p($c_k$∣x)"),
}
USUAL = (style.BLUE, "o", "-")  # d = |tokens| − 1
NARROW, WIDE = (style.GREEN, "D", (0, (6, 1))), (style.PURPLE, "^", (0, (4, 2)))
NULLS = {"raw_input": "raw input", "permuted": "rows permuted", "untrained": "untrained"}
SCORE_NULLS = {
    "raw_input": "score_raw_input.trained",
    "permuted": "score_permuted.trained",
    "untrained": "score_log_posterior.untrained",
}
READOUT_NULLS = {null: f"readout.{null}" for null in NULLS}
ASIDE = 1.06  # factor by which the widest predictors are drawn aside, so as not to hide others
PARTS = {
    "exact": (style.BLACK, "o", "exact beliefs"),
    "oracle": (style.GREEN, "s", "perfect predictor,\nits fits"),
    "training": (style.BLUE, "^", "training"),
    "reading": (style.ORANGE, "v", "fits of the\ntrained network"),
}
STEPS = {"steps_to_tenth": ("o", ".1"), "steps_to_counted": ("s", ".01")}
FAMILIES = {"fixed": (style.BLUE, "16 tokens"), "growing": (style.ORANGE, "y names c")}
LAW_PRINT = (
    "Solid and dashed lines: oracle, the best predictor of d dimensions, held out; dotted: the "
    "same under all of p(x), every belief enumerated to m = 6, beyond fitted and scored on those "
    "drawn. Markers: trained. Bars, bands: 95 % t intervals over seeds (20 worlds for the oracle "
    "with 16 tokens, else 10). Contexts of one belief are held out together; hollow markers and "
    "short lines: too few beliefs for that, fitted and scored on all contexts "
    "drawn. S is against the predictor's own predictions. d = 32 is drawn a little aside."
)
COST_PRINT = (
    "Top: means, 95 % t intervals over seeds, d = |tokens| − 1; a point is left out where some "
    "seed does not get there. Excess loss measured after steps that grow by a fifth. Bottom: "
    "medians over seeds and their 95 % intervals; 16 tokens, d = 15."
)


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    return draw_all(table, {"scale_laws": _laws, "scale_cost": _cost})


def _full(rows: list[Row], family: str) -> list[Row]:
    """The rows of d = |tokens| − 1."""
    chosen = select(rows, family=family)
    return [row for row in chosen if int(row["dim"]) == int(row["num_tokens"]) - 1]


def _laws(rows: list[Row]) -> Figure:
    """Laws and readouts side by side, a row a family or the other dimensions."""
    figure = Figure(figsize=(7.2, 9.4))
    grid = figure.subplots(3, 2, sharex=True, sharey=True, squeeze=False)
    titles = ("16 tokens, d = 15", "16 tokens, other d", "y names c among $2^m$ tokens")
    for line, title in zip(grid, titles, strict=True):
        line[0].set_title(f"{title}: laws")
        line[1].set_title(f"{title}: readout")
        line[0].set_ylabel("1 − S, share of I(x; y)")
        line[1].set_ylabel("1 − readout, mean over k")
        line[1].tick_params(labelleft=True)
    for row, family in ((0, "fixed"), (2, "growing")):
        _family(grid[row, 0], grid[row, 1], _full(rows, family))
    _other_dims(grid[1, 0], rows, "score_log_posterior", SCORE_NULLS)
    _other_dims(grid[1, 1], rows, "readout", READOUT_NULLS)
    for axes in grid.flat:
        axes.set_yscale("log")
        axes.set_ylim(FLOOR, 3)
        _size_axis(axes, rows)
    for axes in grid[-1]:
        axes.set_xlabel(LABEL)
    return finish(figure, LAW_PRINT, ends=list(grid.flat), legend=_looks(), ncols=5)


def _looks() -> dict[str, Line2D]:
    """What lines and markers say, whatever their colour."""
    marker: dict[str, Any] = {"color": style.BLACK, "marker": "o", "markersize": 4, "linestyle": ""}
    return {
        "oracle, held out": Line2D([], [], color=style.BLACK),
        "oracle, all of p(x)": Line2D([], [], color=style.BLACK, linestyle=style.DOTTED),
        "trained": Line2D([], [], **marker),
        "not held out": Line2D([], [], markerfacecolor="white", **marker),
        "null": Line2D([], [], color=style.GREY, linestyle="--", linewidth=1),
    }


def _family(laws: Axes, readout: Axes, rows: list[Row]) -> None:
    """Both laws and the readout of one family at d = |tokens| − 1."""
    for law, (colour, marker, name) in LAWS.items():
        _pair(laws, rows, f"score_{law}", (colour, marker, "-"), name)
        whole = missed(series(rows, SIZE, f"score_{law}.whole.upper"), FLOOR)
        style.line(laws, whole, colour, dashes=style.DOTTED)
    _pair(readout, rows, "readout", USUAL, "readout")
    _nulls(laws, rows, SCORE_NULLS)
    _nulls(readout, rows, READOUT_NULLS)


def _other_dims(axes: Axes, rows: list[Row], metric: str, nulls: dict[str, str]) -> None:
    """log p(c|x) below, at and above |tokens| − 1 dimensions, each with its nulls."""
    fixed = select(rows, family="fixed")
    usual = {int(row["num_tokens"]) - 1 for row in fixed}
    for dim in sorted({int(row["dim"]) for row in fixed}):
        chosen = select(fixed, dim=dim)
        if dim > max(usual):
            chosen = [{**row, SIZE: str(ASIDE * float(row[SIZE]))} for row in chosen]
        look = USUAL if dim in usual else NARROW if dim < min(usual) else WIDE
        # too near the others to be named among the laws; the readout beside it names it
        _pair(
            axes, chosen, metric, look, "" if look is WIDE and metric != "readout" else f"d = {dim}"
        )
        if dim not in usual:
            _nulls(axes, chosen, nulls)


def _pair(axes: Axes, rows: list[Row], metric: str, look: tuple[str, str, Any], name: str) -> None:
    """What is missed: oracle as a line, trained as markers; where saturated, on the population."""
    colour, marker, dashes = look
    held, whole = _both(rows, f"{metric}.oracle")
    style.line(axes, held, colour, dashes=dashes)
    style.line_at(axes, whole, colour, dashes=style.DOTTED)
    held, whole = _both(rows, f"{metric}.trained")
    for data, hollow in ((held, False), (whole, True)):
        named = "" if hollow or not data.position else name
        style.trained(axes, data, colour, named, hollow, marker, joined=False)


def _both(rows: list[Row], metric: str) -> tuple[Series, Series]:
    """What is missed held out, and on the population where nothing could be held out."""
    held, whole = held_or_whole(rows, SIZE, metric)
    return missed(held, FLOOR), missed(whole, FLOOR)


def _nulls(axes: Axes, rows: list[Row], metrics: dict[str, str]) -> None:
    """Nulls, held out; where saturated, a short line for the population."""
    for null, metric in metrics.items():
        held, whole = _both(rows, metric)
        named = NULLS[null] if held.position and not _named(axes, NULLS[null]) else ""
        style.null(axes, held, style.DASHES[null], named)
        style.null_at(axes, whole, style.DASHES[null])


def _named(axes: Axes, name: str) -> bool:
    return name in handles([axes])


def _size_axis(axes: Axes, rows: list[Row]) -> None:
    sizes = sorted({int(row["num_concepts"]) for row in rows})
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(sizes))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(ScalarFormatter())


def _cost(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(7.2, 7.6))
    steps, seconds = figure.subplots(2, 1)
    for family, (colour, name) in FAMILIES.items():
        chosen = _full(rows, family)
        for metric, (marker, threshold) in STEPS.items():
            data = series(chosen, SIZE, f"{metric}.trained")
            if data.position:
                label = f"{name}, {threshold} of I"
                style.trained(steps, data, colour, label, marker=marker)
    for part, (colour, marker, name) in PARTS.items():
        data = medians(_full(rows, "fixed"), SIZE, f"seconds.{part}")
        if data.position:
            style.trained(seconds, data, colour, name, marker=marker)
    steps.set_title("steps until the excess loss is .1 or .01 of I(x; y)")
    steps.set_ylabel("steps of 256 contexts")
    seconds.set_title("price of a seed")
    seconds.set_ylabel("CPU seconds")
    for axes in (steps, seconds):
        axes.set_yscale("log")
        axes.set_xlabel(LABEL)
        _size_axis(axes, rows)
    return finish(figure, COST_PRINT, ends=[steps, seconds])


if __name__ == "__main__":
    run(draw)
