"""The figures of the simulation: size of the context, concept graph, and the noiseless case."""

import sys
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from paper_figs import style
from paper_figs.tables import Row, Series, read_rows, select, series, stamp

TOKEN_TITLES = {
    2: "y = 2 of 4 digits: the token does not pin c",
    4: "y = 4 of 4 digits: the token pins c",
}
SIZE = "num_context_bits"
SIZE_LABEL = "size of the context x, in bits"
SMALL_PRINT = (
    "Filled: held out by distinct context. Hollow: too few contexts to hold any out (fewer than "
    "5 per regressor), scored on the population.\nLines: exact or oracle, 20 worlds. Markers: "
    "trained. Grey: nulls. Bands and bars: 95 % t intervals over worlds."
)


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    rows = read_rows(table)
    with matplotlib.rc_context(style.SETTINGS):
        figures = {
            "simulation_size": _size(select(rows, panel="size")),
            "simulation_graph": _graph(select(rows, panel="graph")),
            "simulation_noiseless": _noiseless(select(rows, panel="noiseless")),
        }
        for figure in figures.values():
            style.stamp_smoke(figure, stamp(rows))
    return figures


def _size(rows: list[Row]) -> Figure:
    tokens = _tokens(rows)
    figure = Figure(figsize=(9.6, 9.4))
    grid = figure.subplots(3, len(tokens), sharex=True, sharey="row", squeeze=False)
    for column, token in enumerate(tokens):
        chosen = select(rows, num_token_bits=token)
        accuracy, score, gap = grid[:, column]
        accuracy.set_title(TOKEN_TITLES.get(token, f"{token} token bits"))
        _accuracy(accuracy, chosen, "oracle")
        _laws(score, chosen, ["log_posterior", "belief", "offset"])
        _gaps(gap, chosen)
        gap.set_xlabel(SIZE_LABEL)
    _finish(figure, grid)
    return figure


def _noiseless(rows: list[Row]) -> Figure:
    tokens = _tokens(rows)
    figure = Figure(figsize=(9.6, 6.8))
    grid = figure.subplots(2, len(tokens), sharex=True, sharey="row", squeeze=False)
    for column, token in enumerate(tokens):
        chosen = select(rows, num_token_bits=token)
        accuracy, score = grid[:, column]
        accuracy.set_title(TOKEN_TITLES.get(token, f"{token} token bits"))
        _accuracy(accuracy, chosen, "belief")
        _laws(score, chosen, ["belief", "offset"])
        score.set_xlabel(SIZE_LABEL)
    _finish(figure, grid)
    return figure


def _graph(rows: list[Row]) -> Figure:
    names = sorted({(int(r["num_concepts"]), int(r["edges_per_concept"])) for r in rows})
    figure = Figure(figsize=(9.6, 4.9))
    grid = figure.subplots(1, 2, sharey=True, squeeze=False)
    for axes, pinned in zip(grid[0], (False, True), strict=True):
        axes.set_title(
            "y = all m digits: the token pins c" if pinned else "y = m/2 digits: it does not"
        )
        found: list[Row] = []
        for place, (concepts, edges) in enumerate(names):
            token = concepts if pinned else concepts // 2
            setting = {"num_concepts": concepts, "edges_per_concept": edges}
            chosen = select(rows, num_token_bits=token, **setting)
            found += [{**row, "place": str(place)} for row in chosen]
        _accuracy(axes, found, "oracle", "place", joined=False)
        axes.set_xticks(range(len(names)), [f"m={m}\nER{k}" for m, k in names])
        axes.set_xlabel("number of concepts and concept graph")
    _finish(figure, grid)
    return figure


