"""How are all configurations visited without holding them all at once?

Blocks of configurations are streamed past blocks of contexts. Within a block, log p(x|c) is one
matrix product: how often each table column is read by a context, times the log-table.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from latentgen.factors import Factor
from latentgen.host import refuse_large_enumeration
from latentgen.model import ConceptModel
from latentgen.space import ConceptSpace

BLOCK_BYTES = 2**22  # one [sample, configuration] block stays in the cache
SAMPLE_BLOCK = 4096
FEW_COLUMNS = 16
UNDERFLOW = 1e-250  # smaller sums may have lost terms and are done again in log space

OutcomeTable = Callable[[np.ndarray], np.ndarray]  # configurations -> log [configuration, outcome]


class LogMixture(NamedTuple):
    """log Σ_c p(c, x) p(o|c) and log p(x).

    log_joint [sample, outcome]; log_evidence [sample].
    """

    log_joint: np.ndarray
    log_evidence: np.ndarray


def factor_rows(
    space: ConceptSpace, scope: tuple[int, ...], configurations: np.ndarray
) -> np.ndarray:
    """Row numbers of configurations [...] in a table flattened over its scope, row-major."""
    rows = np.zeros_like(configurations)
    for concept in scope:
        cardinality = space.cardinalities[concept]
        rows = rows * cardinality + (configurations // space.strides[concept]) % cardinality
    return rows


def emission_block(
    space: ConceptSpace, factor: Factor, configurations: np.ndarray
) -> Float[np.ndarray, "configuration column"]:
    """An emission's log-table by configuration; columns are its reads and outcome, flattened."""
    rows = factor_rows(space, factor.scope, configurations)
    flat = factor.log_table.reshape(*_flat_scope(factor), -1)
    return flat[rows]


def _flat_scope(factor: Factor) -> tuple[int]:
    return (int(np.prod(factor.log_table.shape[: len(factor.scope)], dtype=np.int64)),)


def log_prior_block(
    model: ConceptModel, configurations: np.ndarray
) -> Float[np.ndarray, "configuration"]:
    """log p(c) = Σ_k log p(c_k | parents) for some configurations."""
    total = np.zeros(configurations.shape)
    for factor in model.prior:
        rows = factor_rows(model.space, factor.scope, configurations)
        total += factor.log_table.reshape(-1)[rows]
    return total


def word_columns(
    model: ConceptModel, context: Int[np.ndarray, "sample position"], position: int
) -> Int[np.ndarray, "sample"]:
    """Which column of the word factor at a position each context reads."""
    factor = model.word_factor(position)
    read = [context[:, earlier] for earlier in factor.reads]
    sizes = factor.log_table.shape[len(factor.scope) :]
    return np.ravel_multi_index((*read, context[:, position]), sizes)


class ContextCounts(NamedTuple):
    """How often each context reads each column of each factor.

    factors[i] is read at columns[i]; counts [sample, column] over all of them, concatenated.
    """

    factors: list[Factor]
    columns: list[np.ndarray]
    counts: np.ndarray


def context_counts(
    model: ConceptModel, context: Int[np.ndarray, "sample position"]
) -> ContextCounts:
    """The columns a set of contexts reads, and how often; for alike positions a bag of words."""
    num_samples, length = context.shape
    sample = np.arange(num_samples)
    if model.positions_alike:
        counts = np.zeros((num_samples, model.words[0].num_outcomes))
        np.add.at(counts, (sample[:, None], context), 1.0)
        return ContextCounts([model.words[0]], [np.arange(counts.shape[1])], counts)
    columns, blocks = [], []
    for position in range(length):
        seen, inverse = _seen(word_columns(model, context, position))
        one_hot = np.zeros((num_samples, len(seen)))
        one_hot[sample, inverse.reshape(-1)] = 1.0
        columns.append(seen)
        blocks.append(one_hot)
    counts = np.concatenate(blocks, 1) if blocks else np.zeros((num_samples, 0))
    return ContextCounts(list(model.words[:length]), columns, counts)


