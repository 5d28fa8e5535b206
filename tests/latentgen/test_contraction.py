"""Does summing along a path give what visiting every configuration gives, and more worlds?"""

import jax
import jax.numpy as jnp
import networkx as nx
import numpy as np
import pyagrum
import pytest
from hypothesis import given
from hypothesis import strategies as st

import latentgen as lg
from latentgen import kernels
from tests import oracles

CLOSE = {"rtol": 1e-11, "atol": 1e-11}
COIN = [[0.9, 0.1], [0.2, 0.8]]


def assert_same_answers(model, context):
    np.testing.assert_allclose(
        lg.contract_log_evidence(model, context), lg.log_evidence(model, context), **CLOSE
    )
    np.testing.assert_allclose(
        lg.contract_log_predictive(model, context), lg.log_predictive(model, context), **CLOSE
    )
    found = lg.contract_log_concept_posteriors(model, context)
    assert len(found) == model.space.num_concepts
    for concept, log_posterior in enumerate(found):
        expected = lg.log_concept_posterior(model, context, concept)
        np.testing.assert_allclose(log_posterior, expected, **CLOSE)


@given(lg.strategies.models(), st.data())
def test_contraction_is_enumeration_in_every_world(model, data):
    assert_same_answers(model, data.draw(lg.strategies.contexts(model)))


@given(lg.strategies.integer_worlds(interacting=True, saturated=False, alike=False), st.data())
def test_contraction_is_the_sum_of_exact_fractions(world, data):
    model = world.model()
    (context,) = data.draw(lg.strategies.contexts(model, max_contexts=1))
    context = tuple(map(int, context))
    (log_evidence,) = lg.contract_log_evidence(model, [context])
    assert abs(log_evidence - oracles.log(oracles.evidence(world, context))) < 1e-12
    (log_predictive,) = lg.contract_log_predictive(model, [context])
    expected = oracles.logs(oracles.predictive(world, context))
    np.testing.assert_allclose(log_predictive, expected, **CLOSE)
    for concept, found in enumerate(lg.contract_log_concept_posteriors(model, [context])):
        expected = oracles.logs(oracles.concept_posterior(world, context, concept))
        np.testing.assert_allclose(found[0], expected, **CLOSE)


def sparse_world(num_concepts, seed, reach, num_words=3):
    """At most two parents, among the last `reach` concepts; word i reads concept i."""
    generator = np.random.default_rng(seed)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(num_concepts))
    for child in range(1, num_concepts):
        near = np.arange(max(0, child - reach), child)
        parents = generator.choice(near, min(2, len(near)), replace=False)
        graph.add_edges_from((int(parent), child) for parent in parents)
    tables = [generator.dirichlet([1, 1], (2,) * graph.in_degree(k)) for k in range(num_concepts)]
    words = [((k,), generator.dirichlet([1] * num_words, 2)) for k in range(num_concepts)]
    token = ((0, num_concepts - 1), generator.dirichlet([1] * 3, (2, 2)))
    return lg.ConceptModel.from_graph(graph, (2,) * num_concepts, tables, words, token)


def some_contexts(model, num_contexts, seed=0):
    sizes = [factor.num_outcomes for factor in model.words]
    return np.random.default_rng(seed).integers(0, sizes, (num_contexts, len(sizes)))


def agrum_net(model):
    """The world as pyAgrum's Bayes net, with the nodes c0 …, x0 … and y."""
    net = pyagrum.BayesNet()
    tables = {f"c{f.scope[-1]}": ([f"c{k}" for k in f.scope[:-1]], f) for f in model.prior}
    for name, factor in [*[(f"x{i}", f) for i, f in enumerate(model.words)], ("y", model.token)]:
        tables[name] = ([f"c{k}" for k in factor.scope], factor)
    for name, (_, factor) in tables.items():
        net.add(pyagrum.RangeVariable(name, "", 0, factor.num_outcomes - 1))
    for name, (parents, factor) in tables.items():
        for parent in parents:
            net.addArc(parent, name)
        for index in np.ndindex(factor.log_table.shape[:-1]):
            row = dict(zip(parents, map(int, index), strict=True))
            values = np.exp(factor.log_table[index]).tolist()
            if row:
                net.cpt(name)[row] = values
            else:
                net.cpt(name).fillWith(values)
    return net


