"""How are the missing cells of an experiment computed, in view of the user?"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Hashable, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from multiprocessing import connection
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from experiments.experiment import CellRecord, Experiment
from experiments.provenance import environment
from experiments.registry import experiment as experiment_named
from experiments.sources import source_digest
from experiments.store import Store

MAX_WORKERS = 8  # by default; each holds its own compiled functions and about 1 GiB
PLAIN_LINES = 10  # about how many lines are printed when there is no terminal
POLL_SECONDS = 1.0


def default_workers() -> int:
    """One worker process per core that this process may use, at most eight."""
    usable = getattr(os, "sched_getaffinity", None)
    return min(MAX_WORKERS, len(usable(0)) if usable else os.cpu_count() or 1)


def run(
    experiment: Experiment,
    cells: Sequence[Any],
    store: Store,
    console: Console,
    command: str,
    num_workers: int = 1,
) -> list[CellRecord]:
    """The records of all cells, in order; only those that are not stored are computed.

    Each cell is stored as soon as it is done, so that an interrupted run continues where it was.
    With more than one worker, cells are computed in processes; those of one shape stay together.
    """
    sources = source_digest(experiment.compute.__module__)
    folders = [store.folder(experiment.name, cell, sources) for cell in cells]
    missing = [pair for pair in zip(cells, folders, strict=True) if not store.has(pair[1])]
    if not missing:
        console.print(f"{experiment.name}: all {len(cells)} cells are stored, nothing to compute")
    elif num_workers == 1:
        stop = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            try:
                _follow(experiment, missing, store, console, command, pool, stop)
            finally:
                stop.set()  # after Ctrl-C the thread ends with the cell in flight
    else:
        processes = ProcessPoolExecutor(
            min(num_workers, len(missing)),
            mp_context=multiprocessing.get_context("spawn"),  # JAX does not survive a fork
            initializer=_start_worker,
        )
        try:
            _follow(experiment, missing, store, console, command, processes)
        except BaseException:
            for child in multiprocessing.active_children():
                child.terminate()  # what is stored is whole; the cells in flight are done again
            raise
        finally:
            processes.shutdown()
    return [store.read(folder) for folder in folders]


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, and never outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_leave_with, args=(parent.sentinel,), daemon=True).start()


def _leave_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)


def compute_cells(
    name: str,
    work: Sequence[tuple[Any, Path]],
    root: Path,
    command: str,
    sources: str,
    stop: threading.Event | None = None,
) -> None:
    """Compute and store cells one after another, until told to stop: what a worker does."""
    experiment, store = experiment_named(name), Store(root)
    for cell, folder in work:
        if stop is not None and stop.is_set():
            return
        started = time.perf_counter()
        result = experiment.compute(cell)
        provenance = {
            **environment(),
            "sources": sources,
            "command": command,
            "seconds": round(time.perf_counter() - started, 3),
        }
        store.write(folder, cell, result, provenance)


def _follow(
    experiment: Experiment,
    missing: list[tuple[Any, Path]],
    store: Store,
    console: Console,
    command: str,
    pool: Executor,
    stop: threading.Event | None = None,
) -> None:
    """Hand out the work, and show how many cells have arrived in the store."""
    by_shape: dict[Hashable, list[tuple[Any, Path]]] = {}
    for cell, folder in missing:
        by_shape.setdefault(experiment.shape(cell), []).append((cell, folder))
    sources = source_digest(experiment.compute.__module__)
    waiting: set[Future[None]] = {
        pool.submit(compute_cells, experiment.name, work, store.root, command, sources, stop)
        for work in by_shape.values()
    }
    view = _View(experiment.name, len(missing), console)
    with view.progress:
        while waiting:
            done, waiting = wait(waiting, timeout=POLL_SECONDS)
            for future in done:
                _answer(future, experiment.name)
            view.show(sum(store.has(folder) for _, folder in missing))


def _answer(future: Future[None], name: str) -> None:
    """Raise what went wrong in a worker; an error of ours must not look like bad input."""
    try:
        future.result()
    except ValueError as error:
        raise RuntimeError(f"a cell of {name} failed: {error}") from error


class _View:
    """One live bar on a terminal, a few plain lines elsewhere."""

    def __init__(self, name: str, total: int, console: Console) -> None:
        self.console, self.name, self.total = console, name, total
        self.printed = 0
        self.started = time.perf_counter()
        self.progress = Progress(
            TextColumn(f"[bold]{name}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("cells"),
            TimeElapsedColumn(),
            TextColumn("left:"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self.task = self.progress.add_task(name, total=total)

    def show(self, done: int) -> None:
        self.progress.update(self.task, completed=done)
        every = self.total if self.console.is_terminal else max(1, self.total // PLAIN_LINES)
        if done == self.total or done >= self.printed + every:
            self.printed = done
            seconds = time.perf_counter() - self.started
            text = f"{self.name}: {done} of {self.total} cells computed, {seconds:.0f} s"
            self.console.print(text)
