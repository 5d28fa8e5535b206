"""Which predictor of few dimensions comes closest to a distribution, and how close?

The best softmax f(x)·g(y) of dimension d minimises E_x KL(p(y|x) ‖ softmax f(x)·g(y)): principal
components of an exponential family, not of log p. Only the span of the centred g matters, and
given that span each f(x) is a convex fit. So Newton's method runs over spans, in the chart
g + g_⊥ K of zero-sum orthonormal g, with each f(x) fitted anew at every step.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from latentgen.row_fit import centred_logits, curvature, divergence, fit_rows, mean_divergence

MAX_STEPS, MAX_TRIALS = 100, 40
FLAT = 1e-13  # nats: a step that promises less is not taken
SMOOTHING = 1e-6  # added to every probability where one is smaller than this
EXACT = 1e-20  # nats; what rounding leaves of a perfect fit
NUM_SHAKEN = 1  # starts beside the three that the distribution suggests
SHAKE = 0.5  # their size, as the tangent of an angle
LEAST_DAMPING = 1e-3  # of the largest curvature, once a step has disappointed
CURVED = 1e-7  # of the largest curvature: more than this downwards is no minimum


class LowRankFit(NamedTuple):
    """The best softmax of few dimensions.

    representation f [row, dim]; unembedding g [outcome, dim], orthonormal and zero-sum columns, by
    falling E f². excess: E KL(target ‖ softmax f·g) under the weights, nats. converged: whether no
    small change of g promises more than 1e-13 nats. smoothed: whether f and g are those of the
    smoothed target, so that the excess is only an upper bound of the least one.
    """

    representation: np.ndarray
    unembedding: np.ndarray
    excess: float
    converged: bool
    smoothed: bool


def low_rank_fit(
    log_target: Float[np.ndarray, "row outcome"], weight: Float[np.ndarray, "row"], dim: int
) -> LowRankFit:
    """argmin over f [row, dim], g [outcome, dim] of Σ_row weight KL(target ‖ softmax f·g), nats.

    log_target: log-distributions; 1 ≤ dim < outcomes; weight sums to 1. Several starts, always the
    same: the singular vectors of the centred log target, of the same weighted by the mean target,
    of target over mean target, and a shake of the best of these; the smallest divergence is kept.
    It is a local minimum that no start improved on, not a proven global one. With zeros there may
    be no minimum, as logits grow without end. Where a probability is smaller than 1e-6, zeros
    included, and no fit is perfect, f and g are those of the target with 1e-6 added to every
    probability.
    """
    if not np.isneginf(log_target).any():
        basis = next(_starts(log_target, weight, dim))
        rows = centred_logits(log_target)[1] @ basis
        excess = mean_divergence(log_target, weight, rows, basis)
        if excess <= EXACT:
            return _principal(LowRankFit(rows, basis, excess, True, False), weight)
    smoothed = bool(np.exp(log_target).min(initial=1.0) < SMOOTHING)
    aim = _smoothed(log_target) if smoothed else log_target
    best = min((_descend(aim, weight, basis) for basis in _starts(aim, weight, dim)), key=_excess)
    for shake in range(NUM_SHAKEN):
        tilt = np.random.default_rng(shake).uniform(-1, 1, best.unembedding.shape)
        basis = _zero_sum_orthonormal(best.unembedding + SHAKE * tilt, dim)
        best = min(best, _descend(aim, weight, basis), key=_excess)
    if smoothed:
        excess = mean_divergence(log_target, weight, best.representation, best.unembedding)
        best = best._replace(excess=excess, smoothed=True)
    return _principal(best, weight)


def _excess(fit: LowRankFit) -> float:
    return fit.excess


def _smoothed(log_target: np.ndarray) -> np.ndarray:
    target = np.exp(log_target) + SMOOTHING
    return np.log(target / target.sum(1, keepdims=True))


class _Point(NamedTuple):
    """A span of g with every f fitted to it, and the softmax of their logits [row, outcome]."""

    basis: np.ndarray
    rows: np.ndarray
    model: np.ndarray
    excess: float


class _Chart(NamedTuple):
    """The excess around a point, as a function of K in g + g_⊥ K, every f fitted anew.

    complement g_⊥ [outcome, across]; slope [k] and curvature [k, k] in K, flattened; answer
    [row, dim, k]: f moves by −answer · K to first order.
    """

    complement: np.ndarray
    slope: np.ndarray
    curvature: np.ndarray
    answer: np.ndarray


def _point(
    log_target: np.ndarray, weight: np.ndarray, basis: np.ndarray, guess: np.ndarray
) -> _Point:
    """The point of a span; guess [row, outcome]: logits close to its own."""
    rows = fit_rows(log_target, basis, guess @ basis)
    value, model = divergence(log_target, rows @ basis.T)
    return _Point(basis, rows, model, float(weight @ value))


def _descend(log_target: np.ndarray, weight: np.ndarray, basis: np.ndarray) -> LowRankFit:
    """The local minimum below a start: Newton's method with damping, over spans of g."""
    here = _point(log_target, weight, basis, centred_logits(log_target)[1])
    damping, converged = 0.0, False
    for _ in range(MAX_STEPS):
        chart = _chart(np.exp(log_target), weight, here)
        scale, axes = np.linalg.eigh(chart.curvature)
        along = axes.T @ chart.slope
        top = max(float(np.abs(scale).max(initial=0.0)), 1e-300)
        size = np.abs(scale) + 1e-12 * top  # away from saddles, not towards them
        if here.excess <= EXACT or float((along**2 / size).sum() / 2) <= FLAT:
            downwards = scale.min(initial=0.0) < -CURVED * top
            converged = here.excess <= EXACT or not downwards
            break
        there = here
        for _ in range(MAX_TRIALS):
            there = _moved(log_target, weight, here, chart, axes @ (-along / (size + damping)))
            if there.excess < here.excess:
                break
            damping = max(4 * damping, LEAST_DAMPING * top)
        else:
            break
        promised = float((along**2 * (size / 2 + damping) / (size + damping) ** 2).sum())
        kept = here.excess - there.excess > promised / 2
        damping = damping / 8 if kept else max(2 * damping, LEAST_DAMPING * top)
        here = there
    return LowRankFit(here.rows, here.basis, here.excess, bool(converged), False)


