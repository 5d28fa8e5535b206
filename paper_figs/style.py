"""How do all figures look?

What is measured is told by colour, what kind of number it is by look, and every curve has one of
three: `line` (exact and oracle: a line without markers, its interval a band), `trained` (markers
with error bars) and `null` (thin grey dashes). `line_at` and `null_at` are the same looks at
places that nothing should join, `level` where the value does not change along the axis. `guide`
draws what is no measurement (a limit, a diagonal): a thin solid grey line; `limits` the verdict's.
Each takes a Series (`tables.series`; `level` a Point), most a colour of the palette, and a label
for `layout.finish`, which names curves at their ends. `across=True` lets values run along x.
"""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from paper_figs.tables import Point, Series

# Okabe and Ito's palette, told apart with any colour vision
BLACK, BLUE, ORANGE, GREEN, PURPLE, GREY = (
    "#000000",
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#AA4499",
    "#7A7A7A",
)
INK = "#444444"  # of small print
DASHES: dict[str, Any] = {  # one for each kind of null, the same in all figures
    "raw_input": (0, (1, 1.5)),
    "untrained": (0, (4, 2)),
    "permuted": (0, (6, 1.5, 1, 1.5)),
    "constant": (0, (9, 3)),
}
DOTTED = (0, (1, 1))  # a line of the population, where nothing could be held out
OVER_LINES = 2.2  # so that a null is seen where it equals an exact curve
HALF = 0.35  # half the length of a line at one place
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


def line(axes: Axes, data: Series, colour: str, label: str = "", dashes: Any = "-") -> None:
    """An exact or oracle curve: a line with its interval as a band."""
    dash = {"marker": "_", "markersize": 12} if _one_place(data) else {}
    axes.plot(data.position, data.mean, linestyle=dashes, color=colour, label=label, **dash)
    axes.fill_between(data.position, data.low, data.high, color=colour, alpha=0.15, linewidth=0)
    if dash:
        axes.vlines(data.position, data.low, data.high, color=colour, alpha=0.3)


def line_or_dots(
    axes: Axes, held: Series, whole: Series, colour: str, label: str = "", dashes: Any = "-"
) -> None:
    """An oracle curve held out, and dotted where it could only be scored on the population."""
    line(axes, held, colour, label if held.position else "", dashes)
    line(axes, whole, colour, "" if held.position else label, DOTTED)


def line_at(
    axes: Axes,
    data: Series,
    colour: str,
    label: str = "",
    dashes: Any = "-",
    *,
    half: float = HALF,
    across: bool = False,
) -> None:
    """Exact or oracle values at places that no line should join: short lines with bands."""
    for part, name in _short(data, half, label):
        ends, means = (part.mean, part.position) if across else (part.position, part.mean)
        axes.plot(ends, means, linestyle=dashes, color=colour, label=name)
        fill = axes.fill_betweenx if across else axes.fill_between
        fill(part.position, part.low, part.high, color=colour, alpha=0.15, linewidth=0)


def level(
    axes: Axes, value: Point, colour: str, label: str = "", dashes: Any = "-", across: bool = False
) -> None:
    """An exact or oracle value that does not change along the axis, with its interval."""
    draw, fill = (axes.axvline, axes.axvspan) if across else (axes.axhline, axes.axhspan)
    draw(value.mean, color=colour, linestyle=dashes, label=label)
    fill(value.low, value.high, color=colour, alpha=0.15, linewidth=0)


def trained(
    axes: Axes,
    data: Series,
    colour: str,
    label: str = "",
    hollow: bool = False,
    marker: str = "o",
    *,
    joined: bool = True,
    across: bool = False,
) -> None:
    """A trained curve: markers with error bars; hollow ones where nothing could be held out."""
    axes.errorbar(
        **_placed(data, across),
        color=colour,
        label=label,
        marker=marker,
        markersize=4,
        markerfacecolor="white" if hollow else colour,
        linewidth=0.8,
        linestyle="none" if not joined else ":" if hollow else "-",
        capsize=2,
        zorder=3,
    )


