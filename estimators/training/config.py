"""What is trained, with which optimiser, for how long, and how are seeds run side by side?"""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from numbers import Integral, Real
from typing import Any

import numpy as np
import optax

from estimators.predictors.protocol import Predictor

Optimiser = Callable[[optax.Schedule], optax.GradientTransformation]
OPTIMISERS: dict[str, Optimiser] = {"adam": optax.adam, "sgd": optax.sgd}
SCHEDULES = ("cosine", "linear", "constant")
SEED_MODES = ("sequence", "threads", "vmap")
COUNTS = ("num_steps", "batch_size", "num_chunks", "num_checks")
WHOLE = (*COUNTS, "warmup_steps", "width")
NUMBERS = ("learning_rate", "gradient_clip", "stop_excess", "trajectory_growth")
SWITCHES = ("every_prefix", "keep_trajectory")
SWITCH = bool | np.bool_
MAY_BE_NONE = ("width", "gradient_clip", "stop_excess")


@dataclass(frozen=True)
class TrainConfig:
    """What is trained, and for how long.

    Hashable, so that configurations that compile to the same loop share it. Raises ValueError for
    settings that cannot be.
    """

    predictor: Predictor
    """The architecture."""
    num_steps: int = 2000
    """Optimiser steps, a batch each."""
    batch_size: int = 256
    """Samples per step."""
    learning_rate: float = 3e-3
    """Peak rate."""
    num_chunks: int = 10
    """How often progress is reported and stored; does not change the parameters."""
    optimiser: Any = "adam"
    """"adam", "sgd", or a function from an optax schedule to an optax transformation."""
    schedule: str = "cosine"
    """"cosine" and "linear" fall from the peak to zero, "constant" stays."""
    warmup_steps: int = 0
    """Steps in which the rate first rises to its peak."""
    gradient_clip: float | None = None
    """Largest global norm of a gradient."""
    every_prefix: bool = False
    """Predict the next word after every prefix, not only the token after the last word."""
    stop_excess: float | None = None
    """Stop a seed once its excess loss, in nats, is at most this; needs a population to measure."""
    num_checks: int = 50
    """How often during num_steps the excess loss is compared with stop_excess."""
    trajectory_growth: float = 2.0
    """Ratio of the steps 0, 1, … num_steps at which a trajectory holds the parameters."""
    keep_trajectory: bool = False
    """Return the trajectory of every seed; with checkpoints it is written in any case."""
    seed_mode: str | None = None
    """How seeds run: "sequence", "threads" or "vmap"; None: the fixed rule of `resolve`."""
    width: int | None = None
    """How many seeds run at once; None: the fixed rule of `resolve`."""

    def __post_init__(self) -> None:
        _check_kinds(self)
        for name in COUNTS:
            if getattr(self, name) < 1:
                raise ValueError(
                    f"{name} must be a whole number, at least 1; got {getattr(self, name)!r}"
                )
        if not 0 < self.learning_rate < math.inf:
            raise ValueError(f"learning_rate must be positive and finite; got {self.learning_rate}")
        if isinstance(self.optimiser, str):
            _one_of("optimiser", self.optimiser, OPTIMISERS)
        elif not callable(self.optimiser):
            raise ValueError(
                "optimiser must be a name or a function from a schedule to a transformation, as "
                f"optax.adamw is; got {type(self.optimiser).__name__}: name the function, the "
                "schedule comes from learning_rate"
            )
        _one_of("schedule", self.schedule, SCHEDULES)
        if self.seed_mode is not None:
            _one_of("seed_mode", self.seed_mode, SEED_MODES)
        if self.width is not None and self.width < 1:
            raise ValueError(f"width must be at least 1; got {self.width}")
        if not 0 <= self.warmup_steps < self.num_steps:
            raise ValueError(
                f"warmup_steps must be from 0 to below num_steps = {self.num_steps}; "
                f"got {self.warmup_steps}"
            )
        if self.gradient_clip is not None and not self.gradient_clip > 0:
            raise ValueError(f"gradient_clip must be positive; got {self.gradient_clip}")
        if self.stop_excess is not None and not self.stop_excess >= 0:
            raise ValueError(f"stop_excess must not be negative; got {self.stop_excess}")
        if not self.trajectory_growth > 1:
            raise ValueError(f"trajectory_growth must exceed 1; got {self.trajectory_growth}")


def _check_kinds(config: TrainConfig) -> None:
    """Raise ValueError unless there is a predictor and settings are of the kinds they should be."""
    _check_predictor(config.predictor)
    for names, kind, wanted in (
        (WHOLE, Integral, "a whole number"),
        (NUMBERS, Real, "a number"),
        (SWITCHES, SWITCH, "True or False"),
    ):
        for name in names:
            value = getattr(config, name)
            if value is None and name in MAY_BE_NONE:
                continue
            if not isinstance(value, kind) or (kind is not SWITCH and isinstance(value, bool)):
                or_none = ", or None" if name in MAY_BE_NONE else ""
                raise ValueError(f"{name} must be {wanted}{or_none}; got {value!r}")


def _check_predictor(predictor: Any) -> None:
    if isinstance(predictor, type):
        raise ValueError(
            f"predictor must be built with its sizes; got the class {predictor.__name__}: call it, "
            "as in es.MLP(context_length=12, num_tokens=16, dim=15), or give a class of flax.nnx "
            "to es.from_nnx"
        )
    if not isinstance(predictor, Predictor):
        wanted = sorted(name for name in dir(Predictor) if not name.startswith("_"))
        missing = ", ".join(name for name in wanted if not hasattr(predictor, name))
        raise ValueError(
            f"predictor must keep the protocol es.Predictor; {predictor!r} has no {missing}: add "
            "them, or give one such as es.MLP(context_length=12, num_tokens=16, dim=15)"
        )


def _one_of(name: str, value: Any, choices: Any) -> None:
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}; got {value!r}")


def learning_rate_schedule(config: TrainConfig) -> optax.Schedule:
    """The optax schedule step -> learning rate."""
    left = config.num_steps - config.warmup_steps
    peak = config.learning_rate
    falling = {
        "cosine": optax.cosine_decay_schedule(peak, left),
        "linear": optax.linear_schedule(peak, 0.0, left),
        "constant": optax.constant_schedule(peak),
    }[config.schedule]
    if not config.warmup_steps:
        return falling
    lowest = peak / (config.warmup_steps + 1)  # not zero, or the first batch would be wasted
    rising = optax.linear_schedule(lowest, peak, config.warmup_steps)
    return optax.join_schedules([rising, falling], [config.warmup_steps])


def optimiser(config: TrainConfig) -> optax.GradientTransformation:
    """The optax transformation of a configuration."""
    chosen = config.optimiser
    make = OPTIMISERS[chosen] if isinstance(chosen, str) else chosen
    transformation = make(learning_rate_schedule(config))
    if config.gradient_clip is None:
        return transformation
    return optax.chain(optax.clip_by_global_norm(config.gradient_clip), transformation)


def compiled_part(config: TrainConfig) -> TrainConfig:
    """The configuration with everything at its default that the compiled loop does not read."""
    unread = ("num_chunks", "stop_excess", "num_checks", "trajectory_growth", "keep_trajectory")
    unread += ("seed_mode", "width")
    defaults = {field.name: field.default for field in fields(config) if field.name in unread}
    return replace(config, **defaults)
