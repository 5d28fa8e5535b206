"""Is every worker given work while there is any, and every cell once?"""

import threading
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import sharing
from experiments.experiment import CellResult
from experiments.sharing import Sharing, Task, by_shape
from experiments.store import Store


@dataclass(frozen=True)
class Cell:
    number: int
    shape: int
    seeds: tuple[int, ...] = (0,)


def tasks(store, shapes):
    cells = [Cell(number, shape) for number, shape in enumerate(shapes)]
    return [Task("toy", c, store.folder("toy", c, "abc"), "abc", c.shape) for c in cells]


def stored(store, task):
    result = CellResult({"number": [float(task.cell.number)]}, {})
    store.write(task.folder, task.cell, result, {"sources": "abc"})


class Workers:
    """Workers that do what they are told, when they are told; each batch is handed out once."""

    def __init__(self):
        self.handed = {}

    def hand_out(self, batch):
        future = Future()
        self.handed[future] = list(batch)
        return future

    def numbers(self):
        return [[task.cell.number for task in batch] for batch in self.handed.values()]


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(sharing, "POLL_SECONDS", 0.001)


def test_cells_of_one_shape_are_one_batch(store):
    assert [[t.cell.number for t in batch] for batch in by_shape(tasks(store, [5, 3, 5, 4]))] == [
        [0, 2], [1], [3],
    ]  # fmt: skip


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30), st.integers(1, 12))
def test_at_first_every_worker_has_work_and_every_cell_is_handed_out_once(
    tmp_path_factory, shapes, num_workers
):
    store, workers = Store(tmp_path_factory.mktemp("store")), Workers()
    Sharing(tasks(store, shapes), store, workers.hand_out, num_workers)
    kept = {}  # who was given a second half has it taken from the first
    for batch in workers.handed.values():
        for task in batch:
            kept[task.cell.number] = id(batch)
        assert len({task.shape for task in batch}) == 1
    assert sorted(kept) == list(range(len(shapes)))
    assert len(set(kept.values())) >= min(num_workers, len(shapes))


def test_an_idle_worker_takes_the_second_half_of_the_longest_batch_from_its_end(store):
    wanted, workers = tasks(store, [0, 1, 1, 1, 1, 1, 1]), Workers()
    shared = Sharing(wanted, store, workers.hand_out, 2)
    assert workers.numbers() == [[0], [1, 2, 3, 4, 5, 6]]
    first, _ = workers.handed
    for task in wanted[:2]:
        stored(store, task)
    first.set_result(None)
    shared.look()
    assert workers.numbers()[2:] == [[6, 5]]
    assert shared.missing.keys() == {task.key for task in wanted[2:]}


def test_what_a_lost_worker_left_is_handed_out_again_and_what_is_claimed_is_waited_for(store):
    wanted, workers = tasks(store, [0, 0, 0]), Workers()
    shared = Sharing(wanted, store, workers.hand_out, 1)
    stored(store, wanted[0])
    with store.claimed(wanted[1].folder):
        next(iter(workers.handed)).set_exception(BrokenExecutor("lost"))
        shared.look()
        assert workers.numbers()[1:] == [[2]]
    shared.look()
    assert workers.numbers()[2:] == [[1]]


@settings(max_examples=10)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=3), st.integers(2, 4))
def test_workers_meet_whatever_the_shapes_until_fewer_cells_than_workers_are_left(
    tmp_path_factory, sizes, num_workers
):
    # A worker leaves a cell only when all have met there: one that is idle would be missed.
    store, computed = Store(tmp_path_factory.mktemp("store")), []
    shapes = [shape for shape, size in enumerate(sizes) for _ in range(size)]
    rounds = len(shapes) // num_workers
    meeting = threading.Barrier(num_workers)

    def work(batch):
        for task in batch:
            with store.claimed(task.folder) as mine:
                if mine and not store.has(task.folder):
                    if len(computed) < rounds * num_workers:
                        computed.append(task.cell.number)
                        meeting.wait(30)
                    stored(store, task)

    with ThreadPoolExecutor(num_workers) as pool:
        wanted = tasks(store, shapes)
        shared = Sharing(wanted, store, lambda batch: pool.submit(work, batch), num_workers)
        while shared.running or shared.missing:
            shared.look()
    assert sorted(computed) == sorted(set(computed))
    assert store.names("toy") == {task.folder.name for task in wanted}
