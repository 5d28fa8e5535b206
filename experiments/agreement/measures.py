"""How far apart are two predictors, and how much of one representation is a map of the other?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

import estimators as es
import latentgen as lg

Metrics = dict[str, float]
Rows = Float[np.ndarray, "context token"]

LEAST = 1e-12  # what is logarithmed counts as at least this
NUM_DRAWS = 20  # random sets of contexts that d_LLV chooses from


class Scored(NamedTuple):
    """A held-out R² and the same fitted and scored on all contexts."""

    held_out: float
    population: float


def identified(log_predicted: Rows) -> Float[np.ndarray, "context dim"]:
    """The identified part of f in |tokens| − 1 coordinates: centred logits in the Helmert basis."""
    return (log_predicted @ lg.zero_sum_basis(log_predicted.shape[1])).astype(np.float32)


def agreement(
    first: Float[np.ndarray, "context source"],
    second: Float[np.ndarray, "context target"],
    weight: Float[np.ndarray, "context"],
    random_state: int,
) -> Scored:
    """The lower of the two directions of `es.affine_r2`."""
    both = es.affine_r2_both(first, second, weight, random_state=random_state)
    return Scored(min(s.score for s in both), min(s.population for s in both))


def logit_r2(
    source: Float[np.ndarray, "context source"],
    log_target: Rows,
    weight: Float[np.ndarray, "context"],
    random_state: int,
) -> Scored:
    """R² of an affine fit from the source onto p(y)-weighted centred logits of the target.

    1 − E_x Σ_y p(y) (z_y − ẑ_y)² / E_x Σ_y p(y) (z_y − E z_y)² with p(y) of the target's own
    predictions and z centred under it: directions count by how much they move predictions. The
    held-out value is NaN when saturated.
    """
    token_weight = weight @ np.exp(log_target)
    goal = (log_target - (log_target @ token_weight)[:, None]) * np.sqrt(token_weight)
    held_out, population, total = _missed(source, goal, weight, random_state)
    return Scored(1 - held_out.sum() / total.sum(), 1 - population.sum() / total.sum())


def direction_r2(
    source: Float[np.ndarray, "context source"],
    log_target: Rows,
    log_exact: Rows,
    weight: Float[np.ndarray, "context"],
    random_state: int,
) -> Float[np.ndarray, "direction"]:
    """Held-out R² onto the target's centred logits along each principal direction of the exact.

    1 − E (v·z − fit)² / var(v·z) [direction], v of largest variance of the exact centred logits
    first, z the target's; fits are affine in the source. NaN when saturated.
    """
    directions = es.fit_whitening(identified(log_exact), weight).basis
    goal = identified(log_target) @ directions
    held_out, _, total = _missed(source, goal, weight, random_state)
    return 1 - held_out / total


def direction_agreement(
    first: Rows,
    second: Rows,
    log_exact: Rows,
    weight: Float[np.ndarray, "context"],
    random_state: int,
) -> Float[np.ndarray, "direction"]:
    """The lower of the two ways of `direction_r2`, direction by direction."""
    ways = [
        direction_r2(identified(a), b, log_exact, weight, random_state)
        for a, b in ((first, second), (second, first))
    ]
    return np.minimum(*ways)


def _missed(
    source: Float[np.ndarray, "context source"],
    goal: Float[np.ndarray, "context target"],
    weight: Float[np.ndarray, "context"],
    random_state: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Variance of each target [target]: left by the held-out fits, by one on all, and in all."""
    white = es.fit_whitening(source, weight).apply(source)
    design = np.sqrt(weight)[:, None] * np.concatenate([white, np.ones((len(white), 1))], 1)
    goal = np.sqrt(weight)[:, None] * (goal - weight @ goal)
    folds = es.context_folds(None, len(weight), weight, random_state=random_state)

    def left(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        fitted = np.linalg.lstsq(design[train], goal[train], rcond=None)[0]
        return ((goal[test] - design[test] @ fitted) ** 2).sum(0)

    everything = np.ones(len(weight), bool)
    held_out = np.sum([left(*split) for split in folds.splits()], axis=0)
    if folds.saturated(white.shape[1]):
        held_out = np.full(goal.shape[1], np.nan)
    return held_out, left(everything, everything), (goal**2).sum(0)


def logit_agreement(
    first: Rows, second: Rows, weight: Float[np.ndarray, "context"], random_state: int
) -> Scored:
    """The lower of the two directions of `logit_r2`."""
    ways = [
        logit_r2(identified(a), b, weight, random_state)
        for a, b in ((first, second), (second, first))
    ]
    return Scored(min(s.held_out for s in ways), min(s.population for s in ways))


def pair_metrics(
    source: str,
    stage: str,
    first: Rows,
    second: Rows,
    weight: Float[np.ndarray, "context"],
    random_state: int,
) -> Metrics:
    """Agreement and distances of two predictors, named quantity.source.estimate.stage."""
    found = _agreement_metrics(first, second, weight, random_state)
    found |= _distance_metrics(first, second, weight, random_state)
    return {_placed(name, source, stage): value for name, value in found.items()}


def _agreement_metrics(
    first: Rows, second: Rows, weight: Float[np.ndarray, "context"], random_state: int
) -> Metrics:
    """R² of the whitened f and of p(y)-weighted logits, CKA and SVCCA; log10_missed: of 1 − R²."""
    rows = identified(first), identified(second)
    scored = agreement(*rows, weight, random_state)
    logits = logit_agreement(first, second, weight, random_state)
    return {
        "r2.held_out": scored.held_out,
        "r2.population": scored.population,
        "r2_logits.held_out": logits.held_out,
        "r2_logits.population": logits.population,
        "log10_missed.held_out": log10(1 - scored.held_out),
        "cka.population": es.linear_cka(*rows, weight).population,
        "svcca.held_out": es.svcca(*rows, weight, random_state=random_state).score,
    }


def _distance_metrics(
    first: Rows, second: Rows, weight: Float[np.ndarray, "context"], random_state: int
) -> Metrics:
    """Distances of predictions, and what their bounds promise of representations.

    log10_kl: of the mean of the two KL divergences, nats; log10_logit: of the logit distance;
    logit_relative: its square as a share of both predictors' logits; log10_llv: of d_LLV,
    log10_llv_contexts: of its term over contexts. svd: d_SVD of the representations, for the
    reference token of d_LLV; svd_bound: what d_LLV lets it be at most, 1 when that is nothing.
    r2_bound_logit: what the logit distance lets R² be at least, 0 when that is nothing;
    r2_bound_kl: the same of the logit distance that KL allows, with the least probability that
    these two predictions have.
    """
    llv = es.likelihood_variance(
        first, second, weight, num_draws=NUM_DRAWS, random_state=random_state
    )
    dissimilarity = es.svd_dissimilarity(first, second, weight, reference=llv.reference)
    logit = es.logit_distance(first, second, weight)
    return {
        "log10_kl.population": log10(both_ways(first, second, weight)),
        "log10_logit.population": log10(logit.distance),
        "logit_relative.population": logit.relative,
        "log10_llv.population": log10(llv.distance),
        "log10_llv_contexts.population": log10(llv.over_contexts),
        "svd.population": dissimilarity.representation,
        "svd_bound.population": llv.bound,
        "r2_bound_logit.population": logit.least_cca,
        "r2_bound_kl.population": bound_of_kl(first, second, weight),
    }


def bound_of_kl(first: Rows, second: Rows, weight: Float[np.ndarray, "context"]) -> float:
    """What KL lets R² be at least, through the logit distance; 0 when that is nothing.

    1 − d²/(r λ_r), as in `es.logit_distance`, with d the largest logit distance at the lower of
    both KL divergences, and λ_r the larger of the predictors' smallest variances of r directions.
    """
    floor = float(np.exp(min(first.min(), second.min())))
    divergence = min(es.excess_loss(first, second, weight), es.excess_loss(second, first, weight))
    distance = es.logit_distance_of_kl(max(divergence, 0.0), floor)
    smallest = max(_smallest_variance(rows, weight) for rows in (first, second))
    return max(0.0, 1 - distance**2 / ((first.shape[1] - 1) * smallest))


def _smallest_variance(rows: Rows, weight: Float[np.ndarray, "context"]) -> float:
    coordinates = identified(rows)
    return float(np.linalg.eigvalsh(np.cov(coordinates.T, aweights=weight, ddof=0))[0])


def both_ways(first: Rows, second: Rows, weight: Float[np.ndarray, "context"]) -> float:
    """The mean of E KL(p ‖ p') and E KL(p' ‖ p), nats."""
    return (es.excess_loss(first, second, weight) + es.excess_loss(second, first, weight)) / 2


def log10(value: float) -> float:
    """log10, of at least 1e-12."""
    return float(np.log10(max(LEAST, value)))


def _placed(name: str, source: str, stage: str) -> str:
    quantity, estimate = name.split(".")
    return f"{quantity}.{source}.{estimate}.{stage}"
