"""What does gradient descent leave as it was at the start?

With f = Wh + b, h the last hidden layer, and logits f·g, the gradient flow of any loss of the
softmax keeps two things. The mean of g over tokens: the slopes of the logits sum to 0 over tokens.
And C = gᵀg − W̃W̃ᵀ, with g less that mean and W̃ = (W, b): both terms change by the same matrix, as
for any two linear layers that follow each other. Steps of finite size keep the first exactly and
the second to first order in the rate; Adam keeps neither. As gᵀg ⪰ C at any time, its eigenvalues
in descending order are at least those of C: what starts large in g and small in W̃ stays.
"""

from typing import Any

import numpy as np
from jaxtyping import Float

Metrics = dict[str, float]


def balance(params: Any) -> Float[np.ndarray, "dim dim"]:
    """C = gᵀg − W̃W̃ᵀ of the parameters of an `es.MLP`, g centred over tokens, in float64."""
    unembedding, layer = _last_layers(params)
    centred = unembedding - unembedding.mean(0)
    return centred.T @ centred - layer.T @ layer


def conserved_metrics(start: Any, end: Any, num_needed: int) -> Metrics:
    """How far both drift, and what of g lies beyond the dimensions that a perfect fit needs.

    drift_mean: ‖mean of g, end − start‖ √|tokens| / ‖g, end − start‖. drift_balance: ‖C, end −
    start‖ / (‖gᵀg, end − start‖ + ‖W̃W̃ᵀ, end − start‖). beyond.trained: the share of ‖g‖², g
    centred, that lies beyond its num_needed leading principal directions; beyond.bound: the least
    that it can be when C is conserved, Σ max(0, λ_j(C at the start)) over j > num_needed, as a
    share of the same ‖g‖².
    """
    (before, layer_before), (after, layer_after) = _last_layers(start), _last_layers(end)
    moved = after - before
    grown = np.linalg.norm(_second_moments(after) - _second_moments(before))
    grown += np.linalg.norm(layer_after.T @ layer_after - layer_before.T @ layer_before)
    kept = np.linalg.eigvalsh(balance(start))[::-1]
    reached = np.linalg.eigvalsh(_second_moments(after))[::-1]
    mean = np.linalg.norm(moved.mean(0)) * np.sqrt(len(moved))
    drift = np.linalg.norm(balance(end) - balance(start))
    return {
        "drift_mean.trained": float(mean / np.linalg.norm(moved)),
        "drift_balance.trained": float(drift / grown),
        "beyond.trained": float(reached[num_needed:].sum() / reached.sum()),
        "beyond.bound": float(np.maximum(kept[num_needed:], 0).sum() / reached.sum()),
    }


def _second_moments(unembedding: np.ndarray) -> Float[np.ndarray, "dim dim"]:
    centred = unembedding - unembedding.mean(0)
    return centred.T @ centred


def _last_layers(params: Any) -> tuple[np.ndarray, np.ndarray]:
    """g [token, dim] and W̃ᵀ [hidden unit and bias, dim]."""
    layers = params["params"]
    last = layers[max(name for name in layers if name.startswith("Dense_"))]
    rows = (last["kernel"], np.asarray(last["bias"])[None])
    layer = np.concatenate([np.asarray(row, np.float64) for row in rows])
    return np.asarray(layers["unembedding"], np.float64), layer