def _seen(columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The columns that are read, and which of them each context reads; all of them if few."""
    if columns.max(initial=0) < FEW_COLUMNS:  # finding out which are read costs more than they do
        return np.arange(columns.max(initial=-1) + 1), columns
    seen, inverse = np.unique(columns, return_inverse=True)
    return seen, inverse


def log_joint_blocks(
    model: ConceptModel, context: Int[np.ndarray, "sample position"]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs (configurations [block], log p(c, x) [sample, block]) that cover all configurations."""
    counted = context_counts(model, context)
    counts = np.concatenate([counted.counts, np.ones((len(context), 1))], 1)  # 1: the prior
    num_configurations = model.space.num_configurations
    block = max(1, BLOCK_BYTES // (8 * max(1, len(context))))
    for start in range(0, num_configurations, block):
        configurations = np.arange(start, min(start + block, num_configurations))
        tables = [
            emission_block(model.space, factor, configurations)[:, columns]
            for factor, columns in zip(counted.factors, counted.columns, strict=True)
        ]
        log_prior = log_prior_block(model, configurations)
        table = np.concatenate([*tables, log_prior[:, None]], 1)
        yield configurations, _counted_sum(counts, table)


def _counted_sum(counts: np.ndarray, log_table: np.ndarray) -> np.ndarray:
    """counts @ log_tableᵀ with 0 · (−inf) = 0."""
    impossible = np.isneginf(log_table)
    if not impossible.any():
        return counts @ log_table.T
    total = counts @ np.where(impossible, 0.0, log_table).T
    total[counts @ impossible.T.astype(np.float64) > 0] = -np.inf
    return total


def log_mixture(
    model: ConceptModel,
    context: Int[np.ndarray, "sample position"],
    outcome_table: OutcomeTable,
    function: str,
    impossible_is_error: bool = True,
) -> LogMixture:
    """log Σ_c p(c, x) p(o|c) [sample, outcome], streamed, exact in log space at any depth.

    Sums run in probability space relative to each context's most likely configuration; entries
    that come out below 1e-250 of it are computed again in log space, so that none is lost.
    Raises ValueError for too many configurations and, if that is an error, for a context of
    probability zero (names its row).
    """
    refuse_large_enumeration(function, model.space.num_configurations)
    parts = [
        _mix_samples(model, context[start : start + SAMPLE_BLOCK], outcome_table)
        for start in range(0, max(1, len(context)), SAMPLE_BLOCK)
    ]
    mixture = LogMixture(
        np.concatenate([part.log_joint for part in parts]),
        np.concatenate([part.log_evidence for part in parts]),
    )
    if impossible_is_error:
        refuse_impossible(mixture.log_evidence, context)
    return mixture


def _mix_samples(
    model: ConceptModel, context: np.ndarray, outcome_table: OutcomeTable
) -> LogMixture:
    num_outcomes = outcome_table(np.arange(1)).shape[1]
    best = np.full(len(context), -np.inf)
    mixed = np.zeros((len(context), num_outcomes + 1))  # the last column sums p(c, x) itself
    for configurations, log_joint in log_joint_blocks(model, context):
        table = np.ones((len(configurations), num_outcomes + 1))
        np.exp(outcome_table(configurations), out=table[:, :-1])
        higher = np.maximum(best, log_joint.max(1, initial=-np.inf))
        anchor = np.where(np.isneginf(higher), 0.0, higher)
        np.subtract(log_joint, anchor[:, None], out=log_joint)
        np.exp(log_joint, out=log_joint)
        mixed *= np.exp(best - anchor)[:, None]
        mixed += log_joint @ table
        best = higher
    with np.errstate(divide="ignore"):
        log_mixed = np.log(mixed) + best[:, None]
    log_mixed, log_evidence = log_mixed[:, :-1], log_mixed[:, -1]
    small = mixed[:, :-1] < UNDERFLOW
    if small.any():
        small &= _possible(model, context, outcome_table, small)
        _mix_again(model, context, outcome_table, small, log_mixed)
    return LogMixture(log_mixed, log_evidence)


def _possible(
    model: ConceptModel, context: np.ndarray, outcome_table: OutcomeTable, small: np.ndarray
) -> np.ndarray:
    """Which small (sample, outcome) entries some configuration allows after all."""
    rows = np.flatnonzero(small.any(1))
    possible = np.zeros(small.shape, bool)
    for configurations, log_joint in log_joint_blocks(model, context[rows]):
        allowed = ~np.isneginf(outcome_table(configurations))
        reached = ~np.isneginf(log_joint)
        possible[rows] |= reached.astype(np.float32) @ allowed.astype(np.float32) > 0
    return possible


def _mix_again(
    model: ConceptModel,
    context: np.ndarray,
    outcome_table: OutcomeTable,
    lost: np.ndarray,
    log_mixed: np.ndarray,
) -> None:
    """Overwrite the lost entries of log_mixed by sums done in log space term by term."""
    samples, outcomes = np.nonzero(lost)
    if not samples.size:
        return
    rows, inverse = np.unique(samples, return_inverse=True)
    answer = np.full(len(samples), -np.inf)
    for configurations, log_joint in log_joint_blocks(model, context[rows]):
        log_table = outcome_table(configurations)
        for outcome in np.unique(outcomes):
            entries = np.flatnonzero(outcomes == outcome)
            terms = log_joint[inverse[entries]] + log_table[:, outcome]
            answer[entries] = np.logaddexp(answer[entries], np.logaddexp.reduce(terms, axis=1))
    log_mixed[samples, outcomes] = answer


def refuse_impossible(log_evidence: np.ndarray, context: np.ndarray) -> None:
    """Raise a ValueError naming the first row of the context that the world cannot produce."""
    impossible = np.flatnonzero(np.isneginf(log_evidence))
    if impossible.size:
        row = int(impossible[0])
        raise ValueError(
            f"row {row} of the context, {context[row].tolist()}, has probability zero in this "
            f"world ({impossible.size} such rows): drop it, or allow for noise in the tables"
        )
