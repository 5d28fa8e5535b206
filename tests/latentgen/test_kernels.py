"""Are the traceable kernels the host's algebra, under jit, vmap and grad, in any dtype?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import latentgen as lg
from latentgen import kernels

# One shape per world, so that nothing compiles twice.
ALIKE = lg.strategies.integer_worlds(
    saturated=True, alike=True, token=True, cardinalities=(2, 3), num_positions=1
)
BY_POSITION = lg.strategies.integer_worlds(
    saturated=True, alike=False, token=True, cardinalities=(2, 3), num_positions=2
)


def log_tables(model):
    """prior, words, token as the kernels take them: flattened over the configurations."""
    tables = [factor.log_table.reshape(6, -1) for factor in model.words]
    words = tables[0] if model.positions_alike else np.stack(tables)
    return lg.log_prior(model), words, lg.log_token_given(model)


@jax.jit
def everything(prior, words, token, context):
    joint = kernels.log_joint(prior, words, context)
    posterior = kernels.log_posterior(prior, words, context)
    predictive = kernels.log_predictive(posterior, token)
    concepts = [kernels.log_concept_posterior(posterior, (2, 3), k) for k in (0, 1)]
    return joint, posterior, predictive, kernels.log_token_posterior(prior, token), *concepts


@given(st.one_of(ALIKE, BY_POSITION), st.data())
def test_kernels_give_the_hosts_answers_in_float64(world, data):
    model = world.model()
    context = data.draw(lg.strategies.contexts(model, 2, max_contexts=1))
    with jax.enable_x64(True):
        found = everything(*map(jnp.asarray, log_tables(model)), jnp.asarray(context))
        assert {answer.dtype for answer in found} == {jnp.dtype("float64")}
    joint, posterior, predictive, token_posterior, *concepts = found
    close = {"rtol": 1e-12, "atol": 1e-12}
    np.testing.assert_allclose(posterior, lg.log_posterior(model, context), **close)
    np.testing.assert_allclose(predictive, lg.log_predictive(model, context), **close)
    np.testing.assert_allclose(token_posterior, lg.log_token_posterior(model), **close)
    exact = lg.log_prior(model) + lg.log_context_given(model, context)
    np.testing.assert_allclose(joint, exact, **close)
    for k, found in enumerate(concepts):
        np.testing.assert_allclose(found, lg.log_concept_posterior(model, context, k), **close)


@given(st.one_of(ALIKE, BY_POSITION), st.data())
def test_kernels_keep_single_precision(world, data):
    model = world.model()
    context = data.draw(lg.strategies.contexts(model, 2, max_contexts=1))
    tables = [jnp.asarray(table, jnp.float32) for table in log_tables(model)]
    found = everything(*tables, jnp.asarray(context))
    assert {answer.dtype for answer in found} == {jnp.dtype("float32")}
    np.testing.assert_allclose(found[1], lg.log_posterior(model, context), rtol=1e-4, atol=1e-4)


def zeros_world():
    """Zeros in the prior, the words and the tokens."""
    with np.errstate(divide="ignore"):
        prior = np.log([0.5, 0.5, 0.0])
        words = np.log([[1.0, 0.0], [0.25, 0.75], [0.5, 0.5]])
        token = np.log([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    return (jnp.asarray(table, jnp.float32) for table in (prior, words, token))


def test_kernels_run_under_jit_and_vmap_with_zeros_and_impossible_contexts():
    prior, words, token = zeros_world()
    prior = jnp.log(jnp.array([1.0, 0.0, 0.0]))  # word 1 is impossible now
    context = jnp.array([[0, 0], [0, 1]])
    posterior = jax.jit(kernels.log_posterior)(prior, words, context)
    np.testing.assert_array_equal(posterior, [[0, -np.inf, -np.inf], [-np.inf] * 3])
    predictive = jax.jit(kernels.log_predictive)(posterior, token)
    np.testing.assert_array_equal(predictive, [[0, -np.inf], [-np.inf] * 2])
    batch = jax.vmap(kernels.log_posterior, (0, None, None))(jnp.stack([prior] * 2), words, context)
    np.testing.assert_array_equal(batch, jnp.stack([posterior] * 2))
    marginal = jax.jit(kernels.log_concept_posterior, static_argnums=(1, 2))(posterior, (3,), 0)
    np.testing.assert_array_equal(marginal, posterior)


@pytest.mark.parametrize("wanted", ["prior", "words", "token"])
def test_gradients_are_finite_where_some_probabilities_are_zero(wanted):
    tables = dict(zip(["prior", "words", "token"], zeros_world(), strict=True))
    context = jnp.array([[0, 0], [0, 1]])

    def loss(table):
        given_tables = tables | {wanted: table}
        posterior = kernels.log_posterior(given_tables["prior"], given_tables["words"], context)
        return -kernels.log_predictive(posterior, given_tables["token"])[:, 1].sum()

    gradient = jax.grad(loss)(tables[wanted])
    assert np.isfinite(gradient).all()


def test_the_gradient_of_log_evidence_by_the_log_prior_is_the_posterior():
    prior, words, _ = zeros_world()
    context = jnp.array([[0]])

    def log_evidence(log_prior):
        return jax.nn.logsumexp(kernels.log_joint(log_prior, words, context))

    np.testing.assert_allclose(
        jax.grad(log_evidence)(prior),
        jnp.exp(kernels.log_posterior(prior, words, context))[0],
        rtol=1e-6,
    )


def test_normalising_keeps_a_row_of_zeros():
    found = kernels.log_normalise(jnp.array([[-jnp.inf, -jnp.inf], [0.0, 0.0]]))
    np.testing.assert_allclose(found, [[-np.inf, -np.inf], [-np.log(2)] * 2], rtol=1e-6)


def test_shapes_that_jax_would_clamp_are_refused():
    prior = jnp.log(jnp.full(4, 0.25))
    words = jnp.log(jnp.full((2, 4, 2), 0.5))
    with pytest.raises(ValueError, match=r"at most the 2 positions of log_word; got 3: shorten"):
        jax.jit(kernels.log_posterior)(prior, words, jnp.zeros((1, 3), int))
    for concept in (-1, 2):
        with pytest.raises(ValueError, match=rf"0 … 1; there is no concept {concept}"):
            kernels.log_concept_posterior(prior, (2, 2), concept)
