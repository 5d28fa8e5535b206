"""How much of the joint log-posterior can any A of Theorem 3.1 hold?"""

import numpy as np
from numpy.typing import ArrayLike

from latentgen.enumeration import factor_rows
from latentgen.model import ConceptModel
from latentgen.space import ConceptSpace
from latentgen.theorems.instance import instance
from latentgen.theorems.paper import diversity_rank, paper_terms
from latentgen.theorems.result import Theorem, theorem


def rank(
    model: ConceptModel,
    context: ArrayLike,
    log_weight: ArrayLike | None = None,
    *,
    reference: int = 0,
) -> Theorem:
    """L·1 = 0: A sees only log-ratios of p(c|x), its rank is at most ℓ − 1, it is never invertible.

    Rows: the tokens' rows of L, then of Ã_k = L B_k for each concept k; the single component is a
    row's sum, claimed to be 0, as p(·|y) and p(c_k|y) sum to 1. The last row is the largest excess
    of a rank over ℓ − 1 or n_k − 1, at most 0. B_k [configuration, value] repeats a value over the
    configurations that have it. terms: diversity_matrix L [token, configuration]; rank and largest
    [1 + m], of L and of every Ã_k. Tokens that never occur count as the reference. No assumption
    is needed: diversity can at best mean rank ℓ − 1.
    Source: arXiv:2503.08980, Theorem 3.1 ("invertible linear transformation" in v1–v3);
    docs/theory.md, item 3.
    """
    seen = instance(model, context, log_weight)
    size = seen.space.num_configurations
    matrix = paper_terms(seen, reference).diversity_matrix
    blocks = [matrix, *(matrix @ value_indicator(seen.space, k) for k in _concepts(seen.space))]
    ranks = np.array([diversity_rank(block) for block in blocks], np.float64)
    largest = np.array([size - 1, *(n - 1 for n in seen.space.cardinalities)], np.float64)
    sums = np.concatenate([block.sum(1) for block in blocks])[:, None]
    excess = float(np.max(ranks - largest))
    return theorem(
        "L·1 = 0, rank L ≤ ℓ − 1 and rank Ã_k ≤ n_k − 1: A is never invertible",
        "docs/theory.md, item 3",
        [],
        np.concatenate([sums, [[excess]]]),
        np.zeros((len(sums) + 1, 1)),
        low=np.concatenate([np.zeros((len(sums), 1)), [[-np.inf]]]),
        scale=float(size),
        terms={"diversity_matrix": matrix, "rank": ranks, "largest": largest},
    )


def value_indicator(space: ConceptSpace, concept: int) -> np.ndarray:
    """B_k [configuration, value]: 1 where the configuration has that value of the concept."""
    values = factor_rows(space, (concept,), np.arange(space.num_configurations))
    return np.eye(space.cardinalities[concept])[values]


def _concepts(space: ConceptSpace) -> range:
    return range(space.num_concepts)
