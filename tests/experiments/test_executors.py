"""Does a worker that dies break nothing but its own work?"""

import os
import signal

import pytest

from experiments import executors, sources


def _die():
    os.kill(os.getpid(), signal.SIGKILL)


def _fail():
    raise KeyError("wrong")


def test_a_process_that_dies_breaks_no_other_and_is_replaced():
    with executors.local(2) as pool:
        before = {pool.submit(os.getpid).result(60) for _ in range(4)}
        assert os.getpid() not in before
        lost = pool.submit(_die)
        kept = [pool.submit(abs, -number) for number in range(6)]
        error = lost.exception(60)
        assert error is not None
        assert executors.num_deaths(error) == 1
        assert [future.result(60) for future in kept] == list(range(6))
        assert pool.submit(os.getpid).result(60)


def noted_files():
    return len(sources._noted)


def test_a_process_notes_the_sources_before_it_gets_work():
    with executors.local(2) as pool:
        assert pool.submit(noted_files).result(60) > 100


def test_work_that_fails_is_no_death():
    with executors.local(2) as pool:
        error = pool.submit(_fail).exception(60)
    assert isinstance(error, KeyError)
    assert executors.num_deaths(error) == 0


def test_one_worker_is_a_thread_of_this_process():
    with executors.local(1) as pool:
        assert pool.submit(os.getpid).result(60) == os.getpid()


def test_an_exception_ends_the_processes_at_once():
    waiting = []

    def interrupted():
        with executors.local(2) as pool:
            waiting.extend(pool.submit(signal.pause) for _ in range(5))
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        interrupted()
    assert len(waiting) == 5
    assert all(future.done() for future in waiting)


def test_a_worker_keeps_the_options_that_it_has_and_all_once_jax_is_imported(monkeypatch):
    options = {"XLA_FLAGS": "the run's", "JAX_PLATFORMS": "the run's"}
    monkeypatch.setattr(executors.os, "environ", {"XLA_FLAGS": "its own"})
    monkeypatch.setitem(executors.sys.modules, "jax", executors)
    executors._set_defaults(options)
    assert executors.os.environ == {"XLA_FLAGS": "its own"}
    monkeypatch.delitem(executors.sys.modules, "jax")
    executors._set_defaults(options)
    assert executors.os.environ == {"XLA_FLAGS": "its own", "JAX_PLATFORMS": "the run's"}


def test_by_default_there_is_a_worker_per_core_and_at_most_eight(monkeypatch):
    monkeypatch.setattr(executors.os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert executors.default_workers() == 8
    monkeypatch.setattr(executors.os, "sched_getaffinity", lambda _: {0, 5}, raising=False)
    assert executors.default_workers() == 2
    monkeypatch.delattr(executors.os, "sched_getaffinity")
    monkeypatch.setattr(executors.os, "cpu_count", lambda: None)
    assert executors.default_workers() == 1
