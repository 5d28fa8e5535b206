"""The figures of the leak: what laws miss over its strength, and with a mask drawn afresh."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paper_figs import layout, style
from paper_figs.tables import Row, missed, select, series

AXIS, PLACE = "strength", "place"
FLOOR = 1e-5  # where the axis of 1 − S ends
LABEL = "1 − S, share that the law misses"
TITLES = {
    "repeat": "the last word says what y repeats",
    "rename": "the last word renames the tokens",
}
LAWS = {
    "log_posterior": (style.BLUE, "-", "log p(c∣x)"),
    "with_word": (style.PURPLE, (0, (5, 1.5)), "log p(c∣x) and the word"),
    "by_word": (style.GREEN, (0, (4, 1, 1, 1)), "log p(c∣x), apart\nfor each word"),
    "belief": (style.ORANGE, (0, (7, 1.5)), "p(c∣x)"),
}
NULLS = {
    "raw_input": (style.DASHES["raw_input"], "null: raw input"),
    "raw_by_word": ((0, (2, 2)), "null: raw input, apart\nfor each word"),
    "permuted": (style.DASHES["permuted"], "null: log p(c∣x),\nrows permuted"),
}
MASKS = {"0.0": "the mask is fixed", "1.0": "a mask drawn afresh for every sample"}
PARTS = {
    "residual_share.exact": (style.BLACK, "-", "var(residual) / var(f),\nthe paper's A and b"),
    "remainder_share.exact": (style.BLUE, (0, (5, 1.5)), "of it h alone"),
    "offset_share.exact": (style.ORANGE, (0, (7, 1, 1, 1)), "of it β(x) alone"),
    "leak_share.exact": (style.PURPLE, (0, (1, 1)), "I(x; y∣c) / I(x; y)"),
}
SMALL_PRINT = (
    "A perfect predictor, nothing trained; held out by distinct context. Bands and bars: 95 % t "
    "intervals over worlds. Grey dashes: nulls. 1 − S = 0 is possible everywhere: the ceiling. "
    "What lies on the lower edge of 1 − S: 1e-5 or below."
)
CLOSED_PRINT = " Leak closed: the same p(y∣c) in a world where y does not read the word."


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    return layout.draw_all(table, {"leak_strength": _strength, "leak_mask": _mask})


def _strength(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(9.2, 6.8))
    grid = figure.subplots(2, len(TITLES), sharex=True, sharey="row", squeeze=False)
    for (law, part), (kind, title) in zip(grid.T, TITLES.items(), strict=True):
        chosen = select(rows, panel=kind)
        law.set_title(title)
        _laws(law, chosen)
        for metric, (colour, dashes, label) in PARTS.items():
            style.line(part, series(chosen, AXIS, metric), colour, label, dashes)
        ticks = sorted({float(row[AXIS]) for row in chosen})
        part.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        part.set_xlim(-0.03, 1.03)
        part.set_xlabel("strength λ of the leak")
    style.missed_axis(grid[0, 0], FLOOR, LABEL)
    grid[1, 0].set_ylabel("share")
    return layout.finish(figure, SMALL_PRINT + CLOSED_PRINT, ends=list(grid[:, -1]))


def _laws(axes: Axes, rows: list[Row]) -> None:
    for law, (colour, dashes, label) in LAWS.items():
        data = missed(series(rows, AXIS, f"score_{law}.oracle.held_out"), FLOOR)
        style.line(axes, data, colour, label, dashes)
    closed = missed(series(rows, AXIS, "score_log_posterior.closed.held_out"), FLOOR)
    style.line(axes, closed, style.BLUE, "log p(c∣x), leak closed", (0, (1, 1)))
    for law, (dashes, label) in NULLS.items():
        data = missed(series(rows, AXIS, f"score_{law}.oracle.held_out"), FLOOR)
        style.null(axes, data, dashes, label)
    style.limits(axes, at=0.3)


def _mask(rows: list[Row]) -> Figure:
    rows = select(rows, panel="mask")
    names = [*LAWS, *NULLS]
    figure = Figure(figsize=(8.4, 4.4))
    grid = figure.subplots(1, len(MASKS), sharey=True)
    for axes, (strength, title) in zip(grid, MASKS.items(), strict=True):
        for place, law in enumerate(names):
            _level(axes, select(rows, strength=strength), law, place)
        style.limits(axes, at=0.97, across=True)
        axes.set_xscale("log")
        axes.set_xlim(FLOOR, 3)
        axes.set_xlabel(LABEL)
        axes.set_title(title)
    labels = [LAWS[name][2] if name in LAWS else NULLS[name][1] for name in names]
    grid[0].set_yticks(range(len(names)), [_of_mask(label) for label in labels])
    grid[0].set_ylim(len(names) - 0.5, -0.9)
    text = "One block of digits is masked and predicted from the others. "
    return layout.finish(figure, text + SMALL_PRINT)


def _level(axes: Axes, rows: list[Row], law: str, place: int) -> None:
    """What a law or a null misses, at its place on the vertical axis."""
    placed = [row | {PLACE: str(place)} for row in rows]
    data = missed(series(placed, PLACE, f"score_{law}.oracle.held_out"), FLOOR)
    if law in LAWS:
        style.line_at(axes, data, LAWS[law][0], across=True)
    else:
        style.null_at(axes, data, NULLS[law][0], across=True)


def _of_mask(label: str) -> str:
    """What is said of the word, said of the mask."""
    return label.replace("the word", "the mask").replace("each word", "each mask")


if __name__ == "__main__":
    layout.run(draw)
