"""The figures of agreement: what two networks share, and what foretells it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from paper_figs import style
from paper_figs.agreement_directions import directions
from paper_figs.agreement_points import (
    ACROSS,
    END,
    KINDS,
    MARKERS,
    NULLS,
    ORACLE,
    START,
    THRESHOLD,
    WITHIN,
    token_counts,
)
from paper_figs.layout import draw_all, finish, handles, run
from paper_figs.tables import Point, Row, Series, curve, point, select

UNABLE = {"log_bilinear": "log-bilinear twice\n(cannot fit)"}
QUANTITIES = {
    "r2": (style.BLUE, "o", "f whitened: all directions alike", 0.2),
    "r2_logits": (style.ORANGE, "s", "logits weighed by p(y)", -0.2),
}
STAGES = ("300", "100", "30", "10", "3", "1", "tenth", "hundredth", "end")
MADE = {
    "noisy": (style.BLACK, "-", "made: equal noise on all directions"),
    "scrambled": (style.PURPLE, (0, (6, 2)), "made: smallest directions scrambled"),
}
DISTANCES = {
    "kl": "KL, nats (mean of both ways)",
    "logit": "logit distance, nats",
    "llv": "d_LLV: log-ratios scaled",
}
PAIR_PRINT = (
    "Means over worlds with 95 % t intervals; the lower of both ways of mapping, contexts held "
    "out. Line: the perfect predictor with itself under a random invertible map. Nulls stand in "
    "the row of what they are a null of; two untrained log-bilinear predictors have R² 1. A hollow "
    "marker is missing where some world did not come that far."
)
FAR_PRINT = (
    "Geometric means over worlds with 95 % t intervals, a marker a pair of architectures and a "
    "stage. From right to left: excess loss ≤ .3, .1, .03, .01, .003, .001, 10⁻⁴, 10⁻⁵ of I(x; y), "
    "where every world came that far, and the end of training. Lines: pairs made from the perfect "
    "predictor, nothing trained. ρ: rank correlation over the pairs of networks within a world, "
    "mean over worlds, of all stages and of the end alone."
)


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    return draw_all(
        table,
        {
            "agreement_pairs": _pairs,
            "agreement_directions": directions,
            "agreement_distances": _distances,
        },
    )


def _pairs(rows: list[Row]) -> Figure:
    counts = token_counts(rows)
    figure = Figure(figsize=(7.2, 7.0))
    grid = figure.subplots(1, len(counts), sharey=True, squeeze=False)[0]
    for axes, count in zip(grid, counts, strict=True):
        _strip(axes, select(rows, num_tokens=count))
        axes.set_title(f"{count} tokens: f has {int(count) - 1} directions")
        axes.set_xlabel("R² of the best affine map")
    return finish(figure, PAIR_PRINT, legend=handles(list(grid)) | _hollow(), ncols=3)


def _hollow() -> dict[str, Line2D]:
    look: dict[str, Any] = {"color": style.BLACK, "linestyle": "none", "markerfacecolor": "white"}
    return {"hollow: first excess ≤ .01 I(x; y)": Line2D([], [], marker="o", markersize=4, **look)}


def _strip(axes: Axes, rows: list[Row]) -> None:
    """One row a pair type, one line of markers in it a quantity."""
    names = {**WITHIN, **ACROSS, **ORACLE, **UNABLE}
    style.level(axes, Point(1, 1, 1), style.BLACK, "perfect predictor", across=True)
    for quantity, (colour, marker, label, shift) in QUANTITIES.items():
        for stage in (THRESHOLD, END):
            found = [point(rows, quantity, pair, "held_out", stage) for pair in names]
            style.trained(
                axes,
                _column(found, shift),
                colour,
                label if stage == END else "",
                hollow=stage == THRESHOLD,
                marker=marker,
                joined=False,
                across=True,
            )
        for null, name in NULLS.items():
            for place, pair in enumerate(names):
                values = _nulls(rows, pair, null, quantity)
                shown = curve((shift - place, *value) for value in values)
                label = f"null: {name}" if (quantity, place) == ("r2", 0) else ""
                style.null_at(axes, shown, style.DASHES[null], label, half=0.19, across=True)
    axes.set_yticks([-place for place in range(len(names))], list(names.values()))
    axes.set_ylim(0.6 - len(names), 0.6)
    axes.set_xlim(-0.15, 1.05)
    axes.grid(False, axis="y")


def _column(found: Sequence[Point | None], shift: float) -> Series:
    """One value a row, from the top down."""
    return curve((shift - place, *value) for place, value in enumerate(found) if value)


def _nulls(rows: list[Row], pair: str, null: str, quantity: str) -> list[Point]:
    """A null of the pair, one for every architecture in it where it is not of the pair itself."""
    if null == "untrained":
        found = [point(rows, quantity, pair, "held_out", START)]
    else:
        found = [point(rows, quantity, part, null) for part in pair.split("+")]
    return [value for value in found if value is not None]


def _distances(rows: list[Row]) -> Figure:
    counts = token_counts(rows)
    figure = Figure(figsize=(7.2, 2.0 + 2.3 * len(counts)))
    grid = figure.subplots(len(counts), len(DISTANCES), sharex="col", sharey="row", squeeze=False)
    for line, count in zip(grid, counts, strict=True):
        chosen = select(rows, num_tokens=count)
        for axes, distance in zip(line, DISTANCES, strict=True):
            _scatter(axes, chosen, distance)
            axes.set_title(f"{count} tokens" if axes is line[0] else "")
        line[0].set_ylabel("1 − R² of the whitened f")
    for axes, label in zip(grid[-1], DISTANCES.values(), strict=True):
        axes.set_xlabel(label)
    return finish(figure, FAR_PRINT, legend=handles(list(grid.flat)), ncols=2)


def _scatter(axes: Axes, rows: list[Row], distance: str) -> None:
    """1 − R² against one distance: markers for pairs of networks, lines for pairs that are made."""
    for (pairs, colour, label), marker in zip(KINDS, MARKERS, strict=True):
        points = [found for pair in pairs for found in _placed(rows, distance, pair, STAGES)]
        _cloud(axes, points, colour, marker, label)
    for source, (colour, dashes, label) in MADE.items():
        stages = sorted({r["concept"] for r in rows if r["source"] == source}, key=int)
        points = _placed(rows, distance, source, stages)
        made = curve((across.mean, *up) for across, up in points)
        style.line(axes, made, colour, label, dashes)
    _scatter_nulls(axes, rows, distance)
    _ranks(axes, rows, distance)
    axes.set_xscale("log")
    axes.set_yscale("log")


def _ranks(axes: Axes, rows: list[Row], distance: str) -> None:
    found = {
        name: point(rows, f"rank_{distance}", "pairs", estimate)
        for estimate, name in {"course": "all", "end": "end"}.items()
    }
    told = []
    for name, rank in found.items():
        if rank is not None:
            limits = f"\n[{rank.low:.2f}, {rank.high:.2f}]" if rank.low < rank.high else ""
            told.append(f"ρ {name} {rank.mean:.2f}{limits}".replace("-", "−"))
    place: dict[str, Any] = {"ha": "right", "va": "bottom", "transform": axes.transAxes}
    axes.text(0.98, 0.03, "\n".join(told), fontsize=7, color=style.INK, **place)


def _scatter_nulls(axes: Axes, rows: list[Row], distance: str) -> None:
    """Untrained pairs as thin grey crosses of their intervals, permuted rows as a dashed line."""
    untrained = [
        point for pair in (*WITHIN, *ACROSS) for point in _placed(rows, distance, pair, (START,))
    ]
    _cloud(axes, untrained, style.GREY, "+", "null: untrained pairs")
    values = [value for pair in WITHIN for value in _nulls(rows, pair, "permuted", "r2")]
    for value in values:
        axes.axhline(
            1 - value.mean,
            color=style.GREY,
            linestyle=style.DASHES["permuted"],
            linewidth=0.8,
            label="null: rows permuted",
            zorder=0,
        )


def _placed(
    rows: list[Row], distance: str, source: str, stages: Sequence[str]
) -> list[tuple[Point, Point]]:
    """The distance and 1 − R² at the stages that have both, geometric means."""
    found = []
    for stage in stages:
        across = point(rows, f"log10_{distance}", source, "population", stage)
        up = point(rows, "log10_missed", source, "held_out", stage)
        if across is not None and up is not None:
            found.append((_power(across), _power(up)))
    return found


def _power(value: Point) -> Point:
    return Point(*(10**exponent for exponent in value))


def _cloud(
    axes: Axes, points: list[tuple[Point, Point]], colour: str, marker: str, label: str
) -> None:
    """Markers with bars both ways."""
    across, up = ([point[side] for point in points] for side in (0, 1))
    axes.errorbar(
        [value.mean for value in across],
        [value.mean for value in up],
        xerr=_bars(across),
        yerr=_bars(up),
        color=colour,
        marker=marker,
        markersize=3.5,
        linestyle="none",
        elinewidth=0.6,
        label=label,
        zorder=1.5 if colour == style.GREY else 3,
    )


def _bars(values: Sequence[Point]) -> list[list[float]]:
    """How far the intervals reach below and above their means."""
    return [[v.mean - v.low for v in values], [v.high - v.mean for v in values]]


if __name__ == "__main__":
    run(draw)
