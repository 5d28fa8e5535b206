"""Does a lost worker cost only its cell, and do several runs over one store share the work?"""

import threading
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import replace

import pytest

from experiments import runner
from experiments.executors import WorkersLost
from experiments.experiment import CellResult
from experiments.store import LOCKS, Store
from tests.experiments.toy import ToyConfig, run, toy_cells


class Dying(Executor):
    """Runs in place, and loses its worker when a cell has no memory."""

    def submit(self, function, /, *args, **kwargs):
        future = Future()
        future.set_running_or_notify_cancel()
        try:
            function(*args, **kwargs)
            future.set_result(None)
        except MemoryError:
            future.set_exception(BrokenExecutor("a worker died"))
        except Exception as error:
            future.set_exception(error)
        return future


def test_a_worker_that_dies_costs_only_the_cell_in_hand(toy, store, monkeypatch):
    lost, compute = [], toy.compute

    def fragile(cell):
        if cell.size in (1, 2) and len(lost) < 4 and lost.count(cell) < 2:
            lost.append(cell)
            raise MemoryError
        return compute(cell)

    monkeypatch.setattr(
        runner, "experiment_named", lambda name: replace(toy.experiment, compute=fragile)
    )
    records, _ = run(toy, store, executor=Dying())
    assert len(records) == len(toy.computed) == 6  # nothing was computed twice
    assert len(lost) == 4


class DyingAfterwards(Executor):
    """Runs in place, and loses its worker when all is done and stored."""

    def submit(self, function, /, *args, **kwargs):
        future = Future()
        function(*args, **kwargs)
        future.set_exception(BrokenExecutor("a worker died"))
        return future


def test_a_worker_that_dies_when_its_work_is_stored_costs_nothing(toy, store):
    records, _ = run(toy, store, executor=DyingAfterwards())
    assert len(records) == len(toy.computed) == 6


def test_workers_are_given_absolute_paths(toy, tmp_path, monkeypatch):
    class Elsewhere(Dying):
        """Runs in place, in another working folder."""

        def submit(self, function, /, *args, **kwargs):
            with monkeypatch.context() as there:
                there.chdir(away)
                return super().submit(function, *args, **kwargs)

    away = tmp_path / "away"
    away.mkdir()
    monkeypatch.chdir(tmp_path)
    records, _ = run(toy, Store("here"), executor=Elsewhere())
    assert len(records) == 6
    assert list(away.iterdir()) == []


def test_a_cell_on_which_workers_keep_dying_is_given_up_by_name(toy, store, monkeypatch):
    def fatal(cell):
        if cell.size == 1:
            raise MemoryError
        return toy.compute(cell)

    monkeypatch.setattr(
        runner, "experiment_named", lambda name: replace(toy.experiment, compute=fatal)
    )
    message = r"3 workers died with the same cell in hand \(toy: 1, \(0, 1\)\).*fewer --workers"
    with pytest.raises(WorkersLost, match=message):
        run(toy, store, executor=Dying())
    assert {cell.size for cell in toy.computed} == {3, 2}


def test_a_cell_that_another_run_has_in_hand_is_waited_for_and_not_computed_twice(toy, store):
    wanted = runner.tasks(toy.experiment, toy_cells(ToyConfig()), store)
    held, done = wanted[0], []
    started, finish = threading.Event(), threading.Event()

    def other_run():
        with store.claimed(held.folder) as mine:
            assert mine
            started.set()
            finish.wait(30)
            store.write(
                held.folder, held.cell, CellResult({"square": [7.0, 7.0]}, {}),
                {"sources": held.sources},
            )  # fmt: skip

    def late():
        while len(toy.computed) < 5:
            threading.Event().wait(0.01)
        done.append(len(toy.computed))
        finish.set()

    threads = [threading.Thread(target=other_run), threading.Thread(target=late)]
    threads[0].start()
    started.wait(30)
    threads[1].start()
    records, _ = run(toy, store)
    for thread in threads:
        thread.join()
    assert done == [5]  # everything else was computed meanwhile
    assert held.cell not in toy.computed
    assert records[0].metrics == {"square": [7.0, 7.0]}


def test_two_runs_over_one_store_share_the_work(toy, tmp_path):
    config = ToyConfig(tuple(range(12)), 4)
    found = []

    def one():
        found.append(run(toy, Store(tmp_path), config)[0])

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(toy.computed) == len(set(toy.computed)) == 24
    assert found[0] == found[1] == found[2]
    leftovers = [p for p in tmp_path.rglob(".*") if p.name != LOCKS and p.suffix != ".lock"]
    assert leftovers == []
