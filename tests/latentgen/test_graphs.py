"""Are random graphs acyclic, as dense as asked for, and impossible ones refused?"""

import itertools

import jax
import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import latentgen as lg


@given(lg.strategies.keys(), st.integers(1, 7), st.floats(0, 1))
def test_random_graphs_are_acyclic_over_all_concepts(key, num_concepts, share):
    pairs = num_concepts * (num_concepts - 1) // 2
    graph = lg.random_dag(key, num_concepts, share * pairs)
    assert sorted(graph.nodes) == list(range(num_concepts))
    assert nx.is_directed_acyclic_graph(graph)
    assert set(map(type, itertools.chain(*graph.edges))) <= {int}


def test_as_many_edges_as_expected_come_on_average_and_orders_are_uniform():
    keys, m, expected = jax.random.split(jax.random.key(0), 1000), 6, 7.5
    graphs = [lg.random_dag(key, m, expected) for key in keys]
    mean = np.mean([graph.number_of_edges() for graph in graphs])
    # 15 pairs × 1000 independent edges of probability 1/2: Hoeffding at 1e-9.
    assert abs(mean - expected) <= 15 * np.sqrt(np.log(2 / 1e-9) / (2 * 15_000))
    forward = np.mean([graph.has_edge(0, 5) for graph in graphs])
    backward = np.mean([graph.has_edge(5, 0) for graph in graphs])
    assert abs(forward - 0.25) <= np.sqrt(np.log(2 / 1e-9) / 2000)
    assert abs(backward - 0.25) <= np.sqrt(np.log(2 / 1e-9) / 2000)


def test_all_pairs_or_none_are_edges_at_the_limits():
    assert lg.random_dag(jax.random.key(0), 7, 21).number_of_edges() == 21  # ER3 at m = 7
    assert lg.random_dag(jax.random.key(0), 7, 0).number_of_edges() == 0
    assert lg.random_dag(jax.random.key(0), 1, 0).number_of_nodes() == 1


def test_the_same_key_means_the_same_graph():
    first, again = (lg.random_dag(jax.random.key(9), 8, 16) for _ in range(2))
    assert list(first.edges) == list(again.edges)


@pytest.mark.parametrize("edges", [-1, 6.5, float("nan"), float("inf")])
def test_edges_that_do_not_fit_are_refused(edges):
    with pytest.raises(ValueError, match=rf"4 concepts have 6 pairs.* got {edges}: use more"):
        lg.random_dag(jax.random.key(0), 4, edges)


def test_chains_and_trees_have_their_edges():
    assert list(lg.chain_dag(4).edges) == [(0, 1), (1, 2), (2, 3)]
    assert list(lg.chain_dag(1).nodes) == [0]
    assert list(lg.tree_dag(6).edges) == [(0, 1), (0, 2), (1, 3), (1, 4), (2, 5)]
    assert list(lg.tree_dag(4, 3).edges) == [(0, 1), (0, 2), (0, 3)]
    assert lg.tree_dag(5, 1).edges == lg.chain_dag(5).edges


@pytest.mark.parametrize(
    "build", [lg.chain_dag, lg.tree_dag, lambda m: lg.random_dag(jax.random.key(0), m, 0)]
)
def test_a_graph_without_concepts_is_refused(build):
    with pytest.raises(ValueError, match="at least one concept; got 0"):
        build(0)


def test_a_tree_without_branches_is_refused():
    with pytest.raises(ValueError, match="branching of at least 1; got 0"):
        lg.tree_dag(3, 0)
