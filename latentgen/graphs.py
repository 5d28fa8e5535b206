"""Which concept depends on which?"""

from typing import Any

import jax
import networkx as nx
import numpy as np

from latentgen import draws


def random_dag(key: Any, num_concepts: int, expected_edges: float) -> nx.DiGraph:
    """An Erdős–Rényi graph over 0 … m−1, oriented along a uniform random order.

    Each of the m(m−1)/2 pairs is an edge with probability expected_edges / (m(m−1)/2); "ER-k" is
    expected_edges = k·m. Raises ValueError when that many edges do not fit.
    """
    pairs = num_concepts * (num_concepts - 1) // 2
    if num_concepts < 1:
        raise ValueError(f"a graph needs at least one concept; got {num_concepts}")
    if not 0 <= expected_edges <= pairs:
        raise ValueError(
            f"{num_concepts} concepts have {pairs} pairs, so expected_edges must lie in "
            f"0 … {pairs}; got {expected_edges}: use more concepts or fewer edges"
        )
    order_key, edge_key = jax.random.split(key)
    order = draws.permutation(order_key, num_concepts)
    present = draws.uniform(edge_key, (pairs,)) < (expected_edges / pairs if pairs else 0.0)
    first, second = np.triu_indices(num_concepts, 1)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(num_concepts))
    graph.add_edges_from(
        (int(order[i]), int(order[j])) for i, j in zip(first[present], second[present], strict=True)
    )
    return graph


def chain_dag(num_concepts: int) -> nx.DiGraph:
    """0 → 1 → … → m−1."""
    return _graph(num_concepts, [(k, k + 1) for k in range(num_concepts - 1)])


def tree_dag(num_concepts: int, branching: int = 2) -> nx.DiGraph:
    """A tree rooted at concept 0 in which concept k has the parent ⌊(k−1)/branching⌋."""
    if branching < 1:
        raise ValueError(f"a tree needs branching of at least 1; got {branching}")
    return _graph(num_concepts, [((k - 1) // branching, k) for k in range(1, num_concepts)])


def _graph(num_concepts: int, edges: list[tuple[int, int]]) -> nx.DiGraph:
    if num_concepts < 1:
        raise ValueError(f"a graph needs at least one concept; got {num_concepts}")
    graph = nx.DiGraph()
    graph.add_nodes_from(range(num_concepts))
    graph.add_edges_from(edges)
    return graph
