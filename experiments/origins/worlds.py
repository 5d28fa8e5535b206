"""In which worlds are a concept's differences parallel in any perfect fit, and in which not?"""

from typing import Any

import jax
import numpy as np
from jaxtyping import Float

import latentgen as lg
from latentgen import draws

PRODUCT, CHAIN, JOINT = "product", "chain", "joint"
FAMILIES = (PRODUCT, CHAIN, JOINT)
PRIOR_RANGE = (0.1, 0.9)  # of p(c_k = 1 | parents)
FLIP_RANGE = (0.02, 0.4)  # of how often the second word of a pair misleads


def world(seed: int, family: str, *, num_concepts: int, token_flip: float) -> lg.ConceptModel:
    """Binary concepts, a pair of words for each, and a token of one digit for each.

    Token y = (y_1 … y_m), the first digit the most significant, p(y|c) = ∏ p(y_k|c_k), every digit
    flipped with probability token_flip. The first word of a pair is a fair coin, the key; the
    second is key ⊕ c_k, flipped at a rate drawn for every key and value. Families: "product",
    independent concepts, each pair reads its own concept, so that p(c|x) = ∏ p(c_k|x); "chain",
    the same words, but concepts in a chain; "joint", independent concepts, but the rate of pair k
    depends on the next concept too. A seed fixes the words of the first two. Raises ValueError for
    another family.
    """
    if family not in FAMILIES:
        raise ValueError(f"the family must be one of {', '.join(FAMILIES)}; got {family!r}")
    concept_key, word_key = (jax.random.fold_in(jax.random.key(seed), i) for i in range(2))
    graph = lg.chain_dag(num_concepts)
    if family != CHAIN:
        graph.remove_edges_from(list(graph.edges))
    return lg.ConceptModel.from_graph(
        graph,
        (2,) * num_concepts,
        lg.bernoulli_concept_tables(concept_key, graph, *PRIOR_RANGE),
        _words(word_key, num_concepts, joint=family == JOINT),
        lg.Emission(range(num_concepts), token_table(num_concepts, token_flip)),
    )


def token_table(num_concepts: int, flip_rate: float) -> Float[np.ndarray, "configuration token"]:
    """p(y|c) = ∏_k p(y_k|c_k), both numbered row-major by their digits."""
    table = np.ones((1, 1))
    for _ in range(num_concepts):
        table = np.kron(table, lg.flip_channel(flip_rate))
    return table


def digits(num_concepts: int) -> Float[np.ndarray, "token concept"]:
    """The digits y_k of every token."""
    return lg.binary_digits(np.arange(2**num_concepts), num_concepts).astype(np.float64)


def _words(key: Any, num_concepts: int, joint: bool) -> list[lg.Emission]:
    words = []
    for concept in range(num_concepts):
        scope = (concept, (concept + 1) % num_concepts) if joint else (concept,)
        rows = (2,) * len(scope)
        low, high = FLIP_RANGE
        drawn = draws.uniform(jax.random.fold_in(key, concept), (*rows, 2))
        flip = low + (high - low) * drawn  # [*values of scope, key]
        value, word = np.indices((*rows, 2))[[0, -1]]
        one = np.where(value ^ word, 1 - flip, flip)
        words.append(lg.Emission(scope, np.full((*rows, 2), 0.5)))
        words.append(lg.Emission(scope, np.stack([1 - one, one], -1), reads=(2 * concept,)))
    return words
