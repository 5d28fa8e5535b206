"""Is A never invertible, and are the ranks those of exact elimination?"""

import numpy as np
import pytest
from hypothesis import given, target
from hypothesis import strategies as st

import latentgen as lg
from latentgen.theorems.rank import rank, value_indicator
from tests import oracles, theorem_oracles
from tests.theorem_cases import cases, joint_world


@given(cases(), st.data())
def test_every_rank_is_that_of_exact_elimination(case, data):
    reference = data.draw(st.integers(0, len(case.truth.tokens) - 1))
    found = rank(*case.arguments, reference=reference)
    target(found.violation)
    matrix = theorem_oracles.diversity(case.truth, reference)
    sizes = case.world.cardinalities
    blocks = [matrix]
    blocks += [[oracles.marginal(case.world, row, k) for row in matrix] for k in range(len(sizes))]
    exact = [theorem_oracles.rank(block) for block in blocks]
    np.testing.assert_array_equal(found.terms["rank"], exact)
    np.testing.assert_array_equal(
        found.terms["largest"], [np.prod(sizes) - 1, *(n - 1 for n in sizes)]
    )
    np.testing.assert_allclose(
        found.terms["diversity_matrix"], np.array(matrix, np.float64), atol=1e-14
    )
    assert found.holds
    assert found.applies
    assert np.abs(found.residual[:-1]).max() < 1e-13  # L·1 = 0 and Ã_k·1 = 0
    assert found.residual[-1, 0] == max(
        exact[k] - found.terms["largest"][k] for k in range(len(exact))
    )
    assert len(found.residual) == len(matrix) * (1 + len(sizes)) + 1


def test_the_largest_rank_is_reached_and_it_is_one_less_than_the_configurations():
    world = joint_world([1, 1, 1], [[1, 2], [2, 1], [1, 1]], 4 * np.eye(3, dtype=int) + 1)
    found = rank(world.model(), [[0]])
    np.testing.assert_array_equal(found.terms["rank"], [2, 2])
    assert found.residual[-1, 0] == 0
    with_more = joint_world(
        [1, 1, 1], [[1, 2], [2, 1], [1, 1]], np.hstack([4 * np.eye(3, dtype=int) + 1] * 2)
    )
    np.testing.assert_array_equal(rank(with_more.model(), [[0]]).terms["rank"], [2, 2])


def test_tokens_that_tell_nothing_have_rank_zero_whatever_rounding_leaves():
    prior, row = [1, 3, 7, 9, 11, 13], [3, 7, 11]
    model = joint_world(prior, [[1, 2]] * 6, [row] * 6).model()
    np.testing.assert_array_equal(rank(model, [[0]]).terms["rank"], [0, 0])


def test_the_indicator_of_values_repeats_them_over_the_configurations():
    space = lg.ConceptSpace((2, 3))
    np.testing.assert_array_equal(value_indicator(space, 0), np.repeat(np.eye(2), 3, axis=0))
    np.testing.assert_array_equal(value_indicator(space, 1), np.tile(np.eye(3), (2, 1)))


def test_a_reference_that_is_no_token_is_refused():
    model = joint_world([1, 3], [[1, 2], [2, 1]], [[3, 1], [1, 3]]).model()
    with pytest.raises(ValueError, match=r"reference token must lie in 0 … 1; got 2"):
        rank(model, [[0]], reference=2)
