"""Can the report's text be read, and its pictures' colours be told apart, in light and in dark?

Contrast as WCAG 2 defines it; colours as people with one kind of cone missing see them, after
Machado, Oliveira and Fernandes (2009); differences in Oklab.
"""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from experiments import figures, report
from experiments.report_pictures import in_one_page
from paper_figs import style
from paper_figs.tables import Point, Series

CSS = (Path(report.__file__).parent / "report.css.jinja").read_text(encoding="utf-8")
LIGHT, DARK = (dict(re.findall(r"--(\w+): (#\w{6})", line)) for line in CSS.splitlines()[:2])
TEXT = ("ink", "soft", "link", "good", "bad", "mid")
PALETTE = (style.BLACK, style.BLUE, style.ORANGE, style.GREEN, style.PURPLE, style.GREY)
FILTER = "filter: invert(1) hue-rotate(180deg); mix-blend-mode: lighten;"
DRAWN, IN_THE_DARK = 0.15, 0.4  # how strongly bands are drawn
PALE = re.compile(
    r'\.picture svg \[style\*="(.+?)"\] { fill-opacity: (\S+) !important; opacity: 1 !'
)
SEEN = {
    "all cones": np.eye(3),
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}


def rgb(colour):
    """Red, green and blue between 0 and 1."""
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def linear(colour):
    """The light that a colour stands for."""
    return np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)


def contrast(first, second):
    """1 is none, 21 black on white."""
    lights = sorted(linear(colour) @ [0.2126, 0.7152, 0.0722] for colour in (first, second))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def in_the_dark(colour):
    """What the page's filter and blending make of a colour: inverted, hues turned, on the page."""
    luma = np.array([0.213, 0.715, 0.072])
    turned = np.clip(2 * luma @ (1 - colour) - (1 - colour), 0, 1)
    return np.maximum(turned, rgb(DARK["paper"]))


def over_white(colour, strength):
    """A colour that lets the white behind it through."""
    return 1 - strength * (1 - colour)


def oklab(light):
    """Where differences are as large as they look."""
    cones = [[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]]
    axes = [[0.2105, 0.7936, -0.0041], [1.9780, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]]
    return np.array(axes) @ np.cbrt(np.array(cones) @ light)


def least_difference(colours, seen):
    """Of the two colours that are most alike."""
    places = [oklab(np.clip(np.array(seen) @ linear(colour), 0, 1)) for colour in colours]
    return min(np.linalg.norm(a - b) for a, b in itertools.combinations(places, 2))


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "mark"])
def test_every_colour_of_text_has_a_contrast_of_four_and_a_half(theme, ground):
    assert set(theme) == {*TEXT, "paper", "line", "mark"}
    for name in TEXT:
        assert contrast(rgb(theme[name]), rgb(theme[ground])) >= 4.5, name


def test_no_colour_of_text_is_used_that_is_not_named():
    used = set(re.findall(r"[^-]color: ([^;]+);", CSS))
    assert used <= {f"var(--{name})" for name in TEXT}


def test_curves_stand_out_from_the_page_in_light_and_in_dark():
    assert FILTER in CSS
    for colour in map(rgb, PALETTE):
        assert contrast(colour, np.ones(3)) >= 3
        assert contrast(in_the_dark(colour), rgb(DARK["paper"])) >= 3


def test_bands_stand_out_from_the_page_in_light_and_in_dark():
    for colour in map(rgb, PALETTE):
        assert contrast(over_white(colour, DRAWN), np.ones(3)) >= 1.15
        dark = in_the_dark(over_white(colour, IN_THE_DARK))
        assert contrast(dark, rgb(DARK["paper"])) >= 1.4


def test_the_dark_draws_every_band_stronger_and_nothing_else():
    [[mark, strength]] = PALE.findall(
        CSS.split("prefers-color-scheme: dark", 2)[2].split("table")[0]
    )
    assert float(strength) == IN_THE_DARK
    figure = Figure()
    axes = figure.subplots()
    style.line(axes, Series([0, 1], [1, 2], [0, 1], [2, 3]), style.BLUE)
    style.level(axes, Point(1.5, 1.4, 1.6), style.BLACK)
    styles = re.findall('style="([^"]*)"', in_one_page({"": figures.as_svg(figure)})[""])
    assert sum(mark in each for each in styles) == 2
    assert not any("opacity" in each for each in styles if mark not in each)


@pytest.mark.parametrize("seen", SEEN)
def test_the_dark_brings_no_two_colours_nearer_to_each_other(seen):
    light = least_difference([rgb(colour) for colour in PALETTE], SEEN[seen])
    dark = least_difference([in_the_dark(rgb(colour)) for colour in PALETTE], SEEN[seen])
    assert light > 0.04
    assert dark > 0.9 * light


def test_colours_keep_their_names_in_the_dark():
    for colour in (style.BLUE, style.ORANGE, style.GREEN, style.PURPLE):
        before, after = (oklab(linear(c))[1:] for c in (rgb(colour), in_the_dark(rgb(colour))))
        cosine = before @ after / np.linalg.norm(before) / np.linalg.norm(after)
        assert cosine > 0.9
