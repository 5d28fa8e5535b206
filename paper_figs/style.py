"""How do all figures look?

What is measured is told by colour, what kind of number it is by look: exact and oracle are lines
without markers, trained has markers and error bars, nulls are thin grey dashes.
"""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paper_figs.tables import Series

# Okabe and Ito's palette, told apart with any colour vision
BLACK, BLUE, ORANGE, GREEN, PURPLE, GREY = (
    "#000000",
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#AA4499",
    "#7A7A7A",
)
SETTINGS: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.6,
}


def line(axes: Axes, data: Series, colour: str, label: str, dashes: Any = "-") -> None:
    """An exact or oracle curve: a line with its interval as a band."""
    axes.plot(data.position, data.mean, linestyle=dashes, color=colour, label=label)
    axes.fill_between(data.position, data.low, data.high, color=colour, alpha=0.15, linewidth=0)


def trained(
    axes: Axes, data: Series, colour: str, label: str, hollow: bool = False, marker: str = "o"
) -> None:
    """A trained curve: markers with error bars; hollow ones where nothing could be held out."""
    axes.errorbar(
        data.position,
        data.mean,
        yerr=_bars(data),
        color=colour,
        label=label,
        marker=marker,
        markersize=4,
        markerfacecolor="white" if hollow else colour,
        linewidth=0.8,
        linestyle="none" if marker != "o" else ":" if hollow else "-",
        capsize=2,
    )


def null(axes: Axes, data: Series, dashes: Any, label: str) -> None:
    """A null: a thin grey dashed line."""
    axes.errorbar(
        data.position,
        data.mean,
        yerr=_bars(data),
        color=GREY,
        label=label,
        linestyle=dashes,
        linewidth=1.0,
        elinewidth=0.6,
    )


def note(figure: Figure, text: str) -> None:
    """A line of small print below the figure."""
    figure.text(0.01, 0.004, text, fontsize=7, color="#444444", ha="left", va="bottom")


def stamp_smoke(figure: Figure, profile: str) -> None:
    """Mark a figure of the smoke profile, of too few seeds, or of mixed versions."""
    kind, _, remark = profile.partition(", ")
    texts = [f"{kind}: not evidence"] if kind in ("smoke", "few seeds") else []
    texts += [remark] if remark else []
    if texts:
        text = "; ".join(texts)
        figure.text(0.99, 0.995, text, color=ORANGE, ha="right", va="top", fontsize=10)


def split(data: Series, positions: Sequence[float]) -> tuple[Series, Series]:
    """The points of a curve at some positions, and those at all others."""
    inside = [i for i, position in enumerate(data.position) if position in positions]
    outside = [i for i, position in enumerate(data.position) if position not in positions]
    return (
        Series(*([column[i] for i in inside] for column in data)),
        Series(*([column[i] for i in outside] for column in data)),
    )


def _bars(data: Series) -> list[list[float]]:
    below = [mean - low for mean, low in zip(data.mean, data.low, strict=True)]
    above = [high - mean for mean, high in zip(data.mean, data.high, strict=True)]
    return [below, above]
