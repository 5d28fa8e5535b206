"""Is the log-bilinear predictor a start vector and a mean of embeddings?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import estimators as es

PREDICTOR = es.LogBilinear(num_words=5, num_tokens=4, dim=3)
PARAMS = PREDICTOR.init(jax.random.key(0))


@pytest.mark.parametrize("num_read", [0, 1, 4])
def test_it_adds_the_mean_embedding_of_the_words_to_the_start(num_read):
    context = np.random.default_rng(0).integers(0, 5, (6, num_read))
    start, embedding = (np.asarray(PARAMS["params"][name]) for name in ("start", "embedding"))
    for row, found in zip(context, PREDICTOR.represent(PARAMS, jnp.asarray(context)), strict=True):
        mean = sum(embedding[word] for word in row) / len(row) if len(row) else 0
        np.testing.assert_allclose(found, start + mean, atol=1e-6)


def test_it_does_not_see_the_order_of_the_words():
    context = jnp.array([[0, 1, 2, 4], [4, 2, 0, 1]])
    first, second = PREDICTOR.represent(PARAMS, context)
    np.testing.assert_allclose(first, second, atol=1e-6)


@pytest.mark.parametrize("name", ["num_words", "num_tokens", "dim"])
def test_sizes_that_cannot_be_are_refused(name):
    with pytest.raises(ValueError, match=f"{name} of a LogBilinear must be .* at least 1; got 0"):
        es.LogBilinear(**{"num_words": 2, "num_tokens": 2, "dim": 2, name: 0})
