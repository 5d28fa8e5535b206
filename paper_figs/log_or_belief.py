"""The figures of log or belief: which law explains more, by how much, and whether it collapses."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from paper_figs import layout, style
from paper_figs.tables import Point, Row, Series, curve, missed, point, select, series, values

LENGTH, SHARPNESS = "context_length", "sharpness"
FAMILIES = {
    "channel": ("y = c with probability 1 − η", "noise η of the token"),
    "random": ("rows of p(y∣c) drawn at random", "concentration α of the rows"),
}
LAWS: dict[str, tuple[str, Any, str]] = {
    "log_posterior": (style.BLUE, "-", "log p(c∣x)"),
    "belief": (style.ORANGE, (0, (7, 1.5)), "p(c∣x)"),
    "rho": (style.GREEN, (0, (4, 1, 1, 1)), "log(p(c∣x) + ρ̂)"),
}
NULLS = {
    "raw_input.oracle.held_out": ("raw_input", "null: raw input (word counts)"),
    "permuted.oracle.held_out": ("permuted", "null: rows permuted"),
    "argmax.oracle.population": ("constant", "null: likeliest configuration"),
}
NAMES = {"channel": "y = c up to noise", "random": "rows drawn at random"}
FLOOR = 1e-5  # where the axes of 1 − S end
MARGIN, TRIVIAL_SCORE, TRIVIAL_INFORMATION = 0.01, 0.99, 0.05  # as in the verdicts
DEEPEST = 0.3  # the difference of S at which the colour of a cell is full
SMALL_PRINT = (
    "Exact worlds, a perfect predictor, nothing trained; means over worlds with 95 % t intervals; "
    "S held out by distinct bag of words."
)
PHASE_PRINT = (
    "Numbers: S of log p(c∣x) less S of p(c∣x), paired by world, and half the width of its "
    "interval. "
)
LAW_PRINT = (
    "1 − S: the share of I(x; y) that a law misses; 1e-5 stands for that or less. ρ̂ is fitted. "
    "Dotted: predicted in closed form. Grey dashes: nulls. "
)
COLLAPSE_PRINT = (
    "One line a length of the context, through the cells of the phase diagram from sharp to weak; "
    "dotted: scored on all bags, as the prediction is. Grey: equal, and 1/1.5 to 1.5 times the "
    "prediction. ρ̂ is fitted. "
)


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    return layout.draw_all(
        table,
        {
            "log_or_belief_phases": _phases,
            "log_or_belief_laws": _laws,
            "log_or_belief_collapse": _collapse,
        },
    )


def _phases(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(9.2, 4.1))
    widths = [len(values(select(rows, family=name), SHARPNESS)) for name in FAMILIES]
    grid = figure.subplots(1, 2, sharey=True, width_ratios=widths)
    for axes, (family, (title, label)) in zip(grid, FAMILIES.items(), strict=True):
        _phase(axes, select(rows, family=family))
        axes.set_title(title)
        axes.set_xlabel(f"{label}: sharp left, weak right")
    grid[0].set_ylabel("number of words in x")
    patches = {
        "log p(c∣x) explains more": Patch(facecolor=style.BLUE, alpha=0.6),
        "p(c∣x) explains more": Patch(facecolor=style.ORANGE, alpha=0.6),
        "undecided: not beyond ±.01": Patch(facecolor="#EEEEEE", edgecolor=style.GREY),
        "trivial or saturated": Patch(facecolor="white", edgecolor=style.GREY, hatch="////"),
    }
    return layout.finish(figure, PHASE_PRINT + SMALL_PRINT, legend=patches)


def _phase(axes: Axes, rows: list[Row]) -> None:
    """The difference of the two laws in each cell; hatched where the cell does not count."""
    sharpness, lengths = values(rows, SHARPNESS), values(rows, LENGTH)
    for column, value in enumerate(sharpness):
        for line, length in enumerate(lengths):
            cell = select(rows, **{SHARPNESS: value, LENGTH: length})
            _cell(axes, cell, column, line)
    axes.set_xlim(-0.5, len(sharpness) - 0.5)
    axes.set_ylim(-0.5, len(lengths) - 0.5)
    axes.set_xticks(range(len(sharpness)), [f"{float(value):g}" for value in sharpness])
    axes.set_yticks(range(len(lengths)), lengths)
    axes.grid(visible=False)


def _cell(axes: Axes, cell: list[Row], column: int, line: int) -> None:
    gap = point(cell, "score_difference", "oracle", "held_out")
    patch = Rectangle((column - 0.5, line - 0.5), 1, 1, edgecolor=style.GREY, linewidth=0.5)
    axes.add_patch(patch)
    if gap is None or not _counts(cell):
        patch.set(facecolor="white", hatch="////")
        return
    patch.set_facecolor(_colour(gap))
    place: dict[str, Any] = {"ha": "center", "va": "center"}
    axes.text(column, line + 0.1, f"{gap.mean:+.3f}".replace("-", "−"), fontsize=8, **place)
    axes.text(column, line - 0.15, f"±{(gap.high - gap.low) / 2:.3f}", fontsize=6.5, **place)


def _colour(gap: Point) -> str:
    """Grey when undecided, else the winner's colour, the fuller the larger the difference."""
    if not (gap.low > MARGIN or gap.high < -MARGIN):
        return "#EEEEEE"
    full = np.array(to_rgb(style.BLUE if gap.mean > 0 else style.ORANGE))
    depth = 0.25 + 0.45 * min(1.0, abs(gap.mean) / DEEPEST)
    return to_hex((1 - depth * (1 - full)).tolist())


