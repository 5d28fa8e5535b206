"""Is the oracle's representation that of a perfect predictor?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import latentgen as lg


def noisy(token):
    return 0.9 * token + 0.1 / token.shape[-1]


@given(lg.strategies.integer_worlds(token=True), st.data())
def test_its_softmax_is_the_exact_predictive_in_any_dimension(world, data):
    weights = world.token.weights + 1  # no zeros
    model = world._replace(token=world.token._replace(weights=weights)).model()
    context = data.draw(lg.strategies.contexts(model))
    num_tokens = weights.shape[-1]
    for dim in (None, num_tokens - 1, num_tokens + 3):
        found = lg.oracle_representation(model, context, dim)
        width = num_tokens - 1 if dim is None else dim
        assert found.representation.shape == (len(context), width)
        assert found.unembedding.shape == (num_tokens, width)
        logits = found.representation @ found.unembedding.T
        exact = lg.log_predictive(model, context)
        np.testing.assert_allclose(
            logits, exact - exact.mean(-1, keepdims=True), rtol=1e-10, atol=1e-12
        )
        predicted = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
        np.testing.assert_allclose(predicted, np.exp(exact), rtol=1e-10)


def test_infinite_logits_are_refused_by_row_and_token():
    model = lg.ConceptModel.from_tables(
        lg.ConceptSpace((2,)), [0.5, 0.5], np.eye(2), [[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]]
    )
    lg.oracle_representation(model, [[1], [1]])
    with pytest.raises(ValueError, match=r"row 1 of the context and token 2: give .* some noise"):
        lg.oracle_representation(model, [[1], [0]])


def test_two_fields_unpack_by_index_and_a_perfect_predictor_misses_nothing():
    found = lg.oracle_representation(lg.worlds.named("echo"), [[0], [1]])
    assert found[:2] == (found.representation, found.unembedding)
    assert found[2:] == (0.0, True, False)  # excess, converged, smoothed


def test_a_single_token_is_predicted_by_nothing():
    model = lg.ConceptModel.from_tables(
        lg.ConceptSpace((2,)), [0.5, 0.5], np.eye(2), np.ones((2, 1))
    )
    found = lg.oracle_representation(model, [[0], [1]])
    np.testing.assert_array_equal(found.representation @ found.unembedding.T, [[0.0], [0.0]])


@pytest.mark.parametrize("num_outcomes", [2, 3, 7])
def test_the_zero_sum_basis_is_orthonormal_and_sums_to_zero(num_outcomes):
    basis = lg.zero_sum_basis(num_outcomes)
    assert basis.shape == (num_outcomes, num_outcomes - 1)
    np.testing.assert_allclose(basis.sum(0), 0, atol=1e-14)
    np.testing.assert_allclose(basis.T @ basis, np.eye(num_outcomes - 1), atol=1e-14)
