"""What does the representation of the best next-token predictor look like?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from latentgen.bayes import normalised_weight
from latentgen.exact import log_predictive
from latentgen.low_rank_oracle import low_rank_fit
from latentgen.model import ConceptModel


class OracleRepresentation(NamedTuple):
    """f and g with softmax_y f(x)·g(y) = p(y|x), or as close to it as their dimension allows.

    representation f [sample, dim]; unembedding g [token, dim]. excess: E_x KL(p(y|x) ‖ softmax
    f(x)·g), nats, 0 for a perfect predictor. converged: whether the search for few dimensions
    reached its tolerance. smoothed: whether the best logits of few dimensions may be infinite, as
    some p(y|x) < 1e-6, so that f and g fit p(y|x) with 1e-6 added to every probability.
    """

    representation: np.ndarray
    unembedding: np.ndarray
    excess: float = 0.0
    converged: bool = True
    smoothed: bool = False


def oracle_representation(
    model: ConceptModel,
    context: ArrayLike,
    dim: int | None = None,
    log_weight: ArrayLike | None = None,
) -> OracleRepresentation:
    """The best predictor of a dimension: a perfect one from dim = |tokens| − 1 on.

    There f(x)·g(y) = log p(y|x) − mean over tokens of log p(·|x), with g an orthonormal basis of
    the token vectors that sum to zero (Helmert), [token, dim]; f = log p(·|x) g, [sample, dim].
    dim defaults to |tokens| − 1; a larger dim is padded with zeros. Any other perfect predictor
    has the same centred logits, so f differs by a linear map at most.

    Below it f and g minimise E_x KL(p(y|x) ‖ softmax f(x)·g), as `low_rank_fit` finds them; this
    is perfect too when dim ≥ the rank of the centred log p(y|x). log_weight [sample] holds log
    p(x) of enumerated contexts; None weighs them alike. No bias: it takes a dimension.

    Raises ValueError when dim < 1, and for a perfect predictor naming row and token when some
    p(y|x) = 0, as the logit is then infinite.
    """
    log_token = log_predictive(model, context)
    num_tokens = log_token.shape[1]
    full = num_tokens - 1
    least = max(1, full)  # a single token is predicted by zeros
    dim = least if dim is None else dim
    if dim < 1:
        raise ValueError(f"a representation needs dim ≥ 1; got {dim}")
    if dim < least:
        return _best(log_token, dim, log_weight)
    _refuse_infinite_logits(log_token)
    basis = np.zeros((num_tokens, dim))
    basis[:, :full] = zero_sum_basis(num_tokens)
    return OracleRepresentation(log_token @ basis, basis)


def _best(log_token: np.ndarray, dim: int, log_weight: ArrayLike | None) -> OracleRepresentation:
    weight = normalised_weight(log_weight, len(log_token))
    return OracleRepresentation(*low_rank_fit(log_token, weight, dim))


def _refuse_infinite_logits(log_token: np.ndarray) -> None:
    impossible = np.argwhere(np.isneginf(log_token))
    if len(impossible):
        row, token = (int(i) for i in impossible[0])
        raise ValueError(
            f"a perfect predictor needs finite logits, and p(y|x) = 0 for row {row} of the "
            f"context and token {token}: give the token table some noise"
        )


def zero_sum_basis(num_outcomes: int) -> Float[np.ndarray, "outcome direction"]:
    """Orthonormal columns that each sum to zero, [outcome, outcome − 1] (Helmert contrasts)."""
    index = np.arange(1, num_outcomes)
    contrast = np.triu(np.ones((num_outcomes, num_outcomes - 1)))
    contrast[index, index - 1] = -index
    return contrast / np.sqrt(index * (index + 1))
