"""How are the missing cells of some experiments computed, each of them once?"""

import math
import threading
import time
from collections.abc import Hashable, Sequence
from concurrent.futures import Executor, Future, wait
from pathlib import Path
from typing import Any, NamedTuple

from experiments.executors import worker_died
from experiments.experiment import Experiment
from experiments.provenance import environment, peak_memory
from experiments.registry import experiment as experiment_named
from experiments.sources import source_digest
from experiments.store import Store, damage
from experiments.view import View

POLL_SECONDS = 0.5
MAX_DEATHS = 3  # of workers with the same cell in hand, before it is given up


class Task(NamedTuple):
    """A cell, and where its result belongs.

    sources: the version of the code that computes it; shape: what it shares compiled functions by.
    """

    experiment: str
    cell: Any
    folder: Path
    sources: str
    shape: Hashable


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
    num_workers: int = 1,
    shared_memory: bool = False,
) -> None:
    """Compute and store every cell that is not stored yet; damaged ones are named and done again.

    A cell is stored as soon as it is done, so that an interrupted run continues where it was. Two
    runs over one store share the work: a cell that the other has in hand is waited for. Cells of
    one shape stay together. num_workers: into how many batches at least the work is cut.
    shared_memory: the executor's threads are in this process, and end with the cell in flight.
    Raises RuntimeError when a cell fails, and when workers keep dying on it.
    """
    missing = _missing(wanted, store, view)
    if not missing:
        view.say(f"all {len(wanted)} cells are stored, nothing to compute")
        return
    stop = threading.Event() if shared_memory else None
    run = _Run(store, executor, command, stop)
    view.start(len(missing))
    try:
        for batch in _batches(missing, num_workers):
            run.submit(batch)
        while run.running:
            run.collect()
            view.show(*run.progress())
    finally:
        if stop is not None:
            stop.set()
        view.stop()


def compute_cells(
    batch: Sequence[Task], root: Path, command: str, stop: threading.Event | None = None
) -> None:
    """Compute and store cells one after another, until told to stop: what a worker does.

    A cell that another worker has in hand is left to it, and looked for when the others are done.
    """
    store, waiting = Store(root), list(batch)
    while waiting:
        busy = []
        for task in waiting:
            if stop is not None and stop.is_set():
                return
            with store.claimed(task.folder) as mine:
                if not mine:
                    busy.append(task)
                elif not store.has(task.folder):
                    _compute(task, store, command)
        if len(busy) == len(waiting):
            time.sleep(POLL_SECONDS)
        waiting = busy


def _compute(task: Task, store: Store, command: str) -> None:
    started, processor = time.perf_counter(), time.process_time()
    result = experiment_named(task.experiment).compute(task.cell)
    provenance = {
        **environment(),
        "sources": task.sources,
        "command": command,
        "seconds": round(time.perf_counter() - started, 3),
        "processor_seconds": round(time.process_time() - processor, 3),
        "peak_memory_mib": peak_memory(),
    }
    store.write(task.folder, task.cell, result, provenance)


class _Run:
    """The batches in flight, and what became of them."""

    def __init__(
        self, store: Store, executor: Executor, command: str, stop: threading.Event | None
    ) -> None:
        self.store, self.executor, self.command, self.stop = store, executor, command, stop
        self.running: dict[Future[None], list[Task]] = {}
        self.missing: dict[Path, Task] = {}
        self.deaths: dict[Path, int] = {}

    def submit(self, batch: list[Task]) -> None:
        self.missing |= {task.folder: task for task in batch}
        extra = () if self.stop is None else (self.stop,)
        future = self.executor.submit(compute_cells, batch, self.store.root, self.command, *extra)
        self.running[future] = batch

    def collect(self) -> None:
        """Wait a moment, and answer what ended; the batch of a lost worker is handed out again."""
        done, _ = wait(self.running, timeout=POLL_SECONDS)
        self._forget_stored()
        for future in done:
            batch = self.running.pop(future)
            error = future.exception()
            if error is None:
                continue
            if not worker_died(error):
                raise _failure(batch[0], error)
            left = [task for task in batch if task.folder in self.missing]
            if left:  # else it died when all was stored
                self._count_death(left[0])
                self.submit(left)

    def progress(self) -> tuple[int, list[str]]:
        """How many cells are still missing, and what runs now, in words."""
        running = [batch for future, batch in self.running.items() if future.running()]
        heads = [next((t for t in batch if t.folder in self.missing), None) for batch in running]
        return len(self.missing), [_words(task) for task in heads if task is not None]

    def _forget_stored(self) -> None:
        stored = [folder for folder in self.missing if self.store.has(folder)]
        for folder in stored:
            del self.missing[folder]

    def _count_death(self, task: Task) -> None:
        self.deaths[task.folder] = self.deaths.get(task.folder, 0) + 1
        if self.deaths[task.folder] >= MAX_DEATHS:
            raise RuntimeError(
                f"{MAX_DEATHS} workers died with the same cell in hand ({_words(task)}); "
                "out of memory? Try fewer --workers. What was computed is kept"
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


def _batches(missing: Sequence[Task], num_workers: int) -> list[list[Task]]:
    """Cells by shape, so that each is compiled once; a shape with too many cells is cut."""
    by_shape: dict[Hashable, list[Task]] = {}
    for task in missing:
        by_shape.setdefault((task.experiment, task.shape), []).append(task)
    size = math.ceil(len(missing) / num_workers)
    return [
        group[start : start + size]
        for group in by_shape.values()
        for start in range(0, len(group), size)
    ]


def _failure(task: Task, error: BaseException) -> BaseException:
    """What to raise: an error of ours must not look like bad input."""
    if isinstance(error, ValueError):
        failed = RuntimeError(f"a cell of {task.experiment} failed: {error}")
        failed.__cause__ = error
        return failed
    return error


def _words(task: Task) -> str:
    settings = ", ".join(str(value) for value in vars(task.cell).values())
    return f"{task.experiment}: {settings}"
