"""What is measured of the networks trained at one sharpness of the token and one context length?

Names of metrics are quantity.source.estimate. source: oracle, mlp and transformer; untrained_mlp,
the MLP that training started from; mlp_step_64, the MLP stopped after 64 steps; and so for the
transformer. estimate: held_out (by distinct bag of words; NaN when saturated) or population (fitted
and scored on all bags). A score of a network is of its own p̂(y|x), and so is its ρ̂.
"""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

import estimators as es
from experiments.experiment import CellResult, by_name
from experiments.log_or_belief.cell import (
    Bags,
    LogOrBeliefCell,
    all_bags,
    contrasts,
    fitted_rho,
)
from experiments.log_or_belief_trained.training import (
    ARCHITECTURES,
    Training,
    trained_networks,
)
from experiments.networks import Network, diverged_metrics, excess_metrics, read
from experiments.scores import law_metrics
from experiments.unfitted import argmax_score
from latentgen.theorems.crossover import log_plus

Metrics = dict[str, float]

LAWS = ("log_posterior", "belief", "rho")


@dataclass(frozen=True)
class LogOrBeliefTrainedCell(LogOrBeliefCell):
    """The same worlds, and how networks are trained in them."""

    training: Training


def shape(cell: LogOrBeliefTrainedCell) -> Hashable:
    """Cells with equally many bags of equally many words, and tokens, share compiled loops."""
    return cell.family, cell.context_length


def compute(cell: LogOrBeliefTrainedCell) -> CellResult:
    """Measure every seed of a cell; each seed is a world and an initialisation of its own."""
    known = [all_bags(cell, seed) for seed in cell.seeds]
    rows = [_oracle_metrics(bags) for bags in known]
    populations = [
        es.population(bags.context, bags.instance.log_predictive, bags.instance.weight)
        for bags in known
    ]
    for name in ARCHITECTURES:
        networks = trained_networks(cell.training, name, cell.num_words, cell.seeds, populations)
        for row, bags, network in zip(rows, known, networks, strict=True):
            row |= _network_metrics(name, bags, network, row)
    return CellResult(by_name(rows), {})


def _oracle_metrics(bags: Bags) -> Metrics:
    inside = bags.instance
    return {
        "num_contexts.exact": float(len(bags.counts)),
        "token_information.exact": es.mutual_information(inside.log_predictive, inside.weight),
        "concept_information.exact": es.mutual_information(inside.log_belief, inside.weight),
        "score_argmax.oracle.population": argmax_score(inside),
        **_all_scores("oracle", bags, inside.log_predictive),
    }


def _network_metrics(name: str, bags: Bags, network: Network, oracle: Metrics) -> Metrics:
    if network.diverged:
        return diverged_metrics(name)
    predicted = read(network.predictor, network.params, bags.context)[1]
    metrics = {f"diverged.{name}": 0.0}
    metrics |= excess_metrics(name, bags.instance.log_predictive, predicted, bags.instance.weight)
    metrics |= _all_scores(name, bags, predicted)
    metrics |= _shifts(name, metrics, oracle)
    untrained = f"untrained_{name}"
    predicted = read(network.predictor, network.start, bags.context)[1]
    for law, features in _laws(bags, _own_rho(bags, predicted)).items():
        metrics |= _score(untrained, law, features, bags, predicted)
    metrics[f"score_difference.{untrained}.held_out"] = _difference(untrained, metrics)
    return metrics | _stopped_metrics(name, bags, network)


def _own_rho(bags: Bags, log_predicted: Float[np.ndarray, "bag token"]) -> float:
    """The ρ̂ of log(p + ρ̂) that fits these predictions best."""
    return fitted_rho(bags.instance._replace(log_predictive=log_predicted))


def _laws(bags: Bags, rho: float) -> dict[str, np.ndarray]:
    """law -> its features [bag, contrast]."""
    log_belief = bags.instance.log_belief
    features = (log_belief, np.exp(log_belief), log_plus(log_belief, rho))
    return {law: contrasts(phi) for law, phi in zip(LAWS, features, strict=True)}


def _all_scores(source: str, bags: Bags, log_predicted: np.ndarray) -> Metrics:
    """S of every law and of its nulls, the difference of the two rivals, and ρ̂."""
    rho = _own_rho(bags, log_predicted)
    permuted = es.permute_contexts(bags.instance.log_belief, random_state=bags.random_state)
    nulls = {"raw_input": bags.counts, "permuted": permuted}
    metrics = {f"log10_rho.{source}": float(np.log10(rho))}
    for law, features in (_laws(bags, rho) | nulls).items():
        metrics |= _score(source, law, features, bags, log_predicted)
    metrics[f"score_difference.{source}.held_out"] = _difference(source, metrics)
    return metrics


def _score(
    source: str,
    law: str,
    features: Float[np.ndarray, "bag regressor"],
    bags: Bags,
    log_predicted: Float[np.ndarray, "bag token"],
) -> Metrics:
    """S of one law for the predictions of one source, held out and on all bags."""
    weight, state = bags.instance.weight, bags.random_state
    return law_metrics(source, law, features, log_predicted, weight, random_state=state)


def _difference(source: str, metrics: Metrics) -> float:
    """S of log p(c|x) less S of p(c|x), held out."""
    first, second = (metrics[f"score_{law}.{source}.held_out"] for law in LAWS[:2])
    return first - second


def _shifts(name: str, metrics: Metrics, oracle: Metrics) -> Metrics:
    """How far each score of a network lies from the oracle's, in the same world."""
    return {
        f"shift_{what}.{name}.held_out": metrics[f"score_{what}.{name}.held_out"]
        - oracle[f"score_{what}.oracle.held_out"]
        for what in (*LAWS, "difference")
    }


def _stopped_metrics(name: str, bags: Bags, network: Network) -> Metrics:
    """Excess loss and S of the two rivals after each step of the grid, if training kept them."""
    metrics: Metrics = {}
    if network.trajectory is None:
        return metrics
    rivals = {law: features for law, features in _laws(bags, 1.0).items() if law in LAWS[:2]}
    for index, step in enumerate(network.trajectory.step):
        source = f"{name}_step_{step}"
        params = es.of_seed(network.trajectory.params, index)
        predicted = read(network.predictor, params, bags.context)[1]
        metrics |= excess_metrics(
            source, bags.instance.log_predictive, predicted, bags.instance.weight
        )
        for law, features in rivals.items():
            metrics |= _score(source, law, features, bags, predicted)
        metrics[f"score_difference.{source}.held_out"] = _difference(source, metrics)
    return metrics
