"""Which worker gets which cells, so that a shape is compiled where it was and nobody is idle?

Cells of one shape are one batch. When no batch is left for a worker, it takes the second half of
the longest one in work, from its end; the claims on cells see to it that nothing is done twice.
"""

import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import Future, wait
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

from experiments.executors import WorkersLost, num_deaths
from experiments.store import Store

POLL_SECONDS = 0.5
POLL_SHARE = 0.05  # of the time at most is spent on looking what is stored
MAX_DEATHS = 3  # of workers with the same cell in hand, before it is given up
MAX_UNSEEN = 2  # times that a cell is said to be done and nobody sees it, before that is an error
SEEN_SECONDS = 5  # a network disk may show a folder this late
SAME_PATH = (
    "workers must see the output folder under the same path; give an --out on a disk that they "
    "share. What was computed is kept"
)


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

    @property
    def settings(self) -> dict[str, Any]:
        """The fields of the cell; `vars` would want a cell without slots."""
        return {field.name: getattr(self.cell, field.name) for field in fields(self.cell)}

    def __str__(self) -> str:
        return f"{self.experiment}: {', '.join(map(str, self.settings.values()))}"


class Sharing:
    """The missing cells and the workers that have them in hand.

    hand_out: gives a batch to a worker. num_workers: how many there are, or what tells it. What
    fails there is raised here, CancelledError when the executor was lost, and WorkersLost when
    workers keep dying on a cell or store it where it is not seen here.
    """

    def __init__(
        self,
        missing: Sequence[Task],
        store: Store,
        hand_out: Callable[[list[Task]], Future[None]],
        num_workers: int | Callable[[], int],
    ) -> None:
        self.store, self._num_workers = store, num_workers
        self.missing = {task.key: task for task in missing}
        self.running: dict[Future[None], list[Task]] = {}
        self.left: list[Task] = []  # in the hands of another run, or of a worker that was lost
        self._hand_out, self._pause = hand_out, POLL_SECONDS
        self._deaths, self._unseen = Counter(), Counter()
        self._first: dict[Future[None], Task] = {}  # of the batch, when it was handed out
        self._said_done: dict[tuple[str, str], float] = {}  # and when; not seen here yet
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
        # An executor that never says what runs, as dask's, begins in the order of handing out.
        likely = running or list(self.running.values())[: self.num_workers]
        return [str(batch[0]) for batch in likely if batch]

    @property
    def num_workers(self) -> int:
        """How many work at once, now."""
        return self._num_workers() if callable(self._num_workers) else self._num_workers

    def _submit(self, tasks: Iterable[Task]) -> None:
        for batch in by_shape(tasks):
            self._give(batch)

    def _give(self, batch: list[Task]) -> None:
        future = self._hand_out(list(batch))
        self.running[future], self._first[future] = batch, batch[0]

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
        first = self._first.pop(future)
        self.left += batch
        if error is None:
            self._said_done |= {task.key: time.monotonic() for task in batch}
        elif not num_deaths(error):
            raise _failure(batch, error, self.store)
        elif batch:  # else it died when all was stored
            # Of several deaths over one batch, how many met this cell is known if it came first.
            self._deaths[batch[0].key] += num_deaths(error) if batch[0] is first else 1
            self._give_up_deadly(batch[0])

    def _give_up_deadly(self, task: Task) -> None:
        if self._deaths[task.key] >= MAX_DEATHS:
            raise WorkersLost(
                f"{self._deaths[task.key]} workers died with the same cell in hand ({task}); out "
                "of memory? Try fewer --workers. What was computed is kept"
            )

    def _take_up(self) -> None:
        """Hand out again what nobody has in hand any more."""
        free = [task for task in self.left if self._is_free(task)]
        taken = {task.key for task in free}
        self.left = [task for task in self.left if task.key not in taken]
        self._submit(free)

    def _is_free(self, task: Task) -> bool:
        with self.store.claimed(task.folder) as mine:
            if not mine:  # another run has it in hand: that is why the worker left it
                self._said_done.pop(task.key, None)
                self._unseen.pop(task.key, None)
                return False
        ended = self._said_done.get(task.key)
        if ended is None:
            return True
        if time.monotonic() < ended + SEEN_SECONDS:
            return False
        self._count_unseen(task)
        return True

    def _count_unseen(self, task: Task) -> None:
        del self._said_done[task.key]
        self._unseen[task.key] += 1
        if self._unseen[task.key] >= MAX_UNSEEN:
            raise WorkersLost(
                f"a worker is done with {task}, but it is not in {self.store.root}: {SAME_PATH}"
            )

    def _divide(self) -> None:
        """Give half of the longest batch to each worker that has none."""
        num_workers = self.num_workers
        while len(self.running) < num_workers:
            longest = max(self.running.values(), key=len, default=[])
            kept = (len(longest) + 1) // 2  # the first is in hand
            if kept == len(longest):
                return
            given = longest[kept:][::-1]
            del longest[kept:]
            self._give(given)


def by_shape(tasks: Iterable[Task]) -> list[list[Task]]:
    """Cells that share compiled functions together, in order of first appearance."""
    found: dict[Hashable, list[Task]] = {}
    for task in tasks:
        found.setdefault((task.experiment, task.shape), []).append(task)
    return list(found.values())


def _failure(batch: Sequence[Task], error: BaseException, store: Store) -> BaseException:
    """What to raise: an error of ours must not look like bad input."""
    if isinstance(error, FileNotFoundError) and str(error.filename).startswith(str(store.root)):
        return WorkersLost(f"a worker does not find {error.filename}: {SAME_PATH}")
    if not isinstance(error, ValueError):
        return error
    failed = RuntimeError(
        f"a cell of {batch[0].experiment if batch else 'this run'} failed: {error}"
    )
    failed.__cause__ = error
    return failed
