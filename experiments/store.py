"""Where are results kept, so that nothing is computed twice and nothing half-written is read?

One folder per cell, store/EXPERIMENT/HASH, named by the hash of the cell's canonical config and
of the sources that computed it: config.json, metrics.json (numbers, null for no
answer, "Infinity" or "-Infinity"), provenance.json, arrays.npz, and sha256.json with the hashes of
the four. A folder is written aside, synced to disk and renamed into place; what does not match its
hashes or its name is damaged, and is never read.
"""

import dataclasses
import errno
import hashlib
import json
import math
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from experiments.experiment import CellRecord, CellResult

LOCKS = ".locks"  # one empty file a cell, below the store
HASHES = "sha256.json"
CANNOT_SYNC = (errno.EINVAL, errno.EBADF)  # what some network disks answer for a folder
INFINITE = "Infinity"  # as float() reads it
ABSENT = (errno.ENOENT, errno.ENOTDIR)
NOT_A_FILE = (*ABSENT, errno.EISDIR, errno.ELOOP)  # other errors are of the disk, or of rights
FILES = ("arrays.npz", "config.json", "metrics.json", "provenance.json")


class Store:
    """The results below one folder. Raises ValueError when the folder cannot be written to."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = writable_folder(Path(root))

    def folder(self, experiment: str, cell: Any, sources: str) -> Path:
        """Where a cell lives, whether or not it has been computed."""
        return self.root / experiment / cell_hash(experiment, cell, sources)

    def has(self, folder: Path) -> bool:
        """Whether the cell is there, whole or damaged; folders appear at once or not at all."""
        try:
            folder.lstat()  # a link that leads nowhere is there, too
        except OSError as error:
            if error.errno not in ABSENT:
                raise
            return False
        return True

    def names(self, experiment: str) -> set[str]:
        """Names of the cells of an experiment that are there, whole or damaged."""
        try:
            with os.scandir(self.root / experiment) as entries:
                return {entry.name for entry in entries if not entry.name.startswith(".")}
        except FileNotFoundError:
            return set()

    def read(self, folder: Path) -> CellRecord:
        """A cell's config and metrics.

        Raises DamagedCell naming the folder, OSError when it cannot be read now.
        """
        _refuse_damaged(folder)
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        stored = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        metrics = {name: [_from_json(value) for value in row] for name, row in stored.items()}
        return CellRecord(config, metrics)

    @contextmanager
    def claimed(self, folder: Path) -> Iterator[bool]:
        """Whether the cell is ours alone to compute, until the block ends.

        False when another process, or another thread, has claimed it. The operating system drops
        the claim of a process that dies, however it dies.
        """
        locks = self.root / LOCKS
        locks.mkdir(exist_ok=True)
        lock = FileLock(locks / f"{folder.parent.name}-{folder.name}.lock", is_singleton=False)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def write(
        self, folder: Path, cell: Any, result: CellResult, provenance: dict[str, Any]
    ) -> None:
        """Store a cell. When another process stored it first, that one stays.

        provenance: where the numbers come from; its "sources" are those that the folder is named
        by.
        """
        make_folder(folder.parent)
        aside = folder.with_name(f".{folder.name}-{uuid.uuid4().hex}")
        aside.mkdir()
        try:
            metrics = {name: [_to_json(v) for v in row] for name, row in result.metrics.items()}
            _write_json(aside / "config.json", canonical(cell))
            _write_json(aside / "metrics.json", metrics)
            _write_json(aside / "provenance.json", provenance)
            with (aside / "arrays.npz").open("wb") as file:
                arrays: dict[str, Any] = dict(result.arrays)
                np.savez(file, **arrays)
                _sync(file)
            _write_json(aside / HASHES, {name: _sha256(aside / name) for name in FILES})
            _sync_folder(aside)
            try:
                aside.rename(folder)
            except OSError:
                if not self.has(folder):
                    raise
            _sync_folder(folder.parent)
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def discard(self, folder: Path) -> None:
        """Take a cell away, at once: it is renamed before its files are deleted."""
        aside = folder.with_name(f".{folder.name}-{uuid.uuid4().hex}")
        folder.rename(aside)
        remove(aside)


def remove(path: Path) -> None:
    """Delete a folder, or the file that stands in its place, as far as it can be deleted."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


