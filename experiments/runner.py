"""How are the missing cells of some experiments computed, each of them once?"""

import importlib
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from typing import Any

from experiments.executors import WorkersLost
from experiments.experiment import CellResult, Experiment
from experiments.provenance import environment, peak_memory
from experiments.sharing import Sharing, Task
from experiments.sources import source_digest
from experiments.store import Store, damage
from experiments.view import View

MOST_PARTS = 4  # of a metric's name: the columns of the table behind a figure


def tasks(experiment: Experiment, cells: Sequence[Any], store: Store) -> list[Task]:
    """The cells of an experiment with their places in the store, in order."""
    sources = source_digest(experiment.compute.__module__)
    return [
        Task(
            experiment.name,
            cell,
            store.folder(experiment.name, cell, sources),
            sources,
            experiment.shape(cell),
        )
        for cell in cells
    ]


def compute_missing(
    wanted: Sequence[Task],
    store: Store,
    executor: Executor,
    view: View,
    command: str,
    *,
    num_workers: int | Callable[[], int] = 1,
    shared_memory: bool = False,
) -> None:
    """Compute and store every cell that is not stored yet; damaged ones are named and done again.

    A cell is stored as soon as it is done, so that an interrupted run continues where it was. Two
    runs over one store share the work: a cell that the other has in hand is waited for. Cells of
    one shape stay together while there is work for all. num_workers: how many work at once, or
    what tells it. shared_memory: the executor's threads are in this process, and end with the cell
    in flight. Raises RuntimeError when a cell fails, and WorkersLost when workers keep dying on it
    or do not see the store.
    """
    store = Store(store.root.absolute())  # a worker elsewhere has another working folder
    wanted = [task._replace(folder=task.folder.absolute()) for task in wanted]
    missing = _missing(wanted, store, view)
    if not missing:
        view.say(f"all {len(wanted)} cells are stored, nothing to compute")
        return
    stop = threading.Event() if shared_memory else None
    extra = () if stop is None else (stop,)

    def hand_out(batch: list[Task]) -> Future[None]:
        return executor.submit(compute_cells, batch, store, command, *extra)

    view.start(len(missing))
    try:
        sharing = Sharing(missing, store, hand_out, num_workers)
        while sharing.running or sharing.missing:
            sharing.look()
            view.show(len(sharing.missing), sharing.now())
    finally:
        if stop is not None:
            stop.set()
        view.stop()


def compute_cells(
    batch: Sequence[Task], store: Store, command: str, stop: threading.Event | None = None
) -> None:
    """Compute and store cells one after another, until told to stop: what a worker does.

    A cell that another worker has in hand is left to it.
    """
    for task in batch:
        if stop is not None and stop.is_set():
            return
        if store.has(task.folder):
            continue
        with store.claimed(task.folder) as mine:
            if mine and not store.has(task.folder):
                _compute(task, store, command)


def experiment_named(name: str) -> Experiment:
    """An experiment that is there; the registry would read every source file for each cell."""
    return importlib.import_module(f"experiments.{name}").EXPERIMENT


def _compute(task: Task, store: Store, command: str) -> None:
    started, processor = time.perf_counter(), time.process_time()
    compute = experiment_named(task.experiment).compute
    if source_digest(compute.__module__) != task.sources:  # as this process imported it
        raise WorkersLost(
            f"the sources of {task.experiment} changed after this run was planned, or a worker has "
            "another version of them: run again, with new workers where they are of a cluster"
        )
    result = compute(task.cell)
    _check(result, task)
    provenance = {
        **environment(),
        "sources": task.sources,
        "command": command,
        "seconds": round(time.perf_counter() - started, 3),
        "processor_seconds": round(time.process_time() - processor, 3),
        "peak_memory_mib": peak_memory(),
    }
    store.write(task.folder, task.cell, result, provenance)


def _check(result: CellResult, task: Task) -> None:
    """Raise a ValueError for metrics that could be stored, but not read by setting and seed."""
    num_seeds = len(task.cell.seeds)
    for name, row in result.metrics.items():
        if len(row) != num_seeds:
            raise ValueError(
                f"a metric has one number a seed; {name!r} of {task} has {len(row)} for "
                f"{num_seeds} seeds: give nan where a seed has no answer"
            )
        if name.count(".") >= MOST_PARTS:
            raise ValueError(
                f"the name of a metric has {MOST_PARTS} parts at most, quantity.source.estimate."
                f"concept; got {name!r} of {task}: join some of them by _"
            )


def _missing(wanted: Sequence[Task], store: Store, view: View) -> list[Task]:
    """The tasks that are not stored whole; a damaged cell is named and taken away."""
    missing = []
    for task in wanted:
        problem = damage(task.folder) if store.has(task.folder) else "absent"
        if not problem:
            continue
        missing.append(task)
        if problem != "absent":
            with store.claimed(task.folder) as mine:
                if mine and store.has(task.folder) and damage(task.folder):
                    store.discard(task.folder)
            view.result(f"damaged, computed again: {task.folder} ({problem})")
    return missing
