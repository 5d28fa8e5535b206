"""Who computes cells: a thread here, processes here, or workers on a cluster?

Each is an `Executor` of the standard library, so that any other one can be used as well. A worker
that dies costs only what it had in hand.
"""

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
)
from concurrent.futures.process import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import connection
from typing import Any

from experiments.sources import note_files

CONNECT_SECONDS = 5  # to a scheduler
CLOSE_SECONDS = 2  # at most, to take leave of it
COUNT_SECONDS = 5  # between two questions how many workers there are
WORKERLESS_SECONDS = 4  # without a worker, before it is said
MAX_WORKERS = 8  # by default; each holds its own compiled functions and about 1 GiB


class WorkersLost(RuntimeError):
    """A run cannot go on with the workers it has; the message tells why, and what to do."""


def default_workers() -> int:
    """One worker process per core that this process may use, at most eight."""
    usable = getattr(os, "sched_getaffinity", None)
    return min(MAX_WORKERS, len(usable(0)) if usable else os.cpu_count() or 1)


def num_deaths(error: BaseException) -> int:
    """How many workers were lost over a batch; 0 when its work failed.

    dask tries a batch on several workers before it says that they died.
    """
    if type(error).__name__ == "KilledWorker":
        return getattr(error, "allowed_failures", 0) + 1
    return int(isinstance(error, BrokenExecutor))


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
def dask(address: str) -> Iterator[tuple[Executor, Callable[[], int]]]:
    """The workers of a dask cluster, and what tells their number now.

    They must see the same output folder, by the same path, and the same version of the code.

    Raises ValueError when dask.distributed is not installed, for what is no address and when nobody
    answers, WorkersLost when a worker cannot import the project and when the scheduler leaves.
    """
    try:
        from distributed import Client  # imported late: an extra
        from distributed.client import ClosedClientError
    except ImportError:
        raise ValueError(
            "--dask needs dask.distributed: python -m pip install 'latentgen[cluster]'"
        ) from None
    _require_address(address)
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, TypeError, ValueError) as error:  # a type: tls unprepared
        raise ValueError(
            f"no dask scheduler answers at {address} ({error or type(error).__name__}): start one "
            "with `dask scheduler`, and name the address that it prints"
        ) from None
    log = logging.getLogger("distributed.client")
    level = log.level
    log.setLevel(logging.CRITICAL)  # a scheduler that leaves is named here, in one line
    try:
        _prepare_workers(client, address)
        num_workers = _Count(client)
        _name_lack_of_workers(num_workers, address)
        yield client.get_executor(pure=False), num_workers
    except (CancelledError, ClosedClientError):
        raise WorkersLost(
            f"the dask scheduler at {address} was lost; what was computed is kept: start it and "
            "run again"
        ) from None
    finally:  # the scheduler drops what a client that leaves has asked for: nobody waits
        with suppress(TimeoutError):
            client.close(CLOSE_SECONDS)
        log.setLevel(level)


def _require_address(address: str) -> None:
    """Raise ValueError for no address: a client made half with it is heard of when all ends."""
    from distributed.comm.addressing import get_address_host  # imported late: an extra

    try:
        get_address_host(address)
    except Exception as error:  # each kind of address has its own
        raise ValueError(
            "--dask must be an address as `dask scheduler` prints it, such as tcp://HOST:8786; "
            f"got {address!r} ({error})"
        ) from None


class _Count:
    """How many workers a scheduler has, at least 1: asked every few seconds."""

    def __init__(self, client: Any) -> None:
        self._client, self._asked, self.known = client, float("-inf"), 0

    def __call__(self) -> int:
        if time.monotonic() >= self._asked + COUNT_SECONDS:
            self.ask()
        return max(1, self.known)

    def ask(self) -> int:
        """The number, which stays as it was while the scheduler does not answer."""
        with suppress(OSError, TimeoutError):
            self.known = len(self._client.nthreads(callback_timeout=CONNECT_SECONDS))
        self._asked = time.monotonic()
        return self.known


def _name_lack_of_workers(count: _Count, address: str) -> None:
    """Say once that there is no worker, when none has come for some seconds."""
    began = time.monotonic()
    while not count.ask():
        if time.monotonic() > began + WORKERLESS_SECONDS:
            print(
                f"no workers yet at {address}: `dask worker {address} --nthreads 1` starts one",
                file=sys.stderr,
            )
            return
        time.sleep(0.2)


def _prepare_workers(client: Any, address: str) -> None:
    """Set the options of all workers, also of those to come, and let them note their files.

    Raises WorkersLost when one of them cannot be told: it does not find the function.
    """
    from distributed.client import ClosedClientError  # imported late: an extra

    try:
        client.register_worker_callbacks(partial(_prepare_worker, _options()))
    except (OSError, CancelledError, ClosedClientError):  # the scheduler left
        raise
    except Exception as error:  # dask makes a plain one of what a worker could not unpickle
        raise WorkersLost(
            f"a worker of {address} cannot import experiments, or has another version of it "
            f"({error}): install the same version there and start it again"
        ) from None


def _prepare_worker(options: dict[str, str]) -> None:
    """In a worker, before it imports what computes."""
    note_files()
    _set_defaults(options)


def _options() -> dict[str, str]:
    """The options of JAX and BLAS that this process has."""
    names = ("JAX_", "XLA_", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
    return {name: value for name, value in os.environ.items() if name.startswith(names)}


def _set_defaults(options: dict[str, str]) -> None:
    """Options that a worker has not set itself; JAX reads them once, when it is imported."""
    if "jax" not in sys.modules:
        for name, value in options.items():
            os.environ.setdefault(name, value)


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
        _leave_interrupts()  # to the tracker of semaphores, too: it clears up behind all others
        spawn = multiprocessing.get_context("spawn")  # JAX does not survive a fork
        pool = ProcessPoolExecutor(1, mp_context=spawn, initializer=_start_worker)
        self._pools.append(pool)
        _leave_interrupts()  # again: what makes the pool may have allowed them
        return pool


def _leave_interrupts() -> None:
    """Leave Ctrl-C and SIGHUP to the main thread; a process that is started inherits that."""
    if hasattr(signal, "pthread_sigmask"):  # not on Windows
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, never outlive it, and note the files before they are imported."""
    note_files()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_leave_with, args=(parent.sentinel,), daemon=True).start()


def _leave_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
