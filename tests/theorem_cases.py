"""On which worlds, contexts and weights are theorems tried, and what must every answer satisfy?"""

from fractions import Fraction
from typing import NamedTuple

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

import latentgen as lg
from tests import theorem_oracles

# For what other tests touch as well: half as many examples as the profile has.
HALF = settings(max_examples=settings.default.max_examples // 2)
LEAKING = {"token": False, "saturated": False, "alike": False, "interacting": True}


class Case(NamedTuple):
    """A world in integers, its model, contexts, their weights (None: alike), and the oracle."""

    world: lg.strategies.IntegerWorld
    model: lg.ConceptModel
    context: np.ndarray
    log_weight: np.ndarray | None
    truth: theorem_oracles.Seen

    @property
    def arguments(self):
        return self.model, self.context, self.log_weight


def positive(world):
    """The same world with 1 added to every weight: nothing is impossible."""

    def raised(table):
        return table._replace(weights=table.weights + 1)

    return world._replace(
        concept_weights=tuple(weights + 1 for weights in world.concept_weights),
        words=tuple(raised(table) for table in world.words),
        token=None if world.token is None else raised(world.token),
    )


@st.composite
def cases(draw, *, full_support=None, leaking=None, **choices):
    """Worlds of the strategies, half of them without zeros, some whose words leak; contexts with
    equal weights or with integer weights, some of them zero."""
    leaks = draw(st.booleans()) if leaking is None else leaking
    if leaks:
        choices = {**LEAKING, "num_positions": 3, **choices}
    world = draw(lg.strategies.integer_worlds(**choices))
    if draw(st.booleans()) if full_support is None else full_support:
        world = positive(world)
    model = world.model()
    length = draw(st.sampled_from([2, 2, 1])) if leaks else None
    context = draw(lg.strategies.contexts(model, length))
    size = len(context)
    counts = st.lists(st.integers(0, 4), min_size=size, max_size=size).filter(any)
    weights = draw(st.none() | counts)
    return case(world, context, weights)


@st.composite
def met_cases(draw, *, named=None, edited=None):
    """Worlds made to meet the assumptions of Theorem 3.1 and its corollaries, with contexts in
    which something varies: the other strategy hardly ever finds one.

    Independent concepts, a word for each, and ℓ + 1 tokens or more. named: each token occurs with
    one configuration only, or it also has noise. edited: contexts differ in the word of concept 0
    alone, or they are all contexts.
    """
    sizes = draw(st.sampled_from([(2,), (3,), (2, 2), (2, 3)]))
    size = int(np.prod(sizes))
    owner = [*range(size), *draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=2))]
    token = np.eye(size, dtype=int)[:, owner] * draw(st.integers(1, 4))
    if not (draw(st.booleans()) if named is None else named):
        token = 30 * token + 1 + draw(lg.strategies.weights(token.shape))
    words = [10 * np.eye(n, dtype=int) + 1 + draw(lg.strategies.weights((n, n))) for n in sizes]
    world = lg.strategies.IntegerWorld(
        sizes,
        tuple(() for _ in sizes),
        tuple(1 + draw(lg.strategies.weights((n,))) for n in sizes),
        tuple(lg.strategies.WeightTable((k,), (), table) for k, table in enumerate(words)),
        False,
        lg.strategies.WeightTable(tuple(range(len(sizes))), (), token.reshape(*sizes, -1)),
    )
    context = np.indices(sizes).reshape(len(sizes), -1).T
    if draw(st.booleans()) if edited is None else edited:
        others = draw(st.sampled_from(context.tolist()))[1:]
        context = np.array([[word, *others] for word in range(sizes[0])])
    counts = st.lists(st.integers(1, 4), min_size=len(context), max_size=len(context))
    return case(world, context, draw(st.none() | counts))


def case(world, context, weights=None):
    """A case of given contexts and integer weights."""
    context = np.asarray(context)
    rows = [tuple(int(word) for word in row) for row in context]
    exact = None if weights is None else [Fraction(int(weight)) for weight in weights]
    with np.errstate(divide="ignore"):
        log_weight = None if weights is None else np.log(np.array(weights, np.float64))
    truth = theorem_oracles.Seen(world, rows, exact)
    return Case(world, world.model(), context, log_weight, truth)


def joint_world(prior, words, token, alike=True, cardinalities=None):
    """A world of integer weights: prior [c], words [c, word] (of each position), token [c, y]."""
    prior, words, token = (np.array(table) for table in (prior, words, token))
    sizes = (len(prior),) if cardinalities is None else cardinalities
    scope = tuple(range(len(sizes)))

    def table(weights):
        return lg.strategies.WeightTable(scope, (), weights.reshape(*sizes, -1))

    each = [words] if alike else list(words)
    return lg.strategies.IntegerWorld(
        sizes, None, (prior.reshape(sizes),), tuple(map(table, each)), alike, table(token)
    )


def check_bundle(found):
    """The conventions of a `Theorem`, whatever the world: no NaN, masks, bounds, summary."""
    shape = found.quantity.shape
    for name in ("quantity", "claimed", "residual", "low", "high", "defined"):
        array = getattr(found, name)
        assert array.shape == shape, name
        assert not np.isnan(array).any(), name
    for name, term in found.terms.items():
        if np.asarray(term).dtype.kind == "f":  # others are counts, masks and words
            assert not np.isnan(term).any(), name
    for assumption in found.assumptions:
        assert not np.isnan(assumption.value), assumption
        assert type(assumption.met) in (bool, np.bool_), assumption
    outside = ~found.defined
    assert found.defined.dtype == bool
    assert not found.quantity[outside].any()
    assert not found.claimed[outside].any()
    assert not found.residual[outside].any()
    same = (found.quantity == found.claimed) & found.defined
    assert not found.residual[same & np.isinf(found.quantity)].any()
    assert (found.low <= found.high)[found.defined].all()
    check_verdict(found)


def check_verdict(found):
    """broken, applies, holds, worst and str follow from the fields."""
    assert found.violation >= 0
    assert found.broken == tuple(a.name for a in found.assumptions if not a.met)
    assert found.applies == (not found.broken)
    assert found.holds == (found.violation <= 1e-10)
    assert found.worst == max(np.abs(found.residual).reshape(-1).tolist(), default=0.0)
    inside = (found.low <= found.residual) & (found.residual <= found.high)
    if inside[found.defined].all():
        assert found.violation == 0
    else:
        assert found.violation > 0
    text = str(found)
    assert text.startswith(found.statement)
    assert all(assumption.name in text for assumption in found.assumptions)
    assert "nan" not in text.replace(found.statement, "")
