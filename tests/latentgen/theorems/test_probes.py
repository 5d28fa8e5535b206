"""What is the product of a probe and the directions, and what can it never be?"""

import networkx as nx
import numpy as np
import pytest
from hypothesis import event, given, target
from hypothesis import strategies as st

import latentgen as lg
from latentgen.theorems.probes import corollary_probes

INDEPENDENT = np.array([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1], [0.1, 0.1, 0.8]])


def product_world(token, cardinalities=(2, 3)):
    """Independent concepts, one word a concept, and a token that reads all of them."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(cardinalities)))
    priors = [np.arange(1, n + 1) / (n * (n + 1) / 2) for n in cardinalities]
    words = [lg.Emission((k,), INDEPENDENT[:n]) for k, n in enumerate(cardinalities)]
    scope = tuple(range(len(cardinalities)))
    return lg.ConceptModel.from_graph(
        graph, cardinalities, priors, words, lg.Emission(scope, token)
    )


def all_contexts(model):
    return lg.enumerate_contexts(model).context


@st.composite
def cases(draw):
    model = draw(lg.strategies.models())
    return model, draw(lg.strategies.contexts(model, max_contexts=8))


@given(cases())
def test_the_product_never_comes_closer_to_the_identity_than_one(case):
    """Ã_k 1 = 0, so that (W Ã_k − I) 1 = −1 whatever W is."""
    found = corollary_probes(*case)
    distances = found.terms["distance_to_identity"]
    target(-distances.min())
    scale = 1 + np.abs(found.terms["probe"]).max(initial=0.0)
    assert (distances >= 1 - 1e-12 * scale).all()
    assert not any(np.isnan(array).any() for array in (found.residual, *found.terms.values()))
    event(f"met: {found.applies}")
    if found.applies:
        assert found.holds


@given(cases(), st.integers(0, 2**16))
def test_no_probe_at_all_reaches_the_identity(case, seed):
    model, context = case
    shape = (sum(model.space.cardinalities), model.num_tokens(context.shape[1]))
    probe = np.random.default_rng(seed).normal(size=shape)
    found = corollary_probes(model, context, probe=probe)
    assert (found.terms["distance_to_identity"] >= 1 - 1e-12).all()


@given(cases())
def test_the_directions_are_differences_of_what_tokens_say(case):
    model, context = case
    found = corollary_probes(model, context)
    by_token = (
        np.exp(lg.log_token_posterior(model, context.shape[1])) if reads_nothing(case) else None
    )
    if by_token is None or not found.defined.all():
        return
    start = 0
    for concept, number in enumerate(model.space.cardinalities):
        values = model.space.values(np.arange(model.space.num_configurations))[:, concept]
        for value in range(number):
            told = by_token[:, values == value].sum(1)
            kept = found.terms["direction"].any(1)
            expected = told - told[0]
            np.testing.assert_allclose(
                found.terms["direction"][kept, start + value], expected[kept], atol=1e-12
            )
        start += number


def reads_nothing(case):
    model, context = case
    return not model.token_factor(context.shape[1]).reads


def test_it_is_reached_where_concepts_are_independent_and_the_token_names_them():
    model = product_world(np.eye(6))
    found = corollary_probes(model, all_contexts(model))
    assert found.applies
    assert found.holds
    assert found.worst < 1e-12
    np.testing.assert_allclose(found.terms["distance_to_identity"], 1, atol=1e-12)
    np.testing.assert_allclose(found.quantity[:2, :2], [[0.5, -0.5], [-0.5, 0.5]], atol=1e-12)
    np.testing.assert_allclose(found.quantity[2:, :2], 0, atol=1e-12)


def test_another_gauge_of_the_probe_moves_only_the_ones():
    """W + 1aᵀ predicts the same; in the gauge 1ᵀW = 0 nothing changes."""
    model = product_world(np.eye(6))
    context = all_contexts(model)
    probe = corollary_probes(model, context).terms["probe"]
    shifted = probe + np.repeat([[0.3], [-2.0]], [2, 3], axis=0) * np.linspace(-1, 1, 6)
    found = corollary_probes(model, context, probe=shifted)
    assert found.applies
    assert found.worst < 1e-12


def test_the_normalised_product_is_not_implied():
    """A token in eleven synonyms: W Ã = I − 11ᵀ/n exactly, and yet the cosines are .4."""
    synonyms = 11
    token = np.zeros((4, 3 + synonyms))
    token[[0, 1, 2], [0, 1, 2]] = 1
    token[3, 3:] = 1 / synonyms
    model = product_world(token, (2, 2))
    found = corollary_probes(model, all_contexts(model))
    assert found.applies
    assert found.worst < 1e-10
    np.testing.assert_allclose(np.diag(found.terms["normalised"]), 0.4, atol=2e-3)
    np.testing.assert_allclose(found.quantity[:2, :2], [[0.5, -0.5], [-0.5, 0.5]], atol=1e-10)


def test_too_few_tokens_make_the_directions_dependent_and_the_cross_terms_stay():
    token = np.array([[1.0, 0.0], [0.3, 0.7], [0.3, 0.7], [0.0, 1.0]])
    model = product_world(token, (2, 2))
    found = corollary_probes(model, all_contexts(model))
    assert any(name.startswith("rank") for name in found.broken)
    assert np.abs(found.quantity[2:, :2]).max() > 0.05
    assert not found.holds


def test_dependence_between_concepts_breaks_it():
    """Marginal log-odds are not linear in the joint log-posterior."""
    graph = nx.DiGraph([(0, 1)])
    model = lg.ConceptModel.from_graph(
        graph,
        (2, 2),
        [[0.4, 0.6], [[0.9, 0.1], [0.2, 0.8]]],
        [lg.Emission((k,), INDEPENDENT[:2]) for k in (0, 1)],
        lg.Emission((0, 1), np.eye(4)),
    )
    found = corollary_probes(model, all_contexts(model))
    assert any(name.startswith("f = ") for name in found.broken)
    assert found.worst > 0.01


def test_noise_on_the_token_breaks_it():
    token = lg.through_channel(np.eye(6), lg.uniform_channel(6, 0.2))
    model = product_world(token)
    found = corollary_probes(model, all_contexts(model))
    assert any(name.startswith("f = ") for name in found.broken)
    assert found.worst > 0.01


def test_contexts_that_never_vary_in_a_concept_do_not_decide_its_probe():
    model = product_world(np.eye(6))
    found = corollary_probes(model, [[0, 1], [1, 1], [2, 1]])
    assert any(name.startswith("log p(c_k|x) varies") for name in found.broken)


def test_a_zero_leaves_out_its_contexts_and_is_named():
    words = [lg.Emission((0,), [[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]])]
    graph = nx.DiGraph()
    graph.add_node(0)
    model = lg.ConceptModel.from_graph(
        graph, (2,), [[0.5, 0.5]], words, lg.Emission((0,), np.eye(2))
    )
    found = corollary_probes(model, [[0], [1], [2]])
    assert [name.startswith("p(c_k|x), p(y|x) > 0") for name in found.broken] == [True]
    assert found.worst < 1e-12
    nothing = corollary_probes(model, [[2]])
    assert not nothing.defined.any()
    assert nothing.worst == 0


def test_one_token_one_context_two_and_4096_configurations():
    space = lg.ConceptSpace((2,) * 12)
    first = space.values(np.arange(4096))[:, 0]
    large = lg.ConceptModel.from_tables(
        space, np.full(4096, 1 / 4096), lg.flip_channel(0.3)[first], lg.flip_channel(0.1)[first]
    )
    silent = product_world(np.ones((4, 1)), (2, 2))
    for found in (corollary_probes(large, [[0], [1]]), corollary_probes(silent, [[0, 0]])):
        assert not found.applies
        assert np.isfinite(found.residual).all()


def test_posteriors_of_1e_290_are_read_too():
    words = [lg.Emission((0,), [[0.5, 0.5], [1e-290, 1.0]])]
    graph = nx.DiGraph()
    graph.add_node(0)
    model = lg.ConceptModel.from_graph(
        graph, (2,), [[0.5, 0.5]], words, lg.Emission((0,), np.eye(2))
    )
    found = corollary_probes(model, [[0], [1]])
    assert found.applies
    assert found.worst < 1e-10


@pytest.mark.parametrize("probe", [np.ones((5, 5)), np.full((5, 6), np.nan)])
def test_a_probe_that_is_none_is_refused(probe):
    model = product_world(np.eye(6))
    with pytest.raises(ValueError, match="probe must be finite and have shape"):
        corollary_probes(model, [[0, 0]], probe=probe)


def test_relabelling_values_relabels_the_product():
    model = product_world(np.eye(6))
    found = corollary_probes(model, all_contexts(model))
    order = [2, 0, 1]
    flat = np.arange(6).reshape(2, 3)[:, order].reshape(-1)
    again = lg.ConceptModel.from_tables(
        model.space,
        np.exp(lg.log_prior(model))[flat],
        np.stack([INDEPENDENT[np.repeat([0, 1], 3)], np.tile(INDEPENDENT[order], (2, 1))]),
        np.eye(6)[flat],
    )
    other = corollary_probes(again, all_contexts(again))
    values = [0, 1, *(2 + np.array(order))]
    np.testing.assert_allclose(other.quantity, found.quantity[values][:, values], atol=1e-12)
