"""Which unembeddings can a perfect fit have?"""

import numpy as np
from jaxtyping import Float

import latentgen as lg


def helmert_unembedding(num_tokens: int) -> Float[np.ndarray, "token direction"]:
    """g of the oracle `lg.oracle_representation`: orthonormal, so all disjoint differences are.

    Every raw cosine between Δ at two backgrounds is 0, whatever the world: a perfect fit need not
    have parallel differences.
    """
    return lg.zero_sum_basis(num_tokens)


def least_norm_unembedding(
    log_predictive: Float[np.ndarray, "context token"], weight: Float[np.ndarray, "context"]
) -> Float[np.ndarray, "token direction"]:
    """g of the perfect fit with the least ‖g‖² + E ‖f‖², up to a rotation.

    With the centred logits Z [token, context] and Z diag(√p(x)) = U S Vᵀ it is g = U √S, and f
    has the second moments gᵀg = S: balanced. The least value is twice the nuclear norm 1ᵀS.
    """
    centred = log_predictive - log_predictive.mean(1, keepdims=True)
    left, size, _ = np.linalg.svd((np.sqrt(weight)[:, None] * centred).T, full_matrices=False)
    return left * np.sqrt(size)


def in_random_gauge(
    unembedding: Float[np.ndarray, "token dim"], random_state: int
) -> Float[np.ndarray, "token dim"]:
    """g → gM with M of independent normal numbers: with f → M⁻¹f the predictions are the same."""
    dim = unembedding.shape[1]
    drawn = np.random.default_rng(random_state).normal(size=(dim, dim))
    return unembedding.astype(np.float64) @ drawn
