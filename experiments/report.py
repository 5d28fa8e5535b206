"""How do findings become one page that a person can read without the code?"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, select_autoescape

from experiments.experiment import Finding
from experiments.store import replace_file


class Section(NamedTuple):
    """One experiment on the page; pictures: name -> SVG text."""

    name: str
    question: str
    finding: Finding
    pictures: dict[str, str]
    provenance: dict[str, str]


def write(page: Path, sections: Sequence[Section], profile: str, command: str) -> None:
    """Write the self-contained report: inline pictures, no script, nothing fetched."""
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
        smoke=profile == "smoke",
        command=command,
    )
    replace_file(page, text.encode())


def _distinct_ids(pictures: dict[str, str]) -> dict[str, str]:
    """The pictures with their ids prefixed by their names: one page holds them all."""
    distinct = {}
    for name, text in pictures.items():
        for before in ('id="', 'href="#', "url(#"):
            text = text.replace(before, f"{before}{name}-")
        distinct[name] = text
    return distinct
