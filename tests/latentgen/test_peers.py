"""Does another library's exact inference, pyAgrum's, give the same answers?"""

import numpy as np
import pyagrum
from hypothesis import given
from hypothesis import strategies as st

import latentgen as lg

WORLDS = lg.strategies.integer_worlds(saturated=False, alike=False, token=True)


def bayes_net(world):
    """The world as a Bayes net with the nodes c0 …, x0 … and y."""
    net = pyagrum.BayesNet()
    for k, cardinality in enumerate(world.cardinalities):
        net.add(pyagrum.RangeVariable(f"c{k}", "", 0, cardinality - 1))
    emissions = {f"x{i}": table for i, table in enumerate(world.words)} | {"y": world.token}
    for name, table in emissions.items():
        net.add(pyagrum.RangeVariable(name, "", 0, table.weights.shape[-1] - 1))
    for k, parents in enumerate(world.parents):
        fill(net, f"c{k}", [f"c{parent}" for parent in parents], world.concept_weights[k])
    for name, table in emissions.items():
        read = [f"c{k}" for k in table.scope] + [f"x{i}" for i in table.reads]
        fill(net, name, read, table.weights)
    return net


def fill(net, name, parents, weights):
    for parent in parents:
        net.addArc(parent, name)
    table = weights / weights.sum(-1, keepdims=True)
    for index in np.ndindex(weights.shape[:-1]):
        row = dict(zip(parents, map(int, index), strict=True))
        if row:
            net.cpt(name)[row] = table[index].tolist()
        else:
            net.cpt(name).fillWith(table.tolist())


def posterior(net, evidence, target):
    inference = pyagrum.LazyPropagation(net)
    inference.setEvidence(evidence)
    inference.makeInference()
    return inference.posterior(target).toarray()


def seen(context):
    return {f"x{i}": int(word) for i, word in enumerate(context)}


@given(WORLDS, st.data())
def test_pyagrum_finds_the_same_posteriors_and_predictions(world, data):
    model, net = world.model(), bayes_net(world)
    context = data.draw(lg.strategies.contexts(model, max_contexts=1))
    concept = data.draw(st.integers(0, len(world.cardinalities) - 1))
    found = np.exp(lg.log_concept_posterior(model, context, concept)[0])
    expected = posterior(net, seen(context[0]), f"c{concept}")
    np.testing.assert_allclose(found, expected, atol=1e-9)
    predicted = np.exp(lg.log_predictive(model, context)[0])
    np.testing.assert_allclose(predicted, posterior(net, seen(context[0]), "y"), atol=1e-9)


@given(WORLDS, st.data())
def test_pyagrum_finds_the_same_effect_of_setting_a_concept(world, data):
    concept = data.draw(st.integers(0, len(world.cardinalities) - 1))
    value = data.draw(st.integers(0, world.cardinalities[concept] - 1))
    model, net = lg.intervene(world.model(), {concept: value}), bayes_net(world)
    for parent in world.parents[concept]:
        net.eraseArc(f"c{parent}", f"c{concept}")
    net.cpt(f"c{concept}").fillWith(np.eye(world.cardinalities[concept])[value].tolist())
    context = data.draw(lg.strategies.contexts(model, max_contexts=1))
    for other in range(len(world.cardinalities)):
        found = np.exp(lg.log_concept_posterior(model, context, other)[0])
        expected = posterior(net, seen(context[0]), f"c{other}")
        np.testing.assert_allclose(found, expected, atol=1e-9)
    predicted = np.exp(lg.log_predictive(model, context)[0])
    np.testing.assert_allclose(predicted, posterior(net, seen(context[0]), "y"), atol=1e-9)