@given(lg.strategies.models(), st.data())
def test_joint_posteriors_of_some_concepts_are_sums_of_the_enumerated_one(model, data):
    context = data.draw(lg.strategies.contexts(model))
    every = range(model.space.num_concepts)
    concepts = data.draw(st.lists(st.sampled_from(every), unique=True))
    joint = np.exp(lg.log_posterior(model, context)).reshape(-1, *model.space.cardinalities)
    rest = [concept for concept in every if concept not in concepts]
    axes = [0, *[1 + concept for concept in [*concepts, *rest]]]
    size = np.prod([model.space.cardinalities[concept] for concept in concepts], dtype=int)
    expected = joint.transpose(axes).reshape(len(context), size, -1).sum(-1)
    found = np.exp(lg.contract_log_posterior(model, context, concepts))
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13)


def test_joint_posteriors_ask_for_each_concept_once():
    model = sparse_world(4, seed=0, reach=2)
    with pytest.raises(ValueError, match=r"each concept once; got \[1, 1\]"):
        lg.contract_log_posterior(model, [[0]], [1, 1])
    with pytest.raises(ValueError, match="no concept 4"):
        lg.contract_log_posterior(model, [[0]], [4])


def test_pyagrum_finds_the_same_in_a_world_of_forty_concepts():
    model = sparse_world(40, seed=1, reach=6)
    context = some_contexts(model, 3)
    posteriors = lg.contract_log_concept_posteriors(model, context)
    predictive = lg.contract_log_predictive(model, context)
    inference = pyagrum.LazyPropagation(agrum_net(model))
    log_evidence = lg.contract_log_evidence(model, context)
    for row, words in enumerate(context):
        inference.setEvidence({f"x{i}": int(word) for i, word in enumerate(words)})
        inference.makeInference()
        for concept in range(40):
            expected = inference.posterior(f"c{concept}").toarray()
            np.testing.assert_allclose(np.exp(posteriors[concept][row]), expected, atol=1e-12)
        expected = inference.posterior("y").toarray()
        np.testing.assert_allclose(np.exp(predictive[row]), expected, atol=1e-12)
        assert abs(np.log(inference.evidenceProbability()) - log_evidence[row]) < 1e-10


@pytest.mark.parametrize("seed", range(3))
def test_sixty_concepts_with_any_two_parents_fit_and_agree_with_themselves(seed):
    model = sparse_world(60, seed, reach=60)
    context = some_contexts(model, 5)
    log_evidence = lg.contract_log_evidence(model, context)
    posteriors = lg.contract_log_concept_posteriors(model, context)
    assert all(np.isfinite(p).all() and p.shape == (5, 2) for p in posteriors)
    # p(x_0 | the rest) by two routes: a belief times a table, and a ratio of evidences
    rest = lg.ConceptModel(model.space, model.prior, model.words[1:], False, model.token)
    belief = np.exp(lg.contract_log_concept_posteriors(rest, context[:, 1:])[0])
    predicted = belief @ np.exp(model.words[0].log_table)
    ratio = np.exp(log_evidence - lg.contract_log_evidence(rest, context[:, 1:]))
    np.testing.assert_allclose(predicted[np.arange(5), context[:, 0]], ratio, rtol=1e-10)


def test_blocks_of_contexts_are_put_together_in_order(monkeypatch):
    model = sparse_world(8, seed=4, reach=3)
    context = some_contexts(model, 11)
    monkeypatch.setattr("latentgen.contraction.FEWEST_ROWS", 3)
    monkeypatch.setattr("latentgen.contraction.BLOCK_ENTRIES", 1)
    assert_same_answers(model, context)
    monkeypatch.setattr("latentgen.contraction.MAX_BLOCK_ENTRIES", 1)
    assert_same_answers(model, context)