def _moved(
    log_target: np.ndarray, weight: np.ndarray, here: _Point, chart: _Chart, step: np.ndarray
) -> _Point:
    """The point that a step K [k] in the chart leads to."""
    dim = here.basis.shape[1]
    directions = here.basis + chart.complement @ step.reshape(-1, dim)
    guess = (here.rows - chart.answer @ step) @ directions.T
    return _point(log_target, weight, _zero_sum_orthonormal(directions, dim), guess)


def _chart(target: np.ndarray, weight: np.ndarray, here: _Point) -> _Chart:
    """Slope and curvature of the excess; the latter is the Schur complement of the fits."""
    basis, rows, model = here.basis, here.rows, here.model
    complement = _complement(basis)
    dim, num_across = basis.shape[1], complement.shape[1]
    across = complement - (model @ complement)[:, None, :]
    along = basis - (model @ basis)[:, None, :]
    gap = (model - target) @ complement
    slope = ((weight[:, None] * gap).T @ rows).reshape(-1)
    weighted = across * model[:, :, None]
    second = weighted.transpose(0, 2, 1) @ across
    own = np.einsum("r,rij,ra,rb->iajb", weight, second, rows, rows, optimize=True)
    crossed = along.transpose(0, 2, 1) @ weighted
    mixed = crossed[:, :, :, None] * rows[:, None, None, :]
    each = np.arange(dim)
    mixed[:, each, :, each] += gap[None]
    size = num_across * dim
    mixed = mixed.reshape(len(rows), dim, size)
    answer = np.linalg.solve(curvature(model, basis), mixed)
    answered = np.tensordot(weight[:, None, None] * mixed, answer, ((0, 1), (0, 1)))
    whole = own.reshape(size, size) - answered
    return _Chart(complement, slope, (whole + whole.T) / 2, answer)


def _starts(log_target: np.ndarray, weight: np.ndarray, dim: int) -> Iterator[np.ndarray]:
    """Zero-sum orthonormal bases [outcome, dim] that a good fit may lie close to."""
    root = np.sqrt(weight)[:, None]
    floored, centred = centred_logits(log_target)
    yield _zero_sum_orthonormal(_leading(root * centred, dim), dim)
    mean = np.maximum(weight @ np.exp(log_target), 1e-12)
    mean /= mean.sum()
    fisher = (floored - (floored @ mean)[:, None]) * np.sqrt(mean)
    directions = _leading(root * fisher, dim) / np.sqrt(mean)[:, None]
    yield _zero_sum_orthonormal(directions, dim)
    ratio = np.exp(log_target) / mean - 1
    weak = _leading(root * ratio * np.sqrt(mean), dim) / np.sqrt(mean)[:, None]
    yield _zero_sum_orthonormal(np.concatenate([np.log(mean)[:, None], weak], 1), dim)


def _leading(matrix: np.ndarray, dim: int) -> np.ndarray:
    """The first right singular vectors [column, ≤ dim]."""
    return np.linalg.svd(matrix, full_matrices=False)[2][:dim].T


def _zero_sum_orthonormal(directions: np.ndarray, dim: int) -> np.ndarray:
    """An orthonormal basis [outcome, dim] of the centred directions, the first ones first.

    Filled up from the unit vectors where they are too few or dependent.
    """
    num_outcomes = len(directions)
    filled = np.concatenate([directions, 1e-9 * np.eye(num_outcomes)], 1)
    filled = filled - filled.mean(0)
    found = np.zeros((num_outcomes, 0))
    for column in filled.T:
        if found.shape[1] == dim:
            break
        size = np.linalg.norm(column)
        for _ in range(2):  # twice is enough
            column = column - found @ (found.T @ column)
        left = np.linalg.norm(column)
        if left > 1e-8 * size:
            found = np.concatenate([found, column[:, None] / left], 1)
    return found


def _complement(basis: np.ndarray) -> np.ndarray:
    """An orthonormal basis [outcome, outcome − 1 − dim] of what is zero-sum and across g."""
    ones = np.full((len(basis), 1), len(basis) ** -0.5)
    full = np.linalg.qr(np.concatenate([ones, basis], 1), mode="complete")[0]
    return full[:, basis.shape[1] + 1 :]


def _principal(found: LowRankFit, weight: np.ndarray) -> LowRankFit:
    """The same fit with E f fᵀ diagonal, falling, and the largest entry of each g positive."""
    scaled = np.sqrt(weight)[:, None] * found.representation
    axes = np.linalg.svd(scaled.T @ scaled)[0]
    turned = found.unembedding @ axes
    largest = np.abs(turned).argmax(0)
    axes = axes * np.sign(turned[largest, np.arange(turned.shape[1])])
    return found._replace(
        representation=found.representation @ axes, unembedding=found.unembedding @ axes
    )
