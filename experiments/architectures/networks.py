"""How is an architecture trained to several levels of excess loss in one run?"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import estimators as es
from experiments.architectures.worlds import BAGS, NUM_BAG_WORDS, Seen
from experiments.networks import Network, checkpoints, train_networks

ARCHITECTURES = ("log_bilinear", "mlp", "gru", "transformer")
LEVELS = {"early": 0.1, "trained": 0.01, "late": 0.001}  # excess loss as a share of I(x; y)
AIM = 0.97  # the share of a level that is aimed at: float32 errors must not lift it above
EQUAL = 0.7  # excess losses from this share of a level to the level itself are called equal


@dataclass(frozen=True)
class Training:
    """How networks are trained: the exact gradient on all contexts, at a constant rate."""

    num_steps: int = 2000
    """Steps at most; a network that reaches the last level stops."""
    learning_rate: float = 1e-2
    """Of Adam."""
    trajectory_growth: float = 1.03
    """Ratio of the steps at which parameters are kept: how finely a level can be met."""
    hidden: tuple[int, ...] = (48, 48)
    """Layers of the MLP."""
    gru_width: int = 32
    """Width of the GRU."""
    transformer_width: int = 16
    """Width of the transformer's two layers of four heads; its MLPs are twice as wide."""


class Reached(NamedTuple):
    """A network where its excess loss first met a level, or at its end if it never did."""

    params: Any
    step: int


def predictor(
    architecture: str, training: Training, words: str, context_length: int, num_tokens: int
) -> es.Predictor:
    """A network of one architecture, with the dimension of a perfect fit, |tokens| − 1.

    Raises ValueError for another architecture.
    """
    sizes: dict[str, Any] = {
        "num_words": NUM_BAG_WORDS if words == BAGS else 2,
        "num_tokens": num_tokens,
        "dim": num_tokens - 1,
    }
    if architecture == "log_bilinear":
        return es.LogBilinear(**sizes)
    if architecture == "mlp":
        return es.MLP(context_length=context_length, hidden=training.hidden, **sizes)
    if architecture == "gru":
        return es.GRU(width=training.gru_width, **sizes)
    if architecture == "transformer":
        width = training.transformer_width
        return es.Transformer(
            context_length=context_length, width=width, num_layers=2, mlp_ratio=2, **sizes
        )
    raise ValueError(
        f"architecture must be one of {', '.join(ARCHITECTURES)}; got {architecture!r}"
    )


def train(chosen: es.Predictor, training: Training, world: Seen, seed: int) -> Network:
    """One network of one seed, trained until its excess loss is below the last level.

    The limit is a share of this world's own I(x; y); it is no part of the compiled loop.
    """
    inside = world.instance
    information = es.mutual_information(inside.log_predictive, inside.weight)
    population = es.population(world.context, inside.log_predictive, inside.weight)
    config = es.TrainConfig(
        chosen,
        training.num_steps,
        batch_size=1,  # not read: every step sees all contexts
        learning_rate=training.learning_rate,
        num_chunks=1,
        schedule="constant",  # so that a level is met at the same step however long one may train
        stop_excess=AIM * LEVELS["late"] * information,
        num_checks=max(1, training.num_steps // 10),
        keep_trajectory=True,
        trajectory_growth=training.trajectory_growth,
        seed_mode="sequence",  # cells already run side by side
    )
    samplers = [population]
    return train_networks(config, [seed], es.whole_population, samplers, populations=samplers)[0]


def at_levels(network: Network, world: Seen) -> dict[str, Reached]:
    """The network where its excess loss falls below each level, by bisection of its trajectory.

    At the step before among those kept it lies above the level. A level that the end of training
    does not reach gives the end of training.
    """
    inside, kept = world.instance, checkpoints(network)
    population = es.population(world.context, inside.log_predictive, inside.weight)
    information = es.mutual_information(inside.log_predictive, inside.weight)

    def share(index: int) -> float:
        excess = es.population_excess(network.predictor, kept[index][1], population)
        return float(excess) / information

    last = len(kept) - 1
    lowest, found = share(last), {}
    for name, level in LEVELS.items():
        above, below = -1, last
        while lowest <= level and below - above > 1:
            middle = (above + below) // 2
            if share(middle) <= AIM * level:
                below = middle
            else:
                above = middle
        step, params = kept[below]
        found[name] = Reached(params, step)
    return found
