"""What stands in a legend below the panels?"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend


class Shown(NamedTuple):
    """The title of a legend, if it has one, and label -> handle."""

    title: str
    handles: Mapping[str, Any]


def handles(panels: Sequence[Axes]) -> dict[str, Any]:
    """label -> handle of what is labelled in some panels, every label once."""
    found: dict[str, Any] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    return found


def of_panels(panels: Sequence[Axes]) -> list[Shown]:
    """A legend for the curves of each panel, with the name of its row where they are several."""
    found = []
    for axes in panels:
        shown = {" ".join(label.split()): h for label, h in handles([axes]).items()}
        found.append(Shown(_row_name(axes) if len(panels) > 1 else "", shown))
    return [shown for shown in found if shown.handles]


def place(figure: Figure, shown: Shown, ncols: int, bottom: float) -> Legend:
    """A legend at a height of the figure, in as many columns, up to ncols, as have room."""
    look = {"loc": "lower center", "bbox_to_anchor": (0.5, bottom), "borderaxespad": 0}
    if shown.title:
        look |= {"title": shown.title, "title_fontsize": "medium"}
    names = list(shown.handles.values()), list(shown.handles)
    found = figure.legend(*names, ncols=ncols, **look)
    while ncols > 1 and found.get_window_extent().width > figure.bbox.width:
        found.remove()
        ncols -= 1
        found = figure.legend(*names, ncols=ncols, **look)
    return found


def _row_name(axes: Axes) -> str:
    """What the vertical axis is called in a panel's row of the grid."""
    names = (" ".join(o.get_ylabel().split()) for o in axes.figure.axes if _row(o) == _row(axes))
    return next((name for name in names if name), "")


def _row(axes: Axes) -> range | None:
    spec = axes.get_subplotspec()
    return None if spec is None else spec.rowspan
