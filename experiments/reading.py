"""How does a notebook get at the stored numbers of an experiment?"""

import os
from pathlib import Path
from typing import Any

from experiments import registry
from experiments.results import Results
from experiments.runner import tasks
from experiments.selection import Selection, select
from experiments.store import Reader


def stored_results(
    name: str,
    out: str | os.PathLike[str] = "output",
    profile: str = "paper",
    num_seeds: int | None = None,
    config: Any = None,
) -> Results:
    """The stored results of an experiment, every cell checked against its hashes.

    config: changed settings, as `dataclasses.replace` makes them of a profile's; the profile then
    means nothing. Raises ValueError for an unknown experiment or profile, for a config of another
    experiment, for cells that are missing, and for a damaged one, which it names.
    """
    chosen = select(name, profile, num_seeds, Path(out))
    if config is not None:
        chosen = _changed(chosen, config, num_seeds)
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
    folders = [task.folder for task in wanted]
    return Results([store.read(folder) for folder in folders], folders)


def _changed(usual: Selection, config: Any, num_seeds: int | None) -> Selection:
    kind = type(usual.config)
    if not isinstance(config, kind):
        raise ValueError(
            f"config must be a {kind.__name__}, the settings of {usual.experiment.name}; got "
            f"{config!r}: dataclasses.replace changes those of a profile"
        )
    command = f"{usual.command} with those settings as options"
    return usual._replace(config=registry.with_seeds(config, num_seeds), command=command)
