"""Which contexts can a world produce, and how often?"""

import itertools
import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.special import gammaln

from latentgen.enumeration import log_mixture
from latentgen.host import refuse_large_enumeration, refuse_large_output, whole_number
from latentgen.model import ConceptModel


class ContextDistribution(NamedTuple):
    """Distinct contexts with their exact probabilities.

    context [context, position]; log_weight [context], log p(x) in nats.
    """

    context: np.ndarray
    log_weight: np.ndarray

    @property
    def weight(self) -> np.ndarray:
        """p(x) [context]."""
        return np.exp(self.log_weight)


def enumerate_contexts(
    model: ConceptModel, context_length: int | None = None
) -> ContextDistribution:
    """Every context of a length that has p(x) > 0, with log p(x), in row-major order of words.

    context_length defaults to all positions (all but the last when the token is the next word).
    Raises ValueError above 1 GiB of contexts, and when positions are alike and no length is given.
    """
    length = checked_length(model, context_length)
    sizes = [model.word_factor(position).num_outcomes for position in range(length)]
    num_contexts = int(np.prod(sizes, dtype=object)) if sizes else 1
    remedy = "use a shorter context, or sample contexts with lg.sample"
    refuse_large_output("enumerate_contexts", (num_contexts, max(1, length)), remedy)
    context = np.indices(sizes).reshape(length, -1).T if sizes else np.zeros((1, 0), np.int64)
    log_weight = _log_weight(model, np.ascontiguousarray(context), "enumerate_contexts")
    possible = ~np.isneginf(log_weight)
    return ContextDistribution(context[possible], log_weight[possible])


def enumerate_bags(model: ConceptModel, context_length: int) -> ContextDistribution:
    """One sorted context per multiset of words that has p > 0, with the multiset's exact log p.

    log_weight: log p(x) + log(T! / ∏_w n_w!) for T words of which n_w are w, nats. Where positions
    are alike, contexts with the same words in another order have the same posteriors, so that bags
    stand for all contexts: C(T + V − 1, T) of them instead of V^T. In ascending order of contexts.
    Raises ValueError when positions differ, for a negative length, and above 1 GiB of contexts.
    """
    if not model.positions_alike:
        raise ValueError(
            "bags of words stand for contexts only where all positions are alike; this world has "
            f"{len(model.words)} positions with their own word tables: use enumerate_contexts"
        )
    length = checked_length(model, context_length)
    num_words = model.words[0].num_outcomes
    num_bags = math.comb(length + num_words - 1, length)
    remedy = "use a shorter context, or sample contexts with lg.sample"
    refuse_large_output("enumerate_bags", (num_bags, max(length, num_words)), remedy)
    counts = _word_counts(length, num_words, num_bags)
    words = np.tile(np.arange(num_words), num_bags)
    context = np.repeat(words, counts.reshape(-1)).reshape(num_bags, length)
    log_orders = gammaln(length + 1) - gammaln(counts + 1).sum(1)
    log_weight = _log_weight(model, context, "enumerate_bags") + log_orders
    possible = ~np.isneginf(log_weight)
    return ContextDistribution(context[possible], log_weight[possible])


def _word_counts(length: int, num_words: int, num_bags: int) -> Int[np.ndarray, "bag word"]:
    """How often each bag has each word: the gaps that V − 1 bars leave among T + V − 1 places."""
    places = length + num_words - 1
    chosen = itertools.combinations(range(places), num_words - 1)
    bars = np.fromiter(itertools.chain.from_iterable(chosen), np.int64)
    bars = bars.reshape(num_bags, num_words - 1)[::-1]  # many of the first word come first
    ends = np.full((num_bags, 1), places)
    return np.diff(bars, axis=1, prepend=-np.ones_like(ends), append=ends) - 1


def _log_weight(
    model: ConceptModel, context: np.ndarray, function: str
) -> Float[np.ndarray, "context"]:
    refuse_large_enumeration(function, model.space.num_configurations)

    def constant(configurations: np.ndarray) -> np.ndarray:
        return np.zeros((len(configurations), 1))

    mixture = log_mixture(model, context, constant, function, impossible_is_error=False)
    return mixture.log_evidence


def checked_length(model: ConceptModel, context_length: int | None) -> int:
    """The context length asked for, all positions by default; ValueError when there is none."""
    limit = model.num_positions
    if context_length is None:
        if limit is None:
            raise ValueError(
                "in this world all positions are alike and contexts have any length: "
                "give context_length"
            )
        return limit if model.token is not None else limit - 1
    length = whole_number(context_length, "context_length")
    if length < 0 or (limit is not None and length > limit):
        raise ValueError(
            f"context_length must lie in 0 … {'∞' if limit is None else limit} in this world; "
            f"got {length}"
        )
    return length
