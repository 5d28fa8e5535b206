"""How does a notebook get at the stored numbers of an experiment?"""

import os
from pathlib import Path

from experiments.results import Results
from experiments.runner import tasks
from experiments.selection import select
from experiments.store import Reader


def stored_results(
    name: str,
    out: str | os.PathLike[str] = "output",
    profile: str = "paper",
    num_seeds: int | None = None,
) -> Results:
    """The stored results of an experiment, every cell checked against its hashes.

    Raises ValueError for an unknown experiment or profile, for cells that are missing, and for a
    damaged one, which it names.
    """
    chosen = select(name, profile, num_seeds)
    root = Path(out) / "store"
    if not root.is_dir():
        raise ValueError(f"nothing is stored in {out}: {chosen.command} computes it")
    store = Reader(root)
    wanted = tasks(chosen.experiment, chosen.cells, store)
    missing = sum(not store.has(task.folder) for task in wanted)
    if missing:
        raise ValueError(
            f"{missing} of {len(wanted)} cells of {name} are not stored in {root}: "
            f"{chosen.command} computes them"
        )
    return Results([store.read(task.folder) for task in wanted])
