"""Is a stored cell whole or absent, found again, and never mistaken for another?"""

import json
import os
from dataclasses import dataclass

import numpy as np
import pytest

from experiments.experiment import CellResult
from experiments.store import Store, canonical, cell_hash


@dataclass(frozen=True)
class Inner:
    rate: float = 0.1


@dataclass(frozen=True)
class Cell:
    size: int = 2
    seeds: tuple[int, ...] = (0, 1)
    inner: Inner | None = None


RESULT = CellResult({"score": [0.25, 1.0], "none": [np.nan, np.inf]}, {"loss": np.arange(6.0)})


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "out" / "store")


def kept(store):
    """Everything below the store but its own folders."""
    return sorted(p.relative_to(store.root).as_posix() for p in store.root.rglob("*"))


def test_what_is_written_is_read_again(store):
    cell = Cell(inner=Inner())
    folder = store.folder("toy", cell, "abc")
    assert not store.has(folder)
    store.write(folder, cell, RESULT, {"seconds": 1.5})
    assert store.has(folder)
    config, metrics = store.read(folder)
    assert config == {"size": 2, "seeds": [0, 1], "inner": {"rate": 0.1}}
    assert metrics == {"score": [0.25, 1.0], "none": [None, None]}
    names = ["arrays.npz", "config.json", "metrics.json", "provenance.json"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert json.loads((folder / "provenance.json").read_text()) == {"seconds": 1.5}
    np.testing.assert_array_equal(np.load(folder / "arrays.npz")["loss"], np.arange(6.0))


def test_no_answer_is_null_and_never_a_word_that_is_no_json(store):
    folder = store.folder("toy", Cell(), "abc")
    store.write(folder, Cell(), RESULT, {})
    text = (folder / "metrics.json").read_text()
    assert "null" in text
    assert not {"NaN", "Infinity"} & set(text.replace(",", " ").split())


def test_every_setting_and_every_version_of_the_code_has_a_folder_of_its_own(store):
    cells = [Cell(), Cell(size=3), Cell(seeds=(0, 2)), Cell(inner=Inner()), Cell(inner=Inner(0.2))]
    folders = [store.folder("toy", cell, "abc") for cell in cells]
    folders += [store.folder("toy", Cell(), "other"), store.folder("another", Cell(), "abc")]
    assert len({folder.name for folder in folders}) == 7
    assert store.folder("toy", Cell(), "abc") == folders[0]
    assert folders[0].parent == store.root / "toy"


def test_the_name_of_a_cell_does_not_change_between_versions():
    # It is how results are found again; a change here recomputes everything ever stored.
    assert canonical(Cell()) == {"size": 2, "seeds": [0, 1], "inner": None}
    assert cell_hash("toy", Cell(), "abc") == "9bbda6560bfd4347"


@pytest.mark.parametrize("broken", ["os.fsync", "numpy.savez", "json.dump"])
def test_a_failure_while_writing_leaves_nothing(store, monkeypatch, broken):
    def fail(*_, **__):
        raise OSError("no space left on device")

    folder = store.folder("toy", Cell(), "abc")
    monkeypatch.setattr(broken, fail)
    with pytest.raises(OSError, match="no space left"):
        store.write(folder, Cell(), RESULT, {})
    monkeypatch.undo()
    assert not store.has(folder)
    assert kept(store) == ["toy"]
    store.write(folder, Cell(), RESULT, {})  # and it can be written afterwards
    assert store.has(folder)


def test_a_failure_of_the_last_file_leaves_nothing(store, monkeypatch):
    calls, sync = [], os.fsync

    def fail_late(descriptor):
        calls.append(descriptor)
        if len(calls) == 4:  # config, provenance, arrays, then metrics
            raise OSError("interrupted")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fail_late)
    with pytest.raises(OSError, match="interrupted"):
        store.write(store.folder("toy", Cell(), "abc"), Cell(), RESULT, {})
    assert kept(store) == ["toy"]


def test_metrics_that_are_no_numbers_leave_nothing(store):
    folder = store.folder("toy", Cell(), "abc")
    with pytest.raises(TypeError):
        store.write(folder, Cell(), CellResult({"score": ["high"]}, {}), {})
    assert kept(store) == ["toy"]


def test_of_two_writers_the_first_one_stays(store):
    folder = store.folder("toy", Cell(), "abc")
    store.write(folder, Cell(), RESULT, {})
    store.write(folder, Cell(), CellResult({"score": [9.0, 9.0]}, {}), {})
    assert store.read(folder).metrics["score"] == [0.25, 1.0]
    assert sorted(path.name for path in folder.parent.iterdir()) == [folder.name]


@pytest.mark.parametrize("name", ["metrics.json", "config.json"])
@pytest.mark.parametrize("content", ['{"score": [0.2', None, b"\xff\xfe"])
def test_a_damaged_cell_is_named(store, name, content):
    folder = store.folder("toy", Cell(), "abc")
    store.write(folder, Cell(), RESULT, {})
    if content is None:
        (folder / name).unlink()
    else:
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)
    with pytest.raises(ValueError, match=rf"{folder} is damaged .*: delete that folder and run"):
        store.read(folder)


def test_a_cell_that_lost_its_metrics_is_named_when_it_is_to_be_replaced(store):
    folder = store.folder("toy", Cell(), "abc")
    store.write(folder, Cell(), RESULT, {})
    (folder / "metrics.json").unlink()
    assert not store.has(folder)
    with pytest.raises(ValueError, match=rf"{folder} is damaged .*: delete that folder and run"):
        store.write(folder, Cell(), RESULT, {})
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_folder_that_cannot_be_written_to_is_refused_with_a_remedy(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ValueError, match=r"file/out cannot be written to \(.*\): .* with --out"):
        Store(tmp_path / "file" / "out")
    assert (tmp_path / "file").read_text() == "not a folder"


def test_trying_whether_a_folder_can_be_written_to_leaves_nothing(store):
    assert kept(store) == []
