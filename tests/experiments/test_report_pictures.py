"""Do pictures look the same in a page that holds them all, though it holds less?

Another reader lists what is drawn, in order, with every reference followed: where, which shape, how
it looks; before and after.
"""

import re
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from experiments import figures
from experiments.report_pictures import in_one_page

PART = re.compile(r"#\w+|z(?=M)|[A-Za-z]+|-?\d+\.?\d*(?:e[-+]?\d+)?")
XLINK = "{http://www.w3.org/1999/xlink}href"


def picture(title):
    """What our figures are drawn with: bands, hatches, markers, formulas, turned text."""
    figure = Figure(figsize=(5, 3))
    axes = figure.subplots()
    x = np.linspace(0, 1, 30)
    axes.plot(x, np.sin(9 * x) / 3, marker="o", markevery=5, label=title)
    axes.fill_between(x, -x, x, alpha=0.15, linewidth=0)
    axes.axhspan(0.1, 0.2, alpha=0.15, linewidth=0)
    axes.bar([0.2, 0.6], [0.5, 0.7], width=0.1, hatch="//", edgecolor="black", alpha=0.75)
    axes.errorbar([0.3], [0.4], yerr=[0.1], capsize=3)
    axes.set(title=title, xlabel=r"$\rho_c^2$ of p(c∣x)", ylabel="turned", ylim=(-0.5, 0.5))
    axes.legend()
    with matplotlib.rc_context({"svg.hashsalt": "test", "svg.fonttype": "path"}):
        return figures.as_svg(figure)


@pytest.fixture(scope="module")
def before():
    return {"one": picture("A title"), "two": picture("Another title, of the same letters")}


@pytest.fixture(scope="module")
def after(before):
    return in_one_page(before)


def short(name):
    """A name without its namespace."""
    return name.rpartition("}")[2]


def parts(text):
    """Words and numbers of a path, a transform or a style."""
    found = PART.findall(text)
    return [part if part[0] == "#" or part[0].isalpha() else float(part) for part in found]


def steps(element):
    """Its transforms; x and y of a use are one more."""
    moved = parts(element.get("transform", ""))
    if short(element.tag) == "use":
        place = [float(element.get("x", 0)), float(element.get("y", 0))]
        moved += ["translate", *place] if any(place) else []
    return moved


def look(element, by_id):
    """Its style and its clip, with what they refer to in the place of the reference."""
    told = []
    for name in ("style", "clip-path", "fill"):
        text = element.get(name, "")
        for reference in re.findall(r"url\(#([^)]+)\)", text):
            told += [part for child in by_id[reference] for part in shape(child, by_id)]
        told += parts(re.sub(r"url\(#[^)]+\)", "", text))
    return told


def shape(element, by_id):
    """A thing that is drawn by itself."""
    sizes = [float(element.get(name, 0)) for name in ("width", "height")]
    return [short(element.tag), *sizes, *parts(element.get("d", "")), *look(element, by_id)]


def drawn(element, by_id, around=()):
    """One list for each thing drawn, in order: all that decides where and how it is seen."""
    tag = short(element.tag)
    if tag in ("defs", "metadata"):
        return
    if tag in ("g", "svg"):
        said = [*around, *steps(element), *look(element, by_id)]
        for child in element:
            yield from drawn(child, by_id, said)
    elif tag == "use":
        used = by_id[(element.get("href") or element.get(XLINK)).removeprefix("#")]
        said = [*around, *steps(element), *look(element, by_id), *steps(used)]
        yield [*said, *shape(used, by_id)]
    else:
        yield [*around, *steps(element), *shape(element, by_id)]


def all_drawn(pictures):
    """Of pictures that may use each other's shapes."""
    roots = [ElementTree.fromstring(text) for text in pictures]
    by_id = {each.get("id"): each for root in roots for each in root.iter() if each.get("id")}
    return [list(drawn(root, by_id)) for root in roots]


def same(first, second):
    """Whether two drawings say the same, numbers up to a hundredth of their unit."""
    return len(first) == len(second) and all(
        abs(a - b) <= 0.01 if isinstance(a, float) and isinstance(b, float) else a == b
        for a, b in zip(first, second, strict=True)
    )


def test_the_same_is_drawn_in_the_same_order_to_a_hundredth(before, after):
    assert list(after) == list(before)
    # each by itself: apart from the page, ids of two pictures may be the same
    expected = [all_drawn([text])[0] for text in before.values()]
    for one, other in zip(expected, all_drawn(after.values()), strict=True):
        assert len(one) == len(other) > 80
        assert all(map(same, one, other))


def test_another_drawing_is_told_apart(before):
    moved = before["one"].replace(' x="', ' x="1', 1), before["one"].replace("opacity: 0.15", "", 1)
    [expected], *others = ([*all_drawn([text])] for text in (before["one"], *moved))
    for [other] in others:
        assert not all(map(same, expected, other))


def test_ids_are_distinct_and_every_reference_finds_its_own(after):
    page = "".join(after.values())
    ids = re.findall(r' id="([^"]+)"', page)
    used = re.findall(r'href="#([^"]+)"', page) + re.findall(r"url\(#([^)]+)\)", page)
    assert len(ids) == len(set(ids))
    assert set(used) == set(ids)
    assert all(name.startswith("s-") for name in ids)


def test_a_letter_is_defined_once_a_page(before, after):
    letter = r'<path [^>]*transform="scale\(0.015625\)"[^>]*>'
    found = re.findall(letter, "".join(after.values()))
    alone = [set(re.findall(letter, in_one_page({name: before[name]})[name])) for name in before]
    assert len(found) == len({re.sub(' id="[^"]*"', "", each) for each in found})
    assert len(found) < sum(map(len, alone))


def test_what_nobody_sees_is_left_out(before, after):
    for name, text in after.items():
        assert len(text) < 0.65 * len(before[name])
        assert "<!--" not in text
        assert "metadata" not in text
        assert "xmlns" not in text
        assert "<g>" not in text
        assert not re.search(r">\s+<", text)


def test_the_page_is_the_same_every_time(before, after):
    assert in_one_page(before) == after


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("<svg><g></svg>", r"picture odd must be SVG: mismatched tag.*; draw it again"),
        (
            '<svg><use href="#gone"/></svg>',
            r"odd uses \['gone'\], which it does not define",
        ),
    ],
)
def test_a_picture_that_cannot_be_drawn_is_named(text, problem):
    with pytest.raises(ValueError, match=problem):
        in_one_page({"odd": text})