def null(axes: Axes, data: Series, dashes: Any, label: str = "", *, across: bool = False) -> None:
    """A null: a thin grey dashed line; its dashes are those of DASHES."""
    dash = {"marker": "_", "markersize": 12} if _one_place(data) else {}
    axes.errorbar(
        **_placed(data, across),
        color=GREY,
        label=label,
        linestyle=dashes,
        linewidth=1.0,
        elinewidth=0.6,
        zorder=OVER_LINES,
        **dash,
    )


def null_at(
    axes: Axes,
    data: Series,
    dashes: Any,
    label: str = "",
    *,
    half: float = HALF,
    across: bool = False,
) -> None:
    """Nulls at places that no line should join: short thin grey dashes with their intervals."""
    look: dict[str, Any] = {"color": GREY, "zorder": OVER_LINES}
    for part, name in _short(data, half, label):
        ends, means = (part.mean, part.position) if across else (part.position, part.mean)
        axes.plot(ends, means, linestyle=dashes, label=name, linewidth=1.0, **look)
    bars = axes.hlines if across else axes.vlines
    bars(data.position, data.low, data.high, linewidth=0.6, **look)


def guide(
    axes: Axes,
    value: float,
    text: str = "",
    *,
    at: float = 0.01,
    side: str = "bottom",
    across: bool = False,
) -> None:
    """A thin line for the eye at a value, named at a place along the axis, from 0 to 1 or beyond.

    side: of the line on which the name stands, bottom: above or right of it, top: below or left.
    """
    if across:
        axes.axvline(value, color=GREY, linewidth=0.8, zorder=0)
        place: dict[str, Any] = {"ha": {"bottom": "left", "top": "right"}[side], "va": "center"}
        where, transform = (value, at), axes.get_xaxis_transform()
        text = {"bottom": f" {text}", "top": f"{text} "}[side]  # not to touch the line
    else:
        axes.axhline(value, color=GREY, linewidth=0.8, zorder=0)
        place = {"ha": "right" if 0.5 < at < 1 else "left", "va": side}
        where, transform = (at, value), axes.get_yaxis_transform()
    if text.strip():
        axes.text(*where, text, transform=transform, fontsize=7, color=INK, **place)


def limits(
    axes: Axes,
    holds: float = 0.01,
    fails: float = 0.05,
    *,
    named: bool = True,
    at: float = 0.01,
    across: bool = False,
) -> None:
    """The two limits of a verdict on what is missed, named at a place along the axis."""
    for value, text, side in ((holds, "holds below", "top"), (fails, "fails above", "bottom")):
        guide(axes, value, text if named else "", at=at, side=side, across=across)


def missed_axis(axes: Axes, floor: float, label: str = "", top: float = 3) -> None:
    """A logarithmic axis of what is missed, from a floor to a little above 1."""
    axes.set_yscale("log")
    axes.set_ylim(floor, top)
    axes.set_ylabel(label)


def note(figure: Figure, text: str) -> Text:
    """A line of small print below the figure."""
    return figure.text(0.01, 0.004, text, fontsize=7, color=INK, ha="left", va="bottom")


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


def shifted(data: Series, by: float = 0.0, factor: float = 1.0) -> Series:
    """A curve moved along its axis, so that markers do not hide each other."""
    return data._replace(position=[factor * position + by for position in data.position])


def _one_place(data: Series) -> bool:
    """Whether a curve has no length, so that it is drawn as a dash."""
    return len(set(data.position)) == 1


def _short(data: Series, half: float, label: str) -> list[tuple[Series, str]]:
    """Every point as a curve as long as a place is wide; the last one has the name."""
    parts = [
        Series([position - half, position + half], *([value] * 2 for value in values))
        for position, *values in zip(*data, strict=True)
    ]
    names = [""] * (len(parts) - 1) + [label]
    return list(zip(parts, names, strict=False))


def _placed(data: Series, across: bool) -> dict[str, Any]:
    bars = [
        [mean - low for mean, low in zip(data.mean, data.low, strict=True)],
        [high - mean for mean, high in zip(data.mean, data.high, strict=True)],
    ]
    if across:
        return {"x": data.mean, "y": data.position, "xerr": bars}
    return {"x": data.position, "y": data.mean, "yerr": bars}
