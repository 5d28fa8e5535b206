"""How does a script draw its figures, and how do panels, names and small print share a page?

`draw_all(table, {name: painter})` is the body of every `draw`, `run(draw)` of every
`__main__`. A painter takes the table's rows, returns a Figure and ends with `finish`.
"""

import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from paper_figs import labels, legends, style
from paper_figs.legends import handles as handles
from paper_figs.tables import Row, read_rows, stamp

LETTERS = 18  # of small print in an inch
EDGE = 0.06  # inches between what stands below the panels
DECADES = 1e3  # from here on the decades alone are marked on a logarithmic axis
NO_BREAK = "\N{NO-BREAK SPACE}"
HEAD = 0.17  # inches left for the stamp of smoke results
KEPT = "_layout_of_latentgen"  # where a figure keeps its layout, which names its artists


def draw_all(
    table: Path, painters: Mapping[str, Callable[[list[Row]], Figure]]
) -> dict[str, Figure]:
    """name -> Figure, drawn from the stored table alone, stamped where it is no evidence."""
    rows = read_rows(table)
    with matplotlib.rc_context(style.SETTINGS):
        figures = {name: paint(rows) for name, paint in painters.items()}
        for figure in figures.values():
            style.stamp_smoke(figure, stamp(rows))
    return figures


def run(draw: Callable[[Path], dict[str, Figure]]) -> None:
    """Write the figures of the table named first on the command line to the folder named second."""
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    for name, picture in draw(source).items():
        picture.savefig(target / f"{name}.pdf")


class Layout(NamedTuple):
    """What `finish` was told of a figure and what it added, so that it can be laid out again.

    small_print: whether the text is shown; below: whether curves are named in legends below the
    panels and not at their ends.
    """

    text: str
    ends: Sequence[Axes]
    legend: Mapping[str, Any]
    ncols: int
    small_print: bool = True
    below: bool = False
    added: Sequence[Artist] = ()


def layout_of(figure: Figure) -> Layout | None:
    """How `finish` has laid a figure out; None for a figure that it has not."""
    return getattr(figure, KEPT, None)


def finish(
    figure: Figure,
    text: str,
    *,
    ends: Sequence[Axes] = (),
    legend: Mapping[str, Any] | None = None,
    ncols: int = 4,
) -> Figure:
    """The figure laid out: panels on top, below them a legend and the small print, each if given.

    text: small print, wrapped to the width; ends: axes whose curves are named at their right end,
    in a legend beside the axes only where the names do not fit; legend: label -> handle, for what
    is drawn in several panels (`handles` collects them).
    """
    lay_out(figure, Layout(text, ends, legend or {}, ncols))
    return figure


def lay_out(figure: Figure, layout: Layout) -> None:
    """Place panels, names, legends and small print for the figure's present size, and keep how."""
    before = layout_of(figure)
    for artist in before.added if before else ():
        artist.remove()
    _drop_minor_ticks(figure)
    added, bottom = _feet(figure, layout)
    rect = (0, bottom, 1, 1 - HEAD / figure.get_size_inches()[1])
    names = {} if layout.below else {axes: labels.end_labels(axes) for axes in layout.ends}
    crowded = _settle(figure, names, rect)
    for axes in crowded:
        for name in names.pop(axes):
            name.text.remove()
        beside = {"loc": "center left", "bbox_to_anchor": (1.01, 0.5), "labelspacing": 0.2}
        added.append(axes.legend(**beside))
    if crowded:
        _settle(figure, names, rect)
    added += [name.text for found in names.values() for name in found]
    setattr(figure, KEPT, layout._replace(added=added))


def _feet(figure: Figure, layout: Layout) -> tuple[list[Artist], float]:
    """Small print and legends below the panels, and where the panels may begin."""
    width, height = figure.get_size_inches()
    gap, added = EDGE / height, []
    bottom = gap
    if layout.small_print:
        text = " ".join(layout.text.split()).replace(" %", NO_BREAK + "%")
        added.append(style.note(figure, textwrap.fill(text, int(LETTERS * width))))
        bottom = _top(figure, added[-1]) + gap
    named = legends.of_panels(layout.ends) if layout.below else []
    shared = [legends.Shown("", layout.legend)] if layout.legend else []
    for shown in [*shared, *reversed(named)]:
        added.append(legends.place(figure, shown, layout.ncols, bottom))
        bottom = _top(figure, added[-1]) + gap
    return added, bottom


def _drop_minor_ticks(figure: Figure) -> None:
    """Of logarithmic axes over several decades, whose labels say enough."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            if axis.get_scale() == "log" and high >= DECADES * low:
                axis.set_minor_locator(NullLocator())


def _settle(
    figure: Figure,
    names: Mapping[Axes, list[labels.EndLabel]],
    rect: tuple[float, float, float, float],
) -> list[Axes]:
    """Give panels and names their places; the axes whose names do not fit."""
    crowded = _spread(names)
    for _ in range(2):  # a name may lose its room inside when its panel gets narrower
        inside = _inside(names)
        figure.tight_layout(rect=rect)
        crowded = _spread(names)
        if _inside(names) == inside:
            break
    return crowded


def _spread(names: Mapping[Axes, list[labels.EndLabel]]) -> list[Axes]:
    return [axes for axes, found in names.items() if not labels.spread(axes, found)]


def _inside(names: Mapping[Axes, list[labels.EndLabel]]) -> list[bool]:
    return [labels.has_room(axes, name) for axes, found in names.items() for name in found]


def _top(figure: Figure, artist: Any) -> float:
    """Where an artist ends, from 0 at the foot of the figure to 1."""
    return artist.get_window_extent().y1 / figure.bbox.height
