"""What is measured of one architecture in one setting of the world?

Names of metrics are quantity.source[.estimate]. source: exact, oracle, a level of excess loss
(early, trained, late: .1, .01 and .001 of I(x; y)), untrained, raw_input or permuted; where a law
is a null, it takes the place of the quantity: score_raw_input.trained. estimate: held_out (by
distinct belief; NaN when saturated) or population (fitted and scored on all contexts).
"""

from collections.abc import Hashable
from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Float

import estimators as es
import latentgen as lg
from experiments.architectures.networks import (
    EQUAL,
    LEVELS,
    Training,
    at_levels,
    predictor,
    train,
)
from experiments.architectures.worlds import Seen, seen, world
from experiments.experiment import CellResult
from experiments.networks import by_name, diverged_metrics, excess_metrics, read
from experiments.unfitted import argmax_score

Metrics = dict[str, float]

ORACLE = "oracle"  # stands for an architecture: the perfect predictor


@dataclass(frozen=True)
class ArchitecturesCell:
    """One world, one architecture (or the oracle, which is not trained) and a block of seeds."""

    words: str
    family: str
    sharpness: float
    context_length: int
    num_tokens: int
    floor: float
    architecture: str
    training: Training | None
    seeds: tuple[int, ...]


def shape(cell: ArchitecturesCell) -> Hashable:
    """Cells of one architecture and one shape of contexts share a compiled loop."""
    if cell.training is None:
        return cell
    return cell.architecture, cell.words, cell.context_length, cell.num_tokens, cell.training


def compute(cell: ArchitecturesCell) -> CellResult:
    """Measure every seed of a cell; each seed is a world and an initialisation of its own."""
    worlds = [_seen(cell, seed) for seed in cell.seeds]
    if cell.training is None:
        return CellResult(by_name([_oracle_metrics(found) for found in worlds]), {})
    pairs = zip(worlds, cell.seeds, strict=True)
    return CellResult(by_name([_trained_metrics(cell, cell.training, *pair) for pair in pairs]), {})


def _seen(cell: ArchitecturesCell, seed: int) -> Seen:
    model = world(
        cell.words,
        seed,
        cell.family,
        cell.sharpness,
        context_length=cell.context_length,
        num_tokens=cell.num_tokens,
        floor=cell.floor,
    )
    return seen(model, cell.words, cell.context_length, seed)


def _oracle_metrics(found: Seen) -> Metrics:
    inside = found.instance
    oracle = lg.oracle_representation(found.model, found.context).representation
    metrics = {
        "num_contexts.exact": float(len(inside.weight)),
        "token_information.exact": es.mutual_information(inside.log_predictive, inside.weight),
        "concept_information.exact": es.mutual_information(inside.log_belief, inside.weight),
        "score_argmax.oracle.population": argmax_score(inside),
    }
    metrics |= _law_metrics("oracle", inside.log_predictive, found)
    metrics |= _other_law_metrics("oracle", inside.log_predictive, found)
    metrics |= _readout_metrics("oracle", oracle, found)
    metrics |= _readout_metrics("raw_input", found.raw_input, found)
    return metrics | _readout_metrics("permuted", found.permuted(oracle), found)


def _trained_metrics(
    cell: ArchitecturesCell, training: Training, found: Seen, seed: int
) -> Metrics:
    inside = found.instance
    chosen = predictor(
        cell.architecture, training, cell.words, cell.context_length, cell.num_tokens
    )
    network = train(chosen, training, found, seed)
    if network.diverged:
        return diverged_metrics("trained")
    oracle = _law_metrics("oracle", inside.log_predictive, found)[
        "score_difference.oracle.held_out"
    ]
    leaves = jax.tree.leaves(network.params)
    metrics = {
        "diverged.trained": 0.0,
        "num_parameters.trained": float(sum(leaf.size for leaf in leaves)),
    }
    untrained, log_untrained = read(chosen, network.start, found.context)
    metrics |= _law_metrics("untrained", log_untrained, found)
    metrics |= _readout_metrics("untrained", untrained, found)
    for source, reached in at_levels(network, found).items():
        representation, log_predicted = read(chosen, reached.params, found.context)
        metrics |= {f"step.{source}": float(reached.step)}
        metrics |= excess_metrics(source, inside.log_predictive, log_predicted, inside.weight)
        share = metrics[f"excess_share.{source}"]
        metrics[f"explained.{source}"] = 1 - share
        metrics[f"equal.{source}"] = float(EQUAL * LEVELS[source] <= share <= LEVELS[source])
        metrics |= _law_metrics(source, log_predicted, found)
        own = metrics[f"score_difference.{source}.held_out"]
        metrics[f"oracle_gap.{source}.held_out"] = own - oracle
        metrics |= _readout_metrics(source, representation, found)
        if source == "trained":
            metrics |= _other_law_metrics(source, log_predicted, found)
            metrics |= _readout_metrics("permuted", found.permuted(representation), found)
    return metrics


def _law_metrics(
    source: str, log_predicted: Float[np.ndarray, "context token"], found: Seen
) -> Metrics:
    """S of log p(c|x) and of p(c|x) for a source's own p̂(y|x), and the first less the second."""
    metrics = {}
    for law, features in found.laws().items():
        metrics |= _score_metrics(f"score_{law}.{source}", features, log_predicted, found)
    for estimate in ("held_out", "population"):
        metrics[f"score_difference.{source}.{estimate}"] = (
            metrics[f"score_log_posterior.{source}.{estimate}"]
            - metrics[f"score_belief.{source}.{estimate}"]
        )
    return metrics


def _other_law_metrics(
    source: str, log_predicted: Float[np.ndarray, "context token"], found: Seen
) -> Metrics:
    """S of log(p(c|x) + ρ̂), ρ̂ fitted to the same p̂(y|x), and of the nulls."""
    rho, offset_law = found.offset_law(log_predicted)
    laws = {
        "rho": offset_law,
        "raw_input": found.raw_input,
        "permuted": found.permuted(found.laws()["log_posterior"]),
    }
    metrics = {f"log10_rho.{source}": float(np.log10(rho))}
    for law, features in laws.items():
        metrics |= _score_metrics(f"score_{law}.{source}", features, log_predicted, found)
    return metrics


def _score_metrics(
    name: str,
    features: Float[np.ndarray, "context regressor"],
    log_predicted: Float[np.ndarray, "context token"],
    found: Seen,
) -> Metrics:
    scored = es.law_score(
        features,
        log_predicted,
        found.instance.weight,
        groups=found.groups,
        random_state=found.random_state,
    )
    return {f"{name}.held_out": scored.score, f"{name}.population": scored.population}


def _readout_metrics(
    source: str, representation: Float[np.ndarray, "context dim"], found: Seen
) -> Metrics:
    """How much of p(c|x) a softmax of an affine map of the representation gives back."""
    scored = es.readout_score(
        representation,
        found.instance.log_belief,
        found.instance.weight,
        groups=found.groups,
        random_state=found.random_state,
    )
    held_out = f"readout.{source}.held_out"
    return {held_out: scored.score, f"readout.{source}.population": scored.population}
