"""How is a world kept in a file?"""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from latentgen.factors import ROW_TOLERANCE, Factor
from latentgen.model import ConceptModel
from latentgen.space import ConceptSpace

FORMAT = "latentgen.ConceptModel"
VERSION = 1


def save(model: ConceptModel, path: str | os.PathLike[str]) -> None:
    """Write a world to one .npz file: a JSON header (versioned) and the log-tables.

    The file is written aside and renamed, so that it is never half there.
    """
    path = Path(path)
    header = json.dumps({"format": FORMAT, "version": VERSION, **model.header()})
    tables = {f"table_{i}": table for i, table in enumerate(model.log_tables())}
    aside = path.with_name(path.name + f".{os.getpid()}.part")
    try:
        with aside.open("wb") as file:
            np.savez(file, header=np.array(header), **tables)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def load(path: str | os.PathLike[str]) -> ConceptModel:
    """The world that `save` wrote, bit for bit.

    Raises ValueError for a file that is damaged, is something else or has a newer version.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            header = json.loads(str(file["header"]))
            tables = [file[f"table_{i}"] for i in range(len(file.files) - 1)]
    except (KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is not a world saved by lg.save: {error}") from None
    if header.get("format") != FORMAT or header.get("version") != VERSION:
        raise ValueError(
            f"{path} holds {header.get('format')} version {header.get('version')}; this version "
            f"of latentgen reads {FORMAT} version {VERSION}: load it with the version that wrote it"
        )
    return _from_header(header, tables, str(path))


def _from_header(header: dict[str, Any], tables: list[np.ndarray], path: str) -> ConceptModel:
    space = ConceptSpace(tuple(header["cardinalities"]))
    scopes = [(scope, []) for scope in header["prior"]] + header["words"]
    if header["token"] is not None:
        scopes.append((header["token"], []))
    if len(scopes) != len(tables):
        raise ValueError(f"{path} is damaged: {len(tables)} tables for {len(scopes)} factors")
    num_prior, num_words = len(header["prior"]), len(header["words"])
    factors = []
    for index, ((scope, reads), table) in enumerate(zip(scopes, tables, strict=True)):
        values = tuple(space.cardinalities[concept] for concept in scope)
        if table.dtype != np.float64 or table.shape[: len(values)] != values:
            raise ValueError(
                f"{path} is damaged: table {index} has shape {table.shape}, expected {values} …"
            )
        joint = index < num_prior and num_prior != space.num_concepts
        total = np.exp(table).sum(None if joint else -1)
        if not np.all(np.abs(total - 1) <= ROW_TOLERANCE):
            raise ValueError(f"{path} is damaged: table {index} does not sum to one")
        table.setflags(write=False)
        factors.append(Factor(tuple(scope), table, tuple(reads)))
    return ConceptModel(
        space,
        tuple(factors[:num_prior]),
        tuple(factors[num_prior : num_prior + num_words]),
        bool(header["positions_alike"]),
        factors[-1] if header["token"] is not None else None,
    )
