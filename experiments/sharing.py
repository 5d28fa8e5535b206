"""Which worker gets which cells, so that a shape is compiled where it was and nobody is idle?

Cells of one shape are one batch. When no batch is left for a worker, it takes the second half of
the longest one in work, from its end; the claims on cells see to it that nothing is done twice.
"""

import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any, NamedTuple

from experiments.executors import worker_died
from experiments.store import Store

POLL_SECONDS = 0.5
POLL_SHARE = 0.05  # of the time at most is spent on looking what is stored
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

    @property
    def key(self) -> tuple[str, str]:
        """What names the cell in a store."""
        return self.experiment, self.folder.name

    def __str__(self) -> str:
        settings = ", ".join(str(value) for value in vars(self.cell).values())
        return f"{self.experiment}: {settings}"


class Sharing:
    """The missing cells and the workers that have them in hand.

    hand_out: gives a batch to a worker. What fails there is raised here, and RuntimeError when
    workers keep dying on a cell.
    """

    def __init__(
        self,
        missing: Sequence[Task],
        store: Store,
        hand_out: Callable[[list[Task]], Future[None]],
        num_workers: int,
    ) -> None:
        self.store, self.num_workers = store, num_workers
        self.missing = {task.key: task for task in missing}
        self.running: dict[Future[None], list[Task]] = {}
        self.left: list[Task] = []  # in the hands of another run, or of a worker that was lost
        self._hand_out, self._pause, self._deaths = hand_out, POLL_SECONDS, Counter()
        self._submit(missing)
        self._divide()

    def look(self) -> None:
        """Wait a moment, see what is stored, answer what ended, give work to who has none."""
        done, _ = wait(self.running, timeout=self._pause)
        if not self.running:
            time.sleep(self._pause)
        began = time.perf_counter()
        self._forget_stored()
        for future in done:
            self._settle(future)
        self._take_up()
        self._divide()
        self._pause = max(POLL_SECONDS, (time.perf_counter() - began) / POLL_SHARE)

    def now(self) -> list[str]:
        """What is computed now, in words."""
        running = [batch for future, batch in self.running.items() if future.running()]
        return [str(batch[0]) for batch in running if batch]

    def _submit(self, tasks: Iterable[Task]) -> None:
        for batch in by_shape(tasks):
            self.running[self._hand_out(batch)] = list(batch)

    def _forget_stored(self) -> None:
        for experiment in {experiment for experiment, _ in self.missing}:
            stored = {(experiment, name) for name in self.store.names(experiment)}
            for key in stored & self.missing.keys():
                del self.missing[key]
        for batch in self.running.values():
            batch[:] = self._still_missing(batch)
        self.left = self._still_missing(self.left)

    def _still_missing(self, tasks: list[Task]) -> list[Task]:
        return [task for task in tasks if task.key in self.missing]

    def _settle(self, future: Future[None]) -> None:
        batch, error = self.running.pop(future), future.exception()
        self.left += batch
        if error is None or (not batch and worker_died(error)):  # it died when all was stored
            return
        if not worker_died(error):
            raise _failure(batch, error)
        self._deaths[batch[0].key] += 1
        if self._deaths[batch[0].key] >= MAX_DEATHS:
            raise RuntimeError(
                f"{MAX_DEATHS} workers died with the same cell in hand ({batch[0]}); out of "
                "memory? Try fewer --workers. What was computed is kept"
            )

    def _take_up(self) -> None:
        """Hand out again what nobody has in hand any more."""
        free = [task for task in self.left if self._is_free(task)]
        taken = {task.key for task in free}
        self.left = [task for task in self.left if task.key not in taken]
        self._submit(free)

    def _is_free(self, task: Task) -> bool:
        with self.store.claimed(task.folder) as mine:
            return mine

    def _divide(self) -> None:
        """Give half of the longest batch to each worker that has none."""
        while len(self.running) < self.num_workers:
            longest = max(self.running.values(), key=len, default=[])
            kept = (len(longest) + 1) // 2  # the first is in hand
            if kept == len(longest):
                return
            given = longest[kept:][::-1]
            del longest[kept:]
            self.running[self._hand_out(list(given))] = given


def by_shape(tasks: Iterable[Task]) -> list[list[Task]]:
    """Cells that share compiled functions together, in order of first appearance."""
    found: dict[Hashable, list[Task]] = {}
    for task in tasks:
        found.setdefault((task.experiment, task.shape), []).append(task)
    return list(found.values())


def _failure(batch: Sequence[Task], error: BaseException) -> BaseException:
    """What to raise: an error of ours must not look like bad input."""
    if not isinstance(error, ValueError):
        return error
    failed = RuntimeError(
        f"a cell of {batch[0].experiment if batch else 'this run'} failed: {error}"
    )
    failed.__cause__ = error
    return failed
