"""How well can anybody predict the token, or name a concept, from the context?

Each function takes contexts with log-weights: the exact log p(x) of enumerated contexts, or
None for contexts that were sampled (equal weights). Weights are normalised over the contexts.
"""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from latentgen.exact import (
    log_concept_posterior,
    log_posterior,
    log_predictive,
    log_token_given_context,
)
from latentgen.model import ConceptModel
from latentgen.row_fit import divergence

CACHED = 2**15  # numbers in a block that stays in the cache


def entropy(log_probability: ArrayLike) -> np.ndarray:
    """H = −Σ p log p over the last axis, nats, with 0 log 0 = 0."""
    log_probability = np.asarray(log_probability, np.float64)
    probability = np.exp(log_probability)
    total = (probability * np.where(probability > 0, log_probability, 0.0)).sum(-1)
    return np.asarray(0.0 - total)  # never −0


def normalised_weight(
    log_weight: ArrayLike | None, num_contexts: int
) -> Float[np.ndarray, "context"]:
    """Weights that sum to one, of contexts [context]; None means equal weights."""
    if num_contexts == 0:
        raise ValueError("a mean over contexts needs at least one context; got none")
    if log_weight is None:
        return np.full(num_contexts, 1 / num_contexts)
    log_weight = np.asarray(log_weight, np.float64)
    if log_weight.shape != (num_contexts,):
        raise ValueError(
            f"log_weight must have one entry for each of the {num_contexts} contexts; "
            f"got shape {log_weight.shape}"
        )
    if not np.isfinite(log_weight.max()):
        raise ValueError(
            "log_weight must hold logarithms of weights that are not all zero, none of them NaN "
            f"or infinite; the largest is {log_weight.max()}"
        )
    weight = np.exp(log_weight - log_weight.max())
    return weight / weight.sum()


def bayes_loss(
    model: ConceptModel, context: ArrayLike, log_weight: ArrayLike | None = None
) -> float:
    """H(y|x) = −E_x Σ_y p(y|x) log p(y|x), nats: no predictor has a smaller expected loss."""
    log_token = log_predictive(model, context)
    return float(normalised_weight(log_weight, len(log_token)) @ entropy(log_token))


def bayes_accuracy(
    model: ConceptModel, context: ArrayLike, concept: int, log_weight: ArrayLike | None = None
) -> float:
    """E_x max_v p(c_k = v|x): no reader of the context names concept k more often."""
    best = np.exp(log_concept_posterior(model, context, concept).max(-1))
    return float(normalised_weight(log_weight, len(best)) @ best)


def token_information(
    model: ConceptModel, context: ArrayLike, log_weight: ArrayLike | None = None
) -> float:
    """I(x;y) = E_x KL(p(y|x) ‖ p(y)), nats, under the weights given; never negative."""
    return _information(log_predictive(model, context), log_weight)


def concept_information(
    model: ConceptModel, context: ArrayLike, concept: int, log_weight: ArrayLike | None = None
) -> float:
    """I(c_k;x) = E_x KL(p(c_k|x) ‖ p(c_k)), nats, under the weights given; never negative."""
    return _information(log_concept_posterior(model, context, concept), log_weight)


def epsilon(model: ConceptModel, context: ArrayLike, log_weight: ArrayLike | None = None) -> float:
    """The paper's ε on average: E_{x,y}[1 − max_c p(c|x,y)] (arXiv:2503.08980, ε of Theorem 3.1).

    Computed as E_x Σ_y of all p(c|x) p(y|c, x) but the largest, so that it is exact however small.
    """
    belief = np.exp(log_posterior(model, context))
    weight = normalised_weight(log_weight, len(belief))
    context = model.check_context(context)
    found = np.empty(len(belief))
    rows = max(1, CACHED // belief.shape[1])
    leaks = bool(model.token_factor(context.shape[1]).reads)
    tables = None if leaks else _token_tables(model, context[:1])
    for start in range(0, len(belief), rows):
        block = slice(start, start + rows)
        each = _token_tables(model, context[block]) if tables is None else tables
        found[block] = sum(_all_but_largest(belief[block] * table) for table in each)
    return float(weight @ found)


def context_epsilon(
    model: ConceptModel, context: ArrayLike, log_weight: ArrayLike | None = None
) -> float:
    """ε through the context alone: E_x[1 − max_c p(c|x)]."""
    left_open = one_minus_largest(log_posterior(model, context))
    return float(normalised_weight(log_weight, len(left_open)) @ left_open)


def one_minus_largest(
    log_probability: Float[np.ndarray, "*row configuration"],
) -> Float[np.ndarray, "*row"]:
    """1 − max_c p(c) of each row, as the sum of the others: exact however small it is."""
    return _all_but_largest(np.exp(log_probability))


def _all_but_largest(
    probability: Float[np.ndarray, "*row configuration"],
) -> Float[np.ndarray, "*row"]:
    """The sum of each row without its largest entry, which is overwritten."""
    best = probability.argmax(-1)[..., None]
    np.put_along_axis(probability, best, 0.0, -1)
    return probability.sum(-1)


def _token_tables(
    model: ConceptModel, context: np.ndarray
) -> Float[np.ndarray, "token row configuration"]:
    """p(y|c, x) by token; one row for all contexts where y reads no words."""
    return np.ascontiguousarray(np.exp(log_token_given_context(model, context)).transpose(2, 0, 1))


def _information(log_conditional: np.ndarray, log_weight: ArrayLike | None) -> float:
    weight = normalised_weight(log_weight, len(log_conditional))
    with np.errstate(divide="ignore"):
        log_marginal = np.log(weight @ np.exp(log_conditional))
    told, _ = divergence(log_conditional, np.broadcast_to(log_marginal, log_conditional.shape))
    return max(0.0, float(weight @ told))
