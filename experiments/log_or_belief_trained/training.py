"""Which networks are trained on the bags of words, and for how long?"""

from collections.abc import Sequence
from dataclasses import dataclass

import estimators as es
from experiments.networks import Network, train_networks

MLP, TRANSFORMER = "mlp", "transformer"
ARCHITECTURES = (MLP, TRANSFORMER)


@dataclass(frozen=True)
class Schedule:
    """How long one architecture is trained; the rate falls as a cosine from its peak to zero."""

    num_steps: int
    learning_rate: float
    warmup_steps: int = 0


@dataclass(frozen=True)
class Training:
    """Both architectures, f having |tokens| − 1 dimensions, and whether they are stopped early."""

    mlp: Schedule = Schedule(1000, 1e-2)
    transformer: Schedule = Schedule(2000, 4e-2, 200)
    hidden: tuple[int, ...] = (64, 64)
    """Of the MLP."""
    num_layers: int = 1
    """Of the transformer."""
    width: int = 16
    """Of the transformer's residual stream; two heads."""
    growth: float = 1.5
    """Ratio of the steps after which a network stopped early is looked at."""
    stops_early: bool = False
    """Whether networks stopped early are looked at."""


def trained_networks(
    training: Training,
    architecture: str,
    num_words: int,
    seeds: Sequence[int],
    populations: Sequence[es.Population],
) -> list[Network]:
    """One network per seed, trained by descending the exact loss of its world's population.

    Raises ValueError for an unknown architecture.
    """
    num_contexts, context_length = populations[0].context.shape
    num_tokens = populations[0].probability.shape[-1]
    schedule = _schedule(training, architecture)
    config = es.TrainConfig(
        _predictor(training, architecture, context_length, num_words, num_tokens),
        schedule.num_steps,
        batch_size=num_contexts,
        learning_rate=schedule.learning_rate,
        warmup_steps=schedule.warmup_steps,
        trajectory_growth=training.growth,
        keep_trajectory=training.stops_early,
        seed_mode="sequence",  # cells already run side by side
    )
    return train_networks(config, seeds, es.whole_population, populations)


def _schedule(training: Training, architecture: str) -> Schedule:
    if architecture not in ARCHITECTURES:
        raise ValueError(
            f"the architecture must be {MLP!r} or {TRANSFORMER!r}; got {architecture!r}: choose "
            "one of them"
        )
    return training.mlp if architecture == MLP else training.transformer


def _predictor(
    training: Training, architecture: str, context_length: int, num_words: int, num_tokens: int
) -> es.Predictor:
    if architecture == MLP:
        return es.MLP(
            context_length=context_length,
            num_tokens=num_tokens,
            dim=num_tokens - 1,
            num_words=num_words,
            hidden=training.hidden,
        )
    return es.Transformer(
        context_length=context_length,
        num_tokens=num_tokens,
        dim=num_tokens - 1,
        num_words=num_words,
        width=training.width,
        num_layers=training.num_layers,
        num_heads=2,
    )
