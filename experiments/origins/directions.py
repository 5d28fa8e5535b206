"""Along which directions do unembeddings of a concept differ, and how parallel are they?

The difference of concept k at a background b (the other digits): Δ_{k,b} = v(y_k = 1, b) −
v(y_k = 0, b), v(y) being a vector for every token. With v = g, the unembedding, cosines are raw:
they change with the gauge f → Mf, g → M⁻ᵀg. With v(y) = log p̂(y|·), centred over contexts under
p(x), the cosine is the correlation over contexts of the log-odds at two backgrounds. That is the
cosine of Δg under Cov(f), whatever the gauge: it depends on p̂ alone.
"""

import itertools

import numpy as np
from jaxtyping import Float

from experiments.origins.worlds import digits


def differences(
    vector: Float[np.ndarray, "token coordinate"],
) -> Float[np.ndarray, "concept background coordinate"]:
    """Δ_{k,b} of every concept at every background, backgrounds in ascending order.

    Raises ValueError unless the tokens are all tuples of some binary digits.
    """
    num_concepts = len(vector).bit_length() - 1
    if len(vector) != 2**num_concepts or num_concepts < 2:
        raise ValueError(
            f"the tokens must be all tuples of two or more binary digits, 4, 8, 16, …; got "
            f"{len(vector)} tokens"
        )
    digit = digits(num_concepts)
    return np.stack(
        [vector[digit[:, k] == 1] - vector[digit[:, k] == 0] for k in range(num_concepts)]
    )


def log_odds_vectors(
    log_predictive: Float[np.ndarray, "context token"], weight: Float[np.ndarray, "context"]
) -> Float[np.ndarray, "token context"]:
    """log p̂(y|x) of each token, less its mean over p(x), times √p(x): v for gauge-free cosines."""
    centred = log_predictive - weight @ log_predictive
    return (np.sqrt(weight)[:, None] * centred).T


def within_cosines(
    vector: Float[np.ndarray, "token coordinate"],
) -> Float[np.ndarray, "concept pair"]:
    """Cosines of Δ_{k,b} and Δ_{k,b'} for all pairs of backgrounds of a concept."""
    found = differences(vector)
    num_backgrounds = found.shape[1]
    first, second = np.array(list(itertools.combinations(range(num_backgrounds), 2))).T
    return cosine(found[:, first], found[:, second])


def across_cosines(vector: Float[np.ndarray, "token coordinate"]) -> Float[np.ndarray, "pair"]:
    """Cosines between the mean directions (mean over backgrounds) of different concepts."""
    mean = differences(vector).mean(1)
    first, second = np.array(list(itertools.combinations(range(len(mean)), 2))).T
    return cosine(mean[first], mean[second])


def cosine(
    first: Float[np.ndarray, "*row coordinate"], second: Float[np.ndarray, "*row coordinate"]
) -> Float[np.ndarray, "*row"]:
    """Cosines of the last axis; NaN where a vector has no length."""
    size = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    return np.divide(
        (first * second).sum(-1), size, out=np.full(size.shape, np.nan), where=size > 0
    )


def varying_directions(
    representation: Float[np.ndarray, "context dim"],
    weight: Float[np.ndarray, "context"],
    floor: float,
) -> Float[np.ndarray, "dim direction"]:
    """Orthonormal directions in which f varies: principal ones with variance ≥ floor · largest."""
    centred = np.sqrt(weight)[:, None] * (representation - weight @ representation)
    _, size, rows = np.linalg.svd(centred.astype(np.float64), full_matrices=False)
    return rows[size**2 >= floor * size[0] ** 2].T


def idle_share(
    vector: Float[np.ndarray, "token dim"], directions: Float[np.ndarray, "dim direction"]
) -> float:
    """Share of Σ ‖Δ_{k,b}‖² that lies outside some orthonormal directions."""
    found = differences(vector)
    return float(1 - ((found @ directions) ** 2).sum() / (found**2).sum())
