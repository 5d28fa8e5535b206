"""What is measured on the contexts of one world, and on a predictor trained in it?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Int

import estimators as es
import latentgen as lg
from experiments.networks import Metrics, Network, diverged_metrics, excess_metrics, read
from experiments.scale.beliefs import evidence, likeliest, pattern, predictive

LARGEST_JOINT = 4  # concepts up to which the law of the joint p(c|x) is scored: 2^m − 1 regressors
LAWS = ("log_posterior", "log_marginals", "marginals")  # of m regressors, scored at every m


class Seen(NamedTuple):
    """A world through some of its contexts, drawn from p(x).

    context [context, position]; belief: number of each context's p(c|x) [context]; log_concepts:
    per concept log p(c_k|x) [context, value]; log_predictive [context, token]; features: law -> φ
    [context, regressor]; random_state deals folds and permutations.
    """

    context: np.ndarray
    belief: np.ndarray
    log_concepts: list[np.ndarray]
    log_predictive: np.ndarray
    features: dict[str, np.ndarray]
    random_state: int

    @property
    def raw_input(self) -> np.ndarray:
        """The words as ±1, what the predictor sees."""
        return 2.0 * self.context - 1.0

    def permuted(self, rows: np.ndarray) -> np.ndarray:
        """Rows exchanged between beliefs: the null."""
        return es.permute_contexts(rows, self.belief, random_state=self.random_state)


def look(model: lg.ConceptModel, context: np.ndarray, random_state: int) -> Seen:
    """What is known exactly of these contexts, and the features of the laws."""
    belief = np.exp(lg.log_posterior(model, context))
    num_concepts = model.space.num_concepts
    digits = lg.binary_digits(np.arange(2**num_concepts), num_concepts)
    one, zero = belief @ digits, belief @ (1 - digits)
    features = {
        "log_posterior": evidence(model, context),
        "log_marginals": np.log(one) - np.log(zero),
        "marginals": one,
    }
    if num_concepts <= LARGEST_JOINT:
        features["belief"] = belief @ lg.zero_sum_basis(belief.shape[1])
    return Seen(
        context,
        pattern(context),
        list(np.log(np.stack([zero, one], -1)).swapaxes(0, 1)),
        np.log(predictive(model, context)),
        features,
        random_state,
    )


def exact_metrics(seen: Seen) -> Metrics:
    """Information in nats, concepts averaged, and how many beliefs were drawn."""
    return {
        "token_information.exact": es.mutual_information(seen.log_predictive),
        "concept_information.exact": float(
            np.mean([es.mutual_information(rows) for rows in seen.log_concepts])
        ),
        "num_beliefs.exact": float(len(np.unique(seen.belief))),
    }


def argmax_score(
    model: lg.ConceptModel, seen: Seen, others: Int[np.ndarray, "context position"]
) -> float:
    """S of the likeliest configuration alone, by the mean p(y|x) of other contexts that share it.

    A configuration that the others lack is answered by their p(y).
    """
    known, group = predictive(model, others), likeliest(model, others)
    size = model.space.num_configurations
    count = np.bincount(group, minlength=size)
    total = np.zeros((size, known.shape[1]))
    np.add.at(total, group, known)
    answer = np.where(count[:, None] > 0, total / np.maximum(count, 1)[:, None], known.mean(0))
    predicted = np.log(answer)[likeliest(model, seen.context)]
    return 1 - es.excess_loss(seen.log_predictive, predicted) / es.mutual_information(
        seen.log_predictive
    )


def oracle_metrics(model: lg.ConceptModel, seen: Seen, dim: int) -> Metrics:
    """The best predictor of this dimension: what it explains, which laws hold, what is read off."""
    oracle = lg.oracle_representation(model, seen.context, dim)
    information = es.mutual_information(seen.log_predictive)
    explained = 1 - oracle.excess / information
    logits = oracle.representation @ oracle.unembedding.T
    log_predicted = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    metrics = {"explained.oracle": explained, "excess_share.oracle": 1 - explained}
    for law, features in seen.features.items():
        metrics |= _law("oracle", law, features, log_predicted, seen)
    nulls = {
        "raw_input": seen.raw_input,
        "permuted": seen.permuted(seen.features["log_posterior"]),
    }
    for null, features in nulls.items():
        metrics |= _law("oracle", null, features, log_predicted, seen)
    metrics |= _readout("oracle", oracle.representation, seen)
    return metrics | _readout("raw_input", seen.raw_input, seen)


def trained_metrics(seen: Seen, network: Network, oracle: Metrics) -> Metrics:
    """The same of the trained network, beside its untrained self; follows: trained less oracle."""
    if network.diverged:
        return diverged_metrics("trained")
    representation, log_predicted = read(network.predictor, network.params, seen.context)
    untrained, log_untrained = read(network.predictor, network.start, seen.context)
    metrics = {"diverged.trained": 0.0}
    metrics |= excess_metrics("trained", seen.log_predictive, log_predicted)
    metrics["beyond_oracle.trained"] = (
        metrics["excess_share.trained"] - oracle["excess_share.oracle"]
    )
    for law in LAWS:
        metrics |= _law("trained", law, seen.features[law], log_predicted, seen)
    metrics |= _law("trained", "raw_input", seen.raw_input, log_predicted, seen)
    metrics |= _law(
        "untrained", "log_posterior", seen.features["log_posterior"], log_untrained, seen
    )
    metrics |= _readout("trained", representation, seen)
    metrics |= _readout("untrained", untrained, seen)
    metrics |= _readout("permuted", seen.permuted(representation), seen)
    for name in [*(f"score_{law}" for law in LAWS), "readout"]:
        for estimate in ("held_out", "population"):
            metrics[f"follows_{name}.trained.{estimate}"] = (
                metrics[f"{name}.trained.{estimate}"] - oracle[f"{name}.oracle.{estimate}"]
            )
    return metrics


def _law(
    source: str, law: str, features: np.ndarray, log_predicted: np.ndarray, seen: Seen
) -> Metrics:
    scored = es.law_score(
        features, log_predicted, groups=seen.belief, random_state=seen.random_state
    )
    return {
        f"score_{law}.{source}.held_out": scored.score,
        f"score_{law}.{source}.population": scored.population,
    }


def _readout(source: str, features: np.ndarray, seen: Seen) -> Metrics:
    """How well p(c_k|x) is read off some features, on average over concepts."""
    read_off = [
        es.readout_score(features, rows, groups=seen.belief, random_state=seen.random_state)
        for rows in seen.log_concepts
    ]
    return {
        f"readout.{source}.held_out": float(np.mean([found.score for found in read_off])),
        f"readout.{source}.population": float(np.mean([found.population for found in read_off])),
    }
