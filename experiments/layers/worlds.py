"""In which worlds is every next word predicted, and what is there to be believed on the way?"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Float, Int

import estimators as es
import latentgen as lg

KEYED, MESS3 = "keyed", "mess3"
NUM_LETTERS = {KEYED: 4, MESS3: 3}
TRANSITIONS, EMISSIONS = (0.03, 0.08), (0.75, 0.9)  # from which Mess3's x and α are drawn


class Sequences(NamedTuple):
    """All sequences of one world that have p(x) > 0, exactly.

    context [context, position]; weight p(x) [context]; log_belief [context, prefix, outcome], nats:
    of the configuration in the keyed world, of the state that the last word leads to in Mess3;
    log_concepts: per concept [context, prefix, value], empty in Mess3; log_predictive [context,
    prefix, token]; group [context, prefix]: equal where two contexts share a prefix.
    """

    context: np.ndarray
    weight: np.ndarray
    log_belief: np.ndarray
    log_concepts: list[np.ndarray]
    log_predictive: np.ndarray
    group: np.ndarray

    @property
    def num_prefixes(self) -> int:
        """One more than there are words."""
        return self.log_belief.shape[1]

    def population(self) -> es.Population:
        """What a predictor is trained on: the exact next word after every prefix."""
        return es.population(self.context, self.log_predictive, self.weight)


def keyed_sequences(
    seed: int, asked: Sequence[int], flips: tuple[float, float], replace_rate: float
) -> Sequences:
    """Pairs of binary words that tell a concept only together, then the configuration's name.

    Two binary concepts in a chain with random tables. Word 2j is a fair coin, the key; word 2j + 1
    is that key ⊕ c_k, k = asked[j], flipped with a probability of its own for every pair and key,
    uniform in flips. With one probability for all, only how often each concept was told as 1 would
    matter, and a context held out would have twins in training; here all contexts differ in
    p(c|x). The last word, never read, is one of four letters: the configuration, replaced by a
    uniform letter with probability replace_rate. One alphabet of four letters; words 2 and 3 only
    ever come last.
    """
    key, graph = jax.random.key(seed), lg.chain_dag(2)
    model = lg.ConceptModel.from_graph(
        graph,
        (2, 2),
        lg.bernoulli_concept_tables(key, graph),
        [
            *map(_widened, _pairs(jax.random.fold_in(key, 1), asked, flips)),
            lg.Emission((0, 1), lg.uniform_channel(4, replace_rate)),
        ],
    )
    length = 2 * len(asked)
    context = np.ascontiguousarray(np.indices((2,) * length).reshape(length, -1).T)
    return Sequences(
        context,
        np.exp(lg.log_evidence(model, context)),
        lg.log_posterior_prefixes(model, context),
        [lg.log_concept_posterior_prefixes(model, context, concept) for concept in range(2)],
        lg.log_predictive_prefixes(model, context),
        prefix_groups(context),
    )


def mess3_sequences(seed: int, num_words: int) -> Sequences:
    """Mess3 with its x in [.03, .08] and α in [.75, .9], drawn by seed, uniform."""
    drawn = np.asarray(jax.random.uniform(jax.random.key(seed), (2,)), np.float64)
    x, alpha = (
        low + (high - low) * float(share)
        for (low, high), share in zip((TRANSITIONS, EMISSIONS), drawn, strict=True)
    )
    model = lg.worlds.mess3(x=x, alpha=alpha, num_steps=num_words + 1)
    context = np.ascontiguousarray(np.indices((3,) * num_words).reshape(num_words, -1).T)
    log_belief = lg.log_filtered_belief(model, context)
    given = _next_word_given_state(x, alpha)
    return Sequences(
        context,
        np.exp(_log_evidence(log_belief, context, given)),
        log_belief,
        [],
        np.log(np.exp(log_belief) @ given),
        prefix_groups(context),
    )


def prefix_groups(
    context: Int[np.ndarray, "context position"],
) -> Int[np.ndarray, "context prefix"]:
    """A number for every distinct prefix, equal where the first words are; others differ."""
    groups = np.zeros((len(context), context.shape[1] + 1), np.int64)
    for end in range(1, context.shape[1] + 1):
        _, group = np.unique(context[:, :end], axis=0, return_inverse=True)
        groups[:, end] = groups[:, end - 1].max() + 1 + group.reshape(-1)
    return groups


def _pairs(key: Any, asked: Sequence[int], flips: tuple[float, float]) -> list[lg.Emission]:
    low, high = flips
    drawn = np.asarray(jax.random.uniform(key, (len(asked), 2)), np.float64)
    agrees = np.array([[0, 1], [1, 0]])[..., None] == np.arange(2)  # [value, key, word]
    words = []
    for pair, concept in enumerate(asked):
        rate = (low + (high - low) * drawn[pair])[:, None]  # [key, 1]
        words.append(lg.Emission((concept,), np.full((2, 2), 0.5)))
        told = np.where(agrees, 1 - rate, rate)
        words.append(lg.Emission((concept,), told, reads=(2 * pair,)))
    return words


def _widened(word: lg.Emission) -> lg.Emission:
    """A binary word as one of four letters; a letter it never reads is read as a fair coin's."""
    table = np.asarray(word.table)
    for axis in range(len(word.scope), table.ndim - 1):
        shape = [2 if other == axis else size for other, size in enumerate(table.shape)]
        table = np.concatenate([table, np.full(shape, 0.5)], axis)
    zeros = np.zeros((*table.shape[:-1], NUM_LETTERS[KEYED] - 2))
    return lg.Emission(word.scope, np.concatenate([table, zeros], -1), word.reads)


def _next_word_given_state(x: float, alpha: float) -> Float[np.ndarray, "state word"]:
    """p(next word|state) = Σ_s' p(s'|s) p(word|s')."""
    same = np.eye(3, dtype=bool)
    return np.where(same, 1 - 2 * x, x) @ np.where(same, alpha, (1 - alpha) / 2)


def _log_evidence(
    log_belief: np.ndarray, context: np.ndarray, given: np.ndarray
) -> Float[np.ndarray, "context"]:
    """log p(x) = Σ_t log p(x_t|earlier words), nats; the first word is uniform."""
    predicted = np.exp(log_belief[:, 1:-1]) @ given
    later = np.take_along_axis(predicted, context[:, 1:, None], -1)[..., 0]
    return np.log(later).sum(1) - np.log(given.shape[1])
