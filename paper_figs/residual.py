"""The figures of the residual: what is left over as ε → 0, and what it is made of."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paper_figs import layout, style
from paper_figs.tables import Row, Series, select, series

PATHS: dict[str, tuple[str, str, Any]] = {
    "x": ("through x only", style.ORANGE, "-"),
    "weak": ("through x, weak token: δ, TV → 0 too", style.PURPLE, (0, (4, 1, 1, 1))),
    "both_slow": ("both, y slower (κ_y = √κ_x)", style.BLUE, (0, (1, 1))),
    "both_equal": ("both, equally fast (κ_y = κ_x)", style.BLUE, (0, (4, 1.5))),
    "both_fast": ("both, y faster\n(κ_y = κ_x²)", style.BLUE, "-"),
    "y": ("through y only", style.GREEN, (0, (7, 1.5))),
}
SHOWN = {
    "x": "through x only",
    "y": "through y only",
    "both_equal": "both, equally fast",
    "weak": "x, and δ, TV → 0",
}
SIZES = {
    "log10_sd_f.oracle": ("f itself", style.BLACK, "-"),
    "log10_sd_residual.oracle": ("residual of\nthe paper's A", style.ORANGE, (0, (7, 1.5))),
    "log10_sd_leading.oracle": ("leading term of h", style.PURPLE, (0, (4, 1.5))),
    "log10_sd_rest.oracle": ("h less that term", style.PURPLE, (0, (1, 1))),
    "log10_delta.exact": ("δ of coverage", style.GREEN, (0, (4, 1, 1, 1))),
}
MISSED = {
    "log10_missed_paper.oracle.no_fit": (
        "the paper's own A,\nnothing fitted",
        style.ORANGE,
        (0, (7, 1.5)),
    ),
    "log10_missed_log_posterior.oracle.held_out": (
        "best affine map of\nlog p(c∣x), held out",
        style.BLUE,
        "-",
    ),
    "log10_missed_log_posterior.oracle.predicted": (
        "the same, closed form",
        style.BLUE,
        (0, (1, 1)),
    ),
}
EPSILON = "mean ε(x, y), smaller to the right"
SMALL_PRINT = (
    "Exact worlds, a perfect predictor, nothing trained. Geometric means over worlds; bands and "
    "bars: 95 % t intervals. Variances over contexts, of logits centred over tokens, summed over "
    "tokens. 1 − S of 1e-8 stands for that or less."
)
LIMIT_PRINT = (
    " Grey line: r = ε, as the paper says r → 0. r = 1: as much residual as f; 1 − S = 1: no "
    "better than a constant."
)
TERM_PRINT = (
    " Sizes are total deviations in nats; that of δ is the largest. Grey dashes: null. Closed "
    "form: on all contexts. Held-out S is left out below 1e-5 nats of I(x; y), where the search "
    "cannot tell it."
)


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    return layout.draw_all(table, {"residual_limits": _limits, "residual_terms": _terms})


def _limits(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(8.0, 7.6))
    ratio, missed = figure.subplots(2, 1, sharex=True)
    ratio.set_title("r = var(residual) / var(f), the paper's own A")
    missed.set_title("what the paper's own A misses, 1 − S")
    for path, (label, colour, dashes) in PATHS.items():
        chosen = select(rows, path=path)
        style.line(ratio, _powers(chosen, "log10_ratio_paper.oracle"), colour, label, dashes)
        style.line(missed, _powers(chosen, "log10_missed_paper.oracle.no_fit"), colour, "", dashes)
    _as_claimed(ratio, rows)
    for axes in (ratio, missed):
        style.guide(axes, 1)
        _log_axes(axes)
    missed.set_xlabel(EPSILON)
    ratio.set_ylabel("r: 0 claimed as ε → 0")
    missed.set_ylabel("1 − S, nothing fitted, no gauge")
    return layout.finish(figure, SMALL_PRINT + LIMIT_PRINT, ends=[ratio])


def _as_claimed(axes: Axes, rows: list[Row]) -> None:
    """A line along which r falls with ε."""
    ends = [float(row["mean"]) for row in select(rows, path="y", quantity="epsilon")]
    start, end = max(ends), min(ends)
    axes.plot([start, end], [start, end], color=style.GREY, linewidth=0.8)
    place = {"transform": axes.transAxes, "fontsize": 7, "color": style.INK}
    axes.text(0.08, 0.44, "the paper: r → 0\n(grey: r = ε)", **place)


def _terms(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(9.6, 6.4))
    grid = figure.subplots(2, len(SHOWN), sharex="col", sharey="row", squeeze=False)
    for (missed, sizes), (path, title) in zip(grid.T, SHOWN.items(), strict=True):
        chosen = select(rows, path=path)
        missed.set_title(title)
        _curves(missed, chosen, MISSED)
        argmax = _powers(chosen, "log10_missed_argmax.oracle.population")
        style.null(missed, argmax, style.DASHES["constant"], "null: likeliest\nconfiguration alone")
        _curves(sizes, chosen, SIZES)
        for axes in (missed, sizes):
            _log_axes(axes)
        sizes.set_xlabel("mean ε(x, y)")
    grid[0, 0].set_ylabel("1 − S, share missed")
    grid[1, 0].set_ylabel("size in nats")
    return layout.finish(figure, SMALL_PRINT + TERM_PRINT, ends=list(grid[:, -1]))


def _curves(axes: Axes, rows: list[Row], shown: dict[str, tuple[str, str, Any]]) -> None:
    for metric, (label, colour, dashes) in shown.items():
        style.line(axes, _powers(rows, metric), colour, label, dashes)


def _powers(rows: list[Row], metric: str) -> Series:
    """The curve of 10^metric over the mean ε of each setting."""
    place = {row["scale"]: row["mean"] for row in select(rows, quantity="epsilon")}
    placed = [{**row, "epsilon": place[row["scale"]]} for row in rows]
    found = series(placed, "epsilon", metric)
    return Series(found.position, *([10**value for value in column] for column in found[1:]))


def _log_axes(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    if not axes.xaxis_inverted():
        axes.invert_xaxis()


if __name__ == "__main__":
    layout.run(draw)
