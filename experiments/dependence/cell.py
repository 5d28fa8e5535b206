"""What is measured where concepts depend on each other, for one block of seeds?"""

from collections.abc import Hashable
from dataclasses import dataclass

import jax
import networkx as nx
import numpy as np

import latentgen as lg
from experiments.experiment import CellResult, by_name
from experiments.measures import Metrics, Truth, law_metrics, null_laws, truth, world_metrics

LEAST_PROBABLE = 0.4  # no value of a concept is rarer


@dataclass(frozen=True)
class DependenceCell:
    """One graph, one token, one strength of dependence between the concepts, one block of seeds.

    panel: the token; "anchored" (y names c), "product" (y is a noisy reading of every concept) or
    "shown" (y shows one concept, drawn at random). graph: "chain" (each concept is tied to the one
    before) or "parity" (the last is tied to the parity of the others). strength s: 0 makes the
    concepts independent, 1 ties them; the marginals p(c_k) stay.
    """

    panel: str
    graph: str
    strength: float
    num_concepts: int
    num_words: int
    replace_rate: float
    reading_flip_rate: float
    seeds: tuple[int, ...]


def shape(cell: DependenceCell) -> Hashable:
    """Nothing is compiled: cells are handed out by token, graph and strength."""
    return cell.panel, cell.graph, cell.strength


def compute(cell: DependenceCell) -> CellResult:
    """Measure every seed of a cell; each seed draws its own world."""
    rows = [_measure(cell, seed) for seed in cell.seeds]
    return CellResult(by_name(rows), {})


def world(cell: DependenceCell, seed: int) -> lg.ConceptModel:
    """The world of one seed: every word reads one concept and the word of it before."""
    concept_key, word_key = jax.random.split(jax.random.key(seed))
    words = []
    for position in range(cell.num_words):
        concept, before = position % cell.num_concepts, position - cell.num_concepts
        rows = (2,) if before < 0 else (2, 2)
        table = lg.dirichlet_table(jax.random.fold_in(word_key, position), (*rows, 2))
        words.append(lg.Emission((concept,), table, reads=() if before < 0 else (before,)))
    drawn = lg.draws.uniform(concept_key, (2, cell.num_concepts))
    prior = _parity if cell.graph == "parity" else _chain
    graph, tables = prior(drawn, cell.strength)
    token = lg.Emission(range(cell.num_concepts), token_table(cell))
    return lg.ConceptModel.from_graph(graph, (2,) * cell.num_concepts, tables, words, token)


def _chain(drawn: np.ndarray, strength: float) -> tuple[nx.DiGraph, list[np.ndarray]]:
    """p(c_0), and p(c_k | c_k−1) = (1 − s) p(c_k) + s K_k(c_k | c_k−1).

    p(c_k = 1) uniform in [.4, .6]. K_k ties c_k to c_k−1 as closely as the two marginals allow, in
    the same or in opposite sense (a fair coin each), so that the marginals are the same at any s.
    """
    one = _probable(drawn[0])
    tables = [_coin(one[0])]
    for concept in range(1, len(one)):
        opposite = drawn[1, concept] < 0.5
        tied = _closest(one[concept - 1], 1 - one[concept] if opposite else one[concept])
        tied = tied[:, ::-1] if opposite else tied
        tables.append((1 - strength) * _coin(one[concept]) + strength * tied)
    return lg.chain_dag(len(one)), tables


def _parity(drawn: np.ndarray, strength: float) -> tuple[nx.DiGraph, list[np.ndarray]]:
    """Independent c_0 …, and p(c_m | others) = (1 − s) p(c_m) + s 1[c_m is their parity].

    p(c_m) is that of the parity, so that no marginal depends on s. For three concepts every two
    of them are (all but) independent at any s, as the others' p(c_k = 1) are near 1/2.
    """
    one = _probable(drawn[0])[:-1]
    others = list(range(len(one)))
    odd = (1 - np.prod(1 - 2 * one)) / 2
    parity = np.indices((2,) * len(one)).sum(0) % 2
    table = (1 - strength) * _coin(odd) + strength * np.eye(2)[parity]
    graph = nx.DiGraph([(k, len(one)) for k in others])
    return graph, [*(_coin(share) for share in one), table]


def _probable(drawn: np.ndarray) -> np.ndarray:
    return LEAST_PROBABLE + (1 - 2 * LEAST_PROBABLE) * drawn


