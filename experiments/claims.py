"""What do the stored results say of every claim?

The ledger has one row a claim. Nothing is computed and nothing is written: a claim whose
experiment lacks results for this profile, these seeds and this version of the code is a row too,
with the verdict "not computed".
"""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console, Group
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from experiments import interruption, registry
from experiments.experiment import CellRecord, Claim, Experiment, Judgement
from experiments.left_out import LeftOut, ask
from experiments.selection import Selection, select
from experiments.sources import source_digest
from experiments.store import Reader, Store
from experiments.verdicts import ledger_verdict

STYLES = {"holds": "bold green", "fails": "bold red", "approximate": "bold yellow"}
VERDICT_WIDTH = 14  # as wide as the longest verdict


class Row(NamedTuple):
    """A claim and what became of it, all in words.

    verdict: by the criteria of `experiments.verdicts`. numbers: what it rests on, with intervals;
    how many cells are stored when it is not computed. command: computes it again. figure: the path
    of the picture that shows it, empty when none does.
    """

    name: str
    verdict: str
    source: str
    statement: str
    assumptions: str
    numbers: str
    command: str
    figure: str
    experiment: str


class _Stored(NamedTuple):
    """What is stored of an experiment: the records if complete, else what is missing, in words."""

    records: list[CellRecord] | None
    remark: str


def ledger(
    out: Path, profile: str, num_seeds: int | None, selections: Sequence[Selection] = ()
) -> list[Row]:
    """One row a claim of every experiment, by experiment.

    selections: results that are meant instead of the profile's. Raises ValueError for an unknown
    profile and fewer than one seed.
    """
    instead = {chosen.experiment.name: chosen for chosen in selections}
    rows = []
    for name in registry.questions():
        interruption.check()
        chosen = instead.get(name) or select(name, profile, num_seeds, out)
        stored = _read(chosen.experiment, chosen.cells, Reader(out / "store"))
        rows += [_row(claim, chosen, stored, out) for claim in chosen.experiment.claims]
    return rows


def counts(rows: Sequence[Row]) -> str:
    """How many claims have which verdict, in words."""
    found = Counter(row.verdict for row in rows)
    each = ", ".join(f"{verdict} {count}" for verdict, count in found.most_common())
    return f"{len(rows)} claims: {each}" if rows else "no claims"


def as_json(rows: Sequence[Row]) -> str:
    """A JSON array of objects, one a claim, in ASCII so that every terminal can carry it."""
    return json.dumps([row._asdict() for row in rows], indent=1)


def as_lines(rows: Sequence[Row]) -> str:
    """One line a claim, the fields of a row between tabs, without a header."""
    return "\n".join("\t".join(" ".join(field.split()) for field in row) for row in rows)


def show(rows: Sequence[Row], console: Console) -> None:
    """One block a claim, experiment by experiment, to read on a terminal of any width."""
    for name in dict.fromkeys(row.experiment for row in rows):
        own = [row for row in rows if row.experiment == name]
        console.print(Rule(style="dim"))
        console.print(Text(f"{name} · {own[0].command}\n", style="dim"))
        for row in own:
            console.print(_block(row))
            console.print()
    console.print(Text(counts(rows)))


def _block(row: Row) -> Group:
    head = Table.grid(padding=(0, 1))
    head.add_column(width=VERDICT_WIDTH)
    head.add_column(overflow="fold")
    head.add_row(
        Text(row.verdict, style=STYLES.get(row.verdict, "bold")), Text(row.statement, style="bold")
    )
    body = Table.grid(padding=(0, 1))
    body.add_column(width=VERDICT_WIDTH, justify="right", style="dim")
    body.add_column(overflow="fold")
    for word in ("numbers", "assumptions", "source", "figure", "name"):
        text = getattr(row, word)
        if text:
            body.add_row(word, Text(text))
    return Group(head, body)


def _row(claim: Claim, chosen: Selection, stored: _Stored, out: Path) -> Row:
    judged = None if stored.records is None else _judged(claim, chosen, stored.records)
    smoke = chosen.profile == "smoke"
    return Row(
        name=claim.name,
        verdict=ledger_verdict(None if judged is None else judged.verdict, smoke),
        source=claim.source,
        statement=claim.statement,
        assumptions=claim.assumptions,
        numbers=stored.remark if judged is None else judged.figures,
        command=chosen.command,
        figure=(out / "figures" / f"{claim.figure}.pdf").as_posix() if claim.figure else "",
        experiment=chosen.experiment.name,
    )


def _judged(claim: Claim, chosen: Selection, records: Sequence[CellRecord]) -> Judgement:
    """The judgement; no error of one claim takes the others with it where settings were changed."""
    try:
        return ask(f"the claim {claim.name}", chosen, claim.judge, records)
    except LeftOut as problem:
        return Judgement("undecided", str(problem))


def _read(experiment: Experiment, cells: Sequence[Any], store: Store) -> _Stored:
    """The records of all cells; a damaged one is a remark, for other claims can still be judged."""
    sources = source_digest(experiment.compute.__module__)
    folders = [store.folder(experiment.name, cell, sources) for cell in cells]
    found = sum(store.has(folder) for folder in folders)
    if found < len(folders):
        return _Stored(None, f"{found} of {len(folders)} cells are stored")
    try:
        return _Stored([store.read(folder) for folder in folders], "")
    except ValueError as damaged:
        return _Stored(None, str(damaged))
