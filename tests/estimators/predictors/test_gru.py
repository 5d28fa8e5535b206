"""Does the GRU follow its equations, word by word?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import estimators as es


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def oracle(predictor, params, row):
    """f of every prefix of one context, in float64, gate by gate."""
    at = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params["params"])
    size = predictor.width
    states = [np.zeros(size) for _ in range(predictor.num_layers)]
    found = [states[-1]]
    for word in row:
        for layer in range(predictor.num_layers):
            if layer:
                dense = at[f"input_{layer}"]
                given = states[layer - 1] @ dense["kernel"] + dense["bias"]
            else:
                given = at["word"][word]
            kernel, state = at[f"layer_{layer}"]["kernel"], states[layer]
            reset, update, new = (given[i * size : (i + 1) * size] for i in range(3))
            recurrent = [state @ kernel[:, i * size : (i + 1) * size] for i in range(3)]
            reset, update = sigmoid(reset + recurrent[0]), sigmoid(update + recurrent[1])
            new = np.tanh(new + reset * (recurrent[2] + at[f"layer_{layer}"]["bias"]))
            states[layer] = (1 - update) * new + update * state
        found.append(states[-1])
    return np.array(found) @ at["projection"]["kernel"] + at["projection"]["bias"]


@pytest.mark.parametrize("num_layers", [1, 3])
def test_it_is_the_gated_recurrence_of_its_equations(num_layers):
    predictor = es.GRU(num_words=5, num_tokens=4, dim=3, width=6, num_layers=num_layers)
    params = jax.tree.map(lambda leaf: leaf + 0.1, predictor.init(jax.random.key(0)))
    context = np.random.default_rng(0).integers(0, 5, (4, 7))
    found = jax.jit(predictor.represent_prefixes)(params, jnp.asarray(context))
    for row, one in zip(context, found, strict=True):
        np.testing.assert_allclose(one, oracle(predictor, params, row), atol=2e-6)


def test_it_sees_the_order_of_the_words():
    predictor = es.GRU(num_words=3, num_tokens=4, dim=3)
    context = jnp.array([[0, 1, 2], [2, 1, 0]])
    first, second = predictor.represent(predictor.init(jax.random.key(0)), context)
    assert np.abs(first - second).max() > 0.01


@pytest.mark.parametrize("name", ["num_words", "num_tokens", "dim", "width", "num_layers"])
def test_sizes_that_cannot_be_are_refused(name):
    with pytest.raises(ValueError, match=f"{name} of a GRU must be .* at least 1; got 0"):
        es.GRU(**{"num_words": 2, "num_tokens": 2, "dim": 2, name: 0})
