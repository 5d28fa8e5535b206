"""How do many pictures stand in one page without getting in each other's way, and stay small?

What is seen stays as it was drawn, to a hundredth of a point. A shape that many texts and curves
use, such as a letter, is defined once a page; ids are distinct on the page, and short; what nobody
sees (metadata, white space, groups that only bear a name) is left out.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import count
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

PREFIX = "s-"  # of every id, so that none is the name of a part of the page
NUMBER = re.compile(r"-?\d+(?:\.\d*)?(?:e[-+]?\d+)?")
REFERENCE = re.compile(r'(href="#|url\(#)([^")]+)')
MOVED = re.compile(r"translate\((\S+) (\S+)\)")


def in_one_page(pictures: Mapping[str, str]) -> dict[str, str]:
    """The pictures, name -> SVG text, as they can stand in one page in this order.

    Drawn by matplotlib with absolute coordinates: each number of a path, a `use` and a `translate`
    is moved by at most half a hundredth of its unit. Raises ValueError, with the name, for a text
    that is no SVG, and for a reference that leads nowhere.
    """
    shapes, numbers = {}, count()
    return {name: _one(name, text, shapes, numbers) for name, text in pictures.items()}


def _one(name: str, text: str, shapes: dict[str, str], numbers: Iterator[int]) -> str:
    """One picture; shapes, how a shape is drawn -> its id on the page, grows with each."""
    try:
        root = _without_namespaces(ElementTree.fromstring(text))
    except ElementTree.ParseError as broken:
        raise ValueError(f"picture {name} must be SVG: {broken}; draw it again") from None
    used = {reference for _, reference in REFERENCE.findall(_text(root))}
    _tidy(root, used)
    renamed = _distinct(root, shapes, numbers)
    missing = sorted(used - renamed.keys())
    if missing:
        raise ValueError(f"picture {name} uses {missing}, which it does not define; draw it again")
    _without_groups(root)
    return REFERENCE.sub(lambda found: found[1] + renamed[found[2]], _text(root))


def _without_namespaces(root: Element) -> Element:
    """The same with the short names that HTML knows."""
    for element in root.iter():
        element.tag = _short(element.tag)
        named = {_short(key): value for key, value in element.attrib.items()}
        element.attrib.clear()
        element.attrib.update(named)
    return root


def _short(name: str) -> str:
    return name.rpartition("}")[2]


def _text(element: Element) -> str:
    return ElementTree.tostring(element, encoding="unicode").replace(" />", "/>")


def _tidy(element: Element, used: set[str]) -> None:
    """Leave out what nobody sees, and write what is left briefly."""
    for child in list(element):
        if child.tag == "metadata":
            element.remove(child)
        else:
            _tidy(child, used)
    element.text, element.tail = ((part or "").strip() for part in (element.text, element.tail))
    told = element.attrib
    if told.get("id") not in used:
        told.pop("id", None)
    if "d" in told:
        told["d"] = re.sub(r"\s*([A-Za-z])\s*", r"\1", " ".join(_rounded(told["d"]).split()))
    if "style" in told:
        told["style"] = re.sub(r"([:;])\s+", r"\1", told["style"])
    if "transform" in told:
        told["transform"] = MOVED.sub(lambda found: _rounded(found[0]), told["transform"])
    if element.tag == "use":
        _place(told)


def _place(told: dict[str, str]) -> None:
    """Where a shape is used: x and y say what a `translate` says at greater length."""
    moved = MOVED.fullmatch(told.get("transform", ""))
    if moved and not {"x", "y"} & told.keys():
        del told["transform"]
        told |= {"x": moved[1], "y": moved[2]}
    for axis in ("x", "y"):
        place = _rounded(told.pop(axis, "0"))
        if place != "0":
            told[axis] = place


def _rounded(text: str) -> str:
    """Each number to a hundredth, as briefly as it can be written."""

    def brief(found: re.Match[str]) -> str:
        number = f"{float(found[0]):.2f}".rstrip("0").rstrip(".")
        return "0" if number == "-0" else number

    return NUMBER.sub(brief, text)


def _distinct(root: Element, shapes: dict[str, str], numbers: Iterator[int]) -> dict[str, str]:
    """Give every id one of the page's, leave out shapes that the page has; id -> the new one."""
    renamed = {}
    for parent in list(root.iter()):
        for child in list(parent):
            if "id" not in child.attrib:
                continue
            own = child.attrib.pop("id")
            drawn = _text(child)
            # only what refers to nothing is the same wherever it says the same
            shared = parent.tag == "defs" and child.tag == "path" and "url(" not in drawn
            if shared and drawn in shapes:
                parent.remove(child)
                renamed[own] = shapes[drawn]
                continue
            renamed[own] = child.attrib["id"] = f"{PREFIX}{next(numbers):x}"
            if shared:
                shapes[drawn] = renamed[own]
    return renamed


def _without_groups(element: Element) -> None:
    """Put what a group without a look of its own holds in its place; leave out empty ones."""
    kept = []
    for child in element:
        _without_groups(child)
        bare = child.tag in ("g", "defs") and not child.text and not child.tail
        if bare and not len(child):
            continue
        kept += list(child) if bare and child.tag == "g" and not child.attrib else [child]
    element[:] = kept
