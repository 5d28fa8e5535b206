"""What is measured on one world, and on a predictor trained in it?

Names of metrics are quantity.source[.estimate[.concept]]; estimate is held_out (by distinct
context; NaN when saturated) or population (fitted and scored on all contexts).
"""

from typing import NamedTuple

import numpy as np

import estimators as es
import latentgen as lg

Metrics = dict[str, float]


class Truth(NamedTuple):
    """What is known exactly about a world's contexts, all of them enumerated.

    context [context, position]; weight p(x) [context]; log_posterior [context, configuration];
    log_concepts: per concept log p(c_k|x) [context, value]; log_predictive [context, token].
    """

    context: np.ndarray
    weight: np.ndarray
    log_weight: np.ndarray
    log_posterior: np.ndarray
    log_concepts: list[np.ndarray]
    log_predictive: np.ndarray

    @property
    def raw_input(self) -> np.ndarray:
        """The binary words as ±1, what the predictor sees."""
        return 2.0 * self.context - 1.0


def truth(model: lg.ConceptModel) -> Truth:
    """The exact answers for every context of a world."""
    context, log_weight = lg.enumerate_contexts(model)
    return Truth(
        context,
        np.exp(log_weight),
        log_weight,
        lg.log_posterior(model, context),
        [lg.log_concept_posterior(model, context, k) for k in range(model.space.num_concepts)],
        lg.log_predictive(model, context),
    )


def world_metrics(model: lg.ConceptModel, exact: Truth) -> Metrics:
    """Information, losses and ε of the world: exact numbers."""
    return {
        "bayes_loss.exact": lg.bayes_loss(model, exact.context, exact.log_weight),
        "token_information.exact": lg.token_information(model, exact.context, exact.log_weight),
        "epsilon.exact": lg.epsilon(model, exact.context, exact.log_weight),
        "context_epsilon.exact": lg.context_epsilon(model, exact.context, exact.log_weight),
    }


def accuracy_metrics(source: str, features: np.ndarray, exact: Truth) -> Metrics:
    """Accuracy of linear probes on some features, per concept and on average."""
    probed = es.probe_accuracy(features, exact.log_concepts, exact.weight)
    metrics = {f"regressors.{source}": float(probed.num_regressors)}
    for estimate, accuracy in (("held_out", probed.score), ("population", probed.population)):
        metrics[f"accuracy.{source}.{estimate}"] = float(accuracy.mean())
        for concept, value in enumerate(accuracy):
            metrics[f"accuracy.{source}.{estimate}.{concept}"] = float(value)
    return metrics


def ceiling_metrics(exact: Truth) -> Metrics:
    """Bayes accuracy and the majority's, which need no features."""
    metrics = {}
    for source, best in (("bayes", _bayes_accuracy), ("majority", _majority_accuracy)):
        accuracy = [best(log_concept, exact.weight) for log_concept in exact.log_concepts]
        metrics[f"accuracy.{source}.population"] = float(np.mean(accuracy))
        for concept, value in enumerate(accuracy):
            metrics[f"accuracy.{source}.population.{concept}"] = value
    return metrics


def law_metrics(
    source: str, law: str, features: np.ndarray, log_predictive: np.ndarray, weight: np.ndarray
) -> Metrics:
    """S of one law for the predictive distribution of one source."""
    scored = es.law_score(features, log_predictive, weight)
    return {
        f"score_{law}.{source}.held_out": scored.score,
        f"score_{law}.{source}.population": scored.population,
    }


def laws(exact: Truth, offset: float | None) -> dict[str, np.ndarray]:
    """The features of the competing laws, and the null with rows permuted over contexts.

    offset is the ρ of log(p + ρ); None leaves that law out. Where p(c|x) has zeros log p(c|x) is
    no finite law, so that only p and log(p + ρ) remain.
    """
    belief = np.exp(exact.log_posterior)
    found = {"belief": belief}
    if np.isfinite(exact.log_posterior).all():
        found["log_posterior"] = exact.log_posterior
        found["permuted"] = es.permute_contexts(exact.log_posterior)
    else:
        found["permuted"] = es.permute_contexts(belief)
    if offset is not None:
        found["offset"] = np.log(belief + offset)
    found["raw_input"] = exact.raw_input
    return found


def _bayes_accuracy(log_concept: np.ndarray, weight: np.ndarray) -> float:
    return float(weight @ np.exp(log_concept).max(1))


def _majority_accuracy(log_concept: np.ndarray, weight: np.ndarray) -> float:
    return float((weight @ np.exp(log_concept)).max())
