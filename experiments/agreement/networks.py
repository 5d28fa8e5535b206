"""How are the networks of a world trained, and what do they predict at equal excess loss?"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

import estimators as es
from experiments.measures import Truth
from experiments.networks import Network, checkpoints, read, train_networks

START, END = "untrained", "end"
STAGES = {
    "300": 0.3, "100": 0.1, "30": 0.03, "10": 0.01, "3": 0.003, "1": 0.001, "tenth": 1e-4,
    "hundredth": 1e-5,
}  # fmt: skip
MEMBERS = (0, 1)
FITTING = ("mlp", "gru", "transformer")  # the log-bilinear predictor sees no order of words
ARCHITECTURES = (*FITTING, "log_bilinear")
GROWTH = 1.25  # ratio of the steps at which the excess loss is looked at


@dataclass(frozen=True)
class Schedule:
    """How long an architecture is trained, and at which peak of its learning rate (Adam)."""

    num_steps: int
    learning_rate: float


@dataclass(frozen=True)
class Training:
    """How the networks of a world are trained: contexts drawn from p(x), p(y|x) as target.

    The MLP is cheap enough to be trained until the fit is all but perfect; the others are not.
    batch_size: contexts a step. warmup_steps: without them some transformers stay on a plateau
    until the rate falls. hidden: layers of the MLP. width: of the GRU's state and of the
    transformer's stream, which passes two layers.
    """

    mlp: Schedule = Schedule(20000, 1e-2)
    gru: Schedule = Schedule(3000, 2e-2)
    transformer: Schedule = Schedule(1200, 1e-2)
    log_bilinear: Schedule = Schedule(400, 1e-2)
    batch_size: int = 64
    warmup_steps: int = 200
    hidden: tuple[int, ...] = (64, 64)
    width: int = 32


class Course(NamedTuple):
    """A network on its way.

    log_predicted: stage -> log p̂(y|x) [context, token], nats; share: stage -> excess loss as a
    share of I(x; y). Stages: untrained, the first checkpoint whose share is at most that of
    STAGES, and the end of training. A stage that is not reached is missing.
    """

    log_predicted: dict[str, np.ndarray]
    share: dict[str, float]
    diverged: bool


def predictor(name: str, training: Training, num_positions: int, num_tokens: int) -> es.Predictor:
    """An architecture with a representation of |tokens| − 1 dimensions, enough for a perfect fit.

    Positions of the transformer are learned: with rotary ones it needs far longer to find pairs.
    """
    sizes: dict[str, Any] = {"num_words": 2, "num_tokens": num_tokens, "dim": num_tokens - 1}
    if name == "mlp":
        return es.MLP(context_length=num_positions, hidden=training.hidden, **sizes)
    if name == "gru":
        return es.GRU(width=training.width, **sizes)
    if name == "transformer":
        return es.Transformer(
            context_length=num_positions,
            width=training.width,
            num_layers=2,
            num_heads=4,
            positions="learned",
            **sizes,
        )
    if name == "log_bilinear":
        return es.LogBilinear(**sizes)
    raise ValueError(f"an architecture is one of {ARCHITECTURES}; got {name!r}: choose one of them")


def courses(
    name: str, training: Training, exacts: list[Truth], seeds: tuple[int, ...], member: int
) -> list[Course]:
    """One network a world, trained from its own initialisation on its own batches."""
    schedule: Schedule = getattr(training, name)
    config = es.TrainConfig(
        predictor(name, training, exacts[0].context.shape[1], exacts[0].log_predictive.shape[1]),
        schedule.num_steps,
        training.batch_size,
        schedule.learning_rate,
        warmup_steps=training.warmup_steps,
        trajectory_growth=GROWTH,
        keep_trajectory=True,
        seed_mode="sequence",  # cells already run side by side
    )
    populations = [es.population(e.context, e.log_predictive, e.weight) for e in exacts]
    networks = train_networks(config, seeds, es.population_batch, populations, member=member)
    return [course(*pair) for pair in zip(networks, exacts, strict=True)]


def course(network: Network, exact: Truth) -> Course:
    """The stages of one network, from its trajectory."""
    information = es.mutual_information(exact.log_predictive, exact.weight)
    found, share = {}, {}
    waiting = dict(STAGES)

    def keep(stage: str, rows: Float[np.ndarray, "context token"], value: float) -> None:
        found[stage], share[stage] = rows, value

    for _, params in checkpoints(network):
        rows = read(network.predictor, params, exact.context)[1]
        value = es.excess_loss(exact.log_predictive, rows, exact.weight) / information
        if not found:
            keep(START, rows, value)
        for stage in [s for s, level in waiting.items() if value <= level]:
            keep(stage, rows, value)
            del waiting[stage]
        if not network.diverged:
            keep(END, rows, value)
    return Course(found, share, network.diverged)
