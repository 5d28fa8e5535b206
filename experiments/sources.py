"""Which version of the code computed a result?

The digest covers the syntax trees, without docstrings, of a module and of everything it imports
from this project, and the data files beside them: a comment or a docstring changes nothing, a
statement does. A process reads each file once, after it imported it: the text is what it computes
with only if the file is still what it was before that, which a process notes when it starts.
"""

import ast
import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.util import find_spec, resolve_name
from pathlib import Path
from typing import NamedTuple

PACKAGES = ("latentgen", "estimators", "experiments")
DATA = "data/*.json"  # beside a module: worlds that are read


class Stamp(NamedTuple):
    """When a file was last changed, in nanoseconds, and its size in bytes.

    No inode and no time of its entry: a network disk, a backup or a hard link may change those of
    a file that nobody touched.
    """

    changed: int
    size: int


_noted: dict[Path, Stamp | None] = {}  # of this process


class SourcesChanged(RuntimeError):
    """A source is not, or may not be, what this process imported; the message names it."""


class Source(NamedTuple):
    """What of a module counts: its own text and data by name, and which modules it imports."""

    texts: dict[str, str]
    imports: list[str]


def note_files() -> None:
    """Note what the project's files are now: to be called before what computes is imported.

    The first call in a process counts, and source_digest makes up for one that is missing.
    """
    if not _noted:
        _noted.update({path: _stamp(path) for path in _files()})


@cache
def source_digest(module: str) -> str:
    """SHA-256 over the module and its imports within the project, in order of name.

    Raises SourcesChanged when one of them, if only its time, is not what it was when it was noted.
    """
    note_files()
    waiting, seen, texts = [module], set(), {}
    while waiting:
        name = waiting.pop()
        found = None if name in seen else _source(name)
        seen.add(name)
        if found is not None:
            texts |= found.texts
            waiting += found.imports
    digest = hashlib.sha256()
    for name in sorted(texts):
        digest.update(f"{name}\n{texts[name]}\n".encode())
    return digest.hexdigest()


@cache
def _source(name: str) -> Source | None:
    """What counts of one module; None for what is no module of this project."""
    path = _path(name)
    if path is None:
        return None
    tree = ast.parse(_text(path))
    data = {f"{path.parent.name}/{file.name}": _text(file) for file in path.parent.glob(DATA)}
    package = name if path.stem == "__init__" else name.rpartition(".")[0]
    return Source({name: _without_docstrings(tree)} | data, _imports(tree, package))


def _text(path: Path) -> str:
    """What a file says that is what it was when it was noted."""
    text = path.read_text(encoding="utf-8")
    if _stamp(path) != _noted.get(path):  # only after it was read: no change comes between
        raise SourcesChanged(
            f"{path} changed after the process that computes with it had started: run again, with "
            "new workers where they are of a cluster"
        )
    return text


def _stamp(path: Path) -> Stamp | None:
    """None for what is not there: an editor's lock, or a file that is just being replaced."""
    with suppress(OSError):
        found = path.stat()
        return Stamp(found.st_mtime_ns, found.st_size)


def _files() -> Iterator[Path]:
    """All files that a digest may read; they are not read here."""
    for package in PACKAGES:
        spec = find_spec(package)
        for root in (spec and spec.submodule_search_locations) or ():
            for folder, _, names in os.walk(root):
                yield from (Path(folder, name) for name in names if name.endswith((".py", ".json")))


def _path(name: str) -> Path | None:
    if name.split(".")[0] not in PACKAGES:
        return None
    try:
        spec = find_spec(name)
    except ModuleNotFoundError:  # `from package.module import name` was tried as a module
        return None
    return Path(spec.origin) if spec is not None and spec.origin is not None else None


def _imports(tree: ast.Module, package: str) -> list[str]:
    """What of the project a module imports; package: what its relative imports start from."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), package)
            names += [module, *(f"{module}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.split(".")[0] in PACKAGES]


def _without_docstrings(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                del body[0]
    return ast.dump(tree)
