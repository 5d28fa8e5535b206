"""Are principal angles those of projections, and is the chance level that of random spans?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import estimators as es


def projection(vectors):
    return np.linalg.pinv(vectors) @ vectors


@given(st.integers(0, 2**16), st.sampled_from([(1, 1), (2, 4), (5, 3)]))
def test_the_score_is_the_overlap_of_two_projections(seed, sizes):
    draw = np.random.default_rng(seed)
    first, second = (draw.normal(size=(size, 7)) for size in sizes)
    found = es.principal_angles(first, second)
    overlap = np.trace(projection(first) @ projection(second)) / min(sizes)
    assert abs(found.score - overlap) < 1e-9
    assert (found.first_rank, found.second_rank) == sizes
    assert (np.diff(found.angles) >= -1e-12).all()
    assert found.angles.shape == (min(sizes),)
    assert abs((np.cos(found.angles) ** 2).mean() - found.score) < 1e-12


def test_the_smallest_angle_is_between_the_nearest_vectors():
    turn, lift = 0.3, 1.2
    first = np.array([[1.0, 0, 0, 0], [0, 1, 0, 0]])
    second = [[np.cos(turn), 0, np.sin(turn), 0], [0, np.cos(lift), 0, np.sin(lift)]]
    np.testing.assert_allclose(es.principal_angles(first, second).angles, [turn, lift])
    tiny = np.array([[1.0, 0, 1e-9, 0]])  # a cosine alone could not tell it from 0
    np.testing.assert_allclose(es.principal_angles(first, tiny).angles, [1e-9])


@pytest.mark.parametrize("sizes", [(1, 1), (2, 5), (6, 3)])
def test_random_spans_overlap_as_chance_says(sizes):
    draw = np.random.default_rng(0)
    found = [
        es.principal_angles(*(draw.normal(size=(size, 9)) for size in sizes)) for _ in range(300)
    ]
    scores = [one.score for one in found]
    assert found[0].chance == max(sizes) / 9
    assert abs(np.mean(scores) - found[0].chance) < 4 * np.std(scores) / np.sqrt(300)
    above = [one.above_chance for one in found]
    assert abs(np.mean(above)) < 4 * np.std(above) / np.sqrt(300)


def test_vectors_that_others_span_add_no_rank():
    draw = np.random.default_rng(1)
    first, second = draw.normal(size=(2, 6)), draw.normal(size=(3, 6))
    more = np.vstack([first, first.sum(0), np.zeros(6)])
    found, expected = es.principal_angles(more, second), es.principal_angles(first, second)
    assert found.first_rank == 2
    np.testing.assert_allclose(found.angles, expected.angles)
    single = (first + 1e-6 * more[:2, ::-1]).astype(np.float32)
    assert es.principal_angles(np.vstack([single, single[0] + single[1]]), second).first_rank == 2


def test_spans_without_directions_or_of_everything_have_no_chance_to_exceed():
    draw = np.random.default_rng(2)
    for empty in (np.zeros((2, 3)), np.zeros((0, 3))):
        found = es.principal_angles(empty, draw.normal(size=(2, 3)))
        assert np.isnan([found.score, found.chance, found.above_chance]).all()
        assert (found.first_rank, found.second_rank, found.angles.size) == (0, 2, 0)
    whole = es.principal_angles(draw.normal(size=(5, 3)), draw.normal(size=(2, 3)))
    assert abs(whole.score - 1) < 1e-12
    assert whole.chance == 1
    assert np.isnan(whole.above_chance)


def test_vectors_of_different_spaces_are_refused():
    with pytest.raises(ValueError, match="first and second must hold vectors of one space"):
        es.principal_angles(np.ones((2, 3)), np.ones((2, 4)))
