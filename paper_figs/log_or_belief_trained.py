"""The figures of trained networks beside a perfect predictor: where they end, and their path."""

import re
import sys
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paper_figs import style
from paper_figs.tables import Row, Series, read_rows, select, series, stamp

FAMILIES = {
    "channel": ("y = c up to noise", "noise η of the token"),
    "random": ("rows of p(y∣c) at random", "concentration α of the rows"),
}
NETWORKS = {
    "mlp": (style.GREEN, "o", "trained: MLP"),
    "transformer": (style.PURPLE, "^", "trained: transformer"),
}
LAWS = {"log_posterior": (style.BLUE, "log p(c∣x)"), "belief": (style.ORANGE, "p(c∣x)")}
SYMBOLS = {"channel": "η", "random": "α"}
MARGIN, COUNTED = 0.01, 0.01  # of rivals, and the excess that counts as trained
LOWEST = 0.0  # where the axis of S ends
SMALL_PRINT = (
    "Means over seeds, each a world and an initialisation, with 95 % t intervals; S held out by "
    "distinct bag of words; networks are scored on their own p̂(y∣x)."
)


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    rows = read_rows(table)
    with matplotlib.rc_context(style.SETTINGS):
        figures = {
            "log_or_belief_trained_phases": _phases(rows),
            "log_or_belief_trained_paths": _paths(rows),
        }
        for figure in figures.values():
            style.stamp_smoke(figure, stamp(rows))
    return figures


def _phases(rows: list[Row]) -> Figure:
    lengths = _values(rows, "context_length")
    panels = [(family, length) for family in FAMILIES for length in lengths]
    figure = Figure(figsize=(9.6, 5.4))
    grid = figure.subplots(
        2, len(panels), sharex="col", sharey="row", squeeze=False, height_ratios=(3, 2)
    )
    for (top, bottom), (family, length) in zip(grid.T, panels, strict=True):
        cells = select(rows, family=family, context_length=length)
        _differences(top, cells)
        _shifts(bottom, cells)
        top.set_title(f"{FAMILIES[family][0]},\n{length} words")
        bottom.set_xlabel(FAMILIES[family][1])
        top.set_xscale("log")
    grid[0, 0].set_ylabel("S of log p(c∣x) less S of p(c∣x)")
    grid[1, 0].set_ylabel("the same,\ntrained less oracle")
    _name_winners(grid[0, 0])
    low, high = grid[1, 0].get_ylim()
    grid[1, 0].set_ylim(min(low, -1.5 * MARGIN), max(high, 1.5 * MARGIN))
    figure.tight_layout(rect=(0, 0.14, 1, 0.98))
    lines, labels = grid[0, 0].get_legend_handles_labels()
    place = {"loc": "lower center", "bbox_to_anchor": (0.5, 0.075), "ncols": 5}
    figure.legend(lines, labels, columnspacing=1.2, **place)
    text = (
        "Sharp tokens left, weak ones right. Band of the line: its interval; light band around 0: "
        "±.01. Hollow: not all seeds count as trained (excess at most .01 of I(x; y))."
    )
    style.note(figure, f"{text}\n{SMALL_PRINT}")
    return figure


def _differences(axes: Axes, cells: list[Row]) -> None:
    """S of log p less S of p: a line for the perfect predictor, markers for networks."""
    metric = "score_difference.{}.held_out"
    axes.axhspan(-MARGIN, MARGIN, color="#EEEEEE", zorder=0)
    style.line(
        axes,
        series(cells, "sharpness", metric.format("oracle")),
        style.BLACK,
        "oracle: a perfect predictor",
    )
    for (name, (*_, label)), dashes in zip(NETWORKS.items(), ("--", "-."), strict=True):
        data = series(cells, "sharpness", metric.format(f"untrained_{name}"))
        style.null(axes, data, dashes, f"null: {label.removeprefix('trained: ')}, untrained")
    style.null(axes, _counts_less_belief(cells), ":", "null: word counts less p(c∣x)")
    _networks(axes, cells, metric)


