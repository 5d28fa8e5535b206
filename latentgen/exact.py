"""What does a context or a token say about the concepts, and about the next token, exactly?

All answers are natural logarithms in NumPy float64, computed on the host by enumerating the
configurations; a probability of zero is −inf. Contexts are integers [sample, position].
"""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from latentgen.enumeration import (
    emission_block,
    factor_rows,
    log_joint_blocks,
    log_mixture,
    log_prior_block,
    refuse_impossible,
    word_columns,
)
from latentgen.host import refuse_large_enumeration, refuse_large_output, refuse_tracers
from latentgen.model import ConceptModel


def log_prior(model: ConceptModel) -> Float[np.ndarray, "configuration"]:
    """log p(c) [configuration], nats. Raises ValueError for more than 2^26 configurations."""
    _check_joint("log_prior", model, (), "fewer concepts, or log_concept_prior, which streams")
    return log_prior_block(model, np.arange(model.space.num_configurations))


def log_concept_prior(model: ConceptModel, concept: int) -> Float[np.ndarray, "value"]:
    """log p(c_k) [value], nats: the joint prior summed over the other concepts."""
    return log_concept_posterior(model, np.zeros((1, 0), np.int64), concept)[0]


def log_context_given(
    model: ConceptModel, context: ArrayLike
) -> Float[np.ndarray, "sample configuration"]:
    """log p(x|c) = Σ_i log p(x_i|c) [sample, configuration], nats.

    Raises ValueError above 1 GiB, and for more than 2^26 configurations.
    """
    context = model.check_context(context, "log_context_given")
    _check_joint("log_context_given", model, (len(context),))
    total = np.zeros((len(context), model.space.num_configurations))
    for position in range(context.shape[1]):
        total += _log_word_seen(model, context, position)
    return total


def log_posterior(
    model: ConceptModel, context: ArrayLike
) -> Float[np.ndarray, "sample configuration"]:
    """log p(c|x) = log p(c) + log p(x|c) − log p(x) [sample, configuration], nats.

    Raises ValueError for a context of probability zero (names its row), a word outside the
    vocabulary, an answer above 1 GiB, and more than 2^26 configurations.
    """
    context = model.check_context(context, "log_posterior")
    _check_joint("log_posterior", model, (len(context),))
    log_joint = np.empty((len(context), model.space.num_configurations))
    for configurations, block in log_joint_blocks(model, context):
        log_joint[:, configurations] = block
    return _normalised(log_joint, context)


def log_posterior_prefixes(
    model: ConceptModel, context: ArrayLike
) -> Float[np.ndarray, "sample prefix configuration"]:
    """log p(c|x_1…x_t) [sample, prefix, configuration], nats, t = 0 … T; prefix 0 is the prior.

    Raises ValueError as `log_posterior` does.
    """
    context = model.check_context(context, "log_posterior_prefixes")
    num_samples, length = context.shape
    _check_joint("log_posterior_prefixes", model, (num_samples, length + 1))
    log_joint = np.empty((num_samples, length + 1, model.space.num_configurations))
    log_joint[:, 0] = log_prior(model)
    for position in range(length):
        seen = _log_word_seen(model, context, position)
        log_joint[:, position + 1] = log_joint[:, position] + seen
    return _normalised(log_joint, context)


def log_evidence(model: ConceptModel, context: ArrayLike) -> Float[np.ndarray, "sample"]:
    """log p(x) = log Σ_c p(c) p(x|c) [sample], nats; raises on a context of probability zero."""
    context = model.check_context(context, "log_evidence")
    nothing = _constant_outcome
    return log_mixture(model, context, nothing, "log_evidence").log_evidence


def log_concept_posterior(
    model: ConceptModel, context: ArrayLike, concept: int
) -> Float[np.ndarray, "sample value"]:
    """log p(c_k|x) [sample, value], nats, without holding the joint posterior.

    Raises ValueError as `log_posterior` does, and for more than 2^26 configurations.
    """
    context = model.check_context(context, "log_concept_posterior")
    concept = model.space.check_concept(concept)
    cardinality = model.space.cardinalities[concept]
    with np.errstate(divide="ignore"):
        log_identity = np.log(np.eye(cardinality))

    def log_indicator(configurations: np.ndarray) -> np.ndarray:
        return log_identity[factor_rows(model.space, (concept,), configurations)]

    mixture = log_mixture(model, context, log_indicator, "log_concept_posterior")
    return mixture.log_joint - mixture.log_evidence[:, None]


