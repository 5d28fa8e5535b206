"""Is the MLP dense layers on signs or on one-hot words, whichever way it reads them?"""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import estimators as es

KEY = jax.random.key(0)


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def oracle(params, inputs):
    """Dense layers of the inputs [sample, input], in float64."""
    layers = params["params"]
    for index in range(len(layers) - 1):
        layer = layers[f"Dense_{index}"]
        stream = gelu(stream) if index else inputs
        stream = stream @ np.asarray(layer["kernel"], np.float64) + np.asarray(layer["bias"])
    return stream


@pytest.mark.parametrize("num_words", [2, 5])
@pytest.mark.parametrize("num_read", [0, 2, 3])
def test_words_enter_as_signs_or_one_hot_and_missing_ones_as_zeros(num_words, num_read):
    predictor = es.MLP(context_length=3, num_tokens=4, dim=2, num_words=num_words, hidden=(8, 6))
    params = jax.tree.map(lambda leaf: leaf + 0.1, predictor.init(KEY))
    context = np.random.default_rng(0).integers(0, num_words, (7, num_read))
    if num_words == 2:
        inputs = np.zeros((7, 3))
        inputs[:, :num_read] = 2 * context - 1
    else:
        inputs = np.zeros((7, 3, num_words))
        inputs[:, :num_read] = np.eye(num_words)[context]
    expected = oracle(params, inputs.reshape(7, -1))
    found = predictor.represent(params, jnp.asarray(context))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("num_words", [2, 3, 5])
def test_the_first_layer_starts_like_a_dense_layer_on_one_hot_words(num_words):
    inputs = 40 * (1 if num_words == 2 else num_words)
    predictor = es.MLP(context_length=40, num_tokens=4, dim=2, num_words=num_words, hidden=(64,))
    kernel = predictor.init(KEY)["params"]["Dense_0"]["kernel"]
    assert kernel.shape == (inputs, 64)
    assert abs(np.var(kernel) * inputs - 1) < 0.1
    assert np.abs(kernel).max() <= np.sqrt(3 / inputs)


def test_reading_binary_words_is_one_dense_layer_to_the_bit():
    predictor = es.MLP(context_length=3, num_tokens=5, dim=2, hidden=())
    params = predictor.init(KEY)
    context = jnp.array([[0, 1, 1], [1, 0, 1]], jnp.int32)
    dense = params["params"]["Dense_0"]
    expected = (2.0 * context.astype(jnp.float32) - 1.0) @ dense["kernel"] + dense["bias"]
    assert np.array_equal(predictor.represent(params, context), expected)


def test_an_empty_context_has_one_representation():
    predictor = es.MLP(context_length=0, num_tokens=4, dim=3, hidden=(8,))
    rows = predictor.represent(predictor.init(KEY), jnp.zeros((3, 0), jnp.int32))
    assert np.array_equal(rows[0], rows[1])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"context_length": -1}, "must not be negative; got -1"),
        ({"dim": 0}, "dim of an MLP must be a whole number, at least 1; got 0"),
        ({"num_tokens": 0}, "num_tokens of an MLP .* got 0"),
        ({"num_words": 0}, "num_words of an MLP .* got 0"),
        ({"hidden": (8, 0)}, "hidden of an MLP .* got 0"),
    ],
)
def test_sizes_that_cannot_be_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        es.MLP(**{"context_length": 3, "num_tokens": 4, "dim": 3, **settings})


def test_a_list_of_hidden_sizes_is_refused_where_shapes_are_not_executed():
    settings = {"context_length": 3, "num_tokens": 4, "dim": 3, "num_words": 2, "hidden": [8]}
    with pytest.raises(ValueError, match=r"hidden of an MLP must be a tuple of sizes; got \[8\]"):
        es.MLP.__post_init__(SimpleNamespace(**settings))
