"""What is measured of the best predictor of one dimension, for one block of worlds?"""

from collections.abc import Hashable
from dataclasses import dataclass

import jax
import numpy as np

import estimators as es
import latentgen as lg
from estimators.assessment.features import argmax_one_hot
from experiments.experiment import CellResult, by_name
from experiments.measures import Metrics, Truth, law_metrics, truth
from latentgen.low_rank_oracle import low_rank_fit
from latentgen.row_fit import mean_divergence

FAMILIES = ("random", "anchored", "weak")


@dataclass(frozen=True)
class DimensionCell:
    """One token table, one dimension of the representation and one block of seeds."""

    family: str
    num_concepts: int
    num_tokens: int
    dim: int
    num_words: int
    replace_rate: float
    strength: float
    seeds: tuple[int, ...]


def shape(cell: DimensionCell) -> Hashable:
    """Cells of one world stay together; nothing is compiled for a shape."""
    return cell.family, cell.num_concepts, cell.num_tokens, cell.seeds


def compute(cell: DimensionCell) -> CellResult:
    """Measure every seed of a cell; each seed draws its own world."""
    rows = [_metrics(cell, seed) for seed in cell.seeds]
    return CellResult(by_name(rows), {})


def world(cell: DimensionCell, seed: int) -> lg.ConceptModel:
    """The world of one seed: p(c) and p(x|c) do not depend on the token table.

    Binary concepts in a chain; binary words that read all concepts and the word before, so that
    words interact given c.
    """
    concept_key, word_key, token_key = jax.random.split(jax.random.key(seed), 3)
    num_concepts = cell.num_concepts
    graph, scope = lg.chain_dag(num_concepts), tuple(range(num_concepts))
    words = []
    for position in range(cell.num_words):
        reads = (position - 1,) if position else ()
        sizes = (2,) * (num_concepts + len(reads) + 1)
        table = lg.dirichlet_table(jax.random.fold_in(word_key, position), sizes)
        words.append(lg.Emission(scope, table, reads))
    token = token_table(cell, token_key).reshape(*(2,) * num_concepts, cell.num_tokens)
    return lg.ConceptModel.from_graph(
        graph,
        (2,) * num_concepts,
        lg.bernoulli_concept_tables(concept_key, graph),
        words,
        lg.Emission(scope, token),
    )


def token_table(cell: DimensionCell, key: jax.Array) -> np.ndarray:
    """p(y|c) [configuration, token] of a family.

    random: rows from a uniform Dirichlet. weak: the same, mixed with weight `strength` into one
    row for all. anchored: c names its group, replaced with probability η by a uniform one, and y
    is drawn from the group's tokens with shares that depend on the group alone; with fewer tokens
    than configurations, configurations share a token.
    """
    num_configurations, num_tokens = 2**cell.num_concepts, cell.num_tokens
    if cell.family != "anchored":
        table = lg.dirichlet_table(key, (num_configurations, num_tokens))
        if cell.family == "random":
            return table
        common = lg.dirichlet_table(jax.random.fold_in(key, 0), (1, num_tokens), 4.0)
        return (1 - cell.strength) * common + cell.strength * table
    num_groups = min(num_configurations, num_tokens)
    group = np.arange(num_tokens) % num_groups
    size = lg.dirichlet_table(jax.random.fold_in(key, 0), (num_tokens,), 4.0)
    shares = np.eye(num_groups)[group].T * size
    shares /= shares.sum(1, keepdims=True)
    named = lg.map_table(np.arange(num_configurations) % num_groups, num_groups)
    heard = lg.through_channel(named, lg.uniform_channel(num_groups, cell.replace_rate))
    return heard @ shares


def _metrics(cell: DimensionCell, seed: int) -> Metrics:
    model = world(cell, seed)
    exact = truth(model, seed)
    oracle = lg.oracle_representation(model, exact.context, cell.dim, exact.log_weight)
    information = es.mutual_information(exact.log_predictive, exact.weight)
    excess = mean_divergence(exact.log_predictive, exact.weight, *oracle[:2])
    centred = exact.log_predictive - exact.log_predictive.mean(1, keepdims=True)
    metrics = {
        "token_information.exact": information,
        "concept_information.exact": es.mutual_information(exact.log_posterior, exact.weight),
        "rank.exact": float(np.linalg.matrix_rank(centred)),
        "explained.oracle": 1 - excess / information,
        "converged.oracle": float(oracle.converged),
    }
    if cell.dim < cell.num_tokens:  # beyond, the representation is padded with zeros
        metrics |= _law_scores(oracle, exact, cell.dim == cell.num_tokens - 1)
        metrics |= _readouts("oracle", oracle.representation, exact)
        metrics |= _readouts("permuted", exact.permuted(oracle.representation), exact)
    if cell.family == FAMILIES[0] and cell.num_tokens >= 2 ** (cell.num_concepts + 1):
        # they do not depend on the token
        metrics |= _readouts("raw_input", exact.raw_input, exact)
        metrics["readout.ceiling"] = _ceiling(exact, cell.dim)
    return metrics


def _law_scores(oracle: lg.OracleRepresentation, exact: Truth, perfect: bool) -> Metrics:
    """S of the laws and their nulls for what the best predictor of this dimension predicts.

    The one-hot of the likeliest configuration is scored for the perfect predictor only.
    """
    logits = oracle.representation @ oracle.unembedding.T
    predicted = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    belief = np.exp(exact.log_posterior)
    laws = {
        "log_posterior": exact.log_posterior,
        "belief": belief,
        "raw_input": exact.raw_input,
        "permuted": exact.permuted(exact.log_posterior),
    }
    if perfect:
        laws["argmax"] = argmax_one_hot(exact.log_posterior)
    metrics: Metrics = {}
    for law, features in laws.items():
        metrics |= law_metrics("oracle", law, features, predicted, exact)
    return metrics


def _readouts(source: str, features: np.ndarray, exact: Truth) -> Metrics:
    """How well p(c|x) is read off some features, and whitened R² of the features on log p(c|x)."""
    seed = exact.random_state
    read = es.readout_score(features, exact.log_posterior, exact.weight, random_state=seed)
    back = es.affine_r2(exact.log_posterior, features, exact.weight, random_state=seed)
    return {
        f"readout.{source}.held_out": read.score,
        f"readout.{source}.population": read.population,
        f"r2.{source}.held_out": back.score,
        f"r2.{source}.population": back.population,
    }


def _ceiling(exact: Truth, dim: int) -> float:
    """The readout that no representation of this dimension exceeds, up to the search for it.

    An affine map of dim features has logits of rank ≤ dim + 1, the offset among them.
    """
    if dim + 1 >= exact.log_posterior.shape[1] - 1:
        return 1.0
    best = low_rank_fit(exact.log_posterior, exact.weight, dim + 1)
    return 1 - best.excess / es.mutual_information(exact.log_posterior, exact.weight)
