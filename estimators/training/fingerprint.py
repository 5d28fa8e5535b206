"""What tells a value from every other that would train otherwise?

Functions are told by their code and what it uses, classes by their methods, objects by class and
state. Libraries, this package among them, are taken to stay as they are.
"""

import dataclasses
import dis
import functools
import hashlib
import operator
import sys
import sysconfig
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

PLAIN = (bool, int, float, complex, str, bytes, range, types.NoneType, types.EllipsisType)
NAMED_IN_C = (
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
)
OWN_PACKAGE = __name__.partition(".")[0]
NOTHING = object()


def fingerprint(value: Any) -> str:
    """Text that is the same in every process, and differs where the value does.

    An attribute `fingerprint`, a text, stands for all that an object or a function holds. Raises
    ValueError for what cannot be told apart, such as an open file.
    """
    try:
        return _Reader().read(value)
    except RecursionError as error:
        raise ValueError(_refusal(value)) from error


class _Reader:
    """Reads one value; an object, function or class met a second time is named by its number."""

    def __init__(self) -> None:
        self.met: dict[int, tuple[int, Any]] = {}  # holds the value, lest its id be dealt again
        self.within: list[int] = []  # lists and dictionaries that are being read

    def read(self, value: Any) -> str:
        """The fingerprint of a part."""
        if type(value) in PLAIN:
            return repr(value)
        if isinstance(value, types.CodeType):
            return self._code(value)
        if isinstance(value, types.ModuleType):
            return f"module {value.__name__}"
        if isinstance(value, np.generic | jax.Array) or type(value) in (np.ndarray, np.memmap):
            return self._array(value)
        if isinstance(value, np.dtype):
            return f"dtype {value}"
        if type(value) in (list, tuple, dict, types.MappingProxyType):
            return self._entries(value)
        if type(value) in (set, frozenset):  # their order is another in every process
            return f"{type(value).__name__}[{', '.join(sorted(map(fingerprint, value)))}]"
        if isinstance(value, types.MethodType):
            return f"method{self._parts(value.__func__, value.__self__)}"
        return self._once(value)

    def _entries(self, value: Any) -> str:
        """A list or a dictionary; equal dictionaries may differ in order, so names are sorted."""
        if id(value) in self.within:
            return f"within {self.within.index(id(value))}"
        self.within.append(id(value))
        if isinstance(value, list | tuple):
            told = f"{type(value).__name__}[{', '.join(map(self.read, value))}]"
        else:
            order = sorted(value, key=fingerprint)
            told = ", ".join(f"{self.read(name)}: {self.read(value[name])}" for name in order)
            told = f"{{{told}}}"
        self.within.pop()
        return told

    def _once(self, value: Any) -> str:
        """What may hold itself, or be held by many."""
        if id(value) in self.met:
            return f"#{self.met[id(value)][0]}"
        self.met[id(value)] = len(self.met), value
        given = getattr(value, "fingerprint", None)
        if isinstance(given, str):
            kind = value if isinstance(value, type) else type(value)
            return f"{kind.__module__}.{kind.__qualname__} {given!r}"
        name = _name_in_library(value)
        if name:
            return name
        if isinstance(value, types.FunctionType):
            return self._function(value)
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, functools.partial):
            return f"partial{self._parts(value.func, value.args, value.keywords)}"
        if isinstance(value, jax.stages.Wrapped | functools._lru_cache_wrapper):
            return f"compiled{self._parts(vars(value)['__wrapped__'])}"
        if isinstance(value, staticmethod | classmethod):
            return f"{type(value).__name__}{self._parts(value.__func__)}"
        if isinstance(value, property):
            return f"property{self._parts(value.fget)}"
        if isinstance(value, functools.cached_property):
            return f"property{self._parts(value.func)}"
        if isinstance(value, types.BuiltinFunctionType):
            return f"{value.__name__} of {self.read(value.__self__)}"
        if isinstance(value, NAMED_IN_C):
            return f"{value.__objclass__.__qualname__}.{value.__name__}"
        if dataclasses.is_dataclass(value):
            named = {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.compare}
            return f"{type(value).__name__}{self._parts(named, type(value))}"
        return self._object(value)

    def _function(self, function: types.FunctionType) -> str:
        """Its code, defaults, what it closes over, and the globals it uses unless a library's."""
        while _only_checks(function):
            function = vars(function)["__wrapped__"]
        cells = [_content(cell) for cell in function.__closure__ or ()]
        parts = [function.__code__, function.__defaults__, function.__kwdefaults__, cells]
        if not _in_library(function.__code__.co_filename):
            parts += [_globals_of(function), _attributes_of(function)]
        return self._named(function, *parts)

    def _class(self, kind: type) -> str:
        """Its attributes and those of its bases, unless they are a library's."""
        own = {
            name: value
            for name, value in vars(kind).items()
            if name != "_abc_impl" and (not _is_dunder(name) or _is_method(name, value))
        }
        return self._named(kind, own, kind.__bases__, type(kind))

    def _object(self, value: Any) -> str:
        """What pickle would make it of: class and state, entries of a list or dictionary."""
        try:
            made_of = value.__reduce_ex__(2)
        except Exception as error:
            raise ValueError(_refusal(value)) from error
        if isinstance(made_of, str):  # a global's name, whose content nobody knows
            raise ValueError(_refusal(value))
        maker, arguments, state, *entries = (*made_of, None, None, None)[:5]
        if isinstance(state, dict):
            state = {n: v for n, v in state.items() if not _is_cached(type(value), n)}
        listed = [None if each is None else list(each) for each in entries]
        return self._named(type(value), maker, arguments, state, *listed)

    def _code(self, code: types.CodeType) -> str:
        """The instructions of a function, its constants and the names it uses."""
        arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        names = (code.co_names, arguments, code.co_freevars, code.co_cellvars)
        told = f"{code.co_code.hex()} {code.co_exceptiontable.hex()} {code.co_flags} {names}"
        return f"{told} {self._parts(*code.co_consts)}"

    def _array(self, value: Any) -> str:
        if isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
            return f"key {jax.random.key_impl(value)} {self._array(jax.random.key_data(value))}"
        if isinstance(value, np.generic) and value.dtype in (bool, np.int64, np.float64):
            return repr(value.item())  # of the precision of Python's own numbers
        if value.dtype.hasobject:
            return f"{value.dtype}{value.shape} {self.read(value.tolist())}"
        array = np.asarray(value)
        weak = " weak" if getattr(value, "weak_type", False) else ""
        digest = hashlib.sha256(array.tobytes()).hexdigest()
        return f"{array.dtype}{array.shape}{weak} {digest[:16]}"

    def _parts(self, *parts: Any) -> str:
        return f"({', '.join(map(self.read, parts))})"

    def _named(self, owner: Any, *parts: Any) -> str:
        """The name of a function or class, and a digest of what it is made of."""
        digest = hashlib.sha256(self._parts(*parts).encode()).hexdigest()
        return f"{owner.__module__}.{owner.__qualname__} {digest[:12]}"


