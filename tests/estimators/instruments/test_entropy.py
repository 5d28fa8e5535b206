"""Do the counts of directions agree with the spectrum, and with each other?"""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import estimators as es


def spectrum(rows, weight):
    """Eigenvalues of the weighted covariance as shares, by sums over rows."""
    weight = weight / weight.sum()
    mean = sum(w * row for w, row in zip(weight, rows, strict=True))
    matrix = sum(w * np.outer(row - mean, row - mean) for w, row in zip(weight, rows, strict=True))
    values = np.linalg.eigvalsh(matrix)
    return values / values.sum()


@given(st.integers(0, 2**16), st.sampled_from([(30, 4), (5, 9), (40, 1)]))
def test_the_counts_are_those_of_the_spectrum(seed, shape):
    draw = np.random.default_rng(seed)
    rows = draw.normal(size=shape) * draw.uniform(0.2, 3, shape[1])
    weight = draw.integers(1, 5, shape[0]).astype(float)
    found = es.matrix_entropy(rows, weight)
    share = spectrum(rows, weight)
    share = share[share > 1e-14]
    assert abs(found.entropy + (share * np.log(share)).sum()) < 1e-9
    assert abs(found.effective_rank - np.exp(found.entropy)) < 1e-9
    assert abs(found.participation_ratio - 1 / (share**2).sum()) < 1e-9
    assert found.rank == len(share) == min(shape[0] - 1, shape[1])
    assert 1 - 1e-9 <= found.participation_ratio <= found.effective_rank + 1e-9
    assert found.effective_rank <= found.rank + 1e-9


def test_corners_of_a_simplex_spread_over_one_direction_fewer():
    found = es.matrix_entropy(np.eye(5))
    np.testing.assert_allclose(found, (np.log(4), 4, 4, 4), rtol=1e-12)


def test_one_direction_and_none():
    line = np.outer(np.arange(6.0), [1.0, 2.0])
    np.testing.assert_allclose(es.matrix_entropy(line), (0, 1, 1, 1), atol=1e-12)
    for constant in (np.full((6, 2), 0.1), np.zeros((6, 0)), np.ones((1, 3))):
        assert es.matrix_entropy(constant) == (-np.inf, 0, 0, 0)


def test_copies_of_a_column_are_one_direction_of_twice_the_variance():
    draw = np.random.default_rng(0)
    rows = np.linalg.qr(draw.normal(size=(50, 2)) - 1)[0]
    rows -= rows.mean(0)
    again = es.matrix_entropy(np.column_stack([rows, rows[:, 0]]))
    assert again.rank == 2
    expected = es.matrix_entropy(rows * [np.sqrt(2), 1])
    np.testing.assert_allclose(again[:3], expected[:3], rtol=1e-9)
