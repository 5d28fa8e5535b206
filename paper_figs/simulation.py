"""The figures of the simulation: size of the context, token noise, concept graph, no noise."""

import sys
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from paper_figs import style
from paper_figs.tables import Row, Series, missed, read_rows, select, series, stamp

SIZE, NOISE, PLACE = "num_context_bits", "replace_rate", "place"
SIZE_LABEL = "size of the context x, in bits"
TITLES = {2: "y = 2 of 4 digits: it does not pin c", 4: "y = 4 of 4 digits: it pins c"}
FLOOR = 1e-5  # where the axis of 1 − S ends
TRAINED_LIMIT = 0.01  # excess loss as a share of I(x; y)
NULLS = {"raw_input": (0, (7, 1.5, 1, 1.5, 1, 1.5)), "untrained": "--", "permuted": "-."}
NULL_MARKERS = {"raw_input": "x", "untrained": "+", "permuted": "1"}
NULL_NAMES = {
    "raw_input": "raw input",
    "untrained": "untrained network",
    "permuted": "rows permuted",
}
LAWS = {
    "log_posterior": (style.BLUE, "log p(c∣x)"),
    "belief": (style.ORANGE, "p(c∣x)"),
    "rho": (style.GREEN, "log(p(c∣x) + ρ)"),
}
SMALL_PRINT = (
    "Filled: held out by distinct context. Hollow circles, dotted curves: too few contexts to hold "
    "any out, scored on the population; no evidence.\nLines: exact or oracle. Markers: trained; "
    "diamonds: excess loss of some seed above .01 of I(x; y), not counted. Grey: nulls.\n"
    "Bands, bars: 95 % t intervals over worlds. Curves on the lower edge of 1 − S: 1e-5 or below."
)


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    rows = read_rows(table)
    with matplotlib.rc_context(style.SETTINGS):
        figures = {
            "simulation_size": _size(select(rows, panel="size")),
            "simulation_noise": _noise(select(rows, panel="noise")),
            "simulation_graph": _graph(select(rows, panel="graph")),
            "simulation_noiseless": _noiseless(select(rows, panel="noiseless")),
        }
        for figure in figures.values():
            style.stamp_smoke(figure, stamp(rows))
    return figures


def _size(rows: list[Row]) -> Figure:
    tokens = _tokens(rows)
    figure = Figure(figsize=(9.6, 9.6))
    grid = figure.subplots(3, len(tokens), sharex=True, sharey="row", squeeze=False)
    for column, token in enumerate(tokens):
        chosen = select(rows, num_token_bits=token)
        accuracy, law, gap = grid[:, column]
        accuracy.set_title(TITLES[token])
        _accuracy(accuracy, chosen, SIZE, "oracle")
        _laws(law, chosen, SIZE, list(LAWS))
        _gaps(gap, chosen)
        gap.set_xlabel(SIZE_LABEL)
    return _finish(figure, grid)


def _noise(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(9.6, 4.4))
    grid = figure.subplots(1, 2, squeeze=False)
    accuracy, law = grid[0]
    accuracy.set_title("how often a probe names a concept")
    law.set_title("what the law misses")
    _accuracy(accuracy, rows, NOISE, "oracle")
    _laws(law, rows, NOISE, list(LAWS))
    for axes in (accuracy, law):
        axes.set_xscale("log")
        axes.set_xlabel("noise η of the token")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
    return _finish(figure, grid, legends=False)


def _noiseless(rows: list[Row]) -> Figure:
    tokens = _tokens(rows)
    figure = Figure(figsize=(9.6, 6.8))
    grid = figure.subplots(2, len(tokens), sharex=True, sharey="row", squeeze=False)
    for column, token in enumerate(tokens):
        chosen = select(rows, num_token_bits=token)
        accuracy, law = grid[:, column]
        accuracy.set_title(TITLES[token])
        _accuracy(accuracy, chosen, SIZE, "belief")
        _laws(law, chosen, SIZE, ["belief", "rho"])
        law.set_xlabel(SIZE_LABEL)
    return _finish(figure, grid)