def _refusal(value: Any) -> str:
    kind = type(value)
    return (
        f"what checkpoints belong to must be told apart, and an object of class {kind.__module__}."
        f"{kind.__qualname__} cannot be: use functions, classes, arrays and numbers, give it an "
        "attribute fingerprint (a text that changes with what it does), or train without "
        "checkpoints"
    )


def _name_in_library(value: Any) -> str:
    """The name by which a library offers the value itself, or nothing."""
    module = sys.modules.get(str(getattr(value, "__module__", None) or ""))
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    if module is None or not isinstance(name, str) or not _is_library(module):
        return ""
    try:
        offered = operator.attrgetter(name)(module)
    except AttributeError:
        return ""
    return f"{module.__name__}.{name}" if offered is value else ""


def _is_library(module: types.ModuleType) -> bool:
    if module.__name__.partition(".")[0] == OWN_PACKAGE:
        return True
    if module.__name__ == "__main__":
        return False
    path = getattr(module, "__file__", None)
    return path is None or _in_library(path)


def _in_library(path: str) -> bool:
    """Whether a source file is Python's own or was installed beside it."""
    installed = {"site-packages", "dist-packages"} & set(Path(path).parts)
    return bool(installed) or path.startswith("<frozen") or path.startswith(_standard_library())


@functools.cache
def _standard_library() -> tuple[str, ...]:
    return tuple(f"{sysconfig.get_path(name)}/" for name in ("stdlib", "platstdlib"))


def _only_checks(function: Any) -> bool:
    """Whether it only checks the arguments of the function that it wraps: shapes and types."""
    path = function.__code__.co_filename
    checks = "jaxtyping" in Path(path).parts or path.startswith("<@beartype")
    return checks and isinstance(getattr(function, "__wrapped__", None), types.FunctionType)


def _globals_of(function: types.FunctionType) -> dict[str, Any]:
    """The globals that a function uses, and what it takes from modules that are no libraries."""
    found: dict[str, Any] = {}
    for code in _codes(function.__code__):
        path, value = "", None
        for step in dis.get_instructions(code):
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                path, value = step.argval, function.__globals__.get(step.argval, NOTHING)
            elif step.opname in ("LOAD_ATTR", "LOAD_METHOD") and _is_open(value):
                path, value = f"{path}.{step.argval}", getattr(value, step.argval, NOTHING)
            else:
                value = None
                continue
            if value is not NOTHING:  # else a builtin, or not there yet
                found[path] = value
    return found


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    """The code of a function and of those within it."""
    yield code
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield from _codes(each)


def _attributes_of(function: types.FunctionType) -> dict[str, Any]:
    return {name: value for name, value in vars(function).items() if not _is_dunder(name)}


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return ()


def _is_open(value: Any) -> bool:
    """Whether it is a module to look into."""
    return isinstance(value, types.ModuleType) and not _is_library(value)


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _is_method(name: str, value: Any) -> bool:
    """Whether it does something, unlike __doc__ or the __annotate__ of later Pythons."""
    kinds = (staticmethod, classmethod, property)
    return (callable(value) or isinstance(value, kinds)) and not name.startswith("__annotate")


def _is_cached(kind: type, name: str) -> bool:
    """Whether an attribute only keeps what a property found."""
    return isinstance(getattr(kind, name, None), functools.cached_property)
