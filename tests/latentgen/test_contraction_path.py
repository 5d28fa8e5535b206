"""Is the order of summation a valid and a cheap one, and is what cannot fit refused?"""

import tracemalloc

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import latentgen as lg
from latentgen.contraction_operands import network
from latentgen.contraction_path import plan

COIN = [[0.9, 0.1], [0.2, 0.8]]


def dense_world(num_concepts):
    """Every pair of concepts is read together by a word: nothing falls apart."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(num_concepts))
    pairs = [(i, j) for j in range(num_concepts) for i in range(j)]
    words = [(pair, np.full((2, 2, 2), 0.5)) for pair in pairs]
    tables = [[0.5, 0.5]] * num_concepts
    return lg.ConceptModel.from_graph(graph, (2,) * num_concepts, tables, words, ((0,), COIN))


@pytest.mark.parametrize(
    "function",
    [lg.contract_log_evidence, lg.contract_log_predictive, lg.contract_log_concept_posteriors],
)
def test_a_contraction_that_cannot_fit_names_size_and_remedy_before_it_starts(function):
    model = dense_world(28)
    context = np.zeros((2, len(model.words)), np.int64)
    tracemalloc.start()
    try:
        with pytest.raises(
            ValueError,
            match=r"would hold [\d.e+]+ GiB for one context.* limit is 1 GiB: give the world fewer",
        ) as caught:
            function(model, context)
        assert f"largest intermediate an array of {2**28} entries" in str(caught.value)
        assert tracemalloc.get_traced_memory()[1] < 2**26
    finally:
        tracemalloc.stop()
    few = lg.contract_log_evidence(model, context[:, :45])  # the first ten concepts: those fit
    np.testing.assert_allclose(few, 45 * np.log(0.5))


def test_what_no_word_reads_is_not_summed():
    graph = nx.DiGraph([(parent, 60) for parent in range(22)])
    graph.add_nodes_from(range(61))
    tables = [[0.5, 0.5]] * 60 + [np.full((2,) * 23, 0.5)]
    words = [((0,), COIN), ((60,), COIN)]
    model = lg.ConceptModel.from_graph(graph, (2,) * 61, tables, words, ((0,), COIN))
    path = network(model, 1).path
    assert path.num_largest == 2
    np.testing.assert_allclose(np.exp(lg.contract_log_evidence(model, [[0]])), 0.55)


@given(st.data())
def test_a_path_uses_every_operand_once_and_sums_every_variable(data):
    sizes = (2, 3, 2, 4, 2)
    scope = st.lists(st.integers(0, 4), min_size=1, max_size=3, unique=True).map(sorted).map(tuple)
    scopes = tuple(data.draw(st.lists(scope, min_size=1, max_size=6)))
    seen = sorted({variable for scope in scopes for variable in scope})
    output = tuple(sorted(data.draw(st.lists(st.sampled_from(seen), unique=True, max_size=2))))
    path = plan(sizes, scopes, output)
    used = [number for step in path.steps for number in step.inputs]
    assert sorted(used) == list(range(len(scopes) + len(path.steps) - 1))
    assert path.steps[-1].scope == output
    made = dict(enumerate(path.every_scope))
    for number, step in enumerate(path.steps, len(scopes)):
        assert set(step.inputs) <= set(range(number))
        summed = {v for i in step.inputs for v in made[i]} - set(step.scope)
        elsewhere = {v for i, s in made.items() if i < number and i not in used for v in s}
        assert not summed & elsewhere


def test_a_chain_is_summed_link_by_link_and_a_tree_branch_by_branch():
    chain = tuple((k, k + 1) for k in range(99))
    assert plan((3,) * 100, chain, ()).num_largest <= 27
    star = tuple((0, k) for k in range(1, 50))
    assert plan((2,) * 50, star, ()).num_largest <= 8
