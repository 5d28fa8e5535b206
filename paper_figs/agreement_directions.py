"""The figure of agreement by direction: is what is missing in the small directions of f?"""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paper_figs import style
from paper_figs.agreement_points import KINDS, MARKERS, NULLS, WITHIN, token_counts
from paper_figs.layout import finish
from paper_figs.tables import Point, Row, Series, curve, point, select

DIRECTION_PRINT = (
    "R² of the best affine map onto one direction at a time, the lower of both ways, contexts held "
    "out, end of training; means over worlds with 95 % t intervals. Markers: trained; line at 1: "
    "the perfect predictor with itself; grey: nulls, one line a pair of untrained networks, one an "
    "architecture for the raw input and rows permuted."
)
SHIFT = 0.17  # between the three pairs at a direction


def directions(rows: list[Row]) -> Figure:
    """R² direction by direction, a row a kind of pair, a column a number of tokens."""
    counts = token_counts(rows)[::-1]
    widths = [int(count) + 1 for count in counts]
    figure = Figure(figsize=(7.2, 7.4))
    grid = figure.subplots(
        len(KINDS), len(counts), sharex="col", sharey=True, squeeze=False, width_ratios=widths
    )
    for line, (pairs, colour, name) in zip(grid, KINDS, strict=True):
        for axes, count in zip(line, counts, strict=True):
            chosen = select(rows, num_tokens=count)
            numbers = [str(i + 1) for i in range(int(count) - 1)]
            _by_direction(axes, chosen, pairs, colour, numbers)
            axes.set_xticks(range(len(numbers)), [_tick(chosen, number) for number in numbers])
            axes.tick_params(axis="x", labelsize=7)
        line[0].set_title(f"{counts[0]} tokens")
        line[-1].set_title(f"{counts[-1]} tokens: {name}")
        line[0].set_ylabel("R² onto the direction")
    grid[-1, -1].set_xlabel("principal direction of the exact logits\n(share of their variance, %)")
    return finish(figure, DIRECTION_PRINT, ends=list(grid[:, -1]))


def _tick(rows: list[Row], number: str) -> str:
    share = point(rows, "spectrum", "exact", "population", number)
    return number if share is None else f"{number}\n{100 * share.mean:.2g}"


def _by_direction(
    axes: Axes, rows: list[Row], pairs: dict[str, str], colour: str, numbers: list[str]
) -> None:
    """Markers of three pairs side by side at every direction, their nulls behind them."""
    style.level(axes, Point(1, 1, 1), style.BLACK)
    for place, (pair, name) in enumerate(pairs.items()):
        trained = style.shifted(_curve(rows, pair, "held_out", numbers), SHIFT * (place - 1))
        if trained.position:
            style.trained(axes, trained, colour, name, marker=MARKERS[place])
        untrained = style.shifted(_curve(rows, pair, "untrained", numbers), SHIFT * (place - 1))
        if untrained.position:
            style.null(axes, untrained, style.DASHES["untrained"], f"{name}, untrained")
    for null in ("raw_input", "permuted"):
        for architecture in WITHIN:
            data = _curve(rows, architecture, null, numbers)
            named = architecture == next(iter(WITHIN)) and data.position
            style.null(axes, data, style.DASHES[null], NULLS[null] if named else "")
    axes.set_ylim(-0.2, 1.08)


def _curve(rows: list[Row], source: str, estimate: str, numbers: list[str]) -> Series:
    found = [point(rows, "r2_direction", source, estimate, number) for number in numbers]
    return curve((index, *value) for index, value in enumerate(found) if value)
