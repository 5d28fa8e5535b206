"""How is the belief about a chain's state carried from word to word, losing nothing?

Scaled probabilities are fast, and exact as long as no product of them underflows; logarithms are
slow and never do. The first are used where it can be shown that nothing was lost.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

# A belief, a move and a word of at least this size have a product above the smallest normal float.
SMALLEST = 1e-100
RESCALE_EVERY = 8  # words; seldom enough to be cheap, often enough to stay far from SMALLEST


class Chain(NamedTuple):
    """The log-tables of a hidden Markov world, as far as some contexts reach.

    start [state]. moves: [state, next_state] before each word, without one before the first word
    where the first state emits it. words: one a position, [state, word], or
    [state, next_state, word] when moves emit the words.
    """

    start: np.ndarray
    moves: Sequence[np.ndarray]
    words: Sequence[np.ndarray]

    @property
    def num_unmoved(self) -> int:
        """How many words are emitted before the first move: none or one."""
        return len(self.words) - len(self.moves)


class Filtered(NamedTuple):
    """Beliefs after every prefix, nats, and whether the chain can produce the sequence at all."""

    log_belief: Float[np.ndarray, "sample prefix state"]
    possible: Bool[np.ndarray, " sample"]


def filtered(chain: Chain, context: Int[np.ndarray, "sample position"]) -> Filtered:
    """log p(state | words so far), by scaled probabilities where these lose nothing.

    A sequence of which a positive belief, as it is carried from word to word, is below 1e-100 is
    done again in logarithms, and every sequence is when a table has such an entry. Elsewhere each
    product is at least 1e-300: none underflowed, and a belief is 0 only where it truly is.
    """
    moves, words = _distinct(chain.moves), _distinct(chain.words)
    if any(_has_tiny(log_table) for log_table in (chain.start, *moves, *words)):
        return filtered_in_logarithms(chain, context)
    belief = _unscaled(chain, moves, words, context)
    tiny = np.zeros(len(context), bool)
    if belief.min(initial=1.0) < SMALLEST:
        tiny = ((belief > 0) & (belief < SMALLEST)).any((0, 1))
    possible = belief[-1].any(0)
    _rescale(belief)
    with np.errstate(divide="ignore"):  # log 0 = −inf is a legal entry
        log_belief = np.log(belief, out=belief).transpose(2, 0, 1)
    log_belief[:, 0] = chain.start
    if tiny.any():
        log_belief[tiny], possible[tiny] = filtered_in_logarithms(chain, context[tiny])
    return Filtered(log_belief, possible)


def filtered_in_logarithms(chain: Chain, context: Int[np.ndarray, "sample position"]) -> Filtered:
    """The same in logarithms throughout: slower, and nothing is too small for it."""
    num_samples, num_positions = context.shape
    log_belief = np.empty((num_samples, num_positions + 1, len(chain.start)))
    log_belief[:, 0] = chain.start
    possible = np.ones(num_samples, bool)
    for position, log_table in enumerate(chain.words):
        log_word = log_table[..., context[:, position]]
        log_joint = _moved(chain, log_belief[:, position], position, log_word)
        log_total = np.logaddexp.reduce(log_joint, axis=1, keepdims=True)
        possible &= ~np.isneginf(log_total[:, 0])
        log_belief[:, position + 1] = log_joint - np.where(np.isneginf(log_total), 0.0, log_total)
    return Filtered(log_belief, possible)


def _moved(chain: Chain, log_belief: np.ndarray, position: int, log_word: np.ndarray) -> np.ndarray:
    """log Σ_s p(s, earlier words) p(s'|s) p(word|s, s') [sample, next_state].

    log_word [state, sample], or [state, next_state, sample] when moves emit the words.
    """
    if position < chain.num_unmoved:
        return log_belief + log_word.T
    log_move = chain.moves[position - chain.num_unmoved][:, :, None]
    log_word = log_word if log_word.ndim == 3 else log_word[None]
    return np.logaddexp.reduce(log_belief.T[:, None] + log_move + log_word, axis=0).T


def _unscaled(
    chain: Chain,
    log_moves: Sequence[np.ndarray],
    log_words: Sequence[np.ndarray],
    context: np.ndarray,
) -> np.ndarray:
    """Beliefs [prefix, state, sample], each sequence and prefix up to a factor of at most 1."""
    num_samples, num_positions = context.shape
    belief = np.empty((num_positions + 1, len(chain.start), num_samples))
    belief[0] = np.exp(chain.start)[:, None]
    if not num_positions:
        return belief
    moves = [np.exp(log_move) for log_move in log_moves]
    if len(moves) == 1:
        moves *= len(chain.moves)
    table, column = _beside(log_words, context)
    if table.ndim == 3:
        _carry_by_moves(belief, moves, table, column)
    else:
        _carry_by_states(belief, moves, table, column)
    return belief


def _carry_by_states(
    belief: np.ndarray, moves: Sequence[np.ndarray], table: np.ndarray, column: np.ndarray
) -> None:
    """belief_t(s') = p(x_t|s') Σ_s belief_{t−1}(s) p(s'|s), in place, when states emit words."""
    for state, row in enumerate(table):
        belief[1:, state] = row.take(column)
    num_unmoved = len(column) - len(moves)
    if num_unmoved:
        belief[1] *= belief[0]
    moved = np.empty_like(belief[0])
    steps = list(belief[num_unmoved:])
    for step, (move, before, after) in enumerate(zip(moves, steps, steps[1:], strict=False), 1):
        np.dot(move.T, before, out=moved)
        after *= moved
        if step % RESCALE_EVERY == 0:
            _rescale(after)


def _carry_by_moves(
    belief: np.ndarray, moves: Sequence[np.ndarray], table: np.ndarray, column: np.ndarray
) -> None:
    """belief_t(s') = Σ_s belief_{t−1}(s) p(s'|s) p(x_t|s, s'), in place, when moves emit words."""
    for position, move in enumerate(moves):
        joint = table.take(column[position], axis=2)
        joint *= move[:, :, None]
        joint *= belief[position][:, None]
        np.add.reduce(joint, 0, out=belief[position + 1])
        if (position + 1) % RESCALE_EVERY == 0:
            _rescale(belief[position + 1])


def _rescale(belief: np.ndarray) -> None:
    """Divide beliefs [..., state, sample] by their sum, in place; a sum of 0 stays."""
    total = np.add.reduce(belief, -2, keepdims=True)
    total += total == 0
    belief /= total


def _beside(log_tables: Sequence[np.ndarray], context: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All word tables in one, beside each other, and each word's column [position, sample]."""
    column = np.ascontiguousarray(context.T)
    if len(log_tables) == 1:
        return np.exp(log_tables[0]), column
    sizes = [log_table.shape[-1] for log_table in log_tables]
    before = np.cumsum([0, *sizes[:-1]])
    return np.exp(np.concatenate(log_tables, axis=-1)), column + before[:, None]


def _distinct(log_tables: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
    """The first table alone when all are equal, otherwise all of them."""
    if len({log_table.shape for log_table in log_tables}) != 1:
        return log_tables
    stacked = np.concatenate(log_tables).reshape(len(log_tables), -1)
    return log_tables[:1] if (stacked == stacked[0]).all() else log_tables


def _has_tiny(log_table: np.ndarray) -> bool:
    return bool(((log_table < np.log(SMALLEST)) & ~np.isneginf(log_table)).any())
