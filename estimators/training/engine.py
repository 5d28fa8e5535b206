"""How is a predictor trained, once per seed?"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from estimators.training.checkpoints import Trajectory, log_grid, seed_folder
from estimators.training.checks import check_keys, check_training
from estimators.training.config import TrainConfig, compiled_part
from estimators.training.identity import run_identity, seed_identity
from estimators.training.loop import SampleBatch, start
from estimators.training.progress import Clock, Progress
from estimators.training.run import Plan, Seed, begin, compile_loop, train_seeds
from estimators.training.seeds import of_seed, resolve


class Trained(NamedTuple):
    """What training returns, seeds first.

    params: parameters with a leading axis [seed, …], of a diverged seed those of its last pause
    before; step [chunk] at which a chunk ends; loss [seed, chunk], mean cross-entropy in nats over
    the chunk's batches, NaN after a seed stopped; diverged [seed]: whether the loss or a parameter
    became NaN or infinite; excess [seed, chunk] above the Bayes loss at the end of a chunk, nats,
    NaN without a population; last_step [seed]: the steps behind params. The last finite loss and
    excess of a seed that stopped early are of last_step, not of the end of their chunk. problem
    [seed]: "" or what went wrong, at which step, and a remedy; trajectory: one a seed if the
    configuration keeps it; config: with seed_mode and width as run.
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
    vmap sums run in another order, and float32 parameters part slowly. (On an accelerator the
    same bits need its deterministic operations, such as XLA's --xla_gpu_deterministic_ops.)

    population: a `Population` with a leading seed axis, on which the excess loss is measured at
    the end of chunks, and where stop_excess is compared. checkpoints: a folder to write to and to
    go on from; a run that was interrupted ends with the bits of one that was not. progress is
    called at the end of chunks, from several threads but never at once (`print_progress`).
    An exception, Ctrl-C among them, ends all seeds within 500 steps. Raises ValueError for
    data that do not fit the predictor, a checkpoint of another run, and stop_excess without a
    population.
    """
    check_training(config, keys, sample_batch, sampler, population, progress)
    config = resolve(config)
    seeds = _seeds(keys, sampler, population)
    if checkpoints is not None:
        _name_folders(config, sample_batch, seeds, Path(checkpoints))
    plan = _plan(config, checkpoints is not None)
    clock = Clock(len(seeds), config.num_steps, progress)
    for seed in seeds:  # all of them first: a checkpoint of another run is refused before any step
        begin(config, plan, seed, clock)
    _train_groups(config, sample_batch, plan, seeds, clock)
    return _collect(config, plan, seeds)


def initial_params(config: TrainConfig, keys: Any) -> Any:
    """The parameters [seed, …] that `train` starts from with the same keys: the untrained null."""
    check_keys(keys)
    started = [start(compiled_part(config), key).params for key in keys]
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *started)


def load_trajectory(
    config: TrainConfig,
    keys: Any,
    sample_batch: SampleBatch,
    sampler: Any,
    checkpoints: Path | str,
    *,
    population: Any = None,
) -> tuple[Trajectory, ...]:
    """The trajectory of every seed that `train` wrote with the same arguments.

    Raises ValueError where there is none, and for checkpoints of another run.
    """
    check_training(config, keys, sample_batch, sampler, population, None)
    config = resolve(config)
    seeds = _seeds(keys, sampler, population)
    _name_folders(config, sample_batch, seeds, Path(checkpoints))
    template = start(compiled_part(config), keys[0])
    return tuple(seed.folder.trajectory(template) for seed in seeds if seed.folder)


def _seeds(keys: Any, sampler: Any, population: Any) -> list[Seed]:
    return [
        Seed(
            index=index,
            key=key,
            sampler=of_seed(sampler, index),
            population=None if population is None else of_seed(population, index),
        )
        for index, key in enumerate(keys)
    ]


def _name_folders(
    config: TrainConfig, sample_batch: SampleBatch, seeds: list[Seed], folder: Path
) -> None:
    """Give every seed its folder; ValueError when two would write to the same one."""
    named: dict[Path, int] = {}
    shared = run_identity(config, sample_batch)
    for seed in seeds:
        identity = shared | seed_identity(seed.key, seed.sampler, seed.population)
        seed.folder = seed_folder(folder, identity)
        other = named.setdefault(seed.folder.path, seed.index)
        if other != seed.index:
            raise ValueError(
                f"seeds {other} and {seed.index} have the same key and sampler, hence the same "
                "checkpoints: train it once"
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
    return Plan(ends, checks, grid, config.num_steps)


def _train_groups(
    config: TrainConfig, sample_batch: SampleBatch, plan: Plan, seeds: list[Seed], clock: Clock
) -> None:
    """Every group of seeds to its end; on an exception the others end at their next pause."""
    cancelled = threading.Event()

    def one(group: list[Seed]) -> None:
        try:
            train_seeds(config, sample_batch, plan, group, clock, cancelled)
        except BaseException:
            cancelled.set()
            raise

    if config.seed_mode != "threads" or len(seeds) == 1:
        for group in _groups(config, seeds):
            one(group)
        return
    compile_loop(config, sample_batch, seeds[0])  # once, not in every thread at the same time
    with ThreadPoolExecutor(config.width) as threads:
        waiting = [threads.submit(one, [seed]) for seed in seeds]
        try:
            wait(waiting, return_when=FIRST_EXCEPTION)
        except BaseException:  # an interrupt reaches the thread that waits
            cancelled.set()
            raise
    for future in waiting:
        future.result()


def _groups(config: TrainConfig, seeds: list[Seed]) -> Iterator[list[Seed]]:
    """One seed at a time, or `width` of them together."""
    size = (config.width or 1) if config.seed_mode == "vmap" else 1
    for first in range(0, len(seeds), size):
        yield seeds[first : first + size]


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
