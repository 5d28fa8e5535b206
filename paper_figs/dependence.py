"""The figures of dependence: which form misses what, and how parallel differences are."""

import sys
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paper_figs import style
from paper_figs.tables import Row, missed, read_rows, select, series, stamp

AXIS = "strength"
AXIS_LABEL = "strength s of the dependence"
FLOOR = 1e-5  # where the axis of 1 − S ends
TOKENS = {
    "anchored": "y names c",
    "product": "y reads every concept\nthrough noise",
    "shown": "y shows one concept,\ndrawn at random",
}
GRAPHS = {
    "chain": (style.BLUE, "along a chain"),
    "parity": (style.ORANGE, "by parity"),
}
LAWS = {
    "log_posterior": (style.BLUE, "-", "joint: log p(c∣x)"),
    "marginals": (style.GREEN, "-", "marginals: log p(c_k∣x)"),
    "product": (style.PURPLE, (0, (5, 1.5)), "readings: log M_k p(c_k∣x)"),
    "belief": (style.ORANGE, "-", "p(c∣x)"),
}
NULLS = {"raw_input": (":", "raw input"), "permuted": ("-.", "rows permuted")}
SMALL_PRINT = (
    "A perfect predictor, nothing trained; bands and bars: 95 % t intervals over worlds. 1 − S is "
    "held out by distinct context; 0 is possible everywhere, and so is a share of 1:\nthe ceilings."
    " Grey: nulls. The marginals p(c_k) are the same at every s. Curves on the lower edge of "
    "1 − S: 1e-5 or below."
)


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    rows = read_rows(table)
    with matplotlib.rc_context(style.SETTINGS):
        figures = {"dependence_laws": _laws(rows), "dependence_directions": _directions(rows)}
        for figure in figures.values():
            style.stamp_smoke(figure, stamp(rows))
    return figures


def _laws(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(11.6, 6.8))
    grid = figure.subplots(len(GRAPHS), len(TOKENS), sharex=True, sharey=True, squeeze=False)
    for place, (graph, (_, name)) in enumerate(GRAPHS.items()):
        for column, (token, title) in enumerate(TOKENS.items()):
            axes = grid[place, column]
            chosen = select(rows, panel=token, graph=graph)
            for law, (colour, dashes, label) in LAWS.items():
                data = missed(series(chosen, AXIS, f"score_{law}.oracle.held_out"), FLOOR)
                style.line(axes, data, colour, label, dashes)
            for null, (dashes, label) in NULLS.items():
                data = missed(series(chosen, AXIS, f"score_{null}.oracle.held_out"), FLOOR)
                style.null(axes, data, dashes, f"null: {label}")
            _limits(axes, named=not column)
            if not place:
                axes.set_title(title)
        grid[place, 0].set_ylabel(f"concepts tied {name}\n1 − S, share that the form misses")
    for axes in grid[-1]:
        axes.set_xlabel(AXIS_LABEL)
    grid[0, -1].legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return _finish(figure)


def _directions(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(11.6, 4.6))
    first, second, third, told = figure.subplots(1, len(TOKENS) + 1)
    panels = (first, second, third)
    for axes, (token, title) in zip(panels, TOKENS.items(), strict=True):
        for graph, (colour, name) in GRAPHS.items():
            chosen = select(rows, panel=token, graph=graph)
            style.line(axes, series(chosen, AXIS, "parallelism.oracle"), colour, f"tied {name}")
            dashes = "--" if graph == "chain" else ":"
            null = series(chosen, AXIS, "parallelism.permuted")
            style.null(axes, null, dashes, f"null, tied {name}: rows permuted")
        axes.set_title(title)
        axes.set_ylim(0.4, 1.02)
        axes.set_xlabel(AXIS_LABEL)
        if axes is not first:
            axes.tick_params(labelleft=False)
    first.set_ylabel("share of differences along one direction")
    for graph, (colour, name) in GRAPHS.items():
        chosen = select(rows, panel="anchored", graph=graph)
        prior = series(chosen, AXIS, "total_correlation.prior")
        style.line(told, prior, colour, f"{name}, before x", (0, (5, 1.5)))
        style.line(
            told, series(chosen, AXIS, "total_correlation.exact"), colour, f"{name}, given x"
        )
    told.set_title("how much concepts\ndepend on each other")
    told.set_ylabel("total correlation, nats")
    told.set_xlabel(AXIS_LABEL)
    told.legend(loc="upper left", fontsize=7)
    handles, labels = second.get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower left", bbox_to_anchor=(0.05, 0.08), ncols=4)
    return _finish(figure, bottom=0.14)


def _limits(axes: Axes, named: bool) -> None:
    for limit, text, side in ((0.01, "holds below", "top"), (0.05, "fails above", "bottom")):
        axes.axhline(limit, color=style.GREY, linewidth=0.8, zorder=0)
        place = axes.get_yaxis_transform()
        if named:
            axes.text(0.02, limit, text, transform=place, fontsize=7, color=style.GREY, va=side)
    axes.set_yscale("log")
    axes.set_ylim(FLOOR, 3)


def _finish(figure: Figure, bottom: float = 0.07) -> Figure:
    figure.tight_layout(rect=(0, bottom, 1, 0.97))
    style.note(figure, SMALL_PRINT)
    return figure


if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    for name, picture in draw(source).items():
        picture.savefig(target / f"{name}.pdf")
