"""The figures of the architectures: which law each holds at equal excess loss."""

import sys
import textwrap
from pathlib import Path
from typing import Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from paper_figs import style
from paper_figs.tables import Row, Series, read_rows, select, stamp

ARCHITECTURES = {
    "log_bilinear": (style.GREEN, "D", "log-bilinear"),
    "mlp": (style.BLUE, "8", "MLP"),
    "gru": (style.ORANGE, "s", "GRU"),
    "transformer": (style.PURPLE, "^", "transformer"),
}
LEVELS = {"early": ".1", "trained": ".01", "late": ".001"}
WORDS = {"bags": "independent words", "chain": "chained words"}
ERRORS = {"noise": ("x", "noise"), "mixed": ("_", "mixed with p(y)"), "tempered": ("+", "tempered")}
SYMBOLS = {"channel": "η", "random": "α"}
MARGIN = 0.01  # as in estimators.assessment.verdict
LONE = 0.35  # half the length of a line at one place
STEP = 0.15  # between architectures at one place
SMALL_PRINT = (
    "Left to right: the token from sharp to weak, y = c up to noise η, then p(y∣c) drawn at random "
    "with concentration α. Means with 95 % t intervals over worlds (networks 10 of the perfect "
    "predictor's 20 in the paper's profile), held out by distinct belief. "
)

World = tuple[str, str, str]  # family, sharpness, length


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    rows = read_rows(table)
    with matplotlib.rc_context(style.SETTINGS):
        figures = {
            "architectures_laws": _laws(rows),
            "architectures_gaps": _gaps(rows),
            "architectures_readout": _readouts(rows),
        }
        for figure in figures.values():
            style.stamp_smoke(figure, stamp(rows))
    return figures


def _laws(rows: list[Row]) -> Figure:
    figure, grid = _grid(rows, "row")
    for line, words in zip(grid, WORDS, strict=True):
        for axes, (source, level) in zip(line, LEVELS.items(), strict=True):
            chosen = select(rows, words=words)
            axes.axhline(0, color=style.GREY, linewidth=0.8, zorder=0)
            _oracle(axes, chosen, "score_difference.oracle.held_out")
            _networks(axes, chosen, f"score_difference.{source}.held_out", f"equal.{source}")
            _nulls(axes, chosen, "score_difference.untrained.held_out", "x")
            axes.set_title(f"{WORDS[words]},\nexcess loss {level} I(x; y)")
        line[0].set_ylabel("S of log p(c∣x) less S of p(c∣x)")
    text = (
        SMALL_PRINT + "Above 0: log p(c∣x) explains more of the network's own predictions, below "
        "0 p(c∣x). Hollow: not every seed has .7 to 1 of that loss."
    )
    return _finished(figure, text, oracle=True, hollow=True, untrained=True)


def _gaps(rows: list[Row]) -> Figure:
    figure, grid = _grid(rows, "none")
    for line, words in zip(grid, WORDS, strict=True):
        for axes, (source, level) in zip(line, LEVELS.items(), strict=True):
            chosen = select(rows, words=words)
            axes.axhspan(-MARGIN, MARGIN, color=style.GREY, alpha=0.15, linewidth=0)
            axes.axhline(0, color=style.BLACK, linewidth=1.2, zorder=1)
            _networks(
                axes, chosen, f"oracle_gap.{source}.held_out", f"equal.{source}", hollow=False
            )
            if source == "trained":
                _errors(axes, chosen)
            axes.set_title(f"{WORDS[words]},\nexcess loss {level} I(x; y)")
            low, high = axes.get_ylim()
            most = max(abs(low), abs(high), 1.5 * MARGIN)
            axes.set_ylim(-most, most)
        line[0].set_ylabel("S log p − S p, less the perfect predictor's")
    text = (
        SMALL_PRINT + "Paired by seed; black line at 0: the perfect predictor; band: ±.01. Above "
        "0: nearer log p(c∣x) than it. Scales differ between panels. Only networks that reach "
        ".7 to 1 of the level on every seed. Nulls at .01: the perfect predictor with an error of "
        "that excess loss, random on its logits, mixed with p(y), or its logits shrunk (tempered)."
    )
    return _finished(figure, text, oracle=False, hollow=False, untrained=False)


