"""The figures of the dimension: what few dimensions miss, and what they hold."""

import sys
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from paper_figs import style
from paper_figs.tables import Row, Series, missed, read_rows, select, series, stamp

DIM, LABEL = "dim", "dimension d of the representation"
FAMILIES = {
    "random": (style.BLUE, "random"),
    "anchored": (style.GREEN, "anchored"),
    "weak": (style.ORANGE, "weak"),
}
TOKEN_COLOURS = (style.PURPLE, style.ORANGE, style.GREEN, style.BLUE)
FLOOR = 1e-7  # where the axis of the excess ends; a perfect fit lies there
LAW_FLOOR = 1e-4
SMALL_PRINT = (
    "Lines: the best predictor of d dimensions (oracle). Bands, bars: 95 % t intervals over "
    "worlds. ℓ: number of configurations.\nA perfect fit, or a value below the axis, is drawn on "
    "the lower edge."
)
LAW_PRINT = (
    " Held out by distinct context; dotted: scored on the\npopulation, as too few contexts could "
    "be held out: no evidence. Grey: nulls. The ceiling is an upper bound for any representation "
    "of d dimensions."
)
TITLES = {
    "random": "random tokens",
    "anchored": "anchored tokens: y pins c",
    "weak": "weak tokens: y barely tells c",
}


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    rows = read_rows(table)
    with matplotlib.rc_context(style.SETTINGS):
        figures = {"dimension_excess": _excess(rows), "dimension_law": _law(rows)}
        for figure in figures.values():
            style.stamp_smoke(figure, stamp(rows))
    return figures


def _excess(rows: list[Row]) -> Figure:
    sizes = sorted({row["num_concepts"] for row in rows if row["family"] != "random"})
    figure = Figure(figsize=(3.6 * (1 + len(sizes)), 4.2))
    grid = figure.subplots(1, 1 + len(sizes), sharey=True, squeeze=False)[0]
    _tokens(grid[0], select(rows, family="random", num_concepts=sizes[0]))
    for axes, size in zip(grid[1:], sizes, strict=True):
        _families(axes, select(rows, num_concepts=size))
    for axes, size in zip(grid, [sizes[0], *sizes], strict=True):
        _mark(axes, 2 ** int(size), named=True)
        axes.set_xlabel(LABEL)
        axes.set_yscale("log")
        axes.set_ylim(FLOOR, 2)
        axes.legend(loc="upper right")
    grid[0].set_ylabel("excess / I(x; y) that the best d dimensions miss")
    figure.tight_layout(rect=(0, 0.08, 1, 0.97))
    style.note(figure, SMALL_PRINT)
    return figure


def _tokens(axes: Axes, rows: list[Row]) -> None:
    """Random tables: one curve for each number of tokens."""
    counts = sorted({int(row["num_tokens"]) for row in rows})
    for count, colour in zip(counts, TOKEN_COLOURS, strict=False):
        chosen = select(rows, num_tokens=count)
        style.line(axes, missed(_explained(chosen), FLOOR), colour, f"{count} tokens")
    axes.set_title(f"random tables, ℓ = {_size(rows)}:\nperfect at d = |tokens| − 1", pad=16)


def _families(axes: Axes, rows: list[Row]) -> None:
    """Most tokens: one curve for each family."""
    most = max(int(row["num_tokens"]) for row in rows if row["family"] != "random")
    for family, (colour, label) in FAMILIES.items():
        chosen = select(rows, family=family, num_tokens=most)
        style.line(axes, missed(_explained(chosen), FLOOR), colour, f"{label} tokens")
    axes.set_title(
        f"ℓ = {_size(rows)}, {most} tokens:\np(y∣c) decides what ℓ dimensions miss", pad=16
    )


