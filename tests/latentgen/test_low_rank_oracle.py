"""Is the oracle of few dimensions a best approximation?"""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings, target
from hypothesis import strategies as st
from scipy.optimize import minimize

import latentgen as lg
from latentgen.low_rank_oracle import low_rank_fit
from latentgen.row_fit import fit_rows, mean_divergence


def divergence(log_target, weight, logits):
    """E KL by definition, row by row."""
    total = 0.0
    for row, share, scores in zip(log_target, weight, logits, strict=True):
        log_model = scores - np.log(np.exp(scores - scores.max()).sum()) - scores.max()
        for log_p, log_q in zip(row, log_model, strict=True):
            if np.isfinite(log_p):
                total += share * np.exp(log_p) * (log_p - log_q)
    return total


def target_of(seed, num_rows, num_outcomes, concentration=1.0):
    drawn = np.random.default_rng(seed)
    weight = drawn.dirichlet(np.ones(num_rows))
    return np.log(drawn.dirichlet(np.full(num_outcomes, concentration), num_rows)), weight


def world(num_configurations, num_tokens, num_contexts, seed=0):
    drawn = np.random.default_rng(seed)
    return lg.ConceptModel.from_tables(
        lg.ConceptSpace((num_configurations,)),
        drawn.dirichlet(np.ones(num_configurations)),
        drawn.dirichlet(np.ones(num_contexts), num_configurations),
        drawn.dirichlet(np.ones(num_tokens), num_configurations),
    )


@given(st.integers(0, 10**6), st.integers(1, 4))
@settings(max_examples=15)
def test_no_small_change_of_it_predicts_better(seed, dim):
    log_target, weight = target_of(seed, 8, 6)
    found = low_rank_fit(log_target, weight, dim)
    assert found.converged
    drawn = np.random.default_rng(seed)
    gains = []
    for size in (1e-3, 1e-2, 0.1):
        for _ in range(20):
            rows = found.representation + size * drawn.normal(size=found.representation.shape)
            vectors = found.unembedding + size * drawn.normal(size=found.unembedding.shape)
            gains.append(found.excess - divergence(log_target, weight, rows @ vectors.T))
    target(max(gains))
    assert max(gains) <= 1e-12


@pytest.mark.parametrize("dim", [1, 2, 4])
def test_each_context_is_a_convex_fit_that_another_optimiser_finds_too(dim):
    log_target, weight = target_of(3, 5, 6, 0.5)
    found = low_rank_fit(log_target, weight, dim)
    for row, own in zip(log_target, found.representation, strict=True):

        def loss(f, row=row):
            return divergence(row[None], [1.0], (found.unembedding @ f)[None])

        other = minimize(loss, np.zeros(dim), method="BFGS", options={"gtol": 1e-9})
        assert loss(own) <= other.fun + 1e-12
        np.testing.assert_allclose(own, other.x, atol=1e-4)


