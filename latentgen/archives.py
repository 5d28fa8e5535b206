"""How are arrays kept in one file with a header that says what they are?"""

import json
import os
from pathlib import Path
from typing import IO, Any

import numpy as np

READERS = {"latentgen.ConceptModel": "lg.load", "latentgen.Sample": "lg.load_sample"}


def write_archive(
    path: str | os.PathLike[str],
    kind: str,
    version: int,
    header: dict[str, Any],
    arrays: dict[str, Any],
) -> None:
    """Write one .npz file: a JSON header (with format and version) and the arrays.

    The file is written aside and renamed, so that it is never half there.
    """
    path = Path(path)
    text = json.dumps({"format": kind, "version": version, **header})
    aside = path.with_name(path.name + f".{os.getpid()}.part")
    try:
        with aside.open("wb") as file:
            np.savez(file, header=np.array(text), **arrays)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def read_archive(
    path: str | os.PathLike[str], kind: str, version: int, what: str
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header and the arrays that `write_archive` wrote, bit for bit.

    Raises ValueError for a file that is damaged, is something else than `what`, or has another
    version; where another function reads it, its name is given.
    """
    with Path(path).open("rb") as file:
        # What foreign bytes raise in zip and npy readers has no end; it all means one thing.
        try:
            header, arrays = _unpacked(file)
        except Exception as error:
            raise ValueError(f"{path} is not {what}: {error}") from None
    found = header.get("format")
    if found != kind:
        remedy = f"use {READERS[found]}" if found in READERS else "give the path of one"
        raise ValueError(f"{path} holds {found}, and {READERS[kind]} reads {kind}: {remedy}")
    if header.get("version") != version:
        raise ValueError(
            f"{path} holds {kind} version {header.get('version')}; this version of latentgen "
            f"reads version {version}: load it with the version that wrote it"
        )
    return header, arrays


def _unpacked(file: IO[bytes]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    archive = np.load(file, allow_pickle=False)
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise ValueError("it holds a single array")
    with archive:
        header = json.loads(str(archive["header"]))
        if not isinstance(header, dict):
            raise ValueError("its header is no JSON object")
        return header, {name: archive[name] for name in archive.files if name != "header"}
