"""Does every architecture keep the contract of a predictor, and is its excess loss a KL?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import estimators as es

# A new architecture joins this list and inherits every test of the contract.
PREDICTORS = {
    "binary words": es.MLP(3, 4, 3, hidden=(8,)),
    "larger vocabulary": es.MLP(3, 4, 2, num_words=5, hidden=(8,)),
    "no hidden layer": es.MLP(3, 5, 2, hidden=()),
    "empty context": es.MLP(0, 4, 3, hidden=(8,)),
}
EACH = pytest.mark.parametrize("predictor", PREDICTORS.values(), ids=PREDICTORS)
KEY = jax.random.key(0)


def contexts(predictor, num_samples=6):
    draw = np.random.default_rng(0)
    shape = (num_samples, predictor.context_length)
    return jnp.asarray(draw.integers(0, predictor.num_words, shape), jnp.int32)


def same(first, second):
    """Whether two pytrees hold the same bits."""
    leaves = zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True)
    return all(np.array_equal(one, two) for one, two in leaves)


@EACH
def test_shapes_are_those_of_the_protocol(predictor):
    assert isinstance(predictor, es.Predictor)
    params, context = predictor.init(KEY), contexts(predictor)
    representation = predictor.represent(params, context)
    unembedding = predictor.unembedding(params)
    assert representation.shape == (6, predictor.dim)
    assert unembedding.shape == (predictor.num_tokens, predictor.dim)
    assert {leaf.dtype for leaf in jax.tree.leaves(params)} == {jnp.dtype("float32")}


@EACH
def test_log_predictions_are_the_log_softmax_of_f_times_g(predictor):
    params, context = predictor.init(KEY), contexts(predictor)
    log_model = np.asarray(es.log_predict(predictor, params, context), np.float64)
    np.testing.assert_allclose(np.exp(log_model).sum(1), 1, rtol=1e-6)
    f, g = predictor.represent(params, context), predictor.unembedding(params)
    logits = np.asarray(f, np.float64) @ np.asarray(g, np.float64).T
    expected = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    np.testing.assert_allclose(log_model, expected, atol=1e-5)
    both = es.represent_and_predict(predictor, params, context)
    np.testing.assert_allclose(both[0], f, atol=1e-5)
    np.testing.assert_allclose(both[1], log_model, atol=1e-5)


@EACH
def test_the_same_key_gives_the_same_parameters_and_another_key_others(predictor):
    params = predictor.init(KEY)
    assert same(params, predictor.init(KEY))
    assert not same(params, predictor.init(jax.random.key(1)))
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(params))


@EACH
def test_representing_is_pure_and_treats_samples_one_by_one(predictor):
    params, context = predictor.init(KEY), contexts(predictor)
    before = jax.tree.map(np.array, params)
    together = predictor.represent(params, context)
    assert same(together, predictor.represent(params, context))
    assert same(before, params)
    np.testing.assert_allclose(
        np.concatenate([predictor.represent(params, row[None]) for row in context]),
        together,
        atol=1e-5,
    )


@EACH
def test_a_configuration_is_hashable_and_compares_by_content(predictor):
    twin = type(predictor)(**vars(predictor))
    assert twin == predictor
    assert hash(twin) == hash(predictor)
    assert len(set(PREDICTORS.values())) == len(PREDICTORS)


@EACH
def test_contexts_of_another_length_are_refused(predictor):
    longer = jnp.zeros((2, predictor.context_length + 1), jnp.int32)
    with pytest.raises(ValueError, match=rf"of {predictor.context_length} words; got"):
        predictor.represent(predictor.init(KEY), longer)


@EACH
def test_predictions_can_be_differentiated_in_every_parameter(predictor):
    context = contexts(predictor)
    params = jax.tree.map(lambda leaf: leaf + 0.1, predictor.init(KEY))  # no bias is zero
    slope = jax.grad(lambda p: es.log_predict(predictor, p, context)[:, 0].sum())(params)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(slope))
    assert all(np.any(leaf) for leaf in jax.tree.leaves(slope) if leaf.size)


def test_an_empty_context_has_one_representation():
    predictor = PREDICTORS["empty context"]
    rows = predictor.represent(predictor.init(KEY), jnp.zeros((3, 0), jnp.int32))
    assert same(rows[0], rows[1])


def test_binary_words_enter_as_signs_and_larger_vocabularies_one_hot():
    for name, inputs in (("binary words", 3), ("larger vocabulary", 15), ("no hidden layer", 3)):
        first = PREDICTORS[name].init(KEY)["params"]["Dense_0"]["kernel"]
        assert first.shape[0] == inputs
    predictor = PREDICTORS["no hidden layer"]
    params = predictor.init(KEY)
    kernel = np.asarray(params["params"]["Dense_0"]["kernel"])
    found = predictor.represent(params, jnp.array([[0, 1, 1]], jnp.int32))
    np.testing.assert_allclose(found[0], np.array([-1, 1, 1]) @ kernel, atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"context_length": -1}, "context_length must not be negative; got -1"),
        ({"dim": 0}, "dim of an MLP must be at least 1; got 0"),
        ({"num_tokens": 0}, "num_tokens of an MLP must be at least 1; got 0"),
        ({"num_words": 0}, "num_words of an MLP must be at least 1; got 0"),
        ({"hidden": (8, 0)}, "hidden of an MLP must be at least 1; got 0"),
    ],
)
def test_sizes_that_cannot_be_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        es.MLP(**{"context_length": 3, "num_tokens": 4, "dim": 3, **settings})


def rows(seed, zeros=False):
    weights = np.random.default_rng(seed).integers(0 if zeros else 1, 4, (5, 3)) + np.eye(5, 3)
    weights[3:, 0] += 1
    return weights / weights.sum(1, keepdims=True)


@given(st.integers(0, 2**16), st.booleans())
def test_the_excess_loss_is_the_mean_divergence(seed, zeros):
    exact, predicted = rows(seed, zeros), rows(seed + 1)
    weight = np.random.default_rng(seed).dirichlet(np.ones(5))
    expected = sum(
        w * p * np.log(p / q)
        for w, one, two in zip(weight, exact, predicted, strict=True)
        for p, q in zip(one, two, strict=True)
        if p > 0
    )
    with np.errstate(divide="ignore"):
        found = es.excess_loss(np.log(exact), np.log(predicted), weight)
        itself = es.excess_loss(np.log(exact), np.log(exact), weight)
    assert abs(found - expected) < 1e-12
    assert itself == 0
    assert found > 0 or np.allclose(exact, predicted)


def test_ruling_out_what_happens_costs_infinitely_much():
    with np.errstate(divide="ignore"):
        found = es.excess_loss(np.log([[0.5, 0.5]]), np.log([[1.0, 0.0]]), np.ones(1))
    assert found == np.inf