def test_one_word_no_words_and_no_contexts_are_legal():
    model = sparse_world(9, seed=2, reach=3)
    assert_same_answers(model, some_contexts(model, 1)[:, :1])
    assert_same_answers(model, np.zeros((4, 0), np.int64))
    nothing = np.zeros((0, 9), np.int64)
    assert lg.contract_log_evidence(model, nothing).shape == (0,)
    assert lg.contract_log_predictive(model, nothing).shape == (0, 3)
    assert [p.shape for p in lg.contract_log_concept_posteriors(model, nothing)] == [(0, 2)] * 9


def test_words_and_tokens_that_read_no_concept_are_legal():
    words = [((), [0.25, 0.75]), ((1,), COIN)]
    graph = nx.DiGraph([(0, 1)])
    tables = [[0.5, 0.5], COIN]
    model = lg.ConceptModel.from_graph(graph, (2, 2), tables, words, ((), [0.5, 0.5]))
    assert_same_answers(model, [[0, 0], [1, 1]])
    assert_same_answers(model, np.zeros((2, 0), np.int64))


def test_words_that_read_earlier_words_are_read():
    model = lg.worlds.named("echo")
    context = lg.enumerate_contexts(model, 4).context
    assert_same_answers(model, context)
    next_word = lg.ConceptModel(model.space, model.prior, model.words, False, None)
    assert_same_answers(next_word, context)


def test_repeated_words_at_alike_positions_add_up_far_below_the_smallest_float():
    model = lg.ConceptModel.from_graph(
        nx.DiGraph([(0, 1)]), (2, 2), [[0.5, 0.5], COIN], ((0,), COIN), ((1,), COIN)
    )
    context = np.zeros((2, 3000), np.int64)
    context[1, ::2] = 1
    assert_same_answers(model, context)
    (first, _) = lg.contract_log_concept_posteriors(model, context)
    assert abs(first[0, 1] - 3000 * np.log(0.2 / 0.9)) < 1e-6  # 1e-1960


@pytest.mark.parametrize("exponent", [-10, -150, -290, -305])
def test_tiny_posteriors_survive_between_likely_ones(exponent):
    tiny = 10.0**exponent
    graph = nx.path_graph(4, create_using=nx.DiGraph)
    tables = [[1 - tiny, tiny], COIN, [[1.0, 0.0], [0.5, 0.5]], COIN]
    words = [((k,), COIN) for k in range(4)] + [
        ((0, 2), [[1, 0], [1 - tiny, tiny], [0, 1], [0.5, 0.5]])
    ]
    model = lg.ConceptModel.from_graph(graph, (2,) * 4, tables, words, ((0,), COIN))
    context = np.array([[0, 0, 0, 0, 0], [0, 1, 1, 0, 1]])
    assert_same_answers(model, context)
    (rare, *_) = lg.contract_log_concept_posteriors(model, context)
    assert np.isfinite(rare).all()


def test_messages_that_contradict_each_other_below_underflow_are_still_combined():
    # Two halves of a chain insist on opposite values, each with odds of 1e-200.
    odds = 1e-200
    sure = [[1 - odds, odds], [odds, 1 - odds]]
    graph = nx.path_graph(5, create_using=nx.DiGraph)
    words = [((k,), sure) for k in range(5)]
    model = lg.ConceptModel.from_graph(graph, (2,) * 5, [[0.5, 0.5], *[sure] * 4], words, None)
    context = [[0, 0, 1, 1], [0, 1, 0, 1]]
    assert_same_answers(model, context)


def test_zeros_are_minus_infinity_and_never_nan():
    tables = [[0.5, 0.5], np.eye(2), [[1.0, 0.0], [0.5, 0.5]]]
    graph = nx.path_graph(3, create_using=nx.DiGraph)
    words = [((k,), [[1.0, 0.0], [0.5, 0.5]]) for k in range(3)]
    model = lg.ConceptModel.from_graph(graph, (2,) * 3, tables, words, ((0,), np.eye(2)))
    context = np.array([[0, 0, 0], [0, 1, 0], [1, 1, 1]])
    assert_same_answers(model, context)
    first = lg.contract_log_concept_posteriors(model, context)[0]
    np.testing.assert_array_equal(first[1:], [[-np.inf, 0.0]] * 2)


