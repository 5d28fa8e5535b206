"""Is what every theorem sees of a world what fractions say, and is no leak overlooked?"""

import numpy as np
import pytest
from hypothesis import given

import latentgen as lg
from latentgen.bayes import one_minus_largest
from latentgen.theorems.instance import instance
from tests import oracles, theorem_oracles
from tests.theorem_cases import LEAKING, cases, joint_world


def check(found_log, expected):
    expected = np.array(oracles.logs(expected))
    np.testing.assert_allclose(found_log, expected, rtol=1e-11, atol=1e-12)


@given(cases())
def test_beliefs_tables_and_predictions_are_those_of_fractions(case):
    seen, truth = instance(*case.arguments), case.truth
    check(seen.log_prior, truth.prior)
    check(seen.log_belief, truth.beliefs)
    check(seen.log_predictive, truth.predictive)
    check(seen.log_both(), truth.both)
    check(np.broadcast_to(seen.log_given, np.shape(truth.given)), truth.given)
    check(seen.log_token_posterior(), truth.token_posterior)
    np.testing.assert_allclose(seen.weight, np.array(truth.weights, np.float64), rtol=1e-14)
    largest = [[float(1 - max(p)) if any(p) else 0.0 for p in rows] for rows in truth.both]
    np.testing.assert_allclose(seen.epsilon(), largest, rtol=1e-11, atol=1e-300)


@given(cases(**LEAKING, num_positions=3, leaking=False))
def test_the_leak_is_the_information_of_fractions(case):
    seen = instance(*case.arguments)
    assert seen.leak() == pytest.approx(theorem_oracles.leak(case.truth), rel=1e-9, abs=1e-13)
    expected = np.array(case.truth.table, np.float64)
    np.testing.assert_allclose(np.exp(seen.log_token_given()), expected, rtol=1e-12, atol=1e-15)


def test_a_context_that_excludes_a_configuration_does_not_hide_a_leak():
    """p(y|c, x) > 0 with p(c|x) = 0, where p(y|c) = 0 otherwise: no 0 · ∞ in I(x; y|c)."""
    words = [
        ((0,), [[1, 0, 0], [0, 0.5, 0.5]]),
        lg.Emission(
            (0,), [[[1, 0], [0.5, 0.5], [0.5, 0.5]], [[0, 1], [0.5, 0.5], [0.2, 0.8]]], (0,)
        ),
    ]
    model = lg.ConceptModel.from_graph(lg.chain_dag(1), (2,), [[0.5, 0.5]], words)
    found = instance(model, [[0], [1], [2]]).independence()
    assert not found.met
    mean = [0.35, 0.65]
    parts = [
        p * np.log(p / m)
        for row in ([0.5, 0.5], [0.2, 0.8])
        for p, m in zip(row, mean, strict=True)
    ]
    assert found.value == pytest.approx(sum(parts) / 3, rel=1e-12)


@pytest.mark.parametrize("size", [1e-3, 1e-6, 1e-8])
def test_a_leak_too_small_for_its_information_is_not_taken_for_none(size):
    words = [
        ((0,), [[0.5, 0.5], [0.5, 0.5]]),
        lg.Emission((0,), [[[0.5, 0.5], [0.5 + size, 0.5 - size]]] * 2, (0,)),
    ]
    model = lg.ConceptModel.from_graph(lg.chain_dag(1), (2,), [[0.5, 0.5]], words)
    found = instance(model, [[0], [1]], [0.0, -np.inf]).independence()
    assert found.name.startswith("x ⊥ y | c")
    assert not found.met


def test_a_leak_in_contexts_of_weight_zero_is_none_in_the_mean_but_breaks_the_assumption():
    words = [
        ((0,), [[0.5, 0.5], [0.5, 0.5]]),
        lg.Emission((0,), [[[0.5, 0.5], [0.9, 0.1]]] * 2, (0,)),
    ]
    model = lg.ConceptModel.from_graph(lg.chain_dag(1), (2,), [[0.5, 0.5]], words)
    seen = instance(model, [[0], [1]], [0.0, -np.inf])
    assert seen.leak() == 0
    assert not seen.independence().met
    assert seen.independence().value > 0.05
    alike = instance(model, [[1], [1]], [0.0, -np.inf])
    assert alike.independence().met


def test_one_minus_the_largest_is_exact_however_small():
    with np.errstate(divide="ignore"):
        rows = np.log([[1.0, 1e-290, 0.0], [0.25, 0.5, 0.25]])
    np.testing.assert_allclose(one_minus_largest(rows), [1e-290, 0.5], rtol=1e-12)
    assert one_minus_largest(np.full((1, 2), -np.inf))[0] == 0


def test_more_than_a_gibibyte_is_refused():
    model = joint_world([1] * 100, [[1, 1]] * 100, [[1] * 50] * 100).model()
    with pytest.raises(
        ValueError, match=r"a theorem or lg.conditions would .* at most 1 GiB: use fewer"
    ):
        instance(model, np.zeros((30_000, 1), int))


def test_a_token_that_copies_the_word_leaks_all_of_it_whatever_c_is():
    half = np.full((2, 2), 0.5)
    copy = lg.Emission((0,), np.stack([np.eye(2)] * 2), reads=(0,))
    model = lg.ConceptModel.from_graph(lg.chain_dag(1), (2,), [[0.5, 0.5]], [((0,), half), copy])
    assert instance(model, [[0], [1]]).leak() == pytest.approx(np.log(2))
