"""Cases of the contract: how alike two representations are, and how spread out one is."""

from functools import partial
from operator import attrgetter

import numpy as np

import estimators as es
from tests.estimators.instruments.contract import (
    NUM_ROWS,
    SHARE_NOISE,
    Case,
    Move,
    affine,
    integers,
    invertible,
    monomial,
    orthogonal,
    rescaled,
    rigid,
    shear,
    stretch,
)
from tests.estimators.instruments.existing_cases import image, rows

DIM = 12  # of the space in which spans are compared
CHANCE = 4 / DIM  # four vectors against three


def pair(relation, noise=0.0, shift=None, columns=3):
    """Arguments first and second: second what the relation makes of first, and noise."""

    def arguments(seed):
        first = rows(seed, columns)
        related = relation(first, np.random.default_rng([seed, 3]))
        draw = np.random.default_rng([seed, 4])
        uneven = noise * np.linspace(0.2, 1.8, columns)  # else all correlations are alike
        second = related + uneven * draw.normal(size=related.shape)
        return {"first": first if shift is None else rows(seed + shift, columns), "second": second}

    return arguments


def mapped(first, draw):
    """An affine image of another scale in each direction."""
    return first @ draw.normal(size=(first.shape[1], first.shape[1])) + 3


def turned(first, draw):
    """A rigid motion, larger."""
    size = first.shape[1]
    return 5 * first @ np.linalg.qr(draw.normal(size=(size, size)))[0] - 1


def renamed(first, draw):
    """The components in another order, with other signs and scales."""
    scale = draw.choice([-1, 1], first.shape[1]) * draw.uniform(0.5, 2, first.shape[1])
    return (first * scale)[:, draw.permutation(first.shape[1])] + 1


def related(relation, noise=1.0):
    """perfect, between and null of one relation."""
    return {
        "perfect": pair(relation),
        "between": pair(relation, noise),
        "null": pair(relation, shift=1000),
    }


def spans(overlap):
    """Four vectors and three, of which `overlap` lie in the span of the four."""

    def arguments(seed):
        draw = np.random.default_rng([seed, 5])
        first = draw.normal(size=(4, DIM))
        inside, outside = draw.normal(size=(3, 4)) @ first, draw.normal(size=(3, DIM))
        return {
            "first": first,
            "second": np.where(np.arange(3)[:, None] < overlap, inside, outside),
        }

    return arguments


def recombined(argument):
    """The vectors of one set, invertibly recombined."""

    def apply(draw, arguments):
        vectors = arguments[argument]
        return {**arguments, argument: invertible(draw, len(vectors)) @ vectors}

    return Move(f"recombinations of {argument}", apply)


def turn_of_space(draw, arguments):
    turn = orthogonal(draw, DIM)
    return {name: vectors @ turn for name, vectors in arguments.items()}


def stretched_space(draw, arguments):
    return {name: vectors * np.geomspace(1, 100, DIM) for name, vectors in arguments.items()}


def monotone(argument):
    """Increasing maps of every column: x³ plus a multiple of x, and a shift."""

    def apply(draw, arguments):
        columns = arguments[argument]
        moved = columns**3 + integers(draw, columns.shape[1:], 0, 3) * columns
        return {**arguments, argument: moved + integers(draw, columns.shape[1:])}

    return Move(f"monotone maps of {argument}", apply)


def white(seed):
    """Rows whose covariance is the same in all directions."""
    centred = rows(seed) - rows(seed).mean(0)
    return {"representation": 7 * np.linalg.qr(centred)[0] + 2}


def one_direction(seed):
    return {"representation": rows(seed, 1) @ np.array([[1.0, -2.0, 0.5]]) + 1}


def oblong(seed):
    return {"representation": rows(seed) * [1.0, 2.0, 0.5]}


def both_ways(source, target, **options):
    """The lower of two scores: only an invertible map has 1."""
    return min(found.score for found in es.affine_r2_both(source, target, **options))


def square(noise, shift=None):
    """As `image`, with a target of as many columns as the source."""

    def arguments(seed):
        found = pair(mapped, noise, shift)(seed)
        return {"source": found["first"], "target": found["second"]}

    return arguments


