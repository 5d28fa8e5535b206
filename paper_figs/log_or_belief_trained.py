"""The figures of trained networks beside a perfect predictor: where they end, and their path."""

import re
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paper_figs import style
from paper_figs.layout import draw_all, finish, handles, run
from paper_figs.tables import Point, Row, Series, curve, point, select, series, values

FAMILIES = {
    "channel": ("y = c up to noise", "noise η of the token"),
    "random": ("p(y∣c) at random", "concentration α"),
}
NETWORKS = {
    "mlp": (style.GREEN, "o", "MLP"),
    "transformer": (style.PURPLE, "^", "transformer"),
}
LAWS = {  # with the markers of the networks
    "log_posterior": (style.BLUE, {"mlp": "o", "transformer": "^"}, "log p(c∣x)"),
    "belief": (style.ORANGE, {"mlp": "s", "transformer": "v"}, "p(c∣x)"),
}
SYMBOLS = {"channel": "η", "random": "α"}
SIDES = {"mlp": 0.85, "transformer": 1.18}  # factors of a place, lest markers hide each other
UNTRAINED = {"mlp": style.DASHES["untrained"], "transformer": (0, (4, 2, 1, 2))}
MARGIN, COUNTED = 0.01, 0.01  # of rivals, and the excess that counts as trained
LOWEST = -0.25  # where the axis of S ends
HELD = "held_out"
SMALL_PRINT = (
    "Means over seeds, each a world and an initialisation, with 95 % t intervals; S, the share of "
    "I(x; y) that a law explains, held out by distinct bag of words; networks are scored on their "
    "own p̂(y∣x)."
)
PHASE_PRINT = (
    "Sharp tokens left, weak ones right. Light band around 0: ±.01. Hollow: not all seeds count as "
    f"trained (excess at most .01 of I(x; y)). Word counts have no interval. {SMALL_PRINT}"
)
PATH_PRINT = (
    "Time runs to the right, from untrained (the null) to the end of training. One marker a step, "
    "at the median excess loss of its seeds; filled where all seeds count as trained, right of the "
    f"thin line at .01 for the median. S below {LOWEST:g} is not shown. {SMALL_PRINT}"
).replace("-", "−")


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    return draw_all(
        table,
        {"log_or_belief_trained_phases": _phases, "log_or_belief_trained_paths": _paths},
    )


def _phases(rows: list[Row]) -> Figure:
    lengths = values(rows, "context_length")
    panels = [(family, length) for family in FAMILIES for length in lengths]
    figure = Figure(figsize=(7.2, 6.2))
    grid = figure.subplots(
        2, len(panels), sharex="col", sharey="row", squeeze=False, height_ratios=(3, 2)
    )
    for (top, bottom), (family, length) in zip(grid.T, panels, strict=True):
        cells = select(rows, family=family, context_length=length)
        _differences(top, cells)
        _shifts(bottom, cells)
        top.set_title(f"{FAMILIES[family][0]},\n{length} words", fontsize=8.5)
        bottom.set_xlabel(FAMILIES[family][1])
        top.set_xscale("log")
        top.minorticks_off()
    grid[0, 0].set_ylabel("S of log p(c∣x) less S of p(c∣x)")
    grid[1, 0].set_ylabel("the same,\ntrained less oracle")
    _name_winners(grid[0, 0])
    low, high = grid[1, 0].get_ylim()
    grid[1, 0].set_ylim(min(low, -1.5 * MARGIN), max(high, 1.5 * MARGIN))
    return finish(figure, PHASE_PRINT, legend=handles(list(grid.flat)), ncols=3)


def _differences(axes: Axes, cells: list[Row]) -> None:
    """S of log p less S of p: a line for the perfect predictor, markers for networks."""
    metric = f"score_difference.{{}}.{HELD}"
    axes.axhspan(-MARGIN, MARGIN, color="#EEEEEE", zorder=0)
    oracle = series(cells, "sharpness", metric.format("oracle"))
    style.line(axes, oracle, style.BLACK, "oracle: a perfect predictor")
    for name, (_, _, label) in NETWORKS.items():
        untrained = series(cells, "sharpness", metric.format(f"untrained_{name}"))
        shown = style.shifted(untrained, factor=SIDES[name])
        style.null(axes, shown, UNTRAINED[name], f"null: {label}, untrained")
    counts = _counts_less_belief(cells)
    style.null(axes, counts, style.DASHES["raw_input"], "null: word counts less p(c∣x)")
    _networks(axes, cells, metric)


def _counts_less_belief(cells: list[Row]) -> Series:
    """S of the word counts less S of p(c|x), means of the perfect predictor, without interval."""
    counts = series(cells, "sharpness", f"score_raw_input.oracle.{HELD}")
    belief = series(cells, "sharpness", f"score_belief.oracle.{HELD}")
    mean = [one - other for one, other in zip(counts.mean, belief.mean, strict=True)]
    return Series(counts.position, mean, mean, mean)


def _shifts(axes: Axes, cells: list[Row]) -> None:
    """The same difference, trained less perfect, paired by seed."""
    axes.axhspan(-MARGIN, MARGIN, color="#EEEEEE", zorder=0)
    style.level(axes, Point(0, 0, 0), style.BLACK)
    _networks(axes, cells, f"shift_difference.{{}}.{HELD}")


