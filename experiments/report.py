"""How do findings become one page that a person can read without the code?"""

import re
from collections import Counter
from collections.abc import Sequence
from html import escape, unescape
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, select_autoescape

from experiments import claims, report_sources
from experiments.claims import Row
from experiments.experiment import Finding
from experiments.null_table import NullTable
from experiments.report_pictures import in_one_page
from experiments.store import replace_file

NO_NULLS = NullTable([], [], "No null was measured.")
OPEN_PARAGRAPHS = 1  # the others are folded
LEAST_PIXELS, MOST_PIXELS = 1.15, 1.6  # how many a point of a picture takes


class Section(NamedTuple):
    """One experiment on the page.

    pictures: name -> SVG text; command: what computes it again; nulls: how far what it measured
    lies above them; no_pictures: why there are none, empty where there are.
    """

    name: str
    question: str
    finding: Finding
    pictures: dict[str, str]
    provenance: dict[str, str]
    command: str
    nulls: NullTable = NO_NULLS
    no_pictures: str = ""


class Line(NamedTuple):
    """One claim on the page; link: to its figure there, else to the PDF, else to nothing."""

    row: Row
    slug: str
    link: str


class Group(NamedTuple):
    """The claims of one experiment; question: empty when it has no section on the page."""

    name: str
    question: str
    command: str
    counts: str
    lines: list[Line]


class Verdict(NamedTuple):
    """A verdict that some claims have; slug: what the page's style knows it by."""

    name: str
    slug: str
    num_claims: int


def write(
    page: Path,
    sections: Sequence[Section],
    rows: Sequence[Row],
    profile: str,
    command: str,
    left_out: Sequence[str] = (),
) -> None:
    """Write the self-contained report: inline pictures, no script, nothing fetched.

    rows: the whole ledger, whichever experiments have a section; left_out: experiments that were
    meant to have one, and of which results are missing.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(default=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"words": words, "linked": report_sources.linked}
    environment.tests["of_paper"] = report_sources.names_paper
    groups = _groups(rows, sections, page.parent)
    text = environment.get_template("report.html.jinja").render(
        sections=_with_pictures(sections),
        paper=report_sources.told(rows),
        groups=groups,
        by_name={group.name: group for group in groups},
        verdicts=_verdicts(rows),
        num_claims=len(rows),
        counts=claims.counts(rows),
        num_open=OPEN_PARAGRAPHS,
        smoke=profile == "smoke",
        command=command,
        left_out=left_out,
    )
    replace_file(page, text.encode())


def made_by(page: Path) -> str:
    """The command that makes the page that lies there; empty where there is none."""
    if not page.is_file():
        return ""
    text = page.read_text(encoding="utf-8", errors="replace")
    found = re.search(r"makes this page: <code>(.*?)</code>", text)
    return unescape(found[1]) if found else ""


def _groups(rows: Sequence[Row], sections: Sequence[Section], folder: Path) -> list[Group]:
    questions = {section.name: section.question for section in sections}
    found = []
    for name in dict.fromkeys(row.experiment for row in rows):
        own = [row for row in rows if row.experiment == name]
        lines = [Line(row, _slug(row.verdict), _link(row, sections, folder)) for row in own]
        counts = ", ".join(f"{verdict.name} {verdict.num_claims}" for verdict in _verdicts(own))
        found.append(Group(name, questions.get(name, ""), own[0].command, counts, lines))
    return found


def _verdicts(rows: Sequence[Row]) -> list[Verdict]:
    """Which verdicts there are, the commonest first."""
    counted = Counter(row.verdict for row in rows).most_common()
    return [Verdict(name, _slug(name), count) for name, count in counted]


def _slug(verdict: str) -> str:
    return verdict.replace(" ", "-")


def _link(row: Row, sections: Sequence[Section], folder: Path) -> str:
    figure = Path(row.figure).stem
    if any(figure in section.pictures for section in sections):
        return f"#figure-{figure}"
    path = f"figures/{figure}.pdf"
    return path if row.figure and (folder / path).is_file() else ""


def _with_pictures(sections: Sequence[Section]) -> list[Section]:
    """The sections with their pictures as they stand in the page, each named by its finding."""
    pictures = in_one_page(
        {name: text for section in sections for name, text in section.pictures.items()}
    )
    return [
        section._replace(
            pictures={
                name: _named(name, section.finding.headline, pictures[name])
                for name in section.pictures
            }
        )
        for section in sections
    ]


def _named(name: str, headline: str, picture: str) -> str:
    """The picture with its text for those who do not see it; its caption describes it further."""
    width = re.match(r'<svg [^>]*?viewBox="\S+ \S+ (\S+) ', picture)
    limits = ""
    if width:
        least, most = (float(width[1]) * pixels for pixels in (LEAST_PIXELS, MOST_PIXELS))
        limits = f' style="min-width: {least:.0f}px; max-width: {most:.0f}px"'
    label = escape(f"Figure {words(name)}: {headline}")
    told = f'aria-label="{label}" aria-describedby="caption-{name}"'
    return picture.replace("<svg", f'<svg role="img" {told}{limits}', 1)


def words(name: str) -> str:
    """A name as it is read aloud."""
    return name.replace("_", " ")
