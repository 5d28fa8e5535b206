"""How much information does a law leave over, to leading order and without a search?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.linalg import cho_solve, get_lapack_funcs

from latentgen.host import refuse_large_output

NO_INFORMATION = 1e-9  # nats; below it a share of information has no meaning
ROW_TOLERANCE = 1e-4  # by which p(y|x) may miss a sum of 1, as rows from float32 do


class FisherProjection(NamedTuple):
    """The closed-form value of 1 − S(φ) to second order, S being the law score.

    share: divergence / information; 0 where the information is below 1e-9 nats, for then a
    constant leaves nothing over. upper_share: E KL(p ‖ softmax(U φ + v)) / information at the U
    and v found, no less than 1 − S; where it is near share, so is 1 − S. divergence: min ½ E_x
    Var_{y ~ p(y|x)}(log p(y|x) − U φ(x) − v), nats. information: I(x;y), nats. coefficient U
    [token, regressor] and offset v [token]: a minimiser, centred over the tokens.
    num_regressors: the rank of the features.
    """

    share: float
    upper_share: float
    divergence: float
    information: float
    coefficient: np.ndarray
    offset: np.ndarray
    num_regressors: int


class Regressors(NamedTuple):
    """Features as uncorrelated components of variance 1 and a column of ones.

    design [context, component + 1]; mean [regressor]; basis [regressor, component].
    """

    design: np.ndarray
    mean: np.ndarray
    basis: np.ndarray


class Question(NamedTuple):
    """What is projected, checked and in float64; resolution: eps of the features' own format."""

    features: np.ndarray
    log_predictive: np.ndarray
    weight: np.ndarray
    resolution: float


def fisher_projection(
    features: ArrayLike, log_predictive: ArrayLike, weight: ArrayLike | None = None
) -> FisherProjection:
    """min over U, v of ½ E_x Var_{y ~ p(y|x)}(log p(y|x) − U φ(x) − v) / I(x;y), 1 − S to order 2.

    With r = U φ + v − log p, KL(p ‖ softmax(U φ + v)) = log E_p e^r − E_p r = ½ Var_p(r) + O(r³):
    a weighted least-squares problem with Hessian Σ_x w_x (diag p_x − p_x p_xᵀ) ⊗ φφᵀ, solved in
    one factorisation. Exact to leading order as the law's residual goes to 0; for a law far from
    true only an index (it may exceed 1). Invariant under invertible affine maps of φ. A token with
    p(y|x) = 0 has no weight at x: the mass that a softmax would give it there is not counted, so
    that a token which is possible after some contexts only makes the value too small, and where
    every context determines y it is 0 whatever the law. upper_share shows it.
    features φ [context, regressor], finite, of which directions that are rounding of their own
    format are dropped; log_predictive [context, token]; weight p(x) [context], None for equal
    weights. Raises ValueError for other shapes, features that are not finite, rows of p(y|x) that
    miss 1 by more than 1e-4, and Hessians above 1 GiB.
    """
    features, log_predictive, weight, resolution = _checked(features, log_predictive, weight)
    regressors = _regressors(features, weight, resolution)
    probability = np.exp(log_predictive)
    target = np.where(probability > 0, log_predictive, 0.0)
    solution = _solve(regressors.design, probability, target, weight)
    logits = regressors.design @ solution
    left = _centred(target - logits, probability)
    divergence = 0.5 * float(weight @ (probability * left**2).sum(1))
    known = information(log_predictive, weight)
    share_of = 1 / known if known >= NO_INFORMATION else 0.0
    solution -= solution.mean(1, keepdims=True)
    coefficient = (regressors.basis @ solution[:-1]).T
    return FisherProjection(
        divergence * share_of,
        float(weight @ _divergences(logits, target, probability)) * share_of,
        divergence,
        known,
        coefficient,
        solution[-1] - coefficient @ regressors.mean,
        regressors.basis.shape[1],
    )


def information(
    log_predictive: Float[np.ndarray, "context token"], weight: Float[np.ndarray, "context"]
) -> float:
    """I(x;y) = E_x KL(p(y|x) ‖ Σ_x p(x) p(y|x)) in nats, never negative."""
    probability = np.exp(log_predictive)
    mean = weight @ probability
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(probability > 0, log_predictive - np.log(mean), 0.0)
    return float(max(0.0, weight @ (probability * ratio).sum(1)))


