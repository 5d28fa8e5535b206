"""What is known of a world before anything is trained: information, ceilings and nulls?"""

import numpy as np
from jaxtyping import Float

import estimators as es
import latentgen as lg
from experiments.layers.links import fit_links, link_scores
from experiments.layers.reading import View, all_prefixes, at_prefix, raw_input
from experiments.layers.worlds import Sequences

Metrics = dict[str, float]


def exact_metrics(exact: Sequences, random_state: int) -> Metrics:
    """Information, what exact features score through both links, and the oracle's laws."""
    last = at_prefix(exact, exact.num_prefixes - 1)
    log_belief, log_predictive = last.of(exact.log_belief), last.of(exact.log_predictive)
    metrics = {
        "token_information.exact.mean": float(np.mean(token_information(exact))),
        "token_information.exact.last": float(token_information(exact)[-1]),
        "beliefs_per_regressor.exact": beliefs_per_regressor(log_belief),
        "concept_information.exact": es.mutual_information(log_belief, last.weight),
    }
    for prefix in range(exact.num_prefixes):
        view = at_prefix(exact, prefix)
        told = es.mutual_information(view.of(exact.log_belief), view.weight)
        metrics[f"concept_information_prefix_{prefix}.exact"] = told
    ideal = {
        "oracle": log_predictive @ lg.zero_sum_basis(log_predictive.shape[1]),
        "belief": np.exp(log_belief),
        "log_posterior": log_ratios(log_belief),
        "argmax": argmax(log_belief),
    }
    for source, features in ideal.items():
        metrics |= place_scores("", source, features, last, exact, random_state)
    pooled = all_prefixes(exact)
    pooled_belief = pooled.of(exact.log_belief)
    ideal = {"belief": np.exp(pooled_belief), "log_posterior": log_ratios(pooled_belief)}
    for source, features in ideal.items():
        metrics |= place_scores("_pooled", source, features, pooled, exact, random_state)
    metrics |= law_metrics("oracle", exact.log_predictive, exact, random_state)
    nulls = {
        "raw_input": last.of(raw_input(exact)),
        "permuted": es.permute_contexts(log_belief, random_state=random_state),
        "argmax": argmax(log_belief),
    }
    for null, features in nulls.items():
        metrics |= _law(null, "oracle", features, log_predictive, last, random_state)
    return metrics


def beliefs_per_regressor(log_belief: Float[np.ndarray, "row outcome"]) -> float:
    """Distinct p(c|x) in four of five folds, over the least dimension that can hold them.

    Below 5 nothing is held out: contexts that are left out have twins among those fitted.
    """
    distinct = np.unique(np.exp(log_belief).round(9), axis=0)
    return 0.8 * len(distinct) / (log_belief.shape[1] - 1)


def token_information(exact: Sequences) -> Float[np.ndarray, "prefix"]:
    """I(first t words; next word), nats."""
    log_predictive = np.moveaxis(exact.log_predictive, 1, 0)
    return np.array([es.mutual_information(rows, exact.weight) for rows in log_predictive])


def place_scores(
    place: str,
    source: str,
    features: Float[np.ndarray, "row regressor"],
    view: View,
    exact: Sequences,
    random_state: int,
    fewer: bool = False,
) -> Metrics:
    """Both links from features of a view's rows to its beliefs: identity{place}.{source}.…"""
    log_belief = view.of(exact.log_belief)
    fitted = fit_links(features, log_belief, view.weight, random_state=random_state, fewer=fewer)
    scores = link_scores(fitted, log_belief, view.weight)
    return {named(name, place, source): value for name, value in scores.items()}


def named(score: str, place: str, source: str, *rest: object) -> str:
    """link.estimate as link{place}.source.estimate[.concept]."""
    link, estimate = score.split(".")
    return ".".join(map(str, (f"{link}{place}", source, estimate, *rest)))


def law_metrics(
    source: str,
    log_predicted: Float[np.ndarray, "context prefix token"],
    exact: Sequences,
    random_state: int,
) -> Metrics:
    """S of log p(c|x) and of p(c|x) for predictions of the last word, exact or a network's."""
    last = at_prefix(exact, exact.num_prefixes - 1)
    log_belief, told = last.of(exact.log_belief), last.of(log_predicted)
    laws = {"log_posterior": log_ratios(log_belief), "belief": np.exp(log_belief)}
    metrics = {}
    for law, features in laws.items():
        metrics |= _law(law, source, features, told, last, random_state)
    return metrics


def log_ratios(
    log_belief: Float[np.ndarray, "row outcome"],
) -> Float[np.ndarray, "row contrast"]:
    """log p(c|x) without its mean over outcomes: all that an A with A·1 = 0 can see."""
    return log_belief @ lg.zero_sum_basis(log_belief.shape[1])


def argmax(log_belief: Float[np.ndarray, "row outcome"]) -> Float[np.ndarray, "row outcome"]:
    """The one-hot of the likeliest outcome: where it does as well, there is nothing to tell."""
    return np.eye(log_belief.shape[1])[log_belief.argmax(1)]


def _law(
    law: str,
    source: str,
    features: np.ndarray,
    log_predicted: np.ndarray,
    view: View,
    random_state: int,
) -> Metrics:
    scored = es.law_score(features, log_predicted, view.weight, random_state=random_state)
    return {
        f"score_{law}.{source}.held_out": scored.score,
        f"score_{law}.{source}.population": scored.population,
    }