def log_predictive(model: ConceptModel, context: ArrayLike) -> Float[np.ndarray, "sample token"]:
    """log p(y|x) = log Σ_c p(c|x) p(y|c) [sample, token], nats.

    When the world has no token table the token is the next word. Raises ValueError as
    `log_posterior` does, and for more than 2^26 configurations.
    """
    context = model.check_context(context, "log_predictive")
    refuse_large_enumeration("log_predictive", model.space.num_configurations)
    factor = model.token_factor(context.shape[1])
    if factor.reads:
        return _log_predictive_reading(model, context)

    def log_table(configurations: np.ndarray) -> np.ndarray:
        return emission_block(model.space, factor, configurations)

    mixture = log_mixture(model, context, log_table, "log_predictive")
    return mixture.log_joint - mixture.log_evidence[:, None]


def log_token_given(
    model: ConceptModel, context_length: int = 0
) -> Float[np.ndarray, "configuration token"]:
    """log p(y|c) [configuration, token], nats: the matrix M of the theory, in logarithms.

    context_length matters only when the token is the next word and positions differ. Raises
    ValueError when that word reads earlier words: p(y|c) then depends on the context.
    """
    refuse_tracers("log_token_given", context_length)
    factor = model.token_factor(context_length)
    if factor.reads:
        raise ValueError(
            f"the token after {context_length} words reads the words at {list(factor.reads)}, "
            "so p(y|c) depends on the context: use log_predictive"
        )
    _check_joint("log_token_given", model, (factor.num_outcomes,), "fewer tokens or concepts")
    return emission_block(model.space, factor, np.arange(model.space.num_configurations))


def log_token_given_context(
    model: ConceptModel, context: ArrayLike
) -> Float[np.ndarray, "row configuration token"]:
    """log p(y|c, x) [row, configuration, token], nats; one row for all when y reads no words.

    When the next word reads earlier words there is one row per context: x and y are then not
    independent given c. Raises ValueError above 1 GiB.
    """
    context = model.check_context(context, "log_token_given_context")
    factor = model.token_factor(context.shape[1])
    if not factor.reads:
        return log_token_given(model, context.shape[1])[None]
    _check_joint("log_token_given_context", model, (len(context), factor.num_outcomes))
    table = emission_block(model.space, factor, np.arange(model.space.num_configurations))
    sizes = factor.log_table.shape[len(factor.scope) : -1]
    read = np.ravel_multi_index(tuple(context[:, earlier] for earlier in factor.reads), sizes)
    by_read = table.reshape(len(table), -1, factor.num_outcomes)
    return by_read[:, read].transpose(1, 0, 2)


def log_token_posterior(
    model: ConceptModel, context_length: int = 0
) -> Float[np.ndarray, "token configuration"]:
    """log p(c|y) = log p(c) + log p(y|c) − log p(y) [token, configuration], nats.

    A token with p(y) = 0 has a row of −inf. context_length as in `log_token_given`.
    """
    log_joint = log_token_given(model, context_length).T + log_prior(model)
    log_marginal = np.logaddexp.reduce(log_joint, axis=1, keepdims=True)
    return log_joint - np.where(np.isneginf(log_marginal), 0.0, log_marginal)


def _check_joint(
    function: str,
    model: ConceptModel,
    others: tuple[int, ...],
    remedy: str = "fewer contexts, or log_concept_posterior, which streams",
) -> None:
    refuse_large_enumeration(function, model.space.num_configurations)
    refuse_large_output(function, (*others, model.space.num_configurations), f"use {remedy}")


def _normalised(log_joint: np.ndarray, context: np.ndarray) -> np.ndarray:
    best = log_joint.max(-1, keepdims=True)
    refuse_impossible(best.min(axis=tuple(range(1, best.ndim))), context)
    log_joint -= best
    log_joint -= np.log(np.exp(log_joint).sum(-1, keepdims=True))
    return log_joint


def _log_word_seen(model: ConceptModel, context: np.ndarray, position: int) -> np.ndarray:
    """log p(x_i | c, earlier words) [sample, configuration]."""
    factor = model.word_factor(position)
    columns = word_columns(model, context, position)
    configurations = np.arange(model.space.num_configurations)
    return emission_block(model.space, factor, configurations)[:, columns].T


def _constant_outcome(configurations: np.ndarray) -> np.ndarray:
    return np.zeros((len(configurations), 1))


def _log_predictive_reading(model: ConceptModel, context: np.ndarray) -> np.ndarray:
    """log p(x, y) − log p(x) when the next word also reads earlier words."""
    before = log_evidence(model, context)
    columns = []
    for word in range(model.num_tokens(context.shape[1])):
        longer = np.concatenate([context, np.full((len(context), 1), word)], 1)
        parts = [np.logaddexp.reduce(block, axis=1) for _, block in log_joint_blocks(model, longer)]
        columns.append(np.logaddexp.reduce(np.stack(parts), axis=0) - before)
    return np.stack(columns, 1)
