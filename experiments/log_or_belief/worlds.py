"""In which worlds is the sharpness of the token the only thing that changes?"""

from typing import Any

import jax
import numpy as np

import latentgen as lg

CHANNEL, RANDOM = "channel", "random"  # the two families of tokens


def world(
    seed: int,
    family: str,
    sharpness: float,
    *,
    num_words: int,
    num_tokens: int,
    floor: float,
) -> lg.ConceptModel:
    """Two binary concepts in a chain, words and a token that read both; positions alike.

    A seed fixes the concepts and the words, whatever the token. family "channel": the token is the
    configuration with probability 1 − η and uniform otherwise, η = sharpness. "random": each row of
    the token's table is drawn from a symmetric Dirichlet distribution of concentration α =
    sharpness and mixed with a uniform one of weight floor. Words: rows drawn uniformly. Raises
    ValueError for another family.
    """
    concept_key, word_key, token_key = (
        jax.random.fold_in(jax.random.key(seed), purpose) for purpose in range(3)
    )
    graph = lg.chain_dag(2)
    return lg.ConceptModel.from_graph(
        graph,
        (2, 2),
        lg.bernoulli_concept_tables(concept_key, graph),
        ((0, 1), lg.dirichlet_table(word_key, (2, 2, num_words))),
        ((0, 1), _token(token_key, family, sharpness, num_tokens, floor)),
    )


def channel_rho(rate: float, num_outcomes: int) -> float:
    """ρ = η / (ℓ (1 − η)), at which log(p + ρ) is the law of the channel, exactly."""
    return rate / (num_outcomes * (1 - rate))


def _token(key: Any, family: str, sharpness: float, num_tokens: int, floor: float) -> np.ndarray:
    if family == CHANNEL:
        return lg.uniform_channel(4, sharpness).reshape(2, 2, 4)
    if family == RANDOM:
        drawn = lg.dirichlet_table(key, (2, 2, num_tokens), sharpness)
        return lg.through_channel(drawn, lg.uniform_channel(num_tokens, floor))
    raise ValueError(
        f"the token's family must be {CHANNEL!r} or {RANDOM!r}; got {family!r}: choose one of them"
    )
