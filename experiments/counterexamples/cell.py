"""What is searched under which assumptions, and what is measured where a search ends?"""

from collections.abc import Hashable
from dataclasses import dataclass

import jax
import numpy as np

import latentgen as lg
from experiments.counterexamples.search import Found, Limits, Objective, Shape, search
from experiments.counterexamples.world import (
    law_numbers,
    numbers,
    rival_numbers,
    sharpened,
    view,
)
from experiments.experiment import CellResult, by_name
from latentgen import rational

FAMILIES = {
    "2 configurations": Shape(2, 3, (5,)),
    "3 configurations": Shape(3, 4, (6,)),
    "4 configurations": Shape(4, 5, (3, 3)),
}
CARDINALITIES = {"2 configurations": (2,), "3 configurations": (3,), "4 configurations": (2, 2)}
ASSUMPTIONS = ("mean", "pinned", "coverage", "anchored")
NOT_TRIVIAL = 0.01  # worlds in which the law holds best must leave so much beyond the argmax
OPEN_CONTEXTS = 0.2  # E_x[1 − max_c p(c|x)] at least: the context alone does not fix c
TOLD = 1e-3  # nats of I(x;y) at least, where logits are not bound to be small


@dataclass(frozen=True)
class CounterexamplesCell:
    """One search (panel search) or one committed world (panels world, sharpened).

    In the panel sharpened level is the power of `world.sharpened`, else ε0.
    assumption: one of ASSUMPTIONS, with limit ε0 = level. target: what is made large (direction
    worst) or small (best): own_map, any_map or beyond_argmax; none for random worlds.
    """

    panel: str
    world: str
    assumption: str
    target: str
    direction: str
    level: float
    family: str
    num_starts: int
    num_steps: int
    floor: float
    seeds: tuple[int, ...]


def shape(cell: CounterexamplesCell) -> Hashable:
    """Searches of one family share their compiled function."""
    return cell.family, cell.num_starts, cell.num_steps


def limits(assumption: str, level: float, direction: str) -> Limits:
    """The limits that an assumption sets at a level.

    mean: E ε ≤ ε0 (v3 to the letter). pinned: ε ≤ ε0 for every context and token, while contexts
    alone leave c open. coverage: ε ≤ ε0 for all, δ ≤ ε0, total variation ≤ ε0 (v4). anchored: as
    pinned, and a token names the same configuration in every context.
    """
    asked = {
        "mean": Limits(epsilon=level, token_information=TOLD),
        "pinned": Limits(
            worst_epsilon=level, context_epsilon=OPEN_CONTEXTS, token_information=TOLD
        ),
        "coverage": Limits(worst_epsilon=level, coverage=level, variation=level),
        "anchored": Limits(anchor=level, context_epsilon=OPEN_CONTEXTS, token_information=TOLD),
    }[assumption]
    return asked._replace(beyond_argmax=NOT_TRIVIAL) if direction == "best" else asked


def objective(target: str, direction: str) -> Objective:
    """What the search increases."""
    sign = {"worst": 1.0, "best": -1.0, "random": 0.0}[direction]
    return Objective(**{} if target == "none" else {target: sign})


def compute(cell: CounterexamplesCell) -> CellResult:
    """Search with every seed, or measure a committed world."""
    if cell.panel == "world":
        return _committed(rational.stored(cell.world))
    if cell.panel == "sharpened":
        sharp = sharpened(rational.stored(cell.world), int(cell.level)).model()
        return CellResult(by_name([_exact(sharp)]), {})
    found = search(
        cell.seeds,
        cell.num_starts,
        FAMILIES[cell.family],
        limits(cell.assumption, cell.level, cell.direction),
        objective(cell.target, cell.direction),
        cell.num_steps,
        cell.floor,
    )
    rows = [_best_of_seed(cell, found, index) for index in range(len(cell.seeds))]
    return CellResult(by_name(rows), {})


def model(tables: object, family: str) -> lg.ConceptModel:
    """A world found, through the ordinary constructor."""
    prior, words, token = jax.tree.map(np.exp, tables)
    space = lg.ConceptSpace(CARDINALITIES[family])
    return lg.ConceptModel.from_tables(space, prior, np.stack(words), token)


def best_start(found: Found, target: str, direction: str, seed: int) -> int | None:
    """Which start of a seed ended furthest, of those that met all assumptions; None without any."""
    met = np.flatnonzero(found.met[seed])
    if not met.size:
        return None
    if target == "none":
        return int(met[0])
    value = getattr(found.measures, target)[seed, met]
    return int(met[value.argmax() if direction == "worst" else value.argmin()])


def _best_of_seed(cell: CounterexamplesCell, found: Found, seed: int) -> dict[str, float]:
    row = {"met.found": float(found.met[seed].mean())}
    start = best_start(found, cell.target, cell.direction, seed)
    if start is None:
        return row
    tables = jax.tree.map(lambda table: table[seed, start], found.tables)
    made = model(tables, cell.family)
    measured = numbers(made) | law_numbers(made)
    row |= {f"{name}.found": value for name, value in measured.items()}
    row["missed.found"] = 1 - measured["score_log_posterior"]
    row["change.found"] = float(found.change[seed, start])
    return row


def _exact(made: lg.ConceptModel) -> dict[str, float]:
    measured = numbers(made) | law_numbers(made) | rival_numbers(made)
    row = {f"{name}.exact": value for name, value in measured.items()}
    return row | {"missed.exact": 1 - row["score_log_posterior.exact"]}


def _committed(world: rational.RationalWorld) -> CellResult:
    """All numbers of a committed world, and what a drawing of it needs, name by name."""
    made = world.model()
    row = _exact(made)
    seen = view(made)
    row |= {f"weight.exact.{x}": value for x, value in enumerate(seen.weight)}
    tables = {
        "log_belief": seen.log_belief,
        "logit": seen.logit,
        "claimed": seen.claimed,
        "token": np.array(world.token, np.float64),
        "word": np.array(world.words[0], np.float64),
    }
    for name, table in tables.items():
        for index, value in np.ndenumerate(table):
            row[f"{name}.exact.{index[0]}.{index[1]}"] = value
    return CellResult(by_name([{name: float(value) for name, value in row.items()}]), {})
