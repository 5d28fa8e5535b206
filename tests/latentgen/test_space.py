"""Are configurations numbered row-major, both ways, and wrong numbers refused?"""

import itertools
from enum import IntEnum

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given

import latentgen as lg


@given(lg.strategies.spaces())
def test_configurations_are_numbered_with_the_last_concept_fastest(space):
    every = list(itertools.product(*[range(n) for n in space.cardinalities]))
    assert space.num_configurations == len(every)
    assert space.num_concepts == len(space.cardinalities)
    numbers = np.arange(len(every))
    np.testing.assert_array_equal(space.values(numbers), every)
    np.testing.assert_array_equal(space.configuration(np.array(every)), numbers)


def test_any_shape_goes_both_ways_in_numpy_and_in_jax():
    space = lg.ConceptSpace((2, 3, 2))
    numbers = np.arange(12).reshape(3, 4)
    assert space.values(numbers).shape == (3, 4, 3)
    np.testing.assert_array_equal(space.configuration(space.values(numbers)), numbers)
    there_and_back = jax.jit(lambda c: space.configuration(space.values(c)))
    np.testing.assert_array_equal(there_and_back(jnp.asarray(numbers)), numbers)
    np.testing.assert_array_equal(space.values(7), [1, 0, 1])
    assert space.configuration([1, 0, 1]) == 7


def test_cardinalities_are_plain_numbers_whatever_kind_of_integer_was_given():
    size = IntEnum("size", {"few": 2, "some": 3})
    space = lg.ConceptSpace((size.few, size.some))
    assert space == lg.ConceptSpace((2, 3))
    assert list(map(type, space.cardinalities)) == [int, int]


def test_a_concept_is_named_by_its_number_from_zero_on():
    space = lg.ConceptSpace((2, 3))
    assert [space.check_concept(concept) for concept in (0, 1)] == [0, 1]


def test_spaces_are_compared_by_content():
    assert lg.ConceptSpace((2, 3)) == lg.ConceptSpace((2, 3))
    assert len({lg.ConceptSpace((2, 3)), lg.ConceptSpace((2, 3))}) == 1
    assert lg.ConceptSpace((2, 3)) != lg.ConceptSpace((3, 2))


@pytest.mark.parametrize("num_concepts", [31, 32, 62, 63, 64, 65, 100])
def test_a_space_may_be_larger_than_any_machine_integer(num_concepts):
    space = lg.ConceptSpace((2,) * num_concepts)
    assert space.num_configurations == 2**num_concepts
    values = np.stack([np.ones(num_concepts, int), np.arange(num_concepts) % 2])
    numbers = space.configuration(values)
    digits = ["".join(map(str, row)) for row in values]
    assert [int(number) for number in numbers] == [int(digit, 2) for digit in digits]
    back = space.values(numbers)
    np.testing.assert_array_equal(back, values)
    assert back.dtype == np.int64
    assert space.configuration(values[0]) == 2**num_concepts - 1


def test_numbers_of_any_integer_type_give_the_same_integers():
    space = lg.ConceptSpace((2, 300))
    for kind in (np.int16, np.int32, np.uint64, object):
        numbers = np.array([3, 299, 300, 599], kind)
        values = space.values(numbers)
        np.testing.assert_array_equal(values, [[0, 3], [0, 299], [1, 0], [1, 299]])
        again = space.configuration(values.astype(kind))
        assert values.dtype == again.dtype == np.int64
        np.testing.assert_array_equal(again, numbers)


@pytest.mark.parametrize("ask", ["values", "configuration"])
def test_jax_refuses_a_space_that_its_integers_cannot_number(ask):
    largest, larger = lg.ConceptSpace((2,) * 31), lg.ConceptSpace((2,) * 32)
    shape = (1,) if ask == "values" else (1, 31)
    getattr(largest, ask)(jnp.ones(shape, int))
    shape = (1,) if ask == "values" else (1, 32)
    with pytest.raises(ValueError, match=r"4294967296 configurations, more than int32 .*asarray"):
        getattr(larger, ask)(jnp.ones(shape, int))
    with jax.enable_x64(True):
        getattr(larger, ask)(jnp.ones(shape, int))


@pytest.mark.parametrize(
    ("cardinalities", "message"),
    [
        ((), "at least one concept; got none"),
        ((2, 1), "cardinality of at least 2; concept 1 has 1: drop the concept"),
        ((0,), "concept 0 has 0"),
        ((2, -3), "concept 1 has -3"),
    ],
)
def test_a_space_without_choice_is_refused(cardinalities, message):
    with pytest.raises(ValueError, match=message):
        lg.ConceptSpace(cardinalities)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda s: s.values(6), r"a configuration must lie in 0 … 5; got 6"),
        (lambda s: s.values([0, -1]), "got -1"),
        (lambda s: s.values(np.array([1, None])), "configuration must be integers; got dtype obj"),
        (lambda s: s.values(0.5), "configuration must be integers; got dtype float64"),
        (lambda s: s.configuration([0, 3]), "a value of concept 1 must lie in 0 … 2; got 3"),
        (lambda s: s.configuration([0]), r"an axis of 2 concepts; got shape \(1,\)"),
        (lambda s: s.configuration([0.0, 1.0]), "values must be integers"),
        (lambda s: s.check_concept(2), "numbered 0 … 1; there is no concept 2"),
        (lambda s: s.check_concept(-1), "there is no concept -1"),
    ],
)
def test_what_is_no_configuration_is_refused(ask, message):
    with pytest.raises(ValueError, match=message):
        ask(lg.ConceptSpace((2, 3)))
