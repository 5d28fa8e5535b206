"""The figures of the origins of linear directions: training, and where it ends."""

import sys
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paper_figs import style
from paper_figs.tables import Row, Series, read_rows, select, series, stamp

STEP, START = "step", "unembedding_scale"
TITLES = {
    "product": "p(c∣x) a product",
    "chain": "dependent concepts",
    "joint": "words of two concepts",
}
COLOURS = {"product": style.BLUE, "chain": style.GREEN, "joint": style.PURPLE}
OPTIMISERS = {"sgd": (style.BLUE, "gradient descent"), "adam": (style.ORANGE, "Adam")}
NULLS = {
    "permuted": ("--", "null: tokens permuted"),
    "raw_input": ((0, (1, 2)), "null: reader of the raw input"),
}
TRAINED_AT = 0.01  # the excess share at which a network counts as trained
MARKS = {"sgd": "s", "adam": "D"}
SHIFTS = {"product": 0.86, "chain": 1.0, "joint": 1.16}  # of a start, lest markers overlap
SIGNS = {"untrained": ("x", "null: untrained"), "raw_input": ("+", "null: reader of the raw input")}
TRAINING_PRINT = (
    "d = {dim}. Markers: trained networks, bars: 95 % t intervals over {seeds} seeds, each a world "
    "and an initialisation. Lines in colour without markers: exact; grey: nulls.\nThe same "
    "predictions in another gauge, f → Mf, may have other raw cosines; the gauge-free cosine, of "
    "log-odds over contexts, has one value for every perfect fit."
)
COSINES_PRINT = (
    "d = {dim}. Squares: gradient descent; hollow diamonds: Adam. Bars: 95 % t intervals over "
    "{seeds} seeds, each a world and an initialisation. Grey: nulls. Top: each\npoint is one pair, "
    "ordered by its exact value within each world and then averaged over worlds; bars are those of "
    "trained less exact; all starts are drawn.\nBottom: dashed lines are exact, bands their "
    "intervals over worlds; a reader of the raw input has one value for each kind of world."
)


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    rows = read_rows(table)
    largest = max((row["dim"] for row in rows), key=int)
    chosen = select(rows, dim=largest)
    with matplotlib.rc_context(style.SETTINGS):
        figures = {"origins_training": _training(chosen), "origins_cosines": _cosines(chosen)}
        for figure in figures.values():
            style.stamp_smoke(figure, stamp(rows))
    return figures


def _training(rows: list[Row]) -> Figure:
    families = _families(rows)
    figure = Figure(figsize=(3.5 * len(families) + 0.4, 6.2))
    grid = figure.subplots(2, len(families), sharex=True, sharey="row", squeeze=False)
    for column, family in enumerate(families):
        chosen = select(rows, family=family)
        cosines, excess = grid[:, column]
        cosines.set_title(TITLES[family])
        _exact_lines(cosines, chosen)
        for quantity, axes in (("cosine_raw", cosines), ("excess_share", excess)):
            _ways(axes, chosen, quantity)
        excess.axhline(TRAINED_AT, color=style.GREY, linewidth=1, linestyle="--")
        excess.set_xscale("log")
        excess.set_yscale("log")
        excess.set_xlabel("training step")
        cosines.set_ylim(-0.12, 1.06)
    grid[1][0].text(1, TRAINED_AT * 0.8, "counts as trained below", fontsize=7, va="top")
    grid[0][0].set_ylabel("raw cosine of unembedding\ndifferences of a concept")
    grid[1][0].set_ylabel("excess loss / I(x; y)")
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.tight_layout(rect=(0, 0.15, 1, 0.98))
    figure.legend(handles, labels, loc="lower center", ncols=4, bbox_to_anchor=(0.5, 0.065))
    style.note(figure, _filled(TRAINING_PRINT, rows))
    return figure


