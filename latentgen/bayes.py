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
    log_token_given,
)
from latentgen.model import ConceptModel

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
    """I(x;y) = H(y) − H(y|x), nats, under the weights given."""
    return _information(log_predictive(model, context), log_weight)


def concept_information(
    model: ConceptModel, context: ArrayLike, concept: int, log_weight: ArrayLike | None = None
) -> float:
    """I(c_k;x) = H(c_k) − H(c_k|x), nats, under the weights given."""
    return _information(log_concept_posterior(model, context, concept), log_weight)


def epsilon(model: ConceptModel, context: ArrayLike, log_weight: ArrayLike | None = None) -> float:
    """The paper's ε on average: E_{x,y}[1 − max_c p(c|x,y)] (arXiv:2503.08980, ε of Theorem 3.1).

    Computed as 1 − E_x Σ_y max_c p(c|x) p(y|c).
    """
    log_joint = log_posterior(model, context)
    log_token = log_token_given(model, np.shape(context)[1])
    found = np.zeros(len(log_joint))
    rows = max(1, CACHED // log_joint.shape[1])
    for start in range(0, len(log_joint), rows):
        block = log_joint[start : start + rows]
        buffer = np.empty_like(block)
        for column in log_token.T:
            found[start : start + rows] += np.exp(np.add(block, column, out=buffer).max(-1))
    return float(1 - normalised_weight(log_weight, len(log_joint)) @ found)


def context_epsilon(
    model: ConceptModel, context: ArrayLike, log_weight: ArrayLike | None = None
) -> float:
    """ε through the context alone: E_x[1 − max_c p(c|x)]."""
    best = np.exp(log_posterior(model, context).max(-1))
    return float(1 - normalised_weight(log_weight, len(best)) @ best)


def _information(log_conditional: np.ndarray, log_weight: ArrayLike | None) -> float:
    weight = normalised_weight(log_weight, len(log_conditional))
    with np.errstate(divide="ignore"):
        log_marginal = np.log(weight @ np.exp(log_conditional))
    return float(entropy(log_marginal) - weight @ entropy(log_conditional))