def test_three_contexts_and_three_tokens_on_a_line_equal_a_search_over_all_lines():
    log_target, weight = target_of(11, 3, 3)
    basis = lg.zero_sum_basis(3)
    centred = log_target - log_target.mean(1, keepdims=True)

    def excess(angle):
        line = basis @ [[np.cos(angle)], [np.sin(angle)]]
        rows = fit_rows(log_target, line, centred @ line)
        return divergence(log_target, weight, rows @ line.T)

    best = min(excess(angle) for angle in np.linspace(0, np.pi, 501))
    assert low_rank_fit(log_target, weight, 1).excess == pytest.approx(best, rel=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_many_random_starts_of_another_optimiser_find_nothing_better(seed):
    log_target, weight = target_of(seed, 5, 4)
    found = low_rank_fit(log_target, weight, 2).excess
    drawn, best = np.random.default_rng(seed), np.inf

    def loss(flat):
        rows, vectors = flat[:10].reshape(5, 2), flat[10:].reshape(4, 2)
        logits = rows @ vectors.T
        log_model = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        slope = weight[:, None] * (np.exp(log_model) - np.exp(log_target))
        value = (weight[:, None] * np.exp(log_target) * (log_target - log_model)).sum()
        return value, np.concatenate([(slope @ vectors).ravel(), (slope.T @ rows).ravel()])

    for _ in range(25):
        tried = minimize(loss, drawn.normal(size=18), jac=True, method="L-BFGS-B")
        best = min(best, tried.fun)
    assert found <= best + 1e-12
    assert found == pytest.approx(best, rel=1e-3)


def test_more_dimensions_never_miss_more_and_the_last_misses_nothing():
    model = world(4, 6, 12)
    context, log_weight = lg.enumerate_contexts(model, 1)
    found = [lg.oracle_representation(model, context, dim, log_weight) for dim in range(1, 8)]
    excess = [each.excess for each in found]
    assert all(more <= fewer + 1e-12 for fewer, more in pairwise(excess))
    assert excess[3] > 1e-7  # rank 5: four dimensions are not enough
    assert max(excess[4:]) <= 1e-10
    exact = lg.log_predictive(model, context)
    for each in found:
        logits = each.representation @ each.unembedding.T
        missed = divergence(exact, np.exp(log_weight), logits)
        assert missed == pytest.approx(each.excess, abs=1e-13)


@given(lg.strategies.integer_worlds(token=True), st.data())
@settings(max_examples=20)
def test_it_is_perfect_from_the_rank_of_the_centred_logits_on(drawn, data):
    weights = drawn.token.weights + 1  # no zeros
    model = drawn._replace(token=drawn.token._replace(weights=weights)).model()
    context = data.draw(lg.strategies.contexts(model))
    exact = lg.log_predictive(model, context)
    rank = np.linalg.matrix_rank(exact - exact.mean(1, keepdims=True), tol=1e-9)
    dims = range(max(1, rank), max(2, exact.shape[1]))
    found = [lg.oracle_representation(model, context, dim) for dim in dims]
    target(max(each.excess for each in found))
    assert all(each.excess <= 1e-10 and each.converged for each in found)


def test_fewer_contexts_than_tokens_need_no_more_dimensions_than_contexts():
    model = world(4, 7, 3)
    assert lg.oracle_representation(model, [[0], [1], [2]], 3).excess <= 1e-20
    assert lg.oracle_representation(model, [[0], [1], [2]], 2).excess > 1e-9


def test_contexts_count_by_their_weights():
    model = world(4, 6, 12)
    context, log_weight = lg.enumerate_contexts(model, 1)
    weighted = lg.oracle_representation(model, context, 1, log_weight)
    alike = lg.oracle_representation(model, context, 1)
    exact = lg.log_predictive(model, context)

    def missed(found):
        logits = found.representation @ found.unembedding.T
        return divergence(exact, np.exp(log_weight), logits)

    assert missed(weighted) < missed(alike)


def test_the_same_world_gives_the_same_numbers_in_a_stated_gauge():
    log_target, weight = target_of(5, 9, 5)
    first, again = low_rank_fit(log_target, weight, 2), low_rank_fit(log_target, weight, 2)
    np.testing.assert_array_equal(first.representation, again.representation)
    np.testing.assert_allclose(first.unembedding.T @ first.unembedding, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(first.unembedding.sum(0), 0, atol=1e-12)
    second = (weight[:, None] * first.representation).T @ first.representation
    assert abs(second[0, 1]) <= 1e-10 * second[0, 0]
    assert second[0, 0] >= second[1, 1]


@pytest.mark.parametrize("dim", [1, 2])
def test_where_the_best_logits_may_be_infinite_the_answer_is_finite_and_says_so(dim):
    with np.errstate(divide="ignore"):
        log_target = np.log(np.eye(4))
    weight = np.full(4, 0.25)
    found = low_rank_fit(log_target, weight, dim)
    assert found.smoothed
    assert np.isfinite(found.representation).all()
    logits = found.representation @ found.unembedding.T
    assert found.excess == pytest.approx(divergence(log_target, weight, logits), abs=1e-12)
    # on a line two tokens can be told apart at most; four points of a circle can all be extreme
    assert found.excess == pytest.approx([np.log(2) / 2, 0][dim - 1], abs=0.02)


def test_probabilities_down_to_1e_290_are_fitted_exactly_where_the_rank_allows():
    drawn = np.random.default_rng(0)
    logits = drawn.uniform(0, 660, (6, 2)) @ np.array([[1.0, -1, 0, 0], [0, 0, -0.5, 0.5]])
    log_target = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    assert log_target.min() < np.log(1e-290)
    found = low_rank_fit(log_target, np.full(6, 1 / 6), 2)
    assert not found.smoothed
    assert found.excess <= 1e-10


def test_a_dimension_below_one_is_refused():
    with pytest.raises(ValueError, match="needs dim ≥ 1; got 0"):
        lg.oracle_representation(lg.worlds.named("echo"), [[0]], dim=0)


def test_the_divergence_is_exact_next_to_a_perfect_fit():
    log_target, weight = target_of(1, 4, 5)
    nudge = 1e-9 * np.random.default_rng(0).normal(size=(4, 5))
    rows, vectors = log_target + nudge, np.eye(5)
    target_ = np.exp(log_target)
    spread = (target_ * nudge**2).sum(1) - (target_ * nudge).sum(1) ** 2
    found = mean_divergence(log_target, weight, rows, vectors)
    assert found == pytest.approx(weight @ spread / 2, rel=1e-4)
