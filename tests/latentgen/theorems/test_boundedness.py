"""Is f as bounded as the token's table, and does h grow as it then must?"""

import math

import numpy as np
import pytest
from hypothesis import given, target
from hypothesis import strategies as st

import latentgen as lg
from latentgen.theorems.boundedness import boundedness, coverage_range, divergence
from tests import oracles, theorem_oracles
from tests.theorem_cases import case, cases, joint_world

CLOSE = {"rel": 1e-9, "abs": 1e-11}


@given(cases(), st.data())
def test_the_logit_difference_lies_between_the_extreme_ratios_of_the_table(case, data):
    reference = data.draw(st.integers(0, len(case.truth.tokens) - 1))
    found = boundedness(*case.arguments, reference=reference)
    target(min(found.violation, 1.0))
    assert found.holds
    for x, y in case.truth.pairs():
        own, base = case.truth.predictive[x][y], case.truth.predictive[x][reference]
        assert found.defined[x, y] == bool(own and base)
        if own and base:
            low, high = theorem_oracles.log_ratio_range(case.truth, x, y, reference)
            logit = oracles.log(own / base)
            assert low - 1e-12 <= logit <= high + 1e-12
            assert found.residual[x, y] == pytest.approx(logit, **CLOSE)
            assert found.low[x, y] == pytest.approx(low, **CLOSE)
            assert found.high[x, y] == pytest.approx(high, **CLOSE)
    possible = [c for c in case.truth.configurations if case.truth.prior[c]]
    rows = [case.truth.given[x][c] for x in case.truth.contexts for c in possible]
    assert found.applies == all(all(row) for row in rows)


def test_the_bound_is_attained_where_the_context_pins_the_configuration():
    tried = case(
        joint_world([1, 1, 2], np.eye(3, dtype=int), [[1, 4], [3, 2], [4, 1]]), [[0], [1], [2]]
    )
    found = boundedness(*tried.arguments)
    np.testing.assert_allclose(found.residual[:, 1], np.log([4, 2 / 3, 1 / 4]), rtol=1e-14)
    np.testing.assert_allclose(found.low, found.high, rtol=1e-15)
    noisy = joint_world([1, 1], [[9, 1], [1, 9]], [[1, 4], [4, 1]]).model()
    near = boundedness(noisy, np.zeros((1, 30), int))
    assert near.residual[0, 1] == pytest.approx(near.high[0, 1], rel=1e-12)
    assert near.low[0, 1] == pytest.approx(-np.log(4))


@given(cases(), st.data())
def test_h_is_its_leading_term_up_to_the_bound_of_fractions(case, data):
    reference = data.draw(st.integers(0, len(case.truth.tokens) - 1))
    found = divergence(*case.arguments, reference=reference)
    target(min(found.violation, 1.0))
    assert found.holds
    truth, expected = case.truth, theorem_oracles.paper(case.truth, reference)
    matrix = theorem_oracles.diversity(truth, reference)
    for x, y in truth.pairs():
        belief = truth.beliefs[x]
        epsilon = 1 - max(belief)
        assert found.terms["epsilon"][x] == pytest.approx(float(epsilon), rel=1e-12)
        assert found.defined[x, y] == (expected[x][y] is not None and epsilon > 0)
        if not found.defined[x, y]:
            continue
        best = [c for c in truth.configurations if belief[c] == max(belief)]
        assert found.quantity[x, y] == pytest.approx(expected[x][y][3], **CLOSE)
        leading = [-float(matrix[y][c]) * oracles.log(epsilon) for c in best]
        assert any(found.claimed[x, y] == pytest.approx(value, **CLOSE) for value in leading)
        bounds = [rest_bound(truth, x, y, c, matrix[y], expected, reference) for c in best]
        assert any(found.high[x, y] == pytest.approx(bound, **CLOSE) for bound in bounds)
        assert all(
            abs(expected[x][y][3] - a) <= b + 1e-11 for a, b in zip(leading, bounds, strict=True)
        )


def rest_bound(truth, x, y, best, row, expected, reference):
    belief, epsilon = truth.beliefs[x], 1 - truth.beliefs[x][best]
    total = abs(float(row[best]) * oracles.log(belief[best]))
    for c in truth.configurations:
        if c != best and row[c]:
            total += abs(float(row[c])) * abs(oracles.log(belief[c] / epsilon))
    low, high = theorem_oracles.log_ratio_range(truth, x, y, reference)
    return total + abs(expected[x][y][2]) + max(abs(low), abs(high))


