"""Where y shows one concept drawn at random, is log p(y|x) affine in the stacked log p(c_k|x)?"""

import numpy as np
from jaxtyping import Bool
from numpy.typing import ArrayLike

from latentgen.model import ConceptModel
from latentgen.space import ConceptSpace
from latentgen.theorems.instance import instance
from latentgen.theorems.result import Theorem
from latentgen.theorems.two_levels import SAME, Levels, row_levels, two_level_theorem


def mixture_of_marginals(
    model: ConceptModel, context: ArrayLike, log_weight: ArrayLike | None = None
) -> Theorem:
    """log p(y|x) = log b_y + log(p(c_k = v|x) + ρ_y), for rows p(y|·) = a_y 1 + b_y 1{c_k = v}.

    Each token has a k and a v of its own. If y shows one concept, drawn with probability w_k, then
    b_y = w_k and ρ_y = 0: log p(y|x) is exactly affine in the stacked log marginals, raw and not
    their log-odds. For any other row (k, v) is the value, b ≥ 0, whose two sides spread least;
    p(y|x) is then at least what is claimed of the smallest entries of both sides, and at most the
    same of the largest.

    Only configurations with p(c) > 0 count. terms: rho, inf for a row of one level; log_scale
    log b_y, then log a_y; concept and value [token]. Nats. Source: Concept Component Analysis,
    arXiv:2601.20420; docs/theory.md, items 3 and 8.
    """
    seen = instance(model, context, log_weight)
    log_rows = seen.log_token_given().T
    possible = ~np.isneginf(seen.log_prior)
    concept, value, groups = concept_values(seen.space)
    group = _best_group([row_levels(log_rows, rows, possible) for rows in groups[:, None]])
    return two_level_theorem(
        "log p(y|x) = log b_y + log(p(c_k = v|x) + ρ_y)",
        "arXiv:2601.20420; docs/theory.md, item 8",
        seen,
        groups,
        group,
        row_levels(log_rows, groups[group], possible),
        "every row of p(y|c) is a 1 + b 1{c_k = v}: log of the largest spread of a side is 0",
        {"concept": concept[group], "value": value[group]},
    )


def concept_values(
    space: ConceptSpace,
) -> tuple[np.ndarray, np.ndarray, Bool[np.ndarray, "group configuration"]]:
    """Concept k and value v of every group {c_k = v} [group], and its configurations."""
    sizes = space.cardinalities
    concept = np.repeat(np.arange(len(sizes)), sizes)
    value = np.concatenate([np.arange(size) for size in sizes])
    values = space.values(np.arange(space.num_configurations))
    return concept, value, value[:, None] == values[:, concept].T


def _best_group(levels: list[Levels]) -> np.ndarray:
    """The group of each row [token]: least spread with b ≥ 0, then the largest step."""
    spread = np.stack([found.log_spread() for found in levels])
    inside = np.stack([np.exp(found.log_inside) for found in levels])
    step = inside - np.stack([np.exp(found.log_outside) for found in levels])
    spread = np.where(step >= 0, spread, np.inf)
    least = spread.min(0)
    candidate = (step >= 0) & ((spread <= least + SAME) | np.isinf(least))
    return np.where(candidate, step, -np.inf).argmax(0)
