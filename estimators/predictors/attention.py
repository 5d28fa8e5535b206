"""What does one layer of causal attention mix?"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

BASE = 10000.0


def mix(
    query: Float[Array, "sample reader head coordinate"],
    key: Float[Array, "sample prefix head coordinate"],
    value: Float[Array, "sample prefix head coordinate"],
) -> Float[Array, "sample reader head coordinate"]:
    """Σ_s a_ts value_s, a_ts = softmax over s ≤ t of query_t·key_s / √size; float32.

    The readers t are the last prefixes: all of them, or only the last one. Source: Vaswani et
    al., arXiv:1706.03762, equation 1.
    """
    num_prefixes, num_readers = key.shape[1], query.shape[1]
    score = jnp.einsum("nrhd,nshd->nhrs", query / math.sqrt(query.shape[-1]), key)
    past = np.tri(num_prefixes, dtype=bool)[num_prefixes - num_readers :]
    share = jax.nn.softmax(jnp.where(past, score, -jnp.inf), axis=-1)
    return jnp.einsum("nhrs,nshd->nrhd", share, value)


def rotate(
    vector: Float[Array, "sample reader head coordinate"], num_prefixes: int
) -> Float[Array, "sample reader head coordinate"]:
    """Rotary positions: coordinates i and i + n/2 of vector_t turned by t·10000^(−2i/n); float32.

    A product of two rotated vectors depends on their positions through the difference alone. The
    readers t are the last of num_prefixes prefixes; n, the size of a head, is even. Source: Su et
    al., arXiv:2104.09864, equation 34, with the pairs half a head apart.
    """
    half = vector.shape[-1] // 2
    position = np.arange(num_prefixes - vector.shape[1], num_prefixes)
    angle = position[:, None, None] * BASE ** (-np.arange(half) / half)
    cosine, sine = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
    first, second = vector[..., :half], vector[..., half:]
    turned = (first * cosine - second * sine, second * cosine + first * sine)
    return jnp.concatenate(turned, axis=-1)
