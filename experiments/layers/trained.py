"""What does a trained transformer hold, at which site, prefix and checkpoint?"""

import numpy as np
from jaxtyping import Float, Int

import estimators as es
from experiments.layers.exact import law_metrics, named, place_scores, token_information
from experiments.layers.links import explained_variance, fit_links, link_scores
from experiments.layers.reading import (
    FINAL,
    Read,
    View,
    all_prefixes,
    at_prefix,
    raw_input,
    read_sites,
)
from experiments.layers.rise import rise
from experiments.layers.worlds import Sequences
from experiments.networks import Network, diverged_metrics
from experiments.verdicts import is_trained

Metrics = dict[str, float]

LEAST_CONTEXTS = 100  # at shorter prefixes no map of their own is fitted


def network_metrics(
    predictor: es.Transformer, exact: Sequences, network: Network, random_state: int
) -> Metrics:
    """Everything about one network: its excess, its rise, and what it holds where in the end."""
    if network.diverged or network.trajectory is None:
        return diverged_metrics("trained")
    steps, params = network.trajectory
    reads = {
        int(step): read_sites(predictor, es.of_seed(params, index), exact)
        for index, step in enumerate(steps)
    }
    start, end = reads[0], reads[network.last_step]
    metrics = {"diverged.trained": 0.0} | excess_metrics(exact, end)
    metrics |= time_metrics(exact, reads, random_state)
    nulls = {
        "raw_input": raw_input(exact),
        "permuted": es.permute_contexts(end.sites[deepest(end)], random_state=random_state),
    }
    untrained = {f"untrained_{site}": stream for site, stream in start.sites.items()}
    for source, stream in (end.sites | untrained | nulls).items():
        metrics |= site_metrics(source, stream, exact, random_state)
    for source, read in (("trained", end), ("untrained", start)):
        metrics |= law_metrics(source, read.log_predicted, exact, random_state)
    return metrics


def excess_metrics(exact: Sequences, read: Read) -> Metrics:
    """Shares of I(x; y): excess_share.trained.mean over prefixes, and .last, of the last prefix.

    mean: the excess loss over the information, each summed over prefixes. counted.trained: 1 where
    both are at most .01.
    """
    information, excess = token_information(exact), excess_losses(exact, read)
    mean = float(excess.sum() / information.sum())
    last = float(excess[-1] / information[-1])
    return {
        "excess_share.trained.mean": mean,
        "excess_share.trained.last": last,
        "counted.trained": float(is_trained(max(mean, last))),
    }


def excess_losses(exact: Sequences, read: Read) -> Float[np.ndarray, "prefix"]:
    """E_x KL(p(y|x) ‖ p̂(y|x)) of the next word after every prefix, nats."""
    exactly, told = (np.moveaxis(rows, 1, 0) for rows in (exact.log_predictive, read.log_predicted))
    pairs = zip(exactly, told, strict=True)
    return np.array([es.excess_loss(*pair, exact.weight) for pair in pairs])


def time_metrics(exact: Sequences, reads: dict[int, Read], random_state: int) -> Metrics:
    """Scores at every checkpoint, last prefix, and how they rise.

    {identity, softmax, readout}_step_n.site.…; predicted_step_n.trained: the share of I(x; y) that
    the network's own p̂ explains, below 0 where it does worse than p(y); width, halfway and lag
    (behind predicted).site.link: doublings.
    """
    last = at_prefix(exact, exact.num_prefixes - 1)
    metrics, curves = {}, {}
    information = token_information(exact)[-1]
    for step, read in reads.items():
        share = 1 - excess_losses(exact, read)[-1] / information
        metrics[f"predicted_step_{step}.trained"] = float(share)
        curves.setdefault("trained.predicted", []).append(float(share))
        found = {}
        for site, stream in read.sites.items():
            features = last.of(stream)
            place = f"_step_{step}"
            found |= place_scores(place, site, features, last, exact, random_state)
            if site == deepest(read):
                found |= concept_scores(place, site, features, last, exact, random_state)
        metrics |= found
        for name, value in found.items():
            link, site, estimate, *concept = name.split(".")
            if estimate == "held_out" and link.startswith(("identity", "softmax")):
                curve = ".".join([site, link.split("_")[0], *concept])
                curves.setdefault(curve, []).append(value)
    return metrics | _rise_metrics(np.array(list(reads)), curves)


def site_metrics(
    source: str,
    stream: Float[np.ndarray, "context prefix dim"],
    exact: Sequences,
    random_state: int,
) -> Metrics:
    """What a site holds in the end: at the last prefix, by one map for all, and at each prefix."""
    last, pooled = at_prefix(exact, exact.num_prefixes - 1), all_prefixes(exact)
    metrics = place_scores("", source, last.of(stream), last, exact, random_state)
    told = es.law_score(
        last.of(stream), last.of(exact.log_predictive), last.weight, random_state=random_state
    )
    metrics[f"next_word.{source}.held_out"] = told.score
    metrics |= _pooled_metrics(source, pooled.of(stream), pooled, exact, random_state)
    for prefix in range(exact.num_prefixes):
        view = at_prefix(exact, prefix)
        if len(view.weight) >= LEAST_CONTEXTS:
            place = f"_prefix_{prefix}"
            given = place, source, view.of(stream), view, exact, random_state
            metrics |= place_scores(*given, fewer=True) | concept_scores(*given, fewer=True)
    return metrics


def concept_scores(
    place: str,
    source: str,
    features: Float[np.ndarray, "row regressor"],
    view: View,
    exact: Sequences,
    random_state: int,
    fewer: bool = False,
) -> Metrics:
    """Both links for every concept alone; empty in a world whose concepts are states in time."""
    metrics = {}
    for concept, log_belief in enumerate(exact.log_concepts):
        target = view.of(log_belief)
        fitted = fit_links(features, target, view.weight, random_state=random_state, fewer=fewer)
        for name, value in link_scores(fitted, target, view.weight).items():
            metrics[named(name, place, source, concept)] = value
    return metrics


def deepest(read: Read) -> str:
    """The last residual stream."""
    return [site for site in read.sites if site != FINAL][-1]


def _pooled_metrics(
    source: str, features: np.ndarray, pooled: View, exact: Sequences, random_state: int
) -> Metrics:
    """One map for all prefixes, scored on all of them and on those of each number of words."""
    log_belief, weight = pooled.of(exact.log_belief), pooled.weight
    fitted = fit_links(features, log_belief, weight, random_state=random_state)
    scores = link_scores(fitted, log_belief, weight)
    metrics = {named(name, "_pooled", source): value for name, value in scores.items()}
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


def _rise_metrics(steps: Int[np.ndarray, "checkpoint"], curves: dict[str, list[float]]) -> Metrics:
    metrics = {}
    predicted = rise(steps, np.array(curves["trained.predicted"]))
    for name, curve in curves.items():
        found = rise(steps, np.array(curve))
        metrics |= {f"width.{name}": found.width, f"halfway.{name}": found.halfway}
        metrics[f"lag.{name}"] = found.halfway - predicted.halfway
    return metrics
