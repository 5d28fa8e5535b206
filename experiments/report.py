"""How do findings become one page that a person can read without the code?"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, select_autoescape

from experiments import claims
from experiments.claims import Row
from experiments.experiment import Finding
from experiments.store import replace_file


class Section(NamedTuple):
    """One experiment on the page; pictures: name -> SVG text; command: what computes it again."""

    name: str
    question: str
    finding: Finding
    pictures: dict[str, str]
    provenance: dict[str, str]
    command: str


class Line(NamedTuple):
    """One claim on the page; link: to its figure there, else to the PDF, else to nothing."""

    row: Row
    link: str


def write(
    page: Path, sections: Sequence[Section], rows: Sequence[Row], profile: str, command: str
) -> None:
    """Write the self-contained report: inline pictures, no script, nothing fetched.

    rows: the whole ledger, whichever experiments have a section.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(default=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template("report.html.jinja").render(
        sections=[
            section._replace(pictures=_distinct_ids(section.pictures)) for section in sections
        ],
        ledger=[Line(row, _link(row, sections, page.parent)) for row in rows],
        counts=claims.counts(rows),
        smoke=profile == "smoke",
        command=command,
    )
    replace_file(page, text.encode())


def _link(row: Row, sections: Sequence[Section], folder: Path) -> str:
    figure = Path(row.figure).stem
    if any(figure in section.pictures for section in sections):
        return f"#figure-{figure}"
    path = f"figures/{figure}.pdf"
    return path if row.figure and (folder / path).is_file() else ""


def _distinct_ids(pictures: dict[str, str]) -> dict[str, str]:
    """The pictures with their ids prefixed by their names: one page holds them all."""
    distinct = {}
    for name, text in pictures.items():
        for before in ('id="', 'href="#', "url(#"):
            text = text.replace(before, f"{before}{name}-")
        distinct[name] = text
    return distinct
