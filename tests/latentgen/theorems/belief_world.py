"""Worlds on which theorems of p(y|c) are tried: any, and ones whose beliefs are chosen."""

import numpy as np
from hypothesis import strategies as st
from hypothesis import target

import latentgen as lg

WORLDS = st.one_of(
    lg.strategies.models(),
    lg.strategies.models(saturated=False, alike=False, interacting=True, num_positions=3),
)


def log(array):
    """log with log 0 = −inf."""
    with np.errstate(divide="ignore"):
        return np.log(array)


def belief_world(belief, token_given, cardinalities=None, weight=None):
    """p(c|x) = belief [context, configuration] exactly, by Bayes' rule backwards.

    Returns the world, its contexts [context, 1] and log p(x).
    """
    belief = np.asarray(belief, np.float64)
    belief = belief / belief.sum(1, keepdims=True)
    weight = np.ones(len(belief)) if weight is None else np.asarray(weight, np.float64)
    joint = (weight / weight.sum())[:, None] * belief
    prior = joint.sum(0)
    words = np.full(joint.T.shape, 1 / len(belief))
    words[prior > 0] = (joint / np.where(prior > 0, prior, 1)).T[prior > 0]
    space = lg.ConceptSpace(cardinalities or (belief.shape[1],))
    model = lg.ConceptModel.from_tables(space, prior, words[None], token_given)
    return model, np.arange(len(belief))[:, None], np.log(weight / weight.sum())


def generic_beliefs(seed, num_contexts, num_configurations, concentration=1.0):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.full(num_configurations, concentration), num_contexts)


def noisy_names(num_configurations, eta):
    """y = c with probability 1 − η, else uniform [configuration, token]."""
    return (1 - eta) * np.eye(num_configurations) + eta / num_configurations


def many_configurations(token_table, seed=0, num_contexts=3, token_concepts=(0, 5)):
    """4096 configurations of 12 binary concepts; each word reads one, the token a few."""
    import networkx as nx

    rng = np.random.default_rng(seed)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(12))
    graph.add_edge(0, 5)
    tables = [rng.dirichlet([2, 2], size=2 if k == 5 else None) for k in range(12)]
    words = [((k,), rng.dirichlet([1, 1, 1], size=2)) for k in range(12)]
    model = lg.ConceptModel.from_graph(
        graph, (2,) * 12, tables, words, (token_concepts, token_table)
    )
    return model, rng.integers(0, 3, (num_contexts, 12))


def assert_sound(found):
    """What every bundle owes: no NaN anywhere, whatever the world."""
    for name in ("quantity", "claimed", "residual", "low", "high"):
        assert not np.isnan(getattr(found, name)).any(), name
    for name, term in found.terms.items():
        if term.dtype.kind == "f":
            assert not np.isnan(term).any(), name
    assert not np.isnan(found.violation)  # inf where a leak makes the claimed impossible
    for assumption in found.assumptions:
        assert not np.isnan(assumption.value)
    assert str(found)


def aim_at_violation(found):
    """Steer hypothesis towards a bound that breaks; with a leak it may break by infinity."""
    target(min(found.violation, 1e3), label="violation")
