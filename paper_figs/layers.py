"""The figures of the layers: when, where, and after how many words concepts can be read."""

import re
import sys
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from paper_figs import style
from paper_figs.tables import Row, Series, read_rows, select, series, stamp

WORLDS = {"keyed": "words interact given c", "mess3": "Mess3"}
LINKS = {"identity": "p affine in the layer", "softmax": "log p affine in the layer"}
FINAL, AXIS = "final", "place"
SITE_COLOURS = (style.GREEN, style.BLUE, style.PURPLE)  # streams after layers 1, 2, 3
UNTRAINED_AT = 0.5  # where step 0 stands on the logarithmic axis
CONCEPTS = {0: style.BLUE, 1: style.ORANGE}
PLACED = (("{}", "D", "last stream"), (FINAL, "s", "f"), ("untrained_{}", "", "untrained stream"))
EXPLAINED = "variance of p(c∣x) explained"
SMALL_PRINT = (
    "Markers: trained. Held out by distinct context; bars, bands: 95 % t intervals over worlds and "
    "initialisations. Grey: nulls."
)
TIME_PRINT = (
    f"{SMALL_PRINT} Step 0: untrained.\nBlack: share of I(x; y) that the network's own prediction "
    "of the last word explains. Orange line: what can be read from the exact\nprediction, which is "
    "the ceiling of f, not of the streams. What lies below the axis is not shown."
)
PREFIX_PRINT = (
    f"{SMALL_PRINT}\nCircles: one map for all prefixes of at least 16 contexts. Crosses: a map of "
    "its own for each prefix of at least 100 contexts.\nBlack line: what one map would explain by "
    "this link if the layer held exactly log p (left) or exactly p (right); it is no ceiling of\n"
    "the crosses. What lies below the axis is not shown."
)
CONCEPT_PRINT = (
    f"{SMALL_PRINT} Softmax link, fitted anew at each place.\nAt the last key the next word "
    "depends on one concept, after the last word on both."
)


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    rows = read_rows(table)
    with matplotlib.rc_context(style.SETTINGS):
        figures = {
            "layers_time": _time(rows),
            "layers_prefixes": _prefixes(rows),
            "layers_concepts": _concepts(select(rows, world="keyed")),
        }
        for figure in figures.values():
            style.stamp_smoke(figure, stamp(rows))
    return figures


def _time(rows: list[Row]) -> Figure:
    figure, grid = _grid({"keyed": -0.5, "mess3": 0.75})
    for (world, link), axes in grid.items():
        chosen = select(rows, world=world)
        _null(axes, chosen, f"{link}.raw_input", "--", "null: raw input")
        _null(axes, chosen, f"{link}.permuted", "-.", "null: rows permuted")
        _level(axes, chosen, f"{link}.oracle", style.ORANGE, "oracle f")
        predicted = along(chosen, "predicted_step", "trained", "")
        style.trained(axes, predicted, style.BLACK, "prediction p̂", hollow=True)
        for site, colour, label in _sites(chosen)[1:]:  # the words' vectors hold one word each
            curve = along(chosen, f"{link}_step", site, "held_out")
            style.trained(axes, curve, colour, label)
        _step_axis(axes)
    _finish(figure, grid, "training step", TIME_PRINT)
    return figure


def _prefixes(rows: list[Row]) -> Figure:
    figure, grid = _grid({"keyed": -0.5, "mess3": 0.88})
    other = {"identity": "log_posterior", "softmax": "belief"}
    for (world, link), axes in grid.items():
        chosen = select(rows, world=world)
        depth = _depth(chosen)
        nulls = {"raw_input": ("--", "null: raw input"), "permuted": ("-.", "null: rows permuted")}
        nulls[f"untrained_layer_{depth}"] = (":", f"null: untrained, layer {depth}")
        for source, (dashes, label) in nulls.items():
            style.null(axes, along(chosen, f"{link}_prefix", source, "one_map"), dashes, label)
        _level(axes, chosen, f"{link}_pooled.{other[link]}", style.BLACK, "the other law, exact")
        for site, colour, label in _sites(chosen)[1:]:
            style.trained(axes, along(chosen, f"{link}_prefix", site, "one_map"), colour, label)
            own = along(chosen, f"{link}_prefix", site, "held_out")
            style.trained(axes, own, colour, "", marker="x")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _finish(figure, grid, "words read", PREFIX_PRINT)
    return figure


