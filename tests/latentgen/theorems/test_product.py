"""Is f a sum over concepts where the world factorises, and how far off is it elsewhere?"""

import networkx as nx
import numpy as np
import pytest
from hypothesis import event, given, target
from hypothesis import strategies as st

import latentgen as lg
from latentgen.theorems.product import product_law
from tests import oracles

BELIEF, TOKEN = "p(c|x) = ∏", "p(y|c) = ∏"


@st.composite
def cases(draw, **choices):
    model = draw(lg.strategies.models(**choices))
    return model, draw(lg.strategies.contexts(model))


@given(cases())
def test_what_is_left_over_stays_within_its_bound_and_vanishes_where_the_world_factorises(case):
    found = product_law(*case)
    target(float(np.abs(found.residual[np.isfinite(found.residual)]).max(initial=0.0)))
    event(f"met: {found.applies}")
    assert found.holds
    if found.applies:
        assert found.worst < 1e-9
    parts = (found.residual, found.low, found.high, *found.terms.values())
    assert not any(np.isnan(array).any() for array in parts)


@st.composite
def product_worlds(draw):
    """Concepts without edges, a word for one of them each, a token that is a tuple of readings."""
    sizes = draw(st.sampled_from([(2,), (2, 2), (2, 3), (3, 2, 2)]))
    shape = tuple(draw(st.sampled_from([1, 2, 3])) for _ in sizes)
    priors = [draw(lg.strategies.tables((n,))) for n in sizes]
    scopes = draw(st.lists(st.sampled_from(range(len(sizes))), min_size=1, max_size=3))
    words = [lg.Emission((k,), draw(lg.strategies.tables((sizes[k], 2)))) for k in scopes]
    tables = [draw(lg.strategies.tables((n, r))) for n, r in zip(sizes, shape, strict=True)]
    token = np.ones((1, 1))
    for table in tables:
        token = np.einsum("cy,vz->cvyz", token, table).reshape(len(token) * len(table), -1)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(sizes)))
    emission = lg.Emission(tuple(range(len(sizes))), token)
    model = lg.ConceptModel.from_graph(graph, sizes, priors, words, emission)
    return model, tables, shape, draw(lg.strategies.contexts(model))


@given(product_worlds())
def test_it_is_exact_where_the_world_is_built_so(case):
    model, tables, shape, context = case
    found = product_law(model, context, token_shape=shape)
    assert found.applies
    assert found.worst < 1e-10
    by_hand = np.zeros(found.claimed.shape)
    with np.errstate(divide="ignore"):
        for concept, index in enumerate(np.unravel_index(np.arange(by_hand.shape[1]), shape)):
            belief = np.exp(lg.log_concept_posterior(model, context, concept))
            by_hand = by_hand + np.log(belief @ tables[concept])[:, index]
    np.testing.assert_allclose(found.claimed, by_hand, atol=1e-10)


@given(product_worlds())
def test_the_shape_is_found_on_the_table(case):
    model, _, _, context = case
    assert product_law(model, context).terms["token_shape"].prod() == model.num_tokens()


def paired(prior=None, flips=(0.05, 0.3), idle=False):
    """Two binary concepts with two words each; y = both of them, each flipped."""
    joint = np.outer([0.3, 0.7], [0.6, 0.4]) if prior is None else np.asarray(prior)
    rows = joint / joint.sum(1, keepdims=True)
    graph = lg.chain_dag(2)
    words = [lg.Emission((k,), lg.flip_channel(0.2)) for k in (0, 0, 1, 1)]
    words += [lg.Emission((), [0.5, 0.5])] if idle else []
    token = np.kron(lg.flip_channel(flips[0]), lg.flip_channel(flips[1]))
    return lg.ConceptModel.from_graph(
        graph, (2, 2), [joint.sum(1), rows], words, lg.Emission((0, 1), token)
    )


def test_changes_of_one_concept_are_parallel_at_any_sharpness():
    """f moves along one line when only p(c_0|x) changes, though no token tells c_0 for certain."""
    model = paired()
    context = np.array([[a, b, 0, 1] for a in (0, 1) for b in (0, 1)])
    logits = lg.log_predictive(model, context)
    logits = logits - logits.mean(1, keepdims=True)
    steps = logits[1:] - logits[0]
    steps = steps[np.abs(steps).max(1) > 1e-9]
    assert len(steps) >= 2
    assert np.linalg.matrix_rank(steps, tol=1e-12) == 1
    assert product_law(model, context).applies


def test_dependence_between_concepts_bends_them():
    model = paired(prior=[[0.5, 0.05], [0.05, 0.4]])
    context = np.array([[a, b, 0, 1] for a in (0, 1) for b in (0, 1)])
    logits = lg.log_predictive(model, context)
    steps = (logits - logits.mean(1, keepdims=True))[1:] - (logits - logits.mean(1, keepdims=True))[
        0
    ]
    assert np.linalg.matrix_rank(steps, tol=1e-6) > 1
    found = product_law(model, context)
    assert [name.startswith(BELIEF) for name in found.broken] == [True]
    assert found.worst > 0.05
    assert (found.terms["total_correlation"] > 0.01).all()


def test_a_token_that_is_no_tuple_of_readings_is_named():
    table = lg.through_channel(np.eye(4), lg.uniform_channel(4, 0.3))
    model = lg.ConceptModel.from_tables(
        lg.ConceptSpace((2, 2)), np.full(4, 0.25), np.full((4, 2), 0.5), table
    )
    found = product_law(model, [[0]])
    assert [name.startswith(TOKEN) for name in found.broken] == [True]