def _networks(axes: Axes, cells: list[Row], metric: str) -> None:
    """Markers of both architectures, side by side, hollow where not all seeds count."""
    for name, (colour, marker, label) in NETWORKS.items():
        data = series(cells, "sharpness", metric.format(name))
        counted = [
            float(row["sharpness"])
            for row in select(cells, quantity="counted", source=name)
            if row["mean"] and float(row["mean"]) == 1
        ]
        for part, hollow in zip(style.split(data, counted), (False, True), strict=True):
            shown = style.shifted(part, factor=SIDES[name])
            named = "" if hollow else f"trained: {label}"
            style.trained(axes, shown, colour, named, hollow, marker, joined=False)


def _name_winners(axes: Axes) -> None:
    for height, text, side in (
        (0.99, "↑ log p\nexplains more", "top"),
        (0.02, "↓ p explains more", "bottom"),
    ):
        place: dict[str, Any] = {"transform": axes.transAxes, "va": side, "fontsize": 7}
        axes.text(0.03, height, text, color=style.INK, **place)


def _paths(rows: list[Row]) -> Figure:
    settings = _stopped(rows)
    figure = Figure(figsize=(7.2, 7.2))
    grid = figure.subplots(2, max(1, len(settings)), sharex="col", sharey="row", squeeze=False)
    for (top, bottom), (family, sharpness, length) in zip(grid.T, settings, strict=False):
        cells = select(rows, family=family, sharpness=sharpness, context_length=length)
        _path_of_difference(top, cells)
        _path_of_scores(bottom, cells)
        top.set_title(f"{SYMBOLS[family]} = {float(sharpness):g}, {length} words", fontsize=8.5)
        bottom.set_xscale("log")
        if not bottom.xaxis_inverted():
            bottom.invert_xaxis()
        for axes in (top, bottom):
            style.guide(axes, COUNTED, across=True)
    grid[1, (len(grid.T) - 1) // 2].set_xlabel("excess loss, share of I(x; y) (time runs right)")
    grid[0, 0].set_ylabel("S of log p(c∣x) less S of p(c∣x)")
    grid[1, 0].set_ylabel("S of each law")
    grid[1, 0].set_ylim(LOWEST, 1.04)
    _name_winners(grid[0, 0])
    legend = handles(list(grid[0])) | handles(list(grid[1]))
    return finish(figure, PATH_PRINT, legend=legend, ncols=3)


def _path_of_difference(axes: Axes, cells: list[Row]) -> None:
    axes.axhspan(-MARGIN, MARGIN, color="#EEEEEE", zorder=0)
    oracle = point(cells, "score_difference", "oracle", HELD)
    if oracle:
        style.level(axes, oracle, style.BLACK, "oracle: difference")
    for name, (colour, marker, label) in NETWORKS.items():
        along = _along(cells, name, "score_difference")
        _path(axes, *along, colour, marker, f"{label}: difference")


def _path_of_scores(axes: Axes, cells: list[Row]) -> None:
    """S of both laws; colour tells the law, the marker the law and the network."""
    for law, (colour, markers, label) in LAWS.items():
        oracle = point(cells, f"score_{law}", "oracle", HELD)
        if oracle:
            style.level(axes, oracle, colour, f"oracle: {label}")
        for name, (*_, network) in NETWORKS.items():
            along = _along(cells, name, f"score_{law}")
            _path(axes, *along, colour, markers[name], f"{network}: {label}")
    permuted = point(cells, "score_permuted", "oracle", HELD)
    if permuted:
        data = curve((end, *permuted) for end in axes.dataLim.intervalx)
        style.null(axes, data, style.DASHES["permuted"], "null: rows permuted")


def _path(
    axes: Axes, data: Series, counted: list[bool], colour: str, marker: str, label: str
) -> None:
    """Markers joined in the order of the steps, hollow where not all seeds count as trained."""
    axes.plot(data.position, data.mean, color=colour, linewidth=0.7, alpha=0.6)
    for hollow in (False, True):
        chosen = [i for i, one in enumerate(counted) if one != hollow]
        part = Series(*([column[i] for i in chosen] for column in data))
        named = "" if hollow else label
        style.trained(axes, part, colour, named, hollow, marker, joined=False)


def _along(cells: list[Row], name: str, quantity: str) -> tuple[Series, list[bool]]:
    """A score stopped early against the median excess share, by step, and where all seeds count."""
    points = []
    for row in select(cells, quantity=quantity, estimate=HELD):
        step = re.fullmatch(rf"{name}_step_(\d+)", row["source"])
        if step and row["mean"]:
            excess = select(cells, quantity="excess_share", source=row["source"])[0]["median"]
            counted = select(cells, quantity="counted", source=row["source"])
            score = (float(row[name] or "nan") for name in ("mean", "low", "high"))
            told = bool(counted and counted[0]["mean"] and float(counted[0]["mean"]) == 1)
            points.append((int(step[1]), told, float(excess), *score))
    points.sort()
    ordered = [numbers[2:] for numbers in points]
    columns = zip(*ordered, strict=True) if ordered else [[]] * 4
    return Series(*(list(column) for column in columns)), [numbers[1] for numbers in points]


def _stopped(rows: list[Row]) -> list[tuple[str, str, str]]:
    """Family, sharpness and length of the settings in which networks were stopped early."""
    found = {
        (row["family"], row["sharpness"], row["context_length"])
        for row in rows
        if row["quantity"] == "excess_share" and "_step_" in row["source"]
    }
    return sorted(found, key=lambda key: (key[0], float(key[1]), float(key[2])))


if __name__ == "__main__":
    run(draw)
