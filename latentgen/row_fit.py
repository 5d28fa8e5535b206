"""Given the vectors of the tokens, which representation of a context predicts it best?"""

import numpy as np
from jaxtyping import Float

MAX_STEPS, MAX_HALVINGS = 100, 40
FLAT = 1e-20  # nats: a row whose step promises less is done
FLOOR = 2.0  # nats below the smallest log-probability, where a zero starts
LONGEST = 20.0  # nats by which one step may change a logit
UNSEEN = 1e-12  # nats; steps that promise less are taken whole, as rounding hides what they bring


def fit_rows(
    log_target: Float[np.ndarray, "row outcome"],
    basis: Float[np.ndarray, "outcome dim"],
    start: Float[np.ndarray, "row dim"],
) -> Float[np.ndarray, "row dim"]:
    """argmin_f KL(target ‖ softmax f·g) of every row, given zero-sum orthonormal g: convex.

    Newton's method with step halving, all rows at once.
    """
    target, found = np.exp(log_target), start.copy()
    if not basis.shape[1]:
        return found
    rows = np.arange(len(found))
    value, model = divergence(log_target, found @ basis.T)
    for _ in range(MAX_STEPS):
        slope = (model[rows] - target[rows]) @ basis
        step = -np.linalg.solve(curvature(model[rows], basis), slope[..., None])[..., 0]
        step *= LONGEST / np.maximum(LONGEST, np.abs(step @ basis.T).max(1, keepdims=True))
        promised = -(slope * step).sum(1)
        going = promised > FLAT
        rows, step, promised = rows[going], step[going], promised[going]
        if not rows.size:
            break
        rows = _halve(log_target, basis, rows, step, promised, found, value, model)
    return found


def _halve(
    log_target: np.ndarray,
    basis: np.ndarray,
    rows: np.ndarray,
    step: np.ndarray,
    promised: np.ndarray,
    found: np.ndarray,
    value: np.ndarray,
    model: np.ndarray,
) -> np.ndarray:
    """Take the longest halving of each row's step that lowers its divergence; rows that moved."""
    moved, size = [], 1.0
    for _ in range(MAX_HALVINGS):
        trial = found[rows] + size * step
        low, predicted = divergence(log_target[rows], trial @ basis.T)
        accepted = (low < value[rows] - 1e-4 * size * promised) | (promised <= UNSEEN)
        taken = rows[accepted]
        found[taken], value[taken], model[taken] = (
            trial[accepted],
            low[accepted],
            predicted[accepted],
        )
        moved.append(taken)
        rows, step, promised = rows[~accepted], step[~accepted], promised[~accepted]
        if not rows.size:
            break
        size /= 2
    return np.concatenate(moved)


def mean_divergence(
    log_target: Float[np.ndarray, "row outcome"],
    weight: Float[np.ndarray, "row"],
    representation: Float[np.ndarray, "row dim"],
    unembedding: Float[np.ndarray, "outcome dim"],
) -> float:
    """Σ_row weight KL(target ‖ softmax f·g), nats, without cancellation close to zero."""
    return float(weight @ divergence(log_target, representation @ unembedding.T)[0])


def divergence(
    log_target: Float[np.ndarray, "row outcome"], logits: Float[np.ndarray, "row outcome"]
) -> tuple[Float[np.ndarray, "row"], Float[np.ndarray, "row outcome"]]:
    """KL(target ‖ softmax logits) [row] and the softmax [row, outcome].

    As Σ p (e^δ − 1 − δ), δ = log q − log p, which loses nothing where q is close to p.
    """
    log_model = logits - logits.max(1, keepdims=True)
    log_model -= np.log(np.exp(log_model).sum(1, keepdims=True))
    model, possible = np.exp(log_model), ~np.isneginf(log_target)
    gap = np.where(possible, log_model - np.where(possible, log_target, 0.0), 0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        term = np.exp(log_target) * (np.expm1(gap) - gap)
    unlikely = ~np.isfinite(term)  # p underflows or e^δ overflows: there q itself counts
    return np.where(possible & ~unlikely, term, model).sum(1), model


def curvature(
    model: Float[np.ndarray, "row outcome"], basis: Float[np.ndarray, "outcome dim"]
) -> Float[np.ndarray, "row dim dim"]:
    """gᵀ (diag q − q qᵀ) g [row, dim, dim], with what keeps it invertible where q is one-hot."""
    centred = basis - (model @ basis)[:, None, :]
    second = (centred * model[:, :, None]).transpose(0, 2, 1) @ centred
    largest = second.diagonal(axis1=1, axis2=2).max(1)
    return second + (1e-13 * largest + 1e-200)[:, None, None] * np.eye(basis.shape[1])


def centred_logits(
    log_target: Float[np.ndarray, "row outcome"],
) -> tuple[Float[np.ndarray, "row outcome"], Float[np.ndarray, "row outcome"]]:
    """log target with its zeros just below the smallest value, and the same centred."""
    possible = ~np.isneginf(log_target)
    lowest = log_target[possible].min(initial=0.0) - FLOOR
    floored = np.where(possible, log_target, lowest)
    return floored, floored - floored.mean(1, keepdims=True)
