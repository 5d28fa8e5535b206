"""The figures of the origins of linear directions: training, and where it ends."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from paper_figs import style
from paper_figs.layout import draw_all, finish, handles, run
from paper_figs.tables import Point, Row, Series, curve, point, select

ALL = "population"
FAMILIES = {
    "product": "p(c∣x) a product",
    "chain": "dependent concepts",
    "joint": "words of two concepts",
}
MEASURES = {
    "cosine_free": "gauge-free cosine,\nwithin a concept",
    "across_free": "gauge-free cosine,\nbetween concepts",
    "cosine_raw": "raw cosine,\nwithin a concept",
    "across_raw": "mean |raw cosine|,\nbetween concepts",
}
OPTIMISERS = {"sgd": (style.BLUE, "s", "gradient descent"), "adam": (style.ORANGE, "D", "Adam")}
EXACT = {
    "cosine_free.exact": (style.BLACK, "-", "gauge-free,\nany perfect fit"),
    "cosine_raw.least_norm": (style.GREEN, (0, (6, 2)), "fit of least norm"),
    "cosine_raw.helmert": (style.PURPLE, style.DOTTED, "another perfect fit"),
}
NULLS = {
    "untrained": "null: untrained",
    "raw_input": "null: reader of the raw input",
    "permuted": "null: tokens permuted",
}
TRAINED_AT = 0.01  # the excess share at which a network counts as trained
HIDDEN = 0.025  # less than this from a line a null cannot be seen
SIDES = {"sgd": -0.12, "adam": 0.12}  # of a place, lest markers hide each other
TRAINING_PRINT = (
    "d = {dim}. Markers: trained networks, bars: 95 % t intervals over {seeds} seeds, each a world "
    "and an initialisation; filled from the small start of the unembedding, hollow from the large. "
    "Lines without markers: exact; grey: nulls. The same "
    "predictions in another gauge, f → Mf, may have other raw cosines; the gauge-free cosine, of "
    "log-odds over contexts, has one value for every perfect fit."
)
COSINES_PRINT = (
    "d = {dim}. Means with 95 % t intervals over {seeds} seeds, each a world and an "
    "initialisation. Lines without markers: exact; grey: nulls. Upper two rows: pairs ordered by "
    "their exact value within each world, then averaged over worlds; bars of markers and nulls are "
    "those of the difference to exact; all starts are drawn. Lower two rows: from what length, as "
    "a multiple of the usual one, the unembedding starts."
)


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    return draw_all(table, {"origins_training": _training, "origins_cosines": _cosines})


def _training(rows: list[Row]) -> Figure:
    rows = _widest(rows)
    families = _families(rows)
    figure = Figure(figsize=(7.2, 6.6))
    grid = figure.subplots(2, len(families), sharex=True, sharey="row", squeeze=False)
    for (cosines, excess), family in zip(grid.T, families, strict=True):
        chosen = select(rows, family=family)
        cosines.set_title(FAMILIES[family], fontsize=8.5)
        _exact_lines(cosines, chosen)
        for quantity, axes in (("cosine_raw", cosines), ("excess_share", excess)):
            _ways(axes, chosen, quantity)
        style.guide(excess, TRAINED_AT)
        excess.set_xscale("log")
        excess.set_yscale("log")
        excess.set_xlabel("training step")
        cosines.set_ylim(-0.14, 1.08)
    style.guide(grid[1, 0], TRAINED_AT, "trained below", side="top")
    grid[0, 0].set_ylabel("raw cosine of unembedding\ndifferences of a concept")
    grid[1, 0].set_ylabel("excess loss / I(x; y)")
    legend = handles(list(grid[1])) | handles(list(grid[0]))
    return finish(figure, _filled(TRAINING_PRINT, rows), legend=legend, ncols=3)


def _exact_lines(axes: Axes, rows: list[Row]) -> None:
    """The gauge-free cosine of p(y|x), the raw ones of two perfect fits, and the nulls."""
    steps = _way(rows, "cosine_raw").position
    for metric, (colour, dashes, label) in EXACT.items():
        quantity, source = metric.split(".")
        style.line(axes, _flat(rows, quantity, source, steps), colour, label, dashes)
    for source, label in NULLS.items():
        data = _flat(rows, "cosine_raw", source, steps[:1] + steps[-1:])
        style.null(axes, data, style.DASHES[source], label)
    raw, exact = (
        _flat(rows, *metric, steps[:1])
        for metric in (("cosine_raw", "raw_input"), ("cosine_free", "exact"))
    )
    _say_hidden(axes, raw, exact)


def _ways(axes: Axes, rows: list[Row], quantity: str) -> None:
    """One curve for each optimiser and for the smallest and the largest start."""
    starts = _starts(rows)
    for optimiser, (colour, marker, label) in OPTIMISERS.items():
        for start, hollow in ((starts[0], False), (starts[-1], True)):
            chosen = select(rows, optimiser=optimiser, unembedding_scale=start)
            name = f"{label}, start × {float(start):g}"
            style.trained(axes, _way(chosen, quantity), colour, name, hollow, marker)


def _cosines(rows: list[Row]) -> Figure:
    rows = _widest(rows)
    families = _families(rows)
    figure = Figure(figsize=(7.2, 10.0))
    grid = figure.subplots(len(MEASURES), len(families), sharey="row", squeeze=False)
    for line, (quantity, label) in zip(grid, MEASURES.items(), strict=True):
        free = quantity.endswith("free")
        for axes, family in zip(line, families, strict=True):
            paint = _by_pair if free else _by_start
            paint(axes, select(rows, family=family), quantity)
            axes.set_xlabel("pair, in ascending order" if free else "start × (1: usual)")
        line[0].set_ylabel(label)
    for axes, family in zip(grid[0], families, strict=True):
        axes.set_title(FAMILIES[family], fontsize=8.5)
    legend = handles(list(grid.flat))
    return finish(figure, _filled(COSINES_PRINT, rows), legend=legend, ncols=3)


def _by_pair(axes: Axes, rows: list[Row], quantity: str) -> None:
    """Gauge-free cosines of every pair in ascending order of the exact one; all starts."""
    starts = _starts(rows)
    first = select(rows, optimiser="sgd", unembedding_scale=starts[0])
    exact = curve((rank, *value) for rank, value in _ranked(first, quantity, "exact").items())
    style.line(axes, exact, style.BLACK, EXACT["cosine_free.exact"][2])
    for source in ("untrained", "raw_input"):
        style.null(axes, _against(first, quantity, source), style.DASHES[source], NULLS[source])
    _say_hidden(axes, _against(first, quantity, "raw_input"), exact)
    for optimiser, (colour, marker, label) in OPTIMISERS.items():
        for start in starts:
            found = select(rows, optimiser=optimiser, unembedding_scale=start)
            data = style.shifted(_against(found, quantity, "trained"), SIDES[optimiser])
            named = label if start == starts[0] else ""
            style.trained(axes, data, colour, named, marker=marker, joined=False)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _by_start(axes: Axes, rows: list[Row], quantity: str) -> None:
    """Raw cosines at the end of training over the start, beside the fit of least norm."""
    _, dashes, label = EXACT["cosine_raw.least_norm"]
    first = select(rows, optimiser="sgd")
    style.line(axes, _over_starts(first, quantity, "least_norm"), style.GREEN, label, dashes)
    for null, name in NULLS.items():
        style.null(axes, _over_starts(first, quantity, null), style.DASHES[null], name)
    raw, least = (_over_starts(first, quantity, name) for name in ("raw_input", "least_norm"))
    _say_hidden(axes, raw, least)
    for optimiser, (colour, marker, name) in OPTIMISERS.items():
        mine = select(rows, optimiser=optimiser)
        data = style.shifted(_over_starts(mine, quantity, "trained"), SIDES[optimiser])
        style.trained(axes, data, colour, name, marker=marker, joined=False)
    starts = _starts(rows)
    axes.set_xticks(range(len(starts)), [f"{float(start):g}" for start in starts])


def _over_starts(rows: list[Row], quantity: str, source: str) -> Series:
    """A number of every start, side by side."""
    found = [
        point(select(rows, unembedding_scale=start), quantity, source, ALL)
        for start in _starts(rows)
    ]
    return curve((place, *value) for place, value in enumerate(found) if value)


def _way(rows: list[Row], quantity: str) -> Series:
    """The curve of a quantity over training steps, without step 0."""
    found = {
        int(row["estimate"].removeprefix("step_")): row
        for row in select(rows, quantity=quantity, source="trained")
        if row["estimate"].startswith("step_")
    }
    values = {
        step: point([row], quantity, "trained", row["estimate"]) for step, row in found.items()
    }
    return curve((step, *value) for step, value in values.items() if step > 0 and value)


def _ranked(rows: list[Row], quantity: str, source: str) -> dict[int, Point]:
    """A source's value of every pair, numbered in ascending order of the exact one."""
    names = {row["estimate"] for row in rows if row["estimate"].startswith("rank_")}
    found = {name: point(rows, quantity, source, name) for name in names}
    numbers = {int(name.removeprefix("rank_")): value for name, value in found.items()}
    return {number + 1: value for number, value in numbers.items() if value}