def _concepts(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(9.6, 4.4))
    time, place = figure.subplots(1, 2, sharey=True)
    site = f"layer_{_depth(rows)}"
    for concept, colour in CONCEPTS.items():
        label = f"concept {concept + 1}"
        curve = along(rows, "softmax_step", site, "held_out", str(concept))
        style.trained(time, curve, colour, label)
        for number, (source, marker, told) in enumerate(PLACED):
            ends = along(rows, "softmax_prefix", source.format(site), "held_out", str(concept))
            at = [p - ends.position[0] + 0.12 * (2 * number - 2 + concept) for p in ends.position]
            moved = ends._replace(position=at)
            if marker:
                style.trained(place, moved, colour, f"{label}, {told}", marker=marker)
            else:
                _dashes(place, moved, "" if concept else f"null: {told}")
    time.set_title("during training, at the last prefix")
    _step_axis(time)
    time.set_xlabel("training step")
    place.set_title("at the end, where the next word asks for")
    words = int(rows[0]["num_words"]) if rows else 0
    asked = (words // 2 - 1) % 2 + 1
    place.set_xticks([0, 1], [f"concept {asked} only\n(last key)", "both\n(last prefix)"])
    place.set_xlim(-0.5, 1.5)
    time.set_ylabel("variance of p(concept∣x) explained")
    for axes in (time, place):
        axes.set_ylim(-0.35, 1.04)
    time.legend(loc="lower right")
    place.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    figure.tight_layout(rect=(0, 0.08, 1, 0.97))
    style.note(figure, CONCEPT_PRINT)
    return figure


def along(rows: list[Row], quantity: str, source: str, estimate: str, concept: str = "") -> Series:
    """The curve of quantity_0, quantity_1, … over the number at its end; step 0 drawn apart."""
    placed: list[Row] = []
    for row in select(rows, source=source, estimate=estimate, concept=concept):
        found = re.fullmatch(rf"{quantity}_(\d+)", row["quantity"])
        if found:
            position = UNTRAINED_AT if found[1] == "0" and "step" in quantity else int(found[1])
            row = {**row, AXIS: str(position), "quantity": quantity, "concept": ""}
            placed.append(row)
    return series(placed, AXIS, f"{quantity}.{source}.{estimate}")


def _grid(lowest: dict[str, float]) -> tuple[Figure, dict[tuple[str, str], Axes]]:
    """One panel for each world (row) and link (column); lowest: where the axes of a world end."""
    figure = Figure(figsize=(10.4, 7.4))
    axes = figure.subplots(len(WORLDS), len(LINKS), sharey="row", squeeze=False)
    grid = {}
    for row, (world, name) in enumerate(WORLDS.items()):
        for column, (link, told) in enumerate(LINKS.items()):
            grid[world, link] = axes[row, column]
            axes[row, column].set_title(f"{name}: {told}")
            low = lowest[world]
            axes[row, column].set_ylim(low, 1 + (1 - low) / 25)
        axes[row, 0].set_ylabel(EXPLAINED)
    return figure, grid


def _finish(
    figure: Figure, grid: dict[tuple[str, str], Axes], label: str, small_print: str
) -> None:
    last_world, last_link = list(WORLDS)[-1], list(LINKS)[-1]
    for (world, link), axes in grid.items():
        if world == last_world:
            axes.set_xlabel(label)
        if link == last_link:
            axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    figure.tight_layout(rect=(0, 0.08, 1, 0.98))
    style.note(figure, small_print)


def _sites(rows: list[Row]) -> list[tuple[str, str, str]]:
    """(site, colour, label) from the words' vectors to f."""
    streams = [
        (f"layer_{layer}", SITE_COLOURS[(layer - 1) % 3], f"after layer {layer}")
        for layer in range(1, _depth(rows) + 1)
    ]
    return [("layer_0", "#56B4E9", "words' vectors"), *streams, (FINAL, style.ORANGE, "f")]


def _depth(rows: list[Row]) -> int:
    """The number of layers."""
    found = (re.fullmatch(r"layer_(\d+)", row["source"]) for row in rows)
    return max((int(name[1]) for name in found if name), default=0)


def _level(
    axes: Axes, rows: list[Row], metric: str, colour: str, label: str, width: float = 1.6
) -> None:
    """An exact value that does not change along the axis, with its interval."""
    quantity, source = metric.split(".")
    for row in select(rows, quantity=quantity, source=source, estimate="held_out", concept=""):
        if row["mean"]:
            axes.axhline(float(row["mean"]), color=colour, linewidth=width, label=label)
        if row["low"] and row["high"]:
            axes.axhspan(float(row["low"]), float(row["high"]), color=colour, alpha=0.15, lw=0)


def _null(axes: Axes, rows: list[Row], metric: str, dashes: str, label: str) -> None:
    """A null that does not change along the axis."""
    quantity, source = metric.split(".")
    for row in select(rows, quantity=quantity, source=source, estimate="held_out", concept=""):
        if row["mean"]:
            mean = float(row["mean"])
            axes.axhline(mean, color=style.GREY, linewidth=1.0, linestyle=dashes, label=label)


def _dashes(axes: Axes, data: Series, label: str) -> None:
    """Null values that no line connects."""
    bars = [[m - low for m, low in zip(data.mean, data.low, strict=True)]]
    bars.append([high - m for m, high in zip(data.mean, data.high, strict=True)])
    axes.errorbar(
        data.position,
        data.mean,
        yerr=bars,
        color=style.GREY,
        label=label,
        marker="_",
        markersize=9,
        linestyle="none",
        elinewidth=0.6,
    )


def _step_axis(axes: Axes) -> None:
    axes.set_xscale("log", base=2)
    last = max((x for line in axes.get_lines() for x in np.ravel(line.get_xdata())), default=1.0)
    axes.set_xticks([UNTRAINED_AT, *(x for x in (1, 4, 16, 64, 256, 1024) if x <= last)])
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda step, _: "0" if step == UNTRAINED_AT else f"{step:g}")
    )
    axes.minorticks_off()


if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    for name, picture in draw(source).items():
        picture.savefig(target / f"{name}.pdf")
