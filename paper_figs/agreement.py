"""The figures of agreement: what two networks share, and what foretells it."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from paper_figs import style
from paper_figs.agreement_directions import directions
from paper_figs.agreement_points import (
    ACROSS,
    END,
    KINDS,
    NULLS,
    ORACLE,
    START,
    THRESHOLD,
    WITHIN,
    Point,
    point,
    token_counts,
)
from paper_figs.tables import Row, read_rows, select, stamp

UNABLE = {"log_bilinear": "log-bilinear twice\n(not trained: cannot fit)"}
QUANTITIES = {
    "r2": (style.BLUE, "f whitened: all directions alike", 0.16),
    "r2_logits": (style.ORANGE, "logits weighed by p(y)", -0.16),
}
STAGES = ("300", "100", "30", "10", "3", "1", "end")
MADE = {
    "noisy": (style.BLACK, "-", "made: equal noise on all directions"),
    "scrambled": (style.PURPLE, "-", "made: smallest directions scrambled"),
}
DISTANCES = {
    "kl": "KL, nats (mean of both ways)",
    "logit": "logit distance, nats",
    "llv": "d_LLV",
}
PAIR_PRINT = (
    "Means over worlds with 95 % t intervals; the lower of both directions, contexts held out. "
    "Grey: nulls, each beside what it is a null of.\n"
    "The line is the exact predictor with itself under a random invertible map. A hollow dot is "
    "missing where some world did not come that far."
)
FAR_PRINT = (
    "Geometric means over worlds with 95 % t intervals; from right to left excess loss ≤ .3, .1, "
    ".03, .01, .003, .001 of I(x; y)\n(where every world came that far) and the end of training. "
    "Circles, squares, triangles: MLP, GRU, transformer; of two\narchitectures MLP with GRU, MLP "
    "with transformer, GRU with transformer. Lines: made from the exact predictor, nothing\n"
    "trained. ρ: rank correlation over the pairs of two networks within a world, mean over worlds, "
    "of all stages and of the\nend alone."
)


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    rows = read_rows(table)
    with matplotlib.rc_context(style.SETTINGS):
        figures = {
            "agreement_pairs": _pairs(rows),
            "agreement_directions": directions(rows),
            "agreement_distances": _distances(rows),
        }
        for figure in figures.values():
            style.stamp_smoke(figure, stamp(rows))
    return figures


def _pairs(rows: list[Row]) -> Figure:
    counts = token_counts(rows)
    figure = Figure(figsize=(4.4 + 3.3 * len(counts), 5.8))
    grid = figure.subplots(1, len(counts), sharey=True, squeeze=False)[0]
    for axes, count in zip(grid, counts, strict=True):
        chosen = select(rows, num_tokens=count)
        _strip(axes, chosen)
        axes.set_title(f"{count} tokens: f has {int(count) - 1} directions")
        axes.set_xlabel("R² of the best affine map")
    dot: dict[str, Any] = {"marker": "o", "markersize": 4, "linestyle": "none"}
    looks: dict[str, dict[str, Any]] = {
        **{label: {**dot, "color": colour} for colour, label, _ in QUANTITIES.values()},
        "end of training": {**dot, "color": style.BLACK},
        "first excess ≤ .01 I(x; y)": {**dot, "color": style.BLACK, "markerfacecolor": "white"},
        "oracle": {"color": style.BLACK},
    }
    for null, dashes in NULLS.items():
        looks[f"null: {null.replace('_', ' ')}"] = {"color": style.GREY, "linestyle": dashes}
    handles = [Line2D([], [], label=label, **look) for label, look in looks.items()]
    figure.tight_layout(rect=(0, 0.15, 1, 0.98))
    figure.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 0.055), ncols=4)
    style.note(figure, PAIR_PRINT)
    return figure


def _strip(axes: Axes, rows: list[Row]) -> None:
    """One line of dots a pair type."""
    names = {**WITHIN, **ACROSS, **ORACLE, **UNABLE}
    axes.axvline(1, color=style.BLACK, linewidth=1.2)
    for place, pair in enumerate(names):
        for quantity, (colour, _, shift) in QUANTITIES.items():
            for stage, face in ((THRESHOLD, "white"), (END, colour)):
                found = point(rows, quantity, pair, "held_out", stage)
                if found is not None:
                    _dot(axes, found, -place + shift, colour, face)
            for null, dashes in NULLS.items():
                for value in _nulls(rows, pair, null, quantity):
                    ends = [-place + 0.1 * shift, -place + 2.4 * shift]
                    axes.plot([value] * 2, ends, color=style.GREY, linestyle=dashes, linewidth=1.2)
    axes.set_yticks([-place for place in range(len(names))], list(names.values()))
    axes.set_xlim(-0.15, 1.05)


def _dot(axes: Axes, found: Point, height: float, colour: str, face: str) -> None:
    mean, low, high = found
    axes.errorbar(
        [mean],
        [height],
        xerr=[[mean - low], [high - mean]],
        color=colour,
        marker="o",
        markersize=4,
        markerfacecolor=face,
        capsize=2,
        linewidth=0.8,
        zorder=3,
    )


def _nulls(rows: list[Row], pair: str, null: str, quantity: str = "r2") -> list[float]:
    """A null's mean for every architecture of the pair."""
    if null == "untrained":
        found = [point(rows, quantity, pair, "held_out", START)]
    else:
        found = [point(rows, quantity, part, null, "") for part in pair.split("+")]
    return [point[0] for point in found if point is not None]


