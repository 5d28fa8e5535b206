"""Do the identities and the bounds hold? Reads the stored table only."""

import sys
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paper_figs import style
from paper_figs.tables import Row, read_rows, select, stamp

FLOOR = 1e-17  # where an error of exactly zero is drawn
SMALL_PRINT = (
    "Bars span the families of worlds, from the mean over batches of the largest error in a batch "
    "to the upper limit of its 95 % interval. An error of exactly 0 is drawn\nat 1e-17. "
    "Crosses: what a claim is missed by in worlds that break its assumptions."
)


def draw(table: Path) -> dict[str, Figure]:
    """The figures of the experiment `theorems`: name -> figure."""
    rows = read_rows(table)
    with matplotlib.rc_context(style.SETTINGS):
        figure = Figure(figsize=(9.6, 6.2))
        errors, bounds = figure.subplots(1, 2, sharey=True, width_ratios=(1.6, 1))
        names = list(dict.fromkeys(r["source"] for r in rows if r["quantity"] == "violation"))
        _errors(errors, rows, names)
        _bounds(bounds, rows, names)
        figure.tight_layout(rect=(0, 0.05, 1, 0.97))
        style.note(figure, SMALL_PRINT)
        style.stamp_smoke(figure, stamp(rows))
    return {"theorems": figure}


def _errors(axes: Axes, rows: list[Row], names: list[str]) -> None:
    for place, name in enumerate(names):
        found = [r for r in select(rows, quantity="violation", source=name) if r["mean"]]
        mean = max(FLOOR, *(float(row["mean"]) for row in found))
        high = max(mean, *(float(row["high"] or row["mean"]) for row in found))
        axes.plot([mean, high], [place, place], color=style.BLACK, linewidth=1.2)
        axes.plot([mean], [place], "|", color=style.BLACK, markersize=9)
        null = [r for r in select(rows, quantity="broken", source=name) if r["mean"]]
        label = "null: the same where what it needs is broken"
        for row in null:
            shown = "" if axes.get_legend_handles_labels()[1] else label
            axes.plot(
                [float(row["mean"])], [place], "x", color=style.GREY, markersize=6, label=shown
            )
    for limit, text, colour in (
        (1e-10, "holds below", style.GREEN),
        (1e-6, "fails above", style.ORANGE),
    ):
        axes.axvline(limit, color=colour, linestyle="--", linewidth=1)
        axes.text(limit, -0.9, f" {text}", color=colour, fontsize=8, va="center")
    axes.set_xscale("log")
    axes.set_xlim(FLOOR / 2, 30)
    axes.legend(loc="center right")
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -1.4)
    axes.set_xlabel("largest scaled error in a batch (exact)")
    axes.set_title("identities and bounds: by how much they are missed")


def _bounds(axes: Axes, rows: list[Row], names: list[str]) -> None:
    for place, name in enumerate(names):
        found = [r for r in select(rows, quantity="tightness", source=name) if r["mean"]]
        used = max(float(row["mean"]) for row in found)
        if used > 0:
            axes.barh(place, used, height=0.5, color=style.BLUE)
        else:
            axes.text(0.02, place, "identity", fontsize=7, color=style.GREY, va="center")
    axes.axvline(1, color=style.BLACK, linewidth=0.8)
    axes.set_xlim(0, 1.05)
    axes.set_xlabel("largest share of the bound that is used")
    axes.set_title("bounds: how tight they are")


if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    for name, picture in draw(source).items():
        picture.savefig(target / f"{name}.pdf")
