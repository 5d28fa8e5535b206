"""Is only what is missing computed, kept as soon as it is done, and returned in order?"""

import io
import json
import threading
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest
from rich.console import Console

from experiments import executors, registry, runner
from experiments.experiment import CellResult, Experiment, Finding
from experiments.store import LOCKS, Store
from experiments.view import View


@dataclass(frozen=True)
class ToyCell:
    size: int
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class ToyConfig:
    sizes: tuple[int, ...] = (3, 1, 2)
    num_seeds: int = 4

    def with_seeds(self, num_seeds):
        return replace(self, num_seeds=num_seeds)


def toy_cells(config):
    blocks = [(start, start + 1) for start in range(0, config.num_seeds, 2)]
    return [ToyCell(size, block) for block in blocks for size in config.sizes]


class Toy:
    """An experiment that counts what it computes, and can be told to fail at a size."""

    def __init__(self):
        self.computed, self.failing = [], None
        self.experiment = Experiment(
            name="toy",
            question="What is the square?",
            profiles={"smoke": ToyConfig()},
            cells=toy_cells,
            shape=lambda cell: cell.size,
            compute=self.compute,
            finding=lambda records, evidence: Finding("", [], {}, {}, evidence),
        )

    def compute(self, cell):
        if cell.size == self.failing:
            raise RuntimeError(f"size {cell.size} fails")
        self.computed.append(cell)
        return CellResult({"square": [float(cell.size**2 + seed) for seed in cell.seeds]}, {})


@pytest.fixture
def toy(monkeypatch):
    made = Toy()
    monkeypatch.setattr(runner, "experiment_named", lambda name: made.experiment)
    return made


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def run(toy, store, config=ToyConfig(), num_workers=1, executor=None, quiet=False):
    """Compute a config's cells; their records and what was said."""
    console = Console(file=io.StringIO(), width=200)
    wanted = runner.tasks(toy.experiment, toy_cells(config), store)
    with ThreadPoolExecutor(num_workers) as threads:
        runner.compute_missing(
            wanted,
            store,
            executor or threads,
            View(console, quiet),
            "a command",
            num_workers=num_workers,
            shared_memory=executor is None,
        )
    return [store.read(task.folder) for task in wanted], console.file.getvalue()


def test_all_cells_are_computed_and_come_back_in_the_order_asked_for(toy, store):
    records, said = run(toy, store)
    cells = toy_cells(ToyConfig())
    assert [(r.config["size"], tuple(r.config["seeds"])) for r in records] == [
        (cell.size, cell.seeds) for cell in cells
    ]
    assert records[0].metrics == {"square": [9.0, 10.0]}
    assert sorted(toy.computed, key=str) == sorted(cells, key=str)
    assert "6 of 6 cells computed" in said


def test_cells_of_one_shape_are_computed_one_after_another(toy, store):
    run(toy, store)
    assert [cell.size for cell in toy.computed] == [3, 3, 1, 1, 2, 2]


def test_a_shape_with_most_of_the_cells_is_cut_so_that_every_worker_has_work(toy, store):
    wanted = runner.tasks(toy.experiment, toy_cells(ToyConfig((1, 1, 1, 2), 6)), store)
    batches = runner._batches(wanted, 4)
    assert sum(map(len, batches)) == len(wanted) == 12
    assert [{task.shape for task in batch} for batch in batches] == [{1}, {1}, {1}, {2}]
    assert len(runner._batches(wanted, 1)) == 2


def test_a_second_run_computes_nothing(toy, store):
    first, _ = run(toy, store)
    toy.computed.clear()
    second, said = run(toy, store)
    assert toy.computed == []
    assert second == first
    assert said == "all 6 cells are stored, nothing to compute\n"


def test_a_quiet_run_says_nothing(toy, store):
    assert run(toy, store, quiet=True)[1] == ""
    assert run(toy, store, quiet=True)[1] == ""


def test_raising_the_seeds_only_adds_cells(toy, store):
    run(toy, store)
    toy.computed.clear()
    more = registry.profile(toy.experiment, "smoke", 6)
    records, said = run(toy, store, more)
    assert {cell.seeds for cell in toy.computed} == {(4, 5)}
    assert (len(toy.computed), len(records)) == (3, 9)
    assert "3 of 3 cells computed" in said