def _laws(rows: list[Row]) -> Figure:
    lengths = values(rows, LENGTH)
    figure = Figure(figsize=(9.2, 1.0 + 2.4 * len(lengths)))
    grid = figure.subplots(len(lengths), 2, sharex="col", sharey=True, squeeze=False)
    for line, length in zip(grid, lengths, strict=True):
        for axes, (family, (title, label)) in zip(line, FAMILIES.items(), strict=True):
            _curves(axes, select(rows, family=family, context_length=length))
            axes.set_title(f"{title}, {length} words")
            style.limits(axes, named=axes is grid[-1, -1], at=1.02)
            if line[0] is grid[-1, 0]:
                axes.set_xlabel(label)
                _sharpness_axis(axes, select(rows, family=family))
        style.missed_axis(line[0], FLOOR, "1 − S", top=30)
    return layout.finish(figure, LAW_PRINT + SMALL_PRINT, ends=[grid[0, -1]])


def _sharpness_axis(axes: Axes, rows: list[Row]) -> None:
    """A logarithmic axis with the sharpness of each cell."""
    ticks = [float(value) for value in values(rows, SHARPNESS)]
    axes.set_xscale("log")
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xticks([], minor=True)


def _curves(axes: Axes, rows: list[Row]) -> None:
    for law, (colour, dashes, label) in LAWS.items():
        data = series(rows, SHARPNESS, f"score_{law}.oracle.held_out")
        style.line(axes, missed(data, FLOOR), colour, label, dashes)
        data = series(rows, SHARPNESS, f"score_{law}.oracle.predicted")
        style.line(axes, missed(data, FLOOR), colour, "", style.DOTTED)
    own = series(rows, SHARPNESS, "score_paper.oracle.no_fit")
    style.line(axes, missed(own, FLOOR), style.PURPLE, "the paper's own A,\nnothing fitted")
    for metric, (null, label) in NULLS.items():
        data = series(rows, SHARPNESS, f"score_{metric}")
        style.null(axes, missed(data, FLOOR), style.DASHES[null], label)


def _collapse(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(8.4, 7.4))
    grid = figure.subplots(2, 2)
    (channel, random), (offset, coordinate) = grid
    for axes, family in ((channel, "channel"), (random, "random")):
        chosen = _counted(select(rows, family=family))
        for law, (colour, dashes, name) in LAWS.items():
            _predicted(axes, chosen, law, colour, dashes, name)
        _band_of(axes)
        axes.set_title(f"prediction: {NAMES[family]}")
        axes.set_xlabel("1 − S in closed form, no parameter free")
        axes.set_ylabel("1 − S, held out")
        for law in ("log_posterior", "belief"):
            _blurred(coordinate, chosen, law, family)
    _offsets(offset, _counted(select(rows, family="channel")))
    coordinate.set_title("one coordinate for both?")
    coordinate.set_xlabel("share of the belief that ρ̂ blurs")
    coordinate.set_ylabel("1 − S, held out")
    for axes in grid.flat:
        axes.set_xscale("log")
        axes.set_yscale("log")
    return layout.finish(figure, COLLAPSE_PRINT + SMALL_PRINT, ends=[random, coordinate])


