"""Which version of the code computed a result?

The digest covers the syntax trees, without docstrings, of a module and of everything it imports
from this project, and the data files beside them: a comment or a docstring changes nothing, a
statement does. A process digests a module once, as it is when it is imported.
"""

import ast
import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("latentgen", "estimators", "experiments")
DATA = "data/*.json"  # beside a module: worlds that are read


@cache
def source_digest(module: str) -> str:
    """SHA-256 over the module and its imports within the project, in order of name."""
    waiting, seen = [module], {}
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        path = _path(name)
        if path is None:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        seen[name] = _without_docstrings(tree)
        for file in path.parent.glob(DATA):
            seen[f"{path.parent.name}/{file.name}"] = file.read_text(encoding="utf-8")
        waiting += _imports(tree)
    digest = hashlib.sha256()
    for name in sorted(seen):
        digest.update(f"{name}\n{seen[name]}\n".encode())
    return digest.hexdigest()


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
