"""The figure of agreement by direction: is what is missing in the small directions of f?"""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paper_figs import style
from paper_figs.agreement_points import ACROSS, KINDS, NULLS, WITHIN, Point, point, token_counts
from paper_figs.tables import Row, select

DIRECTION_PRINT = (
    "Means over worlds with 95 % t intervals, end of training; the lower of both ways, contexts "
    "held out.\nFrom left to right at each direction: MLP, GRU, transformer twice; MLP with GRU, "
    "MLP with transformer, GRU with\ntransformer; MLP, GRU, transformer with the oracle. Grey: "
    "nulls, one line an architecture or (untrained) a pair of networks."
)


def directions(rows: list[Row]) -> Figure:
    """R² direction by direction, one panel a number of tokens."""
    counts = token_counts(rows)
    widths = [int(count) + 2 for count in counts]
    figure = Figure(figsize=(2 + 0.42 * sum(widths), 4.8))
    grid = figure.subplots(1, len(counts), sharey=True, squeeze=False, width_ratios=widths)[0]
    for axes, count in zip(grid, counts, strict=True):
        chosen = select(rows, num_tokens=count)
        numbers = [str(i + 1) for i in range(int(count) - 1)]
        _by_direction(axes, chosen, numbers)
        axes.set_title(f"{count} tokens")
        axes.set_xlabel("principal direction of the exact logits,\nits share of their variance")
        axes.set_xticks(range(len(numbers)), [_tick(chosen, number) for number in numbers])
        axes.tick_params(axis="x", labelsize=7)
    grid[0].set_ylabel("R² of the best affine map onto it")
    handles, labels = grid[0].get_legend_handles_labels()
    figure.tight_layout(rect=(0, 0.27, 1, 0.98))
    figure.legend(handles, labels, loc="lower center", bbox_to_anchor=(0.5, 0.12), ncols=3)
    style.note(figure, DIRECTION_PRINT)
    return figure


def _tick(rows: list[Row], number: str) -> str:
    share = point(rows, "spectrum", "exact", "population", number)
    return number if share is None else f"{number}\n{100 * share[0]:.2g} %"


def _by_direction(axes: Axes, rows: list[Row], numbers: list[str]) -> None:
    """Markers of trained pairs side by side at every direction, nulls as dashes behind them."""
    axes.axhline(1, color=style.BLACK, linewidth=1.2, label="oracle")
    sources = [(pair, kind) for kind in KINDS for pair in kind[0]]
    for place, (pair, (pairs, colour, label)) in enumerate(sources):
        first = pair == next(iter(pairs))
        shift = 0.09 * (place - (len(sources) - 1) / 2)
        for index, number in enumerate(numbers):
            found = point(rows, "r2_direction", pair, "held_out", number)
            if found is not None:
                _upright(axes, found, index + shift, colour, label if first and not index else "")
    for null, dashes in NULLS.items():
        named = list(WITHIN) if null != "untrained" else [*WITHIN, *ACROSS]
        for index, number in enumerate(numbers):
            for source in named:
                found = point(rows, "r2_direction", source, null, number)
                if found is not None:
                    axes.plot(
                        [index - 0.42, index + 0.42],
                        [found[0]] * 2,
                        color=style.GREY,
                        linestyle=dashes,
                        linewidth=0.8,
                        zorder=1,
                        label=f"null: {null.replace('_', ' ')}"
                        if not index and source == named[0]
                        else None,
                    )
    axes.set_ylim(-0.2, 1.05)


def _upright(axes: Axes, found: Point, place: float, colour: str, label: str) -> None:
    mean, low, high = found
    axes.errorbar(
        [place],
        [mean],
        yerr=[[mean - low], [high - mean]],
        color=colour,
        marker="o",
        markersize=3,
        capsize=1.5,
        linewidth=0.8,
        linestyle="none",
        label=label or None,
        zorder=3,
    )
