"""The figures of the layers: when, where, and after how many words concepts can be read."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from paper_figs import style
from paper_figs.layout import draw_all, finish, run
from paper_figs.tables import Row, Series, curve, point, select, series

WORLDS = {"keyed": "words interact given c", "mess3": "Mess3"}
LINKS = {"identity": "p affine in the layer", "softmax": "log p affine in the layer"}
FINAL, AXIS, HELD = "final", "place", "held_out"
SITE_LOOKS = ((style.GREEN, "s"), (style.BLUE, "o"), (style.PURPLE, "^"))  # after layers 1, 2, 3
FINAL_LOOK = (style.ORANGE, "D")
UNTRAINED_AT = 0.5  # where step 0 stands on the logarithmic axis
CONCEPTS = {0: (style.BLUE, "o"), 1: (style.ORANGE, "s")}
NULLS = {"raw_input": "null: raw input", "permuted": "null: rows permuted"}
GROUP = 6  # places from the last key to the last prefix
EXPLAINED = "variance of p(c∣x) explained"
SMALL_PRINT = (
    "Markers: trained. Held out by distinct context; bars, bands: 95 % t intervals over worlds and "
    "initialisations. Grey: nulls. "
)
TIME_PRINT = (
    f"{SMALL_PRINT}Step 0: untrained. Prediction: the share of I(x; y) that the network's own "
    "prediction of the last word explains. Oracle f: what can be read from the exact prediction, "
    "which is the ceiling of f, not of the streams. What lies below the axis is not shown."
)
PREFIX_PRINT = (
    f"{SMALL_PRINT}Joined markers: one map for all prefixes of at least 16 contexts. Crosses: a "
    "map of its own for each prefix of at least 100 contexts. The other law: what one map would "
    "explain by this link if the layer held exactly log p (left) or exactly p (right); it is no "
    "ceiling of the crosses. What lies below the axis is not shown."
)
CONCEPT_PRINT = (
    f"{SMALL_PRINT}Left of each pair concept 1, right concept 2. Softmax link, fitted anew at each "
    "place. At the last key the next word depends on one concept, after the last word on both."
)


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    return draw_all(
        table,
        {
            "layers_time": _time,
            "layers_prefixes": _prefixes,
            "layers_concepts": lambda rows: _concepts(select(rows, world="keyed")),
        },
    )


def _time(rows: list[Row]) -> Figure:
    figure, grid = _grid({"keyed": -0.5, "mess3": 0.75})
    for (world, link), axes in grid.items():
        chosen = select(rows, world=world)
        steps = along(chosen, f"{link}_step", FINAL, HELD).position
        for null, label in NULLS.items():
            value = point(chosen, link, null, HELD)
            data = curve((step, *value) for step in steps if value)
            _null(axes, data, null, label)
        oracle = point(chosen, link, "oracle", HELD)
        if oracle:
            style.line(axes, curve((step, *oracle) for step in steps), FINAL_LOOK[0], "oracle f")
        predicted = along(chosen, "predicted_step", "trained", "")
        _trained(axes, predicted, (style.BLACK, "v"), "prediction")
        for site, look, label in _sites(chosen):
            _trained(axes, along(chosen, f"{link}_step", site, HELD), look, label)
        _step_axis(axes)
    return _finished(figure, grid, "training step", TIME_PRINT)


def _prefixes(rows: list[Row]) -> Figure:
    figure, grid = _grid({"keyed": -0.5, "mess3": 0.88})
    other = {"identity": "log_posterior", "softmax": "belief"}
    for (world, link), axes in grid.items():
        chosen = select(rows, world=world)
        depth = _depth(chosen)
        for null, label in NULLS.items():
            _null(axes, along(chosen, f"{link}_prefix", null, "one_map"), null, label)
        untrained = along(chosen, f"{link}_prefix", f"untrained_layer_{depth}", "one_map")
        _null(axes, untrained, "untrained", f"null: untrained, layer {depth}")
        exact = point(chosen, f"{link}_pooled", other[link], HELD)
        if exact:
            words = untrained.position
            data = curve((place, *exact) for place in words)
            style.line(axes, data, style.BLACK, "the other law, exact")
        for site, look, label in _sites(chosen):
            _trained(axes, along(chosen, f"{link}_prefix", site, "one_map"), look, label)
            own = style.shifted(along(chosen, f"{link}_prefix", site, HELD), -0.12)
            style.trained(axes, own, look[0], marker="x", joined=False)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return _finished(figure, grid, "words read", PREFIX_PRINT)


def _concepts(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(7.2, 6.6))
    time, place = figure.subplots(2, 1, height_ratios=(1, 1))
    site = f"layer_{_depth(rows)}"
    sources = {
        site: "last\nstream",
        FINAL: "f",
        f"untrained_{site}": "untrained\nstream",
        "raw_input": "raw\ninput",
        "permuted": "rows\npermuted",
    }
    for axes in (time, place):
        axes.set_ylabel("variance of p($c_k$∣x) explained")
        axes.set_ylim(-0.7, 1.08)
    for concept, look in CONCEPTS.items():
        label = f"concept {concept + 1}"
        _trained(time, along(rows, "softmax_step", site, HELD, str(concept)), look, label)
        for number, source in enumerate(sources):
            ends = along(rows, "softmax_prefix", source, HELD, str(concept))
            _at(place, _grouped(ends, number + 0.3 * concept - 0.15), source, look)
            if source in NULLS:
                last = curve((step, *(column[-1] for column in ends[1:])) for step in _steps(time))
                _null(time, last, source, "" if concept else NULLS[source])
    time.set_title("during training, from the last stream at the last prefix")
    _step_axis(time)
    time.set_xlabel("training step")
    place.set_xticks([*range(5), *range(GROUP, GROUP + 5)], [*sources.values()] * 2)
    words = int(rows[0]["num_words"]) if rows else 0
    asked = (words // 2 - 1) % 2 + 1
    place.set_xlabel("read at the end of training from")
    place.tick_params(axis="x", labelsize=7.5)
    place.set_title(f"last key: concept {asked} is asked for")
    place.set_title("last prefix: both are", loc="right")
    place.axvline(GROUP - 1, color=style.GREY, linewidth=0.8)
    return finish(figure, CONCEPT_PRINT, ends=[time])


def _grouped(ends: Series, place: float) -> Series:
    """The last key and the last prefix at a place of their groups."""
    _, *last_two = (column[-2:] for column in ends)
    return Series([place, GROUP + place][-len(last_two[0]) :], *last_two)


def _steps(axes: Axes) -> list[float]:
    """Where the first curve drawn has its points."""
    return np.ravel(axes.get_lines()[0].get_xdata()).tolist()


def _at(axes: Axes, data: Series, source: str, look: tuple[str, str]) -> None:
    """Values at places of their own, trained or null."""
    nulls = [null for null in style.DASHES if source.startswith(null)]
    if nulls:
        style.null_at(axes, data, style.DASHES[nulls[0]], half=0.13)
    else:
        style.trained(axes, data, look[0], marker=look[1], joined=False)


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
    figure = Figure(figsize=(7.2, 6.8))
    axes = figure.subplots(len(WORLDS), len(LINKS), sharey="row", squeeze=False)
    grid = {}
    for row, (world, name) in enumerate(WORLDS.items()):
        for column, (link, told) in enumerate(LINKS.items()):
            grid[world, link] = axes[row, column]
            axes[row, column].set_title(f"{name}:\n{told}", pad=10)  # above the highest name
            low = lowest[world]
            axes[row, column].set_ylim(low, 1 + (1 - low) / 25)
        axes[row, 0].set_ylabel(EXPLAINED)
    return figure, grid


def _finished(
    figure: Figure, grid: dict[tuple[str, str], Axes], label: str, small_print: str
) -> Figure:
    """Curves are named beside the last column; they look alike in the others."""
    last_link = list(LINKS)[-1]
    for axes in grid.values():
        axes.set_xlabel(label)
    ends = [axes for (_, link), axes in grid.items() if link == last_link]
    return finish(figure, small_print, ends=ends)


def _sites(rows: list[Row]) -> list[tuple[str, tuple[str, str], str]]:
    """(site, look, label) from the first layer to f; the words' vectors hold one word each."""
    streams = [
        (f"layer_{layer}", SITE_LOOKS[(layer - 1) % len(SITE_LOOKS)], f"after layer {layer}")
        for layer in range(1, _depth(rows) + 1)
    ]
    return [*streams, (FINAL, FINAL_LOOK, "f")]


