"""How far apart are two predictors, and how much of one representation is a map of the other?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

import estimators as es
import latentgen as lg
from estimators.instruments.whitening import fit_whitening

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
    goal = goal - weight @ goal
    white = fit_whitening(source, weight).apply(source)
    design = np.sqrt(weight)[:, None] * np.concatenate([white, np.ones((len(white), 1))], 1)
    goal = np.sqrt(weight)[:, None] * goal
    folds = es.context_folds(None, len(weight), weight, random_state=random_state)

    def missed(train: np.ndarray, test: np.ndarray) -> float:
        fitted = np.linalg.lstsq(design[train], goal[train], rcond=None)[0]
        return float(((goal[test] - design[test] @ fitted) ** 2).sum())

    everything = np.ones(len(weight), bool)
    total = float((goal**2).sum())
    held_out = 1 - sum(missed(*split) for split in folds.splits()) / total
    return Scored(
        np.nan if folds.saturated(white.shape[1]) else held_out,
        1 - missed(everything, everything) / total,
    )


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
    """Agreement and distances of two predictors, named quantity.source.estimate.stage.

    missed: log10(1 − R²). kl: log10 of the mean of the two KL divergences, nats; logit: log10 of
    the logit distance; llv: log10 of d_LLV, llv_contexts of its term over contexts, which alone
    bounds representations.
    """
    rows = identified(first), identified(second)
    scored = agreement(*rows, weight, random_state)
    logits = logit_agreement(first, second, weight, random_state)
    llv = es.likelihood_variance(
        first, second, weight, num_draws=NUM_DRAWS, random_state=random_state
    )
    kernel = es.linear_cka(*rows, weight)
    leading = es.svcca(*rows, weight, random_state=random_state)
    found = {
        "r2.held_out": scored.held_out,
        "r2.population": scored.population,
        "r2_logits.held_out": logits.held_out,
        "r2_logits.population": logits.population,
        "missed.held_out": log10(1 - scored.held_out),
        "missed.population": log10(1 - scored.population),
        "missed_logits.held_out": log10(1 - logits.held_out),
        "cka.population": kernel.population,
        "svcca.held_out": leading.score,
        "kl.population": log10(both_ways(first, second, weight)),
        "logit.population": log10(es.logit_distance(first, second, weight).distance),
        "llv.population": log10(llv.distance),
        "llv_contexts.population": log10(llv.over_contexts),
    }
    return {_placed(name, source, stage): value for name, value in found.items()}


def both_ways(first: Rows, second: Rows, weight: Float[np.ndarray, "context"]) -> float:
    """The mean of E KL(p ‖ p') and E KL(p' ‖ p), nats."""
    return (es.excess_loss(first, second, weight) + es.excess_loss(second, first, weight)) / 2


def log10(value: float) -> float:
    """log10, of at least 1e-12."""
    return float(np.log10(max(LEAST, value)))


def _placed(name: str, source: str, stage: str) -> str:
    quantity, estimate = name.split(".")
    return f"{quantity}.{source}.{estimate}.{stage}"