def _readouts(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(9.6, 4.8))
    grid = figure.subplots(1, 2, sharey=True)
    for axes, words in zip(grid, WORDS, strict=True):
        chosen = select(rows, words=words)
        _oracle(axes, chosen, "readout.oracle.held_out")
        _networks(axes, chosen, "readout.trained.held_out", "counted.trained")
        _nulls(axes, chosen, "readout.untrained.held_out", "x")
        _nulls(axes, chosen, "readout.permuted.held_out", "+")
        oracle = select(chosen, architecture="oracle")
        style.null(axes, _series(oracle, chosen, "readout.raw_input.held_out"), "--", "")
        _ticks(axes, chosen)
        axes.set_title(WORDS[words])
    grid[0].set_ylabel("readout of p(c∣x) from f(x)")
    figure.tight_layout(rect=(0, 0.22, 1, 0.97))
    handles = [
        *_handles(rows, oracle=True, hollow=True, untrained=True),
        Line2D([], [], color=style.GREY, ls="--", lw=1, label="null: raw input"),
        Line2D([], [], color=style.GREY, marker="+", ms=4, lw=0, label="null: rows permuted"),
    ]
    figure.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 0.1), ncols=5)
    text = (
        SMALL_PRINT + "Excess loss .01 I(x; y). 1: a softmax of an affine map of f gives "
        "p(c∣x) back exactly; "
        "0: no better than p(c). Hollow: more than that loss on some seed."
    )
    _note(figure, text)
    return figure


def _grid(rows: list[Row], sharey: Literal["row", "none"]) -> tuple[Figure, list[list[Axes]]]:
    figure = Figure(figsize=(11.0, 7.6))
    grid = figure.subplots(len(WORDS), len(LEVELS), sharey=sharey, squeeze=False)
    for line, words in zip(grid, WORDS, strict=True):
        for axes in line:
            _ticks(axes, select(rows, words=words))
    return figure, [list(line) for line in grid]


def _finished(figure: Figure, text: str, *, oracle: bool, hollow: bool, untrained: bool) -> Figure:
    figure.tight_layout(rect=(0, 0.11, 1, 0.98))
    handles = _handles([], oracle=oracle, hollow=hollow, untrained=untrained)
    figure.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 0.05), ncols=8)
    _note(figure, text)
    return figure


def _note(figure: Figure, text: str) -> None:
    """Small print over the whole width: about eighteen letters an inch."""
    style.note(figure, textwrap.fill(text, int(18 * figure.get_figwidth())))


def _handles(
    rows: list[Row], *, oracle: bool, hollow: bool, untrained: bool
) -> list[Line2D | Patch]:
    found: list[Line2D | Patch] = []
    if oracle:
        found.append(Line2D([], [], color=style.BLACK, label="perfect predictor"))
    for colour, marker, label in ARCHITECTURES.values():
        found.append(Line2D([], [], color=colour, marker=marker, ms=4, lw=0, label=label))
    if hollow:
        look = {"color": style.GREY, "marker": "o", "ms": 4, "lw": 0, "mfc": "white"}
        found.append(Line2D([], [], label="not at that loss", **look))
    if untrained:
        label = "null: the same, untrained"
        found.append(Line2D([], [], color=style.GREY, marker="x", ms=4, lw=0, label=label))
    if not oracle:
        found.append(Patch(facecolor=style.GREY, alpha=0.15, label="±.01"))
        found += [_error_mark(error) for error in ERRORS]
    return found


def _error_mark(error: str) -> Line2D:
    marker, label = ERRORS[error]
    return Line2D([], [], color=style.GREY, marker=marker, ms=7, lw=0, label=f"null: {label}")


