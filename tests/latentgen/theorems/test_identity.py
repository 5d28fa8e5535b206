"""Does log p(y|x) split as the identity says, for any weights on the support?"""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, target
from hypothesis import strategies as st

from latentgen.theorems.identity import identity
from tests import oracles, theorem_oracles
from tests.theorem_cases import case, cases, joint_world

PARTS = ("belief", "given", "both")


def check_parts(found, truth, weights=None):
    """Every average of the identity against fractions, where it is defined and where not."""
    parts = theorem_oracles.identity_parts(truth, weights)
    for x, y in truth.pairs():
        assert found.defined[x, y] == (parts[x][y] is not None)
        expected = parts[x][y] or (0.0, 0.0, 0.0)
        values = [found.terms[name][x, y] for name in PARTS]
        size = 1 + max(map(abs, expected)) * (1 if weights is None else 100)
        np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-12 * size)
        if parts[x][y]:
            logit = oracles.log(truth.predictive[x][y])
            assert found.quantity[x, y] == pytest.approx(logit, rel=1e-11, abs=1e-12)


@given(cases())
def test_the_three_averages_are_those_of_fractions(case):
    found = identity(*case.arguments)
    check_parts(found, case.truth)
    np.testing.assert_allclose(
        found.terms["token_weight"],
        np.array(case.truth.token_posterior, np.float64),
        rtol=1e-12,
        atol=1e-15,
    )


@given(cases(full_support=True), st.data())
def test_it_holds_for_arbitrary_signed_weights_on_the_support(case, data):
    rows = []
    for _ in case.truth.tokens:
        size = len(case.truth.prior)
        weights = st.lists(st.integers(-9, 9), min_size=size, max_size=size)
        row = data.draw(weights.filter(lambda row: sum(row) != 0))
        rows.append([Fraction(weight, sum(row)) for weight in row])
    found = identity(*case.arguments, token_weight=np.array(rows, np.float64))
    target(min(found.violation, 1.0))
    assert found.applies
    assert found.holds
    assert found.defined.all()
    check_parts(found, case.truth, rows)


@given(cases(), st.data())
def test_weights_off_the_support_leave_it_undefined(case, data):
    size = len(case.truth.prior)
    chosen = [data.draw(st.integers(0, size - 1)) for _ in case.truth.tokens]
    rows = [[Fraction(int(c == only)) for c in range(size)] for only in chosen]
    found = identity(*case.arguments, token_weight=np.array(rows, np.float64))
    check_parts(found, case.truth, rows)
    assert found.applies == found.defined.all()
    assert found.holds


def test_each_configuration_alone_gives_the_same_answer():
    tried = case(
        joint_world([1, 2, 3], [[1, 2], [2, 1], [3, 1]], [[1, 2, 1], [4, 1, 1], [1, 1, 5]]),
        [[0, 1], [1, 1]],
    )
    answers = []
    for c in range(3):
        weight = np.tile(np.eye(3)[c], (3, 1))
        found = identity(*tried.arguments, token_weight=weight)
        assert found.worst < 1e-15
        answers.append(found.claimed)
    np.testing.assert_allclose(answers[1], answers[0], rtol=1e-14)
    np.testing.assert_allclose(answers[2], answers[0], rtol=1e-14)


def test_a_token_that_never_occurs_is_not_defined_and_is_named():
    tried = case(joint_world([1, 3], [[1, 2], [2, 1]], [[3, 0, 1], [1, 0, 3]]), [[0]])
    found = identity(*tried.arguments)
    np.testing.assert_array_equal(found.defined, [[True, False, True]])
    (name,) = found.broken
    assert "p(c|x) p(y|c) > 0" in name
    assert found.assumptions[0].value == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([[0.5, 0.5]], r"shape \[token, configuration\] = \(2, 2\); got \(1, 2\)"),
        ([[0.5, 0.5], [0.5, 0.4]], r"row 1 sums to 0\.9: divide it by its sum"),
        ([[0.5, 0.5], [np.nan, 1]], r"finite numbers; entry \(1, 0\) is nan: use zero"),
        ([[np.inf, -np.inf], [0.5, 0.5]], r"finite numbers; entry \(0, 0\) is inf"),
    ],
)
def test_weights_of_the_wrong_kind_are_refused(weight, message):
    tried = case(joint_world([1, 3], [[1, 2], [2, 1]], [[3, 1], [1, 3]]), [[0]])
    with pytest.raises(ValueError, match=message):
        identity(*tried.arguments, token_weight=weight)
