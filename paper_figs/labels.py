"""Where do the names of curves stand?

`end_labels` names every labelled curve in its colour, with a thin line to its last point: right of
the axes, or beside the point where the curve ends early enough to leave room for the name.
`spread` moves names apart where they would collide.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.container import ErrorbarContainer
from matplotlib.lines import Line2D
from matplotlib.text import Annotation, Text
from scipy.optimize import isotonic_regression

SIZE = 8  # points
LINE = 1.25  # height of a line of text over its size
ASIDE = 8.0  # points between the axes and the names
BELOW = 8.0  # points that names may reach below the axes; above them stands a title


class EndLabel(NamedTuple):
    """The name of a curve and the line whose last point it stands beside."""

    text: Annotation
    line: Line2D


def end_labels(axes: Axes) -> list[EndLabel]:
    """A name beside the last point of every labelled curve, not yet moved apart."""
    found = ((_line(h), label) for h, label in zip(*axes.get_legend_handles_labels(), strict=True))
    return [EndLabel(_text(axes, line, label), line) for line, label in found if _answered(line)]


def spread(axes: Axes, names: Sequence[EndLabel]) -> bool:
    """Move names apart, as little as keeps them from touching; False where they do not fit."""
    if not names:
        return True
    room = axes.bbox.height * 72 / axes.figure.dpi
    heights = np.array([LINE * SIZE * (1 + name.text.get_text().count("\n")) for name in names])
    if heights.sum() > room + BELOW:
        return False
    ends = np.array([_end(axes, name) for name in names])
    places = _apart(np.clip(ends[:, 1], 0, 1) * room, heights, room) / room
    for name, end, place in zip(names, ends[:, 0], places, strict=True):
        across = end if has_room(axes, name) else 1.0
        name.text.xyann = (float(across) + _aside(axes), float(place))
    return True


def has_room(axes: Axes, name: EndLabel) -> bool:
    """Whether a name fits between its curve's last point and the right edge of the axes."""
    width = Text.get_window_extent(name.text).width / axes.bbox.width
    return _end(axes, name)[0] + width + 2 * _aside(axes) < 1


def ink(colour: Any) -> str:
    """A colour dark enough for small text on white."""
    red, green, blue = to_rgb(colour)
    return to_hex((0.78 * red, 0.78 * green, 0.78 * blue))


def _text(axes: Axes, line: Line2D, label: str) -> Annotation:
    return axes.annotate(
        label,
        _last(axes, line),
        xycoords=line.get_transform(),
        xytext=(1.02, 0.5),
        textcoords="axes fraction",
        annotation_clip=False,
        va="center",
        fontsize=SIZE,
        color=ink(line.get_color()),
        arrowprops={
            "arrowstyle": "-",
            "color": line.get_color(),
            "linewidth": 0.5,
            "alpha": 0.6,
            "relpos": (0, 0.5),
            "shrinkA": 0,
            "shrinkB": 1,
        },
    )


def _line(handle: Any) -> Line2D:
    """The line of a curve, with error bars or without."""
    return handle[0] if isinstance(handle, ErrorbarContainer) else handle


def _last(axes: Axes, line: Line2D) -> tuple[float, float]:
    """The point of a line that is drawn furthest to the right, moved to the edge of the axes."""
    points = np.asarray(line.get_data(), float).T[_answered(line)]
    shown = line.get_transform().transform(points)
    across, up = points[np.argmax(shown[:, 0])]
    low, high = sorted(axes.get_ylim())
    return float(across), min(max(float(up), low), high)


def _answered(line: Line2D) -> list[int]:
    """The points of a line that can be drawn."""
    return np.flatnonzero(np.isfinite(np.asarray(line.get_data(), float)).all(axis=0)).tolist()


def _end(axes: Axes, name: EndLabel) -> tuple[float, float]:
    """The curve's last point, from 0 to 1 within the axes."""
    point = name.line.get_transform().transform(_last(axes, name.line))
    across, up = axes.transAxes.inverted().transform(point)
    return float(across), float(up)


def _aside(axes: Axes) -> float:
    """What lies between a curve and its name, as a share of the axes' width."""
    return ASIDE * axes.figure.dpi / 72 / axes.bbox.width


def _apart(wished: np.ndarray, heights: np.ndarray, room: float) -> np.ndarray:
    """Places of least squared moves at which no two names touch, in the order wished for."""
    order = np.argsort(wished[::-1].round(3), kind="stable")  # of equals the first on top
    order = len(wished) - 1 - order
    below = np.cumsum(heights[order]) - heights[order] / 2
    moved = isotonic_regression(wished[order] - below).x
    placed = np.empty_like(wished)
    placed[order] = np.clip(moved, -BELOW, room - heights.sum()) + below
    return placed
