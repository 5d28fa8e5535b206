"""What does the representation of a perfect next-token predictor look like?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from latentgen.exact import log_predictive
from latentgen.model import ConceptModel


class OracleRepresentation(NamedTuple):
    """f and g with softmax_y f(x)·g(y) = p(y|x) exactly.

    representation f [sample, dim]; unembedding g [token, dim].
    """

    representation: np.ndarray
    unembedding: np.ndarray


def oracle_representation(
    model: ConceptModel, context: ArrayLike, dim: int | None = None
) -> OracleRepresentation:
    """A perfect predictor: f(x)·g(y) = log p(y|x) − mean over tokens of log p(·|x).

    g: an orthonormal basis of the token vectors that sum to zero (Helmert), [token, dim];
    f = log p(·|x) g, [sample, dim]. dim defaults to |tokens| − 1; a larger dim is padded with
    zeros. Any other perfect predictor has the same centred logits, so f differs by a linear map
    at most. Raises ValueError when dim < |tokens| − 1, and naming row and token when some
    p(y|x) = 0, as the logit is then infinite.
    """
    log_token = log_predictive(model, context)
    impossible = np.argwhere(np.isneginf(log_token))
    if len(impossible):
        row, token = (int(i) for i in impossible[0])
        raise ValueError(
            f"a perfect predictor needs finite logits, and p(y|x) = 0 for row {row} of the "
            f"context and token {token}: give the token table some noise"
        )
    num_tokens = log_token.shape[1]
    full = num_tokens - 1
    least = max(1, full)  # a single token is predicted by zeros
    dim = least if dim is None else dim
    if dim < least:
        raise ValueError(
            f"a perfect predictor of {num_tokens} tokens needs dim ≥ {least}, the rank of "
            f"centred log p(y|x) in general; got {dim}"
        )
    basis = np.zeros((num_tokens, dim))
    basis[:, :full] = zero_sum_basis(num_tokens)
    return OracleRepresentation(log_token @ basis, basis)


def zero_sum_basis(num_outcomes: int) -> Float[np.ndarray, "outcome direction"]:
    """Orthonormal columns that each sum to zero, [outcome, outcome − 1] (Helmert contrasts)."""
    index = np.arange(1, num_outcomes)
    contrast = np.triu(np.ones((num_outcomes, num_outcomes - 1)))
    contrast[index, index - 1] = -index
    return contrast / np.sqrt(index * (index + 1))
