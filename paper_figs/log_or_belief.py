"""The figures of log or belief: which law explains more, by how much, and whether it collapses."""

import sys
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from paper_figs import style
from paper_figs.tables import Row, missed, read_rows, select, series, stamp

LENGTH, SHARPNESS = "context_length", "sharpness"
FAMILIES = {
    "channel": ("y = c with probability 1 − η", "noise η of the token"),
    "random": ("rows of p(y∣c) drawn at random", "concentration α of the rows"),
}
LAWS = {
    "log_posterior": (style.BLUE, "log p(c∣x)"),
    "belief": (style.ORANGE, "p(c∣x)"),
    "rho": (style.GREEN, "log(p(c∣x) + ρ̂), ρ̂ fitted"),
}
MARKERS = {"channel": "o", "random": "^"}
FLOOR = 1e-5  # where the axes of 1 − S end
MARGIN, TRIVIAL_SCORE, TRIVIAL_INFORMATION = 0.01, 0.99, 0.05  # as in the verdicts
DEEPEST = 0.3  # the difference of S at which the colour of a cell is full
SMALL_PRINT = (
    "Exact worlds, a perfect predictor, nothing trained; means over worlds with 95 % t intervals; "
    "S held out by distinct bag of words."
)


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    rows = read_rows(table)
    with matplotlib.rc_context(style.SETTINGS):
        figures = {
            "log_or_belief_phases": _phases(rows),
            "log_or_belief_laws": _laws(rows),
            "log_or_belief_collapse": _collapse(rows),
        }
        for figure in figures.values():
            style.stamp_smoke(figure, stamp(rows))
    return figures


def _phases(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(9.6, 4.1))
    widths = [len(_values(select(rows, family=name), SHARPNESS)) for name in FAMILIES]
    grid = figure.subplots(1, 2, sharey=True, width_ratios=widths)
    for axes, (family, (title, label)) in zip(grid, FAMILIES.items(), strict=True):
        _phase(axes, select(rows, family=family))
        axes.set_title(title)
        axes.set_xlabel(f"{label}: sharp left, weak right")
    grid[0].set_ylabel("number of words in x")
    figure.tight_layout(rect=(0, 0.16, 1, 0.97))
    patches = [
        Patch(facecolor=style.BLUE, label="log p(c∣x) explains more"),
        Patch(facecolor=style.ORANGE, label="p(c∣x) explains more"),
        Patch(facecolor="#EEEEEE", label="undecided: not beyond ±.01"),
        Patch(facecolor="white", edgecolor=style.GREY, hatch="////", label="trivial or saturated"),
    ]
    figure.legend(handles=patches, loc="lower center", bbox_to_anchor=(0.5, 0.075), ncols=4)
    text = "Numbers: S of log p(c∣x) less S of p(c∣x), paired by world."
    style.note(figure, f"{text}\n{SMALL_PRINT}")
    return figure


def _phase(axes: Axes, rows: list[Row]) -> None:
    """The difference of the two laws in each cell; hatched where the cell does not count."""
    sharpness, lengths = _values(rows, SHARPNESS), _values(rows, LENGTH)
    for column, value in enumerate(sharpness):
        for line, length in enumerate(lengths):
            cell = select(rows, **{SHARPNESS: value, LENGTH: length})
            gap = _row(cell, "score_difference", "held_out")
            counts = _counts(cell)
            patch = Rectangle((column - 0.5, line - 0.5), 1, 1, edgecolor=style.GREY, linewidth=0.5)
            patch.set_facecolor(_colour(gap) if counts else "white")
            patch.set_hatch("" if counts else "////")
            axes.add_patch(patch)
            text = f"{float(gap['mean']):+.3f}" if counts else ""
            axes.text(column, line, text, ha="center", va="center", fontsize=8)
    axes.set_xlim(-0.5, len(sharpness) - 0.5)
    axes.set_ylim(-0.5, len(lengths) - 0.5)
    axes.set_xticks(range(len(sharpness)), sharpness)
    axes.set_yticks(range(len(lengths)), lengths)
    axes.grid(visible=False)


