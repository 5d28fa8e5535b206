"""Does everything in a figure have room?"""

from collections.abc import Iterator, Sequence
from itertools import combinations

from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

TOUCH = 0.75  # pixels by which the boxes of two texts may overlap, which no ink does
CUT = 1.0  # pixels by which the box of a text may leave the page
LEAST_PANEL = (0.6, 0.45)  # inches, width and height, below which nothing can be read off
LETTERS = 32  # of a text that are told

Found = Sequence[tuple[Text, Bbox]]


def troubles(figure: Figure) -> list[str]:
    """What has no room, in words: small panels, texts that are cut, texts that overlap."""
    found = texts(figure)
    return [*_small_panels(figure), *_cut(figure, found), *_overlapping(found)]


def texts(figure: Figure) -> list[tuple[Text, Bbox]]:
    """Every text that is drawn, with the box of its words in pixels."""
    figure.draw_without_rendering()
    hidden = set(_hidden(figure))
    found = [text for text in figure.findobj(Text) if isinstance(text, Text)]
    shown = [text for text in found if text.get_visible() and text not in hidden]
    return [(text, Text.get_window_extent(text)) for text in shown if text.get_text().strip()]


def _hidden(figure: Figure) -> Iterator[Text]:
    """Texts that look visible and are not drawn: of ticks beyond an axis, of axes turned off."""
    for axes in figure.axes:
        if not axes.axison or not axes.get_visible():
            yield from (text for axis in (axes.xaxis, axes.yaxis) for text in _words(axis))
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_transform().transform(axis.get_view_interval()))
            margin = 1e-9 * (high - low)
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                place = axis.get_transform().transform([tick.get_loc()])[0]
                if not low - margin <= place <= high + margin:
                    yield from (tick.label1, tick.label2)


def _words(axis) -> list[Text]:
    return [text for text in axis.findobj(Text) if isinstance(text, Text)]


def _small_panels(figure: Figure) -> Iterator[str]:
    for axes in figure.axes:
        box = axes.get_window_extent()
        width, height = box.width / figure.dpi, box.height / figure.dpi
        if width < LEAST_PANEL[0] or height < LEAST_PANEL[1]:
            yield f"a panel would be left {max(width, 0):.1f} × {max(height, 0):.1f} inches"


def _cut(figure: Figure, found: Found) -> Iterator[str]:
    page = figure.bbox.padded(CUT)
    for text, box in found:
        if not (page.contains(box.x0, box.y0) and page.contains(box.x1, box.y1)):
            yield f"{_told(text)} would be cut"


def _overlapping(found: Found) -> Iterator[str]:
    for (first, one), (second, other) in combinations(found, 2):
        shared = Bbox.intersection(one, other)
        if shared is not None and min(shared.width, shared.height) > TOUCH:
            yield f"{_told(first)} would overlap {_told(second)}"


def _told(text: Text) -> str:
    words = " ".join(text.get_text().split())
    return f"“{words[:LETTERS]}{'…' * (len(words) > LETTERS)}”"
