"""From stored cells to figures and the report: what every command does in the end."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from experiments import claims, figures, registry, report
from experiments.experiment import CellRecord, Experiment
from experiments.provenance import summary
from experiments.results import Results, write_table
from experiments.runner import run
from experiments.sources import source_digest
from experiments.store import Store, writable_folder


def compute_and_draw(
    names: Sequence[str],
    profile: str,
    num_seeds: int | None,
    out: Path,
    num_workers: int,
    command: str,
    console: Console,
) -> None:
    """Compute what is missing, draw the figures, write report.html.

    With num_workers = 0 nothing is computed. Raises ValueError for an unknown experiment or
    profile, a folder that cannot be written to, and stored results that are missing.
    """
    chosen = [registry.experiment(name) for name in names]
    configs = [registry.profile(experiment, profile, num_seeds) for experiment in chosen]
    if not num_workers and not (out / "store").is_dir():
        raise ValueError(f"nothing is stored in {out}: run `latentgen figures` with this --out")
    store = Store(out / "store")
    folder = writable_folder(out / "figures")
    sections = []
    for experiment, config in zip(chosen, configs, strict=True):
        cells = experiment.cells(config)
        if num_workers:
            records = run(experiment, cells, store, console, command, num_workers)
        else:
            records = _stored(experiment, cells, store)
        finding = experiment.finding(records, profile != "smoke")
        stamp = profile if finding.evidence or profile == "smoke" else "few seeds"
        table = folder / f"{experiment.name}.csv"
        write_table(table, Results(records), stamp)
        sections.append(
            report.Section(
                name=experiment.name,
                question=experiment.question,
                finding=finding,
                pictures=figures.draw(experiment.name, table, folder),
                provenance=summary(_folders(experiment, cells, store)),
            )
        )
    page = out / "report.html"
    rows = claims.ledger(out, profile, num_seeds)
    report.write(page, sections, rows, profile, _reproduce(names, profile, num_seeds))
    console.print(f"figures: {folder}\nreport:  {page}")


def _reproduce(names: Sequence[str], profile: str, num_seeds: int | None) -> str:
    if set(names) != set(registry.questions()):
        return claims.command_of(names[0], profile, num_seeds)
    seeds = "" if num_seeds is None else f" --seeds {num_seeds}"
    return f"latentgen figures --profile {profile}{seeds}"


def _folders(experiment: Experiment, cells: Sequence[object], store: Store) -> list[Path]:
    sources = source_digest(experiment.compute.__module__)
    return [store.folder(experiment.name, cell, sources) for cell in cells]


def _stored(experiment: Experiment, cells: Sequence[object], store: Store) -> list[CellRecord]:
    folders = _folders(experiment, cells, store)
    missing = sum(not store.has(folder) for folder in folders)
    if missing:
        raise ValueError(
            f"{missing} of {len(folders)} cells of {experiment.name} are not stored in "
            f"{store.root} for this profile and version of the code: run `latentgen figures` "
            "with the same options first"
        )
    return [store.read(folder) for folder in folders]
