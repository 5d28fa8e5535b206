"""Which version of the code computed a result?

The digest covers the syntax trees, without docstrings, of a module and of everything it imports
from this project, and the data files beside them: a comment or a docstring changes nothing, a
statement does. A process reads each file once: what it computes with it imported before.
"""

import ast
import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

PACKAGES = ("latentgen", "estimators", "experiments")
DATA = "data/*.json"  # beside a module: worlds that are read


class Source(NamedTuple):
    """What of a module counts: its own text and data by name, and which modules it imports."""

    texts: dict[str, str]
    imports: list[str]


@cache
def source_digest(module: str) -> str:
    """SHA-256 over the module and its imports within the project, in order of name."""
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
    tree = ast.parse(path.read_text(encoding="utf-8"))
    data = {
        f"{path.parent.name}/{file.name}": file.read_text(encoding="utf-8")
        for file in path.parent.glob(DATA)
    }
    return Source({name: _without_docstrings(tree)} | data, _imports(tree))


def _path(name: str) -> Path | None:
    if name.split(".")[0] not in PACKAGES:
        return None
    try:
        spec = find_spec(name)
    except ModuleNotFoundError:  # `from package.module import name` was tried as a module
        return None
    return Path(spec.origin) if spec is not None and spec.origin is not None else None


def _imports(tree: ast.Module) -> list[str]:
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return [name for name in names if name.split(".")[0] in PACKAGES]


def _without_docstrings(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                del body[0]
    return ast.dump(tree)
