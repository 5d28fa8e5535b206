"""What do errors that nothing learnt do to the laws, beside what networks do?"""

from typing import Any

import numpy as np

import estimators as es
from experiments.architectures.tables import ends, oracle_gaps, place, worlds
from experiments.architectures.worlds import BAGS, CHAIN
from experiments.results import Results
from experiments.wording import difference, number

Setting = dict[str, Any]

ERRORS = {
    "noise": "noise on the logits",
    "mixed": "mixing with p(y)",
    "tempered": "tempering the logits",
}


def error_words(results: Results) -> str:
    """Three errors on the perfect predictor, beside the networks of their excess loss."""
    said = []
    for world in [*ends(results, BAGS), *ends(results, CHAIN)]:
        told = ", ".join(
            f"{label} {difference(_gap(results, world, error))} (population "
            f"{difference(_gap(results, world, error, 'population'))})"
            for error, label in ERRORS.items()
        )
        said.append(f"{place(world)}: {told}{_networks_words(results, world)}")
    ways = ", ".join(f"{label} in {_alike(results, e)}" for e, label in ERRORS.items())
    return (
        "S of log p less S of p of the perfect predictor with an error of the excess loss that "
        f"trained networks are aimed at, less its own without. {'; '.join(said)}. The way that the "
        f"mean of the networks goes: {ways} of {len(_known(results))} worlds, with an interval off "
        "0."
    )


def error_table(results: Results) -> list[list[str]]:
    """What each error moves in each world, beside the lowest and the highest network."""
    rows = [["world", *ERRORS.values(), "networks, from", "to"]]
    for world in worlds(results):
        means = _network_means(results, world)
        limits = [number(end(means), 3) if means else "–" for end in (min, max)]
        moved = [difference(_gap(results, world, error)) for error in ERRORS]
        rows.append([place(world), *moved, *limits])
    return rows


def _gap(results: Results, world: Setting, error: str, estimate: str = "held_out") -> es.Interval:
    return results.interval(f"oracle_gap.{error}.{estimate}", world)


def _network_means(results: Results, world: Setting) -> list[float]:
    return [gap.mean for where, _, gap in oracle_gaps(results, "trained") if where == world]


def _networks_words(results: Results, world: Setting) -> str:
    means = _network_means(results, world)
    return f"; networks {min(means):+.3f} to {max(means):+.3f}" if means else ""


def _known(results: Results) -> list[tuple[Setting, float]]:
    """The worlds with networks that count as trained, and the mean of what those move."""
    found = [(world, _network_means(results, world)) for world in worlds(results)]
    return [(world, float(np.mean(means))) for world, means in found if means]


def _alike(results: Results, error: str) -> int:
    """In how many worlds an error goes the networks' way, with an interval off 0."""
    found = [(_gap(results, world, error), mean) for world, mean in _known(results)]
    return sum((gap.low > 0 and mean > 0) or (gap.high < 0 and mean < 0) for gap, mean in found)
