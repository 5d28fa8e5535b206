"""What is measured in a world whose token reads the context, for one block of seeds?"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

import estimators as es
import latentgen as lg
from estimators.assessment.features import one_hots
from experiments.experiment import CellResult, by_name
from experiments.measures import (
    Metrics,
    Truth,
    law_metrics,
    null_laws,
    total_variance,
    truth,
    world_metrics,
)
from latentgen.theorems.identity import averages, token_weights
from latentgen.theorems.instance import Instance, instance
from latentgen.theorems.leak import mask_world

FIXED, AFRESH = 0.0, 1.0  # strengths in the panel of masks


@dataclass(frozen=True)
class LeakCell:
    """One kind of leak at one strength, and one block of seeds.

    panel: "repeat" (the token depends on the last word, whatever c is), "rename" (the last word
    renames the tokens) or "mask" (strength 0: one mask in each world; 1: drawn afresh).
    """

    panel: str
    strength: float
    num_concepts: int
    num_words: int
    replace_rate: float
    num_blocks: int
    flip_rate: float
    seeds: tuple[int, ...]


def shape(cell: LeakCell) -> Hashable:
    """Nothing is compiled: cells are handed out by kind and strength."""
    return cell.panel, cell.strength


def compute(cell: LeakCell) -> CellResult:
    """Measure every seed of a cell; each seed draws its own world."""
    rows = [_measure(cell, seed) for seed in cell.seeds]
    return CellResult(by_name(rows), {})


def world(cell: LeakCell, seed: int) -> lg.ConceptModel:
    """The world of one seed; the strength of the leak changes its token table only."""
    graph_key, table_key, word_key, token_key = jax.random.split(jax.random.key(seed), 4)
    graph = lg.random_dag(graph_key, cell.num_concepts, cell.num_concepts)
    tables = lg.bernoulli_concept_tables(table_key, graph)
    if cell.panel == "mask":
        return _mask_world(cell, word_key, graph, tables)
    scope = tuple(range(cell.num_concepts))
    words = [lg.Emission(scope, _word_table(word_key, 0, (2**cell.num_concepts,)))]
    for position in range(1, cell.num_words):  # words read each other: the input is no law
        table = _word_table(word_key, position, (2**cell.num_concepts, 2))
        words.append(lg.Emission(scope, table, reads=(position - 1,)))
    words.append(lg.Emission(scope, _token_table(cell, token_key), reads=(cell.num_words - 1,)))
    return lg.ConceptModel.from_graph(graph, (2,) * cell.num_concepts, tables, words)


def leaking_word(cell: LeakCell, context: np.ndarray) -> np.ndarray:
    """The word that the token reads, as a one-hot [context, word]."""
    return one_hots(context[:, :1] if cell.panel == "mask" else context[:, -1:])


def by_word(features: np.ndarray, word: np.ndarray) -> np.ndarray:
    """The features apart for each word, and the word: one U and v for each of its values."""
    apart = features[:, None, :] * word[:, :, None]
    return np.concatenate([apart.reshape(len(features), -1), word], 1)


def _word_table(key: Any, position: int, rows: tuple[int, ...]) -> np.ndarray:
    return lg.dirichlet_table(jax.random.fold_in(key, position), (*rows, 2))


def _token_table(cell: LeakCell, key: Any) -> np.ndarray:
    """(1 − λ) p(y|c) + λ p(y|c, last word) [configuration, word, token]."""
    size = 2**cell.num_concepts
    plain = lg.uniform_channel(size, cell.replace_rate)  # y names c but for noise
    if cell.panel == "repeat":
        read = np.broadcast_to(lg.dirichlet_table(key, (2, size)), (size, 2, size))
    else:
        moved = (np.arange(size) + 1) % size  # every token, when the word is 1
        order = lg.draws.permutation(key, size)
        renamed = np.empty(size, np.int64)
        renamed[order] = order[moved]
        read = np.stack([plain, plain[:, np.argsort(renamed)]], 1)
    return (1 - cell.strength) * plain[:, None, :] + cell.strength * read


def _mask_world(cell: LeakCell, key: Any, graph: Any, tables: Any) -> lg.ConceptModel:
    """Blocks of binary digits, each a permutation of c; a mask hides one of the blocks."""
    size, width = 2**cell.num_concepts, cell.num_concepts
    keys = [jax.random.fold_in(key, block) for block in range(cell.num_blocks)]
    blocks = [lg.binary_digits(lg.draws.permutation(k, size), width) for k in keys]
    return mask_world(
        graph,
        tables,
        np.concatenate(blocks, 1),
        [range(start, start + width) for start in range(0, cell.num_blocks * width, width)],
        flip_rate=cell.flip_rate,
        hidden_flip_rate=cell.replace_rate,
        mask=0 if cell.strength == FIXED else None,  # blocks are exchangeable
    )


def _measure(cell: LeakCell, seed: int) -> Metrics:
    model = world(cell, seed)
    exact = truth(model, seed)
    seen = instance(model, exact.context, exact.log_weight)
    word = leaking_word(cell, exact.context)
    nulls = null_laws(exact) | {"raw_input": one_hots(exact.context)}
    laws = {
        "log_posterior": exact.log_posterior,
        "belief": np.exp(exact.log_posterior),
        "with_word": np.concatenate([exact.log_posterior, word], 1),
        "by_word": by_word(exact.log_posterior, word),
        "raw_by_word": by_word(nulls["raw_input"], word),
        **nulls,
    }
    metrics = world_metrics(exact) | _leak_metrics(seen, exact) | _decomposition(seen)
    for law, features in laws.items():
        metrics |= law_metrics("oracle", law, features, exact.log_predictive, exact)
    with np.errstate(divide="ignore"):
        closed = np.log(np.exp(seen.log_belief) @ np.exp(seen.log_token_given()))
    return metrics | law_metrics("closed", "log_posterior", exact.log_posterior, closed, exact)


def _leak_metrics(seen: Instance, exact: Truth) -> Metrics:
    leaked = seen.leak()
    information = es.mutual_information(exact.log_predictive, exact.weight)
    return {"leak.exact": leaked, "leak_share.exact": leaked / information}


def _decomposition(seen: Instance) -> Metrics:
    """Variances of the paper's residual β(x) − h(x) and of its parts, over that of f.

    f, β and h as logits less their mean over the tokens; variances summed over the tokens.
    """
    parts = averages(seen, token_weights(seen, None))
    whole = total_variance(seen.log_predictive, seen.weight)
    residual = parts["given"] - parts["both"]
    return {
        "residual_share.exact": total_variance(residual, seen.weight) / whole,
        "offset_share.exact": total_variance(parts["given"], seen.weight) / whole,
        "remainder_share.exact": total_variance(parts["both"], seen.weight) / whole,
    }
