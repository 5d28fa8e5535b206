"""Which contexts can a world produce, and how often?"""

from typing import NamedTuple

import numpy as np

from latentgen.enumeration import log_mixture
from latentgen.host import refuse_large_enumeration, refuse_large_output
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

    context_length defaults to all positions. Raises ValueError above 1 GiB of contexts, and
    when positions are alike and no length is given.
    """
    length = checked_length(model, context_length)
    sizes = [model.word_factor(position).num_outcomes for position in range(length)]
    num_contexts = int(np.prod(sizes, dtype=object)) if sizes else 1
    remedy = "use a shorter context, or sample contexts with lg.sample"
    refuse_large_output("enumerate_contexts", (num_contexts, max(1, length)), remedy)
    context = np.indices(sizes).reshape(length, -1).T if sizes else np.zeros((1, 0), np.int64)
    log_weight = _log_weight(model, np.ascontiguousarray(context))
    possible = ~np.isneginf(log_weight)
    return ContextDistribution(context[possible], log_weight[possible])


def _log_weight(model: ConceptModel, context: np.ndarray) -> np.ndarray:
    refuse_large_enumeration("enumerate_contexts", model.space.num_configurations)

    def constant(configurations: np.ndarray) -> np.ndarray:
        return np.zeros((len(configurations), 1))

    return log_mixture(
        model, context, constant, "enumerate_contexts", impossible_is_error=False
    ).log_evidence


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
    if context_length < 0 or (limit is not None and context_length > limit):
        raise ValueError(
            f"context_length must lie in 0 … {'∞' if limit is None else limit} in this world; "
            f"got {context_length}"
        )
    return int(context_length)
