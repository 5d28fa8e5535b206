"""Is only what is of no more use deleted, and nothing that somebody has in hand?"""

import json
import shutil
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pytest

from experiments import cleaning, registry
from experiments.experiment import CellResult, Experiment
from experiments.sources import source_digest
from experiments.store import LOCKS, Store


@dataclass(frozen=True)
class Cell:
    number: int
    seeds: tuple[int, ...] = (0,)


def compute(cell):
    raise AssertionError("cleaning computes nothing")


SOURCES = source_digest(compute.__module__)
TOY = Experiment("toy", "?", {}, lambda _: [], lambda cell: cell, compute, lambda *_: None)


@pytest.fixture(autouse=True)
def one_experiment(monkeypatch):
    monkeypatch.setattr(registry, "questions", lambda: {"toy": "?"})
    monkeypatch.setattr(registry, "experiment", lambda name: TOY)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def stored(store, name, number, sources):
    cell = Cell(number)
    folder = store.folder(name, cell, sources)
    result = CellResult({"x": [1.0]}, {"a": np.zeros(3)})
    store.write(folder, cell, result, {"sources": sources})
    return folder


@pytest.fixture
def folders(store):
    """Folders of every kind: current, stale, damaged, of a lost experiment, left by a kill."""
    made = {
        "current": stored(store, "toy", 0, SOURCES),
        "stale": stored(store, "toy", 1, "another version"),
        "damaged": stored(store, "toy", 2, SOURCES),
        "lost": stored(store, "gone", 3, SOURCES),
    }
    (made["damaged"] / "arrays.npz").write_bytes(b"")
    made["left"] = made["current"].with_name(f".{made['stale'].name}-{'0' * 32}")
    made["left"].mkdir()
    (made["left"] / "config.json").write_text("{")
    return made


def test_what_is_of_no_more_use_is_deleted_with_its_reason(tmp_path, store, folders):
    said = "\n".join(cleaning.clean(tmp_path, dry_run=False))
    assert [name for name, folder in folders.items() if folder.exists()] == ["current"]
    for name, reason in {
        "stale": "of another version of the code",
        "damaged": r"damaged (arrays.npz not as written)",
        "lost": "of an experiment that this version does not have",
        "left": "left by a process that was killed",
    }.items():
        assert f"{folders[name]}: {reason}" in said
    assert "4 folders deleted" in said
    assert store.read(folders["current"]).metrics == {"x": [1.0]}
    assert not list((store.root / LOCKS).iterdir())


def test_a_dry_run_deletes_nothing(tmp_path, folders):
    said = cleaning.clean(tmp_path, dry_run=True)
    assert "4 folders would be deleted" in said[-1]
    assert all(folder.exists() for folder in folders.values())


@pytest.mark.parametrize("kind", ["stale", "damaged", "left"])
def test_what_somebody_has_in_hand_is_left_alone(tmp_path, store, folders, kind):
    name = folders[kind].name.lstrip(".")[:16]
    with store.claimed(store.root / "toy" / name) as mine:
        assert mine
        cleaning.clean(tmp_path, dry_run=False)
        assert folders[kind].exists()
        assert json.dumps([p.name for p in (store.root / LOCKS).iterdir()]).count(".lock") == 1
    cleaning.clean(tmp_path, dry_run=False)
    assert not folders[kind].exists()


@pytest.fixture
def meanwhile(monkeypatch):
    """Whom to tell that a cell is about to be claimed: what others do between look and claim."""
    told, claimed = [], Store.claimed

    @contextmanager
    def late(self, folder):
        for tell in told:
            tell(folder)
        with claimed(self, folder) as mine:
            yield mine

    monkeypatch.setattr(Store, "claimed", late)
    return told


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("kind", ["stale", "damaged", "left"])
def test_what_is_taken_away_meanwhile_is_neither_an_error_nor_told(
    tmp_path, folders, meanwhile, kind, dry_run
):
    meanwhile.append(lambda cell: shutil.rmtree(folders[kind], ignore_errors=True))
    said = cleaning.clean(tmp_path, dry_run=dry_run)
    assert not any(line.startswith(f"{folders[kind]}:") for line in said)
    assert said[-1].startswith("3 folders")


def test_a_damaged_cell_that_is_computed_anew_meanwhile_stays(tmp_path, store, folders, meanwhile):
    def compute_again(cell):
        if cell == folders["damaged"] and not repaired:
            repaired.append(shutil.rmtree(cell))
            stored(store, "toy", 2, SOURCES)

    repaired = []
    meanwhile.append(compute_again)
    said = cleaning.clean(tmp_path, dry_run=False)
    assert repaired
    assert store.read(folders["damaged"]).metrics == {"x": [1.0]}
    assert not any(line.startswith(f"{folders['damaged']}:") for line in said)


def test_a_cell_that_cannot_be_read_now_stays(tmp_path, folders, monkeypatch):
    def refuse(folder):
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(cleaning, "damage", refuse)
    with pytest.raises(PermissionError):
        cleaning.clean(tmp_path, dry_run=False)
    assert folders["current"].exists()
    assert folders["damaged"].exists()


def test_where_nothing_is_stored_there_is_nothing_to_clean(tmp_path):
    with pytest.raises(ValueError, match=r"nothing is stored in .*--out"):
        cleaning.clean(tmp_path / "none", dry_run=False)
