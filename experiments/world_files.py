"""Which world does a name on the command line mean?

A file, JSON in fractions (`latentgen.rational`, `latentgen.rational_graph`) or what `lg.save`
wrote; else one of the frozen worlds of `lg.worlds`.
"""

from pathlib import Path
from typing import NamedTuple

import latentgen as lg
from latentgen import rational
from latentgen.storage import read_rational

SUFFIXES = (".json", ".npz")


class NamedWorld(NamedTuple):
    """A world, what it is called, and what it is for (empty where nobody said)."""

    name: str
    note: str
    model: lg.ConceptModel


def names() -> list[str]:
    """The names of the frozen worlds."""
    return lg.worlds.names()


def is_world(name: str) -> bool:
    """Whether the name is that of a file, looks like one, or is a frozen world's."""
    return name.endswith(SUFFIXES) or name in names() or Path(name).is_file()


def world(name: str) -> NamedWorld:
    """The world of this name. Raises ValueError for what holds none, or cannot be read."""
    if name in names() and not Path(name).is_file():
        note = rational.stored(name).note if name in rational.stored_names() else ""
        return NamedWorld(name, note, lg.worlds.named(name))
    if not Path(name).is_file():
        found = "is a folder" if Path(name).is_dir() else "does not exist"
        raise ValueError(f"a world is a .json or .npz file; {name} {found}: give the path of one")
    try:
        return _from_file(name)
    except OSError as error:
        raise ValueError(
            f"{name} must be a file that can be read; {error.strerror or error}: change its "
            "permissions, or copy it"
        ) from None


def _from_file(path: str) -> NamedWorld:
    if not path.endswith(".json"):
        return NamedWorld(path, "", lg.load(path))
    found = read_rational(path)
    try:
        return NamedWorld(path, found.note, found.model())
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