def _graph(rows: list[Row]) -> Figure:
    names = sorted({(int(r["num_concepts"]), int(r["edges_per_concept"])) for r in rows})
    figure = Figure(figsize=(9.6, 4.4))
    grid = figure.subplots(1, 1, squeeze=False)
    axes = grid[0, 0]
    axes.set_title("y = m of m digits: it pins c")
    placed: list[Row] = []
    for place, (concepts, edges) in enumerate(names):
        chosen = select(rows, num_concepts=concepts, edges_per_concept=edges)
        placed += [{**row, PLACE: str(place)} for row in chosen]
    _levels(axes, placed)
    axes.set_xticks(range(len(names)), [f"m={m}\nER{k}" for m, k in names])
    axes.set_xlabel("number of concepts and concept graph")
    return _finish(figure, grid)


def _accuracy(axes: Axes, rows: list[Row], axis: str, oracle: str) -> None:
    """Accuracy of the linear readers along an axis, beside Bayes and the nulls."""
    style.line(
        axes, series(rows, axis, "accuracy.bayes.population"), style.BLACK, "Bayes accuracy (exact)"
    )
    held, whole = _both(rows, axis, f"accuracy.{oracle}")
    reader = {"oracle": "oracle: probe of a perfect predictor", "belief": "probe of exact p(c∣x)"}
    style.line(axes, held, style.GREEN, reader[oracle])
    best = series(rows, axis, f"accuracy.{oracle}.best")
    whose = {"oracle": "oracle: best linear reader found", "belief": "best linear reader of p(c∣x)"}
    style.line(axes, best, style.PURPLE, whose[oracle], (0, (5, 1)))
    style.line(axes, whole, style.GREEN, "", (0, (1, 1)))
    _trained(axes, rows, axis, "accuracy.trained", style.BLUE, "trained: probe of the network")
    for source, dashes in NULLS.items():
        data = series(rows, axis, f"accuracy.{source}.held_out")
        style.null(axes, data, dashes, f"null: {NULL_NAMES[source]}")
    majority = series(rows, axis, "accuracy.majority.population")
    style.null(axes, majority, (0, (6, 3)), "null: majority")
    axes.set_ylabel("accuracy, mean over concepts")


def _levels(axes: Axes, rows: list[Row]) -> None:
    """The same at places that no line should join."""
    held, whole = _both(rows, PLACE, "accuracy.oracle")
    bayes = series(rows, PLACE, "accuracy.bayes.population")
    best = series(rows, PLACE, "accuracy.oracle.best")
    for data, colour, label, dashes in (
        (bayes, style.BLACK, "Bayes accuracy (exact)", "-"),
        (held, style.GREEN, "oracle: probe of a perfect predictor", "-"),
        (best, style.PURPLE, "oracle: best linear reader found", "-"),
        (whole, style.GREEN, "", ":"),
    ):
        left, right = ([p + shift for p in data.position] for shift in (-0.35, 0.35))
        axes.hlines(data.mean, left, right, color=colour, label=label, linestyle=dashes)
        for place, low, high in zip(data.position, data.low, data.high, strict=True):
            axes.fill_between(
                [place - 0.35, place + 0.35], low, high, color=colour, alpha=0.15, linewidth=0
            )
    _trained(
        axes, rows, PLACE, "accuracy.trained", style.BLUE, "trained: probe of the network", False
    )
    for source, marker in NULL_MARKERS.items():
        data = series(rows, PLACE, f"accuracy.{source}.held_out")
        label = f"null: {NULL_NAMES[source]}"
        axes.plot(data.position, data.mean, marker, color=style.GREY, label=label)
    majority = series(rows, PLACE, "accuracy.majority.population")
    axes.plot(majority.position, majority.mean, "_", color=style.GREY, label="null: majority")
    axes.set_ylabel("accuracy, mean over concepts")


