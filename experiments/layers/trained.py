"""What does a trained transformer hold, at which site, prefix and checkpoint?"""

from collections.abc import Collection

import numpy as np
from jaxtyping import Float, Int

import estimators as es
from experiments.layers.exact import (
    law_metrics,
    named,
    place_scores,
    pooled_scores,
    prediction_metrics,
    token_information,
)
from experiments.layers.links import fit_links, link_scores
from experiments.layers.reading import (
    FINAL,
    Read,
    View,
    at_prefix,
    last_prefix,
    raw_input,
    read_sites,
)
from experiments.layers.rise import exponential_width, rise
from experiments.layers.worlds import Sequences
from experiments.networks import Network, checkpoints, diverged_metrics
from experiments.verdicts import is_trained

Metrics = dict[str, float]

WORDS, ALL_LAYERS = "layer_0", "all_layers"
LEAST_CONTEXTS = 100  # at shorter prefixes no map of their own is fitted


def network_metrics(
    predictor: es.Transformer,
    exact: Sequences,
    network: Network,
    learning_rate: Float[np.ndarray, "step"],
    random_state: int,
) -> Metrics:
    """Everything about one network: its excess, its rise, and what it holds where in the end.

    learning_rate: of every step of its training.
    """
    if network.diverged:
        return diverged_metrics("trained")
    reads = {step: read_sites(predictor, params, exact) for step, params in checkpoints(network)}
    start, end = reads[0], reads[network.last_step]
    metrics = {"diverged.trained": 0.0} | excess_metrics(exact, end)
    metrics |= time_metrics(exact, reads, learning_rate, random_state)
    nulls = {
        "raw_input": raw_input(exact),
        "permuted": es.permute_contexts(end.sites[deepest(end)], random_state=random_state),
    }
    untrained = {f"untrained_{site}": stream for site, stream in start.sites.items()}
    with_concepts = {deepest(end), f"untrained_{deepest(end)}", FINAL, *nulls}
    for source, stream in (end.sites | untrained | nulls).items():
        metrics |= site_metrics(source, stream, exact, random_state, with_concepts)
    metrics |= together_metrics(ALL_LAYERS, end, exact, random_state)
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


def time_metrics(
    exact: Sequences,
    reads: dict[int, Read],
    learning_rate: Float[np.ndarray, "step"],
    random_state: int,
) -> Metrics:
    """Scores at every checkpoint, last prefix, and how they rise.

    {identity, softmax, readout}_step_n.site.…; predicted_step_n.trained: the share of I(x; y) that
    the network's own p̂ explains, below 0 where it does worse than p(y); rise_width,
    exponential_width, halfway and lag (behind predicted).site.link: doublings.
    """
    last = last_prefix(exact)
    metrics, curves = {}, {}
    information = token_information(exact)[-1]
    for step, read in reads.items():
        share = 1 - excess_losses(exact, read)[-1] / information
        metrics[f"predicted_step_{step}.trained"] = float(share)
        curves.setdefault("trained.predicted", []).append(float(share))
        found = {}
        for site, stream in read.sites.items():
            if site == WORDS:
                continue  # the words' vectors never know more than the last word
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
    return metrics | _rise_metrics(np.array(list(reads)), learning_rate, curves)


def site_metrics(
    source: str,
    stream: Float[np.ndarray, "context prefix dim"],
    exact: Sequences,
    random_state: int,
    with_concepts: Collection[str],
) -> Metrics:
    """What a site holds in the end: at the last prefix, by one map for all, and at each prefix.

    with_concepts: the sources that are read for each concept alone, too.
    """
    last = last_prefix(exact)
    features = last.of(stream)
    metrics = place_scores("", source, features, last, exact, random_state)
    given = features, exact.log_predictive, exact, random_state
    metrics |= prediction_metrics("oracle", f"site_{source}", *given)
    metrics |= pooled_scores(source, stream, exact, random_state)
    for prefix in range(exact.num_prefixes):
        view = at_prefix(exact, prefix)
        if len(view.weight) >= LEAST_CONTEXTS:
            given = f"_prefix_{prefix}", source, view.of(stream), view, exact, random_state
            metrics |= place_scores(*given, fewer=True)
            if source in with_concepts:
                metrics |= concept_scores(*given, fewer=True)
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
        fitted = fit_links(
            features,
            target,
            view.weight,
            groups=view.belief,
            random_state=random_state,
            fewer=fewer,
        )
        for name, value in link_scores(fitted, target, view.weight).items():
            metrics[named(name, place, source, concept)] = value
    return metrics


def deepest(read: Read) -> str:
    """The last residual stream."""
    return [site for site in read.sites if site != FINAL][-1]


def together_metrics(source: str, read: Read, exact: Sequences, random_state: int) -> Metrics:
    """What all residual streams tell together, by as many leading components as can be held out."""
    streams = [stream for site, stream in read.sites.items() if site != FINAL]
    together, last = np.concatenate(streams, -1), last_prefix(exact)
    return place_scores(
        "", source, last.of(together), last, exact, random_state, fewer=True
    ) | pooled_scores(source, together, exact, random_state, fewer=True)


def _rise_metrics(
    steps: Int[np.ndarray, "checkpoint"],
    learning_rate: Float[np.ndarray, "step"],
    curves: dict[str, list[float]],
) -> Metrics:
    metrics = {}
    predicted = rise(steps, np.array(curves["trained.predicted"]))
    for name, curve in curves.items():
        found = rise(steps, np.array(curve))
        slow = exponential_width(steps, learning_rate, found.halfway)
        metrics |= {f"rise_width.{name}": found.rise_width, f"exponential_width.{name}": slow}
        metrics |= {f"halfway.{name}": found.halfway}
        metrics[f"lag.{name}"] = found.halfway - predicted.halfway
    return metrics
