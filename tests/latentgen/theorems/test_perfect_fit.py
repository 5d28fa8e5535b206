"""Are the logits of a perfect predictor log(M p) up to a constant, in every gauge?"""

import numpy as np
import pytest
from hypothesis import given, target
from hypothesis import strategies as st

from latentgen.theorems.perfect_fit import perfect_fit
from tests import oracles
from tests.theorem_cases import HALF, case, cases, joint_world


@HALF
@given(cases())
def test_both_sides_are_the_centred_log_of_m_p_in_fractions(case):
    found = perfect_fit(*case.arguments)
    target(min(found.violation, 1.0))
    assert found.holds
    for x in case.truth.contexts:
        possible = all(case.truth.predictive[x])
        assert (found.defined[x] == possible).all()
        logs = np.array([oracles.log(p) for p in case.truth.predictive[x]])
        expected = logs - logs.mean() if possible else np.zeros(len(logs))
        np.testing.assert_allclose(found.claimed[x], expected, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(found.quantity[x], expected, rtol=1e-10, atol=1e-12)
    assert found.applies == all(all(row) for row in case.truth.predictive)


@HALF
@given(cases(full_support=True), st.integers(0, 2**16))
def test_the_gauge_changes_nothing(case, seed):
    dim = max(1, len(case.truth.tokens) - 1)
    gauge = np.random.default_rng(seed).normal(size=(dim, dim)) + 2 * np.eye(dim)
    found = perfect_fit(*case.arguments, gauge=gauge)
    assert found.holds
    atol = 1e-12 * np.linalg.cond(gauge) * (1 + np.abs(found.claimed).max())
    plain = perfect_fit(*case.arguments)
    np.testing.assert_allclose(found.quantity, plain.quantity, atol=atol)


@pytest.mark.parametrize("gauge", [np.eye(3), np.ones((2, 2)), np.ones(2), np.zeros((2, 2))])
def test_a_gauge_that_cannot_be_undone_is_refused(gauge):
    tried = case(joint_world([1, 3], [[1, 2], [2, 1]], [[3, 1, 1], [1, 3, 1]]), [[0]])
    with pytest.raises(ValueError, match=r"invertible matrix of shape \(2, 2\); got shape"):
        perfect_fit(*tried.arguments, gauge=gauge)


def test_a_context_that_forbids_a_token_is_not_defined_and_named():
    tried = case(joint_world([1, 1], [[1, 0], [1, 1]], [[1, 0], [1, 1]]), [[0], [1]])
    assert perfect_fit(*tried.arguments).applies
    tried = case(joint_world([1, 1], [[1, 0], [0, 1]], [[1, 0], [1, 1]]), [[0], [1]])
    found = perfect_fit(*tried.arguments)
    np.testing.assert_array_equal(found.defined, [[False, False], [True, True]])
    assert found.assumptions[0].value == 0.5
    assert found.broken
