"""Is every worker given work while there is any, and every cell once?"""

import threading
from concurrent.futures import BrokenExecutor, CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import sharing
from experiments.executors import WorkersLost
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


@dataclass(frozen=True, slots=True)
class Slotted:
    number: int
    seeds: tuple[int, ...] = (0,)


def test_a_cell_with_slots_is_told_as_any_other():
    task = Task("toy", Slotted(3), Path("a"), "abc", 1)
    assert (str(task), task.settings) == ("toy: 3, (0,)", {"number": 3, "seeds": (0,)})


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


def test_a_cell_that_a_worker_stores_elsewhere_is_an_error_the_second_time(store, monkeypatch):
    monkeypatch.setattr(sharing, "SEEN_SECONDS", 0)
    workers = Workers()
    shared = Sharing(tasks(store, [0]), store, workers.hand_out, 1)
    next(iter(workers.handed)).set_result(None)
    shared.look()
    again = list(workers.handed)[1]
    again.set_result(None)
    with pytest.raises(WorkersLost, match="must see the output folder under the same path"):
        shared.look()


def test_a_cell_that_is_seen_late_is_not_computed_again(store):
    wanted, workers = tasks(store, [0]), Workers()
    shared = Sharing(wanted, store, workers.hand_out, 1)
    next(iter(workers.handed)).set_result(None)
    for _ in range(5):
        shared.look()
    stored(store, wanted[0])
    shared.look()
    assert not shared.missing
    assert len(workers.handed) == 1


def test_a_cell_that_another_run_had_in_hand_is_handed_out_as_soon_as_it_lets_go(store):
    wanted, workers = tasks(store, [0]), Workers()
    shared = Sharing(wanted, store, workers.hand_out, 1)
    for number in range(1, 5):
        with store.claimed(wanted[0].folder):
            list(workers.handed)[-1].set_result(None)
            shared.look()
        shared.look()
        assert len(workers.handed) == number + 1


def test_only_twice_in_a_row_is_a_cell_that_is_not_seen_an_error(store, monkeypatch):
    monkeypatch.setattr(sharing, "SEEN_SECONDS", 0)
    wanted, workers = tasks(store, [0]), Workers()
    shared = Sharing(wanted, store, workers.hand_out, 1)
    list(workers.handed)[-1].set_result(None)
    shared.look()
    with store.claimed(wanted[0].folder):
        list(workers.handed)[-1].set_result(None)
        shared.look()
    shared.look()
    list(workers.handed)[-1].set_result(None)
    shared.look()
    assert len(workers.handed) == 4


def test_an_output_folder_that_a_worker_does_not_find_is_named(store):
    workers = Workers()
    shared = Sharing(tasks(store, [0]), store, workers.hand_out, 1)
    absent = FileNotFoundError(2, "No such file", str(store.root / ".locks"))
    next(iter(workers.handed)).set_exception(absent)
    with pytest.raises(WorkersLost, match=r"does not find .*\.locks: workers must see"):
        shared.look()


class KilledWorker(Exception):
    """What dask says when several workers died over one batch."""

    allowed_failures = 3


def test_several_deaths_over_the_first_cell_of_a_batch_are_final(store):
    workers = Workers()
    shared = Sharing(tasks(store, [0, 0, 0]), store, workers.hand_out, 1)
    next(iter(workers.handed)).set_exception(KilledWorker())
    with pytest.raises(WorkersLost, match=r"4 workers died with the same cell in hand \(toy: 0,"):
        shared.look()


def test_several_deaths_over_a_batch_that_went_on_cost_only_the_cell_in_hand(store):
    wanted, workers = tasks(store, [0, 0, 0]), Workers()
    shared = Sharing(wanted, store, workers.hand_out, 1)
    stored(store, wanted[0])
    next(iter(workers.handed)).set_exception(KilledWorker())
    shared.look()
    assert workers.numbers()[1:] == [[1, 2]]


def test_an_executor_that_is_lost_ends_the_sharing(store):
    workers = Workers()
    shared = Sharing(tasks(store, [0]), store, workers.hand_out, 1)
    lost = next(iter(workers.handed))
    assert lost.cancel()
    lost.set_running_or_notify_cancel()
    with pytest.raises(CancelledError):
        shared.look()


def test_workers_that_join_later_get_their_share(store):
    workers, number = Workers(), [1]
    shared = Sharing(tasks(store, [0] * 6), store, workers.hand_out, lambda: number[0])
    shared.look()
    assert workers.numbers() == [[0, 1, 2, 3, 4, 5]]
    number[0] = 2
    shared.look()
    assert workers.numbers()[1:] == [[5, 4, 3]]


def test_where_nothing_says_that_it_runs_the_first_batches_are_named(store):
    shared = Sharing(tasks(store, [0, 0, 1, 2]), store, Workers().hand_out, 2)
    assert shared.now() == ["toy: 0, 0, (0,)", "toy: 2, 1, (0,)"]


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