def _laws(axes: Axes, rows: list[Row], axis: str, laws: list[str]) -> None:
    """1 − S of the competing laws, oracle and trained, with their nulls."""
    for law in laws:
        colour, label = LAWS[law]
        held, whole = _both(rows, axis, f"score_{law}.oracle")
        style.line(axes, missed(held, FLOOR), colour, f"{label}, oracle")
        style.line(axes, missed(whole, FLOOR), colour, "", (0, (1, 1)))
        _trained(axes, rows, axis, f"score_{law}.trained", colour, f"{label}, trained")
    nulls = {
        "score_raw_input.oracle": ((0, (7, 1.5, 1, 1.5, 1, 1.5)), "raw input"),
        "score_permuted.oracle": ("-.", "rows permuted"),
        f"score_{laws[0]}.untrained": ("--", f"{LAWS[laws[0]][1]}, untrained"),
    }
    for metric, (dashes, label) in nulls.items():
        data = series(rows, axis, f"{metric}.held_out")
        style.null(axes, missed(data, FLOOR), dashes, f"null: {label}")
    for limit, text, side in ((0.01, "holds below", "top"), (0.05, "fails above", "bottom")):
        axes.axhline(limit, color=style.GREY, linewidth=0.8, zorder=0)
        place = axes.get_yaxis_transform()
        axes.text(0.01, limit, text, transform=place, fontsize=7, color=style.GREY, va=side)
    axes.set_yscale("log")
    axes.set_ylim(FLOOR, 3)
    axes.set_ylabel("1 − S, share that the law misses")


def _gaps(axes: Axes, rows: list[Row]) -> None:
    """ε of the world and the trained predictor's excess loss, on one logarithmic axis."""
    style.line(axes, series(rows, SIZE, "context_epsilon.exact"), style.PURPLE, "ε through x alone")
    both = series(rows, SIZE, "epsilon.exact")
    style.line(axes, both, style.BLACK, "ε through x and y")
    excess = series(rows, SIZE, "excess_share.trained")
    style.trained(axes, excess, style.BLUE, "trained: excess loss / I(x; y)")
    axes.axhline(TRAINED_LIMIT, color=style.BLUE, linewidth=0.6, linestyle=":")
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
) -> None:
    """A trained curve; diamonds where the excess loss of some seed is too large to count."""
    counted = series(rows, axis, "counted.trained")
    pairs = zip(counted.position, counted.mean, strict=True)
    late = [position for position, share in pairs if share < 1]
    held, whole = _both(rows, axis, metric)
    for data, hollow in ((held, False), (whole, True)):
        shown = missed(data, FLOOR) if metric.startswith("score_") else data
        slow, quick = style.split(shown, late)
        style.trained(axes, slow, colour, "", hollow=True, marker="D")
        named = "" if hollow else label
        style.trained(axes, quick, colour, named, hollow, "o" if joined else "s")


def _both(rows: list[Row], axis: str, metric: str) -> tuple[Series, Series]:
    """The held-out curve, and the population's where nothing could be held out."""
    held = series(rows, axis, f"{metric}.held_out")
    return held, style.split(series(rows, axis, f"{metric}.population"), held.position)[1]


def _tokens(rows: list[Row]) -> list[int]:
    return sorted({int(row["num_token_bits"]) for row in rows})


def _finish(figure: Figure, grid: np.ndarray, legends: bool = True) -> Figure:
    for row in grid:
        if legends:
            row[-1].legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
        for axes in row[1:]:
            if axes.get_shared_y_axes().joined(axes, row[0]):
                axes.set_ylabel("")
        for axes in row:
            if axes.get_xlabel() == SIZE_LABEL:
                axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.tight_layout(rect=(0, 0.09 if len(grid) == 1 else 0.06, 1, 0.97))
    style.note(figure, SMALL_PRINT)
    return figure


if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    for name, picture in draw(source).items():
        picture.savefig(target / f"{name}.pdf")
