"""What would larger settings cost, at the rate at which measured ones do?"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from experiments.results import Results
from experiments.scale.cell import ScaleCell
from experiments.scale.tables import Setting

PARTS: tuple[str, ...] = ("exact", "oracle", "training", "reading")


class Rate(NamedTuple):
    """CPU seconds of a part in a seed: factor · 2^(doublings · m), fitted to medians over seeds."""

    factor: float
    doublings: float

    def seconds(self, num_concepts: int) -> float:
        """CPU seconds at a number of concepts."""
        return self.factor * 2 ** (self.doublings * num_concepts)


def rates(results: Results, settings: Sequence[Setting]) -> dict[str, Rate]:
    """The rate of every part, training per step of the optimiser; needs two settings or more."""
    found = {}
    for part in PARTS:
        seconds = [results.interval(f"seconds.{part}", setting).median for setting in settings]
        if part == "training":
            steps = [results.interval("num_steps.trained", setting).median for setting in settings]
            seconds = list(np.divide(seconds, steps))
        num_concepts = [setting["num_concepts"] for setting in settings]
        doublings, log2 = np.polyfit(num_concepts, np.log2(seconds), 1)
        found[part] = Rate(float(2**log2), float(doublings))
    return found


def extrapolated(
    found: Mapping[str, Rate], cells: Sequence[ScaleCell], measured: Mapping[str, Any]
) -> dict[str, float]:
    """CPU seconds of every part of some cells, as if every rate went on: an extrapolation.

    measured: the config of a stored cell with training, as stored. Contexts that are scored,
    weights between the hidden layers and samples of a batch multiply its rates; tokens and
    dimensions do not enter.
    """
    training = measured["training"]
    size = training["batch_size"] * _weights(training["hidden"])
    total = dict.fromkeys(PARTS, 0.0)
    for cell in cells:
        contexts = len(cell.seeds) * cell.num_contexts / measured["num_contexts"]
        parts = {part: contexts for part in PARTS if part != "training"}
        if cell.training is None:
            del parts["reading"]
        else:
            width = cell.training.batch_size * _weights(cell.training.hidden) / size
            parts["training"] = len(cell.seeds) * cell.training.num_steps * width
        for part, times in parts.items():
            total[part] += times * found[part].seconds(cell.num_concepts)
    return total


def _weights(hidden: Sequence[int]) -> float:
    """Weights between the hidden layers."""
    return float(np.dot(hidden[:-1], hidden[1:]))
