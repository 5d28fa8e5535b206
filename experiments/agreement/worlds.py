"""In which worlds do words tell concepts only together, and do all contexts differ?"""

from typing import Any

import jax
import numpy as np

import latentgen as lg
from latentgen import draws
from latentgen.factors import Emission

NUM_CONCEPTS = 3
PAIRED = (0, 1, 2, 1)  # the concept that each pair of words tells


def world(
    seed: int,
    *,
    num_tokens: int,
    concentration: float,
    floor: float,
    flips: tuple[float, float],
) -> lg.ConceptModel:
    """Three binary concepts in a chain, eight binary words, a token that reads all concepts.

    Words come in pairs as in `lg.worlds.keyed_words`: a fair coin, the key, and the key ⊕ a
    concept, flipped with a probability of its own for every key and value, uniform in flips. With
    one probability for all, only the four sums of a pair would matter and 256 contexts would have
    16 different p(c|x); here all differ, and contexts can be held out. Rows of p(y|c) are drawn
    from a symmetric Dirichlet distribution and mixed with a uniform one of weight floor. A seed
    fixes concepts and words, whatever the token.
    """
    concept_key, word_key, token_key = (
        jax.random.fold_in(jax.random.key(seed), purpose) for purpose in range(3)
    )
    graph = lg.chain_dag(NUM_CONCEPTS)
    shape = (2,) * NUM_CONCEPTS
    drawn = lg.dirichlet_table(token_key, (*shape, num_tokens), concentration)
    token = lg.through_channel(drawn, lg.uniform_channel(num_tokens, floor))
    return lg.ConceptModel.from_graph(
        graph,
        shape,
        lg.bernoulli_concept_tables(concept_key, graph),
        _words(word_key, flips),
        Emission(tuple(range(NUM_CONCEPTS)), token),
    )


def _words(key: Any, flips: tuple[float, float]) -> list[Emission]:
    low, high = flips
    agrees = np.array([[0, 1], [1, 0]])[..., None] == np.arange(2)  # [value, key, word]
    words = []
    for pair, concept in enumerate(PAIRED):
        drawn = draws.uniform(jax.random.fold_in(key, pair), (2, 2, 1))
        rate = low + (high - low) * drawn
        words.append(Emission((concept,), np.full((2, 2), 0.5)))
        words.append(
            Emission((concept,), np.where(agrees, 1 - rate, rate), reads=(len(words) - 1,))
        )
    return words
