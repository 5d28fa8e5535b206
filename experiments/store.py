"""Where are results kept, so that nothing is computed twice and nothing half-written is read?

One folder per cell, store/EXPERIMENT/HASH, named by the hash of the cell's canonical config and
of the sources that computed it: config.json, metrics.json (numbers or null), provenance.json and
arrays.npz. A folder is written aside, synced to disk and renamed into place.
"""

import dataclasses
import hashlib
import json
import math
import os
import shutil
import uuid
from pathlib import Path
from typing import Any

import numpy as np

from experiments.experiment import CellRecord, CellResult


class Store:
    """The results below one folder. Raises ValueError when the folder cannot be written to."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = writable_folder(Path(root))

    def folder(self, experiment: str, cell: Any, sources: str) -> Path:
        """Where a cell lives, whether or not it has been computed."""
        return self.root / experiment / cell_hash(experiment, cell, sources)

    def has(self, folder: Path) -> bool:
        """Whether the cell is there; folders appear whole or not at all."""
        return (folder / "metrics.json").is_file()

    def read(self, folder: Path) -> CellRecord:
        """A cell's config and metrics. Raises ValueError naming a damaged folder."""
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise _damaged(folder, error) from None
        return CellRecord(config, metrics)

    def write(self, folder: Path, cell: Any, result: CellResult, provenance: Any) -> None:
        """Store a cell. When another process stored it first, that one stays."""
        aside = folder.with_name(f".{folder.name}-{uuid.uuid4().hex}")
        aside.mkdir(parents=True)
        try:
            metrics = {name: [_number(v) for v in row] for name, row in result.metrics.items()}
            _write_json(aside / "config.json", canonical(cell))
            _write_json(aside / "provenance.json", provenance)
            with (aside / "arrays.npz").open("wb") as file:
                arrays: dict[str, Any] = dict(result.arrays)
                np.savez(file, **arrays)
                _sync(file)
            _write_json(aside / "metrics.json", metrics)
            try:
                aside.rename(folder)
            except OSError as error:
                if not self.has(folder):
                    raise _damaged(folder, error) from None
            _sync_folder(folder.parent)
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def writable_folder(folder: Path) -> Path:
    """The folder, made if need be. Raises ValueError when it cannot be written to."""
    probe = folder / f".writable-{uuid.uuid4().hex}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ValueError(
            f"the output folder {folder} cannot be written to ({error.strerror or error}): name "
            "another one with --out"
        ) from None
    return folder


def replace_file(path: Path, content: bytes) -> None:
    """Write a file aside and rename it into place, so that it is never half there."""
    aside = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        aside.write_bytes(content)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def canonical(cell: Any) -> dict[str, Any]:
    """A cell's config as plain JSON values."""
    return json.loads(json.dumps(dataclasses.asdict(cell)))


def cell_hash(experiment: str, cell: Any, sources: str) -> str:
    """16 hexadecimal digits that name a cell."""
    content = {"experiment": experiment, "config": canonical(cell), "sources": sources}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _damaged(folder: Path, error: Exception) -> ValueError:
    return ValueError(
        f"the stored cell {folder} is damaged ({error}): delete that folder and run again"
    )


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _write_json(path: Path, content: Any) -> None:
    with path.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, sort_keys=True, allow_nan=False)
        _sync(file)


def _sync(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":  # elsewhere folders cannot be opened
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
