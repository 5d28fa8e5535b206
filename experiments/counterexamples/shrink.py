"""How does a world that a search found become one that a person can check by hand?

`python -m experiments.counterexamples.shrink FOLDER [NAME …]` searches, shrinks and writes worlds;
the committed ones are frozen and came of it at the time. Each row is rounded to few digits, words
are left out, single entries become powers of ten; a step is kept while the assumptions hold and at
least KEPT of the violation stays.
"""

import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

import latentgen as lg
from experiments.counterexamples.cell import (
    CARDINALITIES,
    FAMILIES,
    best_start,
    limits,
    objective,
)
from experiments.counterexamples.search import NUM_UPPER, Limits, search
from experiments.counterexamples.world import law_numbers, numbers
from latentgen.rational import RationalWorld, Row, rounded_row

KEPT = 0.9
SEEDS, NUM_STARTS, NUM_STEPS = tuple(range(1000, 1020)), 8, 1500
MOST_DIGITS = 6
ENOUGH = 1e-4  # r of a world in which the law holds


class Recipe(NamedTuple):
    """Which search a committed world comes from."""

    note: str
    assumption: str
    target: str
    direction: str
    level: float
    family: str
    floor: float


RECIPES = {
    "counterexample-mean": Recipe(
        "E ε is at most 1/100, and the residual of the paper's own A varies more than f.",
        *("mean", "own_map", "worst", 1e-2, "2 configurations", 1e-4),
    ),
    "counterexample-pinned": Recipe(
        "Every token pins c in every context up to 1/100, contexts alone leave c open, and the "
        "residual of the paper's own A varies more than f.",
        *("pinned", "own_map", "worst", 1e-2, "2 configurations", 1e-6),
    ),
    "counterexample-any-map": Recipe(
        "Every token pins c in every context up to 1/100, contexts alone leave c open, and no "
        "affine map of log p(c|x) explains more than 11 % of I(x;y).",
        *("pinned", "any_map", "worst", 1e-2, "3 configurations", 1e-9),
    ),
    "counterexample-coverage": Recipe(
        "ε, δ and the total variation are at most 1/10 throughout, and the residual of the "
        "paper's own A varies more than f.",
        *("coverage", "own_map", "worst", 1e-1, "2 configurations", 1e-4),
    ),
    "counterexample-coverage-any-map": Recipe(
        "ε, δ and the total variation are at most 1/10 throughout, and no affine map of "
        "log p(c|x) explains half of I(x;y).",
        *("coverage", "any_map", "worst", 1e-1, "2 configurations", 1e-9),
    ),
    "holds-anchored": Recipe(
        "Every token names its configuration in every context up to 1/100, contexts leave c "
        "open, and the paper's own A leaves almost nothing.",
        *("anchored", "own_map", "best", 1e-2, "2 configurations", 1e-4),
    ),
}


def meets(found: dict[str, float], asked: Limits) -> bool:
    """Whether every limit is met."""
    pairs = [(found[name], limit) for name, limit in asked._asdict().items()]
    below = all(value <= limit for value, limit in pairs[:NUM_UPPER])
    return below and all(value >= limit for value, limit in pairs[NUM_UPPER:])


def violation(model: lg.ConceptModel, target: str) -> float:
    """r, or 1 − S from the convex fit."""
    if target == "own_map":
        return numbers(model)["own_map"]
    return 1 - law_numbers(model)["score_log_posterior"]


def shrunk(world: RationalWorld, keeps: Callable[[RationalWorld], bool]) -> RationalWorld:
    """The world after every simplification that `keeps` allows, tried until none is left.

    A simplification makes the numbers of the whole world easier to read, so that it comes to an
    end.
    """
    changed = True
    while changed:
        changed = False
        for simpler in _simplifications(world):
            if cost(simpler) < cost(world) and keeps(simpler):
                world, changed = simpler, True
                break
    return world


def cost(world: RationalWorld) -> int:
    """How hard a world's numbers are to read: their digits, and one for each that is no 1, 2, 5."""
    rows = [world.prior, *world.token, *(row for table in world.words for row in table)]
    return sum(sum(_cost(value)) for row in rows for value in row)


def from_floats(
    prior: np.ndarray, words: list[np.ndarray], token: np.ndarray, recipe: Recipe, digits: int
) -> RationalWorld:
    """The tables of a search, rounded to a number of digits."""

    def table(rows: np.ndarray) -> tuple[Row, ...]:
        return tuple(rounded_row(row, digits) for row in rows)

    sizes = CARDINALITIES[recipe.family]
    rounded = rounded_row(prior, digits), tuple(map(table, words)), table(token)
    return RationalWorld(recipe.note, sizes, *rounded)


