"""Which worlds grow in nothing but their number of concepts?"""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Float, Int
from scipy.special import ndtri

import latentgen as lg
from latentgen import draws

FIXED, GROWING = "fixed", "growing"  # the two families of tokens
CONTEXTS = 4  # folded into a seed's key: its first four children draw the world, this one contexts
FLIP_RATES = 0.05, 0.25  # between which every pair of words draws its own


def world(
    seed: int, family: str, num_concepts: int, *, num_tokens: int, strength: float, rate: float
) -> lg.ConceptModel:
    """m binary concepts on an ER-1 graph, told by two pairs of words each, and a token.

    Of a pair the first word is a fair coin, the key, and the second is the key ⊕ c_k, flipped with
    a probability of its own in [.05, .25]: only the pair tells its concept, and the log-ratios of
    p(c|x) have rank m, as each pair reads one concept. family "fixed": num_tokens tokens, p(y|c) ∝
    exp(strength · Σ_k w_yk (2 c_k − 1) / √m), w standard normal, so that each leans on all
    concepts. "growing": y names c among 2^m tokens, replaced with probability rate by a uniform
    one. The token reads nothing of the words. Raises ValueError for another family.
    """
    concept_key, graph_key, word_key, token_key = (
        jax.random.fold_in(jax.random.key(seed), purpose) for purpose in range(CONTEXTS)
    )
    graph = lg.random_dag(graph_key, num_concepts, num_concepts)
    scope = tuple(range(num_concepts))
    low, high = FLIP_RATES
    rates = low + (high - low) * draws.uniform(word_key, (2 * num_concepts,))
    return lg.ConceptModel.from_graph(
        graph,
        (2,) * num_concepts,
        lg.bernoulli_concept_tables(concept_key, graph),
        paired_words(rates),
        (scope, _token(token_key, family, num_concepts, num_tokens, strength, rate)),
    )


def paired_words(rates: Sequence[float] | Float[np.ndarray, "pair"]) -> list[lg.Emission]:
    """Words 2j and 2j + 1: a fair coin, and that coin ⊕ concept ⌊j/2⌋, flipped with rates[j]."""
    agrees = np.array([[0, 1], [1, 0]])  # [value, key] -> word
    words = []
    for pair, rate in enumerate(rates):
        concept = pair // 2
        table = lg.through_channel(lg.map_table(agrees, 2), lg.flip_channel(float(rate)))
        words.append(lg.Emission((concept,), np.full((2, 2), 0.5)))
        words.append(lg.Emission((concept,), table, reads=(2 * pair,)))
    return words


def contexts(
    model: lg.ConceptModel, seed: int, num_contexts: int
) -> Int[np.ndarray, "context position"]:
    """Contexts from p(x), in the order drawn; the first are not the same for another number."""
    key = jax.random.fold_in(jax.random.key(seed), CONTEXTS)
    return np.asarray(lg.sample(key, model, num_contexts).context)


def _token(
    key: Any, family: str, num_concepts: int, num_tokens: int, strength: float, rate: float
) -> np.ndarray:
    sizes = (2,) * num_concepts
    if family == GROWING:
        return lg.uniform_channel(2**num_concepts, rate).reshape(*sizes, -1)
    if family != FIXED:
        raise ValueError(
            f"the token's family must be {FIXED!r} or {GROWING!r}; got {family!r}: choose one"
        )
    signs = 2.0 * lg.binary_digits(np.arange(2**num_concepts), num_concepts) - 1
    leaning = ndtri(draws.uniform(key, (num_concepts, num_tokens)))
    logits = strength * signs @ leaning / np.sqrt(num_concepts)
    table = np.exp(logits - logits.max(1, keepdims=True))
    return (table / table.sum(1, keepdims=True)).reshape(*sizes, -1)