class Reader(Store):
    """A store that is only read, and may lie where nothing can be written."""

    def __init__(self, root: Path) -> None:
        self.root = root


def read_arrays(folder: Path) -> dict[str, np.ndarray]:
    """The arrays of a stored cell by name. Raises as `Store.read` does."""
    _refuse_damaged(folder)
    with np.load(folder / "arrays.npz", allow_pickle=False) as arrays:
        return dict(arrays)


def _refuse_damaged(folder: Path) -> None:
    problem = damage(folder)
    if problem:
        raise DamagedCell(folder, problem)


class DamagedCell(ValueError):
    """A stored cell that is not what was written; it is named, never read."""

    def __init__(self, folder: Path, problem: str) -> None:
        self.problem = problem
        super().__init__(
            f"the stored cell {folder} is damaged ({problem}): `latentgen run` computes it again"
        )


def damage(folder: Path) -> str:
    """What is wrong with a stored cell, in words; empty when every file is as it was written.

    Raises OSError with a path when it cannot be read: it may be whole, and is not to be deleted.
    """
    try:
        expected = json.loads((folder / HASHES).read_text(encoding="utf-8"))
        if not isinstance(expected, dict) or sorted(expected) != list(FILES):
            return f"{HASHES} does not list {', '.join(FILES)}"
        changed = [name for name in FILES if _sha256(folder / name) != expected[name]]
        if changed:
            return f"{', '.join(changed)} not as written"
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        sources = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))["sources"]
    except ValueError as error:
        return str(error)
    except OSError as error:
        if error.errno not in NOT_A_FILE:
            error.filename = error.filename or str(folder)  # reading an open file names none
            raise
        return str(error)
    misplaced = hash_of(folder.parent.name, config, sources) != folder.name
    return "its name is that of another cell" if misplaced else ""


def writable_folder(folder: Path) -> Path:
    """The folder, made if need be. Raises ValueError when it cannot be written to."""
    probe = folder / f".writable-{uuid.uuid4().hex}"
    try:
        make_folder(folder)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ValueError(
            f"the output folder {folder} cannot be written to ({error.strerror or error}): name "
            "another one with --out"
        ) from None
    return folder


def make_folder(folder: Path) -> None:
    """Make a folder and what is missing above it, so that a power cut does not undo it."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)  # another process may have been faster
    _sync_folder(folder.parent)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file aside and rename it into place, so that it is never half there."""
    aside = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        with aside.open("wb") as file:
            file.write(content)
            _sync(file)
        aside.replace(path)
        _sync_folder(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def canonical(cell: Any) -> dict[str, Any]:
    """A cell's config as plain JSON values."""
    return json.loads(json.dumps(dataclasses.asdict(cell)))


def cell_hash(experiment: str, cell: Any, sources: str) -> str:
    """16 hexadecimal digits that name a cell."""
    return hash_of(experiment, canonical(cell), sources)


def hash_of(experiment: str, config: dict[str, Any], sources: str) -> str:
    """The name of the cell with this canonical config."""
    content = {"experiment": experiment, "config": config, "sources": sources}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _to_json(value: float) -> float | str | None:
    """JSON has no infinities; a word keeps a loss that is infinite apart from no answer."""
    if math.isinf(value):
        return INFINITE if value > 0 else f"-{INFINITE}"
    return None if math.isnan(value) else float(value)


def _from_json(value: float | str | None) -> float | None:
    return value if value is None else float(value)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write_json(path: Path, content: Any) -> None:
    with path.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, sort_keys=True, allow_nan=False)
        _sync(file)


def _sync(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Sync the names in a folder, where the system and the disk can."""
    if os.name != "posix":  # elsewhere folders cannot be opened
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # a folder that may be entered but not listed
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in CANNOT_SYNC:
            raise
    finally:
        os.close(descriptor)
