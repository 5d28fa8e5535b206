"""Can a reader give a figure another size and other colours?"""

import gc
import re
import weakref
from pathlib import Path

import matplotlib
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from paper_figs import fitting, labels, style
from paper_figs.restyle import recolour, resize
from tests.paper_figs.made_up_tables import write
from tests.paper_figs.test_every_figure import SCRIPTS, TOUCH, drawn, overlapping, texts

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "read-results.md"
WIDTH = 9.5  # inches, which no figure has and every figure can take


@pytest.fixture(scope="module")
def limits(tmp_path_factory):
    """A figure of two panels whose curves are named at their ends."""
    return lambda: drawn("residual", tmp_path_factory.mktemp("table"))["residual_limits"]


def assert_nothing_is_cut_or_overlaps(figure):
    found, page = texts(figure), figure.bbox
    outside = [
        one.get_text()
        for one, box in found
        if box.x0 < -1 or box.y0 < -1 or box.x1 > page.x1 + 1 or box.y1 > page.y1 + 1
    ]
    assert not outside
    assert not list(overlapping(found))


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_figure_has_room_for_all_its_texts_at_another_width(script, tmp_path):
    for figure in drawn(script, tmp_path).values():
        height = figure.get_size_inches()[1]
        assert resize(figure, WIDTH, height) is figure
        assert figure.get_size_inches().tolist() == [WIDTH, height]
        assert_nothing_is_cut_or_overlaps(figure)


def test_the_texts_that_are_looked_at_are_those_that_are_drawn(limits):
    figure = limits()
    assert fitting.TOUCH == TOUCH
    looked_at = {id(text) for text, _ in fitting.texts(figure)}
    assert looked_at == {id(text) for text, _ in texts(figure)}


def test_a_figure_of_one_column_wraps_its_titles_and_names_curves_below(limits):
    figure = limits()
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    named = {text.get_text() for text in figure.axes[0].texts if hasattr(text, "xyann")}
    resize(figure, 3.5, 5.5, small_print=False)
    assert_nothing_is_cut_or_overlaps(figure)
    wrapped = [axes.get_title(loc="left") for axes in figure.axes]
    assert any("\n" in title for title in wrapped)
    assert [" ".join(title.split()) for title in wrapped] == titles
    (below,) = figure.legends
    shown = {text.get_text() for text in below.get_texts()}
    assert shown == {" ".join(name.split()) for name in named}
    assert not [text for text in figure.axes[0].texts if hasattr(text, "xyann")]
    assert not any("Exact worlds" in text.get_text() for text in figure.texts)


def test_a_figure_of_the_old_size_is_the_old_figure(limits):
    figure, size = limits(), (8.0, 7.6)
    before = {text.get_text(): box.bounds for text, box in texts(figure)}
    resize(figure, 3.5, 5.5, small_print=False)
    resize(figure, *size)
    after = {text.get_text(): box.bounds for text, box in texts(figure)}
    assert after.keys() == before.keys()
    for words, bounds in before.items():
        assert after[words] == pytest.approx(bounds, abs=2)


def test_a_figure_that_cannot_be_so_small_says_so_and_stays_as_it_was(limits):
    figure = limits()
    before = {text.get_text() for text, _ in texts(figure)}
    with pytest.raises(ValueError, match=r"at 3\.5 × 2 inches .*: give it more room, or small_pr"):
        resize(figure, 3.5, 2)
    assert {text.get_text() for text, _ in texts(figure)} == before
    assert figure.get_size_inches().tolist() == [8.0, 7.6]
    assert_nothing_is_cut_or_overlaps(figure)


def test_a_title_that_was_set_since_stays(limits):
    figure = limits()
    resize(figure, 3.5, 5.5, small_print=False)
    figure.axes[0].set_title("mine", loc="left")
    resize(figure, 8, 7)
    assert figure.axes[0].get_title(loc="left") == "mine"


def test_a_figure_that_nobody_holds_is_given_back(limits):
    figure = weakref.ref(resize(limits(), 8, 7))
    gc.collect()
    assert figure() is None


def test_only_a_figure_of_ours_is_laid_out_again():
    with pytest.raises(ValueError, match=r"finish has laid out .* take one that the draw of a scr"):
        resize(Figure(), 4, 4)


def colours(figure):
    """Every colour of a curve, its band and its name, in panels and legends."""
    lines = [line for axes in figure.axes for line in axes.lines]
    bands = [band for axes in figure.axes for band in axes.collections]
    names = [text for axes in figure.axes for text in axes.texts if hasattr(text, "xyann")]
    arrows = [to_hex(name.arrow_patch.get_edgecolor()) for name in names]
    found = {
        to_hex(each) for band in bands for each in (*band.get_facecolor(), *band.get_edgecolor())
    }
    found |= {
        to_hex(each) for line in lines for each in (line.get_color(), line.get_markerfacecolor())
    }
    return found | {to_hex(name.get_color()) for name in names} | set(arrows)


@pytest.mark.parametrize("script", ["residual", "simulation"])
def test_a_colour_is_replaced_in_lines_markers_bands_and_names(script, tmp_path):
    for figure in drawn(script, tmp_path).values():
        before = colours(figure)
        assert recolour(figure, {style.GREEN: "#882255"}) is figure
        old = {to_hex(style.GREEN), labels.ink(style.GREEN)}
        after = colours(figure)
        assert not after & old
        assert after - before == {"#882255", labels.ink("#882255")}
        resize(figure, WIDTH, figure.get_size_inches()[1])
        assert not colours(figure) & old


def test_two_colours_change_places_and_bands_stay_pale(limits):
    figure = limits()
    first, second = figure.axes[0].lines[0], figure.axes[0].collections[0]
    assert to_hex(first.get_color()) == to_hex(style.ORANGE)
    recolour(figure, {style.ORANGE: style.GREEN, style.GREEN: style.ORANGE})
    assert to_hex(first.get_color()) == to_hex(style.GREEN)
    assert second.get_facecolor()[0].tolist() == pytest.approx([*to_rgb(style.GREEN), 0.15])


def test_a_colour_that_no_curve_has_is_an_error(limits):
    with pytest.raises(ValueError, match=r"none in '#123456': paper_figs\.style has the palette"):
        recolour(limits(), {"#123456": "teal"})


def test_the_example_of_the_page_restyles_a_figure(tmp_path, monkeypatch):
    blocks = PAGE.read_text(encoding="utf-8").split("```")[1::2]
    (block,) = [found for found in blocks if "paper_figs.restyle" in found]
    (name,) = set(re.findall(r"output/figures/(\w+)\.csv", block))
    folder = tmp_path / "output" / "figures"
    folder.mkdir(parents=True)
    write(name, folder)
    monkeypatch.chdir(tmp_path)
    names = {}
    with matplotlib.rc_context():
        exec(compile(block, PAGE.name, "exec"), names)
    figure = names["figure"]
    assert figure.get_size_inches()[0] == 3.5
    assert [axes.get_title() for axes in figure.axes] == ["", ""]  # the one in the middle
    assert (tmp_path / "mine.pdf").is_file()
    assert_nothing_is_cut_or_overlaps(figure)