def _counts_less_belief(cells: list[Row]) -> Series:
    """S of the word counts less S of p(c|x), means of the perfect predictor, without interval."""
    counts = series(cells, "sharpness", "score_raw_input.oracle.held_out")
    belief = series(cells, "sharpness", "score_belief.oracle.held_out")
    mean = [one - other for one, other in zip(counts.mean, belief.mean, strict=True)]
    return Series(counts.position, mean, mean, mean)


def _shifts(axes: Axes, cells: list[Row]) -> None:
    """The same difference, trained less perfect, paired by seed."""
    axes.axhspan(-MARGIN, MARGIN, color="#EEEEEE", zorder=0)
    axes.axhline(0, color=style.BLACK, linewidth=0.8)
    _networks(axes, cells, "shift_difference.{}.held_out")


def _networks(axes: Axes, cells: list[Row], metric: str) -> None:
    """Markers of both architectures, side by side, hollow where not all seeds count."""
    for side, (name, (colour, marker, label)) in enumerate(NETWORKS.items()):
        data = series(cells, "sharpness", metric.format(name))
        counted = [
            float(row["sharpness"])
            for row in select(cells, quantity="counted", source=name)
            if row["mean"] and float(row["mean"]) == 1
        ]
        for part, hollow in zip(style.split(data, counted), (False, True), strict=True):
            shown = _beside(part, (0.88, 1.14)[side])
            _markers(axes, shown, colour, marker, "" if hollow else label, hollow)


def _beside(data: Series, factor: float) -> Series:
    """Moved along a logarithmic axis, so that markers do not cover each other."""
    return data._replace(position=[factor * position for position in data.position])


def _markers(
    axes: Axes, data: Series, colour: str, marker: str, label: str, hollow: bool = False
) -> None:
    below = [mean - low for mean, low in zip(data.mean, data.low, strict=True)]
    above = [high - mean for mean, high in zip(data.mean, data.high, strict=True)]
    axes.errorbar(
        data.position,
        data.mean,
        yerr=[below, above],
        color=colour,
        label=label or "_hollow",
        marker=marker,
        markersize=4.5,
        markerfacecolor="white" if hollow else colour,
        linestyle="none",
        linewidth=0.9,
        capsize=2,
    )


def _name_winners(axes: Axes) -> None:
    for height, text, side in (
        (0.985, "above: log p explains more", "top"),
        (0.02, "below: p explains more", "bottom"),
    ):
        place = {"transform": axes.transAxes, "va": side, "fontsize": 7, "color": "#444444"}
        axes.text(0.03, height, text, **place)


def _paths(rows: list[Row]) -> Figure:
    settings = _stopped(rows)
    figure = Figure(figsize=(9.6, 5.9))
    grid = figure.subplots(2, max(1, len(settings)), sharex="col", sharey="row", squeeze=False)
    for (top, bottom), (family, sharpness, length) in zip(grid.T, settings, strict=False):
        cells = select(rows, family=family, sharpness=sharpness, context_length=length)
        _path_of_difference(top, cells)
        _path_of_scores(bottom, cells)
        top.set_title(f"{SYMBOLS[family]} = {float(sharpness):g}, {length} words")
        bottom.set_xlabel("excess loss, share of I(x; y)")
        bottom.set_xscale("log")
        if not bottom.xaxis_inverted():
            bottom.invert_xaxis()
        for axes in (top, bottom):
            axes.axvline(COUNTED, color=style.GREY, linewidth=0.7, linestyle=(0, (1, 2)))
    grid[0, 0].set_ylabel("S of log p(c∣x) less S of p(c∣x)")
    grid[1, 0].set_ylabel("S of each law")
    grid[1, 0].set_ylim(LOWEST, 1.03)
    _name_winners(grid[0, 0])
    figure.tight_layout(rect=(0, 0.22, 1, 0.98))
    legends = (("upper row:", 0.185, 0.213), ("lower row:", 0.1, 0.142))
    for line, (row, height, middle) in zip(grid[:, 0], legends, strict=True):
        handles, labels = line.get_legend_handles_labels()
        place = {"loc": "lower center", "bbox_to_anchor": (0.53, height), "ncols": 3}
        figure.legend(handles, labels, **place)
        figure.text(0.27, middle, row, fontsize=8, ha="right", va="center")
    text = (
        "Time runs to the right, from untrained (the null) to the end of training. One marker a "
        "step, at the median excess loss of its seeds; filled where all seeds count as trained. "
        f"Dotted: .01.\nLines and bands: a perfect predictor. Lower row: S below {LOWEST:g} is not "
        "shown."
    )
    style.note(figure, f"{text}\n{SMALL_PRINT}")
    return figure