def _accuracy(
    axes: Axes, rows: list[Row], oracle: str, axis: str = SIZE, joined: bool = True
) -> None:
    """Accuracy of the linear readers beside Bayes and the nulls."""
    reader = "oracle" if oracle == "oracle" else "exact p(c∣x)"
    held, whole = _both(rows, axis, f"accuracy.{oracle}")
    dashes = "-" if joined else "none"
    bayes = series(rows, axis, "accuracy.bayes.population")
    majority = series(rows, axis, "accuracy.majority.population")
    if joined:
        style.line(axes, bayes, style.BLACK, "Bayes accuracy (exact)")
        style.line(axes, held, style.GREEN, f"best linear reader of the {reader}")
        style.line(axes, whole, style.GREEN, "", (0, (1, 1)))
    else:
        _levels(axes, bayes, style.BLACK, "Bayes accuracy (exact)")
        _levels(axes, held, style.GREEN, f"best linear reader of the {reader}")
    held, whole = _both(rows, axis, "accuracy.trained")
    style.trained(axes, held if joined else _shift(held), style.BLUE, "linear reader, trained")
    if joined:
        style.trained(axes, whole, style.BLUE, "", hollow=True)
        nulls = {"raw_input": ":", "untrained": "--", "permuted": "-."}
        for source, dashes in nulls.items():
            label = {"raw_input": "raw input", "untrained": "untrained network"}.get(
                source, "rows permuted"
            )
            style.null(axes, series(rows, axis, f"accuracy.{source}.held_out"), dashes, label)
        style.null(axes, majority, (0, (6, 3)), "majority")
    else:
        for source, marker in {"raw_input": "x", "untrained": "+", "permuted": "1"}.items():
            data = series(rows, axis, f"accuracy.{source}.held_out")
            label = {"raw_input": "raw input", "untrained": "untrained network"}.get(
                source, "rows permuted"
            )
            axes.plot(data.position, data.mean, marker, color=style.GREY, label=label)
        axes.plot(majority.position, majority.mean, "_", color=style.GREY, label="majority")
    axes.set_ylabel("accuracy per concept")


def _laws(axes: Axes, rows: list[Row], laws: list[str]) -> None:
    """S of the competing laws, oracle and trained, with their nulls."""
    looks = {
        "log_posterior": (style.BLUE, "log p(c∣x)"),
        "belief": (style.ORANGE, "p(c∣x)"),
        "offset": (style.GREEN, "log(p(c∣x) + ρ)"),
    }
    for law in laws:
        colour, label = looks[law]
        held, whole = _both(rows, SIZE, f"score_{law}.oracle")
        style.line(axes, held, colour, f"{label}, oracle")
        style.line(axes, whole, colour, "", (0, (1, 1)))
        held, whole = _both(rows, SIZE, f"score_{law}.trained")
        style.trained(axes, held, colour, f"{label}, trained")
        style.trained(axes, whole, colour, "", hollow=True)
    for law, dashes, label in (
        ("raw_input", ":", "raw input"),
        ("permuted", "-.", "rows permuted"),
    ):
        style.null(axes, series(rows, SIZE, f"score_{law}.oracle.held_out"), dashes, label)
    axes.set_ylabel("S, share of I(x; y) explained by the law")
    axes.set_ylim(-0.3, 1.05)


def _gaps(axes: Axes, rows: list[Row]) -> None:
    """ε of the world and the trained predictor's excess loss, on one logarithmic axis."""
    style.line(axes, series(rows, SIZE, "context_epsilon.exact"), style.PURPLE, "ε through x alone")
    both = series(rows, SIZE, "epsilon.exact")
    style.line(axes, both, style.BLACK, "ε through x and y")
    style.trained(
        axes, series(rows, SIZE, "excess_share.trained"), style.BLUE, "excess loss / I(x; y)"
    )
    axes.axhline(0.01, color=style.BLUE, linewidth=0.6, linestyle=":")
    axes.set_yscale("log")
    axes.set_ylabel("ε, and excess loss (share)")


def _both(rows: list[Row], axis: str, metric: str) -> tuple[Series, Series]:
    """The held-out curve, and the population's where nothing could be held out."""
    held = series(rows, axis, f"{metric}.held_out")
    return held, style.without(series(rows, axis, f"{metric}.population"), held.position)


def _levels(axes: Axes, data: Series, colour: str, label: str) -> None:
    axes.hlines(
        data.mean,
        [p - 0.35 for p in data.position],
        [p + 0.35 for p in data.position],
        color=colour,
        label=label,
    )


def _shift(data: Series) -> Series:
    return data._replace(position=[p + 0.12 for p in data.position])


def _tokens(rows: list[Row]) -> list[int]:
    return sorted({int(row["num_token_bits"]) for row in rows})


def _finish(figure: Figure, grid: np.ndarray) -> None:
    for row in grid:
        row[-1].legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
        for axes in row:
            if axes.get_xlabel() == SIZE_LABEL:
                axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.tight_layout(rect=(0, 0.05, 1, 0.98))
    style.note(figure, SMALL_PRINT)


if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    for name, picture in draw(source).items():
        picture.savefig(target / f"{name}.pdf")
