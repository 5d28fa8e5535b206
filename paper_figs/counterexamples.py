"""The figures of the search for counterexamples: how far it got, and the worlds it left."""

import math
import sys
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Transform

from paper_figs import style
from paper_figs.tables import Row, read_rows, select, stamp

TITLES = {
    "mean": "E ε ≤ ε0\n(v3 to the letter)",
    "pinned": "ε ≤ ε0 everywhere,\nx leaves c open",
    "coverage": "ε, δ, TV ≤ ε0\neverywhere (v4)",
    "anchored": "as the second, and a token\nnames one c throughout",
}
FAMILY_DASHES = {"2 configurations": "-", "3 configurations": "-.", "4 configurations": "--"}
DIRECTIONS = {
    "worst": (style.ORANGE, "worst found"),
    "best": (style.GREEN, "best found, not trivial"),
    "random": (style.GREY, "null: random worlds"),
}
FLOOR = 1e-12
LAW_FAILS = 0.05
SEARCH_PRINT = (
    "Medians over searches; bands: their order-statistics 95 % intervals. Solid: 2 configurations, "
    "3 tokens, 5 words; dashed: 4, 5, 3 × 3; dash-dotted: 3, 4, 6.\n"
    "Stars: the committed worlds. No point: some search met the assumptions in none of its starts."
)
WORLDS_PRINT = (
    "Every context is a circle, its area p(x); grey line: the paper's own A with the best b. "
    "Rows of the tables are configurations; the two tokens drawn are those that tell most."
)


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    rows = read_rows(table)
    with matplotlib.rc_context(style.SETTINGS):
        figures = {
            "counterexamples_search": _search(rows),
            "counterexamples_worlds": _worlds(select(rows, panel="world")),
        }
        for figure in figures.values():
            style.stamp_smoke(figure, stamp(rows))
    return figures


def _search(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(11.2, 6.4))
    grid = figure.subplots(2, len(TITLES), sharex=True, sharey="row", squeeze=False)
    searched, worlds = select(rows, panel="search"), select(rows, panel="world")
    for column, (assumption, title) in enumerate(TITLES.items()):
        chosen = select(searched, assumption=assumption)
        own, any_map = grid[:, column]
        own.set_title(title)
        for direction in DIRECTIONS:
            target = "none" if direction == "random" else "own_map"
            _curves(own, select(chosen, target=target, direction=direction), "own_map", direction)
        _curves(any_map, select(chosen, target="any_map"), "missed", "worst")
        _curves(any_map, select(chosen, direction="best"), "missed", "best")
        _curves(any_map, select(chosen, target="none"), "missed", "random")
        beyond = select(chosen, target="beyond_argmax")
        _curves(any_map, beyond, "beyond_argmax", "worst", style.PURPLE, "most left by the argmax")
        committed = select(worlds, assumption=assumption)
        sharper = select(select(rows, panel="sharpened"), assumption=assumption)
        _path(own, select(sharper, target="own_map"), "own_map")
        _path(any_map, select(sharper, target="any_map"), "missed")
        _stars(own, select(committed, target="own_map"), "own_map")
        _stars(any_map, select(committed, target="any_map"), "missed")
        own.axhline(1, color=style.BLACK, linewidth=0.8, linestyle=":")
        any_map.axhline(LAW_FAILS, color=style.BLACK, linewidth=0.8, linestyle=":")
        any_map.set_xlabel("limit ε0")
    for axes in grid.flat:
        axes.set_xscale("log")
        axes.set_yscale("log")
    grid[0, 0].set_ylabel("r, the paper's own A")
    grid[1, 0].set_ylabel("1 − S(log p), any A and b")
    grid[0, 0].text(0.02, 1.2, "residual varies as f", transform=_across(grid[0, 0]), fontsize=7)
    grid[1, 0].text(0.02, 0.012, "law fails above", transform=_across(grid[1, 0]), fontsize=7)
    grid[0, 0].set_ylim(FLOOR, 1e6)
    grid[1, 0].set_ylim(FLOOR, 5)
    handles = {}
    for axes in grid.flat:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    figure.legend(
        list(handles.values()),
        list(handles),
        loc="lower center",
        ncols=6,
        bbox_to_anchor=(0.5, 0.06),
    )
    figure.tight_layout(rect=(0, 0.12, 1, 0.97))
    style.note(figure, SEARCH_PRINT)
    return figure


def _across(axes: Axes) -> Transform:
    return axes.get_yaxis_transform()


