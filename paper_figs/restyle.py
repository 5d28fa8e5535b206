"""How does a reader give a figure of ours another size or other colours?

`set_size_inches` moves neither the names of curves nor the small print, and a curve's marker, band
and name have colours of their own: `resize` lays everything out again, `recolour` changes a colour
wherever it is used.
"""

import textwrap
import warnings
from collections.abc import Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.colors import to_rgb, to_rgba_array
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Annotation, Text

from paper_figs import fitting, labels, style
from paper_figs.layout import Layout, lay_out, layout_of

LEAST_LETTERS = 6  # of a line of a wrapped title
FILLED = 0.97  # share of a panel that its title may take
WRAPPED: WeakKeyDictionary[Text, tuple[str, str]] = WeakKeyDictionary()  # as it was, as it is
SHADE = 1 / 512  # by which a colour may differ from itself after rounding
COLOURS: dict[type, tuple[str, ...]] = {
    Line2D: ("color", "markerfacecolor", "markeredgecolor"),
    Collection: ("facecolor", "edgecolor"),
    Patch: ("facecolor", "edgecolor"),
    Text: ("color",),
}


def resize(figure: Figure, width: float, height: float, *, small_print: bool = True) -> Figure:
    """The same figure, laid out again for a size in inches; letters keep theirs.

    Long titles are wrapped, and curves that have no room for their names at their ends are named
    in legends below the panels. small_print: whether the lines at the foot stay; a caption can say
    them instead. Raises ValueError, and leaves the figure as it was, where texts would overlap or
    be cut, or panels be too small; and for a figure that `layout.finish` has not laid out.
    """
    before = layout_of(figure)
    if before is None:
        raise ValueError(
            "only a figure that paper_figs.layout.finish has laid out can be laid out again; got "
            f"{figure}: take one that the draw of a script returns"
        )
    size, trouble = tuple(figure.get_size_inches()), ""
    for below in (False, True) if before.ends else (False,):
        wished = before._replace(small_print=small_print, below=below)
        trouble = _placed(figure, wished, (width, height))
        if not trouble:
            return figure
    _placed(figure, before, size)
    remedy = ", or small_print=False and its lines in the caption" * small_print
    raise ValueError(
        f"nothing in a figure may overlap or be cut; at {width:g} × {height:g} inches {trouble}: "
        f"give it more room{remedy}"
    )


def recolour(figure: Figure, colours: Mapping[Any, Any]) -> Figure:
    """The same figure with colours replaced: of lines, markers, bars, bands, names and legends.

    colours: old -> new, in any form that matplotlib knows, such as {style.BLUE: "teal"}. What is
    measured is told by colour, so that all that is drawn in one changes together. Raises ValueError
    for a colour that no curve of the figure has.
    """
    drawn = {to_rgb(old): to_rgb(new) for old, new in colours.items()}
    named = {to_rgb(labels.ink(old)): to_rgb(labels.ink(new)) for old, new in drawn.items()}
    found: set[tuple[float, float, float]] = set()
    for artist in _curves(figure):
        found |= _replace(artist, drawn)
    for name in _names(figure):
        _replace(name, named)
        if name.arrow_patch is not None:
            _replace(name.arrow_patch, drawn)
    unused = [old for old in colours if to_rgb(old) not in found]
    if unused:
        raise ValueError(
            f"a colour to replace must be one of a curve; this figure has none in {unused[0]!r}: "
            "paper_figs.style has the palette"
        )
    return figure


def _placed(figure: Figure, layout: Layout, size: tuple[float, float]) -> str:
    """Lay a figure out for a size; what has no room then, empty if all has."""
    for axes in figure.axes:
        _unwrap(axes)
    figure.set_size_inches(size)
    with matplotlib.rc_context(style.SETTINGS), warnings.catch_warnings():
        # of margins without room for what stands there, which the panels then tell
        warnings.filterwarnings("ignore", "Tight layout not applied", UserWarning)
        lay_out(figure, layout)
        for _ in range(4):  # a panel gets wider where a title no longer reaches beyond it
            before = {text: text.get_text() for axes in figure.axes for text in _titles(axes)}
            for axes in figure.axes:
                _wrap(axes)
            if all(text.get_text() == was for text, was in before.items()):
                break
            lay_out(figure, layout)
    return next(iter(fitting.troubles(figure)), "")


def _unwrap(axes: Axes) -> None:
    for text in _titles(axes):
        was, became = WRAPPED.pop(text, ("", None))
        if text.get_text() == became:
            text.set_text(was)


def _wrap(axes: Axes) -> None:
    """Break titles that are longer than their panel."""
    _unwrap(axes)
    for text in _titles(axes):
        words = text.get_text()
        room = FILLED * (axes.bbox.height if text.get_rotation() == 90 else axes.bbox.width)
        letters = max(map(len, words.split("\n")))
        while _length(text) > room and letters > LEAST_LETTERS:
            letters -= 1
            parts = (textwrap.wrap(s, letters, break_long_words=False) for s in words.split("\n"))
            text.set_text("\n".join(line for lines in parts for line in lines))
            WRAPPED[text] = words, text.get_text()


def _length(text: Text) -> float:
    """How far a text reaches along its lines, in pixels."""
    box = Text.get_window_extent(text)
    return box.height if text.get_rotation() == 90 else box.width


def _titles(axes: Axes) -> list[Text]:
    """The titles of a panel and of its axes."""
    titles = [text for text in axes.get_children() if isinstance(text, Text)]
    return [*(t for t in titles if t not in axes.texts), axes.xaxis.label, axes.yaxis.label]


def _curves(figure: Figure) -> Iterator[Any]:
    """What curves are drawn with, in panels and legends."""
    beside = [axes.get_legend() for axes in figure.axes]
    for legend in (*figure.legends, *(found for found in beside if found is not None)):
        for kind in (Line2D, Collection, Patch):
            yield from legend.findobj(kind)
    for axes in figure.axes:
        yield from (*axes.lines, *axes.collections, *axes.patches)


def _names(figure: Figure) -> Iterator[Annotation]:
    for axes in figure.axes:
        yield from (text for text in axes.texts if isinstance(text, Annotation))


def _replace(artist: Any, colours: Mapping[tuple, tuple]) -> set[tuple]:
    """Replace the colours of an artist; those that it had."""
    had = set()
    names = next(names for kind, names in COLOURS.items() if isinstance(artist, kind))
    for name in names:
        old = to_rgba_array(getattr(artist, f"get_{name}")())
        new = old.copy()
        for before, after in colours.items():
            same = (np.abs(old[:, :3] - before) < SHADE).all(1)
            new[same, :3] = after
            had |= {before} if same.any() else set()
        if (new != old).any():
            getattr(artist, f"set_{name}")(new if isinstance(artist, Collection) else new[0])
    return had
