"""Does log p(y|x) split into what x says, what y says and what both say of the concepts?"""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from latentgen.model import ConceptModel
from latentgen.theorems.instance import Instance, instance
from latentgen.theorems.result import Assumption, Theorem, theorem

WEIGHT_TOLERANCE = 1e-9  # by which weights may miss a sum of 1


def identity(
    model: ConceptModel,
    context: ArrayLike,
    log_weight: ArrayLike | None = None,
    *,
    token_weight: ArrayLike | None = None,
) -> Theorem:
    """log p(y|x) = Σ_c q_y(c) [log p(c|x) + log p(y|c) − log p(c|x,y)], any q_y that sums to 1.

    token_weight q [token, configuration], signed values allowed; by default p(c|y), as in the
    paper. Defined where p(y|x) > 0 and every c with q_y(c) ≠ 0 has p(c|x) p(y|c) > 0. terms:
    token_weight, and the three averages belief, given and both [context, token]. With a leak
    p(y|c) stands for p(y|c, x), and the identity holds all the same. Source: arXiv:2503.08980,
    proof of Theorem 3.1, for q_y = p(·|y); docs/theory.md, item 2.
    """
    seen = instance(model, context, log_weight)
    weight = token_weights(seen, token_weight)
    parts = averages(seen, weight)
    claimed = parts["belief"] + parts["given"] - parts["both"]
    scale = sum(np.abs(part) for part in parts.values())
    defined = parts.pop("defined") > 0
    return theorem(
        "log p(y|x) = E_q[log p(c|x)] + E_q[log p(y|c)] − E_q[log p(c|x,y)]",
        "arXiv:2503.08980, proof of Theorem 3.1",
        [support(defined)],
        seen.log_predictive,
        claimed,
        scale=scale,
        defined=defined,
        terms={"token_weight": weight, **parts},
    )


def token_weights(
    seen: Instance, token_weight: ArrayLike | None
) -> Float[np.ndarray, "token configuration"]:
    """q_y(c), p(c|y) by default. ValueError for a wrong shape, NaN, and rows that miss 1."""
    if token_weight is None:
        return np.exp(seen.log_token_posterior())
    weight = np.asarray(token_weight, np.float64)
    shape = (seen.num_tokens, seen.space.num_configurations)
    if weight.shape != shape:
        raise ValueError(
            f"token_weight must have shape [token, configuration] = {shape}; got {weight.shape}"
        )
    if not np.isfinite(weight).all():
        row, column = (int(i) for i in np.argwhere(~np.isfinite(weight))[0])
        raise ValueError(
            f"token_weight must hold finite numbers; entry {(row, column)} is "
            f"{weight[row, column]}: use zero for a configuration that does not count"
        )
    missed = np.abs(weight.sum(1) - 1) > WEIGHT_TOLERANCE * np.maximum(1, np.abs(weight).sum(1))
    if missed.any():
        row = int(np.argmax(missed))
        raise ValueError(
            f"each row of token_weight must sum to 1; row {row} sums to {weight[row].sum():.9g}: "
            "divide it by its sum"
        )
    return weight


def averages(
    seen: Instance, weight: Float[np.ndarray, "token configuration"]
) -> dict[str, np.ndarray]:
    """The three averages of the identity [context, token], and where they are defined (1 or 0).

    Where they are not, they are zero: some c with q_y(c) ≠ 0 has p(c|x) p(y|c) = 0.
    """
    log_joint = seen.log_joint()
    reached = weight[None] != 0
    defined = ~(np.isneginf(log_joint) & reached).any(-1) & ~np.isneginf(seen.log_predictive)
    defined &= reached.any(-1)  # a token that never occurs has no p(c|y)
    counts = reached & defined[:, :, None]
    used = np.where(counts, weight[None], 0.0)

    def mean(log_term: np.ndarray) -> np.ndarray:
        return (used * np.where(counts, log_term, 0.0)).sum(-1)

    return {
        "belief": mean(np.broadcast_to(seen.log_belief[:, None, :], log_joint.shape)),
        "given": mean(np.broadcast_to(seen.log_given.transpose(0, 2, 1), log_joint.shape)),
        "both": mean(seen.log_both()),
        "defined": defined.astype(np.float64),
    }


def support(defined: np.ndarray) -> Assumption:
    """Every configuration averaged over is possible with the context and the token."""
    share = float(1 - defined.mean()) if defined.size else 0.0
    return Assumption(
        "p(c|x) p(y|c) > 0 where q_y(c) ≠ 0: share of (x, y) without", share, share == 0
    )
