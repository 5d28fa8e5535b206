"""Do a notebook and `latentgen show` get the stored numbers, and a wrong name its remedy?"""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from experiments import registry
from experiments.experiment import CellResult, Claim, Experiment, Finding, Judgement
from experiments.reading import stored_results
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


def test_what_is_missing_or_damaged_is_said_with_the_command_that_computes_it(out, tmp_path):
    with pytest.raises(ValueError, match=r"nothing is stored in .*: latentgen run toy"):
        stored_results("toy", tmp_path / "nowhere")
    (folder(out, 2) / "metrics.json").write_text("{}")
    with pytest.raises(ValueError, match=rf"{folder(out, 2)} is damaged"):
        stored_results("toy", out)
    Store(out / "store").discard(folder(out, 2))
    with pytest.raises(ValueError, match=r"1 of 2 cells of toy are not stored .*latentgen run toy"):
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