def _exact_lines(axes: Axes, rows: list[Row]) -> None:
    """The gauge-free cosine of p(y|x), and the raw ones of two perfect fits."""
    lines = (
        ("cosine_free.exact.population", style.BLACK, "-", "gauge-free, any perfect fit"),
        ("cosine_raw.least_norm.population", style.GREEN, (0, (6, 2)), "raw, fit of least norm"),
        ("cosine_raw.helmert.population", style.PURPLE, (0, (1, 1)), "raw, another perfect fit"),
    )
    steps = [step for step in _steps(rows) if step > 0]
    for metric, colour, dashes, label in lines:
        style.line(axes, _flat(series(rows, START, metric), steps), colour, label, dashes)
    for source, (dashes, label) in NULLS.items():
        null = _flat(series(rows, START, f"cosine_raw.{source}.population"), steps)
        _null(axes, null, dashes, label)


def _null(axes: Axes, data: Series, dashes: Any, label: str) -> None:
    """A null without its interval, where that of the trained networks would be hidden."""
    axes.plot(
        data.position, data.mean, color=style.GREY, linestyle=dashes, linewidth=1, label=label
    )


def _ways(axes: Axes, rows: list[Row], quantity: str) -> None:
    """One curve for each optimiser and for the smallest and the largest start."""
    starts = _starts(rows)
    for optimiser, (colour, label) in OPTIMISERS.items():
        for start, hollow in ((starts[0], False), (starts[-1], True)):
            chosen = select(rows, optimiser=optimiser, unembedding_scale=start)
            name = f"{label}, start × {float(start):g}"
            style.trained(axes, _way(chosen, quantity), colour, name, hollow)


def _cosines(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(9.2, 8.2))
    grid = figure.subplots(2, 2)
    for axes, quantity, title in (
        (grid[0][0], "cosine_free", "within a concept: pairs of backgrounds"),
        (grid[0][1], "across_free", "between concepts"),
    ):
        _agreement(axes, rows, quantity)
        axes.set_title(title)
        axes.set_xlabel("gauge-free cosine of p(y∣x), exact")
        axes.set_ylabel("gauge-free cosine, trained")
    for axes, quantity, label in (
        (grid[1][0], "cosine_raw", "raw cosine, within a concept"),
        (grid[1][1], "across_raw", "mean |raw cosine|, between concepts"),
    ):
        _by_start(axes, rows, quantity)
        axes.set_xlabel("starting length of the unembedding (1: usual)")
        axes.set_ylabel(label)
    for axes in (grid[0][1], grid[1][1]):
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    figure.tight_layout(rect=(0, 0.05, 1, 0.98))
    style.note(figure, _filled(COSINES_PRINT, rows))
    return figure


def _agreement(axes: Axes, rows: list[Row], quantity: str) -> None:
    """Trained against exact, pair by pair in ascending order; bars: of the difference."""
    families, starts = _families(rows), _starts(rows)
    ends = [end for family in families for end in _ends(rows, family, quantity)]
    axes.plot(
        [min(ends), max(ends)], [min(ends), max(ends)], color=style.BLACK, label="trained = exact"
    )
    for family in families:
        chosen = select(rows, family=family)
        first = select(chosen, optimiser="sgd", unembedding_scale=starts[0])
        for source, (sign, label) in SIGNS.items():
            null = _against(first, quantity, source)
            name = label if family == families[0] else ""
            axes.plot(null.position, null.mean, sign, color=style.GREY, markersize=5, label=name)
        for optimiser, marker in MARKS.items():
            for start in starts:
                found = select(chosen, optimiser=optimiser, unembedding_scale=start)
                data = _against(found, quantity, "trained")
                named = start == starts[0] and optimiser == "sgd"
                style.trained(
                    axes,
                    data,
                    COLOURS[family],
                    TITLES[family] if named else "",
                    hollow=optimiser == "adam",
                    marker=marker,
                )


def _ends(rows: list[Row], family: str, quantity: str) -> tuple[float, float]:
    """The smallest and the largest exact value of a family's pairs."""
    found = [
        float(row["mean"])
        for row in select(rows, family=family, quantity=quantity, source="exact", concept="")
        if row["estimate"].startswith("rank_") and row["mean"]
    ]
    return min(found, default=0.0), max(found, default=1.0)


