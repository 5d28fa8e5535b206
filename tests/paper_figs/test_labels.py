"""Are the names of curves beside their ends, and apart?"""

import numpy as np
import pytest
from matplotlib.figure import Figure

from paper_figs import labels, layout, style
from paper_figs.tables import Point, Series


def curve(*heights, last=1.0):
    return Series(np.linspace(0, last, len(heights)).tolist(), *([list(heights)] * 3))


def panel(**curves):
    """Axes from 0 to 1 with named curves, laid out."""
    figure = Figure(figsize=(5, 3))
    axes = figure.subplots()
    for name, data in curves.items():
        style.line(axes, data, style.BLUE, name)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    layout.finish(figure, "small print", ends=[axes])
    return axes


def box(text):
    return super(type(text), text).get_window_extent()


def heights(axes):
    """name -> where it stands, from 0 to 1 within the axes."""
    return {text.get_text(): text.xyann[1] for text in axes.texts}


def test_a_name_stands_at_the_height_of_its_curves_last_point():
    found = heights(panel(high=curve(0, 0.8), low=curve(0.9, 0.2)))
    assert found == pytest.approx({"high": 0.8, "low": 0.2})


def test_names_of_curves_that_end_together_stand_apart_in_the_order_of_their_ends():
    axes = panel(third=curve(0, 0.5), second=curve(1, 0.51), first=curve(0, 0.52))
    boxes = [box(text) for text in axes.texts]
    ordered = sorted(axes.texts, key=lambda text: -text.xyann[1])
    assert [text.get_text() for text in ordered] == ["first", "second", "third"]
    assert not any(one.overlaps(other) for one in boxes for other in boxes if one is not other)
    assert np.mean(list(heights(axes).values())) == pytest.approx(0.51)


def test_of_curves_that_end_at_one_point_the_first_drawn_is_named_first():
    found = heights(panel(first=curve(0, 0.5), second=curve(1, 0.5)))
    assert found["first"] > found["second"]


def test_a_curve_that_ends_early_is_named_beside_its_end_within_the_axes():
    early, full = panel(early=curve(0, 0.5, last=0.3), full=curve(0, 0.9)).texts
    assert 0.3 < early.xyann[0] < 0.4
    assert full.xyann[0] > 1


def test_the_end_is_where_the_curve_is_drawn_last_also_on_an_axis_turned_round():
    figure = Figure()
    axes = figure.subplots()
    style.line(axes, curve(0.1, 0.9), style.BLUE, "turned")
    axes.set_xlim(1, 0)
    axes.set_ylim(0, 1)
    layout.finish(figure, "", ends=[axes])
    assert heights(axes) == pytest.approx({"turned": 0.1})


def test_a_curve_without_a_point_has_no_name_and_one_beyond_the_axes_is_named_at_their_edge():
    found = heights(panel(none=Series([], [], [], []), beyond=curve(0, 7.0)))
    assert found.keys() == {"beyond"}
    assert 0.9 < found["beyond"] <= 1


def test_names_that_do_not_fit_become_a_legend():
    axes = panel(**{f"curve {i}": curve(0, 0.5) for i in range(18)})
    assert not axes.texts
    assert len(axes.get_legend().get_texts()) == 18


def test_names_are_dark_enough_to_be_read_on_white():
    def luminance(colour):
        channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return np.dot([0.2126, 0.7152, 0.0722], linear)

    for colour in (style.BLUE, style.ORANGE, style.GREEN, style.PURPLE, style.GREY, style.BLACK):
        assert 1.05 / (luminance(labels.ink(colour)) + 0.05) >= 4.5


def test_a_level_and_a_single_place_are_named_too():
    figure = Figure()
    axes = figure.subplots()
    style.level(axes, Point(0.4, 0.3, 0.5), style.BLACK, "level")
    style.line(axes, Series([0.5], [0.7], [0.6], [0.8]), style.BLUE, "single")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    layout.finish(figure, "", ends=[axes])
    assert heights(axes) == pytest.approx({"level": 0.4, "single": 0.7})
