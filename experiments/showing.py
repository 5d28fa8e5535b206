"""What is there to show under a name: an experiment, a claim, a cell, or a world?"""

import difflib
import json
from collections.abc import Sequence
from pathlib import Path

from experiments import claims, registry, world_files, world_page
from experiments.left_out import ask
from experiments.runner import tasks
from experiments.selection import Selection, select
from experiments.store import DamagedCell, Reader, read_arrays

LEAST_DIGITS = 4  # of a cell's hash
WIDEST_ROW = 8  # seeds of a metric that are printed


def is_world(name: str) -> bool:
    """Whether the name means a world, and no experiment."""
    return world_files.is_world(name) and name not in registry.questions()


def show_world(
    name: str, words: Sequence[int] | None, context_length: int | None, as_json: bool
) -> str:
    """The page on a world, or on what a perfect predictor knows after some words of it."""
    if words is None:
        return world_page.page(name, context_length, as_json=as_json)
    if context_length is not None or as_json:
        raise ValueError(
            "--context shows one context; got --context-length or --json beside it: leave them out"
        )
    return world_page.after(name, tuple(words))


def show(name: str, out: Path, profile: str, num_seeds: int | None) -> str:
    """What is stored under a name. Raises ValueError offering the nearest name."""
    if name in registry.questions():
        return _experiment(select(name, profile, num_seeds, out), out)
    found = _cells(name, out)
    if len(found) == 1:
        return _cell(found[0])
    if found:
        raise ValueError(
            f"{name} begins the hashes of {len(found)} cells: give more digits, for example "
            f"{found[0].name}"
        )
    rows = {row.name: row for row in claims.ledger(out, profile, num_seeds)}
    known = [*registry.questions(), *rows, *world_files.names()]
    _check_known(name, known)
    fields = rows[name]._asdict()
    width = max(map(len, fields))
    return "\n".join(f"{key:<{width}}  {value}" for key, value in fields.items())


def _check_known(name: str, known: Sequence[str]) -> None:
    """Raise a ValueError offering the nearest name, or saying where all of them are listed."""
    if difflib.get_close_matches(name, known, 1, cutoff=0.5):
        registry.check_known("experiment, claim, cell or world", name, known)
    elif name not in known:
        raise ValueError(
            f"unknown experiment, claim, cell or world {name!r}: `latentgen list` and `latentgen "
            f"claims` have names; worlds are {', '.join(world_files.names())}, or files"
        )


def _experiment(selection: Selection, out: Path) -> str:
    experiment = selection.experiment
    lines = [experiment.question, "", f"command  {selection.command}", f"results  {out}"]
    if not (out / "store").is_dir():
        return "\n".join([*lines, "nothing is stored there"])
    store = Reader(out / "store")
    wanted = tasks(experiment, selection.cells, store)
    stored = [task for task in wanted if store.has(task.folder)]
    lines += [f"cells    {len(stored)} of {len(wanted)} are stored", ""]
    if len(stored) < len(wanted):
        lines.append("incomplete: the finding is told once all cells are there")
    else:
        records = [store.read(task.folder) for task in wanted]
        evidence = selection.profile != "smoke"
        finding = ask("the finding", selection, experiment.finding, records, evidence)
        lines += [finding.headline, *(f"\n{text}" for text in finding.paragraphs), ""]
    lines += [f"{task.folder.name}  {_settings(task.settings)}" for task in stored]
    return "\n".join(lines)


def _cells(digits: str, out: Path) -> list[Path]:
    """The cells whose hashes begin with these digits."""
    if len(digits) < LEAST_DIGITS or set(digits) - set("0123456789abcdef"):
        return []
    return sorted((out / "store").glob(f"[!.]*/{digits}*"))


def _cell(folder: Path) -> str:
    try:
        config, metrics = Reader(folder.parents[1]).read(folder)
        arrays = read_arrays(folder)
    except DamagedCell as damaged:
        return f"{folder}\ndamaged: {damaged.problem}"
    provenance = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    lines = [str(folder)]
    for name, part in (("config", config), ("provenance", provenance)):
        lines += ["", name, *(f"  {key}: {value}" for key, value in part.items())]
    lines += ["", "metrics, one number a seed"]
    lines += [f"  {key}: {_numbers(row)}" for key, row in metrics.items()]
    shapes = [f"  {key}: {array.dtype} {array.shape}" for key, array in arrays.items()]
    return "\n".join([*lines, *(["", "arrays", *shapes] if shapes else [])])


def _numbers(row: list[float | None]) -> str:
    shown = ["–" if value is None else f"{value:.6g}" for value in row[:WIDEST_ROW]]
    return ", ".join(shown) + (f", … ({len(row)} in all)" if len(row) > WIDEST_ROW else "")


def _settings(config: dict[str, object]) -> str:
    return ", ".join(f"{key} {value}" for key, value in config.items())
