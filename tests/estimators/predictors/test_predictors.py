"""Does every architecture keep the contract of a predictor?"""

import functools
import itertools

import flax
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import estimators as es
from tests.estimators.predictors.predictors import PREDICTORS

EACH = pytest.mark.parametrize("predictor", PREDICTORS.values(), ids=PREDICTORS)
LIMITED = {name: p for name, p in PREDICTORS.items() if hasattr(p, "context_length")}
SIGNED = ("MLP, binary words", "MLP, no hidden layer", "MLP, empty context")
LOOKING_UP = {name: p for name, p in PREDICTORS.items() if name not in (*SIGNED, "nnx")}
KEY = jax.random.key(0)
KEYS = jax.random.split(KEY, 8)


def length(predictor):
    return getattr(predictor, "context_length", 3)


def contexts(predictor, num_samples=6):
    draw = np.random.default_rng(0)
    shape = (num_samples, length(predictor))
    return jnp.asarray(draw.integers(0, predictor.num_words, shape), jnp.int32)


@functools.cache
def compiled(predictor, method):
    """One compilation for all tests; shapes are executed while it is traced."""
    return jax.jit(getattr(predictor, method))


@functools.cache
def apart(predictor):
    """Fresh parameters, one for each of several keys."""
    return [compiled(predictor, "init")(key) for key in KEYS]


@functools.cache
def perturbed(predictor):
    """Parameters of which none is at a special value such as a bias of zero."""
    draw = np.random.default_rng(1)

    def noisy(leaf):
        return jnp.asarray(leaf + 0.3 * draw.standard_normal(leaf.shape), leaf.dtype)

    return jax.tree.map(noisy, compiled(predictor, "init")(KEY))


def same(first, second):
    """Whether two pytrees hold the same bits."""
    leaves = zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True)
    return all(np.array_equal(one, two) for one, two in leaves)


def close(first, second):
    """Assert that two pytrees agree up to the rounding of float32."""
    for one, two in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True):
        np.testing.assert_allclose(one, two, atol=2e-5, rtol=2e-5)


@EACH
def test_shapes_are_those_of_the_protocol(predictor):
    assert isinstance(predictor, es.Predictor)
    params, context = compiled(predictor, "init")(KEY), contexts(predictor)
    representation = compiled(predictor, "represent")(params, context)
    prefixes = compiled(predictor, "represent_prefixes")(params, context)
    unembedding = predictor.unembedding(params)
    assert representation.shape == (6, predictor.dim)
    assert prefixes.shape == (6, length(predictor) + 1, predictor.dim)
    assert unembedding.shape == (predictor.num_tokens, predictor.dim)
    everything = jax.tree.leaves((params, representation, prefixes, unembedding))
    assert {leaf.dtype for leaf in everything} == {jnp.dtype("float32")}


@EACH
def test_log_predictions_are_the_log_softmax_of_f_times_g(predictor):
    params, context = perturbed(predictor), contexts(predictor)
    predict = jax.jit(es.log_predict, static_argnums=0)
    log_model = np.asarray(predict(predictor, params, context), np.float64)
    np.testing.assert_allclose(np.exp(log_model).sum(1), 1, rtol=1e-6)
    f, g = compiled(predictor, "represent")(params, context), predictor.unembedding(params)
    logits = np.asarray(f, np.float64) @ np.asarray(g, np.float64).T
    expected = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    np.testing.assert_allclose(log_model, expected, atol=1e-5)
    both = es.represent_and_predict(predictor, params, context)
    np.testing.assert_allclose(both[0], f, atol=1e-5)
    np.testing.assert_allclose(both[1], log_model, atol=1e-5)
    prefixes = jax.jit(es.log_predict_prefixes, static_argnums=0)(predictor, params, context)
    assert prefixes.shape == (6, length(predictor) + 1, predictor.num_tokens)
    np.testing.assert_allclose(np.exp(prefixes).sum(2), 1, rtol=1e-5)
    np.testing.assert_allclose(prefixes[:, -1], log_model, atol=2e-5)


@EACH
def test_the_same_key_gives_the_same_parameters_and_another_key_others(predictor):
    init = compiled(predictor, "init")
    params = init(KEY)
    assert same(params, init(KEY))
    assert not same(params, init(jax.random.key(1)))
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(params))


@EACH
def test_untrained_predictions_are_neither_uniform_nor_sure(predictor):
    logits = np.concatenate(
        [
            compiled(predictor, "represent")(params, contexts(predictor))
            @ predictor.unembedding(params).T
            for params in apart(predictor)
        ]
    )
    spread = np.std(logits - logits.mean(-1, keepdims=True))
    assert spread < 1.5
    assert spread > 0.05 or not length(predictor)  # where nothing is read, biases of zero speak


@EACH
def test_representing_is_pure_and_treats_samples_one_by_one(predictor):
    params, context = perturbed(predictor), contexts(predictor)
    before = jax.tree.map(np.array, params)
    for method in ("represent", "represent_prefixes"):
        represent = compiled(predictor, method)
        together = represent(params, context)
        assert same(together, represent(params, context))
        assert same(before, params)
        close(jnp.concatenate([represent(params, row[None]) for row in context]), together)


@EACH
def test_every_prefix_is_represented_as_the_context_it_is(predictor):
    params, context = perturbed(predictor), contexts(predictor)
    prefixes = compiled(predictor, "represent_prefixes")(params, context)
    for t in range(context.shape[1] + 1):
        close(prefixes[:, t], compiled(predictor, "represent")(params, context[:, :t]))
    shorter = compiled(predictor, "represent_prefixes")(params, context[:, :1])
    close(prefixes[:, :2], shorter)


