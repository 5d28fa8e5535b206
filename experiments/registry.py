"""Which experiments are there?

An experiment is a module of this package, a file or a folder, that defines EXPERIMENT; the first
line of its docstring is its question. The list is read from the source text: no import is needed.
"""

import ast
import difflib
import importlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # it imports numpy, which `list` can do without
    from experiments.experiment import Experiment


@cache
def questions() -> Mapping[str, str]:
    """name -> question of every experiment, by name."""
    found = {}
    folder = Path(__file__).parent
    for path in [*folder.glob("*.py"), *folder.glob("*/__init__.py")]:
        text = path.read_text(encoding="utf-8")
        if "\nEXPERIMENT" not in text:  # parsing every file would take longer than all else
            continue
        tree = ast.parse(text)
        if any(_defines(node, "EXPERIMENT") for node in tree.body):
            name = path.parent.name if path.stem == "__init__" else path.stem
            found[name] = (ast.get_docstring(tree) or "").splitlines()[0]
    return MappingProxyType(dict(sorted(found.items())))


def experiment(name: str) -> "Experiment":
    """The experiment of this name. Raises ValueError offering the nearest name."""
    check_known("experiment", name, questions())
    return importlib.import_module(f"experiments.{name}").EXPERIMENT


def profile(chosen: "Experiment", name: str, num_seeds: int | None) -> Any:
    """A profile's config, with the number of seeds replaced when one is given."""
    check_known("profile", name, chosen.profiles)
    return with_seeds(chosen.profiles[name], num_seeds)


def with_seeds(config: Any, num_seeds: int | None) -> Any:
    """The config with another number of seeds, if one is given."""
    if num_seeds is None:
        return config
    if num_seeds < 1:
        raise ValueError(f"--seeds must be at least 1; got {num_seeds}")
    return config.with_seeds(num_seeds)


def check_known(what: str, name: str, known: Iterable[str]) -> None:
    """Raise a ValueError offering the nearest known name."""
    names = list(known)
    if name not in names:
        near = difflib.get_close_matches(name, names, 1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names)}"
        raise ValueError(f"unknown {what} {name!r}: {hint}")


def _defines(node: ast.stmt, name: str) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)
