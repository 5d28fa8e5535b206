"""Do the strategies make what they promise: small worlds, zeros, ties, possible contexts?"""

import networkx as nx
import numpy as np
import pytest
from hypothesis import find, given
from hypothesis import strategies as st

import latentgen as lg
from tests import oracles


@given(lg.strategies.weights((3, 2)), lg.strategies.tables((3, 2)))
def test_weights_are_small_integers_and_no_row_is_zero(weights, table):
    assert weights.dtype.kind == "i"
    assert (weights.sum(-1) > 0).all()
    assert weights.min() >= 0
    assert weights.max() <= 4
    np.testing.assert_allclose(table.sum(-1), 1)


@given(lg.strategies.graphs(), lg.strategies.graphs(3))
def test_graphs_are_acyclic_over_all_concepts(graph, of_three):
    assert nx.is_directed_acyclic_graph(graph)
    assert sorted(graph.nodes) == list(range(len(graph)))
    assert len(of_three) == 3


@given(lg.strategies.integer_worlds())
def test_a_world_has_the_tables_it_was_drawn_with(world):
    model = world.model()
    expected = [float(p) for p in oracles.prior(world)]
    np.testing.assert_allclose(np.exp(lg.log_prior(model)), expected, rtol=1e-12)
    assert model.positions_alike == world.positions_alike
    assert (model.token is None) == (world.token is None)


@given(st.data(), lg.strategies.models())
def test_contexts_are_possible_and_have_a_token_after_them(data, model):
    context = data.draw(lg.strategies.contexts(model))
    assert 1 <= len(context) <= 3
    assert np.isfinite(lg.log_evidence(model, context)).all()
    assert lg.log_predictive(model, context).shape[0] == len(context)


@pytest.mark.parametrize("choice", ["saturated", "alike", "token"])
@given(data=st.data(), value=st.booleans())
def test_choices_are_kept(choice, data, value):
    world = data.draw(lg.strategies.integer_worlds(**{choice: value}))
    found = {
        "saturated": world.parents is None,
        "alike": world.positions_alike,
        "token": world.token is not None,
    }
    assert found[choice] == value


@pytest.mark.parametrize(
    "property_",
    [
        lambda world: any(table.reads for table in world.words),
        lambda world: world.parents is not None and len(world.parents) == 3,
        lambda world: world.parents is None and world.positions_alike and world.token is None,
        lambda world: world.token is not None and (world.token.weights == 0).any(),
        lambda world: world.token is not None and 0 in oracles.predictive(world, ()),
        lambda world: world.parents is not None and (1,) in world.parents[:1],
        lambda world: any(table.scope == (1, 0) for table in world.words),
    ],
)
def test_every_kind_of_world_is_found(property_):
    find(lg.strategies.integer_worlds(), property_)
