"""Is steering defined, finite and named at the edges: one token, 4096 configurations, 1e-290?"""

import numpy as np

import latentgen as lg
from latentgen.contraction_sums import log_sum
from latentgen.theorems.steering import log_marginal, steering


def test_one_token_one_context_and_two_configurations():
    model = lg.ConceptModel.from_tables(
        lg.ConceptSpace((2,)), [0.5, 0.5], lg.flip_channel(0.1), np.ones((2, 1))
    )
    found = steering(model, [[0]])
    assert found.applies
    assert found.holds
    assert found.worst == 0


def test_4096_configurations_and_posteriors_of_1e_290():
    space = lg.ConceptSpace((2,) * 12)
    prior = np.full(4096, 1 / 4096)
    words = np.stack([1 - np.linspace(0.1, 0.9, 4096), np.linspace(0.1, 0.9, 4096)], 1)
    token = np.stack([1 - np.linspace(0, 1, 4096), np.linspace(0, 1, 4096)], 1)
    found = steering(
        lg.ConceptModel.from_tables(space, prior, words, token), [[1, 0, 1]], concept=11
    )
    assert found.holds
    tiny = lg.ConceptModel.from_tables(
        lg.ConceptSpace((2,)), [1e-290, 1.0], np.full((2, 2), 0.5), [[1.0, 0.0], [1e-300, 1.0]]
    )
    found = steering(tiny, [[0]], shift=[600.0, 0.0])
    assert found.holds
    assert not found.applies
    assert np.isfinite(found.residual).all()


def test_a_token_that_only_contexts_of_no_weight_allow_is_left_out():
    model = lg.ConceptModel.from_graph(
        lg.chain_dag(1),
        (2,),
        [[0.5, 0.5]],
        [lg.Emission((), [0.5, 0.5]), lg.Emission((), np.eye(2), reads=(0,))],
    )
    found = steering(model, [[0], [1]], log_weight=[0.0, -np.inf])
    np.testing.assert_array_equal(found.defined, [[True, False], [False, False]])
    assert not np.isnan(found.residual).any()


def test_a_sum_of_impossible_terms_is_impossible():
    assert np.isneginf(log_sum(np.full((2, 3), -np.inf), -1)).all()
    whole = np.log([[0.1, 0.2, 0.3, 0.4]])
    space = lg.ConceptSpace((2, 2))
    for concept, expected in ((0, [0.3, 0.7]), (1, [0.4, 0.6])):
        np.testing.assert_allclose(np.exp(log_marginal(whole, space, concept)), [expected])


def test_a_shift_without_limit_reaches_the_largest_value_that_the_context_allows():
    token = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]])
    words = [[0.5, 0.5], [0.5, 0.5], [1.0, 0.0]]  # the second word forbids the last value
    model = lg.ConceptModel.from_tables(lg.ConceptSpace((3,)), np.full(3, 1 / 3), words, token)
    found = steering(model, [[0], [1]], shift=[0.0, 1.0, 2.0])
    np.testing.assert_allclose(np.exp(found.terms["log_tilt_limit"]), token[[2, 1]], rtol=1e-12)
