"""How are the seeds of a call run side by side?"""

import os
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from estimators.training.config import TrainConfig

SAMPLES_AT_ONCE = 16384  # per step over all seeds of a batch, on an accelerator
LARGEST_WIDTH = 64


def resolve(config: TrainConfig, backend: str | None = None) -> TrainConfig:
    """The configuration with seed_mode and width filled in, by rule and never by timing.

    On a CPU seeds run in threads, one loop each and as many as there are cores: at batches from
    64 to 1024 that was twice the rate of one loop after another on two cores, and vmap was at
    most a fifth faster than one loop (the loop leaves the interpreter lock alone). On an
    accelerator a batch of seeds shares one loop by vmap, wide enough for about 16,384 samples a
    step. backend: "cpu", "gpu", …; None: the one that jax found.
    """
    backend = jax.default_backend() if backend is None else backend
    mode = config.seed_mode or ("threads" if backend == "cpu" else "vmap")
    if mode == "sequence":
        return replace(config, seed_mode=mode, width=1)
    width = config.width
    if width is None and mode == "threads":
        width = usable_cores()
    elif width is None:
        width = min(max(SAMPLES_AT_ONCE // config.batch_size, 1), LARGEST_WIDTH)
    return replace(config, seed_mode=mode, width=width)


def usable_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def stack_seeds(samplers: list[Any]) -> Any:
    """One pytree with a leading seed axis from one pytree per seed.

    Raises ValueError when the worlds differ in structure or in shapes and so cannot share a
    compilation.
    """
    if not samplers:
        raise ValueError("there must be one sampler per seed; got none")
    first, shapes = jax.tree.structure(samplers[0]), _shapes(samplers[0])
    for seed, other in enumerate(samplers):
        if jax.tree.structure(other) != first:
            raise ValueError(
                f"all seeds must share one structure to be trained together; seed {seed} has "
                f"{jax.tree.structure(other)}, seed 0 has {first}: train them in separate calls"
            )
        if _shapes(other) != shapes:
            raise ValueError(
                f"all seeds must have arrays of the same shapes to be trained together; seed "
                f"{seed} has {_shapes(other)}, seed 0 has {shapes}: give all as many rows, or "
                "train them in separate calls"
            )
    return jax.tree.map(lambda *leaves: np.stack(leaves), *samplers)


def _shapes(tree: Any) -> list[tuple[int, ...]]:
    return [np.shape(leaf) for leaf in jax.tree.leaves(tree)]


def of_seed(tree: Any, seed: int) -> Any:
    """The part of one seed of a pytree with a leading seed axis."""
    return jax.tree.map(lambda leaf: leaf[seed], tree)