def _simplifications(world: RationalWorld) -> Iterator[RationalWorld]:
    """Worlds a step simpler: a word left out, or an entry that needs fewer digits."""
    for position, table in enumerate(world.words):
        for word in range(len(table[0])):
            if len(table[0]) > 2 and len(world.words) == 1:
                rows = tuple(_without(row, word) for row in table)
                if all(row is not None for row in rows):
                    yield world._replace(words=_replaced(world.words, position, rows))
    for prior in _simpler_rows(world.prior):
        yield world._replace(prior=prior)
    for token in _simpler_tables(world.token):
        yield world._replace(token=token)
    for position, table in enumerate(world.words):
        for simpler in _simpler_tables(table):
            yield world._replace(words=_replaced(world.words, position, simpler))


def _replaced(items: tuple, index: int, new: object) -> tuple:
    return (*items[:index], new, *items[index + 1 :])


def _without(row: Row, word: int) -> Row | None:
    """A row without one of its outcomes, which the largest of the others takes over."""
    rest = [*row[:word], *row[word + 1 :]]
    largest = max(range(len(rest)), key=lambda index: rest[index])
    rest[largest] += row[word]
    return tuple(rest)


def _simpler_tables(table: tuple[Row, ...]) -> Iterator[tuple[Row, ...]]:
    for index, row in enumerate(table):
        for simpler in _simpler_rows(row):
            yield _replaced(table, index, simpler)


def _simpler_rows(row: Row) -> Iterator[Row]:
    """All but the largest entry, one at a time, at fewer digits or as a power of ten."""
    largest = max(range(len(row)), key=lambda index: row[index])
    for index, value in enumerate(row):
        if index == largest:
            continue
        for simpler in _simpler_numbers(value):
            changed = list(row)
            changed[index] = simpler
            changed[largest] = row[largest] + value - simpler
            if changed[largest] > 0:
                yield tuple(changed)


def _simpler_numbers(value: Fraction) -> Iterator[Fraction]:
    size = _cost(value)
    exponent = int(np.floor(np.log10(float(value))))
    power = Fraction(10) ** exponent
    wanted = [power, 10 * power, 5 * power, 2 * power]
    wanted += [Fraction(f"{float(value):.{digits}e}") for digits in range(3)]
    yield from (new for new in wanted if new < 1 and _cost(new) < size)


def _cost(value: Fraction) -> tuple[int, int]:
    """How hard a number is to read: significant digits, then the leading ones."""
    digits = f"{float(value):.12e}".split("e")[0].replace(".", "").rstrip("0")
    return len(digits), int(digits or 0) not in (1, 5, 2)


def made(name: str) -> RationalWorld:
    """The committed world of this name: searched, rounded, shrunk."""
    recipe = RECIPES[name]
    asked = limits(recipe.assumption, recipe.level, recipe.direction)
    aim = objective(recipe.target, recipe.direction)
    found = search(SEEDS, NUM_STARTS, FAMILIES[recipe.family], asked, aim, NUM_STEPS, recipe.floor)
    candidates = []
    for seed in range(len(SEEDS)):
        start = best_start(found, recipe.target, recipe.direction, seed)
        if start is not None:
            tables = jax.tree.map(lambda table, at=(seed, start): np.exp(table[at]), found.tables)
            exact = from_floats(tables.prior, list(tables.words), tables.token, recipe, 12)
            candidates.append((violation(exact.model(), recipe.target), tables))
    pick = max if recipe.direction == "worst" else min
    reached, tables = pick(candidates, key=lambda candidate: candidate[0])

    def keeps(world: RationalWorld) -> bool:
        model = world.model()
        if not meets(numbers(model), asked):
            return False
        value = violation(model, recipe.target)
        return value >= KEPT * reached if recipe.direction == "worst" else value <= ENOUGH

    for digits in range(1, MOST_DIGITS + 1):
        try:
            world = from_floats(tables.prior, list(tables.words), tables.token, recipe, digits)
        except ValueError:  # nothing was left for the largest entry of some row
            continue
        if keeps(world):
            return shrunk(world, keeps)
    raise ValueError(
        f"{name} cannot be rounded to {MOST_DIGITS} digits: search with a higher floor"
    )


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for name in sys.argv[2:] or RECIPES:
        (folder / f"{name}.json").write_text(made(name).json(), encoding="utf-8")
        print(name, flush=True)
