"""What do the first words of a context say, at every prefix?"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from latentgen.exact import log_concept_posterior, log_evidence, log_predictive
from latentgen.host import refuse_large_output
from latentgen.model import ConceptModel


def log_concept_posterior_prefixes(
    model: ConceptModel, context: ArrayLike, concept: int
) -> Float[np.ndarray, "sample prefix value"]:
    """log p(c_k|x_1…x_t) [sample, prefix, value], nats, t = 0 … T; prefix 0 is the prior.

    Raises ValueError as `log_posterior` does.
    """
    cardinality = model.space.cardinalities[model.space.check_concept(concept)]

    def answer(prefix: np.ndarray) -> np.ndarray:
        return log_concept_posterior(model, prefix, concept)

    return _at_every_prefix("log_concept_posterior_prefixes", model, context, cardinality, answer)


def log_predictive_prefixes(
    model: ConceptModel, context: ArrayLike
) -> Float[np.ndarray, "sample prefix token"]:
    """log p(y|x_1…x_t) [sample, prefix, token], nats, t = 0 … T.

    When the token is the next word, prefix t predicts word t: the positions must then share one
    vocabulary, and the last prefix needs a word after it. Raises ValueError as `log_posterior`
    does.
    """
    matrix = model.check_context(context, "log_predictive_prefixes")
    sizes = {model.num_tokens(length) for length in range(matrix.shape[1] + 1)}
    if len(sizes) > 1:
        raise ValueError(
            f"the words of this world have vocabularies of sizes {sorted(sizes)}, so predictions "
            "at different prefixes do not fit one array: call log_predictive prefix by prefix"
        )

    def answer(prefix: np.ndarray) -> np.ndarray:
        return log_predictive(model, prefix)

    return _at_every_prefix("log_predictive_prefixes", model, context, sizes.pop(), answer)


def _at_every_prefix(
    function: str,
    model: ConceptModel,
    context: ArrayLike,
    num_outcomes: int,
    answer: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """The answer at every prefix; each distinct prefix is asked once."""
    matrix = model.check_context(context, function)
    num_samples, length = matrix.shape
    shape = (num_samples, length + 1, num_outcomes)
    refuse_large_output(function, shape, "use fewer or shorter contexts")
    log_evidence(model, matrix)  # names the row of an impossible context as the user counts them
    answers = np.empty(shape)
    for end in range(length + 1):
        distinct, inverse = np.unique(matrix[:, :end], axis=0, return_inverse=True)
        if end == 0:
            distinct, inverse = matrix[:1, :0], np.zeros(num_samples, np.int64)
        answers[:, end] = answer(distinct)[inverse.reshape(-1)] if num_samples else 0.0
    return answers
