"""How far did training come, in words made from the numbers?"""

import numpy as np

from experiments.architectures.networks import EQUAL, LEVELS
from experiments.architectures.tables import (
    NAMES,
    WORDS,
    architectures,
    comparable,
    counted,
    linear_limit,
    of,
    place,
    worlds,
)
from experiments.architectures.worlds import BAGS, CHAIN
from experiments.results import Results
from experiments.wording import number


def training_words(results: Results) -> str:
    """Parameters, and in how many worlds an architecture meets each level."""
    said = []
    for name in architectures(results):
        sizes = [
            results.values("num_parameters.trained", of(w, name)).max(initial=0)
            for w in worlds(results)
        ]
        counts = [
            len([w for w in worlds(results) if name in comparable(results, w, s)]) for s in LEVELS
        ]
        told = ", ".join(f"{s} {count}" for s, count in zip(LEVELS, counts, strict=True))
        said.append(f"{NAMES[name]} ({min(sizes):.0f} to {max(sizes):.0f} parameters): {told}")
    levels = ", ".join(f"{source} {level:g}" for source, level in LEVELS.items())
    return (
        f"Levels of excess loss as a share of I(x; y): {levels}. Worlds of {len(worlds(results))} "
        f"in which every seed reaches {EQUAL:g} to 1 of the level: {'; '.join(said)}. Reached, "
        f"over all those: {_reached_words(results)}."
    )


def _reached_words(results: Results) -> str:
    said = []
    for source, level in LEVELS.items():
        shares = [
            results.values(f"excess_share.{source}", of(world, name)) / level
            for world in worlds(results)
            for name in comparable(results, world, source)
        ]
        if shares:
            every = np.concatenate(shares)
            said.append(f"{every.min():.3f} to {every.max():.3f} of the level {level:g}")
    return "; ".join(said) or "none"


def convergence_words(results: Results) -> str:
    """How many fits of laws and readouts stopped short of their tolerance."""
    every = np.concatenate(
        [
            values
            for metrics in results.metrics.values()
            for name, values in metrics.items()
            if name.startswith("converged_")
        ]
    )
    return f"Of {len(every)} fits {int((every == 0).sum())} did not converge."


def bilinear_words(results: Results) -> str:
    """What a sum over words can explain, beside what it did."""
    name, said = "log_bilinear", []
    if name not in architectures(results):
        return "The log-bilinear predictor was not trained."
    for world in worlds(results, words=BAGS):
        limit = linear_limit(results, world)
        found = results.interval("explained.late", of(world, name))
        mark = "" if name in counted(results, world) else " (not trained)"
        said.append(f"{place(world)}: {number(found.mean, 3)} of {number(limit.mean, 3)}{mark}")
    most = max(
        results.interval("explained.late", of(world, name)).mean
        for world in worlds(results, words=CHAIN)
    )
    return (
        "The log-bilinear predictor is an affine function of the word counts, whatever it learns. "
        "The share of I(x; y) that it explains, of the share that the best affine function of the "
        f"raw input explains: {'; '.join(said)}; with {WORDS[CHAIN]} "
        f"{number(max(0.0, most), 3)} at most."
    )
