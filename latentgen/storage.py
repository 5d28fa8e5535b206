"""How is a world kept in a file?"""

import json
import os
from pathlib import Path
from typing import IO, Any

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
    tables: dict[str, Any] = {f"table_{i}": table for i, table in enumerate(model.log_tables())}
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
    path = Path(path)
    with path.open("rb") as file:
        # What foreign bytes raise in zip and npy readers has no end; it all means one thing.
        try:
            header, tables = _read(file)
        except Exception as error:
            raise ValueError(f"{path} is not a world saved by lg.save: {error}") from None
    if header.get("format") != FORMAT or header.get("version") != VERSION:
        raise ValueError(
            f"{path} holds {header.get('format')} version {header.get('version')}; this version "
            f"of latentgen reads {FORMAT} version {VERSION}: load it with the version that wrote it"
        )
    try:
        return _from_header(header, tables)
    except Exception as error:
        raise ValueError(f"{path} is damaged: {error}") from None


def _read(file: IO[bytes]) -> tuple[dict[str, Any], list[np.ndarray]]:
    archive = np.load(file, allow_pickle=False)
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise ValueError("it holds a single array")
    with archive:
        header = json.loads(str(archive["header"]))
        if not isinstance(header, dict):
            raise ValueError("its header is no JSON object")
        return header, [archive[f"table_{i}"] for i in range(len(archive.files) - 1)]


def _from_header(header: dict[str, Any], tables: list[np.ndarray]) -> ConceptModel:
    space = ConceptSpace(tuple(header["cardinalities"]))
    token = [] if header["token"] is None else [[header["token"], []]]
    parts = [[scope, []] for scope in header["prior"]] + header["words"] + token
    if len(parts) != len(tables):
        raise ValueError(f"{len(tables)} tables for {len(parts)} factors")
    num_prior, num_words = len(header["prior"]), len(header["words"])
    factors: list[Factor] = []
    for index, ((scope, reads), table) in enumerate(zip(parts, tables, strict=True)):
        is_prior = index < num_prior
        joint = is_prior and num_prior != space.num_concepts
        words = [factors[num_prior + position].num_outcomes for position in reads]
        shape = (*[space.cardinalities[concept] for concept in scope], *words)
        found = table.shape if is_prior else table.shape[:-1]
        if table.dtype != np.float64 or found != shape:
            raise ValueError(f"table {index} has shape {table.shape}, expected {shape} …")
        total = np.exp(table).sum(None if joint else -1)
        if not np.all(np.abs(total - 1) <= ROW_TOLERANCE):
            raise ValueError(f"table {index} does not sum to one")
        table.setflags(write=False)
        factors.append(Factor(tuple(scope), table, tuple(reads)))
    return ConceptModel(
        space,
        tuple(factors[:num_prior]),
        tuple(factors[num_prior : num_prior + num_words]),
        bool(header["positions_alike"]),
        factors[-1] if token else None,
    )
