"""Is the order of summation a valid and a cheap one, and is what cannot fit refused?"""

import itertools
import math
import tracemalloc

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import latentgen as lg
from latentgen import contraction_path
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


SIZES = (2, 3, 2, 4, 2)


@st.composite
def networks(draw):
    """Scopes of up to six operands over five variables, and what shall be left."""
    scope = st.lists(st.integers(0, 4), min_size=1, max_size=3, unique=True).map(sorted).map(tuple)
    scopes = tuple(draw(st.lists(scope, min_size=1, max_size=6)))
    seen = sorted({variable for scope in scopes for variable in scope})
    return scopes, tuple(sorted(draw(st.lists(st.sampled_from(seen), unique=True, max_size=2))))


def paths(scopes, output):
    """Both paths between which a plan chooses, and the chosen one."""
    order = contraction_path._elimination_order(SIZES, scopes, output)
    for pairs in (
        contraction_path._opt_einsum_pairs(SIZES, scopes, output),
        contraction_path._elimination_pairs(SIZES, scopes, order),
    ):
        yield contraction_path._from_pairs(SIZES, scopes, output, pairs)
    yield plan(SIZES, scopes, output)


def test_there_is_an_operand_for_every_concept_whether_a_word_reads_it_or_not():
    graph = nx.DiGraph([(0, 1)])
    model = lg.ConceptModel.from_graph(graph, (2, 2), [[0.5, 0.5], COIN], [((1,), COIN)])
    assert lg.log_operands(model, [[0]]).path.scopes[:2] == ((0,), (1,))


@given(networks())
def test_a_path_uses_every_operand_once_and_sums_every_variable(case):
    scopes, output = case
    for path in paths(scopes, output):
        check_valid(path, scopes, output)


def check_valid(path, scopes, output):
    used = [number for step in path.steps for number in step.inputs]
    assert sorted(used) == list(range(len(scopes) + len(path.steps) - 1))
    assert path.steps[-1].scope == output
    made = dict(enumerate(path.every_scope))
    for number, step in enumerate(path.steps, len(scopes)):
        assert set(step.inputs) <= set(range(number))
        summed = {v for i in step.inputs for v in made[i]} - set(step.scope)
        elsewhere = {v for i, s in made.items() if i < number and i not in used for v in s}
        assert not summed & elsewhere


@given(networks())
def test_the_sizes_of_a_path_are_those_of_what_it_makes_and_the_cheaper_path_is_taken(case):
    def entries(scope):
        return math.prod(SIZES[variable] for variable in set(scope))

    *both, chosen = paths(*case)
    for path in both:
        products = [
            entries(itertools.chain(*[path.every_scope[number] for number in step.inputs]))
            for step in path.steps
        ]
        assert path.num_products == sum(products)
        assert path.num_largest == max(products)
        assert path.num_entries == sum(map(entries, path.every_scope))
    assert chosen == min(both, key=lambda path: (path.num_products, path.num_largest))


@given(networks())
def test_the_variable_summed_next_is_the_one_that_ties_the_fewest_others_together(case):
    scopes, output = case
    graph = nx.Graph()
    for scope in scopes:
        graph.add_nodes_from(scope)
        graph.add_edges_from(itertools.combinations(scope, 2))

    def cost(variable):
        near = list(graph[variable])
        possible = len(near) * (len(near) - 1) // 2
        tied = possible - graph.subgraph(near).number_of_edges()
        return tied, math.prod(SIZES[other] for other in near), variable

    found = contraction_path._elimination_order(SIZES, scopes, output)
    assert sorted(found) == sorted(set(graph) - set(output))
    for variable in found:
        assert variable == min(set(graph) - set(output), key=cost)
        near = list(graph[variable])
        graph.remove_node(variable)
        graph.add_edges_from(itertools.combinations(near, 2))


def test_small_products_come_first():
    scopes = ((0, 1, 2), (0, 3), (0, 4))  # all read variable 0: 12, 8 and 4 entries
    assert contraction_path._elimination_pairs(SIZES, scopes, [0]) == [(2, 1), (0, 3)]
    assert contraction_path._elimination_pairs(SIZES, ((0,),), [0]) == [(0,)]


def test_a_chain_is_summed_link_by_link_and_a_tree_branch_by_branch():
    chain = tuple((k, k + 1) for k in range(99))
    assert plan((3,) * 100, chain, ()).num_largest <= 27
    star = tuple((0, k) for k in range(1, 50))
    assert plan((2,) * 50, star, ()).num_largest <= 8
