"""Is a stored cell whole or absent, found again, and never mistaken for another?"""

import errno
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.experiment import CellResult
from experiments.store import FILES, HASHES, LOCKS, Store, canonical, cell_hash, damage, read_arrays
from experiments.theorems.finding import judge


@dataclass(frozen=True)
class Inner:
    rate: float = 0.1


@dataclass(frozen=True)
class Cell:
    size: int = 2
    seeds: tuple[int, ...] = (0, 1)
    inner: Inner | None = None


ORIGIN = {"sources": "abc", "seconds": 1.5}
RESULT = CellResult(
    {"score": [0.25, 1.0], "none": [np.nan, np.nan], "loss": [np.inf, -np.inf]},
    {"loss": np.arange(6.0)},
)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "out" / "store")


def kept(store):
    """Everything below the store but its locks."""
    paths = (p.relative_to(store.root) for p in store.root.rglob("*"))
    return sorted(path.as_posix() for path in paths if path.parts[0] != LOCKS)


def test_what_is_written_is_read_again(store):
    cell = Cell(inner=Inner())
    folder = store.folder("toy", cell, "abc")
    assert not store.has(folder)
    store.write(folder, cell, RESULT, ORIGIN)
    assert store.has(folder)
    config, metrics = store.read(folder)
    assert config == {"size": 2, "seeds": [0, 1], "inner": {"rate": 0.1}}
    expected = {"score": [0.25, 1.0], "none": [None, None], "loss": [np.inf, -np.inf]}
    assert metrics == expected
    assert sorted(path.name for path in folder.iterdir()) == sorted([*FILES, HASHES])
    assert json.loads((folder / "provenance.json").read_text()) == ORIGIN
    arrays = read_arrays(folder)
    assert list(arrays) == ["loss"]
    np.testing.assert_array_equal(arrays["loss"], np.arange(6.0))


def test_an_infinite_miss_fails_an_identity_after_it_was_stored(store):
    cell = Cell(seeds=(0,))
    folder = store.folder("toy", cell, "abc")
    metrics = {"violation.identity": [np.inf], "counted.identity": [20_000.0]}
    store.write(folder, cell, CellResult(metrics, {}), ORIGIN)
    assert judge("identity", [store.read(folder)]).verdict == "fails"


def test_no_answer_is_null_and_never_a_word_that_is_no_json(store):
    folder = store.folder("toy", Cell(), "abc")
    store.write(folder, Cell(), RESULT, ORIGIN)
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
        store.write(folder, Cell(), RESULT, ORIGIN)
    monkeypatch.undo()
    assert not store.has(folder)
    assert kept(store) == ["toy"]
    store.write(folder, Cell(), RESULT, ORIGIN)  # and it can be written afterwards
    assert store.has(folder)


def test_a_failure_of_the_last_file_leaves_nothing(store, monkeypatch):
    calls, sync = [], os.fsync

    def fail_late(descriptor):
        calls.append(descriptor)
        if len(calls) == 5:  # the four files, then their hashes
            raise OSError("interrupted")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fail_late)
    with pytest.raises(OSError, match="interrupted"):
        store.write(store.folder("toy", Cell(), "abc"), Cell(), RESULT, ORIGIN)
    assert kept(store) == ["toy"]


def test_metrics_that_are_no_numbers_leave_nothing(store):
    folder = store.folder("toy", Cell(), "abc")
    with pytest.raises(TypeError):
        store.write(folder, Cell(), CellResult({"score": ["high"]}, {}), ORIGIN)
    assert kept(store) == ["toy"]


def test_of_two_writers_the_first_one_stays(store):
    folder = store.folder("toy", Cell(), "abc")
    store.write(folder, Cell(), RESULT, ORIGIN)
    store.write(folder, Cell(), CellResult({"score": [9.0, 9.0]}, {}), ORIGIN)
    assert store.read(folder).metrics["score"] == [0.25, 1.0]
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def corrupt(folder, name, how, place):
    """Damage a file; place is where, as a share of its length."""
    path = folder / name
    data = path.read_bytes()
    at = min(int(place * len(data)), len(data) - 1)
    if how == "truncated":
        path.write_bytes(data[:at])
    elif how == "flipped":
        path.write_bytes(data[:at] + bytes([data[at] ^ (1 << at % 8)]) + data[at + 1 :])
    elif how == "appended":
        path.write_bytes(data + b" ")
    elif how == "deleted":
        path.unlink()
    else:
        path.write_bytes((folder / FILES[(FILES.index(name) + 1) % len(FILES)]).read_bytes())


