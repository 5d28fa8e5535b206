"""Does the report read well in a real browser, on a phone and on a desk, in light and in dark?

A made-up report with everything that could overflow, and the same spoilt on purpose, so that what
measures it is seen to find what it looks for. The real one is browsed in test_pipeline.
"""

import re

import matplotlib
import pytest
from matplotlib.figure import Figure

from experiments import figures, report
from experiments.claims import Row
from experiments.experiment import Finding
from experiments.null_table import NullTable
from experiments.null_table import Row as NullRow
from tests.experiments.browsing import BROWSER, browse, fetched, measurable, reads_well

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")

LONG = "a_name_without_any_place_to_break_it_" * 4
VERDICTS = ("holds", "fails", "approximate", "not computed", "fails")
PAPER = "arXiv:2503.08980v3, Theorem 3.1"
SOURCES = (LONG, PAPER, f"{PAPER}, {LONG}", LONG, LONG)
EXPERIMENTS = ("first", "first", "second", "first", "second")
SPOILT = """<div style="width: 2000px">wide</div><p style="color: #888">faint</p>
<div style="width: 50px; overflow-x: auto"><p style="width: 900px">out of reach</p></div>
<svg role="img"></svg><input><h2>x</h2><h4>too deep</h4>
<p id="words">twice</p><script>console.log("a complaint")</script>"""


def sections():
    """Two experiments with wide tables, long words and real pictures."""
    found = []
    for name in ("first", "second"):
        figure = Figure(figsize=(9, 3))
        axes = figure.subplots()
        axes.plot([0, 1], [1, 0], label="oracle")
        axes.legend()
        with matplotlib.rc_context({"svg.hashsalt": "test", "svg.fonttype": "path"}):
            picture = figures.as_svg(figure)
        table = [
            [f"column {i}" for i in range(12)],
            [LONG, *("0.123 [0.1, 0.2]" for _ in range(11))],
        ]
        caption = "A curve that falls from one to zero, so that there is something to see."
        finding = Finding(
            "A headline.", [f"A paragraph with {LONG}."] * 4, {"A wide table": table},
            {f"{name}_figure": caption}, True,
        )  # fmt: skip
        provenance = {"versions": ", ".join(f"package-{i} 1.2.3" for i in range(20))}
        pictures = {f"{name}_figure": picture}
        span = "-0.123\u00a0[-0.234,\u00a00.345] to 0.9"
        null = NullRow(LONG, "raw input", span, span, span, "1 better", "2 not held out")
        found.append(
            report.Section(
                name, "Is it so?", finding, pictures, provenance, f"latentgen {LONG}",
                NullTable([null] * 3, [null], ""),
            )
        )  # fmt: skip
    return found


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A report."""
    folder = tmp_path_factory.mktemp("report")
    rows = [
        Row(
            f"claim-{i}", verdict, SOURCES[i], "affine", "x ⊥ y ∣ c", "S .99", "latentgen", "",
            EXPERIMENTS[i],
        )
        for i, verdict in enumerate(VERDICTS)
    ]  # fmt: skip
    report.write(folder / "report.html", sections(), rows, "paper", f"latentgen figures {LONG}")
    return folder / "report.html"


@pytest.fixture(scope="module", params=[False, True], ids=["light", "dark"])
def browsed(request, page):
    """What the report says of itself, spoilt and not, and what the browser complained about."""
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text
    spoilt = page.with_name("spoilt.html")
    spoilt.write_text(text.replace("</main>", f"{SPOILT}</main>"), encoding="utf-8")
    good, bad = (measurable(each).name for each in (page, spoilt))
    frames = {
        "phone": (f"{good}#claim-claim-1", 380),
        "desk": (good, 1400),
        "spoilt": (bad, 380),
    }
    found, complaints = browse(page.parent, frames, request.param)
    return found, complaints, request.param


@pytest.mark.parametrize("place", ["phone", "desk"])
def test_nothing_overflows_nothing_is_faint_and_everything_is_named(browsed, place):
    found, _, dark = browsed
    reads_well(found[place], {"phone": 380, "desk": 1400}[place], dark)


def test_wide_pictures_are_scrolled_on_a_phone_and_say_so(browsed):
    found, _, _ = browsed
    assert found["phone"]["pictures"] == found["phone"]["hints"] == 2
    assert found["desk"]["pictures"] == found["desk"]["hints"] == 0


def test_a_link_to_a_claim_shows_what_it_rests_on(browsed):
    assert browsed[0]["phone"]["opened"] is True
    assert browsed[0]["desk"]["opened"] == ""


def test_the_ledger_shows_one_verdict_alone_without_a_script(browsed):
    expected = {"all": 5, "holds": 1, "fails": 2, "approximate": 1, "not-computed": 1}
    assert browsed[0]["desk"]["shown"] == expected
    # claim 1, that the link leads to, stays: it fails
    assert browsed[0]["phone"]["shown"] == {
        **expected,
        "holds": 2,
        "approximate": 2,
        "not-computed": 2,
    }


def test_the_ledger_shows_the_claims_of_the_paper_alone_without_a_script(browsed):
    # claims and experiments that are shown: of the paper, and of it with a verdict
    assert browsed[0]["desk"]["of_paper"] == [[2, 2], [1, 1]]


def test_what_is_spoilt_is_found(browsed):
    found, complaints, dark = browsed
    spoilt = found["spoilt"]
    assert spoilt["scroll"] > 380
    assert any("2000px" in element for element in spoilt["beyond"])
    assert any("faint" in element for element in spoilt["faint"]) != dark
    assert any("50px" in element for element in spoilt["unreachable"])
    assert [spoilt[name] != [] for name in ("unnamed", "unlabelled")] == [True, True]
    assert spoilt["skipped"] == [4]
    assert spoilt["repeated"] == ["words"]
    assert len(complaints) == 1
    assert "a complaint" in complaints[0]


def test_every_link_of_the_page_leads_somewhere_on_it_or_to_a_file_beside_it(page):
    text = page.read_text(encoding="utf-8")
    ids = set(re.findall(r'\bid="([^"]+)"', text))
    inner = set(re.findall(r'href="#([^"]+)"', text))
    assert inner
    assert inner <= ids
    outer = set(re.findall(r'href="([^#"][^"]*)"', text))
    papers = {link for link in outer if link.startswith("https://")}
    assert papers == {f"https://arxiv.org/abs/2503.08980{version}" for version in ("", "v3")}
    assert all(re.fullmatch(r"figures/[\w]+\.(pdf|png|csv)", link) for link in outer - papers)


def test_the_page_fetches_nothing(page):
    text = page.read_text(encoding="utf-8")
    assert not fetched(text)
