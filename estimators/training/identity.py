"""Which run does a checkpoint belong to?

A run is told by what decides its result: settings, functions, data, population and key.
"""

import dataclasses
import hashlib
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from estimators.training.config import TrainConfig
from estimators.training.fingerprint import fingerprint

# These change neither a bit of the parameters nor what is stored beside them.
HARMLESS = ("keep_trajectory", "seed_mode", "width")


def run_identity(config: TrainConfig, sample_batch: Any) -> dict[str, str]:
    """What the checkpoints of all seeds of a run must say, name by name, to be used by it.

    Raises ValueError for functions and settings that cannot be told from others.
    """
    settings = {
        field.name: _told(field.name, getattr(config, field.name))
        for field in dataclasses.fields(config)
        if field.name not in HARMLESS
    }
    together = config.seed_mode == "vmap"  # rounds otherwise than a loop of one's own
    return settings | {
        "sample_batch": _told("sample_batch", sample_batch),
        "seeds": f"vmap of {config.width}" if together else "one loop each",
    }


def seed_identity(key: Any, sampler: Any, population: Any) -> dict[str, str]:
    """What the checkpoints of one seed must say beside that."""
    return {
        "sampler": tree_digest(sampler),
        "population": "none" if population is None else tree_digest(population),
        "key": key_bytes(key).hex(),
    }


def key_bytes(key: Any) -> bytes:
    """The bits of a JAX key."""
    return np.asarray(jax.random.key_data(key)).tobytes()


def tree_digest(tree: Any) -> str:
    """SHA-256 of the leaves of a pytree and of its structure."""
    leaves, structure = jax.tree.flatten(tree)
    told = [*_structure(structure), *(_told("sampler", leaf) for leaf in leaves)]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _structure(tree: Any) -> Iterator[str]:
    """Node by node, each with its class and what that keeps beside the leaves."""
    node = tree.node_data()
    yield "leaf" if node is None else _told("sampler", node)
    for child in tree.children():
        yield from _structure(child)


def _told(name: str, value: Any) -> str:
    """The fingerprint of an argument; an error says which argument it was."""
    try:
        return fingerprint(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