@given(
    name=st.sampled_from([*FILES, HASHES]),
    how=st.sampled_from(["truncated", "flipped", "appended", "deleted"]),
    place=st.floats(0, 1, exclude_max=True),
)
def test_damage_anywhere_is_seen_and_named_and_the_cell_is_never_read(
    tmp_path_factory, name, how, place
):
    store = Store(tmp_path_factory.mktemp("store"))
    folder = store.folder("toy", Cell(), "abc")
    store.write(folder, Cell(), RESULT, ORIGIN)
    assert damage(folder) == ""
    hashes = (folder / HASHES).read_text()
    corrupt(folder, name, how, place)
    if name == HASHES and how != "deleted" and _same_hashes(folder, hashes):
        assert damage(folder) == ""  # a changed blank
    else:
        for read in (store.read, read_arrays):
            with pytest.raises(ValueError, match=rf"{folder} is damaged \(.*computes it again"):
                read(folder)
    shutil.rmtree(store.root)


def _same_hashes(folder, before):
    try:
        return json.loads((folder / HASHES).read_text()) == json.loads(before)
    except ValueError:
        return False


@pytest.mark.parametrize("name", FILES)
def test_a_file_in_the_place_of_another_is_damage(store, name):
    folder = store.folder("toy", Cell(), "abc")
    store.write(folder, Cell(), RESULT, ORIGIN)
    corrupt(folder, name, "swapped", 0)
    assert damage(folder) == f"{name} not as written"


def test_a_whole_cell_under_the_name_of_another_is_damage(store):
    folder, other = store.folder("toy", Cell(), "abc"), store.folder("toy", Cell(size=3), "abc")
    store.write(folder, Cell(), RESULT, ORIGIN)
    folder.rename(other)
    with pytest.raises(ValueError, match=r"its name is that of another cell"):
        store.read(other)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.EMFILE, errno.ESTALE])
def test_what_cannot_be_read_now_is_not_called_damaged_and_is_named(store, monkeypatch, number):
    def refuse(path):
        raise OSError(number, os.strerror(number))

    folder = store.folder("toy", Cell(), "abc")
    store.write(folder, Cell(), RESULT, ORIGIN)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    for look in (damage, store.read):
        with pytest.raises(OSError, match=os.strerror(number)) as failed:
            look(folder)
        assert failed.value.filename == str(folder)
    monkeypatch.undo()
    assert damage(folder) == ""


def test_whether_a_cell_is_there_is_not_answered_where_nobody_can_tell(store, monkeypatch):
    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "lstat", refuse)
    with pytest.raises(PermissionError):
        store.has(store.folder("toy", Cell(), "abc"))


def test_what_is_no_folder_in_the_place_of_a_cell_is_damage_and_can_be_replaced(store, tmp_path):
    folder = store.folder("toy", Cell(), "abc")
    folder.parent.mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for target in (tmp_path / "nowhere", tmp_path / "loop", None):
        if target is None:
            folder.write_text("a file")
        else:
            folder.symlink_to(target)
        assert store.has(folder)
        assert damage(folder)
        store.discard(folder)
        assert not store.has(folder)
    store.write(folder, Cell(), RESULT, ORIGIN)
    (folder / "metrics.json").unlink()
    (folder / "metrics.json").mkdir()
    assert "metrics.json" in damage(folder)


def test_a_damaged_cell_can_be_taken_away_and_computed_again(store):
    folder = store.folder("toy", Cell(), "abc")
    store.write(folder, Cell(), RESULT, ORIGIN)
    (folder / "metrics.json").unlink()
    assert store.has(folder)
    store.discard(folder)
    assert kept(store) == ["toy"]
    store.write(folder, Cell(), RESULT, ORIGIN)
    assert store.read(folder).metrics["score"] == [0.25, 1.0]


def test_a_folder_that_cannot_be_written_to_is_refused_with_a_remedy(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ValueError, match=r"file/out cannot be written to \(.*\): .* with --out"):
        Store(tmp_path / "file" / "out")
    assert (tmp_path / "file").read_text() == "not a folder"


def test_trying_whether_a_folder_can_be_written_to_leaves_nothing(store):
    assert kept(store) == []
