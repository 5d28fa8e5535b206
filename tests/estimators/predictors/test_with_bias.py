"""Does a bias enter as the last column of the unembedding?"""

import jax
import jax.numpy as jnp
import numpy as np

import estimators as es

INNER = es.LogBilinear(num_words=3, num_tokens=5, dim=2)
PREDICTOR = es.WithBias(INNER)
CONTEXT = jnp.array([[0, 1], [2, 2]])


def test_logits_are_those_of_the_predictor_plus_the_bias():
    params = PREDICTOR.init(jax.random.key(0)) | {"bias": jnp.arange(5.0)}
    f, g = PREDICTOR.represent(params, CONTEXT), PREDICTOR.unembedding(params)
    inner = params["predictor"]
    expected = INNER.represent(inner, CONTEXT) @ INNER.unembedding(inner).T + jnp.arange(5.0)
    np.testing.assert_allclose(f @ g.T, expected, atol=1e-6)
    assert np.array_equal(f[:, -1], np.ones(2))
    assert np.array_equal(g[:, -1], np.arange(5))
    assert (PREDICTOR.dim, PREDICTOR.num_tokens, PREDICTOR.num_words) == (3, 5, 3)


def test_at_the_start_the_bias_changes_no_prediction():
    key = jax.random.key(0)
    with_bias = es.log_predict(PREDICTOR, PREDICTOR.init(key), CONTEXT)
    without = es.log_predict(INNER, INNER.init(key), CONTEXT)
    np.testing.assert_allclose(with_bias, without, atol=1e-6)
