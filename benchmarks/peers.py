"""How long do pyAgrum and pgmpy take for the questions that latentgen answers?

A world is handed to them with its own tables; a word's node reads the concepts of its scope.
"""

import importlib.util
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyagrum

import latentgen as lg
from benchmarks.timing import THREADS, Timing, plural


def tables_by_node(model: lg.ConceptModel) -> Iterator[tuple[str, list[str], np.ndarray]]:
    """The name, the parents and the probabilities [*parent values, value] of each node."""
    parts = [(f"c{factor.scope[-1]}", factor.scope[:-1], factor) for factor in model.prior]
    parts += [(f"x{position}", factor.scope, factor) for position, factor in enumerate(model.words)]
    for name, parents, factor in parts:
        yield name, [f"c{concept}" for concept in parents], np.exp(factor.log_table)


def agrum_net(model: lg.ConceptModel) -> Any:
    """The concepts c0 … and the words x0 … as a Bayes net of pyAgrum."""
    net = pyagrum.BayesNet()
    nodes = list(tables_by_node(model))
    for name, _, table in nodes:
        net.add(pyagrum.RangeVariable(name, "", 0, table.shape[-1] - 1))
    for name, parents, table in nodes:
        for parent in parents:
            net.addArc(parent, name)
        for index in np.ndindex(table.shape[:-1]):
            row = dict(zip(parents, map(int, index), strict=True))
            if row:
                net.cpt(name)[row] = table[index].tolist()
            else:
                net.cpt(name).fillWith(table.tolist())
    return net


def agrum_seconds(model: lg.ConceptModel, context: np.ndarray, joint: bool) -> Timing:
    """Seconds a context: evidence changed in place, one junction tree for all of them."""
    names = [f"c{k}" for k in range(model.space.num_concepts)]
    timings = []
    for threads in THREADS:
        inference = pyagrum.LazyPropagation(agrum_net(model))
        inference.setNumberOfThreads(threads)
        if joint:
            inference.addJointTarget(set(names))
        inference.setEvidence({f"x{i}": int(word) for i, word in enumerate(context[0])})
        inference.makeInference()
        start = time.perf_counter()
        for words in context:
            for position, word in enumerate(words):
                inference.chgEvidence(f"x{position}", int(word))
            inference.makeInference()
            if joint:
                inference.jointPosterior(set(names))
            else:
                for name in names:
                    inference.posterior(name)
        seconds = (time.perf_counter() - start) / len(context)
        timings.append(Timing(seconds, plural(threads, "thread")))
    return min(timings)


def pgmpy_net(model: lg.ConceptModel) -> Any:
    """The same as a Bayes net of pgmpy."""
    from pgmpy.factors.discrete import TabularCPD
    from pgmpy.models import DiscreteBayesianNetwork

    net = DiscreteBayesianNetwork()
    for name, parents, table in tables_by_node(model):
        net.add_node(name)
        net.add_edges_from((parent, name) for parent in parents)
        flat, sizes = table.reshape(-1, table.shape[-1]).T, list(table.shape[:-1])
        net.add_cpds(TabularCPD(name, table.shape[-1], flat, parents, sizes))
    return net


def pgmpy_seconds(model: lg.ConceptModel, context: np.ndarray, joint: bool) -> Timing:
    """Seconds a context, by variable elimination; a query for each concept unless joint."""
    from pgmpy.inference import VariableElimination

    names = [f"c{k}" for k in range(model.space.num_concepts)]
    inference = VariableElimination(pgmpy_net(model))
    start = time.perf_counter()
    for words in context:
        seen = {f"x{i}": int(word) for i, word in enumerate(words)}
        for query in [names] if joint else [[name] for name in names]:
            inference.query(query, evidence=seen, show_progress=False)
    return Timing((time.perf_counter() - start) / len(context), plural(1, "thread"))


def has_pgmpy() -> bool:
    return importlib.util.find_spec("pgmpy") is not None
