"""What is measured in one world, for one block of seeds?

Names of metrics are quantity.source.estimate[.concept]. Of quantities, score_law is S of a law,
score_site_name that of what a site holds; identity and softmax are the
variance of p(c|x) that each link explains and readout the information that softmax explains; all
three are of the last prefix, or _pooled (one map for all prefixes), _prefix_t (at one prefix) or
_step_n (at one checkpoint, last prefix). estimate: held_out (by distinct prefix; NaN when
saturated), population, or one_map (that of _pooled, held out, scored at one prefix).
"""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

import estimators as es
from estimators.training.config import learning_rate_schedule
from experiments.experiment import CellResult, by_name
from experiments.layers.exact import exact_metrics
from experiments.layers.trained import network_metrics
from experiments.layers.worlds import (
    KEYED,
    MESS3,
    NUM_LETTERS,
    Sequences,
    keyed_sequences,
    mess3_sequences,
)
from experiments.networks import train_networks
from experiments.scores import apart


@dataclass(frozen=True)
class Training:
    """How the transformers of a cell are trained: on exact next words after every prefix."""

    num_steps: int
    batch_size: int = 64
    learning_rate: float = 3e-3
    warmup_steps: int = 100
    width: int = 32
    num_layers: int = 2
    num_heads: int = 4
    growth: float = 2.0  # ratio of the steps of neighbouring checkpoints


@dataclass(frozen=True)
class LayersCell:
    """One world and one block of seeds."""

    world: str
    num_words: int
    flip_low: float
    flip_high: float
    replace_rate: float
    training: Training
    seeds: tuple[int, ...]


def shape(cell: LayersCell) -> Hashable:
    """Cells of one world and one training share a compiled loop."""
    return cell.world, cell.num_words, cell.training


def compute(cell: LayersCell) -> CellResult:
    """Measure every seed of a cell; each seed draws its own world, and its own training key."""
    found = [sequences(cell, seed) for seed in cell.seeds]
    config = train_config(cell)
    populations = [one.population() for one in found]
    networks = train_networks(config, cell.seeds, es.population_batch, populations)
    rate = np.array([learning_rate_schedule(config)(n) for n in range(config.num_steps)])
    rows = [
        apart(exact_metrics(one, seed), network_metrics(predictor(cell), one, network, rate, seed))
        for one, network, seed in zip(found, networks, cell.seeds, strict=True)
    ]
    return CellResult(by_name(rows), {"step": networks[0].step})


def sequences(cell: LayersCell, seed: int) -> Sequences:
    """The world of one seed. Raises ValueError for another world than the two."""
    if cell.world == MESS3:
        return mess3_sequences(seed, cell.num_words)
    flips = cell.flip_low, cell.flip_high
    if cell.world == KEYED:
        return keyed_sequences(seed, asked(cell.num_words), flips, cell.replace_rate)
    raise ValueError(
        f"the world must be {KEYED!r} or {MESS3!r}; got {cell.world!r}: choose one of them"
    )


def asked(num_words: int) -> tuple[int, ...]:
    """Which concept each pair of words tells: the two in turn."""
    return tuple(pair % 2 for pair in range(num_words // 2))


def predictor(cell: LayersCell) -> es.Transformer:
    """The transformer of a cell."""
    training, num_letters = cell.training, NUM_LETTERS[cell.world]
    return es.Transformer(
        num_words=num_letters,
        num_tokens=num_letters,
        dim=num_letters - 1,
        context_length=cell.num_words,
        width=training.width,
        num_layers=training.num_layers,
        num_heads=training.num_heads,
        positions="learned",
    )


def train_config(cell: LayersCell) -> es.TrainConfig:
    """How the networks of a cell are trained."""
    training = cell.training
    return es.TrainConfig(
        predictor(cell),
        training.num_steps,
        training.batch_size,
        training.learning_rate,
        warmup_steps=min(training.warmup_steps, training.num_steps - 1),
        every_prefix=True,
        keep_trajectory=True,
        trajectory_growth=training.growth,
        seed_mode="sequence",  # cells already run side by side
    )