def test_only_the_concepts_that_the_token_reads_need_be_independent():
    """y reads c_0 alone: the law is exact however c_0 and c_1 depend on each other."""
    prior = [0.5, 0.0, 0.1, 0.4]
    words = [[0.6, 0.4], [0.3, 0.7], [0.2, 0.8], [0.9, 0.1]]
    token = np.repeat(lg.flip_channel(0.2), 2, 0)
    model = lg.ConceptModel.from_tables(lg.ConceptSpace((2, 2)), prior, words, token)
    found = product_law(model, [[0], [1]])
    assert found.terms["token_shape"].tolist() == [2, 1]
    assert found.applies
    assert found.worst < 1e-12


def test_the_bound_is_reached_by_a_token_that_fixes_the_configuration():
    """With y = c the only term is the token's own configuration: both bounds are the residual."""
    joint = np.array([[0.5, 0.05], [0.05, 0.4]])
    model = paired(prior=joint, flips=(0.0, 0.0))
    found = product_law(model, [[0, 0, 0, 0], [1, 0, 0, 1]])
    np.testing.assert_allclose(found.low, found.high, atol=1e-12)
    np.testing.assert_allclose(found.residual, found.high, atol=1e-12)
    assert found.worst > 0.1


def test_a_leak_has_its_tables_for_each_context():
    graph = nx.DiGraph()
    graph.add_nodes_from([0, 1])
    reads = np.stack(
        [np.kron(lg.flip_channel(a), lg.flip_channel(b)) for a, b in ((0.1, 0.2), (0.3, 0.05))], 1
    )
    model = lg.ConceptModel.from_graph(
        graph,
        (2, 2),
        [[0.4, 0.6], [0.7, 0.3]],
        [lg.Emission((0,), lg.flip_channel(0.1)), lg.Emission((0, 1), reads, reads=(0,))],
    )
    found = product_law(model, [[0], [1]])
    assert found.applies
    assert found.worst < 1e-12


@pytest.mark.parametrize(
    ("shape", "said"),
    [((2,), "each of the 2 concepts"), ((2, 3), "multiply to the 4"), ((4, 0), "at least 1")],
)
def test_a_shape_that_does_not_fit_is_refused(shape, said):
    with pytest.raises(ValueError, match=said):
        product_law(paired(), [[0, 0, 0, 0]], token_shape=shape)


def test_two_and_4096_configurations_one_token_and_1e_290():
    space = lg.ConceptSpace((2,) * 12)
    first = space.values(np.arange(4096))[:, 0]
    large = lg.ConceptModel.from_tables(
        space, np.full(4096, 1 / 4096), lg.flip_channel(0.3)[first], lg.flip_channel(0.1)[first]
    )
    found = product_law(large, [[0], [1]])
    assert found.terms["token_shape"].tolist() == [2] + [1] * 11
    assert found.applies
    assert found.worst < 1e-12
    silent = lg.ConceptModel.from_tables(
        lg.ConceptSpace((2,)), [0.5, 0.5], lg.flip_channel(0.1), np.ones((2, 1))
    )
    assert product_law(silent, [[0]]).worst < 1e-15
    tiny = lg.ConceptModel.from_tables(
        lg.ConceptSpace((2, 2)), [1e-290, 0.5, 0.25, 0.25], np.full((4, 2), 0.5), np.eye(4)
    )
    found = product_law(tiny, [[0]])
    assert found.holds
    assert found.worst > 500


def test_zeros_that_only_one_side_has_give_an_infinite_residual_and_no_nan():
    model = paired(prior=[[0.5, 0.0], [0.0, 0.5]], flips=(0.0, 0.0))
    found = product_law(model, [[0, 0, 0, 0]])
    assert found.residual.min() == -np.inf
    assert found.holds
    assert not np.isnan(found.residual).any()


def test_an_idle_word_and_merged_synonyms_change_nothing():
    model = paired(prior=[[0.5, 0.05], [0.05, 0.4]])
    found = product_law(model, [[0, 1, 1, 1]])
    longer = product_law(paired(prior=[[0.5, 0.05], [0.05, 0.4]], idle=True), [[0, 1, 1, 1, 0]])
    np.testing.assert_allclose(longer.residual, found.residual, atol=1e-12)


@given(lg.strategies.integer_worlds(interacting=False), st.data())
def test_the_total_correlation_is_that_of_plain_sums(world, data):
    context = data.draw(lg.strategies.contexts(world.model()))
    found = product_law(world.model(), context)
    read = [k for k, size in enumerate(found.terms["token_shape"]) if size > 1]
    for row, words in enumerate(context.tolist()):
        belief = dict(
            zip(oracles.configurations(world), oracles.posterior(world, words), strict=True)
        )
        joint, marginals = {}, [{} for _ in read]
        for c, p in belief.items():
            values = tuple(c[k] for k in read)
            joint[values] = joint.get(values, 0) + p
            for place, value in enumerate(values):
                marginals[place][value] = marginals[place].get(value, 0) + p
        total = 0.0
        for values, p in joint.items():
            if p:
                product = 1
                for place, value in enumerate(values):
                    product *= marginals[place][value]
                total += float(p) * (oracles.log(p) - oracles.log(product))
        assert found.terms["total_correlation"][row] == pytest.approx(total, abs=1e-10)
