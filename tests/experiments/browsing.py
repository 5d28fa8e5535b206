"""What does a page say of itself in a real browser, at some widths, in light or in dark?

Headless Chromium opens an outer page that holds others in frames of some width; a script that only
the tests add measures each from inside and tells the outer page.
"""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
FETCHED = r"""(?:src|href)\s*=\s*["']?(?:https?:)?//"""
PROBLEMS = ("beyond", "faint", "unreachable", "unnamed", "unlabelled", "skipped", "repeated")
MEASURE = """
<script>
const all = selector => [...document.querySelectorAll(selector)];
const brief = elements => elements.map(element => element.outerHTML.slice(0, 90));
const channels = colour => (colour.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
function luminance(colour) {
  const [r, g, b] = channels(colour).map(c => c / 255)
    .map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
  return .2126 * r + .7152 * g + .0722 * b;
}
function ground(element) {
  for (let e = element; e; e = e.parentElement) {
    const colour = getComputedStyle(e).backgroundColor;
    if (channels(colour)[3] !== 0) return colour;
  }
}
function contrast(element) {
  const pair = [getComputedStyle(element).color, ground(element)].map(luminance);
  return (Math.max(...pair) + .05) / (Math.min(...pair) + .05);
}
function nameOf(element) {
  const id = element.getAttribute("aria-labelledby");
  return id ? document.getElementById(id)?.textContent.trim() : element.getAttribute("aria-label");
}
function shown(verdict) {
  const button = document.getElementById("show-" + verdict);
  if (button) button.checked = true;
  return all(".claim").filter(claim => claim.checkVisibility()).length;
}
function filtered() {
  const counts = all("input[name=show]").map(button =>
    [button.id.slice(5), shown(button.id.slice(5))]);
  shown("all");
  return Object.fromEntries(counts);
}
function chosen(...ids) {
  const buttons = ids.map(id => document.getElementById(id)).filter(button => button);
  for (const button of buttons) button.checked = true;
  return [".claim", ".group"].map(each => all(each).filter(e => e.checkVisibility()).length);
}
function ofPaper() {
  const both = [chosen("from-paper"), chosen("from-paper", "show-fails")];
  chosen("from-all", "show-all");
  return both;
}
addEventListener("load", () => {
  const target = location.hash && document.querySelector(location.hash);
  const closed = {
    shown: filtered(), of_paper: ofPaper(),
    opened: target && [...target.querySelectorAll("dd")].every(e => e.checkVisibility()),
  };
  for (const folded of all("details")) folded.open = true;
  const text = all("body *").filter(e => !e.closest("svg") && e.checkVisibility() &&
    [...e.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()));
  const scrolling = all("body *").filter(e => e.scrollWidth > e.clientWidth + 1 &&
    ["auto", "scroll"].includes(getComputedStyle(e).overflowX));
  const levels = all("h1, h2, h3, h4").map(heading => Number(heading.tagName[1]));
  const ids = all("[id]").map(element => element.id);
  const found = {
    ...closed,
    width: innerWidth, scroll: document.documentElement.scrollWidth,
    beyond: brief(all("body *").filter(e => e.getBoundingClientRect().right > innerWidth + 1 &&
      !e.closest(".scroll, .picture"))),
    ink: getComputedStyle(document.body).color, paper: ground(document.body),
    faint: brief(text.filter(element => contrast(element) < 4.5)), num_text: text.length,
    unreachable: brief(scrolling.filter(element => element.tabIndex < 0)),
    pictures: scrolling.filter(element => element.matches(".picture")).length,
    hints: all(".hint").filter(element => element.checkVisibility()).length,
    unnamed: brief(all("svg, [role=img], [role=group], [role=region], nav, section, table")
      .filter(element => !nameOf(element) && !element.caption?.textContent.trim())),
    unlabelled: brief(all("input").filter(element => !element.labels.length)),
    skipped: levels.filter((level, i) => level > (i ? levels[i - 1] : 0) + 1),
    repeated: ids.filter((id, i) => ids.indexOf(id) !== i),
  };
  parent.postMessage(JSON.stringify([window.name, found]), "*");
});
</script>
"""
OUTER = """<!doctype html><title>frames</title>
{frames}
<script>addEventListener("message", event => {{
  const found = document.createElement("pre");
  found.className = "found";
  found.textContent = event.data;
  document.body.append(found);
}});</script>"""
FRAME = '<iframe name="{name}" src="{page}" style="width: {width}px; height: 900px"></iframe>'


def fetched(page: str) -> list[str]:
    """What a page would fetch; a link to an abstract fetches nothing until somebody follows it."""
    return re.findall(FETCHED, re.sub(r'<a href="https://arxiv\.org/abs/[\w.]+">', "<a>", page))


def measurable(page: Path) -> Path:
    """A copy of a page, beside it, that measures itself."""
    text = page.read_text(encoding="utf-8")
    copy = page.with_name(f"measured-{page.name}")
    copy.write_text(text.replace("</body>", f"{MEASURE}</body>"), encoding="utf-8")
    return copy


def browse(folder: Path, frames: dict[str, tuple[str, int]], dark: bool):
    """What the pages say of themselves, by frame, and what the browser complained about.

    frames: name -> address relative to the folder, width.
    """
    outer = folder / f"frames-{'dark' if dark else 'light'}.html"
    each = [FRAME.format(name=n, page=page, width=width) for n, (page, width) in frames.items()]
    style = "<style>iframe { border: 0; display: block }</style>"
    outer.write_text(OUTER.format(frames=style + "".join(each)), encoding="utf-8")
    command = [
        str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
        f"--user-data-dir={folder / 'profile'}", "--window-size=1500,1000",
        f"--blink-settings=preferredColorScheme={0 if dark else 1}", "--enable-logging=stderr",
        "--virtual-time-budget=5000", "--dump-dom", outer.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    told = re.findall(r'<pre class="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert len(told) == len(frames), done.stderr[-2000:]
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return dict(json.loads(html.unescape(text)) for text in told), complaints


def reads_well(found, width: int, dark: bool):
    """Assert that a page of this width overflows nowhere, is legible, named and reachable."""
    assert found["width"] == width
    assert found["scroll"] <= width
    assert found["num_text"] > 50
    for problem in PROBLEMS:
        assert found[problem] == [], problem
    ink, paper = (sum(map(int, re.findall(r"\d+", found[name])[:3])) for name in ("ink", "paper"))
    assert (ink > paper) == dark
