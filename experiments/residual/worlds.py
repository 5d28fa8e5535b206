"""Along which paths does ε go to zero, and what are the worlds on them?"""

from typing import Any, NamedTuple

import jax
import numpy as np

import latentgen as lg

NUM_CONFIGURATIONS = 4


class Noise(NamedTuple):
    """How much a word and a token leave open.

    word, token: the share of a random table mixed into one that pins c. weak: instead of a token
    that nearly pins c, one that nearly says nothing; token is then how much it says.
    """

    word: float
    token: float
    weak: bool = False


PATHS = {
    "x": "through x only",
    "y": "through y only",
    "both_slow": "both, y slower (κ_y = √κ_x)",
    "both_equal": "both, equally fast (κ_y = κ_x)",
    "both_fast": "both, y faster (κ_y = κ_x²)",
    "weak": "through x, and δ → 0 (weak token)",
}
FIXED_WORD, FIXED_TOKEN = 0.5, 0.3  # what stays on the paths through y only and through x only


def noise(path: str, scale: float) -> Noise:
    """The noise at one point of a path; ε → 0 as scale → 0. ValueError for another path."""
    points = {
        "x": Noise(scale, FIXED_TOKEN),
        "y": Noise(FIXED_WORD, scale),
        "both_slow": Noise(scale, scale**0.5),
        "both_equal": Noise(scale, scale),
        "both_fast": Noise(scale, scale**2),
        "weak": Noise(scale, scale, weak=True),
    }
    if path not in points:
        raise ValueError(f"path must be one of {list(points)}; got {path!r}: choose one of them")
    return points[path]


def world(seed: int, level: Noise, *, num_words: int, num_tokens: int) -> lg.ConceptModel:
    """Two binary concepts in a chain; a context is one word, so that every context has ε → 0.

    p(w|c) = (1 − κ) a_c(w) + κ r_c(w): a_c is spread over the words w with w mod 4 = c, r_c over
    all words, both uniformly drawn distributions that a seed fixes. The token likewise, or for a
    weak one p(y|c) = (1 − κ) r(y) + κ r_c(y).
    """
    concept_key, word_key, token_key = (
        jax.random.fold_in(jax.random.key(seed), purpose) for purpose in range(3)
    )
    graph = lg.chain_dag(2)
    tables = lg.bernoulli_concept_tables(concept_key, graph)
    word = _mixed(word_key, num_words, level.word, False)
    token = _mixed(token_key, num_tokens, level.token, level.weak)
    return lg.ConceptModel.from_graph(graph, (2, 2), tables, ((0, 1), word), ((0, 1), token))


def _mixed(key: Any, num_outcomes: int, share: float, weak: bool) -> np.ndarray:
    """A table [value, value, outcome] of which a share is drawn at random in every row."""
    anchor_key, random_key = jax.random.split(key)
    shape = (NUM_CONFIGURATIONS, num_outcomes)
    drawn = lg.dirichlet_table(random_key, shape)
    if weak:
        base = np.broadcast_to(lg.dirichlet_table(anchor_key, (num_outcomes,)), shape)
    else:
        pinned = np.arange(num_outcomes) % NUM_CONFIGURATIONS
        base = lg.dirichlet_table(anchor_key, shape) * (
            pinned == np.arange(NUM_CONFIGURATIONS)[:, None]
        )
        base = base / base.sum(1, keepdims=True)
    return ((1 - share) * base + share * drawn).reshape(2, 2, num_outcomes)
