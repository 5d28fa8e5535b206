"""Are tables read as written, renormalised within the tolerance, and refused beyond it?"""

import jax
import numpy as np
import pytest
from hypothesis import given

import latentgen as lg
from latentgen import factors

SPACE = lg.ConceptSpace((2, 3))


@given(lg.strategies.weights((2, 3)))
def test_rows_within_the_tolerance_are_renormalised(weights):
    table = weights / weights.sum(-1, keepdims=True)
    found = factors.log_probability_rows(table * (1 + 9e-7), "a table")
    np.testing.assert_allclose(np.exp(found), table, rtol=1e-14, atol=0)
    assert not found.flags.writeable


def test_a_table_is_copied_so_that_a_world_cannot_change_later():
    table = np.array([0.5, 0.5])
    found = factors.log_probability_rows(table, "a table")
    table[:] = [0.0, 1.0]
    np.testing.assert_allclose(found, np.log([0.5, 0.5]))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([[0.5, 0.5], [0.5, 0.6]], r"row \(1,\) sums to 1.1: divide the table by its sum"),
        ([0.5, 0.4], "it sums to 0.9: divide"),
        ([0.5, 0.5 + 2e-6], r"it sums to 1.000002"),
        ([[1.0, 0.0], [1.5, -0.5]], r"not negative; entry \(1, 1\) is -0.5"),
        ([np.nan, 1.0], r"finite .* entry \(0,\) is nan"),
        ([np.inf, 1.0], r"finite .* entry \(0,\) is inf"),
        ([[0.0, 0.0]], r"row \(0,\) sums to 0: divide"),
        ([], r"at least one outcome; got shape \(0,\)"),
        (1.0, r"at least one outcome; got shape \(\)"),
        ([[1.0], [0.5, 0.5]], "must be an array of numbers"),
        (["half", "half"], "must be an array of numbers"),
    ],
)
def test_what_is_no_distribution_is_refused(table, message):
    with pytest.raises(ValueError, match=rf"(?s)the word table.*{message}"):
        factors.log_probability_rows(table, "the word table")


@pytest.mark.parametrize(
    ("emission", "message"),
    [
        (((0, 0), np.ones((2, 2, 1))), r"name each concept once; got \(0, 0\)"),
        (((2,), np.ones((2, 1))), "numbered 0 … 1; there is no concept 2"),
        (((0,), np.ones((3, 1))), r"shape \(2,\) and then its outcomes; got \(3, 1\)"),
        (((1, 0), np.ones((2, 3, 1))), r"shape \(3, 2\) and then its outcomes; got \(2, 3, 1\)"),
        (((0,), np.ones((2, 1)), (1,)), "at positions below 1; got position 1"),
        (((0,), np.ones((2, 1)), (-1,)), "got position -1"),
        (((0,), np.ones((2, 1)), (0,)), r"positions \[0\]: its table must have shape \(2, 4\)"),
        (0, r"must be Emission\(scope, table\) or a \(scope, table\) pair, .*; got 0"),
        (((0,), np.ones((2, 1)), (0.9,)), r"reads of the word table must be .* got \(0\.9,\)"),
        (((0,), np.ones((2, 1)), 0), "reads of the word table must be a sequence of positions"),
        (((0,), np.ones((2, 4, 4, 1)), (0, 0)), r"each position once; got \(0, 0\)"),
        (((0,), np.ones((2, 1)), (), "more"), "with reads as a third entry if any"),
        (((0,),), r"must be Emission\(scope, table\)"),
        ((0, np.ones((2, 1))), r"scope of the word table must be a sequence of concepts; got 0"),
        ((((0,), [1.0]), ((0,), [1.0])), "scope of the word table must be a sequence of concepts"),
    ],
)
def test_an_emission_whose_parts_disagree_is_refused(emission, message):
    with pytest.raises(ValueError, match=message):
        factors.emission_factor(SPACE, emission, "the word table", [4])


def test_concept_axes_may_come_flattened_in_the_order_of_the_scope():
    table = np.arange(1, 13).reshape(3, 2, 2) / np.arange(1, 13).reshape(3, 2, 2).sum(-1)[..., None]
    deep = factors.emission_factor(SPACE, ((1, 0), table), "t")
    flat = factors.emission_factor(SPACE, ((1, 0), table.reshape(6, 2)), "t")
    np.testing.assert_array_equal(deep.log_table, flat.log_table)
    assert flat.log_table.shape == (3, 2, 2)
    table = np.arange(1, 17).reshape(2, 4, 2) / np.arange(1, 17).reshape(2, 4, 2).sum(-1)[..., None]
    reading = factors.emission_factor(SPACE, ((0,), table, (0,)), "t", [4])
    assert reading.reads == (0,)
    both = np.stack([table] * 3, 1)  # [value of concept 0, value of concept 1, word, outcome]
    flat = factors.emission_factor(SPACE, ((0, 1), both.reshape(6, 4, 2), (0,)), "t", [4])
    np.testing.assert_allclose(np.exp(flat.log_table), both, rtol=1e-14)
    nothing = factors.emission_factor(SPACE, ((), [[0.5, 0.5]]), "t")
    np.testing.assert_array_equal(nothing.log_table, np.log([0.5, 0.5]))


def test_a_table_of_the_wrong_shape_says_both_shapes():
    with pytest.raises(ValueError, match=r"prior must have shape \(6,\).* got \(5,\)"):
        factors.prior_factor(SPACE, np.full(5, 0.2))
    with pytest.raises(ValueError, match=r"^prior must be an array of numbers"):
        factors.prior_factor(SPACE, ["a"] * 6)
    with pytest.raises(ValueError, match=r"table of concept 1 must have shape \(2, 3\).* \(3,\)"):
        factors.concept_factor(SPACE, 1, (0,), np.full(3, 1 / 3))


def test_tables_of_tracers_are_refused():
    with pytest.raises(TypeError, match=r"use latentgen\.kernels"):
        jax.jit(lambda table: factors.prior_factor(SPACE, table))(np.full(6, 1 / 6))