BOTH = {"first": "first", "second": "second"}
ENTROPY = {
    "perfect": white,
    "between": oblong,
    "null": one_direction,
    "arrays": {"representation": "representation"},
    "moves": (rigid("representation"),),
    "changes": (stretch("representation"),),
    "grouped": False,
}
MATCHING = {
    "arrays": BOTH,
    "low": -1.0,
    "symmetric": ("first", "second"),
    "constant": {"first": 0.0, "second": 0.0},
}
CASES = [
    Case(
        "affine_r2_both",
        both_ways,
        perfect=square(0),
        between=square(1),
        null=square(0, shift=1000),
        arrays={"source": "source", "target": "target"},
        score=float,
        chance_tolerance=SHARE_NOISE,
        moves=(affine("source"), rescaled("source"), affine("target"), rescaled("target")),
        symmetric=("source", "target"),
        copies=("source", "target"),
    ),
    Case(
        "cca",
        es.cca,
        **related(mapped),
        arrays=BOTH,
        low=-1.0,
        moves=(affine("first"), rescaled("first"), affine("second"), rescaled("second")),
        symmetric=("first", "second"),
        constant={"first": np.nan, "second": np.nan},
        copies=("first", "second"),
    ),
    Case(
        "cca of unequal dimensions",
        lambda source, target, **options: es.cca(source, target, **options),
        perfect=image(0),
        between=image(1),
        null=image(0, shift=1000),
        arrays={"source": "first", "target": "second"},
        low=-1.0,
        moves=(affine("source"), rescaled("source"), affine("target"), rescaled("target")),
        symmetric=("source", "target"),
    ),
    Case(
        "svcca",
        partial(es.svcca, explained=0.8),
        **related(turned, noise=4),
        arrays=BOTH,
        low=-1.0,
        moves=(rigid("first"), rigid("second")),
        changes=(stretch("first"), stretch("second")),
        symmetric=("first", "second"),
        constant={"first": np.nan, "second": np.nan},
    ),
    Case(
        "linear_cka",
        es.linear_cka,
        **related(turned),
        arrays=BOTH,
        folded=False,
        low=-1.0,
        chance_tolerance=5 * np.sqrt(2 / NUM_ROWS**2 / 20),  # one null has about √2 / n
        moves=(rigid("first"), rigid("second")),
        changes=(stretch("first"), stretch("second"), shear("first")),
        symmetric=("first", "second"),
        constant={"first": np.nan, "second": np.nan},
    ),
    Case(
        "principal_angles",
        es.principal_angles,
        perfect=spans(3),
        between=spans(2),
        null=spans(0),
        arrays=BOTH,
        chance=CHANCE,
        low=0.0,
        moves=(
            recombined("first"),
            recombined("second"),
            Move("orthogonal maps of the space", turn_of_space),
        ),
        changes=(Move("a stretch of the space", stretched_space),),
        symmetric=("first", "second"),
        weighted=False,
        grouped=False,
        aligned=False,
    ),
    Case(
        "principal_angles above chance",
        es.principal_angles,
        score=attrgetter("above_chance"),
        perfect=spans(3),
        between=spans(2),
        null=spans(0),
        arrays=BOTH,
        low=-CHANCE / (1 - CHANCE),
        symmetric=("first", "second"),
        weighted=False,
        grouped=False,
        aligned=False,
    ),
    Case(
        "mean_correlation pearson",
        es.mean_correlation,
        **related(renamed),
        moves=(monomial("first"), monomial("second")),
        changes=(shear("first"), shear("second")),
        **MATCHING,
    ),
    Case(
        "mean_correlation spearman",
        partial(es.mean_correlation, kind="spearman"),
        **related(renamed),
        moves=(monomial("first"), monomial("second"), monotone("first"), monotone("second")),
        changes=(shear("first"), shear("second")),
        **MATCHING,
    ),
    Case(
        "effective_rank",
        es.matrix_entropy,
        score=attrgetter("effective_rank"),
        best=3.0,
        chance=1.0,
        low=1.0,
        high=3.0,
        **ENTROPY,
    ),
    Case(
        "participation_ratio",
        es.matrix_entropy,
        score=attrgetter("participation_ratio"),
        best=3.0,
        chance=1.0,
        low=1.0,
        high=3.0,
        **ENTROPY,
    ),
    Case(
        "matrix_entropy",
        es.matrix_entropy,
        score=attrgetter("entropy"),
        best=np.log(3),
        low=0.0,
        high=np.log(3),
        **ENTROPY,
    ),
]
