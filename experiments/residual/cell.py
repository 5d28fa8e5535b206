"""What does Theorem 3.1 leave over in one world, with its own A and with the best one?

Names of metrics are quantity.source.estimate, as in `experiments.log_or_belief.cell`. Variances
are over contexts with their exact weights, of logits centred over tokens, summed over tokens: the
gauge of every figure here. S needs no gauge.
"""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

import estimators as es
import latentgen as lg
from experiments.experiment import CellResult, by_name
from experiments.measures import total_variance
from experiments.residual.worlds import noise, world
from experiments.unfitted import argmax_score, explained
from latentgen.theorems.boundedness import coverage_range, divergence
from latentgen.theorems.instance import Instance, instance
from latentgen.theorems.paper import paper_theorem
from latentgen.theorems.projection import fisher_projection

Metrics = dict[str, float]

LEAST_INFORMATION = 1e-5  # nats of I(x;y) below which the search's tolerance blurs a fitted S
LEAST_MISSED = 1e-8  # what a law misses counts as at least this: the search stops about there


@dataclass(frozen=True)
class ResidualCell:
    """One point of one path and one block of seeds."""

    path: str
    scale: float
    num_words: int
    num_tokens: int
    seeds: tuple[int, ...]


def shape(cell: ResidualCell) -> Hashable:
    """Nothing is compiled: cells stand alone."""
    return cell


def compute(cell: ResidualCell) -> CellResult:
    """Measure every seed of a cell; each seed is a world of its own."""
    rows = [_measured(cell, seed) for seed in cell.seeds]
    return CellResult(by_name(rows), {})


def _measured(cell: ResidualCell, seed: int) -> Metrics:
    level = noise(cell.path, cell.scale)
    model = world(seed, level, num_words=cell.num_words, num_tokens=cell.num_tokens)
    bags = lg.enumerate_bags(model, 1)
    seen = instance(model, *bags)
    return (
        _epsilon_metrics(seen)
        | _paper_metrics(model, bags, seen)
        | _condition_metrics(model, bags)
        | _score_metrics(seen, seed)
    )


def _epsilon_metrics(seen: Instance) -> Metrics:
    each = seen.epsilon()
    joint = seen.weight[:, None] * np.exp(seen.log_predictive)
    through_x = -np.expm1(seen.log_belief.max(1))
    return {
        "epsilon.exact": float((joint * each).sum()),
        "worst_epsilon.exact": float(each.max()),
        "context_epsilon.exact": float(seen.weight @ through_x),
        "worst_context_epsilon.exact": float(through_x.max()),
    }


def _paper_metrics(model: lg.ConceptModel, bags: lg.ContextDistribution, seen: Instance) -> Metrics:
    """r of the paper's own A, its parts in nats, S of it, and the leading term of h."""
    claim = paper_theorem(model, *bags)
    expansion = divergence(model, *bags)
    score = explained(claim.claimed, seen)
    parts = {
        "f": claim.quantity,
        "residual": claim.residual,
        "leading": expansion.claimed,
        "rest": expansion.residual,
    }
    total = {name: total_variance(part, seen.weight) for name, part in parts.items()}
    ratio = total["residual"] / total["f"]
    return {
        "ratio_paper.oracle": ratio,
        "log10_ratio_paper.oracle": float(np.log10(ratio)),
        "log10_missed_paper.oracle.no_fit": _log10_missed(score),
        "score_paper.oracle.no_fit": score,
        "log10_leading_share.exact": float(np.log10(total["rest"] / total["residual"])),
        **{f"log10_sd_{name}.oracle": float(np.log10(v) / 2) for name, v in total.items()},
    }


def _condition_metrics(model: lg.ConceptModel, bags: lg.ContextDistribution) -> Metrics:
    """What v4 asks for: δ of coverage and the TV between tokens, and how far f ranges beside 2δ."""
    claim = paper_theorem(model, *bags, reading="v4")
    covered = coverage_range(model, *bags)
    others = np.arange(covered.quantity.shape[1]) > 0
    share = covered.quantity[0, others] / (2 * covered.terms["coverage"][others])
    return {
        "log10_delta.exact": float(np.log10(claim.terms["coverage"].max())),
        "total_variation.exact": float(claim.terms["total_variation"].max()),
        "log10_range.oracle": float(np.log10(covered.quantity.max())),
        "range_share.oracle": float(share.max()),
    }


def _score_metrics(seen: Instance, random_state: int) -> Metrics:
    """S of the best affine map of log p, and of the argmax; the word itself would be a lookup.

    predicted: the closed form, exact to leading order, which needs no search and is not blurred
    where there is next to no information.
    """
    contrasts = seen.log_belief @ lg.zero_sum_basis(seen.log_belief.shape[1])  # A·1 = 0
    scored = es.law_score(contrasts, seen.log_predictive, seen.weight, random_state=random_state)
    told = scored.information >= LEAST_INFORMATION
    closed = fisher_projection(contrasts, seen.log_predictive, seen.weight)
    scores = {
        "log_posterior.oracle.held_out": scored.score if told else np.nan,
        "log_posterior.oracle.population": scored.population if told else np.nan,
        "log_posterior.oracle.predicted": 1
        - closed.divergence / es.mutual_information(seen.log_predictive, seen.weight),
        "argmax.oracle.population": argmax_score(seen),
    }
    metrics = {f"score_{name}": score for name, score in scores.items()}
    metrics |= {f"log10_missed_{name}": _log10_missed(score) for name, score in scores.items()}
    metrics["concept_information.exact"] = es.mutual_information(seen.log_belief, seen.weight)
    metrics["token_information.exact"] = scored.information
    return metrics


def _log10_missed(score: float) -> float:
    return float(np.log10(max(LEAST_MISSED, 1 - score))) if np.isfinite(score) else np.nan