def test_an_error_keeps_the_cells_that_were_stored_and_the_next_run_continues(toy, store):
    toy.failing = 2
    with pytest.raises(RuntimeError, match="size 2 fails"):
        run(toy, store)
    assert {cell.size for cell in toy.computed} == {3, 1}
    kept, toy.failing = list(toy.computed), None
    toy.computed.clear()
    records, _ = run(toy, store)
    assert {cell.size for cell in toy.computed} == {2}
    assert len(kept) + len(toy.computed) == len(records) == 6


def test_bad_input_of_ours_does_not_look_like_bad_input_of_the_user(toy, store, monkeypatch):
    def refuse(cell):
        raise ValueError("no such thing")

    broken = replace(toy.experiment, compute=refuse)
    monkeypatch.setattr(runner, "experiment_named", lambda name: broken)
    with pytest.raises(RuntimeError, match="a cell of toy failed: no such thing"):
        run(toy, store)


def test_a_new_version_of_the_sources_computes_anew_and_the_old_results_stay(
    toy, store, monkeypatch
):
    run(toy, store)
    monkeypatch.setattr(runner, "source_digest", lambda module: "another version")
    run(toy, store)
    assert len(toy.computed) == 12
    assert len(list(store.root.rglob("metrics.json"))) == 12


def test_where_a_result_comes_from_is_stored_beside_it(toy, store):
    run(toy, store)
    found = json.loads(next(store.root.rglob("provenance.json")).read_text())
    words = {"command", "commit", "dirty", "device", "python", "platform", "versions", "sources"}
    assert words <= found.keys()
    assert found["command"] == "a command"
    assert found["seconds"] >= 0
    assert found["processor_seconds"] >= 0
    assert found["peak_memory_mib"] > 10
    assert "jax" in found["versions"]


def test_damaged_cells_are_named_computed_again_and_equal_what_they_were(toy, store):
    first, _ = run(toy, store)
    victims = sorted(store.root.rglob("metrics.json"))[:2]
    victims[0].write_text("{")
    victims[1].unlink()
    toy.computed.clear()
    second, said = run(toy, store, quiet=True)
    assert second == first
    assert len(toy.computed) == 2
    for victim in victims:
        assert f"damaged, computed again: {victim.parent} (" in said
    assert "nothing to compute" in run(toy, store)[1]


class Dying(Executor):
    """Runs in place, and loses its worker when the toy says so."""

    def __init__(self, dies):
        self.dies = dies

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
    records, _ = run(toy, store, executor=Dying(lost))
    assert len(records) == len(toy.computed) == 6  # nothing was computed twice
    assert len(lost) == 4


def test_a_cell_on_which_workers_keep_dying_is_given_up_by_name(toy, store, monkeypatch):
    def fatal(cell):
        if cell.size == 1:
            raise MemoryError
        return toy.compute(cell)

    monkeypatch.setattr(
        runner, "experiment_named", lambda name: replace(toy.experiment, compute=fatal)
    )
    message = r"3 workers died with the same cell in hand \(toy: 1, \(0, 1\)\).*fewer --workers"
    with pytest.raises(RuntimeError, match=message):
        run(toy, store, executor=Dying([]))
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


def test_processes_find_what_one_process_finds(store, tmp_path):
    # Real cells without training: workers import them by name.
    chosen = registry.experiment("simulation")
    cells = [cell for cell in chosen.cells(chosen.profiles["paper"]) if cell.training is None]
    small = [c for c in cells if c.panel == "size" and c.num_context_bits <= 2]
    small = [c for c in small if c.num_token_bits == 2 and c.seeds[0] == 0]
    assert len(small) == 3
    view = View(Console(file=io.StringIO()))
    found = []
    for place, number in ((store, 2), (Store(tmp_path / "one"), 1)):
        wanted = runner.tasks(chosen, small, place)
        with executors.local(number) as pool:
            runner.compute_missing(wanted, place, pool, view, "c", num_workers=number)
        found.append([place.read(task.folder) for task in wanted])
    assert found[0] == found[1]
