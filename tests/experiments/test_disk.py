"""Does what was stored survive a power cut, and does a full disk leave only what is whole?

Both are played: what reaches the disk is recorded in its order, and after any number of writes the
disk is full.
"""

import errno
import io
import os
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from experiments import command_line, figures, registry, runner
from experiments.experiment import CellResult
from experiments.store import Store, damage, replace_file
from tests.experiments.toy import Toy, ToyCell, ToyConfig

posix = pytest.mark.skipif(os.name != "posix", reason="elsewhere folders cannot be synced")
ORIGIN = {"sources": "abc"}
RESULT = CellResult({"score": [0.25, 1.0]}, {"loss": np.arange(6.0)})


class Recorder:
    """What was synced, made and renamed, in order; renamed things with what of them was unsynced.

    A power cut keeps of a file what was synced, and of a folder the names it had at its last sync.
    """

    def __init__(self, patch):
        self.synced, self.made, self.renamed = {}, [], []
        self.moment = count()
        self.real = {name: getattr(os, name) for name in ("fsync", "mkdir", "rename", "replace")}
        for name in self.real:
            patch.setattr(os, name, getattr(self, name))

    def fsync(self, descriptor):
        self.real["fsync"](descriptor)
        state = os.fstat(descriptor)
        self.synced[state.st_ino] = (next(self.moment), state.st_size)

    def mkdir(self, path, *arguments, **options):
        self.real["mkdir"](path, *arguments, **options)
        self.made.append((Path(path), next(self.moment)))

    def rename(self, source, target):
        self.renamed.append((Path(target), self.unsynced(Path(source)), next(self.moment)))
        self.real["rename"](source, target)

    def replace(self, source, target):
        self.renamed.append((Path(target), self.unsynced(Path(source)), next(self.moment)))
        self.real["replace"](source, target)

    def unsynced(self, path):
        """The names below a path that a power cut would lose or cut short."""
        inside = list(path.rglob("*")) if path.is_dir() else []
        lost = [p.name for p in (path, *inside) if p.stat().st_ino not in self.synced]
        files = [p for p in (path, *inside) if p.is_file() and p.name not in lost]
        lost += [p.name for p in files if self.synced[p.stat().st_ino][1] != p.stat().st_size]
        if path.is_dir() and not lost:
            last = max(self.synced[p.stat().st_ino][0] for p in inside)
            lost += [path.name] if self.synced[path.stat().st_ino][0] < last else []
        return lost

    def synced_after(self, folder, moment):
        return self.synced.get(folder.stat().st_ino, (-1,))[0] > moment


@pytest.fixture
def recorder(monkeypatch):
    return Recorder(monkeypatch)


@posix
def test_a_cell_gets_its_name_when_all_of_it_is_on_the_disk_and_then_the_name_is(
    tmp_path, recorder
):
    store = Store(tmp_path / "deep" / "out" / "store")
    cell = ToyCell(2, (0, 1))
    folder = store.folder("toy", cell, "abc")
    store.write(folder, cell, RESULT, ORIGIN)
    ((target, unsynced, moment),) = recorder.renamed
    assert target == folder
    assert unsynced == []
    assert recorder.synced_after(folder.parent, moment)
    made = [(path, when) for path, when in recorder.made if not path.name.startswith(".")]
    assert [path.name for path, _ in made] == ["deep", "out", "store", "toy"]
    for path, when in made:  # else the folders above the cell could be lost, and it with them
        assert recorder.synced_after(path.parent, when)


@posix
def test_a_file_is_replaced_by_one_that_is_on_the_disk(tmp_path, recorder):
    path = tmp_path / "report.html"
    path.write_bytes(b"before")
    replace_file(path, b"after" * 1000)
    ((target, unsynced, moment),) = recorder.renamed
    assert (target, unsynced) == (path, [])
    assert recorder.synced_after(tmp_path, moment)
    assert path.read_bytes() == b"after" * 1000


@posix
def test_a_disk_that_cannot_sync_folders_is_written_to_all_the_same(tmp_path, monkeypatch):
    sync = os.fsync

    def refuse(descriptor):
        if Path(f"/proc/self/fd/{descriptor}").is_dir() or os.path.isdir(descriptor):
            raise OSError(errno.EINVAL, "Invalid argument")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", refuse)
    store = Store(tmp_path / "store")
    folder = store.folder("toy", ToyCell(2, (0, 1)), "abc")
    store.write(folder, ToyCell(2, (0, 1)), RESULT, ORIGIN)
    assert damage(folder) == ""


