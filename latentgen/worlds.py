"""Which worlds have a name?

`permuted_bits` builds the explicit version of the simulation of arXiv:2503.08980. The worlds in
`names()` are frozen: their tables never change, a new world gets a new name (a test holds their
fingerprints).
"""

import difflib
import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

import jax
import networkx as nx
import numpy as np

from latentgen import draws, rational
from latentgen.factors import Emission
from latentgen.graphs import random_dag
from latentgen.hidden_markov import hidden_markov
from latentgen.model import ConceptModel
from latentgen.tables import (
    bernoulli_concept_tables,
    binary_digits,
    flip_channel,
    map_table,
    through_channel,
    uniform_channel,
)


def permuted_bits(
    key: Any,
    *,
    num_concepts: int = 4,
    edges_per_concept: float = 1,
    num_context_bits: int = 12,
    num_token_bits: int = 4,
    flip_rate: float = 0.1,
    replace_rate: float = 0.01,
) -> ConceptModel:
    """The simulation of arXiv:2503.08980, made explicit: permuted binary digits of c.

    Binary concepts on an Erdős–Rényi DAG with edges_per_concept · m expected edges, Bernoulli
    tables in [0.2, 0.8]. π_0, π_1, … are uniform permutations of the ℓ = 2^m configurations.
    Token: the first num_token_bits binary digits of π_0(c), replaced with probability
    replace_rate by a uniform token. Context bit i: digit (i mod m) of π_{1+⌊i/m⌋}(c), flipped
    with probability flip_rate; a world with fewer context bits is a prefix of one with more.
    Raises ValueError for more token bits than concepts and for edges that do not fit.
    """
    if not 1 <= num_token_bits <= num_concepts:
        raise ValueError(
            f"num_token_bits must lie in 1 … num_concepts = {num_concepts}; got {num_token_bits}"
        )
    if num_context_bits < 0:
        raise ValueError(f"num_context_bits must not be negative; got {num_context_bits}")
    graph_key, table_key, permutation_key = jax.random.split(key, 3)
    graph = random_dag(graph_key, num_concepts, edges_per_concept * num_concepts)

    def digits(block: int) -> np.ndarray:
        block_key = jax.random.fold_in(permutation_key, block)
        return binary_digits(draws.permutation(block_key, 2**num_concepts), num_concepts)

    weights = 2 ** np.arange(num_token_bits)[::-1]
    token = map_table(digits(0)[:, :num_token_bits] @ weights, 2**num_token_bits)
    blocks = [digits(1 + block) for block in range(-(-num_context_bits // num_concepts))]
    words = []
    for position in range(num_context_bits):
        bit = blocks[position // num_concepts][:, position % num_concepts]
        table = through_channel(map_table(bit, 2), flip_channel(flip_rate))
        words.append(Emission(range(num_concepts), table))
    channel = uniform_channel(2**num_token_bits, replace_rate)
    return ConceptModel.from_graph(
        graph,
        (2,) * num_concepts,
        bernoulli_concept_tables(table_key, graph),
        words,
        Emission(range(num_concepts), through_channel(token, channel)),
    )


def keyed_words(concepts: Sequence[int], flip_rate: float) -> list[Emission]:
    """Binary words that tell a concept only in pairs, one pair for each entry of concepts.

    Word 2j is a fair coin, the key. Word 2j + 1 is that key ⊕ c_k, k = concepts[j], flipped with
    probability flip_rate. Each word alone is independent of c, so that a sum over positions, as any
    affine function of the words is, tells nothing: the raw input is no rival of log p(c|x) here.
    Raises ValueError for a flip_rate outside [0, 1].
    """
    agrees = np.array([[0, 1], [1, 0]])  # [value, key] -> word
    table = through_channel(map_table(agrees, 2), flip_channel(flip_rate))
    words = []
    for concept in concepts:
        words.append(Emission((concept,), np.full((2, 2), 0.5)))
        words.append(Emission((concept,), table, reads=(len(words) - 1,)))
    return words


def named(name: str) -> ConceptModel:
    """The frozen world of this name. Raises ValueError offering the nearest name."""
    if name not in _WORLDS:
        near = difflib.get_close_matches(name, names(), 1)
        hint = f"did you mean {near[0]!r}?" if near else f"the names are {', '.join(names())}"
        raise ValueError(f"there is no world named {name!r}: {hint}")
    return _WORLDS[name]()


def names() -> list[str]:
    """The names of the frozen worlds."""
    return sorted(_WORLDS)


def fingerprint(model: ConceptModel) -> str:
    """A hash of the world's structure and of its probabilities rounded to nine decimals.

    Unlike `ConceptModel.digest` it does not depend on the last bit of a machine's logarithm.
    """
    content = hashlib.sha256(json.dumps(model.header(), sort_keys=True).encode())
    for table in model.log_tables():
        rounded = np.rint(np.exp(table) * 1e9).astype("<i8")
        content.update(str(rounded.shape).encode() + rounded.tobytes())
    return content.hexdigest()[:16]


def _paper(**settings: Any) -> Callable[[], ConceptModel]:
    return lambda: permuted_bits(jax.random.key(0), **settings)


def _sprinkler() -> ConceptModel:
    """Rain → sprinkler, both → wet grass; the words report grass and sky, the token the rain."""
    rain, sprinkler, grass = 0, 1, 2
    tables = [
        [0.8, 0.2],
        [[0.6, 0.4], [0.99, 0.01]],
        [[[1.0, 0.0], [0.1, 0.9]], [[0.2, 0.8], [0.01, 0.99]]],
    ]
    graph = nx.DiGraph([(rain, sprinkler), (rain, grass), (sprinkler, grass)])
    words = [
        Emission((grass,), [[0.9, 0.1], [0.2, 0.8]]),
        Emission((rain,), [[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]]),
    ]
    return ConceptModel.from_graph(graph, (2, 2, 2), tables, words, Emission((rain,), np.eye(2)))


def _echo() -> ConceptModel:
    """Words that interact given c: each agrees with the one before it more often if concept 0 is 1.

    Each of these six is a fair coin by itself, so that only their agreement tells concept 0. The
    last word reads concept 1; the token names the configuration, with noise.
    """
    coin = np.full((2, 2), 0.5)
    agree = np.array([[[0.2, 0.8], [0.8, 0.2]], [[0.8, 0.2], [0.2, 0.8]]])
    words = [Emission((0,), coin)]
    words += [Emission((0,), agree, reads=(position,)) for position in range(5)]
    words.append(Emission((1,), [[0.75, 0.25], [0.25, 0.75]]))
    token = [[0.94, 0.02, 0.02, 0.02], [0.02, 0.94, 0.02, 0.02]]
    token += [[0.02, 0.02, 0.94, 0.02], [0.02, 0.02, 0.02, 0.94]]
    graph = nx.DiGraph([(0, 1)])
    tables = [[0.5, 0.5], [[0.7, 0.3], [0.3, 0.7]]]
    return ConceptModel.from_graph(graph, (2, 2), tables, words, Emission((0, 1), token))


def mess3(*, x: float = 0.05, alpha: float = 0.85, num_steps: int = 11) -> ConceptModel:
    """The three-state process Mess3 with its three words, as a hidden Markov world.

    A state stays with probability 1 − 2x and moves to either other with x; the state arrived at
    emits its own word with alpha, either other with (1 − alpha) / 2. In labelled matrices
    T^(w)[s, s'] = p(s'|s) p(w|s'). It starts in the stationary distribution, which is uniform.
    Eleven steps are contexts of ten words and the next. The parametrisation and the default
    values are those of arXiv:2405.15943. Raises ValueError for an x outside [0, 1/2] or an
    alpha outside [0, 1].
    """
    if not 0 <= x <= 0.5:
        raise ValueError(f"x is the rate of each of two moves and must lie in [0, 1/2]; got {x}")
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha is a probability and must lie in [0, 1]; got {alpha}")
    other = (1 - alpha) / 2
    transition = np.where(np.eye(3, dtype=bool), 1 - 2 * x, x)
    emission = np.where(np.eye(3, dtype=bool), alpha, other)
    return hidden_markov(np.full(3, 1 / 3), transition, emission, num_steps)


def _rational(name: str) -> Callable[[], ConceptModel]:
    """A world kept in exact fractions, where it also says what it is for."""
    return lambda: rational.stored(name).model()


_WORLDS: dict[str, Callable[[], ConceptModel]] = {
    "counterexample-any-map": _rational("counterexample-any-map"),
    "counterexample-coverage": _rational("counterexample-coverage"),
    "counterexample-coverage-any-map": _rational("counterexample-coverage-any-map"),
    "counterexample-mean": _rational("counterexample-mean"),
    "counterexample-pinned": _rational("counterexample-pinned"),
    "echo": _echo,
    "holds-anchored": _rational("holds-anchored"),
    "mess3": mess3,
    "paper-er1-m4": _paper(),
    "paper-er1-m4-coarse-token": _paper(num_token_bits=2),
    "paper-er1-m4-noiseless": _paper(flip_rate=0.0, replace_rate=0.0),
    "paper-er2-m8": _paper(num_concepts=8, edges_per_concept=2, num_token_bits=8),
    "paper-er3-m8": _paper(num_concepts=8, edges_per_concept=3, num_token_bits=8),
    "sprinkler": _sprinkler,
}
