"""The figures of the residual: what is left over as ε → 0, and what it is made of."""

import sys
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paper_figs import style
from paper_figs.tables import Row, Series, read_rows, select, series, stamp

PATHS: dict[str, tuple[str, str, Any]] = {
    "x": ("through x only", style.ORANGE, "-"),
    "weak": ("through x, weak token: δ, TV → 0 too", style.PURPLE, "-"),
    "both_slow": ("both, y slower (κ_y = √κ_x)", style.BLUE, (0, (1, 1))),
    "both_equal": ("both, equally fast (κ_y = κ_x)", style.BLUE, (0, (4, 1.5))),
    "both_fast": ("both, y faster (κ_y = κ_x²)", style.BLUE, "-"),
    "y": ("through y only", style.GREEN, "-"),
}
SHOWN = {
    "x": "ε → 0 through x only",
    "y": "ε → 0 through y only",
    "both_equal": "through both, equally fast",
    "weak": "through x, and δ, TV → 0",
}
SIZES = {
    "log10_sd_f.oracle": ("f itself", style.BLACK, "-"),
    "log10_sd_residual.oracle": ("residual of the paper's A", style.ORANGE, "-"),
    "log10_sd_leading.oracle": ("leading term of h", style.PURPLE, (0, (4, 1.5))),
    "log10_sd_rest.oracle": ("h less its leading term", style.PURPLE, (0, (1, 1))),
    "log10_delta.exact": ("δ of coverage", style.GREEN, (0, (4, 1.5))),
}
EPSILON = "mean ε(x, y), smaller to the right"
SMALL_PRINT = (
    "Exact worlds, a perfect predictor, nothing trained. Geometric means over worlds with 95 % t "
    "intervals. Variances over contexts,\nof logits centred over tokens, summed over tokens. "
    "1 − S of 1e-8 stands for that or less."
)
CLOSED_FORM = " Held-out S is left out below 1e-5 nats of I(x; y), where the search cannot tell it."


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    rows = read_rows(table)
    with matplotlib.rc_context(style.SETTINGS):
        figures = {"residual_limits": _limits(rows), "residual_terms": _terms(rows)}
        for figure in figures.values():
            style.stamp_smoke(figure, stamp(rows))
    return figures


def _limits(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(9.6, 5.0))
    ratio, missed = figure.subplots(1, 2)
    ratio.set_title("r = var(residual) / var(f), the paper's own A")
    missed.set_title("what the paper's own A misses, 1 − S")
    for path, (label, colour, dashes) in PATHS.items():
        chosen = select(rows, path=path)
        style.line(ratio, _powers(chosen, "log10_ratio_paper.oracle"), colour, label, dashes)
        style.line(missed, _powers(chosen, "log10_missed_paper.oracle.no_fit"), colour, "", dashes)
    start, end = _range(rows)
    ratio.plot([start, end], [start, end], color=style.GREY, linestyle="--", linewidth=1)
    ratio.text(3e-5, 2e-5, "the paper: r → 0\n(drawn: r = ε)", fontsize=7.5, color=style.GREY)
    _level(ratio, 1.0, "as much residual as f")
    _level(missed, 1.0, "no better than a constant")
    for axes in (ratio, missed):
        _log_axes(axes)
        axes.set_xlabel(EPSILON)
    ratio.set_ylabel("r: 0 claimed as ε → 0")
    missed.set_ylabel("1 − S, nothing fitted, no gauge")
    figure.tight_layout(rect=(0, 0.2, 1, 0.98))
    figure.legend(loc="lower center", bbox_to_anchor=(0.5, 0.07), ncols=3)
    style.note(figure, SMALL_PRINT)
    return figure


def _terms(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(9.6, 6.6))
    grid = figure.subplots(2, len(SHOWN), sharex="col", sharey="row", squeeze=False)
    for column, (path, title) in enumerate(SHOWN.items()):
        chosen = select(rows, path=path)
        missed, sizes = grid[:, column]
        missed.set_title(title)
        _missed(missed, chosen)
        for metric, (label, colour, dashes) in SIZES.items():
            style.line(sizes, _powers(chosen, metric), colour, label if column == 0 else "", dashes)
        for axes in (missed, sizes):
            _log_axes(axes)
        sizes.set_xlabel("mean ε(x, y)")
        if column == 0:
            missed.set_ylabel("1 − S, share missed")
            sizes.set_ylabel("size in nats (total deviation; δ: largest)")
    figure.tight_layout(rect=(0, 0.16, 1, 0.98))
    handles = [axes.get_legend_handles_labels() for axes in grid[:, 0]]
    lines, labels = ([item for pair in handles for item in pair[part]] for part in (0, 1))
    figure.legend(lines, labels, loc="lower center", bbox_to_anchor=(0.5, 0.05), ncols=4)
    style.note(figure, SMALL_PRINT + CLOSED_FORM)
    return figure


def _missed(axes: Axes, rows: list[Row]) -> None:
    """1 − S of the paper's own A, of the best affine map, and of the argmax."""
    own = _powers(rows, "log10_missed_paper.oracle.no_fit")
    style.line(axes, own, style.ORANGE, "the paper's own A, nothing fitted")
    held = _powers(rows, "log10_missed_log_posterior.oracle.held_out")
    style.line(axes, held, style.BLUE, "best affine map of log p(c∣x), held out")
    closed = _powers(rows, "log10_missed_log_posterior.oracle.predicted")
    style.line(axes, closed, style.BLUE, "the same in closed form, on all contexts", (0, (1, 1)))
    argmax = _powers(rows, "log10_missed_argmax.oracle.population")
    style.null(axes, argmax, "--", "null: likeliest configuration alone")


def _powers(rows: list[Row], metric: str) -> Series:
    """The curve of 10^metric over the mean ε of each setting."""
    place = {row["scale"]: row["mean"] for row in select(rows, quantity="epsilon")}
    placed = [{**row, "epsilon": place[row["scale"]]} for row in rows]
    found = series(placed, "epsilon", metric)
    return Series(found.position, *([10**value for value in column] for column in found[1:]))


def _range(rows: list[Row]) -> tuple[float, float]:
    values = [float(row["mean"]) for row in select(rows, path="y", quantity="epsilon")]
    return max(values), min(values)


def _level(axes: Axes, height: float, text: str) -> None:
    axes.axhline(height, color=style.GREY, linewidth=0.8, zorder=0)
    place = axes.get_yaxis_transform()
    style_of = {"fontsize": 7, "color": style.GREY, "ha": "right", "va": "bottom"}
    axes.text(0.99, height, text, transform=place, **style_of)


def _log_axes(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    if not axes.xaxis_inverted():
        axes.invert_xaxis()


if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    for name, picture in draw(source).items():
        picture.savefig(target / f"{name}.pdf")
