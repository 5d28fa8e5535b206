"""Which run does a checkpoint belong to?

A run is told by what decides its result: settings, functions with their code and what they close
over, data, population and key. Functions that those call by name are not looked into.
"""

import dataclasses
import functools
import hashlib
import re
import types
from typing import Any

import jax
import numpy as np

from estimators.training.config import TrainConfig

# These change neither a bit of the parameters nor what is stored beside them.
HARMLESS = ("keep_trajectory", "seed_mode", "width")


def run_identity(
    config: TrainConfig, sample_batch: Any, key: Any, sampler: Any, population: Any
) -> dict[str, str]:
    """What a checkpoint must say of itself, name by name, to be used by this run."""
    settings = {
        field.name: fingerprint(getattr(config, field.name))
        for field in dataclasses.fields(config)
        if field.name not in HARMLESS
    }
    together = config.seed_mode == "vmap"  # rounds otherwise than a loop of one's own
    return settings | {
        "sample_batch": fingerprint(sample_batch),
        "seeds": f"vmap of {config.width}" if together else "one loop each",
        "sampler": tree_digest(sampler),
        "population": "none" if population is None else tree_digest(population),
        "key": key_bytes(key).hex(),
    }


def key_bytes(key: Any) -> bytes:
    """The bits of a JAX key."""
    return np.asarray(jax.random.key_data(key)).tobytes()


def tree_digest(tree: Any) -> str:
    """SHA-256 of the arrays of a pytree and of its structure."""
    digest = hashlib.sha256(_without_addresses(str(jax.tree.structure(tree))).encode())
    for leaf in jax.tree.leaves(tree):
        digest.update(_array(leaf).encode())
    return digest.hexdigest()


def fingerprint(value: Any) -> str:
    """A value in words: functions by their code, arrays by their bytes, dataclasses by fields."""
    if isinstance(value, types.FunctionType):
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        parts = [_code(value.__code__), value.__defaults__, value.__kwdefaults__, cells]
        digest = hashlib.sha256(fingerprint(parts).encode()).hexdigest()
        return f"{value.__module__}.{value.__qualname__} {digest[:12]}"
    if isinstance(value, functools.partial):
        return f"partial({fingerprint([value.func, value.args, value.keywords])})"
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    if dataclasses.is_dataclass(value):
        named = {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.compare}
        return f"{type(value).__name__}({', '.join(f'{n}={fingerprint(named[n])}' for n in named)})"
    if isinstance(value, np.ndarray | jax.Array):
        return _array(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(fingerprint, value))}]"
    if isinstance(value, dict):
        return fingerprint([[str(name), value[name]] for name in sorted(value, key=str)])
    return _without_addresses(repr(value))


def _code(code: types.CodeType) -> str:
    """The instructions of a function, its constants and the names it uses."""
    constants = [
        _code(each) if isinstance(each, types.CodeType) else repr(each) for each in code.co_consts
    ]
    return f"{code.co_code.hex()} {constants} {code.co_names} {code.co_freevars}"


def _array(leaf: Any) -> str:
    array = np.asarray(leaf)
    return f"{array.dtype}{array.shape} {hashlib.sha256(array.tobytes()).hexdigest()[:16]}"


def _without_addresses(text: str) -> str:
    """Every process deals addresses anew."""
    return re.sub(r" at 0x[0-9a-f]+", "", text)
