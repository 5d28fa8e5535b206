"""Which affine map of the features predicts a distribution best?"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.optimize import minimize

from estimators.instruments.covariance import fit_covariance_whitening
from estimators.instruments.whitening import (
    Whitening,
    checked_columns,
    checked_pair,
    checked_weight,
)

MAX_ITERATIONS = 1000
NORMALISED = 1e-4  # how far from 1 probabilities may sum
BLOCK_SIZE = 2**17  # numbers handled at once: they stay in the cache from loss to gradient


class SoftmaxFit(NamedTuple):
    """softmax(U φ + v) in whitened coordinates of φ, one softmax per block of outcomes.

    whitening of φ; coefficient [component + 1, outcome], the last row is v; sizes of the blocks;
    loss: cross-entropy in nats on the rows it was fitted to, summed over blocks, and the penalty;
    converged: whether the optimiser reached its tolerance (it cannot when zeros in the target
    drive logits to infinity; the loss has then levelled off).
    """

    whitening: Whitening
    coefficient: np.ndarray
    sizes: tuple[int, ...]
    loss: float
    converged: bool

    def log_predict(self, features: "ArrayLike") -> Float[np.ndarray, "row outcome"]:
        """log softmax(U φ + v) [row, outcome] of features [row, regressor]."""
        matrix = checked_columns(features, len(self.whitening.mean))
        return log_softmax_blocks(
            design_matrix(self.whitening, matrix) @ self.coefficient, self.sizes
        )


def fit_softmax(
    features: "ArrayLike",
    target: "ArrayLike",
    weight: "ArrayLike | None" = None,
    whitening: Whitening | None = None,
    *,
    sizes: tuple[int, ...] | None = None,
    tolerance: float = 1e-9,
    penalty: float = 0.0,
) -> SoftmaxFit:
    """The minimiser of E_w KL(target ‖ softmax(U φ + v)) + penalty/2 ‖U‖² over U and v.

    features φ [row, regressor]; target [row, outcome], probabilities; weight [row]. A convex
    problem: multinomial logistic regression with soft targets, by default without penalty, by
    L-BFGS on whitened features. sizes splits the outcomes into blocks, each a distribution of its
    own with its own softmax; by default there is one. tolerance: relative change of the loss at
    which to stop. penalty: on U in the features' own coordinates, summed over all its entries; v
    is free. Constant features give v alone. Raises ValueError for NaN and infinity, rows that
    disagree, targets that are not distributions, and wrong weights.
    """
    features, target = checked_pair(features, target, ("features", "target"))
    scaled = checked_weight(weight, len(features))
    # Those given go on as they are: to scale them twice would change their last bits.
    weight = scaled if weight is None else np.asarray(weight, np.float64)
    sizes = (target.shape[1],) if sizes is None else sizes
    _check_blocks(target, sizes)
    return unchecked_softmax(
        features, target, weight, whitening, sizes=sizes, tolerance=tolerance, penalty=penalty
    )


def _check_blocks(target: np.ndarray, sizes: tuple[int, ...]) -> None:
    """ValueError where a block of outcomes is not a distribution in some row."""
    if sum(sizes) != target.shape[1] or min(sizes, default=0) < 1:
        raise ValueError(
            f"sizes must split the {target.shape[1]} outcomes of the target; got {sizes}: give the "
            "number of values of every block"
        )
    totals = np.add.reduceat(target, np.cumsum((0, *sizes[:-1])), axis=1)
    wrong = (np.abs(totals - 1) > NORMALISED).any(1) | (target < 0).any(1)
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"target must hold probabilities that sum to 1 in every block; row {row} has sums "
            f"{totals[row]} and a least value of {target[row].min():.6g}: give probabilities, not "
            "their logarithms"
        )


def unchecked_softmax(
    features: Float[np.ndarray, "row regressor"],
    target: Float[np.ndarray, "row outcome"],
    weight: Float[np.ndarray, "row"],
    whitening: Whitening | None = None,
    *,
    sizes: tuple[int, ...] | None = None,
    tolerance: float = 1e-9,
    penalty: float = 0.0,
) -> SoftmaxFit:
    """`fit_softmax` of arrays that are known to fit together; weight need not sum to one."""
    weight = weight / weight.sum()
    sizes = (target.shape[1],) if sizes is None else sizes
    if whitening is None:
        whitening = fit_covariance_whitening(features, weight)
    gram = penalty * (whitening.basis.T @ whitening.basis)
    shape = (whitening.rank + 1, target.shape[1])
    parts = list(_parts(whitening, features, target, weight))
    start = np.zeros(shape)
    start[-1] = np.log(np.maximum(weight @ target, 1e-12))

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        coefficient = flat.reshape(shape)
        value, slope = 0.0, np.zeros(shape)
        if penalty:
            slope[:-1] = gram @ coefficient[:-1]
            value = float(np.vdot(coefficient[:-1], slope[:-1])) / 2
        for design, weighted_target, row_weight in parts:
            logits = coefficient.T @ design
            value += _cross_entropy(logits, weighted_target, row_weight, sizes)
            slope += design @ logits.T
        return value, slope.reshape(-1)

    found = minimize(
        loss,
        start.reshape(-1),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": MAX_ITERATIONS, "maxcor": 20, "ftol": tolerance, "gtol": 1e-9},
    )
    coefficient = found.x.reshape(shape)
    return SoftmaxFit(whitening, coefficient, sizes, float(found.fun), bool(found.success))


def _parts(
    whitening: Whitening, features: np.ndarray, target: np.ndarray, weight: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Design [component + 1, row], weighted target [outcome, row] and weight of rows at a time.

    Rows last: sums over a few outcomes then run along memory, several times as fast.
    """
    width = whitening.rank + 1
    num_rows = max(BLOCK_SIZE // (width + target.shape[1]), 1)
    for first in range(0, len(features), num_rows):
        rows = slice(first, first + num_rows)
        design = np.ones((width, len(features[rows])))
        np.matmul(whitening.basis.T, (features[rows] - whitening.mean).T, out=design[:-1])
        yield design, np.ascontiguousarray((weight[rows, None] * target[rows]).T), weight[rows]


def _cross_entropy(
    logits: np.ndarray, weighted_target: np.ndarray, weight: np.ndarray, sizes: tuple[int, ...]
) -> float:
    """−Σ weighted target · log softmax(logits), both [outcome, row].

    Overwrites the logits by the gradient in them.
    """
    value, start = 0.0, 0
    for size in sizes:
        block, target = logits[start : start + size], weighted_target[start : start + size]
        block -= block.max(0)
        value -= float(np.vdot(block, target))
        np.exp(block, out=block)
        total = block.sum(0)
        value += float(weight @ np.log(total))
        block *= weight / total
        block -= target
        start += size
    return value


def log_softmax_blocks(
    logits: Float[np.ndarray, "row outcome"], sizes: tuple[int, ...]
) -> Float[np.ndarray, "row outcome"]:
    """log softmax over each block of consecutive outcomes; overwrites the logits."""
    start = 0
    for size in sizes:
        block = logits[:, start : start + size]
        block -= block.max(1, keepdims=True)
        block -= np.log(np.exp(block).sum(1, keepdims=True))
        start += size
    return logits


def design_matrix(whitening: Whitening, features: np.ndarray) -> np.ndarray:
    """Whitened features and a column of ones [row, component + 1]."""
    design = np.ones((len(features), whitening.rank + 1))
    np.matmul(features - whitening.mean, whitening.basis, out=design[:, :-1])
    return design
