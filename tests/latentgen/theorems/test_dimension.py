"""Does f hold what item 4 says, in any dimension and with any number of tokens?"""

import numpy as np
import pytest
from hypothesis import given, settings, target
from hypothesis import strategies as st

import latentgen as lg
from latentgen.theorems.dimension import any_dimension
from tests.latentgen.theorems.belief_world import assert_sound

WORLDS = st.one_of(
    lg.strategies.models(),
    lg.strategies.models(saturated=False, alike=False, interacting=True, num_positions=3),
)


def world(num_configurations, num_tokens, num_contexts=30, seed=0, token=None):
    drawn = np.random.default_rng(seed)
    token = drawn.dirichlet(np.ones(num_tokens), num_configurations) if token is None else token
    model = lg.ConceptModel.from_tables(
        lg.ConceptSpace((num_configurations,)),
        drawn.dirichlet(np.ones(num_configurations)),
        drawn.dirichlet(np.ones(num_contexts), num_configurations),
        token,
    )
    return model, *lg.enumerate_contexts(model, 1)


@given(WORLDS, st.data())
@settings(max_examples=30)
def test_it_holds_wherever_its_assumptions_do(model, data):
    context = data.draw(lg.strategies.contexts(model))
    num_tokens = model.num_tokens(context.shape[1])
    dim = data.draw(st.integers(1, num_tokens + 1))
    found = any_dimension(model, context, dim=dim)
    target(found.worst)
    assert_sound(found)
    assert found.holds or not found.applies
    assert found.quantity.shape == (len(context), dim)


@pytest.mark.parametrize("dim", [4, 6, 9])
def test_any_unembedding_of_full_rank_is_answered_in_its_own_gauge(dim):
    """Against least squares over the differences of all pairs of tokens, term by term."""
    model, context, log_weight = world(4, 5)
    vectors = np.random.default_rng(1).normal(size=(5, dim))
    found = any_dimension(model, context, log_weight, unembedding=vectors)
    assert found.applies
    assert found.holds
    pairs = [(i, j) for i in range(5) for j in range(5) if i != j]
    differences = np.array([vectors[i] - vectors[j] for i, j in pairs])
    log_belief, log_given = lg.log_posterior(model, context), lg.log_token_given(model)
    given_token = np.exp(lg.log_token_posterior(model))
    exact = lg.log_predictive(model, context)
    for row in range(len(context)):
        both = [log_belief[row] + log_given[:, y] - exact[row, y] for y in range(5)]
        terms = [given_token[y] @ (log_belief[row] + log_given[:, y] - both[y]) for y in range(5)]
        claimed = np.linalg.pinv(differences) @ [terms[i] - terms[j] for i, j in pairs]
        np.testing.assert_allclose(found.claimed[row], claimed, atol=1e-10)
        logits = vectors @ found.quantity[row]
        np.testing.assert_allclose(
            logits - logits.mean(), exact[row] - exact[row].mean(), atol=1e-9
        )


@pytest.mark.parametrize(("num_configurations", "num_tokens"), [(2, 5), (4, 5), (6, 4), (3, 3)])
def test_a_perfect_fit_needs_as_many_dimensions_as_tokens_less_one_not_configurations(
    num_configurations, num_tokens
):
    model, context, log_weight = world(num_configurations, num_tokens)
    whole = any_dimension(model, context, log_weight)
    assert whole.terms["rank"] == num_tokens - 1
    assert whole.applies
    for dim in range(1, num_tokens - 1):
        found = any_dimension(model, context, log_weight, dim=dim)
        assert len(found.broken) == 2  # the rank and the perfect fit
        assert not found.holds
        assert np.abs(found.terms["gap"]).max() > 1e-7


def test_below_the_rank_the_residual_is_what_the_best_fit_misses():
    model, context, log_weight = world(4, 6)
    found = any_dimension(model, context, log_weight, dim=3)
    oracle = lg.oracle_representation(model, context, 3, log_weight)
    np.testing.assert_allclose(found.quantity, oracle.representation, atol=1e-9)
    missed = found.terms["gap"] @ oracle.unembedding
    np.testing.assert_allclose(found.residual, missed, atol=1e-10)
    assert found.assumptions[1].value == pytest.approx(oracle.excess, rel=1e-6)


def test_few_contexts_reduce_the_rank_and_a_table_of_low_rank_does_not():
    few, context, log_weight = world(4, 9, num_contexts=3)
    assert any_dimension(few, context, log_weight).terms["rank"] == 3
    assert any_dimension(few, context, log_weight, dim=3).holds
    two_configurations, context, log_weight = world(2, 9)  # M has rank 2
    assert any_dimension(two_configurations, context, log_weight).terms["rank"] == 8


def anchored(num_configurations, shares):
    """Every configuration has its tokens, with shares that do not depend on the configuration."""
    group = np.arange(len(shares)) % num_configurations
    noise = 0.9 * np.eye(num_configurations) + 0.1 / num_configurations
    table = noise[:, group] * shares
    return table / table.sum(1, keepdims=True)


@pytest.mark.parametrize(("shares", "rank"), [(np.full(8, 0.5), 3), (None, 4)])
def test_rows_of_the_table_that_are_proportional_reduce_the_rank(shares, rank):
    if shares is None:  # the tokens of a configuration differ by a factor: one dimension for it
        first = np.array([0.2, 0.4, 0.7, 0.9])
        shares = np.concatenate([first, 1 - first])
    model, context, log_weight = world(4, 8, token=anchored(4, shares))
    assert any_dimension(model, context, log_weight).terms["rank"] == rank
    assert any_dimension(model, context, log_weight, dim=rank).holds
    assert not any_dimension(model, context, log_weight, dim=rank - 1).applies


def test_zeros_leave_the_other_contexts_defined():
    token = [[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]]
    model = lg.ConceptModel.from_tables(
        lg.ConceptSpace((2,)), [0.5, 0.5], [[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]], token
    )
    found = any_dimension(model, [[0], [1], [2]])
    assert found.defined[:, 0].tolist() == [True, True, False]  # word 2 rules configuration 0 out
    assert found.holds
    assert any("p(c|x) p(y|c) > 0" in name for name in found.broken)


def test_a_dimension_that_no_span_uses_holds_nothing():
    model, context, log_weight = world(3, 4)
    flat = np.ones((4, 2))  # all tokens alike: span(D) is empty
    found = any_dimension(model, context, log_weight, unembedding=flat)
    np.testing.assert_array_equal(found.quantity, 0)
    assert not found.applies


def test_bad_input_is_refused():
    model, context, _ = world(3, 4)
    with pytest.raises(ValueError, match="dim ≥ 1; got 0"):
        any_dimension(model, context, dim=0)
    with pytest.raises(ValueError, match=r"for the 4 tokens of this world; got shape \(3, 2\)"):
        any_dimension(model, context, unembedding=np.ones((3, 2)))
    with pytest.raises(ValueError, match="drop it"):
        any_dimension(model, context, unembedding=np.ones((4, 2)), dim=2)