def _colour(gap: Row) -> str:
    """Grey when undecided, else the winner's colour, the fuller the larger the difference."""
    mean, low, high = (float(gap[name] or "nan") for name in ("mean", "low", "high"))
    if not (low > MARGIN or high < -MARGIN):
        return "#EEEEEE"
    full = np.array(to_rgb(style.BLUE if mean > 0 else style.ORANGE))
    depth = 0.25 + 0.6 * min(1.0, abs(mean) / DEEPEST)
    return to_hex((1 - depth * (1 - full)).tolist())


def _laws(rows: list[Row]) -> Figure:
    lengths = _values(rows, LENGTH)
    figure = Figure(figsize=(9.6, 2.4 + 2.0 * len(lengths)))
    grid = figure.subplots(len(lengths), 2, sharex="col", sharey=True, squeeze=False)
    for line, length in zip(grid, lengths, strict=True):
        for axes, (family, (title, label)) in zip(line, FAMILIES.items(), strict=True):
            _curves(axes, select(rows, family=family, context_length=length))
            axes.set_title(f"{title}, {length} words")
            if line[0] is grid[-1, 0]:
                axes.set_xlabel(label)
        line[0].set_ylabel("1 − S")
    bottom = 1.15 / figure.get_figheight()
    figure.tight_layout(rect=(0, bottom, 1, 0.99))
    lines, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(lines, labels, loc="lower center", bbox_to_anchor=(0.5, bottom / 4), ncols=3)
    text = "1 − S: the share of I(x; y) that a law misses; 1e-5 stands for that or less."
    style.note(figure, f"{text}\n{SMALL_PRINT}")
    return figure


def _curves(axes: Axes, rows: list[Row]) -> None:
    for law, (colour, label) in LAWS.items():
        data = series(rows, SHARPNESS, f"score_{law}.oracle.held_out")
        style.line(axes, missed(data, FLOOR), colour, label)
        data = series(rows, SHARPNESS, f"score_{law}.oracle.predicted")
        style.line(axes, missed(data, FLOOR), colour, f"{label}, predicted", (0, (1, 1)))
    own = series(rows, SHARPNESS, "score_paper.oracle.no_fit")
    style.line(axes, missed(own, FLOOR), style.PURPLE, "the paper's own A, nothing fitted")
    for null, dashes, label in (
        ("argmax.oracle.population", "--", "null: likeliest configuration"),
        ("permuted.oracle.held_out", "-.", "null: rows permuted"),
    ):
        data = series(rows, SHARPNESS, f"score_{null}")
        style.null(axes, missed(data, FLOOR), dashes, label)
    raw = missed(series(rows, SHARPNESS, "score_raw_input.oracle.held_out"), FLOOR)
    axes.plot(raw.position, raw.mean, "x", color=style.GREY, label="null: raw input (word counts)")
    axes.axhline(0.01, color=style.GREY, linewidth=0.8, zorder=0)
    place = axes.get_yaxis_transform()
    axes.text(0.99, 0.01, "holds below", transform=place, fontsize=7, ha="right", va="top")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(FLOOR, 30)


