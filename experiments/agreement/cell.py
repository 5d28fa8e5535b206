"""What is measured on the networks of some worlds?

Names of metrics are quantity.source.estimate.stage. source: an architecture (two networks of it),
two of them joined by + (one network each), an architecture and the oracle, or pairs made without
training. stage stands where other experiments name a concept: how far both networks were trained,
as thousandths of I(x; y) that their excess loss is at most ("tenth" and "hundredth" of one),
"untrained" or "end"; of made pairs their number; of r2_direction the principal direction of the
exact logits, the largest first, at the end of training. log10_ in front of a quantity: its decimal
logarithm is stored.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata

import estimators as es
from estimators.assessment.features import argmax_one_hot
from experiments.agreement.constructed import NOISE, noisy, scrambled
from experiments.agreement.measures import (
    Metrics,
    Rows,
    agreement,
    direction_agreement,
    direction_r2,
    identified,
    logit_agreement,
    logit_r2,
    pair_metrics,
)
from experiments.agreement.networks import (
    ARCHITECTURES,
    END,
    FITTING,
    MEMBERS,
    STAGES,
    START,
    Course,
    Training,
    courses,
)
from experiments.agreement.worlds import world
from experiments.experiment import CellResult, by_name
from experiments.measures import Truth, truth
from experiments.verdicts import is_trained

Courses = dict[tuple[str, int], Course]

DISTANCES = ("kl", "logit", "llv", "llv_contexts")
PAIRS = {name: ((name, 0), (name, 1)) for name in FITTING} | {
    f"{one}+{other}": ((one, 0), (other, 0)) for one, other in combinations(FITTING, 2)
}  # pair type -> its two networks: (architecture, member)
PARTS = {pair: pair.split("+") for pair in PAIRS if "+" in pair}  # its architectures, of two


@dataclass(frozen=True)
class AgreementCell:
    """One setting of the world and one block of seeds."""

    num_tokens: int
    concentration: float
    floor: float
    flip_low: float
    flip_high: float
    training: Training
    seeds: tuple[int, ...]


def shape(cell: AgreementCell) -> Hashable:
    """What is compiled depends on the number of tokens and the networks alone."""
    return cell.num_tokens, cell.training


def compute(cell: AgreementCell) -> CellResult:
    """Measure every seed of a cell; each seed is a world with networks of its own."""
    exacts = [_truth(cell, seed) for seed in cell.seeds]
    trained = {
        (name, member): courses(name, cell.training, exacts, cell.seeds, member)
        for name in ARCHITECTURES
        for member in MEMBERS
    }
    rows = [
        _measured(exact, {network: found[index] for network, found in trained.items()})
        for index, exact in enumerate(exacts)
    ]
    return CellResult(by_name(rows), {})


def _truth(cell: AgreementCell, seed: int) -> Truth:
    model = world(
        seed,
        num_tokens=cell.num_tokens,
        concentration=cell.concentration,
        floor=cell.floor,
        flips=(cell.flip_low, cell.flip_high),
    )
    return truth(model, seed)


def _measured(exact: Truth, networks: Courses) -> Metrics:
    metrics = _world_metrics(exact) | _excess_metrics(networks) | _ceiling_metrics(exact)
    for name, (one, other) in PAIRS.items():
        metrics |= _course_metrics(name, networks[one], networks[other], exact)
        metrics |= _direction_metrics(name, networks[one], networks[other], exact)
    unable = networks["log_bilinear", 0], networks["log_bilinear", 1]
    metrics |= _course_metrics("log_bilinear", unable[0], unable[1], exact)
    for name in FITTING:
        metrics |= _oracle_metrics(name, networks[name, 0], exact)
        metrics |= _null_metrics(name, networks[name, 0], networks[name, 1], exact)
    return metrics | _constructed_metrics(exact) | _rank_metrics(metrics)


def _world_metrics(exact: Truth) -> Metrics:
    """Information, and the spectrum of f: shares of variance of the exact centred logits."""
    share = es.fit_whitening(identified(exact.log_predictive), exact.weight).share
    argmax = argmax_one_hot(exact.log_posterior)
    named = es.law_score(argmax, exact.log_predictive, exact.weight)
    return {
        "token_information.exact": es.mutual_information(exact.log_predictive, exact.weight),
        "concept_information.exact": es.mutual_information(exact.log_posterior, exact.weight),
        "score_argmax.oracle.population": named.population,
        "num_contexts.exact": float(len(np.unique(exact.log_predictive.round(9), axis=0))),
        **{f"spectrum.exact.population.{i + 1}": float(s) for i, s in enumerate(share)},
    }


def _excess_metrics(networks: Courses) -> Metrics:
    """The larger excess share of an architecture's two networks, and whether both count.

    counted of two architectures: whether both do; of pairs: whether all of FITTING do.
    """
    metrics = {}
    for name in ARCHITECTURES:
        both = [networks[name, member] for member in MEMBERS]
        whole = not any(course.diverged for course in both)
        for stage in (START, *STAGES, END):
            if all(stage in course.share for course in both):
                largest = max(course.share[stage] for course in both)
                metrics[f"excess_share.{name}.population.{stage}"] = largest
        last = metrics.get(f"excess_share.{name}.population.{END}", np.nan)
        metrics[f"counted.{name}"] = float(whole and is_trained(last))
    for pair, parts in {**PARTS, "pairs": FITTING}.items():
        metrics[f"counted.{pair}"] = min(metrics[f"counted.{name}"] for name in parts)
    return metrics


def _course_metrics(name: str, one: Course, other: Course, exact: Truth) -> Metrics:
    """Two networks at every stage that both reached."""
    metrics = {}
    for stage, rows in one.log_predicted.items():
        if stage in other.log_predicted:
            second = other.log_predicted[stage]
            metrics |= pair_metrics(name, stage, rows, second, exact.weight, exact.random_state)
    return metrics


def _oracle_metrics(name: str, course: Course, exact: Truth) -> Metrics:
    """A network against the exact predictor."""
    perfect = Course(dict.fromkeys(course.log_predicted, exact.log_predictive), {}, False)
    pair = f"{name}+oracle"
    return _course_metrics(pair, course, perfect, exact) | _direction_metrics(
        pair, course, perfect, exact
    )


def _direction_metrics(name: str, one: Course, other: Course, exact: Truth) -> Metrics:
    """R² along every principal direction of the exact logits, after training and before."""
    found = {}
    for estimate, stage in {"held_out": END, "untrained": START}.items():
        if stage in one.log_predicted and stage in other.log_predicted:
            both = one.log_predicted[stage], other.log_predicted[stage]
            given = exact.log_predictive, exact.weight, exact.random_state
            found |= _by_direction(f"{name}.{estimate}", direction_agreement(*both, *given))
    return found


def _by_direction(name: str, values: Float[np.ndarray, "direction"]) -> Metrics:
    return {f"r2_direction.{name}.{i + 1}": float(value) for i, value in enumerate(values)}


def _null_metrics(name: str, one: Course, other: Course, exact: Truth) -> Metrics:
    """What an affine map finds where nothing is shared: raw input, and rows permuted."""
    if END not in one.log_predicted or END not in other.log_predicted:
        return {}
    first, second = one.log_predicted[END], other.log_predicted[END]
    given = exact.weight, exact.random_state
    target = exact.log_predictive, *given
    raw = es.affine_r2(
        exact.raw_input, identified(second), exact.weight, random_state=exact.random_state
    )
    shuffled = exact.permuted(first)
    permuted = agreement(identified(shuffled), identified(second), *given)
    logits = {
        "raw_input": logit_r2(exact.raw_input, second, *given),
        "permuted": logit_agreement(shuffled, second, *given),
    }
    return {
        f"r2.{name}.raw_input": raw.score,
        f"r2.{name}.permuted": permuted.held_out,
        **{f"r2_logits.{name}.{null}": found.held_out for null, found in logits.items()},
        **_by_direction(f"{name}.raw_input", direction_r2(exact.raw_input, second, *target)),
        **_by_direction(f"{name}.permuted", direction_agreement(shuffled, second, *target)),
    }


def _ceiling_metrics(exact: Truth) -> Metrics:
    """The exact predictor against itself under a random invertible map of f: 1 is reached."""
    rows = identified(exact.log_predictive)
    draw = np.random.default_rng(exact.random_state)
    mixed = rows @ draw.normal(size=(rows.shape[1],) * 2) + draw.normal(size=rows.shape[1])
    found = agreement(rows, mixed, exact.weight, exact.random_state)
    return {"r2.oracle.held_out": found.held_out, "r2.oracle.population": found.population}


def _constructed_metrics(exact: Truth) -> Metrics:
    """Pairs made from the exact predictor: small directions scrambled, or noise on all alike."""
    log_exact, weight, state = exact.log_predictive, exact.weight, exact.random_state
    information = es.mutual_information(log_exact, weight)
    metrics = {}

    def measure(source: str, stage: str, first: Rows, second: Rows) -> None:
        excess = max(es.excess_loss(log_exact, rows, weight) for rows in (first, second))
        metrics[f"excess_share.{source}.population.{stage}"] = excess / information
        metrics.update(pair_metrics(source, stage, first, second, weight, state))

    for number in range(1, log_exact.shape[1]):
        changed = scrambled(log_exact, weight, number, state)
        measure("scrambled", str(number), log_exact, changed)
    for stage, deviation in NOISE.items():
        measure("noisy", stage, *(noisy(log_exact, deviation, 2 * state + i) for i in MEMBERS))
    return metrics


def _rank_metrics(metrics: Metrics) -> Metrics:
    """Rank correlations of what R² misses with each distance, over pairs of networks.

    estimate "course": over pair types and stages from the first to the end; "end": over pair
    types at the end of training alone.
    """
    found = {}
    for estimate, stages in {"course": (*STAGES, END), "end": (END,)}.items():
        places = [
            (pair, stage)
            for pair in PAIRS
            for stage in stages
            if f"log10_missed.{pair}.held_out.{stage}" in metrics
        ]
        missed = [metrics[f"log10_missed.{pair}.held_out.{stage}"] for pair, stage in places]
        for distance in DISTANCES:
            apart = [
                metrics[f"log10_{distance}.{pair}.population.{stage}"] for pair, stage in places
            ]
            found[f"rank_{distance}.pairs.{estimate}"] = rank_correlation(apart, missed)
    return found


def rank_correlation(first: list[float], second: list[float]) -> float:
    """Spearman's, NaN with fewer than three points or where one side is constant."""
    if len(first) < 3 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return np.nan
    return float(np.corrcoef(rankdata(first), rankdata(second))[0, 1])
