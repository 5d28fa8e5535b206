"""Is only what is missing computed, kept as soon as it is done, and returned in order?"""

import io
from dataclasses import dataclass, replace

import pytest
from rich.console import Console

from experiments import registry, runner
from experiments.experiment import CellResult, Experiment, Finding
from experiments.store import Store


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
            finding=lambda records, evidence: Finding("", [], {}, {}),
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


def run(toy, store, config=ToyConfig(), num_workers=1):
    console = Console(file=io.StringIO(), width=200)
    cells = toy_cells(config)
    records = runner.run(toy.experiment, cells, store, console, "a command", num_workers)
    return records, console.file.getvalue()


def test_all_cells_are_computed_and_come_back_in_the_order_asked_for(toy, store):
    records, said = run(toy, store)
    cells = toy_cells(ToyConfig())
    assert [(r.config["size"], tuple(r.config["seeds"])) for r in records] == [
        (cell.size, cell.seeds) for cell in cells
    ]
    assert records[0].metrics == {"square": [9.0, 10.0]}
    assert sorted(toy.computed, key=str) == sorted(cells, key=str)
    assert "toy: 6 of 6 cells computed" in said


def test_cells_of_one_shape_are_computed_one_after_another(toy, store):
    run(toy, store)
    assert [cell.size for cell in toy.computed] == [3, 3, 1, 1, 2, 2]


def test_a_second_run_computes_nothing(toy, store):
    first, _ = run(toy, store)
    toy.computed.clear()
    second, said = run(toy, store)
    assert toy.computed == []
    assert second == first
    assert said == "toy: all 6 cells are stored, nothing to compute\n"


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
    provenance = next(store.root.rglob("provenance.json")).read_text()
    for word in ("a command", "commit", "device", "python", "seconds", "sources", "jax"):
        assert word in provenance


def test_a_damaged_cell_is_named_and_not_computed_over(toy, store):
    run(toy, store)
    victim = sorted(store.root.rglob("metrics.json"))[0]
    victim.write_text("{")
    with pytest.raises(ValueError, match=rf"{victim.parent} is damaged"):
        run(toy, store)


def test_processes_find_what_one_process_finds(store, tmp_path):
    # Real cells without training: workers import them by name.
    chosen = registry.experiment("simulation")
    cells = [cell for cell in chosen.cells(chosen.profiles["paper"]) if cell.training is None]
    small = [c for c in cells if c.panel == "size" and c.num_context_bits <= 2]
    small = [c for c in small if c.num_token_bits == 2 and c.seeds[0] == 0]
    assert len(small) == 3
    console = Console(file=io.StringIO())
    apart = runner.run(chosen, small, store, console, "two", num_workers=2)
    together = runner.run(chosen, small, Store(tmp_path / "one"), console, "one", num_workers=1)
    assert apart == together


def test_by_default_there_is_a_worker_per_core_and_at_most_eight(monkeypatch):
    monkeypatch.setattr(runner.os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert runner.default_workers() == 8
    monkeypatch.setattr(runner.os, "sched_getaffinity", lambda _: {0, 5}, raising=False)
    assert runner.default_workers() == 2
    monkeypatch.delattr(runner.os, "sched_getaffinity")
    monkeypatch.setattr(runner.os, "cpu_count", lambda: None)
    assert runner.default_workers() == 1
