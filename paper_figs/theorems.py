"""Do the identities and the bounds hold? Reads the stored table only."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paper_figs import layout, style
from paper_figs.tables import Row, Series, curve, select

FLOOR = 1e-17  # where an error of exactly zero is drawn
SMALL_PRINT = (
    "Black: of the families of worlds the one missed by most, the mean over batches of the "
    "largest error in a batch, with a band to the largest upper limit of the 95 % intervals. Grey "
    "dashes with bars: null, the same in worlds that break what the statement needs. An error of "
    "exactly 0 is drawn at 1e-17. Bars on the right: mean over batches with 95 % interval, of the "
    "family that uses most of its bound."
)


def draw(table: Path) -> dict[str, Figure]:
    """The figures of the experiment `theorems`: name -> figure."""
    return layout.draw_all(table, {"theorems": _theorems})


def _theorems(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(9.2, 6.6))
    errors, bounds = figure.subplots(1, 2, sharey=True, width_ratios=(1.6, 1))
    names = list(dict.fromkeys(r["source"] for r in rows if r["quantity"] == "violation"))
    _errors(errors, rows, names)
    _bounds(bounds, rows, names)
    return layout.finish(figure, SMALL_PRINT)


def _errors(axes: Axes, rows: list[Row], names: list[str]) -> None:
    missed = _largest(rows, "violation", names)
    style.line_at(axes, missed._replace(low=missed.mean), style.BLACK, across=True)
    broken = _largest(rows, "broken", names)
    style.null_at(axes, broken, style.DASHES["untrained"], across=True)
    if broken.position:
        told = "null: where what it needs is broken"
        place = {"ha": "right", "va": "bottom", "fontsize": 8, "color": style.INK}
        axes.text(25, min(broken.position) - 0.5, told, **place)
    style.limits(axes, 1e-10, 1e-6, at=0.975, across=True)
    axes.set_xscale("log")
    axes.set_xlim(FLOOR / 2, 30)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -1.4)
    axes.set_xlabel("largest scaled error in a batch (exact)")
    axes.set_title("identities and bounds: by how much they are missed")


def _bounds(axes: Axes, rows: list[Row], names: list[str]) -> None:
    used = _largest(rows, "tightness", names)
    for place, mean, low, high in zip(*used, strict=True):
        if mean > FLOOR:
            bars = {"xerr": [[mean - low], [high - mean]], "ecolor": style.BLACK, "capsize": 2}
            axes.barh(place, mean, height=0.5, color=style.BLUE, alpha=0.75, **bars)
        else:
            axes.text(0.02, place, "identity", fontsize=7, color=style.INK, va="center")
    style.guide(axes, 1, across=True)
    axes.set_xlim(0, 1.05)
    axes.set_xlabel("largest share of the bound that is used")
    axes.set_title("bounds: how tight they are")


def _largest(rows: list[Row], quantity: str, names: list[str]) -> Series:
    """Of every statement the family with the largest mean; the largest limit of all families."""
    points = []
    for place, name in enumerate(names):
        found = [r for r in select(rows, quantity=quantity, source=name) if r["mean"]]
        if found:
            most = max(found, key=lambda row: float(row["mean"]))
            mean, low = (max(FLOOR, float(most[n] or most["mean"])) for n in ("mean", "low"))
            high = max(mean, *(float(row["high"] or row["mean"]) for row in found))
            points.append((float(place), mean, min(mean, low), high))
    return curve(points)


if __name__ == "__main__":
    layout.run(draw)