@EACH
def test_a_prefix_feels_nothing_of_later_words_and_sends_them_no_gradient(predictor):
    params, context = perturbed(predictor), contexts(predictor)
    represent = compiled(predictor, "represent_prefixes")

    @jax.jit
    def slope(t, context):
        direction = jnp.arange(1.0, predictor.dim + 1)
        return jax.grad(lambda p: (represent(p, context)[:, t] @ direction).sum())(params)

    for t in range(context.shape[1]):
        later = context.at[:, t:].set((context[:, t:] + 1) % predictor.num_words)
        one, other = represent(params, context), represent(params, later)
        assert same(one[:, : t + 1], other[:, : t + 1])
        assert not np.allclose(one[:, t + 1], other[:, t + 1])  # the words do matter once read
        assert same(slope(t, context), slope(t, later))


@EACH
def test_compiling_changes_nothing_beyond_rounding(predictor):
    params, context = perturbed(predictor), contexts(predictor)
    eager = predictor.represent_prefixes(params, context)
    close(compiled(predictor, "represent_prefixes")(params, context), eager)


@EACH
def test_stacked_parameters_give_what_a_loop_over_them_gives(predictor):
    context = contexts(predictor)
    stacked = jax.jit(jax.vmap(predictor.init))(KEYS)
    close(stacked, jax.tree.map(lambda *leaves: jnp.stack(leaves), *apart(predictor)))
    for method in ("represent", "represent_prefixes"):
        represent = compiled(predictor, method)
        together = jax.jit(jax.vmap(represent, (0, None)))(stacked, context)
        close(together, jnp.stack([represent(params, context) for params in apart(predictor)]))


@EACH
def test_predictors_serve_as_static_arguments_and_compare_by_content(predictor):
    twin = type(predictor)(**vars(predictor))
    assert twin == predictor
    assert hash(twin) == hash(predictor)
    assert len(set(PREDICTORS.values())) == len(PREDICTORS)
    params, context, traced = perturbed(predictor), contexts(predictor), []

    def represent(which, params, context):
        traced.append(which)
        return which.represent(params, context)

    jitted = jax.jit(represent, static_argnums=0)
    assert same(jitted(predictor, params, context), jitted(twin, params, context))
    assert len(traced) == 1


@EACH
def test_parameters_survive_msgpack(predictor):
    params = perturbed(predictor)
    other = compiled(predictor, "init")(KEY)
    assert same(params, flax.serialization.from_bytes(other, flax.serialization.to_bytes(params)))


@pytest.mark.parametrize("predictor", LIMITED.values(), ids=LIMITED)
def test_longer_contexts_are_refused_where_a_predictor_has_a_limit(predictor):
    limit = predictor.context_length
    longer = jnp.zeros((2, limit + 1), jnp.int32)
    for represent in (predictor.represent, predictor.represent_prefixes):
        with pytest.raises(ValueError, match=f"at most {limit} words; got {limit + 1}: shorten"):
            represent(perturbed(predictor), longer)


@pytest.mark.parametrize("predictor", LOOKING_UP.values(), ids=LOOKING_UP)
def test_words_outside_the_vocabulary_become_its_nearest_row(predictor):
    params, last = perturbed(predictor), predictor.num_words - 1
    represent = compiled(predictor, "represent")
    outside, inside = (jnp.full((6, length(predictor)), word) for word in (last + 7, last))
    assert same(represent(params, outside), represent(params, inside))


@EACH
def test_predictions_can_be_differentiated_in_every_parameter(predictor):
    params, context = perturbed(predictor), contexts(predictor)
    slope = jax.jit(jax.grad(lambda p: es.log_predict(predictor, p, context)[:, 0].sum()))(params)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(slope))
    used = jax.tree.map(lambda leaf: bool(np.any(leaf)) or not leaf.size, slope)
    assert all(jax.tree.leaves(used)), used


def task(predictor):
    """All contexts, and p(y|x) of rank one: its logits follow the mean of the words' values."""
    words = range(predictor.num_words)
    context = np.array(list(itertools.product(words, repeat=length(predictor))), np.int32)
    total = np.linspace(-2, 2, predictor.num_words)[context].sum(1)
    logits = np.outer(total / max(1, context.shape[1]), np.linspace(-1, 1, predictor.num_tokens))
    log_exact = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    return jnp.asarray(context), log_exact


@EACH
def test_a_few_steps_bring_the_loss_near_the_bayes_loss(predictor):
    context, log_exact = task(predictor)
    exact, optimiser = jnp.asarray(np.exp(log_exact), jnp.float32), optax.adam(1e-2)
    params = compiled(predictor, "init")(KEY)
    predict = jax.jit(es.log_predict, static_argnums=0)

    def loss(params):
        return -(exact * es.log_predict(predictor, params, context)).sum(1).mean()

    @jax.jit
    def trained(params):
        def step(_, carry):
            params, moments = carry
            updates, moments = optimiser.update(jax.grad(loss)(params), moments, params)
            return optax.apply_updates(params, updates), moments

        return jax.lax.fori_loop(0, 400, step, (params, optimiser.init(params)))[0]

    weight = np.full(len(context), 1 / len(context))
    excess = [
        es.excess_loss(log_exact, np.asarray(predict(predictor, p, context)), weight)
        for p in (params, trained(params))
    ]
    assert excess[1] < max(0.02 * excess[0], 1e-5), excess