def _depth(rows: list[Row]) -> int:
    """The number of layers."""
    found = (re.fullmatch(r"layer_(\d+)", row["source"]) for row in rows)
    return max((int(name[1]) for name in found if name), default=0)


def _trained(axes: Axes, data: Series, look: tuple[str, str], label: str) -> None:
    colour, marker = look
    style.trained(axes, data, colour, label if data.position else "", marker=marker)


def _null(axes: Axes, data: Series, null: str, label: str) -> None:
    """A null; in words at the foot of the axes where it ends below them."""
    below = bool(data.position) and data.mean[-1] < axes.get_ylim()[0]
    style.null(axes, data, style.DASHES[null], "" if below else label)
    if below:
        words = [*label.split(": "), f"{data.mean[-1]:.2f} ↓"]
        told = "\n".join(words).replace("-", "−")
        place: dict[str, Any] = {"transform": axes.transAxes, "ha": "right", "va": "bottom"}
        axes.text(0.99, 0.01, told, fontsize=7, color=style.INK, **place)


def _step_axis(axes: Axes) -> None:
    axes.set_xscale("log", base=2)
    last = max((x for line in axes.get_lines() for x in np.ravel(line.get_xdata())), default=1.0)
    axes.set_xticks([UNTRAINED_AT, *(x for x in (1, 4, 16, 64, 256, 1024) if x <= last)])
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda step, _: "0" if step == UNTRAINED_AT else f"{step:g}")
    )
    axes.minorticks_off()


if __name__ == "__main__":
    run(draw)