def test_an_impossible_context_is_named():
    model = lg.ConceptModel.from_graph(
        nx.DiGraph([(0, 1)]), (2, 2), [[0.5, 0.5], np.eye(2)], [((k,), np.eye(2)) for k in (0, 1)],
        ((0,), COIN),
    )  # fmt: skip
    context = [[0, 0], [1, 1], [0, 1], [1, 0]]
    message = r"row 2 of the context, \[0, 1\], has probability zero in this world \(2 such rows\)"
    for function in (
        lg.contract_log_evidence,
        lg.contract_log_predictive,
        lg.contract_log_concept_posteriors,
    ):
        with pytest.raises(ValueError, match=message):
            function(model, context)


def test_bad_contexts_are_refused_as_everywhere():
    model = sparse_world(4, seed=0, reach=2)
    with pytest.raises(ValueError, match="at most 4 positions"):
        lg.contract_log_evidence(model, np.zeros((1, 5), np.int64))
    with pytest.raises(TypeError, match=r"latentgen\.kernels"):
        jax.jit(lambda x: lg.contract_log_predictive(model, x))(jnp.zeros((1, 2), jnp.int32))
    with pytest.raises(TypeError, match=r"latentgen\.kernels"):
        jax.jit(lambda x: lg.log_operands(model, x).log_scale)(jnp.zeros((1, 2), jnp.int32))


def test_posteriors_are_the_gradient_of_log_evidence_by_log_potentials():
    model = sparse_world(4, seed=3, reach=3)
    context = some_contexts(model, 4)
    path, log_tables, log_scale = lg.log_operands(model, context)
    with jax.enable_x64(True):
        fixed = [jnp.asarray(table) for table in log_tables]

        def log_evidence(potentials):
            return kernels.log_partition(path, [*potentials, *fixed[4:]]).sum()

        total, gradient = jax.jit(jax.value_and_grad(log_evidence))(fixed[:4])
        log_partition = kernels.log_partition(path, fixed)
        log_joint = kernels.log_marginals(path, fixed, range(4))
        assert {array.dtype for array in log_joint} == {jnp.dtype("float64")}
        joint = kernels.marginals(path, [jnp.exp(table) for table in fixed], range(4))
        np.testing.assert_allclose(np.log(joint), np.asarray(log_joint), **CLOSE)
    np.testing.assert_allclose(
        float(total) + log_scale.sum(), lg.log_evidence(model, context).sum()
    )
    for concept, log_posterior in enumerate(lg.contract_log_concept_posteriors(model, context)):
        np.testing.assert_allclose(gradient[concept].T, np.exp(log_posterior), **CLOSE)
        found = np.asarray(log_joint[concept]) - np.asarray(log_partition)
        np.testing.assert_allclose(found.T, log_posterior, **CLOSE)


def test_the_kernels_keep_single_precision_and_finite_gradients_beside_zeros():
    graph = nx.DiGraph([(0, 1)])
    words = [((0,), np.eye(2)), ((1,), [[1.0, 0.0], [0.5, 0.5]])]
    model = lg.ConceptModel.from_graph(graph, (2, 2), [[0.5, 0.5], COIN], words, ((0,), COIN))
    path, log_tables, _ = lg.log_operands(model, [[0, 0], [1, 1]])
    tables = [jnp.asarray(table, jnp.float32) for table in log_tables]
    assert kernels.log_partition(path, tables).dtype == jnp.float32
    assert kernels.log_marginals(path, tables, [0])[0].dtype == jnp.float32
    gradient = jax.grad(lambda tables: kernels.log_partition(path, tables).sum())(tables)
    assert all(np.isfinite(array).all() for array in gradient)
    np.testing.assert_array_equal(gradient[0], np.eye(2))