def _errors(axes: Axes, rows: list[Row]) -> None:
    """The perfect predictor with errors that nothing learnt, beside the networks."""
    chosen = select(rows, architecture="oracle")
    for error, (marker, _) in ERRORS.items():
        data = _series(chosen, rows, f"oracle_gap.{error}.held_out")
        axes.plot(data.position, data.mean, marker, color=style.GREY, markersize=7)


def _worlds(rows: list[Row]) -> list[World]:
    """Places along the diagonal, in the order of the table."""
    return list(dict.fromkeys(_world(row) for row in rows))


def _world(row: Row) -> World:
    return row["family"], row["sharpness"], row["context_length"]


def _ticks(axes: Axes, rows: list[Row]) -> None:
    labels = [
        f"{SYMBOLS[family]} = {sharpness.removeprefix('0').removesuffix('.0')}\n{length} words"
        for family, sharpness, length in _worlds(rows)
    ]
    axes.set_xticks(range(len(labels)), labels, fontsize=7)
    axes.set_xlim(-0.6, len(labels) - 0.4)


def _series(rows: list[Row], all_rows: list[Row], metric: str, shift: float = 0.0) -> Series:
    """A metric at its places along the diagonal; only answered points."""
    quantity, source, estimate = (metric.split(".") + [""] * 3)[:3]
    chosen = select(rows, quantity=quantity, source=source, estimate=estimate)
    places = {world: number for number, world in enumerate(_worlds(all_rows))}
    columns: list[list[float]] = [[], [], [], []]
    for row in chosen:
        if row["mean"]:
            values = [float(row[name] or "nan") for name in ("mean", "low", "high")]
            for column, value in zip(columns, [places[_world(row)] + shift, *values], strict=True):
                column.append(value)
    return Series(*columns)


def _oracle(axes: Axes, rows: list[Row], metric: str) -> None:
    """The perfect predictor: a line for each family of tokens, short where it is at one place."""
    for family in SYMBOLS:
        data = _series(select(rows, architecture="oracle", family=family), rows, metric)
        if len(data.position) == 1:
            ends = [data.position[0] - LONE, data.position[0] + LONE]
            data = Series(ends, *(column * 2 for column in (data.mean, data.low, data.high)))
        style.line(axes, data, style.BLACK, "")


def _networks(
    axes: Axes, rows: list[Row], metric: str, criterion: str, hollow: bool = True
) -> None:
    """One marker for each architecture and place; hollow where it fails a criterion."""
    for number, (name, (colour, marker, _)) in enumerate(ARCHITECTURES.items()):
        chosen = select(rows, architecture=name)
        equal = _series(chosen, rows, criterion)
        met = {round(p) for p, mean in zip(equal.position, equal.mean, strict=True) if mean == 1}
        data = _series(chosen, rows, metric, _shift(number))
        inside = [position for position in data.position if round(position) in met]
        reached, missed = style.split(data, inside)
        for part, open_face in ((reached, False), (missed, True)):
            if part.position and (hollow or not open_face):
                style.trained(axes, _markers_only(part), colour, "", open_face, marker)


def _markers_only(data: Series) -> Series:
    """Without limits where there are none, so that a lone seed is drawn without a bar."""
    low = [m if np.isnan(v) else v for m, v in zip(data.mean, data.low, strict=True)]
    high = [m if np.isnan(v) else v for m, v in zip(data.mean, data.high, strict=True)]
    return Series(data.position, data.mean, low, high)


def _nulls(axes: Axes, rows: list[Row], metric: str, marker: str) -> None:
    """A null of each architecture, at the place of its network."""
    for number, name in enumerate(ARCHITECTURES):
        data = _series(select(rows, architecture=name), rows, metric, _shift(number))
        axes.plot(data.position, data.mean, marker, color=style.GREY, markersize=4)


def _shift(number: int) -> float:
    return STEP * (number - (len(ARCHITECTURES) - 1) / 2)


if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    for name, picture in draw(source).items():
        picture.savefig(target / f"{name}.pdf")
