"""What is measured on the contexts of one world, and on a predictor trained in it?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Int

import estimators as es
import latentgen as lg
from experiments.networks import Metrics, Network, diverged_metrics, excess_metrics, read
from experiments.scale.beliefs import (
    every_belief,
    likeliest,
    log_likelihood_ratios,
    pattern,
    predictive,
)
from experiments.scores import law_metrics, readout_metrics

LARGEST_JOINT = 4  # concepts up to which the law of the joint p(c|x) is scored: 2^m − 1 regressors
LARGEST_ENUMERATED = 6  # concepts up to which all beliefs are enumerated: 4^m
WHOLE_LAWS = ("log_posterior", "marginals")  # scored under p(x) as well, at every m


class Seen(NamedTuple):
    """A world through some of its contexts, drawn from p(x).

    context [context, position]; group: number of each context's p(c|x) [context]; log_concepts:
    per concept log p(c_k|x) [context, value]; log_predictive [context, token]; features: law -> φ
    [context, regressor]; random_state deals folds and permutations.
    """

    context: np.ndarray
    group: np.ndarray
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
        return es.permute_contexts(rows, self.group, random_state=self.random_state)


def look(model: lg.ConceptModel, context: np.ndarray, random_state: int) -> Seen:
    """What is known exactly of these contexts, and the features of the laws."""
    belief = np.exp(lg.log_posterior(model, context))
    num_concepts = model.space.num_concepts
    digits = lg.binary_digits(np.arange(2**num_concepts), num_concepts)
    one, zero = belief @ digits, belief @ (1 - digits)
    features = {"log_posterior": log_likelihood_ratios(model, context), "marginals": one}
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
    """Information in nats, the mean over concepts of I(c_k; x), and how many beliefs were drawn."""
    return {
        "token_information.exact": es.mutual_information(seen.log_predictive),
        "concept_information.exact": float(
            np.mean([es.mutual_information(rows) for rows in seen.log_concepts])
        ),
        "num_beliefs.exact": float(len(np.unique(seen.group))),
    }


def argmax_score(
    model: lg.ConceptModel, seen: Seen, others: Int[np.ndarray, "other position"]
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
    metrics |= _laws("oracle", log_predicted, seen)
    metrics |= _readout("oracle", oracle.representation, seen)
    return metrics | _readout("raw_input", seen.raw_input, seen)


def whole_metrics(model: lg.ConceptModel, seen: Seen, drawn: Metrics) -> Metrics:
    """Between what S of a perfect predictor under p(x) lies: score_law.whole.lower and .upper.

    Both are S itself where all beliefs are enumerated. Elsewhere it lies, on average over draws,
    between the held-out score of the contexts drawn and that fitted and scored on them.
    """
    metrics = {}
    if model.space.num_concepts <= LARGEST_ENUMERATED:
        context, weight = every_belief(model)
        every = look(model, context, seen.random_state)
        for law in WHOLE_LAWS:  # two folds, as the held-out score is not used
            found = es.law_score(every.features[law], every.log_predictive, weight, num_folds=2)
            metrics[f"converged_{law}.whole"] = float(found.converged)
            metrics |= {f"score_{law}.whole.{end}": found.population for end in ("lower", "upper")}
        return metrics
    for law in WHOLE_LAWS:
        for end, estimate in (("lower", "held_out"), ("upper", "population")):
            metrics[f"score_{law}.whole.{end}"] = drawn[f"score_{law}.oracle.{estimate}"]
    return metrics


def trained_metrics(seen: Seen, network: Network, oracle: Metrics) -> Metrics:
    """The same of the trained network, beside its untrained self and the perfect predictor."""
    if network.diverged:
        return diverged_metrics("trained")
    representation, log_predicted = read(network.predictor, network.params, seen.context)
    untrained, log_untrained = read(network.predictor, network.start, seen.context)
    metrics = {"diverged.trained": 0.0}
    metrics |= excess_metrics("trained", seen.log_predictive, log_predicted)
    metrics["beyond_oracle.trained"] = (
        metrics["excess_share.trained"] - oracle["excess_share.oracle"]
    )
    metrics |= _laws("trained", log_predicted, seen)
    metrics |= _law(
        "untrained", "log_posterior", seen.features["log_posterior"], log_untrained, seen
    )
    metrics |= _readout("trained", representation, seen)
    metrics |= _readout("untrained", untrained, seen)
    metrics |= _readout("permuted", seen.permuted(representation), seen)
    for estimate in ("held_out", "population"):
        missed = [
            1 - found[f"score_log_posterior.{source}.{estimate}"]
            for source, found in (("trained", metrics), ("oracle", oracle))
        ]
        metrics[f"missed_ratio.trained.{estimate}"] = missed[0] / missed[1]
    return metrics


def _laws(source: str, log_predicted: np.ndarray, seen: Seen) -> Metrics:
    """S of every law, of the raw input and of permuted log p(c|x) for one source's predictions."""
    scored = {
        **seen.features,
        "raw_input": seen.raw_input,
        "permuted": seen.permuted(seen.features["log_posterior"]),
    }
    found: Metrics = {}
    for law, features in scored.items():
        found |= _law(source, law, features, log_predicted, seen)
    return found


def _law(
    source: str, law: str, features: np.ndarray, log_predicted: np.ndarray, seen: Seen
) -> Metrics:
    return law_metrics(
        source, law, features, log_predicted, groups=seen.group, random_state=seen.random_state
    )


def _readout(source: str, features: np.ndarray, seen: Seen) -> Metrics:
    """How well p(c_k|x) is read off some features, on average over concepts."""
    read_off = [
        readout_metrics(source, features, rows, groups=seen.group, random_state=seen.random_state)
        for rows in seen.log_concepts
    ]
    return {name: float(np.mean([found[name] for found in read_off])) for name in read_off[0]}
