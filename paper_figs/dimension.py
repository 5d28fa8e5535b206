"""The figures of the dimension: what few dimensions miss, and what they hold."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from paper_figs import layout, style
from paper_figs.tables import Row, Series, held_or_whole, missed, select, series

DIM, LABEL = "dim", "dimension d of the representation"
LOOKS: list[tuple[str, Any]] = [  # of the families, and of the numbers of tokens
    (style.BLUE, "-"),
    (style.GREEN, (0, (4, 1, 1, 1))),
    (style.ORANGE, (0, (7, 1.5))),
    (style.PURPLE, (0, (2, 1))),
]
FAMILIES = {
    "random": "random tokens",
    "anchored": "anchored tokens: y pins c",
    "weak": "weak tokens: y barely tells c",
}
FLOOR = 1e-7  # where the axis of the excess ends; a perfect fit lies there
LAW_FLOOR = 1e-4
SMALL_PRINT = (
    "Lines: the best predictor of d dimensions (oracle). Bands, bars: 95 % t intervals over "
    "worlds. ℓ: number of configurations. A perfect fit, or a value below the axis, is drawn on "
    "the lower edge."
)
EXCESS_PRINT = " Null: a constant, whose share is 1."
LAW_PRINT = (
    " Held out by distinct context; dotted: scored on the population, as too few contexts could "
    "be held out: no evidence. Grey dashes: nulls. The ceiling is an upper bound for any "
    "representation of d dimensions."
)


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    return layout.draw_all(table, {"dimension_excess": _excess, "dimension_law": _law})


def _excess(rows: list[Row]) -> Figure:
    sizes = sorted({row["num_concepts"] for row in rows if row["family"] != "random"})
    figure = Figure(figsize=(3.1 * (1 + len(sizes)), 4.2))
    first, *others = figure.subplots(1, 1 + len(sizes), sharey=True)
    _tokens(first, select(rows, family="random", num_concepts=sizes[0]))
    for axes, size in zip(others, sizes, strict=True):
        _families(axes, select(rows, num_concepts=size))
    for axes, size in zip([first, *others], [sizes[0], *sizes], strict=True):
        _mark(axes, 2 ** int(size), named=True)
        style.guide(axes, 1)
        axes.set_xlabel(LABEL)
        axes.legend(loc="upper right")
    style.missed_axis(first, FLOOR, "excess / I(x; y) of the best d dimensions", top=2)
    return layout.finish(figure, SMALL_PRINT + EXCESS_PRINT)


def _tokens(axes: Axes, rows: list[Row]) -> None:
    """Random tables: one curve for each number of tokens, the most first."""
    counts = sorted({int(row["num_tokens"]) for row in rows}, reverse=True)
    for count, (colour, dashes) in zip(counts, LOOKS, strict=False):
        chosen = select(rows, num_tokens=count)
        style.line(axes, missed(_explained(chosen), FLOOR), colour, f"{count} tokens", dashes)
    axes.set_title(f"ℓ = {_size(rows)}, random tokens", pad=16)


def _families(axes: Axes, rows: list[Row]) -> None:
    """Most tokens: one curve for each family."""
    most = max(int(row["num_tokens"]) for row in rows if row["family"] != "random")
    for family, (colour, dashes) in zip(FAMILIES, LOOKS, strict=False):
        chosen = select(rows, family=family, num_tokens=most)
        data = missed(_explained(chosen), FLOOR)
        style.line(axes, data, colour, f"{family} tokens", dashes)
    axes.set_title(f"ℓ = {_size(rows)}, {most} tokens", pad=16)


def _law(rows: list[Row]) -> Figure:
    size = max(row["num_concepts"] for row in rows if row["family"] != "random")
    rows = select(rows, num_concepts=size)
    most = max(int(row["num_tokens"]) for row in rows)
    rows = select(rows, num_tokens=most)
    figure = Figure(figsize=(9.4, 8.8))
    grid = figure.subplots(3, len(FAMILIES), sharex=True, sharey="row", squeeze=False)
    shared = select(rows, family="random")
    for (law, readout, back), (family, title) in zip(grid.T, FAMILIES.items(), strict=True):
        chosen = select(rows, family=family)
        law.set_title(title, pad=16)
        _scores(law, chosen)
        _readouts(readout, chosen, shared)
        _back(back, chosen)
        back.set_xlabel(LABEL)
        for axes in (law, readout, back):
            _mark(axes, _size(rows), named=axes is law)
    style.missed_axis(grid[0, 0], LAW_FLOOR, "1 − S, share that the law misses")
    style.missed_axis(grid[1, 0], LAW_FLOOR, "1 − readout of p(c∣x)")
    grid[2, 0].set_ylabel("R² of f on log p(c∣x)")
    text = f"ℓ = {_size(rows)} configurations, {most} tokens. {SMALL_PRINT}{LAW_PRINT}"
    return layout.finish(figure, text, ends=list(grid[:, -1]))


def _scores(axes: Axes, rows: list[Row]) -> None:
    _curve(axes, rows, "score_log_posterior.oracle", style.BLUE, "log p(c∣x)")
    _curve(axes, rows, "score_belief.oracle", style.ORANGE, "p(c∣x)", (0, (7, 1.5)))
    for source, label in (("raw_input", "null: raw input"), ("permuted", "null: rows permuted")):
        data = series(rows, DIM, f"score_{source}.oracle.held_out")
        style.null(axes, missed(data, LAW_FLOOR), style.DASHES[source], label)


def _readouts(axes: Axes, rows: list[Row], shared: list[Row]) -> None:
    _curve(axes, rows, "readout.oracle", style.BLUE, "oracle")
    ceiling = missed(series(shared, DIM, "readout.ceiling"), LAW_FLOOR)
    style.line(axes, ceiling, style.BLACK, "ceiling of\nd dimensions", (0, (7, 1.5)))
    raw = missed(series(shared, DIM, "readout.raw_input.held_out"), LAW_FLOOR)
    style.null(axes, raw, style.DASHES["raw_input"], "null: raw input")
    permuted = series(rows, DIM, "readout.permuted.held_out")
    style.null(axes, missed(permuted, LAW_FLOOR), style.DASHES["permuted"], "null: rows permuted")


def _back(axes: Axes, rows: list[Row]) -> None:
    style.line(axes, series(rows, DIM, "r2.oracle.held_out"), style.BLUE, "oracle")
    permuted = series(rows, DIM, "r2.permuted.held_out")
    style.null(axes, permuted, style.DASHES["permuted"], "null: rows permuted")


def _curve(
    axes: Axes, rows: list[Row], metric: str, colour: str, label: str, dashes: Any = "-"
) -> None:
    """What is missed, held out; dotted on the population where nothing could be held out."""
    held, whole = (missed(data, LAW_FLOOR) for data in held_or_whole(rows, DIM, metric))
    style.line_or_dots(axes, held, whole, colour, label, dashes)


def _mark(axes: Axes, size: int, named: bool) -> None:
    """Where ℓ − 1 and ℓ lie."""
    for place, text, side in ((size - 1, "ℓ − 1", "top"), (size, "ℓ", "bottom")):
        style.guide(axes, place, text if named else "", at=1.03, side=side, across=True)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _explained(rows: list[Row]) -> Series:
    return series(rows, DIM, "explained.oracle")


def _size(rows: list[Row]) -> int:
    return 2 ** int(rows[0]["num_concepts"])


if __name__ == "__main__":
    layout.run(draw)
