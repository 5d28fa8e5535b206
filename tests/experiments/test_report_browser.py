"""Does the report read well in a real browser, on a phone and on a desk, in light and in dark?

Headless Chromium opens a page that holds the report in a frame of some width; a script that only
the test adds measures the report from inside and tells the outer page.
"""

import json
import re
import shutil
import subprocess

import matplotlib
import pytest
from matplotlib.figure import Figure

from experiments import figures, report
from experiments.claims import Row
from experiments.experiment import Finding

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")

LONG = "a_name_without_any_place_to_break_it_" * 4
MEASURE = """
<script>
addEventListener("load", () => {
  const beyond = [...document.querySelectorAll("body *")].filter(element =>
    element.getBoundingClientRect().right > innerWidth + 1 &&
    !element.closest(".scroll, .picture"));
  const style = getComputedStyle(document.body);
  const unseen = [...document.querySelectorAll("p, li, td, th, dd, dt, h1, h2, h3, a, figcaption")]
    .filter(element => getComputedStyle(element).color === style.backgroundColor);
  const reached = [...document.querySelectorAll("[tabindex], a[href]")].length;
  parent.postMessage(JSON.stringify({
    width: innerWidth, scroll: document.documentElement.scrollWidth,
    beyond: beyond.map(element => element.outerHTML.slice(0, 80)),
    ink: style.color, paper: style.backgroundColor, unseen: unseen.length, reached: reached,
    unnamed: [...document.querySelectorAll("[role=img], [role=region], nav, section")].filter(
      element => !(element.getAttribute("aria-label") || element.getAttribute("aria-labelledby")))
      .length}), "*");
});
</script>
"""
FRAME = """<!doctype html><title>frame</title>
<iframe id="frame" src="measured.html" style="width: {width}px; height: 900px; border: 0"></iframe>
<pre id="found"></pre>
<script>addEventListener("message", event =>
  document.getElementById("found").textContent = event.data);</script>"""


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
            "A headline.", [f"A paragraph with {LONG}."], {"A wide table": table},
            {f"{name}_figure": caption}, True,
        )  # fmt: skip
        provenance = {"versions": ", ".join(f"package-{i} 1.2.3" for i in range(20))}
        pictures = {f"{name}_figure": picture}
        found.append(
            report.Section(name, "Is it so?", finding, pictures, provenance, f"latentgen {LONG}")
        )
    return found


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A report, and beside it the same with the script that measures it."""
    folder = tmp_path_factory.mktemp("report")
    rows = [
        Row(f"claim-{i}", verdict, LONG, "f is affine", "x ⊥ y ∣ c", "S .99", "latentgen", "", "x")
        for i, verdict in enumerate(("holds", "fails", "approximate", "not computed"))
    ]  # fmt: skip
    report.write(folder / "report.html", sections(), rows, "paper", f"latentgen figures {LONG}")
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "<script" not in text
    measured = text.replace("</body>", f"{MEASURE}</body>")
    (folder / "measured.html").write_text(measured, encoding="utf-8")
    return folder / "report.html"


def browse(page, width, dark):
    """What the report says of itself at a width, and what the browser complained about."""
    frame = page.with_name(f"frame-{width}-{dark}.html")
    frame.write_text(FRAME.format(width=width), encoding="utf-8")
    scheme = 0 if dark else 1
    command = [
        str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
        f"--user-data-dir={page.parent / 'profile'}", "--window-size=1500,1000",
        f"--blink-settings=preferredColorScheme={scheme}", "--enable-logging=stderr",
        "--virtual-time-budget=5000", "--dump-dom", frame.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    told = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert told, done.stderr[-2000:]
    found = json.loads(
        told.group(1).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    )
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return found, complaints


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [380, 1400])
def test_nothing_overflows_nothing_is_unseen_and_nothing_is_complained_about(page, width, dark):
    found, complaints = browse(page, width, dark)
    assert complaints == []
    assert found["width"] == width
    assert found["scroll"] <= width
    assert found["beyond"] == []
    assert found["unseen"] == 0
    assert found["unnamed"] == 0
    ink, paper = (sum(map(int, re.findall(r"\d+", found[name])[:3])) for name in ("ink", "paper"))
    assert (ink > paper) == dark
    assert abs(ink - paper) > 300  # of 765: far apart


def test_every_link_of_the_page_leads_somewhere_on_it_or_to_a_file_beside_it(page):
    text = page.read_text(encoding="utf-8")
    ids = set(re.findall(r'\bid="([^"]+)"', text))
    inner = set(re.findall(r'href="#([^"]+)"', text))
    assert inner
    assert inner <= ids
    outer = set(re.findall(r'href="([^#"][^"]*)"', text))
    assert all(re.fullmatch(r"figures/[\w]+\.(pdf|png|csv)", link) for link in outer)


def test_the_page_fetches_nothing(page):
    text = page.read_text(encoding="utf-8")
    assert not re.findall(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", text)
