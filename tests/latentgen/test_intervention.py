"""Does setting a concept agree with mutilating the graph by hand?"""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import latentgen as lg
from tests import oracles

FACTORED = lg.strategies.integer_worlds(saturated=False)


@given(FACTORED, st.data())
def test_the_prior_loses_the_factors_of_what_is_set(world, data):
    concepts = st.sets(st.integers(0, len(world.cardinalities) - 1), max_size=2)
    values = {
        concept: data.draw(st.integers(0, world.cardinalities[concept] - 1))
        for concept in sorted(data.draw(concepts))
    }
    found = np.exp(lg.log_prior(lg.intervene(world.model(), values)))
    expected = [float(p) for p in oracles.prior_after(world, values)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@given(FACTORED, st.data())
def test_setting_a_concept_is_building_the_world_without_its_parents(world, data):
    concept = data.draw(st.integers(0, len(world.cardinalities) - 1))
    value = data.draw(st.integers(0, world.cardinalities[concept] - 1))
    parents, tables = list(world.parents), list(world.concept_weights)
    parents[concept], tables[concept] = (), np.eye(world.cardinalities[concept])[value]
    by_hand = world._replace(parents=tuple(parents), concept_weights=tuple(tables)).model()
    model = world.model()
    assert lg.intervene(model, {concept: value}) == by_hand
    assert lg.intervene(model, {}) == model
    assert set(by_hand.graph.edges) <= set(model.graph.edges)


def test_setting_differs_from_seeing_where_there_is_a_common_cause():
    # Rain makes the sprinkler rare: seen on, it speaks against rain; set on, it says nothing.
    model = lg.worlds.named("sprinkler")
    seen = np.exp(lg.log_prior(model)).reshape(2, 2, 2)[:, 1].sum(-1)
    after = lg.log_concept_prior(lg.intervene(model, {1: 1}), 0)
    np.testing.assert_allclose(np.exp(after), [0.8, 0.2], rtol=1e-12)
    assert seen[1] / seen.sum() < 0.01


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({3: 0}, "there is no concept 3"),
        ({0: 2}, "concept 0 has the values 0 … 1; it cannot be set to 2"),
        ({0: -1}, "cannot be set to -1"),
    ],
)
def test_what_cannot_be_set_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        lg.intervene(lg.worlds.named("sprinkler"), values)


def test_a_joint_table_has_no_upstream():
    model = lg.ConceptModel.from_tables(
        lg.ConceptSpace((2, 2)), np.full(4, 0.25), np.full((4, 2), 0.5)
    )
    with pytest.raises(ValueError, match=r"one joint table: build .* ConceptModel\.from_graph"):
        lg.intervene(model, {0: 0})


def test_a_value_that_is_no_whole_number_is_refused():
    unchecked = inspect.unwrap(lg.intervene)  # the tests' own check of types comes first
    with pytest.raises(ValueError, match=r"value of concept 0 must be a whole number; got 1\.0"):
        unchecked(lg.worlds.named("sprinkler"), {0: 1.0})
