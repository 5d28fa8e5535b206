"""From stored cells to figures and the report: what every command does in the end."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from experiments import claims, figures, interruption, report
from experiments.experiment import CellRecord, Finding
from experiments.left_out import LeftOut, ask
from experiments.null_table import null_table
from experiments.provenance import mixes_versions, summary
from experiments.results import Results, write_table
from experiments.runner import Task, compute_missing, tasks
from experiments.selection import Selection
from experiments.store import DamagedCell, Store, writable_folder
from experiments.view import View

CHANGED, MIXED = "changed settings", "mixed versions"  # remarks in a stamp


class Workers(NamedTuple):
    """Who computes: an executor, how many work at once, and whether they are threads here."""

    executor: Executor
    num_workers: int | Callable[[], int]
    shared_memory: bool


class Incomplete(ValueError):
    """Cells of an experiment are not stored; how many, and what computes them."""


class Output(NamedTuple):
    """The folders of one output folder."""

    out: Path
    store: Store
    figures: Path


def output(out: Path) -> Output:
    """The folders, made if need be. Raises ValueError when they cannot be written to."""
    return Output(out, Store(out / "store"), writable_folder(out / "figures"))


def compute(
    chosen: Sequence[Selection], place: Output, workers: Workers, view: View, command: str
) -> None:
    """Compute what is missing of all selections together."""
    interruption.check()
    wanted = [
        task
        for selection in chosen
        for task in tasks(selection.experiment, selection.cells, place.store)
    ]
    compute_missing(
        wanted,
        place.store,
        workers.executor,
        view,
        command,
        num_workers=workers.num_workers,
        shared_memory=workers.shared_memory,
    )


def draw(
    chosen: Sequence[Selection],
    place: Output,
    view: View,
    num_seeds: int | None,
    command: str,
    partly: str | None = None,
) -> list[str]:
    """Draw the figures of stored results and write report.html; which experiments are left out.

    command: what makes the page again. partly: what makes it again when experiments are left out
    whose results are missing or damaged; None: none may be. Raises ValueError for results that are
    missing or damaged where none may be, and where nothing would be left; KeyboardInterrupt when
    a signal came and went unheard.
    """
    sections, left_out = [], {}
    for selection in chosen:
        try:
            sections.append(_section(selection, place))
        except (Incomplete, DamagedCell) as problem:
            if partly is None:
                raise
            left_out[selection.experiment.name] = problem
    if not sections:
        raise next(iter(left_out.values()))
    profile = chosen[0].profile
    rows = claims.ledger(place.out, profile, num_seeds, chosen)
    page = place.out / "report.html"
    made_by = partly if partly and left_out else command
    report.write(page, sections, rows, profile, made_by, list(left_out))
    view.result(f"figures: {place.figures}\nreport:  {page}")
    return list(left_out)


def _section(selection: Selection, place: Output) -> report.Section:
    interruption.check()
    experiment, profile = selection.experiment, selection.profile
    wanted = tasks(experiment, selection.cells, place.store)
    _require(wanted, place.store)
    records = [place.store.read(task.folder) for task in wanted]
    folders = [task.folder for task in wanted]
    finding = _finding(selection, records)
    stamp = profile if finding.evidence or profile == "smoke" else "few seeds"
    mixed = mixes_versions(folders)
    table, results = place.figures / f"{experiment.name}.csv", Results(records)
    remarks = [CHANGED] * bool(selection.changed) + [MIXED] * mixed
    write_table(table, results, ", ".join([stamp, *remarks]))
    provenance = {"worlds": values_an_interval(results), **summary(folders)}
    pictures, problem = _pictures(selection, table, place.figures)
    if selection.changed:
        provenance = {CHANGED: "; ".join(selection.changed), **provenance}
    if mixed:
        provenance["remark"] = "cells were computed by different versions or on other devices"
    return report.Section(
        name=experiment.name,
        question=experiment.question,
        finding=finding._replace(
            captions=dict.fromkeys(pictures, finding.headline) | finding.captions
        ),
        pictures=pictures,
        provenance=provenance,
        command=selection.command,
        nulls=null_table(results),
        no_pictures=problem,
    )


def _finding(selection: Selection, records: Sequence[CellRecord]) -> Finding:
    """The finding, or one line where the changed settings leave out what it needs."""
    tell, evidence = selection.experiment.finding, selection.profile != "smoke"
    try:
        return ask("the finding", selection, tell, records, evidence)
    except LeftOut as problem:
        return Finding(f"No finding: {problem}.", [], {}, {}, evidence)


def _pictures(selection: Selection, table: Path, folder: Path) -> tuple[dict[str, str], str]:
    """name -> SVG text; and why there is none, else nothing."""
    name = selection.experiment.name
    try:
        return ask("the figure script", selection, figures.draw, name, table, folder), ""
    except LeftOut as problem:
        return {}, f"No figure: {problem}; figures of {name} that lie in {folder} are older."


def values_an_interval(results: Results) -> str:
    """How many worlds or seeds stand behind an interval, at least and at most."""
    found = [
        len(values)
        for metrics in results.metrics.values()
        for values in metrics.values()
        if not np.isnan(values).any()  # where a seed has no answer there is no interval
    ]
    counts = [count for count in found if count > 1]
    if not counts:
        return "one value a number, without an interval"
    least, most = min(counts), max(counts)
    span = f"{least}" if least == most else f"{least} to {most}"
    alone = "; single values have none" if 1 in found else ""
    return f"{span} values an interval, one a seed{alone}"


def _require(wanted: Sequence[Task], store: Store) -> None:
    missing = sum(not store.has(task.folder) for task in wanted)
    if missing:
        raise Incomplete(
            f"{missing} of {len(wanted)} cells of {wanted[0].experiment} are not stored in "
            f"{store.root} for these settings and this version of the code: run `latentgen "
            "figures` (or `latentgen run`) with the same options first"
        )
