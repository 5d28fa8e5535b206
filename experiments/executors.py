"""Who computes cells: a thread here, processes here, or workers on a cluster?

Each is an `Executor` of the standard library, so that any other one can be used as well. A worker
that dies costs only what it had in hand.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import connection
from typing import Any

CONNECT_SECONDS = 5  # to a scheduler
MAX_WORKERS = 8  # by default; each holds its own compiled functions and about 1 GiB


class WorkersLost(RuntimeError):
    """A run cannot go on with the workers it has; the message tells why, and what to do."""


def default_workers() -> int:
    """One worker process per core that this process may use, at most eight."""
    usable = getattr(os, "sched_getaffinity", None)
    return min(MAX_WORKERS, len(usable(0)) if usable else os.cpu_count() or 1)


def worker_died(error: BaseException) -> bool:
    """Whether a worker was lost, rather than that its work failed."""
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"


@contextmanager
def local(num_workers: int) -> Iterator[Executor]:
    """One thread of this process, or worker processes of this machine."""
    if num_workers == 1:
        with ThreadPoolExecutor(1) as pool:
            yield pool
        return
    workers = ProcessWorkers(num_workers)
    try:
        yield workers
    except BaseException:
        workers.kill()  # what is stored is whole; the cells in flight are done again
        raise
    finally:
        workers.shutdown()


@contextmanager
def dask(address: str) -> Iterator[tuple[Executor, int]]:
    """The workers of a dask cluster, and their number.

    They must see the same output folder, by the same path, and the same version of the code.

    Raises ValueError when dask.distributed is not installed and when nobody answers.
    """
    try:
        from distributed import Client  # imported late: an extra
    except ImportError:
        raise ValueError(
            "--dask needs dask.distributed: python -m pip install 'latentgen[cluster]'"
        ) from None
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise ValueError(
            f"no dask scheduler answers at {address} ({error or type(error).__name__}): start one "
            "with `dask scheduler`, and name the address that it prints"
        ) from None
    with client, client.get_executor(pure=False) as pool:
        yield pool, max(1, len(client.scheduler_info()["workers"]))


class ProcessWorkers(Executor):
    """Worker processes, each in a pool of its own: one that dies breaks no other."""

    def __init__(self, num_workers: int) -> None:
        self._threads = ThreadPoolExecutor(num_workers)
        self._mine = threading.local()
        self._pools: list[ProcessPoolExecutor] = []
        self._submitted: list[Future[Any]] = []
        self._killed = False

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run it in the next process that is free."""
        future = self._threads.submit(self._apart, function, args, kwargs)
        self._submitted.append(future)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the processes end, after their work."""
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
        for pool in self._pools:
            pool.shutdown(wait)

    def kill(self) -> None:
        """End the processes now, and start no further work."""
        self._killed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        while not all(future.done() for future in self._submitted):
            for child in multiprocessing.active_children():  # one may just be starting
                child.terminate()
            time.sleep(0.02)

    def _apart(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        pool = getattr(self._mine, "pool", None)
        if pool is None:
            pool = self._mine.pool = self._new_pool()
        try:
            return pool.submit(function, *args, **kwargs).result()
        except BrokenExecutor:
            self._mine.pool = None
            raise

    def _new_pool(self) -> ProcessPoolExecutor:
        if self._killed:
            raise BrokenExecutor("the workers were ended")
        spawn = multiprocessing.get_context("spawn")  # JAX does not survive a fork
        pool = ProcessPoolExecutor(1, mp_context=spawn, initializer=_start_worker)
        self._pools.append(pool)
        return pool


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, and never outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_leave_with, args=(parent.sentinel,), daemon=True).start()


def _leave_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
