"""Cases of the contract: concept directions against probes."""

import jax
import numpy as np

import estimators as es
from tests.estimators.instruments.contract import NUM_NULLS, NUM_ROWS, Case, Move, orthogonal

NUM_CONCEPTS, DIM = 2, 16
STEP = 4.0  # how far apart the contexts of a pair are, in deviations of what they share


def alignment(first, second, groups=None):
    """The mean normalised diagonal; arrays [pair, concept · dim], one block a concept."""
    found = es.alignment_matrix(
        *[np.split(np.asarray(side), NUM_CONCEPTS, axis=1) for side in (first, second)],
        C=1e-6,  # the probe is the mean difference up to its length: nothing to converge
        key=jax.random.key(0),
        groups=None if groups is None else [groups] * NUM_CONCEPTS,
        num_splits=2,
    )
    return found.diagonal.mean


def pairs(noise, step=STEP):
    """Pairs that differ by one direction a concept, and by noise."""

    def arguments(seed):
        draw = np.random.default_rng(seed)
        axes = np.linalg.qr(draw.normal(size=(DIM, DIM)))[0][:NUM_CONCEPTS].reshape(-1)
        first, apart = draw.normal(size=(2, NUM_ROWS, NUM_CONCEPTS * DIM))
        return {"first": first, "second": first + step * axes + noise * apart}

    return arguments


def turned(draw, arguments):
    """One rotation of the space of all representations."""
    turn = np.kron(np.eye(NUM_CONCEPTS), orthogonal(draw, DIM))
    return {name: rows @ turn for name, rows in arguments.items()}


def stretched(_, arguments):
    scale = np.tile(np.geomspace(1, 100, DIM), NUM_CONCEPTS)
    return {name: rows * scale for name, rows in arguments.items()}


CASES = [
    Case(
        "alignment_matrix",
        alignment,
        perfect=pairs(0),
        between=pairs(10),
        null=pairs(1, step=0),
        arrays={"first": "first", "second": "second"},
        score=float,
        best_tolerance=1e-3,
        chance_tolerance=5 / np.sqrt(DIM * NUM_CONCEPTS * NUM_NULLS),  # cosines of noise: 1/√dim
        low=-1.0,
        moves=(Move("rotations of the space", turned),),
        changes=(Move("a stretch of the space", stretched),),
        move_tolerance=1e-3,  # the probe is iterative
        symmetric=("first", "second"),
        weighted=False,
        folded=False,
        examples=5,
    ),
]
