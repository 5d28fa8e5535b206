"""How does an assessment look as a table?"""

import html

from estimators.assessment.labels import (
    SECTIONS,
    SOURCES,
    Section,
    number,
    of_section,
    quantity,
    with_interval,
)
from estimators.assessment.row import Facts, Row

INTERVALS = "trained [95 %]"
OTHERS = ("oracle", "untrained", "raw_input", "permuted", "noise", "majority", "bayes")


def columns(rows: tuple[Row, ...], section: Section, facts: Facts) -> list[list[str]]:
    """The cells of a section with their headings: quantity, trained, all rows, others, verdict."""
    lines = of_section(rows, section)
    sources = [one for one in OTHERS if any(row.source == one for line in lines for row in line)]
    heading = ["", INTERVALS, "all rows", *(SOURCES[source] for source in sources), "verdict"]
    cells = [heading]
    for line in lines:
        by_source = {row.source: row for row in line}
        trained = by_source["trained"]
        others = [number(by_source[one].score) if one in by_source else "" for one in sources]
        cells.append(
            [
                quantity(trained, facts),
                with_interval(trained.score, trained.low, trained.high),
                number(trained.population),
                *others,
                trained.verdict,
            ]
        )
    return cells


def as_text(rows: tuple[Row, ...], facts: Facts, reading: str) -> str:
    """The reading, then a table for each section, in a font of equal widths."""
    parts = [reading]
    for section in SECTIONS:
        cells = columns(rows, section, facts)
        if len(cells) > 1:
            parts.append("\n".join([section.title, *_aligned(cells)]))
    return "\n\n".join(parts)


def _aligned(cells: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    last = len(widths) - 1
    return [
        "  "
        + "  ".join(
            cell.ljust(width) if place in (0, 1, last) else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]


def as_html(rows: tuple[Row, ...], facts: Facts, reading: str) -> str:
    """The same for a notebook."""
    paragraphs = "".join(f"<p>{html.escape(part)}</p>" for part in reading.split("\n"))
    tables = []
    for section in SECTIONS:
        heading, *lines = columns(rows, section, facts)
        if lines:
            head = "".join(f"<th>{html.escape(cell)}</th>" for cell in heading)
            body = "".join(
                "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in line) + "</tr>"
                for line in lines
            )
            tables.append(
                f"<table><caption>{html.escape(section.title)}</caption>"
                f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            )
    return paragraphs + "".join(tables)
