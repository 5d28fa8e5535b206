"""How is a world kept in a file?"""

import os
import zipfile
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from latentgen import rational, rational_graph
from latentgen.archives import read_archive, write_archive
from latentgen.factors import ROW_TOLERANCE, Factor
from latentgen.model import ConceptModel
from latentgen.rational_tables import content, shown
from latentgen.space import ConceptSpace

FORMAT = "latentgen.ConceptModel"
VERSION = 1


def save(model: ConceptModel, path: str | os.PathLike[str]) -> None:
    """Write a world to one .npz file: a JSON header (versioned) and the log-tables.

    The file is written aside and renamed, so that it is never half there. Raises ValueError for
    a name that ends in .json, which `load` reads as text.
    """
    if os.fspath(path).endswith(".json"):
        raise ValueError(
            f"lg.save writes .npz archives, and lg.load reads {path} as JSON in fractions: give a "
            "name that does not end in .json"
        )
    tables = {f"table_{i}": table for i, table in enumerate(model.log_tables())}
    write_archive(path, FORMAT, VERSION, model.header(), tables)


def load(path: str | os.PathLike[str]) -> ConceptModel:
    """The world that `save` wrote, bit for bit, or the one that a .json file holds in fractions.

    Raises ValueError for a file that is damaged, is something else or has a newer version.
    """
    if os.fspath(path).endswith(".json"):
        return read_rational(path).model()
    with Path(path).open("rb") as file:
        if not zipfile.is_zipfile(file):
            raise ValueError(
                f"{path} is not a world saved by lg.save; it is no .npz archive: give the path of "
                "one, or end the name of JSON in fractions with .json"
            )
    what = "a world saved by lg.save (give the path of one)"
    header, arrays = read_archive(path, FORMAT, VERSION, what)
    try:
        return _from_header(header, [arrays[f"table_{i}"] for i in range(len(arrays))])
    except Exception as error:
        raise ValueError(f"{path} is damaged: {error}: save the world again") from None


def read_rational(
    path: str | os.PathLike[str],
) -> rational.RationalWorld | rational_graph.RationalGraph:
    """The world in fractions in a JSON file. Raises ValueError for a file that holds none."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} must be UTF-8 text; byte {error.start} is not: save it as UTF-8"
        ) from None
    readers = {rational.FORMAT: rational.read, rational_graph.FORMAT: rational_graph.read}
    try:
        found = content(text).get("format")
        if not isinstance(found, str) or found not in readers:
            raise ValueError(
                f'a world in JSON has "format": one of {", ".join(readers)}; got {shown(found)}: '
                "add it"
            )
        return readers[found](text)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _from_header(header: dict[str, Any], tables: list[np.ndarray]) -> ConceptModel:
    space = ConceptSpace(tuple(header["cardinalities"]))
    token = [] if header["token"] is None else [[header["token"], []]]
    parts = [[scope, []] for scope in header["prior"]] + header["words"] + token
    if len(parts) != len(tables):
        raise ValueError(f"{len(tables)} tables for {len(parts)} factors")
    _check_structure(header, space)
    num_prior, num_words = len(header["prior"]), len(header["words"])
    factors: list[Factor] = []
    for index, ((scope, reads), table) in enumerate(zip(parts, tables, strict=True)):
        is_prior = index < num_prior
        joint = is_prior and num_prior != space.num_concepts
        words = [factors[num_prior + position].num_outcomes for position in reads]
        shape = (*[space.cardinalities[concept] for concept in scope], *words)
        found = table.shape if is_prior else table.shape[:-1]
        if table.dtype != np.float64 or found != shape:
            raise ValueError(
                f"table {index} has shape {table.shape}, expected {shape} and outcomes"
            )
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


def _check_structure(header: dict[str, Any], space: ConceptSpace) -> None:
    """Raise a ValueError for scopes and reads that no constructor makes."""
    prior, words, token = header["prior"], header["words"], header["token"]
    for scope in [*prior, *(scope for scope, _ in words), *([] if token is None else [token])]:
        if len({space.check_concept(concept) for concept in scope}) != len(scope):
            raise ValueError(f"the scope {scope} names a concept twice")
    everything = list(range(space.num_concepts))
    if prior != [everything] and not _is_graph(prior, everything):
        raise ValueError(f"the prior's scopes {prior} are no directed acyclic graph")
    for position, (_, reads) in enumerate(words):
        if any(not 0 <= read < position for read in reads):
            raise ValueError(f"the word at position {position} reads {reads}")
    if not words and token is None:
        raise ValueError("there are neither words nor a token")
    if header["positions_alike"] and (len(words) != 1 or words[0][1]):
        raise ValueError(f"{len(words)} tables of words for positions that are alike")


def _is_graph(prior: list[list[int]], everything: list[int]) -> bool:
    """Whether there is one scope a concept, parents in ascending order, and no cycle."""
    if [scope[-1:] for scope in prior] != [[concept] for concept in everything]:
        return False
    edges = [(parent, scope[-1]) for scope in prior for parent in scope[:-1]]
    ascending = all(scope[:-1] == sorted(scope[:-1]) for scope in prior)
    return ascending and nx.is_directed_acyclic_graph(nx.DiGraph(edges))
