"""Is whitening by the covariance the same as whitening by singular values?"""

import numpy as np
import pytest
from hypothesis import given, target
from hypothesis import strategies as st

import estimators as es
from estimators.instruments import covariance
from estimators.instruments.covariance import fit_covariance_whitening


def projector(whitened, weight):
    """The projection onto whitened rows: what does not depend on the basis chosen."""
    scaled = np.sqrt(weight)[:, None] * whitened
    return scaled @ scaled.T


@given(st.integers(0, 10**6), st.floats(0, 9), st.booleans())
def test_both_ways_agree_at_any_spread_of_scales(seed, digits, is_uniform):
    draw = np.random.default_rng(seed)
    scales = np.logspace(0, -digits, 4)
    features = (draw.normal(size=(30, 4)) * scales) @ draw.normal(size=(4, 4)) + draw.normal(size=4)
    weight = np.full(30, 1 / 30) if is_uniform else draw.dirichlet(np.ones(30))
    fast, slow = fit_covariance_whitening(features, weight), es.fit_whitening(features, weight)
    assert fast.rank == slow.rank
    whitened = fast.apply(features)
    worst = np.abs((weight[:, None] * whitened).T @ whitened - np.eye(fast.rank)).max(initial=0)
    worst = max(worst, np.abs(weight @ whitened).max(initial=0))
    both = projector(whitened, weight) - projector(slow.apply(features), weight)
    target(worst, label="whiteness")
    if digits < 2:  # the covariance decides
        assert max(worst, np.abs(both).max()) < 1e-9
    assert max(worst, np.abs(both).max()) < 1e-4


@pytest.mark.parametrize("tolerance", [None, 1e-3, 0.5])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_rank_is_that_of_the_cut_off(tolerance, dtype):
    draw = np.random.default_rng(0)
    base = draw.normal(size=(40, 3)) * [1.0, 0.3, 0.01]
    weight = np.full(40, 1 / 40)
    repeated = np.hstack([base, base @ draw.normal(size=(3, 2))])
    for features in (base, repeated, np.ones((40, 2)), base[:2], base[:, :0], base + 1e7):
        rows = features.astype(dtype)
        share = weight[: len(rows)] / weight[: len(rows)].sum()
        fast = fit_covariance_whitening(rows, share, tolerance)
        assert fast.rank == es.fit_whitening(rows, share, tolerance).rank


def test_the_covariance_decides_only_where_it_is_as_good(monkeypatch):
    called = []

    def watched(*arguments):
        called.append(arguments)
        return es.fit_whitening(*arguments)

    monkeypatch.setattr(covariance, "unchecked_whitening", watched)
    rows = np.random.default_rng(0).normal(size=(50, 2))
    weight = np.full(50, 1 / 50)
    fit_covariance_whitening(rows, weight)
    assert not called
    fit_covariance_whitening(rows * [1, 1e-4], weight)
    assert len(called) == 1
