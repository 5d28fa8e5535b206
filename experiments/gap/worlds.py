"""In which world is every part of the gap larger than nothing, and do all contexts differ?"""

from functools import cache

import jax
import numpy as np

import estimators as es
import latentgen as lg
from experiments.measures import Truth, truth
from latentgen import draws

FLIP_RATES = (0.02, 0.2)  # between which the mean noise of a pair of words is drawn
SPREAD = 0.8  # the most by which the noise of a key and value differs from it, as a share of it


def world(seed: int, num_pairs: int, num_tokens: int, strength: float) -> lg.ConceptModel:
    """Two binary concepts in a chain, words that tell them only in pairs, more tokens than ℓ = 4.

    Pair j tells concept j mod 2 as in `lg.worlds.keyed_words`: a fair coin, the key, and the key ⊕
    the concept, flipped with a probability of its own for every key and value, so that all
    contexts have different p(c|x). For either key the flips of the two values add up to the same,
    which leaves the second word fair given any c: no word alone tells anything. Token: with
    probability strength the number of the configuration, otherwise drawn from a row of its own,
    uniform over distributions.
    Raises ValueError for fewer than four tokens and for a strength outside [0, 1).
    """
    if num_tokens < 4 or not 0 <= strength < 1:
        raise ValueError(
            f"num_tokens must be at least 4 and strength in [0, 1); got {num_tokens} and {strength}"
        )
    concept_key, word_key, token_key = _keys(seed)[:3]
    graph = lg.chain_dag(2)
    named = np.eye(4, num_tokens)
    drawn = lg.dirichlet_table(token_key, (4, num_tokens))
    table = strength * named + (1 - strength) * drawn
    return lg.ConceptModel.from_graph(
        graph,
        (2, 2),
        lg.bernoulli_concept_tables(concept_key, graph),
        _words(word_key, num_pairs),
        lg.Emission((0, 1), table.reshape(2, 2, num_tokens)),
    )


@cache
def seen(seed: int, num_pairs: int, num_tokens: int, strength: float) -> Truth:
    """What is known exactly of the world's contexts, all of them enumerated."""
    return truth(world(seed, num_pairs, num_tokens, strength), seed)


@cache
def rows_drawn(
    seed: int, num_pairs: int, num_tokens: int, strength: float, num_rows: int
) -> es.FiniteSample:
    """num_rows samples of the world; a smaller sample is its beginning."""
    model = world(seed, num_pairs, num_tokens, strength)
    drawn = lg.sample(_keys(seed)[3], model, num_rows, 2 * num_pairs)
    return es.finite_sample(np.asarray(drawn.context), np.asarray(drawn.token))


def repeated(sample: es.FiniteSample, num_samples: int) -> es.FiniteSample:
    """The first num_samples rows, repeated to the old length.

    Drawing a row uniformly from it is drawing uniformly from those rows, and all sizes have one
    shape, so that they share a compilation. Raises ValueError where the length is no multiple.
    """
    num_rows = len(sample.token)
    if num_samples < 1 or num_rows % num_samples:
        raise ValueError(
            f"num_samples must divide the {num_rows} rows drawn; got {num_samples}: use powers of 2"
        )
    times = num_rows // num_samples
    context = np.tile(sample.context[:num_samples], (times, 1))
    return es.FiniteSample(context, np.tile(sample.token[:num_samples], times))


def _keys(seed: int) -> list[jax.Array]:
    """Of the concepts, the words, the token and the sample."""
    return [jax.random.fold_in(jax.random.key(seed), purpose) for purpose in range(4)]


def _words(key: jax.Array, num_pairs: int) -> list[lg.Emission]:
    agrees = np.array([[0, 1], [1, 0]])[..., None] == np.arange(2)  # [value, key, word]
    words = []
    for pair in range(num_pairs):
        concept, rate = pair % 2, _flips(jax.random.fold_in(key, pair))[..., None]
        words.append(lg.Emission((concept,), np.full((2, 2), 0.5)))
        table = np.where(agrees, 1 - rate, rate)
        words.append(lg.Emission((concept,), table, reads=(2 * pair,)))
    return words


def _flips(key: jax.Array) -> np.ndarray:
    """The probability of a flip [value, key]; its mean over values is the same for both keys."""
    drawn = draws.uniform(key, (3,))
    low, high = FLIP_RATES
    apart = SPREAD * (2 * drawn[1:] - 1)  # [key]
    return (low + (high - low) * drawn[0]) * np.stack([1 + apart, 1 - apart])