def _predicted(
    axes: Axes, cells: list[list[Row]], law: str, colour: str, dashes: Any, name: str
) -> None:
    """What a law misses against its prediction, held out and (dotted) on all bags."""
    for estimate, look in (("held_out", dashes), ("population", style.DOTTED)):
        for length in _lengths(cells):
            same = [cell for cell in cells if cell[0][LENGTH] == length]
            data = _against(same, f"score_{law}", estimate, "predicted")
            style.line(axes, data, colour, name, look)
            name = ""


def _blurred(axes: Axes, cells: list[list[Row]], law: str, family: str) -> None:
    """What a law misses against the share of the belief that ρ̂ blurs."""
    colour, _, name = LAWS[law]
    label = f"{name},\n{NAMES[family]}"
    for length in _lengths(cells):
        same = [cell for cell in cells if cell[0][LENGTH] == length]
        data = _against(same, f"score_{law}", "held_out", "")
        style.line(axes, data, colour, label, "-" if family == "channel" else (0, (4, 1.5)))
        label = ""


def _against(cells: list[list[Row]], law: str, estimate: str, predicted: str) -> Series:
    """1 − S in cells of one length, over its prediction or over the share that is blurred."""
    points = []
    for cell in cells:
        over = (
            point(cell, law, "oracle", predicted) if predicted else point(cell, "blurred", "oracle")
        )
        found = point(cell, law, "oracle", estimate)
        if over is not None and found is not None:
            place = max(FLOOR, 1 - over.mean) if predicted else over.mean
            points.append((place, found.mean, found.low, found.high))
    return missed(curve(points), FLOOR)


def _band_of(axes: Axes) -> None:
    """Where the prediction is met, and half as much again to either side."""
    for factor in (1 / 1.5, 1, 1.5):
        ends = [FLOOR, 1]
        width = 0.8 if factor == 1 else 0.4
        axes.plot(ends, [factor * end for end in ends], color=style.GREY, linewidth=width)


def _offsets(axes: Axes, cells: list[list[Row]]) -> None:
    """The fitted ρ̂ against the exact one."""
    pairs = [[point(cell, "log10_rho", source) for source in ("exact", "oracle")] for cell in cells]
    points = [(10**x.mean, *(10**value for value in y)) for x, y in pairs if x and y]
    ends = [min(place for place, *_ in points), max(place for place, *_ in points)]
    axes.plot(ends, ends, color=style.GREY, linewidth=0.8)
    style.line(axes, curve(points), style.GREEN, "", (0, (4, 1, 1, 1)))
    axes.set_title("ρ̂ and the channel's exact ρ")
    axes.set_xlabel("ρ = η / (ℓ (1 − η)), read off p(y∣c)")
    axes.set_ylabel("ρ̂, fitted")


def _counts(cell: list[Row]) -> bool:
    """Whether a cell is neither a trivial corner nor saturated."""
    argmax = point(cell, "score_argmax", "oracle", "population")
    information = point(cell, "concept_information", "exact")
    return (
        argmax is not None
        and argmax.mean < TRIVIAL_SCORE
        and information is not None
        and information.mean >= TRIVIAL_INFORMATION
        and point(cell, "score_difference", "oracle", "held_out") is not None
    )


def _counted(rows: list[Row]) -> list[list[Row]]:
    """The cells of a family that count, from sharp to weak."""
    cells = [
        select(rows, **{SHARPNESS: value, LENGTH: length})
        for value in values(rows, SHARPNESS)
        for length in values(rows, LENGTH)
    ]
    return [cell for cell in cells if _counts(cell)]


def _lengths(cells: list[list[Row]]) -> list[str]:
    return values([cell[0] for cell in cells], LENGTH)


if __name__ == "__main__":
    layout.run(draw)