def _path_of_difference(axes: Axes, cells: list[Row]) -> None:
    axes.axhspan(-MARGIN, MARGIN, color="#EEEEEE", zorder=0)
    _level(axes, cells, "score_difference", style.BLACK, "oracle: a perfect predictor")
    for name, (colour, marker, label) in NETWORKS.items():
        _path(axes, *_along(cells, name, "score_difference"), colour, marker, label)


def _path_of_scores(axes: Axes, cells: list[Row]) -> None:
    for law, (colour, label) in LAWS.items():
        _level(axes, cells, f"score_{law}", colour, f"oracle: {label}")
        for name, (_, marker, network) in NETWORKS.items():
            along = _along(cells, name, f"score_{law}")
            name_of = network.removeprefix("trained: ")
            _path(axes, *along, colour, marker, f"{name_of}: {label}")


def _path(
    axes: Axes, data: Series, counted: list[bool], colour: str, marker: str, label: str
) -> None:
    """Markers joined in the order of the steps, hollow where not all seeds count as trained."""
    axes.plot(data.position, data.mean, color=colour, linewidth=0.7, alpha=0.6)
    for hollow in (False, True):
        chosen = [i for i, one in enumerate(counted) if one != hollow]
        part = Series(*([column[i] for i in chosen] for column in data))
        _markers(axes, part, colour, marker, "" if hollow else label, hollow)


def _level(axes: Axes, cells: list[Row], quantity: str, colour: str, label: str) -> None:
    """The perfect predictor's value over the whole width, with its interval as a band."""
    found = select(cells, quantity=quantity, source="oracle", estimate="held_out")
    if found and found[0]["mean"]:
        mean, low, high = (float(found[0][name] or "nan") for name in ("mean", "low", "high"))
        axes.axhline(mean, color=colour, label=label, linewidth=1.2)
        axes.axhspan(low, high, color=colour, alpha=0.15, linewidth=0)


def _along(cells: list[Row], name: str, quantity: str) -> tuple[Series, list[bool]]:
    """A score stopped early against the median excess share, by step, and where all seeds count."""
    points = []
    for row in select(cells, quantity=quantity, estimate="held_out"):
        step = re.fullmatch(rf"{name}_step_(\d+)", row["source"])
        if step and row["mean"]:
            excess = select(cells, quantity="excess_share", source=row["source"])[0]["median"]
            counted = select(cells, quantity="counted", source=row["source"])
            numbers = (float(row[column] or "nan") for column in ("mean", "low", "high"))
            told = bool(counted and counted[0]["mean"] and float(counted[0]["mean"]) == 1)
            points.append((int(step[1]), told, float(excess), *numbers))
    points.sort()
    ordered = [point[2:] for point in points]
    columns = zip(*ordered, strict=True) if ordered else [[]] * 4
    return Series(*(list(column) for column in columns)), [point[1] for point in points]


def _stopped(rows: list[Row]) -> list[tuple[str, str, str]]:
    """Family, sharpness and length of the settings in which networks were stopped early."""
    found = {
        (row["family"], row["sharpness"], row["context_length"])
        for row in rows
        if row["quantity"] == "excess_share" and "_step_" in row["source"]
    }
    return sorted(found, key=lambda key: (key[0], float(key[1]), float(key[2])))


def _values(rows: list[Row], column: str) -> list[str]:
    return sorted({row[column] for row in rows}, key=float)


if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    for name, picture in draw(source).items():
        picture.savefig(target / f"{name}.pdf")
