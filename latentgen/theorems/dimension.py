"""What does a representation of any dimension hold, with any number of tokens?"""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from latentgen.low_rank_oracle import low_rank_fit
from latentgen.model import ConceptModel
from latentgen.oracle import zero_sum_basis
from latentgen.row_fit import centred_logits, fit_rows, mean_divergence
from latentgen.theorems.identity import averages, support, token_weights
from latentgen.theorems.instance import Instance, instance
from latentgen.theorems.result import Assumption, Theorem, theorem

PERFECT = 1e-20  # nats of excess; logits that miss log p(y|x) by 1e-10 cost as much


def any_dimension(
    model: ConceptModel,
    context: ArrayLike,
    log_weight: ArrayLike | None = None,
    *,
    unembedding: ArrayLike | None = None,
    dim: int | None = None,
) -> Theorem:
    """A perfect fit's f is (Dᵀ)⁺ (L log p(c|x) + β − Δh) on the span of the columns of D.

    D: the differences g(y) − g(y') of all pairs of tokens, so that (Dᵀ)⁺ of differences equals G⁺
    of the centred terms, G the centred unembedding [token, dim]. L log p(c|x), β and h are the
    averages of log p(c|x), log p(y|c) and log p(c|x, y) under p(c|y), token by token.

    unembedding: any g [token, dim]; by default that of the best predictor of dimension dim,
    |tokens| − 1 unless given, and padded with zeros above it. quantity [context, dim]: the part
    in span(D) of the f that fits p(y|x) best given g, found for each context alone. Where no
    perfect fit exists, as dim is below the rank of the centred log p(y|x), the residual is what
    the best fit misses. Defined for contexts with p(y|x) > 0 and all averages finite, for all
    tokens. terms: unembedding [token, dim]; rank [1] of the centred log p(y|x) over the contexts
    given; gap [context, token], what the centred logits miss of the centred log p(y|x). Raises
    ValueError for dim < 1, for an unembedding of another number of tokens or not finite, and
    when both are given. Source: docs/theory.md, item 4.
    """
    seen = instance(model, context, log_weight)
    vectors = _vectors(seen, unembedding, dim)
    basis, inverse = _span(vectors)
    _, centred = centred_logits(seen.log_predictive)
    rows = fit_rows(seen.log_predictive, basis, centred @ basis)
    parts = averages(seen, token_weights(seen, None))
    answered = np.all(parts["defined"] > 0, axis=1)
    defined = answered[:, None]
    terms = [np.where(defined, parts[name], 0.0) for name in ("belief", "given", "both")]
    logits = terms[0] + terms[1] - terms[2]
    shape = (len(rows), vectors.shape[1])
    scale = sum(np.abs(term) for term in terms) @ np.abs(inverse)
    excess = mean_divergence(seen.log_predictive, seen.weight, rows, basis)
    rank = _rank(centred[answered])
    return theorem(
        "the part of f in span(D) = (Dᵀ)⁺ (L log p(c|x) + β − Δh)",
        "docs/theory.md, item 4",
        [
            Assumption(
                f"dim of span(D) ≥ {rank}, the rank of centred log p(y|x)", *_enough(basis, rank)
            ),
            Assumption(
                "perfect fit: E KL(p(y|x) ‖ softmax f·g) in nats is 0", excess, excess <= PERFECT
            ),
            seen.independence(),
            support(np.broadcast_to(defined, seen.log_predictive.shape)),
        ],
        rows @ basis.T @ inverse,
        (logits - logits.mean(1, keepdims=True)) @ inverse,
        scale=scale,
        defined=np.broadcast_to(defined, shape).copy(),
        terms={
            "unembedding": vectors,
            "rank": np.array([float(rank)]),
            "gap": np.where(defined, rows @ basis.T - centred, 0.0),
        },
    )


def _enough(basis: np.ndarray, rank: int) -> tuple[float, bool]:
    return float(basis.shape[1]), basis.shape[1] >= rank


def _vectors(
    seen: Instance, unembedding: ArrayLike | None, dim: int | None
) -> Float[np.ndarray, "token dim"]:
    """The unembedding given, or the best one of this dimension."""
    full = seen.num_tokens - 1
    if unembedding is None:
        dim = max(1, full) if dim is None else dim
        if dim < 1:
            raise ValueError(f"a representation needs dim ≥ 1; got {dim}")
        if dim < full:
            return low_rank_fit(seen.log_predictive, seen.weight, dim).unembedding
        return np.pad(zero_sum_basis(seen.num_tokens), ((0, 0), (0, dim - full)))
    if dim is not None:
        raise ValueError(f"the unembedding has its own dimension; got dim {dim} beside it: drop it")
    vectors = np.asarray(unembedding, np.float64)
    if vectors.ndim != 2 or len(vectors) != seen.num_tokens or not np.isfinite(vectors).all():
        raise ValueError(
            f"unembedding must hold finite numbers [token, dim] for the {seen.num_tokens} tokens "
            f"of this world; got shape {vectors.shape}"
        )
    return vectors


def _span(
    vectors: Float[np.ndarray, "token dim"],
) -> tuple[Float[np.ndarray, "token rank"], Float[np.ndarray, "token dim"]]:
    """An orthonormal basis of the centred g, and what takes centred logits to f: (G⁺)ᵀ."""
    left, scale, right = np.linalg.svd(vectors - vectors.mean(0), full_matrices=False)
    kept = scale > max(vectors.shape) * np.finfo(np.float64).eps * np.abs(vectors).max(initial=0.0)
    return left[:, kept], left[:, kept] / scale[kept] @ right[kept]


def _rank(centred: np.ndarray) -> int:
    """The numerical rank of centred log p(y|x)."""
    return int(np.linalg.matrix_rank(centred)) if centred.size else 0