def _by_start(axes: Axes, rows: list[Row], quantity: str) -> None:
    """Raw cosines at the end of training over the start, beside the fit of least norm."""
    families = _families(rows)
    for family in families:
        colour = COLOURS[family]
        chosen = select(rows, family=family)
        first = select(chosen, optimiser="sgd")
        least = series(first, START, f"{quantity}.least_norm.population")
        style.line(axes, least, colour, f"least norm, {TITLES[family]}", (0, (6, 2)))
        for optimiser, marker in MARKS.items():
            found = select(chosen, optimiser=optimiser)
            data = series(found, START, f"{quantity}.trained.population")
            shifted = data._replace(position=[SHIFTS[family] * x for x in data.position])
            style.trained(axes, shifted, colour, "", hollow=optimiser == "adam", marker=marker)
        raw = series(first, START, f"{quantity}.raw_input.population")
        name = NULLS["raw_input"][1] if family == families[0] else ""
        _null(axes, raw, NULLS["raw_input"][0], name)
    first = select(rows, family=families[0], optimiser="sgd")
    for source, dashes, label in (
        ("untrained", "-.", "null: untrained"),
        ("permuted", *NULLS["permuted"]),
    ):
        _null(axes, series(first, START, f"{quantity}.{source}.population"), dashes, label)
    for optimiser, marker in MARKS.items():
        fill = "white" if optimiser == "adam" else style.BLACK
        name = f"trained, {OPTIMISERS[optimiser][1]}"
        axes.plot([], [], marker, color=style.BLACK, markerfacecolor=fill, markersize=4, label=name)
    starts = [float(start) for start in _starts(rows)]
    axes.set_xscale("log")
    axes.set_xticks(starts, [f"{start:g}" for start in starts])
    axes.set_xticks([], minor=True)


def _way(rows: list[Row], quantity: str) -> Series:
    """The curve of a quantity over training steps, without step 0."""
    points = sorted(
        (int(row["estimate"].removeprefix("step_")), *_numbers(row))
        for row in select(rows, quantity=quantity, source="trained")
        if row["estimate"].startswith("step_") and row["mean"]
    )
    return _columns([point for point in points if point[0] > 0])


def _against(rows: list[Row], quantity: str, source: str) -> Series:
    """A source's value of every pair over the exact one; the limits are those of the difference."""
    exact, miss = (
        {
            row["estimate"]: _numbers(row)
            for row in select(rows, quantity=name, source=of)
            if row["estimate"].startswith("rank_") and row["mean"]
        }
        for name, of in ((quantity, "exact"), (f"{quantity}_miss", source))
    )
    points = [
        (exact[rank][0], *(exact[rank][0] + value for value in miss[rank]))
        for rank in exact
        if rank in miss
    ]
    return _columns(sorted(points))


def _flat(data: Series, steps: list[int]) -> Series:
    """A number that does not depend on the step, drawn from the first step to the last."""
    if not data.position:
        return data
    repeated = ([column[0]] * len(steps) for column in data[1:])
    return Series([float(step) for step in steps], *repeated)


def _columns(points: list[tuple[float, ...]]) -> Series:
    if not points:
        return Series([], [], [], [])
    return Series(*(list(column) for column in zip(*points, strict=True)))


def _numbers(row: Row) -> tuple[float, float, float]:
    """Mean and limits, the mean itself where there are none."""
    mean = float(row["mean"])
    return mean, float(row["low"] or mean), float(row["high"] or mean)


def _steps(rows: list[Row]) -> list[int]:
    found = {row["estimate"] for row in rows if row["estimate"].startswith("step_")}
    return sorted(int(name.removeprefix("step_")) for name in found)


def _families(rows: list[Row]) -> list[str]:
    present = {row["family"] for row in rows}
    return [family for family in TITLES if family in present]


def _starts(rows: list[Row]) -> list[str]:
    return sorted({row["unembedding_scale"] for row in rows}, key=float)


def _filled(text: str, rows: list[Row]) -> str:
    counts = [int(row["num_values"]) for row in select(rows, quantity="counted")]
    return text.format(dim=rows[0]["dim"], seeds=max(counts, default=0))


if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    for name, picture in draw(source).items():
        picture.savefig(target / f"{name}.pdf")
