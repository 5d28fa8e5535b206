"""In which world is every part of the gap larger than nothing?"""

from functools import cache

import jax
import numpy as np

import estimators as es
import latentgen as lg
from experiments.measures import Truth, truth

FLIP_RATES = (0.02, 0.2)  # between which the noise of a pair of words is drawn


def world(seed: int, num_pairs: int, num_tokens: int, strength: float) -> lg.ConceptModel:
    """Two binary concepts in a chain, words that tell them only in pairs, more tokens than ℓ = 4.

    Pair j tells concept j mod 2 by whether its two words agree, with a noise of its own drawn
    between .02 and .2, so that the raw input tells nothing. Token: with probability strength the
    number of the configuration, otherwise drawn from a row of its own, uniform over distributions.
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
    low, high = FLIP_RATES
    rates = np.asarray(jax.random.uniform(key, (num_pairs,), minval=low, maxval=high), np.float64)
    concepts = [pair % 2 for pair in range(num_pairs)]
    words = []
    for pair, rate in enumerate(rates):
        words += lg.worlds.keyed_words(concepts, float(rate))[2 * pair : 2 * pair + 2]
    return words
