"""How is a world kept in a file?"""

import os
from typing import Any

import numpy as np

from latentgen.archives import read_archive, write_archive
from latentgen.factors import ROW_TOLERANCE, Factor
from latentgen.model import ConceptModel
from latentgen.space import ConceptSpace

FORMAT = "latentgen.ConceptModel"
VERSION = 1


def save(model: ConceptModel, path: str | os.PathLike[str]) -> None:
    """Write a world to one .npz file: a JSON header (versioned) and the log-tables.

    The file is written aside and renamed, so that it is never half there.
    """
    tables = {f"table_{i}": table for i, table in enumerate(model.log_tables())}
    write_archive(path, FORMAT, VERSION, model.header(), tables)


def load(path: str | os.PathLike[str]) -> ConceptModel:
    """The world that `save` wrote, bit for bit.

    Raises ValueError for a file that is damaged, is something else or has a newer version.
    """
    header, arrays = read_archive(path, FORMAT, VERSION, "a world saved by lg.save")
    try:
        return _from_header(header, [arrays[f"table_{i}"] for i in range(len(arrays))])
    except Exception as error:
        raise ValueError(f"{path} is damaged: {error}") from None


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