def test_h_grows_like_its_leading_term_while_f_stays_bounded():
    world = joint_world([1, 1], [[9, 1], [1, 9]], [[3, 1], [1, 3]])
    ratios, logits = [], []
    for length in (3, 30, 300, 3000):
        found = divergence(world.model(), np.zeros((1, length), int))
        assert found.applies
        assert found.holds
        ratios.append(found.quantity[0, 1] / found.claimed[0, 1])
        logits.append(boundedness(world.model(), np.zeros((1, length), int)).residual[0, 1])
    gaps = np.abs(np.array(ratios) - 1)
    assert (np.diff(gaps) < 0).all()
    assert gaps[-1] < 1e-3  # also where ε itself is below the smallest number
    assert np.abs(logits).max() <= np.log(3) + 1e-10
    assert abs(found.quantity[0, 1]) > 3000


def test_h_may_stay_bounded_although_epsilon_vanishes_and_the_tokens_differ():
    """Three configurations, p(c|x) ∝ (1, 2^−T, 4^−T), L_1 = (1, −2, 1)/9: L log p(c|x) cancels."""
    world = joint_world([1, 1, 1], [[4, 0], [2, 2], [1, 3]], [[5, 7], [8, 4], [5, 7]])
    tokens = np.array(theorem_oracles.diversity(case(world, [[0]]).truth), np.float64)
    assert tokens[1, 0] == pytest.approx(-tokens[1, 1] / 2)
    remainders, leading = [], []
    for length in (5, 50, 500):
        found = divergence(world.model(), np.zeros((1, length), int))
        assert found.applies
        assert found.holds
        remainders.append(found.quantity[0, 1])
        leading.append(found.claimed[0, 1])
    assert np.abs(remainders).max() < 1
    assert abs(leading[-1]) > 30
    assert remainders[1] == pytest.approx(remainders[2], rel=1e-9)


@given(cases(), st.data())
def test_the_range_over_contexts_is_at_most_twice_the_coverage(case, data):
    reference = data.draw(st.integers(0, len(case.truth.tokens) - 1))
    found = coverage_range(*case.arguments, reference=reference)
    truth = case.truth
    if found.applies:
        assert found.holds
    shares = [0.0]
    for y in truth.tokens:
        pairs = [(truth.predictive[x][y], truth.predictive[x][reference]) for x in truth.contexts]
        assert found.defined[0, y] == all(a and b for a, b in pairs)
        expected = theorem_oracles.range_coverage(truth, y, reference)
        if not found.defined[0, y]:
            continue
        assert found.terms["coverage"][y] == pytest.approx(expected, **CLOSE)
        assert found.high[0, y] == 2 * found.terms["coverage"][y]
        logits = [oracles.log(a / b) for a, b in pairs]
        assert found.residual[0, y] == pytest.approx(max(logits) - min(logits), **CLOSE)
        if found.applies and 1e-9 < expected < math.inf:
            assert max(logits) - min(logits) <= 2 * expected + 1e-11
            shares.append((max(logits) - min(logits)) / (2 * expected))
    target(max(shares))


def test_the_bound_of_the_range_is_attained_where_a_configuration_sits_in_the_middle():
    world = joint_world([1, 1, 1], [[4, 1], [2, 2], [1, 4]], [[1, 4], [3, 3], [4, 1]])
    found = coverage_range(world.model(), [[0], [1]])
    assert found.residual[0, 1] > 0.5
    assert found.residual[0, 1] == pytest.approx(found.high[0, 1], rel=1e-12)


@pytest.mark.parametrize("size", [100, 10_000, 1_000_000])
def test_as_coverage_vanishes_so_does_the_range_of_f(size):
    world = joint_world([1, 1], [[4, 1], [1, 4]], [[size + 1, size - 1], [size - 1, size + 1]])
    context = lg.enumerate_contexts(world.model(), 4).context
    found = coverage_range(world.model(), context)
    assert found.applies
    assert 0 < found.terms["coverage"][1] < 4 / size
    assert found.residual[0, 1] <= 8 / size


@pytest.mark.parametrize("ask", [boundedness, coverage_range, divergence])
@pytest.mark.parametrize("reference", [-1, 2])
def test_a_reference_that_is_no_token_is_refused(ask, reference):
    model = joint_world([1, 3], [[1, 2], [2, 1]], [[3, 1], [1, 3]]).model()
    with pytest.raises(ValueError, match=rf"reference token must lie in 0 … 1; got {reference}"):
        ask(model, [[0]], reference=reference)