def _law(rows: list[Row]) -> Figure:
    size = max(row["num_concepts"] for row in rows if row["family"] != "random")
    rows = select(rows, num_concepts=size)
    most = max(int(row["num_tokens"]) for row in rows)
    rows = select(rows, num_tokens=most)
    figure = Figure(figsize=(9.6, 8.8))
    grid = figure.subplots(3, len(FAMILIES), sharex=True, sharey="row", squeeze=False)
    shared = select(rows, family="random")
    for column, family in enumerate(FAMILIES):
        chosen = select(rows, family=family)
        law, readout, back = grid[:, column]
        law.set_title(TITLES[family], pad=16)
        _scores(law, chosen)
        _readouts(readout, chosen, shared)
        _back(back, chosen)
        back.set_xlabel(LABEL)
        for axes in (law, readout, back):
            _mark(axes, _size(rows), named=axes is law)
    for row, label in zip(
        grid,
        ("1 − S, share that the law misses", "1 − readout of p(c∣x)", "R² of f on log p(c∣x)"),
        strict=True,
    ):
        row[0].set_ylabel(label)
        row[-1].legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    figure.suptitle(f"ℓ = {_size(rows)} configurations, {most} tokens", fontsize=9.5, x=0.4)
    figure.tight_layout(rect=(0, 0.07, 1, 1))
    style.note(figure, SMALL_PRINT + LAW_PRINT)
    return figure


def _scores(axes: Axes, rows: list[Row]) -> None:
    _curve(axes, rows, "score_log_posterior.oracle", style.BLUE, "log p(c∣x)")
    _curve(axes, rows, "score_belief.oracle", style.ORANGE, "p(c∣x)")
    nulls = {"raw_input": ("--", "null: raw input"), "permuted": ("-.", "null: rows permuted")}
    for source, (dashes, label) in nulls.items():
        data = series(rows, DIM, f"score_{source}.oracle.held_out")
        style.null(axes, missed(data, LAW_FLOOR), dashes, label)
    axes.set_yscale("log")
    axes.set_ylim(LAW_FLOOR, 3)


def _readouts(axes: Axes, rows: list[Row], shared: list[Row]) -> None:
    _curve(axes, rows, "readout.oracle", style.BLUE, "oracle")
    ceiling = missed(series(shared, DIM, "readout.ceiling"), LAW_FLOOR)
    style.line(axes, ceiling, style.BLACK, "ceiling of d dimensions")
    raw = missed(series(shared, DIM, "readout.raw_input.held_out"), LAW_FLOOR)
    style.null(axes, raw, "--", "null: raw input")
    permuted = series(rows, DIM, "readout.permuted.held_out")
    style.null(axes, missed(permuted, LAW_FLOOR), "-.", "null: rows permuted")
    axes.set_yscale("log")
    axes.set_ylim(LAW_FLOOR, 3)


def _back(axes: Axes, rows: list[Row]) -> None:
    style.line(axes, series(rows, DIM, "r2.oracle.held_out"), style.BLUE, "oracle")
    style.null(axes, series(rows, DIM, "r2.permuted.held_out"), "-.", "null: rows permuted")


def _curve(axes: Axes, rows: list[Row], metric: str, colour: str, label: str) -> None:
    """What is missed, held out; dotted on the population where nothing could be held out."""
    held = series(rows, DIM, f"{metric}.held_out")
    whole = style.split(series(rows, DIM, f"{metric}.population"), held.position)[1]
    style.line(axes, missed(held, LAW_FLOOR), colour, label)
    style.line(axes, missed(whole, LAW_FLOOR), colour, "", (0, (1, 1)))


def _mark(axes: Axes, size: int, named: bool) -> None:
    """Where ℓ − 1 and ℓ lie."""
    for place, text, side in ((size - 1, "ℓ − 1", "right"), (size, "ℓ", "left")):
        axes.axvline(place, color=style.GREY, linewidth=0.8, linestyle=":", zorder=0)
        if named:
            across = axes.get_xaxis_transform()
            axes.text(place, 1.01, text, transform=across, fontsize=8, ha=side, va="bottom")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _explained(rows: list[Row]) -> Series:
    return series(rows, DIM, "explained.oracle")


def _size(rows: list[Row]) -> int:
    return 2 ** int(rows[0]["num_concepts"])


if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    for name, picture in draw(source).items():
        picture.savefig(target / f"{name}.pdf")
