"""In which worlds are architectures compared, and what is known of each exactly?"""

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float

import estimators as es
import latentgen as lg
from experiments.log_or_belief.cell import contrasts, fitted_rho
from experiments.log_or_belief.worlds import world as bag_world
from latentgen.theorems.crossover import log_plus
from latentgen.theorems.instance import Instance, instance

BAGS, CHAIN = "bags", "chain"  # the two kinds of words
NUM_BAG_WORDS = 4  # size of the vocabulary where bags are read


class Seen(NamedTuple):
    """A world through all its contexts.

    model; context [context, position]; instance: the exact answers; raw_input: what an affine
    reader of the words sees [context, regressor]; groups [context]: contexts that are held out
    together, as their beliefs are the same; random_state: deals folds and permutations, another
    one for each world.
    """

    model: lg.ConceptModel
    context: np.ndarray
    instance: Instance
    raw_input: np.ndarray
    groups: np.ndarray
    random_state: int

    def laws(self) -> dict[str, Float[np.ndarray, "context contrast"]]:
        """The two rival laws, as their ℓ − 1 differences between configurations (A·1 = 0)."""
        log_belief = self.instance.log_belief
        return {"log_posterior": contrasts(log_belief), "belief": contrasts(np.exp(log_belief))}

    def offset_law(
        self, log_predicted: Float[np.ndarray, "context token"]
    ) -> tuple[float, Float[np.ndarray, "context contrast"]]:
        """ρ̂ of a predictor's own p̂(y|x), and the law log(p(c|x) + ρ̂)."""
        found = fitted_rho(self.instance._replace(log_predictive=log_predicted))
        return found, contrasts(log_plus(self.instance.log_belief, found))

    def permuted(self, rows: np.ndarray) -> np.ndarray:
        """Rows exchanged between contexts: the null."""
        return es.permute_contexts(rows, self.groups, random_state=self.random_state)


def world(
    words: str,
    seed: int,
    family: str,
    sharpness: float,
    *,
    context_length: int,
    num_tokens: int,
    floor: float,
) -> lg.ConceptModel:
    """The world of one seed: two binary concepts in a chain, a token that reads both.

    Concepts and tokens are those of the experiment log_or_belief. words "bags": its words too,
    independent given c and alike at all positions. "chain": binary words, the first a fair coin;
    each later one differs from the word before it with a probability that depends on c and the
    position, drawn uniformly. There each word alone is a fair coin whatever c is, so that an
    affine function of the words tells nothing. Raises ValueError for other words.
    """
    base = bag_world(
        seed, family, sharpness, num_words=NUM_BAG_WORDS, num_tokens=num_tokens, floor=floor
    )
    if words == BAGS:
        return base
    if words != CHAIN:
        raise ValueError(f"words must be {BAGS!r} or {CHAIN!r}; got {words!r}: choose one of them")
    return _chain_world(base, seed, context_length)


def seen(model: lg.ConceptModel, words: str, context_length: int, seed: int) -> Seen:
    """All contexts of a world: its bags of words, or every sequence of chained words."""
    if words == BAGS:
        found = lg.enumerate_bags(model, context_length)
        raw_input = (found.context[:, :, None] == np.arange(NUM_BAG_WORDS)).sum(1)
        groups = np.arange(len(found.context))
    else:
        found = lg.enumerate_contexts(model)
        raw_input = 2 * found.context - 1
        changes = found.context[:, 1:] != found.context[:, :-1]  # all that tells c
        groups = np.unique(changes, axis=0, return_inverse=True)[1].reshape(-1)
    return Seen(
        model,
        found.context,
        instance(model, *found),
        raw_input.astype(np.float64),
        groups,
        seed,
    )


def _chain_world(base: lg.ConceptModel, seed: int, context_length: int) -> lg.ConceptModel:
    """The concepts and the token of a world of bags, with chained words."""
    concept_key, word_key = (jax.random.fold_in(jax.random.key(seed), i) for i in (0, 3))
    graph = lg.chain_dag(2)
    assert base.token is not None  # worlds of bags have one
    return lg.ConceptModel.from_graph(
        graph,
        (2, 2),
        lg.bernoulli_concept_tables(concept_key, graph),
        [_chained(jax.random.fold_in(word_key, i), i) for i in range(context_length)],
        ((0, 1), np.exp(base.token.log_table)),
    )


def _chained(key: jax.Array, position: int) -> lg.Emission:
    if not position:
        return lg.Emission((0, 1), np.full((2, 2, 2), 0.5))
    stays = lg.dirichlet_table(key, (2, 2, 2))  # [c_0, c_1, whether the word changes]
    table = np.stack([stays, stays[..., ::-1]], axis=2)  # [c_0, c_1, word before, word]
    return lg.Emission((0, 1), table, reads=(position - 1,))