class Full(OSError):
    def __init__(self):
        super().__init__(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def disk_with(allowed, root):
    """A disk that is full below root after so many writes, new files, folders, names and syncs."""
    patch, done, opened, open_raw = pytest.MonkeyPatch(), count(1), io.open, os.open

    def use():
        if next(done) > allowed:
            raise Full

    class Raw(io.FileIO):
        def write(self, data):
            use()
            return super().write(data)

    def limited(real):
        def call(*arguments, **options):
            use()
            return real(*arguments, **options)

        return call

    def open_file(path, mode="r", *arguments, **options):
        if "w" not in mode or not Path(path).is_relative_to(root):
            return opened(path, mode, *arguments, **options)
        use()
        file = io.BufferedWriter(Raw(path, "w"))
        return file if "b" in mode else io.TextIOWrapper(file, encoding="utf-8")

    def open_descriptor(path, flags, *arguments, **options):
        if flags & os.O_CREAT and Path(path).is_relative_to(root):
            use()
        return open_raw(path, flags, *arguments, **options)

    for name in ("mkdir", "rename", "replace", "fsync"):
        patch.setattr(os, name, limited(getattr(os, name)))
    patch.setattr(os, "open", open_descriptor)
    patch.setattr(io, "open", open_file)
    try:
        yield
    finally:
        patch.undo()


@pytest.fixture
def toy_command(monkeypatch):
    """`latentgen run toy` over a folder, in this process: its exit code."""
    toy = Toy()
    config = ToyConfig((1,), 2)  # one cell: it is written as all are
    made = replace(toy.experiment, profiles={"smoke": config, "paper": config})
    monkeypatch.setattr(registry, "questions", lambda: {"toy": made.question})
    monkeypatch.setattr(registry, "experiment", lambda name: made)
    monkeypatch.setattr(runner, "experiment_named", lambda name: made)
    monkeypatch.setattr(command_line, "_set_environment", lambda: None)

    def draw(name, table, folder):
        replace_file(folder / "toy.pdf", table.read_bytes())
        return {}

    monkeypatch.setattr(figures, "draw", draw)

    def run(out):
        try:
            command_line.main(
                ["run", "toy", "--profile", "smoke", "--workers", "1", "--out", str(out)]
            )
        except SystemExit as stopped:
            return stopped.code
        return 0

    return run


def told(out):
    """What is told under its final name, but for times and ways."""
    cells = {path: path.read_bytes() for path in out.glob("store/toy/[!.]*/*")}
    drawn = {path: path.read_bytes() for path in out.glob("figures/[!.]*")}
    found = {path.relative_to(out): data for path, data in (cells | drawn).items()}
    return {path: data for path, data in found.items() if path.stem not in ("provenance", "sha256")}


def test_a_disk_full_at_any_write_is_said_in_one_line_and_only_whole_things_are_there(
    tmp_path, toy_command, capsys
):
    assert toy_command(tmp_path / "whole") == 0
    expected = told(tmp_path / "whole")
    assert len(expected) == 3 + 2  # of the cell config, metrics, arrays; a table, a picture
    capsys.readouterr()
    for allowed in count():
        out = tmp_path / str(allowed)
        with disk_with(allowed, tmp_path):
            code = toy_command(out)
        said = capsys.readouterr().err
        if code == 0:
            break
        assert code == 2
        assert said.count("\n") == 1
        assert "No space left on device" in said
        assert all(damage(folder) == "" for folder in out.glob("store/toy/[!.]*"))
        found = told(out)
        assert found.items() <= expected.items()
        assert toy_command(out) == 0
        assert told(out) == expected
        capsys.readouterr()
    assert allowed > 5 * 3 + 2 * 2  # files of the cell opened, written, synced; the others, too


def test_a_cell_that_cannot_be_read_now_is_kept_and_named_in_one_line(
    tmp_path, toy_command, monkeypatch, capsys
):
    def refuse(path):
        if path.name == "metrics.json":
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
        return read(path)

    assert toy_command(tmp_path) == 0
    (folder,) = tmp_path.glob("store/toy/[!.]*")
    expected, read = told(tmp_path), Path.read_bytes
    capsys.readouterr()
    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert toy_command(tmp_path) == 2
    said = capsys.readouterr().err
    assert said == f"latentgen: {folder}: {os.strerror(errno.ESTALE)}; what was computed is kept\n"
    monkeypatch.setattr(Path, "read_bytes", read)
    assert told(tmp_path) == expected


def test_a_link_that_leads_nowhere_in_the_place_of_a_cell_is_replaced(
    tmp_path, toy_command, capsys
):
    assert toy_command(tmp_path) == 0
    expected = told(tmp_path)
    (folder,) = tmp_path.glob("store/toy/[!.]*")
    folder.rename(tmp_path / "moved")
    folder.symlink_to(tmp_path / "nowhere")
    capsys.readouterr()
    assert toy_command(tmp_path) == 0
    assert f"damaged, computed again: {folder}" in "".join(capsys.readouterr().out.splitlines())
    assert told(tmp_path) == expected
