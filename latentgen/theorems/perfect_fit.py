"""What must the logits of every perfect predictor be?"""

import numpy as np
from numpy.typing import ArrayLike

from latentgen.model import ConceptModel
from latentgen.oracle import oracle_representation
from latentgen.theorems.instance import instance
from latentgen.theorems.result import Assumption, Theorem, theorem


def perfect_fit(
    model: ConceptModel,
    context: ArrayLike,
    log_weight: ArrayLike | None = None,
    *,
    gauge: ArrayLike | None = None,
) -> Theorem:
    """Centred logits = centred log(M p), M = p(y|c) and p = p(c|x), whatever the network.

    quantity: the centred logits of a perfect predictor, f(x)·g(y) of `oracle_representation`, or of
    (f Bᵀ, g B⁻¹) for an invertible gauge B [dim, dim]; claimed: log Σ_c p(c|x) p(y|c, x) less its
    mean over tokens. Defined for contexts in which every token is possible: the logits are infinite
    elsewhere. Raises ValueError for a gauge that is no such matrix. Source: docs/theory.md, item 1.
    """
    seen = instance(model, context, log_weight)
    possible = np.asarray(np.all(~np.isneginf(seen.log_predictive), axis=1))
    log_token = np.logaddexp.reduce(seen.log_joint()[possible], axis=-1)
    logits = np.zeros(seen.log_predictive.shape)
    claimed = np.zeros(seen.log_predictive.shape)
    claimed[possible] = log_token - log_token.mean(1, keepdims=True)
    condition = 1.0
    if possible.any():
        oracle = oracle_representation(model, np.asarray(context)[possible])
        left, right, condition = _changed(oracle.representation, oracle.unembedding, gauge)
        found = left @ right.T
        logits[possible] = found - found.mean(1, keepdims=True)
    share = float(1 - possible.mean()) if len(possible) else 0.0
    scale = condition * (1 + np.abs(claimed).max(1, initial=0.0))[:, None]
    return theorem(
        "centred logits of a perfect predictor = centred log Σ_c p(c|x) p(y|c)",
        "docs/theory.md, item 1",
        [Assumption("p(y|x) > 0 for every token: share of contexts without", share, share == 0)],
        logits,
        claimed,
        scale=scale,
        defined=np.broadcast_to(possible[:, None], logits.shape),
    )


def _changed(
    representation: np.ndarray, unembedding: np.ndarray, gauge: ArrayLike | None
) -> tuple[np.ndarray, np.ndarray, float]:
    """(f Bᵀ, g B⁻¹) and the condition number of B."""
    if gauge is None:
        return representation, unembedding, 1.0
    matrix, dim = np.asarray(gauge, np.float64), representation.shape[1]
    if matrix.shape != (dim, dim) or np.linalg.matrix_rank(matrix) < dim:
        raise ValueError(
            f"gauge must be an invertible matrix of shape {(dim, dim)}; got shape {matrix.shape}"
        )
    changed = unembedding @ np.linalg.inv(matrix)
    return representation @ matrix.T, changed, float(np.linalg.cond(matrix))
