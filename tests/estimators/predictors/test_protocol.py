"""Is the excess loss the mean divergence from the exact predictive?"""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import estimators as es


def rows(seed, zeros=False):
    weights = np.random.default_rng(seed).integers(0 if zeros else 1, 4, (5, 3)) + np.eye(5, 3)
    weights[3:, 0] += 1
    return weights / weights.sum(1, keepdims=True)


@given(st.integers(0, 2**16), st.booleans())
def test_the_excess_loss_is_the_mean_divergence(seed, zeros):
    exact, predicted = rows(seed, zeros), rows(seed + 1)
    weight = np.random.default_rng(seed).dirichlet(np.ones(5))
    expected = sum(
        w * p * np.log(p / q)
        for w, one, two in zip(weight, exact, predicted, strict=True)
        for p, q in zip(one, two, strict=True)
        if p > 0
    )
    with np.errstate(divide="ignore"):
        found = es.excess_loss(np.log(exact), np.log(predicted), weight)
        itself = es.excess_loss(np.log(exact), np.log(exact), weight)
    assert abs(found - expected) < 1e-12
    assert itself == 0
    assert found > 0 or np.allclose(exact, predicted)


def test_ruling_out_what_happens_costs_infinitely_much():
    with np.errstate(divide="ignore"):
        found = es.excess_loss(np.log([[0.5, 0.5]]), np.log([[1.0, 0.0]]), np.ones(1))
    assert found == np.inf