def _collapse(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(9.6, 4.4))
    missing, offset, coordinate = figure.subplots(1, 3)
    missing.set_title("what a law misses, predicted")
    offset.set_title("ρ̂ and the channel's exact ρ")
    coordinate.set_title("one coordinate for both?")
    missing.plot([FLOOR, 1], [FLOOR, 1], color=style.BLACK, linewidth=0.8)
    for family, marker in MARKERS.items():
        chosen = select(rows, family=family)
        cells = [cell for cell in _cells(chosen) if _counts(cell)]
        for law, (colour, _) in LAWS.items():
            _scatter(missing, cells, f"score_{law}", "predicted", colour, marker)
            if law != "rho":
                _scatter(coordinate, cells, f"score_{law}", "blurred", colour, marker)
        if family == "channel":
            _offsets(offset, cells)
    missing.set_xlabel("1 − S in closed form, no parameter free")
    missing.set_ylabel("1 − S, held out")
    offset.set_xlabel("ρ = η / (ℓ (1 − η)), read off p(y∣c)")
    offset.set_ylabel("ρ̂, fitted")
    coordinate.set_xlabel("share of the belief that ρ̂ blurs")
    coordinate.set_ylabel("1 − S, held out")
    for axes in (missing, offset, coordinate):
        axes.set_xscale("log")
        axes.set_yscale("log")
    figure.tight_layout(rect=(0, 0.18, 1, 0.97))
    figure.legend(handles=_handles(), loc="lower center", bbox_to_anchor=(0.5, 0.07), ncols=5)
    text = (
        "One marker a cell of the phase diagram; hollow: scored on all bags, as the prediction is. "
        "Dashed: 1/1.5 to 1.5 times the prediction."
    )
    for factor in (1.5, 1 / 1.5):
        ends = [FLOOR, 1]
        missing.plot(ends, [factor * end for end in ends], color=style.GREY, lw=0.7, ls="--")
    style.note(figure, f"{text}\n{SMALL_PRINT}")
    return figure


def _scatter(
    axes: Axes, cells: list[list[Row]], law: str, against: str, colour: str, marker: str
) -> None:
    """1 − S of a law in each cell, against its prediction or against the share that is blurred."""
    predicted = against == "predicted"
    for estimate in ("population", "held_out") if predicted else ("held_out",):
        points = []
        for cell in cells:
            found = _row(cell, law, against) if predicted else _row(cell, against)
            place = 1 - float(found["mean"]) if predicted else float(found["mean"])
            height = 1 - float(_row(cell, law, estimate)["mean"])
            points.append((max(FLOOR, place) if predicted else place, max(FLOOR, height)))
        face = colour if estimate == "held_out" else "none"
        look = {"color": colour, "markerfacecolor": face, "markersize": 4, "alpha": 0.7}
        axes.plot(*zip(*points, strict=True), marker, **look)


def _offsets(axes: Axes, cells: list[list[Row]]) -> None:
    points = [
        tuple(10 ** float(_row(cell, "log10_rho", source=s)["mean"]) for s in ("exact", "oracle"))
        for cell in cells
    ]
    ends = [min(min(point) for point in points), max(max(point) for point in points)]
    axes.plot(ends, ends, color=style.BLACK, linewidth=0.8)
    axes.plot(*zip(*points, strict=True), "o", color=style.GREEN, markersize=4, alpha=0.7)


def _handles() -> list[Line2D]:
    laws = [Line2D([], [], color=c, marker="s", lw=0, label=label) for c, label in LAWS.values()]
    names = {"channel": "y = c up to noise", "random": "rows drawn at random"}
    families = [
        Line2D([], [], color=style.GREY, marker=marker, lw=0, label=names[family])
        for family, marker in MARKERS.items()
    ]
    return laws + families


def _counts(cell: list[Row]) -> bool:
    """Whether a cell is neither a trivial corner nor saturated."""
    argmax = float(_row(cell, "score_argmax", "population")["mean"])
    information = float(_row(cell, "concept_information")["mean"])
    answered = _row(cell, "score_difference", "held_out")["mean"] != ""
    return answered and argmax < TRIVIAL_SCORE and information >= TRIVIAL_INFORMATION


def _cells(rows: list[Row]) -> list[list[Row]]:
    return [
        select(rows, **{SHARPNESS: value, LENGTH: length})
        for value in _values(rows, SHARPNESS)
        for length in _values(rows, LENGTH)
    ]


def _row(cell: list[Row], quantity: str, estimate: str = "", source: str = "") -> Row:
    where = {"estimate": estimate} | ({"source": source} if source else {})
    return select(cell, quantity=quantity, **where)[0]


def _values(rows: list[Row], column: str) -> list[str]:
    return sorted({row[column] for row in rows}, key=float)


if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    for name, picture in draw(source).items():
        picture.savefig(target / f"{name}.pdf")
