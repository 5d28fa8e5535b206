"""Do a notebook and `latentgen show` get the stored numbers, and a wrong name its remedy?"""

import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from experiments import parsing, registry
from experiments.experiment import CellResult, Claim, Experiment, Finding, Judgement
from experiments.reading import stored_results
from experiments.results import Results
from experiments.runner import tasks
from experiments.showing import show
from experiments.sources import source_digest
from experiments.store import Store


@dataclass(frozen=True)
class Cell:
    size: int
    seeds: tuple[int, ...] = (0, 1)


@dataclass(frozen=True)
class Config:
    sizes: tuple[int, ...] = (1, 2)

    def with_seeds(self, num_seeds):
        return replace(self)


def compute(cell):
    raise AssertionError("reading computes nothing")


def finding(records, evidence):
    return Finding(f"{len(records)} cells were read.", ["A paragraph."], {}, {}, evidence)


TOY = Experiment(
    "toy",
    "What is stored?",
    {"paper": Config(), "smoke": Config((1,))},
    lambda config: [Cell(size) for size in config.sizes],
    lambda cell: cell,
    compute,
    finding,
    (Claim("toy-claim", "us", "it is so", "none", "", lambda records: Judgement("holds", "all")),),
)


@pytest.fixture(autouse=True)
def one_experiment(monkeypatch):
    monkeypatch.setattr(registry, "questions", lambda: {"toy": TOY.question})
    monkeypatch.setattr(registry, "experiment", lambda name: TOY)


@pytest.fixture
def out(tmp_path):
    """Both cells of the paper profile, stored."""
    store, sources = Store(tmp_path / "store"), source_digest(compute.__module__)
    for cell in TOY.cells(Config()):
        result = CellResult({"score.x": [cell.size, np.nan]}, {"drawn": np.zeros((3, 2))})
        store.write(store.folder("toy", cell, sources), cell, result, {"sources": sources})
    return tmp_path


def folder(out, size):
    store = Store(out / "store")
    return store.folder("toy", Cell(size), source_digest(compute.__module__))


def test_a_notebook_gets_what_was_stored(out):
    results = stored_results("toy", out)
    assert [s["size"] for s in results.settings()] == [1, 2]
    np.testing.assert_array_equal(results.values("score.x", {"size": 2}), [2, np.nan])
    assert len(results.to_pandas()) == 4
    assert len(stored_results("toy", out, "smoke").settings()) == 1


def test_a_notebook_gets_the_arrays_of_every_cell_of_a_setting(out):
    store, sources = Store(out / "store"), source_digest(compute.__module__)
    later = Cell(1, (2, 3))
    result = CellResult({"score.x": [1.0, 2.0]}, {"drawn": np.ones(2)})
    store.write(store.folder("toy", later, sources), later, result, {"sources": sources})
    folders = [folder(out, 1), folder(out, 2), store.folder("toy", later, sources)]
    results = Results([store.read(each) for each in folders], folders)
    found = results.arrays("drawn", {"size": 1})
    assert {seeds: array.shape for seeds, array in found.items()} == {(0, 1): (3, 2), (2, 3): (2,)}
    assert stored_results("toy", out).arrays("drawn", {"size": 2})[0, 1].shape == (3, 2)
    with pytest.raises(LookupError, match=r"unknown array 'drwn': did you mean 'drawn'\?"):
        results.arrays("drwn", {"size": 1})
    with pytest.raises(ValueError, match=r"made from records alone: stored_results reads both"):
        Results([store.read(folder(out, 1))]).arrays("drawn", {"size": 1})


def test_results_of_changed_settings_are_found_by_their_config(out):
    results = stored_results("toy", out, config=Config((2,)))
    assert results.settings() == [{"size": 2}]
    with pytest.raises(
        ValueError, match=r"1 of 1 cells .*: latentgen run toy .* with those settings as options"
    ):
        stored_results("toy", out, config=Config((3,)))
    with pytest.raises(ValueError, match=r"config must be a Config, the settings of toy; got 3: "):
        stored_results("toy", out, config=3)


PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "read-results.md"
PAGE_BLOCK = re.compile(r"```(sh)?\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)


@pytest.mark.parametrize("number", [0, 1])
def test_the_examples_of_the_page_read_what_its_commands_store(
    monkeypatch, tmp_path, capsys, number
):
    """Stored are made-up numbers under the names of the cells that the page's command computes."""
    monkeypatch.undo()  # the experiments of the project
    blocks = [found for found in PAGE_BLOCK.findall(PAGE.read_text()) if "resize" not in found[1]]
    command, block = blocks[2 * number : 2 * number + 2]
    asked = parsing.parse(shlex.split(command[1].splitlines()[0])[1:])
    chosen = registry.experiment(asked.name)
    store = Store(tmp_path / asked.out / "store")
    losses = {"step": np.arange(30, 301, 30), "loss": np.ones((5, 10))}
    for task in tasks(chosen, chosen.cells(asked.config), store):
        result = CellResult({"violation.identity": [0.0] * 5}, losses)
        store.write(task.folder, task.cell, result, {"sources": task.sources})
    monkeypatch.chdir(tmp_path)
    exec(compile(block[1], PAGE.name, "exec"), {})
    assert capsys.readouterr().out == block[2]


def test_what_is_missing_or_damaged_is_said_with_the_command_that_computes_it(out, tmp_path):
    with pytest.raises(ValueError, match=r"in .*: latentgen run toy .*--out \S+/nowhere"):
        stored_results("toy", tmp_path / "nowhere")
    (folder(out, 2) / "metrics.json").write_text("{}")
    with pytest.raises(ValueError, match=rf"{folder(out, 2)} is damaged"):
        stored_results("toy", out)
    Store(out / "store").discard(folder(out, 2))
    with pytest.raises(ValueError, match=r"1 of 2 cells of toy are not stored .*toy .*--out "):
        stored_results("toy", out)


def test_an_experiment_is_shown_with_its_finding_and_its_cells(out):
    said = show("toy", out, "paper", None)
    assert "What is stored?" in said
    assert "cells    2 of 2 are stored" in said
    assert "2 cells were read." in said
    for size in (1, 2):
        assert f"{folder(out, size).name}  size {size}, seeds (0, 1)" in said
    Store(out / "store").discard(folder(out, 2))
    said = show("toy", out, "paper", None)
    assert "cells    1 of 2 are stored" in said
    assert "incomplete" in said
    assert "nothing is stored there" in show("toy", out / "nowhere", "paper", None)


def test_a_cell_is_shown_by_the_first_digits_of_its_hash(out):
    name = folder(out, 2).name
    said = show(name[:6], out, "paper", None)
    for part in ("size: 2", "sources: ", "score.x: 2, –", "drawn: float64 (3, 2)"):
        assert part in said
    (folder(out, 2) / "arrays.npz").write_bytes(b"")
    assert "damaged: arrays.npz not as written" in show(name, out, "paper", None)


def test_digits_of_several_cells_ask_for_more(out, monkeypatch):
    from experiments import showing

    monkeypatch.setattr(showing, "LEAST_DIGITS", 0)
    with pytest.raises(ValueError, match=r"begins the hashes of 2 cells: give more digits"):
        show("", out, "paper", None)


def test_a_claim_is_shown_as_its_row_of_the_ledger(out):
    said = show("toy-claim", out, "paper", None)
    assert "verdict      holds" in said
    assert "statement    it is so" in said
    assert "not evidence" in show("toy-claim", out, "smoke", None)


def test_reading_and_showing_write_nothing(out):
    cell = folder(out, 1).name
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    stored_results("toy", out)
    for name in ("toy", cell, "toy-claim"):
        show(name, out, "paper", None)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


def test_an_unknown_name_is_answered_with_the_nearest(out):
    with pytest.raises(ValueError, match=r"unknown .* 'toy-clam': did you mean 'toy-claim'\?"):
        show("toy-clam", out, "paper", None)
