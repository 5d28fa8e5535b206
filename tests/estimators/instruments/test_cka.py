"""Is CKA what its papers define, and its debiased form 0 for noise of any shape and weights?"""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import estimators as es

SEEDS = st.integers(0, 2**16)


def related(seed, num_rows=12, dims=(3, 2)):
    draw = np.random.default_rng(seed)
    first = draw.normal(size=(num_rows, dims[0])) + 1
    return first, draw.normal(size=(num_rows, dims[1])) + first[:, :1]


def plain_hsic(first, second):
    """Mean over pairs of contexts of products of doubly centred inner products, by two loops."""
    count, total = len(first), 0.0
    first, second = first - first.mean(0), second - second.mean(0)
    for i in range(count):
        for j in range(count):
            total += (first[i] @ first[j]) * (second[i] @ second[j])
    return total / count**2


def distinct_hsic(first, second):
    """Means over tuples of distinct contexts of k₁₂l₁₂ + k₁₂l₃₄ − 2 k₁₂l₁₃: unbiased."""
    one, other = first @ first.T, second @ second.T
    tuples = [list(itertools.permutations(range(len(one)), size)) for size in (2, 3, 4)]
    two = [one[i, j] * other[i, j] for i, j in tuples[0]]
    three = [one[i, j] * other[i, m] for i, j, m in tuples[1]]
    four = [one[i, j] * other[m, n] for i, j, m, n in tuples[2]]
    return np.mean(two) + np.mean(four) - 2 * np.mean(three)


def ratio(hsic, first, second):
    return hsic(first, second) / np.sqrt(hsic(first, first) * hsic(second, second))


def weighted_between(first, second, weight):
    """The product over i ≠ j of two kernels less their best fit u_i + u_j, by least squares."""
    pairs = list(itertools.combinations(range(len(first)), 2))
    scale = np.sqrt([weight[i] * weight[j] for i, j in pairs])
    design = np.zeros((len(pairs), len(first)))
    for row, pair in enumerate(pairs):
        design[row, pair] = 1
    left = []
    for side in (first, second):
        kernel = np.array([side[i] @ side[j] for i, j in pairs])
        solved = np.linalg.lstsq(scale[:, None] * design, scale * kernel, rcond=None)[0]
        left.append(scale * (kernel - design @ solved))
    return left[0] @ left[1]


@given(SEEDS)
def test_the_plain_one_is_a_double_loop(seed):
    first, second = related(seed)
    assert abs(es.linear_cka(first, second).population - ratio(plain_hsic, first, second)) < 1e-10


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shape", [(4, 2), (6, 3), (8, 20)])
def test_the_debiased_one_is_a_mean_over_distinct_contexts(seed, shape):
    first, second = related(seed, shape[0], (shape[1], 2))
    assert abs(es.linear_cka(first, second).score - ratio(distinct_hsic, first, second)) < 1e-9


@given(SEEDS, st.sampled_from([1, 2, 11]))
def test_with_weights_what_a_sum_over_contexts_explains_is_left_out(seed, heaviest):
    # A weight of 11 among 12 contexts is half of all: no context may be divided by 1 − 2 weight.
    first, second = related(seed)
    weight = np.random.default_rng(seed).integers(1, 4, 12) if heaviest < 11 else np.ones(12)
    weight[3] = heaviest
    expected = ratio(lambda a, b: weighted_between(a, b, weight / weight.sum()), first, second)
    assert abs(es.linear_cka(first, second, weight).score - expected) < 1e-8


@pytest.mark.parametrize("shape", [(200, 3), (50, 500), (20, 20), (5, 40)])
def test_noise_of_any_shape_scores_zero_when_debiased_and_anything_when_not(shape):
    found = []
    for seed in range(200):
        draw = np.random.default_rng(seed)
        weight = draw.dirichlet(np.full(shape[0], 2.0)) if seed % 2 else None
        found.append(es.linear_cka(draw.normal(size=shape), draw.normal(size=shape), weight)[:2])
    score, population = np.mean(found, axis=0)
    assert abs(score) < 4 * np.std(found, axis=0)[0] / np.sqrt(200)
    if shape[1] >= shape[0]:
        assert population > 0.4


def test_permuted_contexts_have_a_mean_of_exactly_zero():
    first, second = related(0, num_rows=5)
    shape = (5, 5, 5)
    weight = np.array([1, 2, 3, 1, 4]) / 11
    total = 0.0
    for order in itertools.permutations(range(shape[0])):
        total += weighted_between(first, second[list(order)], weight)
    assert abs(total) < 1e-9
    own = [es.linear_cka(first, second[list(order)]) for order in itertools.permutations(range(5))]
    assert abs(np.mean([found.score for found in own])) < 1e-12


