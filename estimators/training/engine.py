"""How is a predictor trained, once per seed?"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from estimators.training.checkpoints import Trajectory, log_grid, seed_folder
from estimators.training.config import TrainConfig, compiled_part
from estimators.training.loop import SampleBatch, start
from estimators.training.progress import Clock, Progress
from estimators.training.run import Plan, Seed, compile_loop, train_seeds
from estimators.training.seeds import of_seed, resolve


class Trained(NamedTuple):
    """What training returns, seeds first.

    params: parameters with a leading axis [seed, …]; step [chunk] at which a chunk ends;
    loss [seed, chunk], mean cross-entropy in nats over the chunk's batches, NaN after a seed
    stopped; diverged [seed]: whether the loss became NaN or infinite; excess [seed, chunk] above
    the Bayes loss at the end of a chunk, nats, NaN without a population; last_step [seed]: how
    many steps were taken; problem [seed]: "" or what went wrong, at which step, and a remedy;
    trajectory: one a seed if the configuration keeps it; config: with seed_mode and width as run.
    """

    params: Any
    step: np.ndarray
    loss: np.ndarray
    diverged: np.ndarray
    excess: np.ndarray
    last_step: np.ndarray
    problem: tuple[str, ...]
    trajectory: tuple[Trajectory, ...] | None
    config: TrainConfig


def train(
    config: TrainConfig,
    keys: Any,
    sample_batch: SampleBatch,
    sampler: Any,
    *,
    population: Any = None,
    checkpoints: Path | str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Trained:
    """Train one predictor per seed; seed i depends on its own key and sampler alone.

    keys [seed]; sampler: a pytree whose leaves have a leading seed axis, handed to
    sample_batch(key, batch_size, sampler) inside the compiled loop: fresh samples, a
    `FiniteSample` or a `Population`. Step t draws its batch with fold_in(seed's key, t), so any
    chunking gives the same bits, and so do one loop after another and loops in threads; under
    vmap sums run in another order, and float32 parameters part slowly.

    population: a `Population` with a leading seed axis, on which the excess loss is measured at
    the end of chunks, and where stop_excess is compared. checkpoints: a folder to write to and to
    go on from; a run that was interrupted ends with the bits of one that was not. progress is
    called at the end of chunks, from several threads but never at once (`print_progress`).
    Raises ValueError for a checkpoint of another run, and for stop_excess without a population.
    """
    _check(config, keys, sampler, population)
    config = resolve(config)
    seeds = [
        Seed(
            index=index,
            key=key,
            sampler=of_seed(sampler, index),
            population=None if population is None else of_seed(population, index),
        )
        for index, key in enumerate(keys)
    ]
    if checkpoints is not None:
        for seed in seeds:
            seed.folder = seed_folder(
                Path(checkpoints), config, sample_batch, seed.key, seed.sampler
            )
    plan = _plan(config, checkpoints is not None)
    clock = Clock(len(seeds), config.num_steps, progress)
    _train_groups(config, sample_batch, plan, seeds, clock)
    return _collect(config, plan, seeds)


def initial_params(config: TrainConfig, keys: Any) -> Any:
    """The parameters [seed, …] that `train` starts from with the same keys: the untrained null."""
    if not len(keys):
        raise ValueError("training needs one key per seed; got none")
    started = [start(compiled_part(config), key).params for key in keys]
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *started)


def load_trajectory(
    config: TrainConfig,
    keys: Any,
    sample_batch: SampleBatch,
    sampler: Any,
    checkpoints: Path | str,
) -> tuple[Trajectory, ...]:
    """The trajectory of every seed that `train` wrote with the same arguments.

    Raises ValueError where there is none, and for checkpoints of another run.
    """
    config = resolve(config)
    found = []
    for index, key in enumerate(keys):
        folder = seed_folder(Path(checkpoints), config, sample_batch, key, of_seed(sampler, index))
        found.append(folder.trajectory(start(compiled_part(config), key)))
    return tuple(found)


def _check(config: TrainConfig, keys: Any, sampler: Any, population: Any) -> None:
    if not len(keys):
        raise ValueError("training needs one key per seed; got none")
    for name, tree in (("sampler", sampler), ("population", population)):
        lengths = {np.shape(leaf)[:1] for leaf in jax.tree.leaves(tree)}
        if lengths - {(len(keys),)}:
            raise ValueError(
                f"every array of {name} needs a leading axis of {len(keys)}, one part a seed; "
                f"got lengths {sorted(lengths)}: see stack_seeds"
            )
    if config.stop_excess is not None and population is None:
        raise ValueError(
            "stop_excess compares with the exact answers: give the population of every seed"
        )


def _plan(config: TrainConfig, has_folder: bool) -> Plan:
    """Where a seed pauses: ends of chunks, checks of the excess loss, the grid of a trajectory."""
    chunks = min(config.num_chunks, config.num_steps)
    ends = [config.num_steps * (i + 1) // chunks for i in range(chunks)]
    checks: set[int] = set()
    if config.stop_excess is not None:
        every = max(1, config.num_steps // config.num_checks)
        checks = set(range(every, config.num_steps + 1, every))
    keeps = has_folder or config.keep_trajectory
    grid = set(log_grid(config.num_steps, config.trajectory_growth)) if keeps else set()
    return Plan(ends, checks, grid)


def _train_groups(
    config: TrainConfig, sample_batch: SampleBatch, plan: Plan, seeds: list[Seed], clock: Clock
) -> None:
    """Every group of seeds to its end; on an exception the others end at their next pause."""
    cancelled = threading.Event()

    def one(group: list[Seed]) -> None:
        train_seeds(config, sample_batch, plan, group, clock, cancelled)

    if config.seed_mode != "threads" or len(seeds) == 1:
        for group in _groups(config, seeds):
            one(group)
        return
    compile_loop(config, sample_batch, seeds[0])  # once, not in every thread at the same time
    with ThreadPoolExecutor(config.width) as threads:
        waiting = [threads.submit(one, [seed]) for seed in seeds]
        try:
            for future in waiting:
                future.result()
        except BaseException:
            cancelled.set()
            threads.shutdown(wait=True, cancel_futures=True)
            raise


def _groups(config: TrainConfig, seeds: list[Seed]) -> Iterator[list[Seed]]:
    """One seed at a time, or `width` of them together."""
    size = (config.width or 1) if config.seed_mode == "vmap" else 1
    for begin in range(0, len(seeds), size):
        yield seeds[begin : begin + size]


def _collect(config: TrainConfig, plan: Plan, seeds: list[Seed]) -> Trained:
    def padded(values: list[float]) -> list[float]:
        return values + [np.nan] * (len(plan.ends) - len(values))

    params = jax.tree.map(lambda *leaves: jnp.stack(leaves), *(s.state.params for s in seeds))
    return Trained(
        params=params,
        step=np.asarray(plan.ends),
        loss=np.asarray([padded(seed.loss) for seed in seeds]),
        diverged=np.asarray([bool(seed.problem) for seed in seeds]),
        excess=np.asarray([padded(seed.excess) for seed in seeds]),
        last_step=np.asarray([seed.step for seed in seeds]),
        problem=tuple(seed.problem for seed in seeds),
        trajectory=_trajectories(seeds) if config.keep_trajectory else None,
        config=config,
    )


def _trajectories(seeds: list[Seed]) -> tuple[Trajectory, ...]:
    found = []
    for seed in seeds:
        steps = sorted(seed.trajectory)
        kept = [seed.trajectory[step] for step in steps]
        params = jax.tree.map(lambda *leaves: np.stack(leaves), *kept)
        found.append(Trajectory(np.asarray(steps), params))
    return tuple(found)
