"""What is measured on one world, and on a predictor trained in it?

Names of metrics are quantity.source[.estimate[.concept]]. estimate: held_out (by distinct
context; NaN when saturated), population (fitted and scored on all contexts) or best (the most
accurate linear classifier found, on the population).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

import estimators as es
import latentgen as lg
from estimators.assessment.features import argmax_one_hot
from experiments import scores

Metrics = dict[str, float]


class Truth(NamedTuple):
    """What is known exactly about a world's contexts, all of them enumerated.

    context [context, position]; weight p(x) [context]; log_posterior [context, configuration];
    log_concepts: per concept log p(c_k|x) [context, value]; log_predictive [context, token];
    random_state: deals folds and permutations, another one for each world.
    """

    context: np.ndarray
    weight: np.ndarray
    log_weight: np.ndarray
    log_posterior: np.ndarray
    log_concepts: list[np.ndarray]
    log_predictive: np.ndarray
    random_state: int

    @property
    def raw_input(self) -> np.ndarray:
        """The binary words as ±1, what the predictor sees."""
        return 2.0 * self.context - 1.0

    @property
    def log_ratios(self) -> np.ndarray:
        """log p(c|x) without its mean over configurations: the part a linear A can represent."""
        return self.log_posterior @ lg.zero_sum_basis(self.log_posterior.shape[1])

    def permuted(self, rows: np.ndarray) -> np.ndarray:
        """Rows exchanged between contexts: the null."""
        return es.permute_contexts(rows, random_state=self.random_state)


def truth(model: lg.ConceptModel, random_state: int) -> Truth:
    """The exact answers for every context of a world."""
    context, log_weight = lg.enumerate_contexts(model)
    return Truth(
        context,
        np.exp(log_weight),
        log_weight,
        lg.log_posterior(model, context),
        [lg.log_concept_posterior(model, context, k) for k in range(model.space.num_concepts)],
        lg.log_predictive(model, context),
        random_state,
    )


def world_metrics(exact: Truth) -> Metrics:
    """Information, the Bayes loss and ε through the context: exact numbers."""
    information = [es.mutual_information(rows, exact.weight) for rows in exact.log_concepts]
    return {
        "bayes_loss.exact": float(exact.weight @ lg.entropy(exact.log_predictive)),
        "token_information.exact": es.mutual_information(exact.log_predictive, exact.weight),
        "concept_information.exact": float(np.mean(information)),
        "context_epsilon.exact": 1 - float(exact.weight @ np.exp(exact.log_posterior.max(1))),
    }


def accuracy_metrics(
    source: str, features: np.ndarray, exact: Truth, best: bool = False
) -> Metrics:
    """Accuracy of linear probes on some features, per concept and on average.

    best: also of the most accurate linear classifier that is found.
    """
    probed = es.probe_accuracy(
        features, exact.log_concepts, exact.weight, random_state=exact.random_state
    )
    estimates = {"held_out": probed.score, "population": probed.population}
    if best:
        reader = es.best_linear_accuracy(features, exact.log_concepts, exact.weight)
        estimates["best"] = np.maximum(reader, probed.population)
    metrics = {f"regressors.{source}": float(probed.num_regressors)}
    for estimate, accuracy in estimates.items():
        metrics |= _per_concept(f"accuracy.{source}.{estimate}", accuracy)
    return metrics


def ceiling_metrics(exact: Truth) -> Metrics:
    """Bayes accuracy and the majority's, which need no features."""
    probed = es.probe_accuracy(np.zeros((len(exact.weight), 1)), exact.log_concepts, exact.weight)
    return _per_concept("accuracy.bayes.population", probed.bayes) | _per_concept(
        "accuracy.majority.population", probed.majority
    )


def law_metrics(
    source: str, law: str, features: np.ndarray, log_predictive: np.ndarray, exact: Truth
) -> Metrics:
    """S of one law for log p(y|x) or log p̂(y|x) [context, token] of one source."""
    return scores.law_metrics(
        source, law, features, log_predictive, exact.weight, random_state=exact.random_state
    )


def total_variance(
    logits: Float[np.ndarray, "context token"], weight: Float[np.ndarray, "context"]
) -> float:
    """Σ_y var_x of logits less their mean over tokens, nats²."""
    centred = logits - logits.mean(1, keepdims=True)
    return float(weight @ ((centred - weight @ centred) ** 2).sum(1))


def laws(exact: Truth, rho: float) -> dict[str, np.ndarray]:
    """The features of the competing laws, rho being the ρ of log(p + ρ).

    Where p(c|x) has zeros log p(c|x) is no finite law, so that only p and log(p + ρ) remain.
    """
    belief = np.exp(exact.log_posterior)
    found = {"belief": belief, "rho": np.log(belief + rho)}
    if np.isfinite(exact.log_posterior).all():
        found["log_posterior"] = exact.log_posterior
    return found


def null_laws(exact: Truth) -> dict[str, np.ndarray]:
    """Features that are no law of the concepts.

    The raw input; the leading law with its rows permuted over contexts; and the one-hot argmax of
    the posterior: where it alone reaches S ≥ .99 the corner is trivial.
    """
    found = laws(exact, 1.0)
    leading = found.get("log_posterior", found["belief"])
    return {
        "raw_input": exact.raw_input,
        "permuted": exact.permuted(leading),
        "argmax": argmax_one_hot(exact.log_posterior),
    }


def _per_concept(name: str, accuracy: np.ndarray) -> Metrics:
    """The mean over concepts, and each concept's."""
    each = {f"{name}.{concept}": float(value) for concept, value in enumerate(accuracy)}
    return {name: float(np.mean(accuracy)), **each}