def test_kernels_differ_although_each_side_is_an_affine_image_of_the_other():
    first, _ = related(1, num_rows=300)
    skewed = first @ np.diag([10.0, 1.0, 0.1])
    assert es.affine_r2(first, skewed).score > 1 - 1e-9
    found = es.linear_cka(first, skewed)
    assert found.score < 0.9
    assert found.population < 0.9


def test_distances_that_say_nothing_have_no_debiased_score():
    _, second = related(2, num_rows=6)
    alone = np.zeros((6, 2))
    alone[3] = 1.0  # one context differs from the rest
    for first in (np.eye(6), alone):
        found = es.linear_cka(first, second)
        assert np.isnan(found.score)
        assert 0 < found.population < 1
        assert not found.saturated


def test_three_contexts_are_too_few():
    first, second = related(3, num_rows=9)
    groups = np.arange(9) // 3
    found = es.linear_cka(first, second, groups=groups)
    assert found.saturated
    assert np.isnan(found.score)
    means = [side.reshape(3, 3, -1).mean(1) for side in (first, second)]
    assert abs(found.population - ratio(plain_hsic, *means)) < 1e-10


def test_contexts_without_weight_do_not_count():
    first, second = related(4)
    weight = np.array([1.0] * 10 + [0.0] * 2)
    found, expected = es.linear_cka(first, second, weight), es.linear_cka(first[:10], second[:10])
    np.testing.assert_allclose(found[:2], expected[:2], atol=1e-12)


def test_constant_sides_have_no_answer_and_any_scale_has_the_same():
    first, second = related(5)
    found = es.linear_cka(np.full((12, 2), 0.1), second)
    assert np.isnan(found.score)
    assert np.isnan(found.population)
    assert (found.first_rank, found.second_rank) == (0, 2)
    tiny = es.linear_cka(first * 1e-120, second * 1e120)
    np.testing.assert_allclose(tiny[:2], es.linear_cka(first, second)[:2], atol=1e-9)


def test_an_example_by_hand():
    # k: contexts at 0, 1, 2, 4 on a line; l: at 0, 1, 1, 0. All in fractions.
    line, other = [0, 1, 2, 4], [0, 1, 1, 0]
    centre = [[Fraction(v) - Fraction(sum(side), 4) for v in side] for side in (line, other)]
    cross = sum(a * b for a, b in zip(*centre, strict=True)) ** 2
    own = [sum(a * a for a in side) ** 2 for side in centre]
    expected = float(cross) / np.sqrt(float(own[0] * own[1]))
    found = es.linear_cka(np.array(line)[:, None], np.array(other)[:, None])
    assert abs(found.population - expected) < 1e-12


@pytest.mark.parametrize("scale", [1e-8, 0.1, 1e6])
def test_where_all_contexts_have_one_mean_nothing_is_left_to_compare(scale):
    first, second = related(6, num_rows=200)
    one = es.linear_cka(first * scale + 1, second, groups=np.zeros(200))
    assert np.isnan([one.population, one.score]).all()
    assert one.saturated
    mirrored = np.concatenate([first, 2 * first.mean(0) - first]) * scale
    groups = np.concatenate([np.arange(200), np.arange(200)]) % 10
    order = np.random.default_rng(0).permutation(200)
    other = np.concatenate([second, second[order]])
    for sides in ((mirrored, other), (other, mirrored), (mirrored.astype(np.float32), other)):
        found = es.linear_cka(*sides, groups=groups)
        assert np.isnan([found.population, found.score]).all()
        assert not found.saturated


@pytest.mark.parametrize("groups", [np.arange(50), np.arange(400), np.arange(200)[:, None]])
def test_groups_number_every_row(groups):
    first, second = related(7, num_rows=200)
    with pytest.raises(ValueError, match=r"groups must have shape \(200,\), one a row; got \("):
        es.linear_cka(first, second, groups=groups)


def test_small_differences_that_are_no_rounding_are_compared():
    first, second = related(8)
    groups = np.arange(12) // 2
    found = es.linear_cka(first * 1e-9 + 1, second, groups=groups)
    expected = es.linear_cka(first, second, groups=groups)
    np.testing.assert_allclose(found[:2], expected[:2], atol=1e-4)
