"""What is measured at one sharpness of the token and one length of the context?

Names of metrics are quantity.source.estimate. estimate: held_out (by distinct bag of words; NaN
when saturated), population (fitted and scored on all bags), no_fit (nothing fitted at all) or
predicted (the closed form of `fisher_projection`, from p(y|c) and the beliefs alone).
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize_scalar

import estimators as es
import latentgen as lg
from experiments.experiment import CellResult, by_name
from experiments.log_or_belief.worlds import CHANNEL, channel_rho, world
from experiments.unfitted import argmax_score, explained
from latentgen.theorems.anchored import anchors
from latentgen.theorems.crossover import log_plus
from latentgen.theorems.instance import Instance, instance
from latentgen.theorems.paper import paper_terms
from latentgen.theorems.projection import fisher_projection

Metrics = dict[str, float]

LEAST_MISSED = 1e-6  # what a law misses counts as at least this: the search stops about there
LOG10_RHO = np.arange(-8.0, 5.0)  # where ρ̂ is looked for: at the ends it is the law of log p or p
RHO_TOLERANCE = 1e-6  # of log10 ρ̂


@dataclass(frozen=True)
class LogOrBeliefCell:
    """One sharpness of the token, one length of the context and one block of seeds."""

    family: str
    sharpness: float
    context_length: int
    num_words: int
    num_tokens: int
    floor: float
    seeds: tuple[int, ...]


class Bags(NamedTuple):
    """A world through all its bags of words, each read as one sequence of sorted words.

    context [bag, position]; instance: what is exactly known of them; counts: how often each bag
    has each word [bag, word]; random_state: deals folds and permutations, another one a world.
    """

    context: np.ndarray
    instance: Instance
    counts: np.ndarray
    random_state: int


def shape(cell: LogOrBeliefCell) -> Hashable:
    """Nothing is compiled: cells stand alone."""
    return cell


def compute(cell: LogOrBeliefCell) -> CellResult:
    """Measure every seed of a cell; each seed is a world of its own."""
    rows = [_measured(cell, seed) for seed in cell.seeds]
    return CellResult(by_name(rows), {})


def _measured(cell: LogOrBeliefCell, seed: int) -> Metrics:
    seen = all_bags(cell, seed)
    inside = seen.instance
    belief, weight = np.exp(inside.log_belief), inside.weight
    found = fitted_rho(inside)
    features = {
        "log_posterior": inside.log_belief,
        "belief": belief,
        "rho": log_plus(inside.log_belief, found),
    }
    metrics = _world_metrics(seen)
    for law, phi in features.items():
        metrics |= _law_metrics(law, contrasts(phi), seen)
    metrics["score_difference.oracle.held_out"] = (
        metrics["score_log_posterior.oracle.held_out"] - metrics["score_belief.oracle.held_out"]
    )
    metrics |= _rho_metrics(cell, seen, found) | _null_metrics(seen)
    metrics["score_paper.oracle.no_fit"] = explained(paper_logits(inside), inside)
    if cell.family == CHANNEL:
        rho = channel_rho(cell.sharpness, belief.shape[1])
        unfitted = {
            "log_posterior": inside.log_belief,
            "belief": belief / (rho + weight @ belief),  # log(p + ρ), to first order at E p
            "rho": log_plus(inside.log_belief, rho),
        }
        for law, logits in unfitted.items():
            metrics[f"score_{law}.oracle.no_fit"] = explained(logits, inside)
    return metrics


def all_bags(cell: LogOrBeliefCell, seed: int) -> Bags:
    """All bags of words of the world of a seed."""
    model = world(
        seed,
        cell.family,
        cell.sharpness,
        num_words=cell.num_words,
        num_tokens=cell.num_tokens,
        floor=cell.floor,
    )
    found = lg.enumerate_bags(model, cell.context_length)
    counts = (found.context[:, :, None] == np.arange(cell.num_words)).sum(1).astype(np.float64)
    return Bags(found.context, instance(model, *found), counts, seed)


def contrasts(
    features: Float[np.ndarray, "context configuration"],
) -> Float[np.ndarray, "context contrast"]:
    """The ℓ − 1 differences between configurations: all that an A with A·1 = 0 can see.

    The paper's own A is such, and so is the channel's exact law. Without this log(p + ρ) would
    have one regressor more than p, near Σ p² as ρ → ∞, and would not tend to the law of p.
    """
    return features @ lg.zero_sum_basis(features.shape[1])


def fitted_rho(seen: Instance) -> float:
    """ρ̂ in 1e-8 … 1e4: where the contrasts of log(p + ρ) leave least over, in closed form."""

    def share(log10: float) -> float:
        features = contrasts(log_plus(seen.log_belief, 10**log10))
        return fisher_projection(features, seen.log_predictive, seen.weight).share

    best = int(np.argmin([share(log10) for log10 in LOG10_RHO]))
    around = LOG10_RHO[max(0, best - 1)], LOG10_RHO[min(len(LOG10_RHO) - 1, best + 1)]
    options = {"xatol": RHO_TOLERANCE}
    between: Any = minimize_scalar(share, bounds=around, method="bounded", options=options)
    best = LOG10_RHO[best] if share(LOG10_RHO[best]) <= between.fun else between.x
    return float(10**best)


def paper_logits(seen: Instance) -> np.ndarray:
    """L log p(c|x) + β [context, token]: what the paper's theorem predicts, with nothing fitted.

    Tokens that never occur are left out by −inf.
    """
    possible = ~np.isneginf(seen.log_predictive).all(0)
    reference = int(np.argmax(possible))
    parts = paper_terms(seen, reference)
    return np.where(possible, parts.log_belief_part + parts.offset, -np.inf)


def _world_metrics(seen: Bags) -> Metrics:
    inside = seen.instance
    possible = ~np.isneginf(inside.log_prior)
    pinned = anchors(inside.log_token_given(), np.arange(len(possible)), possible)
    joint = np.exp(inside.log_predictive) * (1 - inside.epsilon())
    return {
        "num_contexts.exact": float(len(seen.counts)),
        "token_information.exact": es.mutual_information(inside.log_predictive, inside.weight),
        "concept_information.exact": es.mutual_information(inside.log_belief, inside.weight),
        "context_epsilon.exact": 1 - float(inside.weight @ np.exp(inside.log_belief.max(1))),
        "epsilon.exact": 1 - float(inside.weight @ joint.sum(1)),
        "log10_anchor.exact": float(np.log10(pinned.rho.max())),
    }


def _law_metrics(law: str, features: np.ndarray, seen: Bags) -> Metrics:
    """S by the convex fit, what the closed form says of it, and how many decades lie between."""
    inside = seen.instance
    scored = es.law_score(
        features, inside.log_predictive, inside.weight, random_state=seen.random_state
    )
    predicted = fisher_projection(features, inside.log_predictive, inside.weight).share
    estimates = {"held_out": scored.score, "population": scored.population}
    metrics = {
        f"score_{law}.oracle.predicted": 1 - predicted,
        f"converged_{law}.oracle": float(scored.converged),
    }
    for estimate, score in estimates.items():
        metrics[f"score_{law}.oracle.{estimate}"] = score
        missed = np.log10(max(LEAST_MISSED, 1 - score)) if np.isfinite(score) else np.nan
        metrics[f"decades_{law}.oracle.{estimate}"] = float(
            missed - np.log10(max(LEAST_MISSED, predicted))
        )
    return metrics


def _rho_metrics(cell: LogOrBeliefCell, seen: Bags, rho: float) -> Metrics:
    """ρ̂ and the share of the belief that it blurs, E_x Σ_c p ρ̂ / (p + ρ̂): 0 for log p, 1 for p."""
    belief = np.exp(seen.instance.log_belief)
    log10 = float(np.log10(rho))
    blurred = seen.instance.weight @ (belief * rho / (belief + rho)).sum(1)
    metrics = {"log10_rho.oracle": log10, "blurred.oracle": float(blurred)}
    if cell.family == CHANNEL:
        exact = float(np.log10(channel_rho(cell.sharpness, belief.shape[1])))
        metrics |= {"log10_rho.exact": exact, "rho_error.oracle": abs(log10 - exact)}
    return metrics


def _null_metrics(seen: Bags) -> Metrics:
    """S of what is no law of the concepts: word counts, exchanged rows, and the argmax."""
    inside = seen.instance
    permuted = es.permute_contexts(inside.log_belief, random_state=seen.random_state)
    metrics = {}
    for null, features in {"raw_input": seen.counts, "permuted": permuted}.items():
        scored = es.law_score(
            features, inside.log_predictive, inside.weight, random_state=seen.random_state
        )
        metrics[f"score_{null}.oracle.held_out"] = scored.score
        metrics[f"score_{null}.oracle.population"] = scored.population
    metrics["score_argmax.oracle.population"] = argmax_score(inside)
    return metrics
