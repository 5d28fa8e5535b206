"""What in an output folder is of no more use, and how is it deleted while others compute?

Cells of another version of the code, damaged cells, cells of experiments that are gone, and what
a killed process left half-written. A cell that somebody has in hand is left alone.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from experiments import registry
from experiments.sources import source_digest
from experiments.store import LOCKS, Store, damage, remove

HASH_DIGITS = 16


def clean(out: Path, *, dry_run: bool) -> list[str]:
    """Delete what is of no more use; what was deleted, or would be, a line each and a sum.

    Raises ValueError when nothing is stored there, OSError for a cell that cannot be read.
    """
    if not (out / "store").is_dir():
        raise ValueError(f"nothing is stored in {out}: name another folder with --out")
    store = Store(out / "store")
    lines, freed = [], 0
    for folder, current in _stored(store):
        # looked at once without a claim, for a claim keeps others away and leaves a lock behind
        found = _reason(folder, current, store) and _settle(folder, current, store, dry_run)
        if found:
            reason, size = found
            lines.append(f"{folder}: {reason}")
            freed += size
    if not dry_run:
        _delete_locks(store)
    done = "would be deleted" if dry_run else "deleted"
    return [*lines, f"{len(lines)} folders {done}, {freed / 2**20:.1f} MiB"]


def _stored(store: Store) -> Iterator[tuple[Path, str | None]]:
    """Every cell, and what was left of one; with the version that its experiment has now."""
    known = registry.questions()
    for parent in sorted(path for path in store.root.iterdir() if path.is_dir()):
        if parent.name == LOCKS:
            continue
        current = None
        if parent.name in known:
            current = source_digest(registry.experiment(parent.name).compute.__module__)
        for folder in sorted(parent.iterdir()):
            yield folder, current


def _reason(folder: Path, current: str | None, store: Store) -> str:
    """Why a folder is of no more use; empty when it is, and when it is not there any more."""
    if not store.has(folder):
        return ""
    if folder.name.startswith("."):
        return "left by a process that was killed"
    if current is None:
        return "of an experiment that this version does not have"
    problem = damage(folder)
    if problem:
        return f"damaged ({problem})"
    try:
        provenance = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    except FileNotFoundError:  # taken away since
        return ""
    return "" if provenance["sources"] == current else "of another version of the code"


def _settle(
    folder: Path, current: str | None, store: Store, dry_run: bool
) -> tuple[str, int] | None:
    """Why a folder was deleted, or would be, and its bytes; None when it is left alone.

    All of it under the claim, where nobody stores, repairs or takes away the cell. None too when
    somebody has the cell in hand, or when the folder withstands.
    """
    cell = folder.with_name(folder.name.lstrip(".")[:HASH_DIGITS])
    with store.claimed(cell) as mine:
        reason = _reason(folder, current, store) if mine else ""
        if not reason:
            return None
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        if not dry_run:
            _delete(folder, store)
        return (reason, size) if dry_run or not store.has(folder) else None


def _delete(folder: Path, store: Store) -> None:
    if folder.name.startswith("."):
        remove(folder)
    else:
        store.discard(folder)


def _delete_locks(store: Store) -> None:
    """Delete the locks of cells that nobody has in hand; who waits notices and makes another."""
    for lock in sorted((store.root / LOCKS).glob("*.lock")):
        experiment, _, cell = lock.stem.rpartition("-")
        with store.claimed(store.root / experiment / cell) as mine:
            if mine:
                lock.unlink(missing_ok=True)