def _distances(rows: list[Row]) -> Figure:
    counts = token_counts(rows)
    figure = Figure(figsize=(8.6, 1.7 + 2.2 * len(counts)))
    grid = figure.subplots(len(counts), len(DISTANCES), sharex="col", sharey="row", squeeze=False)
    for line, count in zip(grid, counts, strict=True):
        chosen = select(rows, num_tokens=count)
        for axes, distance in zip(line, DISTANCES, strict=True):
            _scatter(axes, chosen, distance)
            axes.set_title(f"{count} tokens" if axes is line[0] else "")
        line[0].set_ylabel("1 − R² of the whitened f")
    for axes, label in zip(grid[-1], DISTANCES.values(), strict=True):
        axes.set_xlabel(label)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.tight_layout(rect=(0, 1.25 / figure.get_figheight(), 1, 0.98))
    figure.legend(
        handles,
        labels,
        loc="lower center",
        bbox_to_anchor=(0.5, 0.68 / figure.get_figheight()),
        ncols=3,
    )
    style.note(figure, FAR_PRINT)
    return figure


def _scatter(axes: Axes, rows: list[Row], distance: str) -> None:
    """1 − R² against one distance: dots for pairs of networks, lines for pairs that are made."""
    for pairs, colour, label in KINDS:
        for pair, marker in zip(pairs, ("o", "s", "^"), strict=True):
            points = _placed(rows, distance, pair, STAGES)
            _cloud(axes, points, colour, marker, label if marker == "o" else "")
    for source, (colour, dashes, label) in MADE.items():
        stages = sorted({r["concept"] for r in rows if r["source"] == source}, key=int)
        points = _placed(rows, distance, source, stages)
        axes.plot(
            [10 ** x[0] for x, _ in points],
            [10 ** y[0] for _, y in points],
            color=colour,
            linestyle=dashes,
            label=label,
            linewidth=1.4,
            zorder=1,
        )
    _scatter_nulls(axes, rows, distance)
    ranks = {
        name: point(rows, f"rank_{distance}", "pairs", estimate, "")
        for estimate, name in {"course": "all", "end": "end"}.items()
    }
    told = [f"ρ {name} {rank[0]:.2f}" for name, rank in ranks.items() if rank is not None]
    place = {"ha": "right", "va": "bottom", "transform": axes.transAxes}
    axes.text(0.97, 0.06, "\n".join(told), fontsize=8, **place)
    axes.set_xscale("log")
    axes.set_yscale("log")


def _scatter_nulls(axes: Axes, rows: list[Row], distance: str) -> None:
    """Untrained pairs as grey crosses, and what permuted rows miss as a grey dashed line."""
    untrained = [
        point for pair in (*WITHIN, *ACROSS) for point in _placed(rows, distance, pair, (START,))
    ]
    axes.plot(
        [10 ** x[0] for x, _ in untrained],
        [10 ** y[0] for _, y in untrained],
        color=style.GREY,
        marker="x",
        markersize=4,
        linestyle="none",
        label="null: untrained pairs",
        zorder=1,
    )
    permuted = [value for pair in WITHIN for value in _nulls(rows, pair, "permuted")]
    if permuted:
        axes.axhline(
            1 - sum(permuted) / len(permuted),
            color=style.GREY,
            linestyle="--",
            linewidth=0.8,
            label="null: rows permuted",
            zorder=0,
        )


def _placed(
    rows: list[Row], distance: str, source: str, stages: Sequence[str]
) -> list[tuple[Point, Point]]:
    """log10 of the distance and of 1 − R² at the stages that have both."""
    found = []
    for stage in stages:
        across = point(rows, f"log10_{distance}", source, "population", stage)
        up = point(rows, "log10_missed", source, "held_out", stage)
        if across is not None and up is not None:
            found.append((across, up))
    return found


def _cloud(
    axes: Axes, points: list[tuple[Point, Point]], colour: str, marker: str, label: str
) -> None:
    """Dots with bars both ways, of means of log10."""
    sides = [[point[side] for point in points] for side in (0, 1)]
    means = [[10**mean for mean, _, _ in side] for side in sides]
    bars = [
        [
            [10**mean - 10**low for mean, low, _ in side],
            [10**high - 10**mean for mean, _, high in side],
        ]
        for side in sides
    ]
    axes.errorbar(
        *means,
        xerr=bars[0],
        yerr=bars[1],
        color=colour,
        marker=marker,
        markersize=3.5,
        linestyle="none",
        elinewidth=0.6,
        label=label or None,
        zorder=2,
    )


if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    for name, picture in draw(source).items():
        picture.savefig(target / f"{name}.pdf")
