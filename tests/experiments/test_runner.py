"""Is only what is missing computed, kept as soon as it is done, and returned in order?"""

import io
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from rich.console import Console

from experiments import executors, provenance, registry, runner
from experiments.experiment import CellResult
from experiments.store import Store
from experiments.view import View
from tests.experiments.toy import ToyConfig, run, toy_cells


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


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        ({"square": [1.0]}, r"a metric has one number a seed; 'square' of toy: ., \(0, 1\) has 1"),
        ({"a.b.c.d.e": [1.0, 2.0]}, r"has 4 parts at most, .*; got 'a\.b\.c\.d\.e' of toy: ., "),
    ],
)
def test_a_metric_that_no_table_could_hold_is_refused_before_it_is_stored(
    toy, store, monkeypatch, metrics, said
):
    broken = replace(toy.experiment, compute=lambda cell: CellResult(metrics, {}))
    monkeypatch.setattr(runner, "experiment_named", lambda name: broken)
    monkeypatch.setattr(runner, "source_digest", lambda module: "the same")
    with pytest.raises(RuntimeError, match=said):
        run(toy, store)
    assert not store.names("toy")


def test_a_new_version_of_the_sources_computes_anew_and_the_old_results_stay(
    toy, store, monkeypatch
):
    run(toy, store)
    monkeypatch.setattr(runner, "source_digest", lambda module: "another version")
    run(toy, store)
    assert len(toy.computed) == 12
    assert len(list(store.root.rglob("metrics.json"))) == 12


def test_sources_that_change_after_the_plan_store_nothing_under_the_old_name(
    toy, store, monkeypatch
):
    digests = iter(["planned", *["as imported"] * 9])
    monkeypatch.setattr(runner, "source_digest", lambda module: next(digests))
    with pytest.raises(executors.WorkersLost, match=r"sources of toy changed .*: run again"):
        run(toy, store)
    assert toy.computed == []
    assert not list(store.root.rglob("metrics.json"))


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


def test_a_file_in_the_place_of_a_cell_is_taken_away_and_the_cell_computed(toy, store):
    run(toy, store)
    folder = next(store.root.rglob("metrics.json")).parent
    shutil.rmtree(folder)
    folder.write_text("not a cell")
    assert "damaged, computed again" in run(toy, store)[1]
    assert (folder / "metrics.json").is_file()
    assert not list(store.root.glob("toy/.*"))


def test_code_that_git_does_not_know_makes_a_result_dirty(monkeypatch):
    answers = {"status": "", "ls-files": "notes.txt\n../experiments/new.py"}
    monkeypatch.setattr(provenance, "_git", lambda *words: answers[words[0]])
    assert provenance._changed() == ["../experiments/new.py"]
    answers["ls-files"] = "notes.txt"
    assert provenance._changed() == []


def test_processes_and_threads_find_the_same_bits(tmp_path):
    # Real cells without training: workers import them by name.
    chosen = registry.experiment("simulation")
    cells = [cell for cell in chosen.cells(chosen.profiles["paper"]) if cell.training is None]
    small = [c for c in cells if c.panel == "size" and c.num_context_bits <= 2]
    small = [c for c in small if c.num_token_bits == 2 and c.seeds[0] == 0]
    assert len(small) == 3
    found = []
    for place, pool in (
        ("processes", executors.local(2)),
        ("threads", ThreadPoolExecutor(2)),
    ):
        store = Store(tmp_path / place)
        wanted = runner.tasks(chosen, small, store)
        view = View(Console(file=io.StringIO()))
        with pool as workers:
            runner.compute_missing(wanted, store, workers, view, "c", num_workers=2)
        names = ("metrics.json", "arrays.npz")
        found.append([(task.folder / name).read_bytes() for task in wanted for name in names])
    assert found[0] == found[1]
