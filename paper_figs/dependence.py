"""The figures of dependence: which form misses what, and how parallel differences are."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paper_figs import layout, style
from paper_figs.tables import Row, missed, select, series

AXIS = "strength"
AXIS_LABEL = "strength s of the dependence"
FLOOR = 1e-5  # where the axis of 1 − S ends
TOKENS = {
    "anchored": "y names c",
    "product": "y reads every concept\nthrough noise",
    "shown": "y shows one concept,\ndrawn at random",
}
GRAPHS = {
    "chain": (style.BLUE, "-", "along a chain", style.DASHES["permuted"]),
    "parity": (style.ORANGE, (0, (7, 1.5)), "by parity", (0, (6, 1.5, 1, 1.5, 1, 1.5))),
}
LAWS = {
    "log_posterior": (style.BLUE, "-", "joint: log p(c∣x)"),
    "marginals": (style.GREEN, (0, (4, 1, 1, 1)), "marginals:\nlog p(c_k∣x)"),
    "product": (style.PURPLE, (0, (2, 1)), "readings:\nlog M_k p(c_k∣x)"),
    "belief": (style.ORANGE, (0, (7, 1.5)), "p(c∣x)"),
}
NULLS = {"raw_input": "null: raw input", "permuted": "null: rows permuted"}
SMALL_PRINT = (
    "A perfect predictor, nothing trained. Bands and bars: 95 % t intervals over worlds. Grey "
    "dashes: nulls. The marginals p(c_k) are the same at every s. "
)
LAW_PRINT = (
    "1 − S is held out by distinct context; 0 is possible everywhere: the ceiling. Curves on the "
    "lower edge: 1e-5 or below."
)
DIRECTION_PRINT = "A share of 1 is possible everywhere: the ceiling."


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    return layout.draw_all(table, {"dependence_laws": _laws, "dependence_directions": _directions})


def _laws(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(9.6, 6.8))
    grid = figure.subplots(len(GRAPHS), len(TOKENS), sharex=True, sharey=True, squeeze=False)
    for line, (graph, (_, _, name, _)) in zip(grid, GRAPHS.items(), strict=True):
        for axes, token in zip(line, TOKENS, strict=True):
            _forms(axes, select(rows, panel=token, graph=graph))
            style.limits(axes, named=axes is line[0])
        style.missed_axis(
            line[0], FLOOR, f"concepts tied {name}\n1 − S, share that the form misses"
        )
    for axes, title in zip(grid[0], TOKENS.values(), strict=True):
        axes.set_title(title)
    for axes in grid[-1]:
        axes.set_xlabel(AXIS_LABEL)
    return layout.finish(figure, SMALL_PRINT + LAW_PRINT, ends=list(grid[:, -1]))


def _forms(axes: Axes, rows: list[Row]) -> None:
    """What each form misses, beside its nulls."""
    for law, (colour, dashes, label) in LAWS.items():
        data = missed(series(rows, AXIS, f"score_{law}.oracle.held_out"), FLOOR)
        style.line(axes, data, colour, label, dashes)
    for null, label in NULLS.items():
        data = missed(series(rows, AXIS, f"score_{null}.oracle.held_out"), FLOOR)
        style.null(axes, data, style.DASHES[null], label)


def _directions(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(8.4, 6.8))
    grid = figure.subplots(2, 2, sharex=True)
    *panels, told = grid.flat
    for axes, (token, title) in zip(panels, TOKENS.items(), strict=True):
        _parallel(axes, select(rows, panel=token))
        axes.set_title(title)
    for axes in grid[:, 0]:
        axes.set_ylabel("share of differences\nalong one direction")
    _dependence(told, select(rows, panel="anchored"))
    for axes in grid[-1]:
        axes.set_xlabel(AXIS_LABEL)
    return layout.finish(figure, SMALL_PRINT + DIRECTION_PRINT, ends=[grid[0, 1], told])


def _parallel(axes: Axes, rows: list[Row]) -> None:
    """How parallel differences are for either graph, beside the null of the same graph."""
    for graph, (colour, dashes, name, null_dashes) in GRAPHS.items():
        chosen = select(rows, graph=graph)
        data = series(chosen, AXIS, "parallelism.oracle")
        style.line(axes, data, colour, f"tied {name}", dashes)
        null = series(chosen, AXIS, "parallelism.permuted")
        style.null(axes, null, null_dashes, f"null, tied {name}:\nrows permuted")
    axes.set_ylim(0.4, 1.02)


def _dependence(axes: Axes, rows: list[Row]) -> None:
    """What concepts tell of each other, before and after the context is seen."""
    for graph, (colour, dashes, name, _) in GRAPHS.items():
        chosen = select(rows, graph=graph)
        prior = series(chosen, AXIS, "total_correlation.prior")
        style.line(axes, prior, colour, f"{name}, before x", style.DOTTED)
        given = series(chosen, AXIS, "total_correlation.exact")
        style.line(axes, given, colour, f"{name}, given x", dashes)
    axes.set_title("how much concepts\ndepend on each other")
    axes.set_ylabel("total correlation, nats")


if __name__ == "__main__":
    layout.run(draw)
