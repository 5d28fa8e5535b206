"""In what order are the factors of a sparse world multiplied and summed, and does that fit?"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import opt_einsum

MAX_CONTRACTION_BYTES = 2**30

Scope = tuple[int, ...]  # variables, ascending


class Step(NamedTuple):
    """Multiply some operands and sum out what no later step needs.

    inputs: numbers of operands, first those given, then those that earlier steps made. scope:
    the variables that the result keeps.
    """

    inputs: tuple[int, ...]
    scope: Scope


class Path(NamedTuple):
    """An order of products and sums; hashable, so that it can be static under jit.

    scopes: the variables of each operand given, its axes in that order. steps: the last one makes
    the answer. Sizes for one context: num_products, all that is multiplied; num_entries, of all
    operands and intermediates; num_largest, of the largest product before it is summed.
    """

    scopes: tuple[Scope, ...]
    steps: tuple[Step, ...]
    num_products: int
    num_entries: int
    num_largest: int

    @property
    def every_scope(self) -> tuple[Scope, ...]:
        """The scopes of the operands given and of those that each step makes."""
        return (*self.scopes, *[step.scope for step in self.steps])


@lru_cache(maxsize=256)
def plan(sizes: tuple[int, ...], scopes: tuple[Scope, ...], output: Scope) -> Path:
    """The path with the fewest products that leaves the output variables.

    sizes: how many values each variable has. The axis of contexts is left out, as they all take
    the same path. Of two paths the cheaper is taken: opt_einsum's, which is best for few
    operands, and the elimination of variables that adds the fewest edges, for many.
    """
    by_pairs = _from_pairs(sizes, scopes, output, _opt_einsum_pairs(sizes, scopes, output))
    order = _elimination_order(sizes, scopes, output)
    by_variables = _from_pairs(sizes, scopes, output, _elimination_pairs(sizes, scopes, order))
    return min(by_pairs, by_variables, key=lambda path: (path.num_products, path.num_largest))


def _opt_einsum_pairs(
    sizes: tuple[int, ...], scopes: tuple[Scope, ...], output: Scope
) -> list[tuple[int, ...]]:
    """opt_einsum's path; its positions shift as operands are used up, these numbers do not."""
    symbols = [opt_einsum.get_symbol(variable) for variable in range(len(sizes))]
    terms = ["".join(symbols[variable] for variable in scope) for scope in (*scopes, output)]
    shapes = [tuple(sizes[variable] for variable in scope) for scope in scopes]
    equation = ",".join(terms[:-1]) + "->" + terms[-1]
    path, _ = opt_einsum.contract_path(equation, *shapes, shapes=True, optimize="auto")
    left, pairs = list(range(len(scopes))), []
    for positions in path:
        inputs = tuple(left[position] for position in positions)
        left = [operand for operand in left if operand not in inputs]
        left.append(len(scopes) + len(pairs))
        pairs.append(inputs)
    return pairs


def _elimination_order(
    sizes: tuple[int, ...], scopes: tuple[Scope, ...], output: Scope
) -> list[int]:
    """Variables one after another, each the one whose neighbours lack the fewest edges."""
    neighbours: dict[int, set[int]] = {variable: set() for scope in scopes for variable in scope}
    for scope in scopes:
        for variable in scope:
            neighbours[variable].update(set(scope) - {variable})

    def cost(variable: int) -> tuple[int, int, int]:
        near = neighbours[variable]
        missing = sum(second not in neighbours[first] for first, second in combinations(near, 2))
        return missing, _num_entries(sizes, near), variable

    costs = {variable: cost(variable) for variable in neighbours.keys() - set(output)}
    order = []
    while costs:
        chosen = min(costs.values())[-1]
        del costs[chosen]
        near = neighbours.pop(chosen)
        for variable in near:
            neighbours[variable] |= near
            neighbours[variable] -= {variable, chosen}
        for variable in near.union(*[neighbours[variable] for variable in near]) & costs.keys():
            costs[variable] = cost(variable)
        order.append(chosen)
    return order


def _elimination_pairs(
    sizes: tuple[int, ...], scopes: tuple[Scope, ...], order: Sequence[int]
) -> list[tuple[int, ...]]:
    """For each variable multiply all that contains it; at last whatever is left.

    The smallest operand is multiplied first, by the one with which the product is smallest. A
    variable is summed in the last of its products, as no later one needs it.
    """
    left: dict[int, set[int]] = {number: set(scope) for number, scope in enumerate(scopes)}
    pairs: list[tuple[int, ...]] = []

    def multiply(numbers: Iterable[int]) -> None:
        together = set(numbers)
        while len(together) > 1:
            first = min(together, key=lambda number: (_num_entries(sizes, left[number]), number))
            scope = left.pop(first)
            together.remove(first)
            other = min(together, key=lambda n: (_num_entries(sizes, left[n] | scope), n))
            together.remove(other)
            together.add(len(scopes) + len(pairs))
            left[len(scopes) + len(pairs)] = left.pop(other) | scope
            pairs.append((first, other))

    for variable in order:
        multiply([number for number, scope in left.items() if variable in scope])
        for scope in left.values():
            scope.discard(variable)
    multiply(left)
    return pairs or [(0,)]


def _from_pairs(
    sizes: tuple[int, ...],
    scopes: tuple[Scope, ...],
    output: Scope,
    pairs: Sequence[tuple[int, ...]],
) -> Path:
    every, steps, products = list(scopes), [], []
    holders = Counter(variable for scope in (*scopes, output) for variable in scope)
    for inputs in pairs:
        holders.subtract(variable for operand in inputs for variable in every[operand])
        product = {variable for operand in inputs for variable in every[operand]}
        scope = tuple(sorted(variable for variable in product if holders[variable]))
        holders.update(scope)
        steps.append(Step(inputs, scope))
        products.append(_num_entries(sizes, product))
        every.append(scope)
    num_entries = sum(_num_entries(sizes, scope) for scope in every)
    return Path(scopes, tuple(steps), sum(products), num_entries, max(products))


def _num_entries(sizes: tuple[int, ...], scope: Collection[int]) -> int:
    return math.prod(sizes[variable] for variable in scope)


def refuse_large_contraction(function: str, path: Path) -> None:
    """Raise a ValueError when what is held at once for one context alone would exceed 1 GiB."""
    size = 8 * (path.num_entries + path.num_largest)
    if size > MAX_CONTRACTION_BYTES:
        raise ValueError(
            f"{function} would hold {size / 2**30:.3g} GiB for one context, its largest "
            f"intermediate an array of {path.num_largest} entries, and the limit is 1 GiB: give "
            "the world fewer edges, tables over fewer concepts or smaller cardinalities, so that "
            "its concepts fall apart into smaller groups, or draw samples with lg.sample"
        )
