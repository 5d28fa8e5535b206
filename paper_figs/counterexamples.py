"""The figures of the search for counterexamples: how far it got, and the worlds it left."""

import math
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paper_figs import layout, style
from paper_figs.tables import Row, Series, curve, medians, select

TITLES = {
    "mean": "E ε ≤ ε0\n(v3 to the letter)",
    "pinned": "ε ≤ ε0 everywhere,\nx leaves c open",
    "coverage": "ε, δ, TV ≤ ε0\neverywhere (v4)",
    "anchored": "as the second, and a token\nnames one c throughout",
}
LINES: dict[str, Any] = {  # of the families of worlds
    "2 configurations": "-",
    "3 configurations": (0, (4, 1, 1, 1)),
    "4 configurations": (0, (7, 1.5)),
}
NULLS: dict[str, Any] = {
    "2 configurations": (0, (1, 1.5)),
    "3 configurations": (0, (6, 1.5, 1, 1.5)),
    "4 configurations": (0, (5, 2)),
}
WORST, BEST = (style.ORANGE, "worst found"), (style.GREEN, "best found, not trivial")
BEYOND = (style.PURPLE, "most left by the argmax")
FLOOR = 1e-12
LAW_FAILS = 0.05
SEARCH_PRINT = (
    "Medians over searches; bands, bars: their order-statistics 95 % intervals. Solid (null: "
    "dotted): 2 configurations, 3 tokens, 5 words; long dashes: 4, 5, 3 × 3; dash-dotted: 3, 4, 6. "
    "Stars: the committed worlds, exact; dotted black: made sharper. No point: some search met the "
    "assumptions in none of its starts."
)
WORLDS_PRINT = (
    "Every context is a circle, its area p(x), exact; grey line: the paper's own A with the best "
    "b. Rows of the tables are configurations; the two tokens drawn are those that tell most."
)


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    return layout.draw_all(
        table, {"counterexamples_search": _search, "counterexamples_worlds": _worlds}
    )


def _search(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(9.6, 6.4))
    grid = figure.subplots(2, len(TITLES), sharex=True, sharey="row", squeeze=False)
    for (own, any_map), (assumption, title) in zip(grid.T, TITLES.items(), strict=True):
        chosen = select(rows, assumption=assumption)
        own.set_title(title, fontsize=8.5)
        _searched(own, any_map, select(chosen, panel="search"))
        for axes, quantity, target in (
            (own, "own_map", "own_map"),
            (any_map, "missed", "any_map"),
        ):
            _sharpened(axes, select(chosen, panel="sharpened", target=target), quantity)
            _stars(axes, select(chosen, panel="world", target=target), quantity)
        any_map.set_xlabel("limit ε0")
    for axes, limit, text in (
        *((axes, 1, "varies as f") for axes in grid[0]),
        *((axes, LAW_FAILS, "law fails above") for axes in grid[1]),
    ):
        style.guide(axes, limit, text if axes in grid[:, 0] else "")
        axes.set_xscale("log")
    style.missed_axis(grid[0, 0], FLOOR, "r, the paper's own A", top=1e6)
    style.missed_axis(grid[1, 0], FLOOR, "1 − S(log p), any A and b", top=5)
    shown = layout.handles(list(grid.flat))
    return layout.finish(figure, SEARCH_PRINT, legend=shown, ncols=3)


def _searched(own: Axes, any_map: Axes, rows: list[Row]) -> None:
    """What searches found for the paper's own A and for any map, beside random worlds."""
    random = select(rows, target="none")
    for axes, quantity, target in ((own, "own_map", "own_map"), (any_map, "missed", "any_map")):
        _curves(axes, select(rows, target=target, direction="worst"), quantity, *WORST)
        best = select(rows, direction="best")
        _curves(axes, select(best, target="own_map") if axes is own else best, quantity, *BEST)
        for family, dashes in NULLS.items():
            label = "null: random worlds" if family == "2 configurations" else ""
            style.null(axes, _found(random, quantity, family), dashes, label)
    _curves(any_map, select(rows, target="beyond_argmax"), "beyond_argmax", *BEYOND)


def _curves(axes: Axes, rows: list[Row], quantity: str, colour: str, label: str) -> None:
    """One curve a family: the median over searches and its interval."""
    for family, dashes in LINES.items():
        data = _found(rows, quantity, family)
        style.line(axes, data, colour, label if data.position else "", dashes)
        label = "" if data.position else label


def _found(rows: list[Row], quantity: str, family: str) -> Series:
    """Medians over searches at each limit, none below the floor of the axis."""
    data = medians(select(rows, family=family), "level", f"{quantity}.found")
    kept = ([max(value, FLOOR) for value in column] for column in data[1:])  # nan stays nan
    return Series(data.position, *kept)