def _against(rows: list[Row], quantity: str, source: str) -> Series:
    """A source's value of every pair; the limits are those of its difference to the exact one."""
    exact, miss = _ranked(rows, quantity, "exact"), _ranked(rows, f"{quantity}_miss", source)
    return curve(
        (rank, *(exact[rank].mean + value for value in found))
        for rank, found in miss.items()
        if rank in exact
    )


def _flat(rows: list[Row], quantity: str, source: str, steps: list[float]) -> Series:
    """A number that does not depend on the step, from the first step to the last."""
    value = point(rows, quantity, source, ALL)
    return curve((step, *value) for step in steps if value)


def _say_hidden(axes: Axes, null: Series, exact: Series) -> None:
    """A word above an exact line that hides the null of the raw input."""
    gaps = [abs(one - other) for one, other in zip(null.mean, exact.mean, strict=False)]
    if gaps and max(gaps) < HIDDEN:
        place: dict[str, Any] = {"textcoords": "offset points", "fontsize": 7, "color": style.INK}
        axes.annotate("raw input here too", (exact.position[0], exact.mean[0]), (0, 4), **place)


def _widest(rows: list[Row]) -> list[Row]:
    """The rows of the largest dimension."""
    return select(rows, dim=max((row["dim"] for row in rows), key=int))


def _families(rows: list[Row]) -> list[str]:
    present = {row["family"] for row in rows}
    return [family for family in FAMILIES if family in present]


def _starts(rows: list[Row]) -> list[str]:
    return sorted({row["unembedding_scale"] for row in rows}, key=float)


def _filled(text: str, rows: list[Row]) -> str:
    counts = [int(row["num_values"]) for row in select(rows, quantity="counted")]
    return text.format(dim=rows[0]["dim"], seeds=max(counts, default=0))


if __name__ == "__main__":
    run(draw)
