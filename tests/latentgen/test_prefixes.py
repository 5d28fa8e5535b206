"""Are answers at every prefix those of the prefixes, and are bad questions refused?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import latentgen as lg
from tests import oracles


@given(lg.strategies.integer_worlds(alike=True), st.data())
def test_the_predictive_at_every_prefix_is_the_oracles(world, data):
    model = world.model()
    context = data.draw(lg.strategies.contexts(model))
    expected = [
        [oracles.predictive(world, tuple(row[:end])) for end in range(len(row) + 1)]
        for row in context.tolist()
    ]
    found = lg.log_predictive_prefixes(model, context)
    np.testing.assert_allclose(found, np.array(oracles.logs(expected)), rtol=1e-12, atol=1e-12)


@given(lg.strategies.integer_worlds(), st.data())
def test_the_concept_posterior_at_every_prefix_is_the_oracles(world, data):
    model = world.model()
    context = data.draw(lg.strategies.contexts(model))
    concept = len(world.cardinalities) - 1
    expected = [
        [oracles.concept_posterior(world, tuple(row[:end]), concept) for end in range(len(row) + 1)]
        for row in context.tolist()
    ]
    found = lg.log_concept_posterior_prefixes(model, context, concept)
    np.testing.assert_allclose(found, np.array(oracles.logs(expected)), rtol=1e-12, atol=1e-12)


def test_vocabularies_of_different_sizes_do_not_fit_one_array():
    words = [((0,), np.full((2, 3), 1 / 3)), ((0,), np.full((2, 2), 0.5))]
    model = lg.ConceptModel.from_graph(lg.chain_dag(1), (2,), [[0.5, 0.5]], words)
    with pytest.raises(ValueError, match=r"sizes \[2, 3\].* call log_predictive prefix by prefix"):
        lg.log_predictive_prefixes(model, [[0]])


def test_the_last_prefix_needs_a_word_after_it():
    words = [((0,), np.full((2, 2), 0.5))] * 2
    model = lg.ConceptModel.from_graph(lg.chain_dag(1), (2,), [[0.5, 0.5]], words)
    assert lg.log_predictive_prefixes(model, [[0]]).shape == (1, 2, 2)
    with pytest.raises(ValueError, match="a context of 2 has no next word; use a shorter context"):
        lg.log_predictive_prefixes(model, [[0, 0]])


def test_answers_at_prefixes_over_one_gibibyte_are_refused():
    model = lg.worlds.named("echo")
    with pytest.raises(ValueError, match="at most 1 GiB: use fewer or shorter contexts"):
        lg.log_predictive_prefixes(model, np.zeros((2**23, 6), np.int8))


def test_prefixes_know_the_impossible_row_of_the_whole_context():
    model = lg.ConceptModel.from_tables(lg.ConceptSpace((2,)), [1, 0], np.eye(2), np.eye(2))
    with pytest.raises(ValueError, match=r"row 3 of the context, \[0, 1\]"):
        lg.log_predictive_prefixes(model, [[0, 0], [0, 0], [0, 0], [0, 1]])