def _stars(axes: Axes, rows: list[Row], quantity: str) -> None:
    for row in select(rows, quantity=quantity, source="exact"):
        place = float(row["level"]), max(FLOOR, float(row["mean"]))
        look = {"color": style.BLACK, "markersize": 9, "linestyle": "none", "zorder": 4}
        axes.plot(*place, "*", label="committed world", **look)


def _sharpened(axes: Axes, rows: list[Row], quantity: str) -> None:
    """A committed world made sharper: where it goes as its largest ε falls."""
    by_level = (select(rows, level=level) for level in sorted({row["level"] for row in rows}))
    points = [(_number(one, "worst_epsilon"), _number(one, quantity)) for one in by_level]
    data = curve((place, mean, mean, mean) for place, mean in points)
    label = "the same, sharpened" if points else ""
    style.line(axes, data, style.BLACK, label, style.DOTTED)


def _worlds(rows: list[Row]) -> Figure:
    rows = select(rows, panel="world")
    names = list(dict.fromkeys(row["world"] for row in rows))
    num_lines = math.ceil(len(names) / 2)
    figure = Figure(figsize=(8.6, 2.7 * num_lines + 0.6))
    grid = figure.subplots(num_lines, 2, squeeze=False)
    for axes, name in zip(grid.flat, names, strict=False):
        _world(axes, select(rows, world=name), name)
    for axes in list(grid.flat)[len(names) :]:
        axes.set_axis_off()
    return layout.finish(figure, WORLDS_PRINT)


def _world(axes: Axes, rows: list[Row], name: str) -> None:
    """f of the two tokens that tell most apart, against what the paper's A makes of log p."""
    logit, claimed = _matrix(rows, "logit"), _matrix(rows, "claimed")
    weight = [row[0] for row in _matrix(rows, "weight")]
    first, second = _widest(logit, weight)
    actual = [row[first] - row[second] for row in logit]
    said = [row[first] - row[second] for row in claimed]
    ends = [min(said), max(said)]
    axes.plot(ends, ends, color=style.GREY, linewidth=0.8)
    sizes = [12 + 220 * value for value in weight]
    axes.scatter(said, actual, s=sizes, facecolor="none", edgecolor=style.BLUE)
    numbers = {n: _number(rows, n) for n in ("own_map", "score_log_posterior", "worst_epsilon")}
    axes.set_title(
        f"{name}\nr = {numbers['own_map']:.3g}, S(log p) = {numbers['score_log_posterior']:.3g}, "
        f"largest ε = {numbers['worst_epsilon']:.2g}",
        fontsize=8,
    )
    axes.margins(0.15)
    axes.locator_params(nbins=5)
    axes.set_xlabel(f"A log p(c∣x) + b, token {first} less {second}", fontsize=8)
    axes.set_ylabel("log p(y∣x), the same", fontsize=8)
    tables = f"p(y∣c)\n{_rows(rows, 'token')}\n\np(x∣c)\n{_rows(rows, 'word')}"
    look = {"transform": axes.transAxes, "fontsize": 7, "va": "top", "family": "monospace"}
    axes.text(1.04, 1.0, tables, **look)


def _widest(logit: list[list[float]], weight: list[float]) -> tuple[int, int]:
    """The two tokens whose difference varies most."""

    def variance(pair: tuple[int, int]) -> float:
        values = [row[pair[0]] - row[pair[1]] for row in logit]
        mean = sum(w * v for w, v in zip(weight, values, strict=True))
        return sum(w * (v - mean) ** 2 for w, v in zip(weight, values, strict=True))

    size = len(logit[0])
    return max(((a, b) for b in range(size) for a in range(size) if a != b), key=variance)


def _rows(rows: list[Row], quantity: str) -> str:
    return "\n".join(" ".join(f"{value:.4g}" for value in row) for row in _matrix(rows, quantity))


def _matrix(rows: list[Row], quantity: str) -> list[list[float]]:
    """A quantity by its two indices, or by one (then a single column)."""
    found: dict[int, dict[int, float]] = {}
    for row in select(rows, quantity=quantity):
        place = int(row["estimate"]), int(row["concept"] or 0)
        found.setdefault(place[0], {})[place[1]] = float(row["mean"])
    return [[value for _, value in sorted(line.items())] for _, line in sorted(found.items())]


def _number(rows: list[Row], quantity: str) -> float:
    return float(select(rows, quantity=quantity, estimate="")[0]["mean"])


if __name__ == "__main__":
    layout.run(draw)
