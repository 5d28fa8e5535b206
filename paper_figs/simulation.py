"""The figures of the simulation: size of the context, token noise, concept graph, no noise."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from paper_figs import layout, style
from paper_figs.tables import Row, held_or_whole, missed, select, series, values

SIZE, NOISE, PLACE = "num_context_bits", "replace_rate", "place"
SIZE_LABEL = "size of the context x, in bits"
TITLES = {"2": "y = 2 of 4 digits: it does not pin c", "4": "y = 4 of 4 digits: it pins c"}
FLOOR = 1e-5  # where the axis of 1 − S ends
TRAINED_LIMIT = 0.01  # excess loss as a share of I(x; y)
NULLS = {
    "raw_input": "null: raw input",
    "untrained": "null: untrained network",
    "permuted": "null: rows permuted",
}
LAWS: dict[str, tuple[str, Any, str, str]] = {
    "log_posterior": (style.BLUE, "-", "o", "log p(c∣x)"),
    "belief": (style.ORANGE, (0, (7, 1.5)), "s", "p(c∣x)"),
    "rho": (style.GREEN, (0, (4, 1, 1, 1)), "^", "log(p(c∣x) + ρ)"),
}
READERS = {
    "oracle": ("oracle: probe of a\nperfect predictor", "oracle: best linear\nreader found"),
    "belief": ("probe of exact p(c∣x)", "best linear reader of it"),
}
SMALL_PRINT = (
    "Lines: exact or oracle. Markers: trained. Grey dashes: nulls. Bands, bars: 95 % t intervals "
    "over worlds. Held out by distinct context; hollow markers, dotted lines: too few contexts to "
    "hold any out, scored on the population; no evidence. Diamonds: excess loss of some seed above "
    ".01 of I(x; y), not counted. Curves on the lower edge of 1 − S: 1e-5 or below."
)


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    return layout.draw_all(
        table,
        {
            "simulation_size": _size,
            "simulation_noise": _noise,
            "simulation_graph": _graph,
            "simulation_noiseless": _noiseless,
        },
    )


def _size(rows: list[Row]) -> Figure:
    figure, grid = _by_size(select(rows, panel="size"), 3, _size_panels)
    return layout.finish(figure, SMALL_PRINT, ends=list(grid[:, -1]))


def _size_panels(rows: list[Row], panels: np.ndarray) -> None:
    accuracy, law, gap = panels
    _accuracy(accuracy, rows, SIZE, "oracle")
    _laws(law, rows, SIZE, list(LAWS))
    _gaps(gap, rows)


def _noise(rows: list[Row]) -> Figure:
    rows = select(rows, panel="noise")
    figure = Figure(figsize=(7.6, 6.4))
    accuracy, law = figure.subplots(2, 1, sharex=True)
    accuracy.set_title("how often a probe names a concept")
    law.set_title("what the law misses")
    _accuracy(accuracy, rows, NOISE, "oracle")
    _laws(law, rows, NOISE, list(LAWS))
    law.set_xscale("log")
    law.set_xlabel("noise η of the token")
    return layout.finish(figure, SMALL_PRINT, ends=[accuracy, law])


def _noiseless(rows: list[Row]) -> Figure:
    figure, grid = _by_size(select(rows, panel="noiseless"), 2, _noiseless_panels)
    return layout.finish(figure, SMALL_PRINT, ends=list(grid[:, -1]))


def _noiseless_panels(rows: list[Row], panels: np.ndarray) -> None:
    accuracy, law = panels
    _accuracy(accuracy, rows, SIZE, "belief")
    _laws(law, rows, SIZE, ["belief", "rho"])


def _by_size(
    rows: list[Row], num_rows: int, paint: Callable[[list[Row], np.ndarray], None]
) -> tuple[Figure, np.ndarray]:
    """A column of panels for each number of token bits, over the size of the context."""
    tokens = values(rows, "num_token_bits")
    figure = Figure(figsize=(9.2, 0.8 + 2.9 * num_rows))
    grid = figure.subplots(num_rows, len(tokens), sharex=True, sharey="row", squeeze=False)
    for panels, token in zip(grid.T, tokens, strict=True):
        paint(select(rows, num_token_bits=token), panels)
        panels[0].set_title(TITLES[token])
        panels[-1].set_xlabel(SIZE_LABEL)
        panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in grid[:, 1:].flat:
        axes.set_ylabel("")
    return figure, grid


def _graph(rows: list[Row]) -> Figure:
    rows = select(rows, panel="graph")
    names = sorted({(int(r["num_concepts"]), int(r["edges_per_concept"])) for r in rows})
    figure = Figure(figsize=(8.4, 4.4))
    axes = figure.subplots()
    axes.set_title("y = m of m digits: it pins c")
    places = {name: str(place) for place, name in enumerate(names)}
    placed = [
        row | {PLACE: places[int(row["num_concepts"]), int(row["edges_per_concept"])]}
        for row in rows
    ]
    _levels(axes, placed)
    axes.set_xticks(range(len(names)), [f"m = {m}\nER{k}" for m, k in names])
    axes.set_xlabel("number of concepts m and concept graph")
    return layout.finish(figure, SMALL_PRINT, ends=[axes])


def _accuracy(axes: Axes, rows: list[Row], axis: str, oracle: str) -> None:
    """Accuracy of the linear readers along an axis, beside Bayes and the nulls."""
    probe, best = READERS[oracle]
    bayes = series(rows, axis, "accuracy.bayes.population")
    style.line(axes, bayes, style.BLACK, "Bayes accuracy (exact)")
    style.line_or_dots(axes, *held_or_whole(rows, axis, f"accuracy.{oracle}"), style.GREEN, probe)
    reader = series(rows, axis, f"accuracy.{oracle}.best")
    style.line(axes, reader, style.PURPLE, best, (0, (5, 1)))
    _trained(axes, rows, axis, "accuracy.trained", style.BLUE, "trained: probe of\nthe network")
    for source, label in NULLS.items():
        data = series(rows, axis, f"accuracy.{source}.held_out")
        style.null(axes, data, style.DASHES[source], label)
    majority = series(rows, axis, "accuracy.majority.population")
    style.null(axes, majority, style.DASHES["constant"], "null: majority")
    axes.set_ylabel("accuracy, mean over concepts")


def _levels(axes: Axes, rows: list[Row]) -> None:
    """The same at places that no line should join."""
    held, whole = held_or_whole(rows, PLACE, "accuracy.oracle")
    bayes = series(rows, PLACE, "accuracy.bayes.population")
    best = series(rows, PLACE, "accuracy.oracle.best")
    for data, colour, label, dashes in (
        (bayes, style.BLACK, "Bayes accuracy (exact)", "-"),
        (held, style.GREEN, READERS["oracle"][0], "-"),
        (best, style.PURPLE, READERS["oracle"][1], (0, (5, 1))),
        (whole, style.GREEN, "" if held.position else READERS["oracle"][0], style.DOTTED),
    ):
        style.line_at(axes, data, colour, label, dashes)
    _trained(
        axes, rows, PLACE, "accuracy.trained", style.BLUE, "trained: probe of\nthe network", False
    )
    for source, label in NULLS.items():
        data = series(rows, PLACE, f"accuracy.{source}.held_out")
        style.null_at(axes, data, style.DASHES[source], label)
    majority = series(rows, PLACE, "accuracy.majority.population")
    style.null_at(axes, majority, style.DASHES["constant"], "null: majority")
    axes.set_ylabel("accuracy, mean over concepts")


def _laws(axes: Axes, rows: list[Row], axis: str, laws: list[str]) -> None:
    """1 − S of the competing laws, oracle and trained, with their nulls."""
    for law in laws:
        colour, dashes, marker, name = LAWS[law]
        held, whole = held_or_whole(rows, axis, f"score_{law}.oracle")
        found = missed(held, FLOOR), missed(whole, FLOOR)
        style.line_or_dots(axes, *found, colour, f"oracle: {name}", dashes)
        label = f"trained: {name}"
        _trained(axes, rows, axis, f"score_{law}.trained", colour, label, marker=marker)
    nulls = {
        "raw_input": ("score_raw_input.oracle", "null: raw input"),
        "permuted": ("score_permuted.oracle", "null: rows permuted"),
        "untrained": (f"score_{laws[0]}.untrained", f"null: {LAWS[laws[0]][-1]}, untrained"),
    }
    for source, (metric, label) in nulls.items():
        data = series(rows, axis, f"{metric}.held_out")
        style.null(axes, missed(data, FLOOR), style.DASHES[source], label)
    style.limits(axes)
    style.missed_axis(axes, FLOOR, "1 − S, share that the law misses")


def _gaps(axes: Axes, rows: list[Row]) -> None:
    """ε of the world and the trained predictor's excess loss, on one logarithmic axis."""
    through_x = series(rows, SIZE, "context_epsilon.exact")
    style.line(axes, through_x, style.PURPLE, "ε through x alone", (0, (5, 1)))
    style.line(axes, series(rows, SIZE, "epsilon.exact"), style.BLACK, "ε through x and y")
    excess = series(rows, SIZE, "excess_share.trained")
    style.trained(axes, excess, style.BLUE, "trained: excess\nloss / I(x; y)")
    style.guide(axes, TRAINED_LIMIT, "counts as trained below", at=0.99)
    axes.set_yscale("log")
    axes.set_ylabel("ε, and excess loss")


def _trained(
    axes: Axes,
    rows: list[Row],
    axis: str,
    metric: str,
    colour: str,
    label: str,
    joined: bool = True,
    marker: str = "o",
) -> None:
    """A trained curve; diamonds where the excess loss of some seed is too large to count."""
    counted = series(rows, axis, "counted.trained")
    pairs = zip(counted.position, counted.mean, strict=True)
    late = [position for position, share in pairs if share < 1]
    for data, hollow in zip(held_or_whole(rows, axis, metric), (False, True), strict=True):
        shown = missed(data, FLOOR) if metric.startswith("score_") else data
        slow, quick = style.split(shown, late)
        style.trained(axes, slow, colour, "", hollow=True, marker="D", joined=False)
        style.trained(axes, quick, colour, label, hollow, marker, joined=joined)
        label = "" if quick.position else label


if __name__ == "__main__":
    layout.run(draw)