def _coin(one: float) -> np.ndarray:
    return np.array([1 - one, one])


def _closest(parent: float, child: float) -> np.ndarray:
    """p(child | parent) [value, value] of two bits that are as often equal as they can be."""
    given_one = min(1.0, child / parent)
    given_zero = max(0.0, (child - parent) / (1 - parent))
    return np.array([[1 - given_zero, given_zero], [1 - given_one, given_one]])


def token_table(cell: DependenceCell) -> np.ndarray:
    """p(y|c) [configuration, token]."""
    size = 2**cell.num_concepts
    values = lg.ConceptSpace((2,) * cell.num_concepts).values(np.arange(size))
    if cell.panel == "anchored":
        return lg.uniform_channel(size, cell.replace_rate)
    if cell.panel == "product":
        table = np.ones((size, 1))
        for concept in range(cell.num_concepts):
            seen = channel(cell)[values[:, concept]]
            table = (table[:, :, None] * seen[:, None, :]).reshape(size, -1)
        return table
    shown = [channel(cell)[values[:, concept]] for concept in range(cell.num_concepts)]
    return np.concatenate(shown, 1) / cell.num_concepts


def channel(cell: DependenceCell) -> np.ndarray:
    """M_k [value, sub-token]: how y reads one concept."""
    if cell.panel == "product":
        return lg.flip_channel(cell.reading_flip_rate)
    return lg.uniform_channel(2, cell.replace_rate)


def _measure(cell: DependenceCell, seed: int) -> Metrics:
    model = world(cell, seed)
    exact = truth(model, seed)
    with np.errstate(divide="ignore"):
        readings = [np.log(np.exp(rows) @ channel(cell)) for rows in exact.log_concepts]
    laws = {
        "log_posterior": exact.log_posterior,
        "marginals": np.concatenate(exact.log_concepts, 1),
        "product": np.concatenate(readings, 1),
        "belief": np.exp(exact.log_posterior),
        **null_laws(exact),
    }
    metrics = world_metrics(exact) | _dependence(model, exact) | _parallelism(cell, exact)
    for law, features in laws.items():
        metrics |= law_metrics("oracle", law, features, exact.log_predictive, exact)
    return metrics


def _dependence(model: lg.ConceptModel, exact: Truth) -> Metrics:
    """Total correlation of the concepts, in the prior and left given x, nats."""
    concepts = range(model.space.num_concepts)
    alone = sum(float(lg.entropy(lg.log_concept_prior(model, k))) for k in concepts)
    given = sum(exact.weight @ lg.entropy(rows) for rows in exact.log_concepts)
    together = float(exact.weight @ lg.entropy(exact.log_posterior))
    return {
        "total_correlation.prior": alone - float(lg.entropy(lg.log_prior(model))),
        "total_correlation.exact": float(given) - together,
    }


def _parallelism(cell: DependenceCell, exact: Truth) -> Metrics:
    """The share of the squared length of counterfactual differences along their best direction.

    Differences of f between contexts that differ in the words of one concept only, both drawn
    from p(x), averaged over concepts. f: the logits less their mean, in the inner product that
    weighs token y by p(y), which is the same for every gauge of f. Null: rows permuted.
    """
    mean = exact.weight @ np.exp(exact.log_predictive)
    logits = exact.log_predictive - (exact.log_predictive @ mean)[:, None]
    logits = logits * np.sqrt(mean)
    found = {
        "parallelism.oracle": logits,
        "parallelism.permuted": exact.permuted(logits),
    }
    return {
        name: float(np.mean([_along(cell, k, rows, exact) for k in range(cell.num_concepts)]))
        for name, rows in found.items()
    }


def _along(cell: DependenceCell, concept: int, rows: np.ndarray, exact: Truth) -> float:
    position = np.arange(exact.context.shape[1])
    others = exact.context[:, position % cell.num_concepts != concept]
    group = np.unique(others, axis=0, return_inverse=True)[1].reshape(-1)
    total = np.bincount(group, exact.weight)
    mean = np.stack([np.bincount(group, exact.weight * column) for column in rows.T], 1)
    within = np.sqrt(exact.weight)[:, None] * (rows - (mean / total[:, None])[group])
    scale = np.linalg.svd(within, compute_uv=False) ** 2
    return float(scale[0] / scale.sum())
