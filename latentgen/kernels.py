"""The exact algebra on log-tables as pure, traceable functions, in their input's dtype.

For what must be jitted, batched or differentiated. Tables are saturated log-probabilities:
log_prior [configuration], log_word [configuration, word] (positions alike) or [position,
configuration, word], log_token [configuration, token]; contexts are integers [sample, position].
For sparse worlds `log_partition` and `log_marginals` take the operands of `lg.log_operands`.
Shapes are checked, numbers are not: for a word outside the vocabulary JAX reads another one.
"""

import operator
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from latentgen.contraction_path import Path
from latentgen.contraction_sums import PROBABILITY, Algebra, contracted
from latentgen.contraction_sums import marginals as _marginals


def log_joint(
    log_prior: Float[Array, "configuration"],
    log_word: Float[Array, "*position configuration word"],
    context: Int[Array, "sample length"],
) -> Float[Array, "sample configuration"]:
    """log p(c, x) = log p(c) + Σ_i log p(x_i|c) [sample, configuration], nats.

    Raises ValueError for a context with more positions than log_word.
    """
    if log_word.ndim == 2:
        seen = log_word[:, context]  # [configuration, sample, length]
        return log_prior + seen.sum(-1).T
    if context.shape[1] > len(log_word):
        raise ValueError(
            f"a context may have at most the {len(log_word)} positions of log_word; got "
            f"{context.shape[1]}: shorten it, or give [configuration, word] for alike positions"
        )
    position = jnp.arange(context.shape[1])
    seen = log_word[position, :, context]  # [sample, length, configuration]
    return log_prior + seen.sum(1)


def log_normalise(log_weight: Float[Array, "*batch outcome"]) -> Float[Array, "*batch outcome"]:
    """log_weight − log Σ exp(log_weight) over the last axis; a row of −inf stays −inf."""
    total = _log_sum(log_weight, -1)[..., None]
    return log_weight - jnp.where(jnp.isneginf(total), 0.0, total)


def log_posterior(
    log_prior: Float[Array, "configuration"],
    log_word: Float[Array, "*position configuration word"],
    context: Int[Array, "sample length"],
) -> Float[Array, "sample configuration"]:
    """log p(c|x) [sample, configuration], nats; a context of probability zero gives −inf.

    Raises ValueError as `log_joint`.
    """
    return log_normalise(log_joint(log_prior, log_word, context))


def log_predictive(
    log_posterior: Float[Array, "sample configuration"],
    log_token: Float[Array, "configuration token"],
) -> Float[Array, "sample token"]:
    """log p(y|x) = log Σ_c p(c|x) p(y|c) [sample, token], nats."""
    return _log_sum(log_posterior[:, :, None] + log_token, 1)


def log_token_posterior(
    log_prior: Float[Array, "configuration"],
    log_token: Float[Array, "configuration token"],
) -> Float[Array, "token configuration"]:
    """log p(c|y) [token, configuration], nats; a token of probability zero gives −inf."""
    return log_normalise(log_prior + log_token.T)


def log_concept_posterior(
    log_posterior: Float[Array, "*batch configuration"],
    cardinalities: tuple[int, ...],
    concept: int,
) -> Float[Array, "*batch value"]:
    """log p(c_k|x) = log Σ over the other concepts [..., value], nats.

    Raises ValueError for a concept that the cardinalities do not have.
    """
    if not 0 <= concept < len(cardinalities):
        raise ValueError(
            f"concepts are numbered 0 … {len(cardinalities) - 1}; there is no concept {concept}"
        )
    batch = log_posterior.ndim - 1
    joint = log_posterior.reshape(*log_posterior.shape[:-1], *cardinalities)
    others = tuple(batch + k for k in range(len(cardinalities)) if k != concept)
    return _log_sum(joint, others)


def log_partition(
    path: Path, log_operands: Sequence[Float[Array, "..."]]
) -> Float[Array, "*value sample"]:
    """log of what the path sums up to [*values of its output, sample]; the path is static.

    Its gradient by the log-operand of a concept is that concept's posterior; −inf where the sum
    is zero, and there with a gradient of zero.
    """
    return contracted(path, [jnp.asarray(table) for table in log_operands], _LOGARITHM)[-1]


def log_marginals(
    path: Path, log_operands: Sequence[Float[Array, "..."]], wanted: Sequence[int]
) -> list[Float[Array, "..."]]:
    """log of the terms of the sum that share an entry of a wanted operand [*values, sample] each.

    Less log_partition they are the logarithm of its gradient, which underflows nowhere.
    """
    return _marginals(path, [jnp.asarray(table) for table in log_operands], wanted, _LOGARITHM)


def marginals(
    path: Path, operands: Sequence[Float[Array, "..."]], wanted: Sequence[int]
) -> list[Float[Array, "..."]]:
    """exp of `log_marginals`, of operands that are probabilities: several times as fast.

    Not below 1e-308 (float32: 1e-38), and inexact where terms of the sum underflow on the way.
    """
    return _marginals(path, [jnp.asarray(table) for table in operands], wanted, PROBABILITY)


def _log_sum(log_terms: Float[Array, "..."], axis: int | tuple[int, ...]) -> Float[Array, "..."]:
    """log Σ exp over some axes; −inf where all terms are, and there with a gradient of zero.

    The gradient of jax.nn.logsumexp is NaN there, and spreads even where nothing depends on it.
    """
    best = jax.lax.stop_gradient(log_terms.max(axis, keepdims=True))
    anchor = jnp.where(jnp.isneginf(best), 0.0, best)
    total = jnp.exp(log_terms - anchor).sum(axis)
    possible = total > 0
    log_total = jnp.log(jnp.where(possible, total, 1.0)) + anchor.squeeze(axis)
    return jnp.where(possible, log_total, -jnp.inf)


_LOGARITHM = Algebra(operator.add, _log_sum, 0.0)
