"""What is measured of one architecture in one setting of the world?

Names of metrics are quantity.source[.estimate]. source: exact, oracle, a level of excess loss
(early, trained, late: .1, .01 and .001 of I(x; y)), untrained, raw_input or permuted; where a law
is a null, it takes the place of the quantity: score_raw_input.trained. Three more nulls are the
perfect predictor with an error of the size of the level "trained": noise, mixed and tempered.
estimate: held_out (by distinct belief; NaN when saturated) or population (fitted and scored on all
contexts). concept_information.exact is I(c; x), of both concepts together.
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
    Reached,
    Training,
    at_levels,
    predictor,
    train,
)
from experiments.architectures.perturbed import perturbed
from experiments.architectures.worlds import Seen, seen, world
from experiments.experiment import CellResult, by_name
from experiments.networks import Network, diverged_metrics, excess_metrics, read
from experiments.scores import law_metrics, readout_metrics
from experiments.unfitted import argmax_score

Metrics = dict[str, float]

ESTIMATES = ("held_out", "population")
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


def _world_metrics(found: Seen) -> Metrics:
    inside = found.instance
    return {
        "token_information.exact": es.mutual_information(inside.log_predictive, inside.weight),
        "concept_information.exact": es.mutual_information(inside.log_belief, inside.weight),
        "score_argmax.oracle.population": argmax_score(inside),
    }


def _oracle_metrics(found: Seen) -> Metrics:
    exact = found.instance.log_predictive
    oracle = lg.oracle_representation(found.model, found.context).representation
    laws = _law_metrics("oracle", exact, found)
    metrics = _world_metrics(found) | laws | _other_law_metrics("oracle", exact, found)
    for source, log_predicted in perturbed(found).items():
        metrics |= _law_metrics(source, log_predicted, found)
        metrics |= _gap_metrics(source, metrics, laws)
    metrics |= _readout_metrics("oracle", oracle, found)
    metrics |= _readout_metrics("raw_input", found.raw_input, found)
    return metrics | _readout_metrics("permuted", found.permuted(oracle), found)


def _trained_metrics(
    cell: ArchitecturesCell, training: Training, found: Seen, seed: int
) -> Metrics:
    chosen = predictor(
        cell.architecture, training, cell.words, cell.context_length, cell.num_tokens
    )
    network = train(chosen, training, found, seed)
    metrics = _world_metrics(found)
    if network.diverged:
        return metrics | diverged_metrics("trained")
    metrics |= _start_metrics(network, found)
    oracle = _law_metrics("oracle", found.instance.log_predictive, found)
    for source, reached in at_levels(network, found).items():
        metrics |= _reached_metrics(source, network, reached, found)
        metrics |= _gap_metrics(source, metrics, oracle)
    return metrics


def _start_metrics(network: Network, found: Seen) -> Metrics:
    """Its size, and what the same network says untrained."""
    leaves = jax.tree.leaves(network.start)
    representation, log_predicted = read(network.predictor, network.start, found.context)
    return {
        "diverged.trained": 0.0,
        "num_parameters.trained": float(sum(leaf.size for leaf in leaves)),
        **_law_metrics("untrained", log_predicted, found),
        **_readout_metrics("untrained", representation, found),
    }


def _reached_metrics(source: str, network: Network, reached: Reached, found: Seen) -> Metrics:
    """What a network holds at one level of excess loss; the most where it counts as trained."""
    inside = found.instance
    representation, log_predicted = read(network.predictor, reached.params, found.context)
    metrics = {f"step.{source}": float(reached.step)}
    metrics |= excess_metrics(source, inside.log_predictive, log_predicted, inside.weight)
    share = metrics[f"excess_share.{source}"]
    metrics[f"explained.{source}"] = 1 - share
    metrics[f"equal.{source}"] = float(EQUAL * LEVELS[source] <= share <= LEVELS[source])
    metrics |= _law_metrics(source, log_predicted, found)
    if source == "trained":
        metrics |= _other_law_metrics(source, log_predicted, found)
        metrics |= _readout_metrics(source, representation, found)
        metrics |= _readout_metrics("permuted", found.permuted(representation), found)
    return metrics


def _law_metrics(
    source: str, log_predicted: Float[np.ndarray, "context token"], found: Seen
) -> Metrics:
    """S of log p(c|x) and of p(c|x) for a source's own p̂(y|x), and the first less the second."""
    metrics = {}
    for law, features in found.laws().items():
        metrics |= _score_metrics(source, law, features, log_predicted, found)
    for estimate in ESTIMATES:
        metrics[f"score_difference.{source}.{estimate}"] = (
            metrics[f"score_log_posterior.{source}.{estimate}"]
            - metrics[f"score_belief.{source}.{estimate}"]
        )
    return metrics


def _gap_metrics(source: str, metrics: Metrics, oracle: Metrics) -> Metrics:
    """The difference of the laws, less the perfect predictor's in the same world."""
    return {
        f"oracle_gap.{source}.{estimate}": metrics[f"score_difference.{source}.{estimate}"]
        - oracle[f"score_difference.oracle.{estimate}"]
        for estimate in ESTIMATES
    }


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
        metrics |= _score_metrics(source, law, features, log_predicted, found)
    return metrics


def _score_metrics(
    source: str,
    law: str,
    features: Float[np.ndarray, "context regressor"],
    log_predicted: Float[np.ndarray, "context token"],
    found: Seen,
) -> Metrics:
    return law_metrics(
        source,
        law,
        features,
        log_predicted,
        found.instance.weight,
        groups=found.groups,
        random_state=found.random_state,
    )


def _readout_metrics(
    source: str, representation: Float[np.ndarray, "context dim"], found: Seen
) -> Metrics:
    """How much of p(c|x) a softmax of an affine map of the representation gives back."""
    return readout_metrics(
        source,
        representation,
        found.instance.log_belief,
        found.instance.weight,
        groups=found.groups,
        random_state=found.random_state,
    )
