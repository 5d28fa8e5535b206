"""How do one or several seeds get from their last step to the end, pause by pause?"""

import threading
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from estimators.training.checkpoints import Record, SeedFolder
from estimators.training.config import TrainConfig, compiled_part
from estimators.training.loop import (
    SampleBatch,
    State,
    all_finite,
    population_excess,
    run,
    run_together,
    start,
)
from estimators.training.progress import Clock

LONGEST_STRETCH = 500  # steps


class Plan(NamedTuple):
    """Steps at which seeds pause: ends of chunks, checks of the excess loss, grid of a trajectory.

    It depends on the configuration alone, so an interrupted run pauses where a whole one does.
    Between them a seed looks up every LONGEST_STRETCH steps, in case it is cancelled.
    """

    ends: list[int]
    checks: set[int]
    grid: set[int]
    num_steps: int

    def pauses(self) -> list[int]:
        """All of them in order, without step 0."""
        breaths = set(range(0, self.num_steps, LONGEST_STRETCH))
        return sorted((set(self.ends) | self.checks | self.grid | breaths) - {0})

    def chunk_begin(self, step: int) -> int:
        """Where the chunk began that ends at or after the step."""
        index = bisect_left(self.ends, step)
        return self.ends[index - 1] if index else 0


@dataclass
class Seed:
    """One seed, and how far it has come."""

    index: int
    key: Any
    sampler: Any
    population: Any
    folder: SeedFolder | None = None
    state: Any = None
    step: int = 0
    loss: list[float] = field(default_factory=list)
    excess: list[float] = field(default_factory=list)
    trajectory: dict[int, Any] = field(default_factory=dict)
    stopped: bool = False
    problem: str = ""

    @property
    def ended(self) -> bool:
        """Whether it stopped early, having learnt enough or diverged."""
        return self.stopped or bool(self.problem)


def train_seeds(
    config: TrainConfig,
    sample_batch: SampleBatch,
    plan: Plan,
    seeds: list[Seed],
    clock: Clock,
    cancelled: threading.Event,
) -> None:
    """Bring seeds that have begun to their end; several at once under vmap, else a single one."""
    first = min(seed.step for seed in seeds)
    for end in plan.pauses():
        active = [seed for seed in seeds if seed.step == first and not seed.ended]
        if end <= first or not active:
            first = max(first, end)
            continue
        if cancelled.is_set():
            return
        states = _advance(config, sample_batch, seeds, first, end)
        for seed, state in zip(seeds, states, strict=False):
            if seed in active:
                clock.took(end - first)
                _pause(config, plan, seed, state, end, clock)
        first = end


def compile_loop(config: TrainConfig, sample_batch: SampleBatch, seed: Seed) -> None:
    """Compile everything that threads will call, by a stretch of no steps."""
    part = compiled_part(config)
    state = start(part, seed.key)
    state = run(part, sample_batch, state, seed.key, seed.sampler, 0, 0)
    if seed.population is not None:
        population_excess(config.predictor, state.params, seed.population)


def begin(config: TrainConfig, plan: Plan, seed: Seed, clock: Clock) -> None:
    """The newest checkpoint, or step 0."""
    seed.state = start(compiled_part(config), seed.key)
    record = seed.folder.newest(seed.state) if seed.folder else None
    if record is None:
        _keep(config, plan, seed)
        return
    seed.step, seed.state = record.step, record.state
    seed.loss, seed.excess = list(record.loss), list(record.excess)
    seed.stopped = record.stopped
    clock.skip(config.num_steps if seed.stopped else seed.step)
    if config.keep_trajectory and seed.folder:
        earlier = seed.folder.trajectory(start(compiled_part(config), seed.key))
        for index, step in enumerate(earlier.step):
            if step <= seed.step:
                seed.trajectory[int(step)] = jax.tree.map(lambda x, i=index: x[i], earlier.params)


def _advance(
    config: TrainConfig, sample_batch: SampleBatch, seeds: list[Seed], first: int, end: int
) -> tuple[State, ...]:
    """The states after steps first … end − 1; under vmap a batch is filled up to its width."""
    part = compiled_part(config)
    if config.seed_mode != "vmap":
        (seed,) = seeds
        return (run(part, sample_batch, seed.state, seed.key, seed.sampler, first, end),)
    filled = seeds + seeds[:1] * ((config.width or 1) - len(seeds))
    return run_together(
        part,
        sample_batch,
        tuple(seed.state for seed in filled),
        tuple(seed.key for seed in filled),
        tuple(seed.sampler for seed in filled),
        first,
        end,
    )


def _pause(
    config: TrainConfig, plan: Plan, seed: Seed, state: State, step: int, clock: Clock
) -> None:
    """Take stock of one seed at a pause; when it diverged, it keeps the state of the one before."""
    problem = _divergence(config, state, step)
    if problem:
        seed.problem = problem
        clock.skip(config.num_steps - step)
        _report(plan, seed, step, np.nan, np.nan, clock)
        return
    seed.state, seed.step = state, step
    chunk_ends, checked = step in plan.ends, step in plan.checks
    if chunk_ends or checked:
        excess = np.nan
        if seed.population is not None:
            excess = float(population_excess(config.predictor, state.params, seed.population))
        limit = config.stop_excess
        seed.stopped = checked and limit is not None and excess <= limit
        if seed.stopped:
            clock.skip(config.num_steps - step)
        if chunk_ends or seed.stopped:
            mean = float(state.loss) / (step - plan.chunk_begin(step))
            _report(plan, seed, step, mean, excess, clock)
            seed.state = state._replace(loss=jnp.zeros_like(state.loss))
    _keep(config, plan, seed)


def _report(plan: Plan, seed: Seed, step: int, loss: float, excess: float, clock: Clock) -> None:
    seed.loss.append(loss)
    seed.excess.append(excess)
    clock.tell(seed.index, step, loss, excess)


def _keep(config: TrainConfig, plan: Plan, seed: Seed) -> None:
    """Store the seed where a chunk or the grid ends; a diverged one never gets here."""
    on_grid = seed.step in plan.grid or seed.stopped
    if seed.folder is not None and (on_grid or seed.step in plan.ends):
        record = Record(seed.step, seed.state, seed.loss, seed.excess, seed.stopped)
        seed.folder.write(record, on_grid=on_grid)
    if config.keep_trajectory and on_grid:
        seed.trajectory[seed.step] = jax.tree.map(np.asarray, seed.state.params)


def _divergence(config: TrainConfig, state: State, step: int) -> str:
    """What went wrong and what to do, or nothing."""
    bad_step = int(state.bad_step)
    if bad_step < 0 and bool(all_finite(state.params)):
        return ""
    what = f"the loss was not finite at step {bad_step}"
    if bad_step < 0:
        what = f"a parameter was not finite after step {step - 1}"
    clip = "" if config.gradient_clip is not None else ", or set gradient_clip"
    lower = f"lower learning_rate, which is {config.learning_rate:g}{clip}"
    if bad_step == 0:
        lower = f"look for tokens outside the vocabulary; else {lower}"
    return f"{what}: {lower}"