def _divergences(logits: np.ndarray, target: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """KL(p ‖ softmax(logits)) of each context, the mass on impossible tokens included."""
    mean = (probability * (logits - target)).sum(1, keepdims=True)
    return np.maximum(0.0, np.logaddexp.reduce(logits - mean / probability.sum(1)[:, None], axis=1))


def _centred(values: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """values − E_p values, per context."""
    return values - (probability * values).sum(1, keepdims=True) / probability.sum(1, keepdims=True)


def _checked(features: ArrayLike, log_predictive: ArrayLike, weight: ArrayLike | None) -> Question:
    given = np.asarray(features)
    resolution = float(np.finfo(given.dtype if given.dtype.kind == "f" else np.float64).eps)
    columns = np.asarray(features, np.float64)
    log_rows = np.asarray(log_predictive, np.float64)
    if columns.ndim != 2 or log_rows.ndim != 2:
        raise ValueError(
            "features and log_predictive must have axes [context, regressor] and [context, token]; "
            f"got shapes {columns.shape} and {log_rows.shape}"
        )
    num_contexts = len(log_rows)
    share = np.full(num_contexts, 1.0) if weight is None else np.asarray(weight, np.float64)
    if num_contexts == 0 or len(columns) != num_contexts or share.shape != (num_contexts,):
        raise ValueError(
            "features, log_predictive and weight must have one row for each of at least one "
            f"context; got {len(columns)}, {num_contexts} and {len(share)} rows"
        )
    if not np.isfinite(columns).all():
        row = int(np.argwhere(~np.isfinite(columns))[0, 0])
        raise ValueError(
            f"features must be finite; row {row} is not: drop such contexts, or project a law that "
            "is defined there, such as log(p + ρ)"
        )
    if not np.isfinite(share).all() or (share < 0).any() or not share.sum() > 0:
        raise ValueError(
            "weight must be finite, not negative and not all zero; got "
            f"{share.min()} … {share.max()}"
        )
    _check_rows(log_rows)
    return Question(columns, log_rows, share / share.sum(), resolution)


def _check_rows(log_rows: np.ndarray) -> None:
    with np.errstate(over="ignore"):  # no logarithm of a probability, and refused here
        total = np.exp(log_rows).sum(1)
    wrong = np.flatnonzero(~(np.abs(total - 1) <= ROW_TOLERANCE))
    if wrong.size:
        row = int(wrong[0])
        raise ValueError(
            "log_predictive must hold log-probabilities whose exponentials sum to 1; row "
            f"{row} sums to {total[row]:.9g}: subtract the logarithm of its sum"
        )


def _regressors(features: np.ndarray, weight: np.ndarray, resolution: float) -> Regressors:
    """Whitened features; directions that rounding explains are dropped."""
    mean = weight @ features
    rows = np.sqrt(weight)[:, None] * (features - mean)
    if rows.shape[1] == 0:
        return Regressors(np.ones((len(rows), 1)), mean, np.zeros((0, 0)))
    _, scale, directions = np.linalg.svd(rows, full_matrices=False)
    rounding = resolution * max(rows.shape) * np.abs(features).max()
    kept = scale > max(rounding, resolution ** (2 / 3) * scale[0])
    basis = directions[kept].T / scale[kept]
    components = (features - mean) @ basis
    design = np.concatenate([components, np.ones((len(rows), 1))], 1)
    return Regressors(design, mean, basis)


def _solve(
    design: np.ndarray, probability: np.ndarray, target: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """A minimiser [component, token] of E_x Var_{p(y|x)}(target − design · solution)."""
    shape = (probability.shape[1], design.shape[1])
    size = shape[0] * shape[1]
    refuse_large_output("fisher_projection", (size, size), "use fewer tokens or features")
    hessian = _hessian(design, probability, weight)
    scale = np.sqrt(np.diag(hessian))
    scale = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)
    hessian *= scale[:, None]  # one side at a time: the product of two scales may overflow
    hessian *= scale
    # Cholesky with pivots: a basic solution, for all minimisers predict alike
    (pivoted_cholesky,) = get_lapack_funcs(("pstrf",), (hessian,))
    factor, pivots, rank, _ = pivoted_cholesky(hessian, tol=size * np.finfo(np.float64).eps)
    chosen = pivots[:rank] - 1
    gradient = (weight[:, None] * probability * _centred(target, probability)).T @ design
    solution = np.zeros(size)
    if rank:
        scaled = (gradient.reshape(-1) * scale)[chosen]
        solution[chosen] = cho_solve((factor[:rank, :rank], False), scaled)
    return (solution * scale).reshape(shape).T


def _hessian(design: np.ndarray, probability: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Σ_x w_x (diag p_x − p_x p_xᵀ) ⊗ φφᵀ [token · component, token · component].

    The diagonal blocks Σ_x w_x p(y|x) (1 − p(y|x)) φφᵀ are sums over the other tokens, so that
    nothing cancels where p(y|x) is near 1.
    """
    num_tokens, num_components = probability.shape[1], design.shape[1]
    rows = np.sqrt(weight)[:, None, None] * probability[:, :, None] * design[:, None, :]
    rows = rows.reshape(len(rows), -1)
    blocks = -(rows.T @ rows).reshape(num_tokens, num_components, num_tokens, num_components)
    token = np.arange(num_tokens)
    blocks[token, :, token, :] = 0
    blocks[token, :, token, :] = -blocks.sum(2)
    return blocks.reshape(num_tokens * num_components, -1)