def _curves(
    axes: Axes, rows: list[Row], quantity: str, direction: str, colour: str = "", label: str = ""
) -> None:
    """One curve a family: the median over searches and its interval."""
    own_colour, own_label = DIRECTIONS[direction]
    for family, dashes in FAMILY_DASHES.items():
        chosen = select(rows, quantity=quantity, source="found", family=family)
        points = sorted(
            (
                float(row["level"]),
                *(_above(row[n]) for n in ("median", "median_low", "median_high")),
            )
            for row in chosen
            if row["median"]
        )
        if not points:
            continue
        position, median, low, high = (list(column) for column in zip(*points, strict=True))
        shade = colour or own_colour
        shown = label or own_label if dashes == "-" else ""
        axes.plot(position, median, linestyle=dashes, color=shade, label=shown)
        axes.fill_between(position, low, high, color=shade, alpha=0.15, linewidth=0)


def _above(text: str) -> float:
    return max(FLOOR, float(text)) if text else math.nan


def _stars(axes: Axes, rows: list[Row], quantity: str) -> None:
    for row in select(rows, quantity=quantity, source="exact"):
        axes.plot(
            float(row["level"]),
            _above(row["mean"]),
            "*",
            color=style.BLACK,
            markersize=9,
            label="committed world",
            linestyle="none",
        )


def _path(axes: Axes, rows: list[Row], quantity: str) -> None:
    """A committed world made sharper: where it goes as its largest ε falls."""
    points = [
        (
            _number(select(rows, level=level), "worst_epsilon"),
            _number(select(rows, level=level), quantity),
        )
        for level in sorted({row["level"] for row in rows})
    ]
    if points:
        axes.plot(
            *zip(*points, strict=True), "*:", color=style.BLACK, markersize=4, linewidth=0.8,
            label="the same, sharpened",
        )  # fmt: skip


def _worlds(rows: list[Row]) -> Figure:
    names = list(dict.fromkeys(row["world"] for row in rows))
    figure = Figure(figsize=(11.2, 3.4 * math.ceil(len(names) / 3)))
    grid = figure.subplots(math.ceil(len(names) / 3), 3, squeeze=False)
    for axes, name in zip(grid.flat, names, strict=False):
        _world(axes, select(rows, world=name), name)
    for axes in list(grid.flat)[len(names) :]:
        axes.set_axis_off()
    figure.tight_layout(rect=(0, 0.04, 1, 0.97))
    style.note(figure, WORLDS_PRINT)
    return figure


def _world(axes: Axes, rows: list[Row], name: str) -> None:
    """f of the two tokens that tell most apart, against what the paper's A makes of log p."""
    logit, claimed = _matrix(rows, "logit"), _matrix(rows, "claimed")
    weight = [row[0] for row in _matrix(rows, "weight")]
    first, second = _widest(logit, weight)
    actual = [row[first] - row[second] for row in logit]
    said = [row[first] - row[second] for row in claimed]
    low, high = min(said), max(said)
    axes.set_box_aspect(0.75)
    axes.plot([low, high], [low, high], color=style.GREY, linewidth=1, label="f as claimed")
    axes.scatter(
        said,
        actual,
        s=[12 + 220 * value for value in weight],
        facecolor="none",
        edgecolor=style.BLUE,
        label="f",
    )
    numbers = {n: _number(rows, n) for n in ("own_map", "score_log_posterior", "worst_epsilon")}
    axes.set_title(
        f"{name}\nr = {numbers['own_map']:.3g}, S(log p) = {numbers['score_log_posterior']:.3g}, "
        f"largest ε = {numbers['worst_epsilon']:.2g}",
        fontsize=8,
    )
    axes.margins(x=0.09, y=0.55)
    axes.set_xlabel(f"A log p(c∣x) + b, token {first} less {second}", fontsize=8)
    axes.set_ylabel("log p(y∣x), the same", fontsize=8)
    tables = [f"p(y∣c) {_rows(rows, 'token')}", f"p(x∣c) {_rows(rows, 'word')}"]
    axes.text(
        0.02, 0.98, "\n".join(tables), transform=axes.transAxes, fontsize=6, va="top",
        family="monospace", bbox={"facecolor": "white", "alpha": 0.7, "linewidth": 0},
    )  # fmt: skip


def _widest(logit: list[list[float]], weight: list[float]) -> tuple[int, int]:
    """The two tokens whose difference varies most."""

    def variance(pair: tuple[int, int]) -> float:
        values = [row[pair[0]] - row[pair[1]] for row in logit]
        mean = sum(w * v for w, v in zip(weight, values, strict=True))
        return sum(w * (v - mean) ** 2 for w, v in zip(weight, values, strict=True))

    size = len(logit[0])
    return max(((a, b) for b in range(size) for a in range(size) if a != b), key=variance)


def _rows(rows: list[Row], quantity: str) -> str:
    lines = [" ".join(f"{value:.4g}" for value in row) for row in _matrix(rows, quantity)]
    return ("\n" + " " * 7).join(lines)


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
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    for name, picture in draw(source).items():
        picture.savefig(target / f"{name}.pdf")
