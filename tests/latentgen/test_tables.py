"""Are the ready-made tables what they say?"""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import latentgen as lg


@given(lg.strategies.keys(), lg.strategies.graphs(4))
def test_bernoulli_parameters_lie_between_their_limits(key, graph):
    tables = lg.bernoulli_concept_tables(key, graph)
    for concept, table in enumerate(tables):
        assert table.shape == (2,) * (graph.in_degree(concept) + 1)
        np.testing.assert_allclose(table.sum(-1), 1)
        assert ((table >= 0.2) & (table <= 0.8)).all()
    narrow = lg.bernoulli_concept_tables(key, graph, 0.3, 0.3)
    np.testing.assert_allclose(narrow[0][..., 1], 0.3)


@given(lg.strategies.keys(), lg.strategies.graphs(3))
def test_dirichlet_tables_have_the_shape_of_their_concepts(key, graph):
    sizes = (2, 3, 4)
    for concept, table in enumerate(lg.dirichlet_concept_tables(key, graph, sizes)):
        parents = sorted(graph.predecessors(concept))
        assert table.shape == tuple(sizes[k] for k in (*parents, concept))
        np.testing.assert_allclose(table.sum(-1), 1)
    assert lg.dirichlet_table(key, (5, 3), 0.1).shape == (5, 3)


def test_rows_are_uniform_over_all_distributions_unless_a_concentration_is_given():
    key = jax.random.key(0)
    for build in (
        lambda *concentration: lg.dirichlet_table(key, (5, 3), *concentration),
        lambda *concentration: lg.dirichlet_concept_tables(
            key, lg.chain_dag(1), (3,), *concentration
        ),
    ):
        np.testing.assert_array_equal(build(), build(1.0))
        assert (np.asarray(build()) != np.asarray(build(2.0))).any()


def test_every_concept_has_a_table_of_its_own_whatever_the_others_are():
    few = lg.bernoulli_concept_tables(jax.random.key(0), lg.chain_dag(2))
    many = lg.bernoulli_concept_tables(jax.random.key(0), lg.chain_dag(5))
    np.testing.assert_array_equal(few[1], many[1])
    assert (many[1] != many[2]).all()


def test_maps_may_be_many_to_one():
    np.testing.assert_array_equal(lg.map_table([1, 0, 1], 2), [[0, 1], [1, 0], [0, 1]])
    assert lg.map_table([[0, 1], [2, 2]], 3).shape == (2, 2, 3)


def test_channels_keep_an_outcome_or_replace_it():
    np.testing.assert_allclose(lg.uniform_channel(4, 0.2), 0.8 * np.eye(4) + 0.05 * np.ones((4, 4)))
    np.testing.assert_allclose(lg.flip_channel(0.1), [[0.9, 0.1], [0.1, 0.9]])


@given(lg.strategies.tables((3, 2)), st.floats(0, 1))
def test_noise_mixes_outcomes_and_keeps_rows_distributions(table, rate):
    found = lg.through_channel(table, lg.flip_channel(rate))
    np.testing.assert_allclose(found.sum(-1), 1)
    expected = (1 - rate) * table + rate * table[:, ::-1]
    np.testing.assert_allclose(found, expected, atol=1e-15)


@given(st.integers(0, 255))
def test_digits_come_with_the_most_significant_first(number):
    assert "".join(map(str, lg.binary_digits(number, 8))) == f"{number:08b}"


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: lg.map_table([0, 2], 2), "must lie in 0 … 1; got 0 … 2"),
        (lambda: lg.map_table([-1, 0], 2), "got -1 … 0"),
        (lambda: lg.map_table([0.0], 2), "outcomes must be integers; got dtype float64"),
        (lambda: lg.flip_channel(1.1), "noise rate is a probability; got 1.1"),
        (lambda: lg.uniform_channel(2, float("nan")), "noise rate is a probability; got nan"),
        (lambda: lg.uniform_channel(0, 0.5), "at least one outcome; got 0"),
        (
            lambda: lg.through_channel(np.eye(3), np.eye(2)),
            "the channel takes 2 outcomes and the table has 3",
        ),
        (
            lambda: lg.bernoulli_concept_tables(jax.random.key(0), lg.chain_dag(1), 0.8, 0.2),
            "need 0 ≤ low ≤ high ≤ 1; got low 0.8 and high 0.2",
        ),
    ],
)
def test_tables_that_cannot_be_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
