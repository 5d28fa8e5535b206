"""What is known of a world before anything is trained: information, ceilings and nulls?"""

import numpy as np
from jaxtyping import Float

import estimators as es
import latentgen as lg
from estimators.assessment.features import argmax_one_hot
from experiments import scores
from experiments.layers.links import explained_variance, fit_links, link_scores
from experiments.layers.reading import View, all_prefixes, last_prefix, raw_input
from experiments.layers.worlds import Sequences

Metrics = dict[str, float]


def exact_metrics(exact: Sequences, random_state: int) -> Metrics:
    """Information, what exact features score through both links, and the oracle's laws."""
    last = last_prefix(exact)
    metrics = information_metrics(exact) | {"num_beliefs.exact": float(last.belief.max() + 1)}
    for source, features in ideal(exact).items():
        metrics |= place_scores("", source, last.of(features), last, exact, random_state)
        if np.isfinite(features).all():
            metrics |= pooled_scores(source, features, exact, random_state)
    return metrics | law_metrics("oracle", exact.log_predictive, exact, random_state)


def information_metrics(exact: Sequences) -> Metrics:
    """I(x; y) of the next word, and I(c; x) of the whole configuration, or the state, in nats."""
    last, information = last_prefix(exact), token_information(exact)
    return {
        "token_information.exact.mean": float(np.mean(information)),
        "token_information.exact.last": float(information[-1]),
        "concept_information.exact": es.mutual_information(last.of(exact.log_belief), last.weight),
    }


def ideal(exact: Sequences) -> dict[str, Float[np.ndarray, "context prefix regressor"]]:
    """What features would be that followed a law exactly; the oracle's f is the perfect one.

    Where some words come at some prefixes only, no finite f is perfect at all of them: the oracle's
    is that of the last prefix, and NaN elsewhere.
    """
    log_predictive = exact.log_predictive
    possible = np.isfinite(log_predictive).all(-1, keepdims=True)
    centred = np.where(possible, log_predictive, np.nan) @ lg.zero_sum_basis(
        log_predictive.shape[-1]
    )
    return {
        "oracle": centred,
        "belief": np.exp(exact.log_belief),
        "log_posterior": exact.log_belief @ lg.zero_sum_basis(exact.log_belief.shape[-1]),
        "argmax": argmax_one_hot(exact.log_belief),
    }


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
    fitted = fit_links(
        features,
        log_belief,
        view.weight,
        groups=view.belief,
        random_state=random_state,
        fewer=fewer,
    )
    found = link_scores(fitted, log_belief, view.weight)
    return {named(name, place, source): value for name, value in found.items()}


def pooled_scores(
    source: str,
    stream: Float[np.ndarray, "context prefix regressor"],
    exact: Sequences,
    random_state: int,
    fewer: bool = False,
) -> Metrics:
    """One map for all prefixes: {identity, softmax}_pooled.source.… and _prefix_t.source.one_map.

    Scored on all prefixes, and on those of each number of words.
    """
    pooled = all_prefixes(exact)
    log_belief, weight = pooled.of(exact.log_belief), pooled.weight
    fitted = fit_links(
        pooled.of(stream),
        log_belief,
        weight,
        groups=pooled.belief,
        random_state=random_state,
        fewer=fewer,
    )
    found = link_scores(fitted, log_belief, weight)
    metrics = {named(name, "_pooled", source): value for name, value in found.items()}
    if fitted.held_out is None:
        return metrics
    links = {
        "identity": fitted.held_out.identity,
        "softmax": np.exp(fitted.held_out.log_softmax),
    }
    for prefix in np.unique(pooled.prefix):
        rows = pooled.prefix == prefix
        for link, predicted in links.items():
            share = explained_variance(log_belief[rows], predicted[rows], weight[rows])
            metrics[f"{link}_prefix_{prefix}.{source}.one_map"] = share
    return metrics


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
    """S of both laws and of their nulls for predictions of the last word, exact or a network's."""
    last, found = last_prefix(exact), ideal(exact)
    log_posterior = last.of(found["log_posterior"])
    laws = {
        "log_posterior": log_posterior,
        "belief": last.of(found["belief"]),
        "raw_input": last.of(raw_input(exact)),
        "permuted": es.permute_contexts(log_posterior, last.belief, random_state=random_state),
        "argmax": last.of(found["argmax"]),
    }
    metrics = {}
    for law, features in laws.items():
        metrics |= prediction_metrics(source, law, features, log_predicted, exact, random_state)
    return metrics


def prediction_metrics(
    source: str,
    law: str,
    features: Float[np.ndarray, "row regressor"],
    log_predicted: Float[np.ndarray, "context prefix token"],
    exact: Sequences,
    random_state: int,
) -> Metrics:
    """S of some features of the last prefix for predictions of the last word."""
    last = last_prefix(exact)
    return scores.law_metrics(
        source,
        law,
        features,
        last.of(log_predicted),
        last.weight,
        groups=last.belief,
        random_state=random_state,
    )
