"""The figures of the leak: what laws miss over its strength, and with a mask drawn afresh."""

import sys
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paper_figs import style
from paper_figs.tables import Row, missed, read_rows, select, series, stamp

AXIS = "strength"
FLOOR = 1e-5  # where the axis of 1 − S ends
TITLES = {
    "repeat": "the last word says what y repeats",
    "rename": "the last word renames the tokens",
}
LAWS = {
    "log_posterior": (style.BLUE, "-", "log p(c∣x)"),
    "with_word": (style.PURPLE, (0, (5, 1.5)), "log p(c∣x) and the word"),
    "by_word": (style.GREEN, "-", "log p(c∣x), apart for each word"),
    "belief": (style.ORANGE, "-", "p(c∣x)"),
}
NULLS = {
    "raw_input": (":", "x", "raw input"),
    "raw_by_word": ("--", "+", "raw input, apart for each word"),
    "permuted": ("-.", "1", "log p(c∣x), rows permuted"),
}
PARTS = {
    "residual_share.exact": (style.BLACK, "-", "var(residual) / var(f), the paper's A and b"),
    "remainder_share.exact": (style.BLUE, (0, (5, 1.5)), "of it h alone"),
    "offset_share.exact": (style.ORANGE, "-", "of it β(x) alone"),
    "leak_share.exact": (style.PURPLE, ":", "I(x; y∣c) / I(x; y)"),
}
SMALL_PRINT = (
    "A perfect predictor, nothing trained; held out by distinct context; bands and bars: 95 % t "
    "intervals over worlds. 1 − S = 0 is possible everywhere: the ceiling.\n"
    "Grey: nulls. Closed: the same p(y∣c) in a world where y does not read the word. Curves on the "
    "lower edge: 1e-5 or below."
)


def draw(table: Path) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone."""
    rows = read_rows(table)
    with matplotlib.rc_context(style.SETTINGS):
        figures = {"leak_strength": _strength(rows), "leak_mask": _mask(select(rows, panel="mask"))}
        for figure in figures.values():
            style.stamp_smoke(figure, stamp(rows))
    return figures


def _strength(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(10.4, 6.8))
    grid = figure.subplots(2, len(TITLES), sharex=True, sharey="row", squeeze=False)
    for column, (kind, title) in enumerate(TITLES.items()):
        chosen = select(rows, panel=kind)
        law, part = grid[:, column]
        law.set_title(title)
        _laws(law, chosen)
        for metric, (colour, dashes, label) in PARTS.items():
            style.line(part, series(chosen, AXIS, metric), colour, label, dashes)
        ticks = sorted({float(row[AXIS]) for row in chosen})
        part.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        part.set_xlim(0, 1)
        part.set_xlabel("strength λ of the leak")
    grid[0, 0].set_ylabel("1 − S, share that the law misses")
    grid[1, 0].set_ylabel("share")
    for row in grid:
        row[-1].legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    figure.tight_layout(rect=(0, 0.06, 1, 0.97))
    style.note(figure, SMALL_PRINT)
    return figure


def _laws(axes: Axes, rows: list[Row]) -> None:
    for law, (colour, dashes, label) in LAWS.items():
        data = missed(series(rows, AXIS, f"score_{law}.oracle.held_out"), FLOOR)
        style.line(axes, data, colour, label, dashes)
    closed = missed(series(rows, AXIS, "score_log_posterior.closed.held_out"), FLOOR)
    style.line(axes, closed, style.BLUE, "log p(c∣x), leak closed", ":")
    for law, (dashes, _, label) in NULLS.items():
        data = missed(series(rows, AXIS, f"score_{law}.oracle.held_out"), FLOOR)
        style.null(axes, data, dashes, f"null: {label}")
    _limits(axes, 0.6)


def _limits(axes: Axes, words_at: float) -> None:
    """The two limits of the verdict, named at a place along the axis from 0 to 1."""
    for limit, text in ((0.01, "holds below"), (0.05, "fails above")):
        axes.axhline(limit, color=style.GREY, linewidth=0.8, zorder=0)
        place = axes.get_yaxis_transform()
        axes.text(
            words_at,
            limit,
            text,
            transform=place,
            fontsize=7,
            color=style.GREY,
            va="top",
            ha="right",
        )
    axes.set_yscale("log")
    axes.set_ylim(FLOOR, 3)


def _mask(rows: list[Row]) -> Figure:
    figure = Figure(figsize=(8.4, 4.4))
    axes = figure.subplots()
    names = [*LAWS, *NULLS]
    for place, law in enumerate(names):
        colour = LAWS[law][0] if law in LAWS else style.GREY
        for shift, strength, marker in ((-0.15, 0.0, "o"), (0.15, 1.0, "s")):
            data = missed(
                series(select(rows, strength=strength), AXIS, f"score_{law}.oracle.held_out"), FLOOR
            )
            if not data.mean:
                continue
            mean, low, high = data.mean[0], data.low[0], data.high[0]
            axes.plot(
                place + shift,
                mean,
                marker,
                color=colour,
                markerfacecolor="white" if strength == 0 else colour,
            )
            axes.vlines(place + shift, low, high, color=colour, linewidth=1)
    axes.plot([], [], "o", color=style.BLACK, markerfacecolor="white", label="mask fixed")
    axes.plot([], [], "s", color=style.BLACK, label="mask drawn afresh for every sample")
    labels = [LAWS[n][2] if n in LAWS else f"null: {NULLS[n][2]}" for n in names]
    axes.set_xticks(range(len(names)), [_wrapped(label) for label in labels])
    axes.tick_params(axis="x", labelsize=8)
    axes.set_ylabel("1 − S, share that the law misses")
    axes.set_title("one block of digits is masked and predicted from the others")
    _limits(axes, 0.99)
    axes.legend(loc="lower left")
    figure.tight_layout(rect=(0, 0.09, 1, 0.97))
    style.note(figure, SMALL_PRINT)
    return figure


def _wrapped(label: str) -> str:
    """A label in lines of about fifteen letters."""
    lines = [""]
    for word in label.replace("the word", "the mask").replace("each word", "each mask").split():
        if lines[-1] and len(lines[-1]) + len(word) > 14:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    for name, picture in draw(source).items():
        picture.savefig(target / f"{name}.pdf")
