"""What does every step from the perfect predictor to the trained one cost?

Names of metrics are quantity.source.estimate. source: a predictor (see `predictors`), a null, or,
of excess_part and missed_part, the part between a predictor and the one before it. estimate:
held_out (fitted by distinct context) or population; the excess loss needs no fit.
converged_law.source: whether the fits of a law did.
"""

from collections.abc import Hashable

import numpy as np

import estimators as es
import latentgen as lg
from estimators.assessment.features import argmax_one_hot
from experiments.experiment import CellResult, by_name
from experiments.gap.predictors import (
    SOURCES,
    GapCell,
    LogPredicted,
    Predicted,
    best_of_dimension,
    networks,
)
from experiments.gap.worlds import seen
from experiments.measures import Truth, law_metrics
from experiments.networks import Metrics, diverged_metrics, excess_metrics

PARTS = ("theory", "dimension", "network", "optimisation", "data")  # one ends at each source
SAMPLE_PARTS = ("contexts", "tokens", "sample")  # of which data consists, on the axis of samples
LAW = "score_log_posterior"
_MEASURED = (*SOURCES, "batches", "fresh")


def shape(cell: GapCell) -> Hashable:
    """Cells of one architecture share compiled loops and trained networks."""
    return cell.width, cell.depth, cell.dim


def compute(cell: GapCell) -> CellResult:
    """Measure every seed of a cell; each seed has its own world and its own initialisation."""
    found = networks(cell)
    rows = []
    for index, seed in enumerate(cell.seeds):
        mine = {source: outcomes[index] for source, outcomes in found.items()}
        rows.append(_metrics(cell, seed, mine))
    return CellResult(by_name(rows), {})


def _metrics(cell: GapCell, seed: int, mine: dict[str, Predicted]) -> Metrics:
    exact = seen(*cell.world_settings(seed))
    metrics = _world_metrics(exact)
    metrics |= _scored("oracle", exact.log_predictive, exact)
    metrics |= _rival_metrics("oracle", exact.log_predictive, exact)
    metrics |= _scored("best", best_of_dimension(cell.world_settings(seed), cell.dim), exact)
    metrics |= _scored("untrained", mine["trained"].log_untrained, exact)
    for source, outcome in mine.items():
        if outcome.log_predicted is None:
            metrics |= diverged_metrics(source)
        else:
            metrics |= {f"diverged.{source}": 0.0}
            metrics |= _scored(source, outcome.log_predicted, exact)
    if (trained := mine["trained"].log_predicted) is not None:
        metrics |= _rival_metrics("trained", trained, exact) | _null_metrics(trained, exact)
    return metrics | _decomposed(metrics)


def _world_metrics(exact: Truth) -> Metrics:
    """Information, and S of what is no law for the perfect predictor."""
    argmax = argmax_one_hot(exact.log_posterior)
    information = [es.mutual_information(rows, exact.weight) for rows in exact.log_concepts]
    metrics = law_metrics("oracle", "argmax", argmax, exact.log_predictive, exact)
    metrics |= law_metrics("oracle", "raw_input", exact.raw_input, exact.log_predictive, exact)
    return metrics | {
        "token_information.exact": es.mutual_information(exact.log_predictive, exact.weight),
        "concept_information.exact": float(np.mean(information)),
        # of the best linear reader of the words
        "excess_share.raw_input": 1 - metrics["score_raw_input.oracle.population"],
    }


def _scored(source: str, log_predicted: LogPredicted, exact: Truth) -> Metrics:
    """The excess loss of a predictor, and S of log p(c|x) for its own predictions."""
    return excess_metrics(source, exact.log_predictive, log_predicted, exact.weight) | law_metrics(
        source, "log_posterior", exact.log_ratios, log_predicted, exact
    )


def _rival_metrics(source: str, log_predicted: LogPredicted, exact: Truth) -> Metrics:
    """S of p(c|x)."""
    belief = np.exp(exact.log_posterior) @ lg.zero_sum_basis(exact.log_posterior.shape[1])
    return law_metrics(source, "belief", belief, log_predicted, exact)


def _null_metrics(log_predicted: LogPredicted, exact: Truth) -> Metrics:
    """S of what is no law of the concepts, and the excess loss of predictions exchanged."""
    exchanged = exact.permuted(log_predicted)
    return (
        excess_metrics("permuted", exact.log_predictive, exchanged, exact.weight)
        | law_metrics("trained", "raw_input", exact.raw_input, log_predicted, exact)
        | law_metrics("trained", "permuted", exact.permuted(exact.log_ratios), log_predicted, exact)
    )


def _decomposed(metrics: Metrics) -> Metrics:
    """What is missed in all, and the parts of it; they add up, as each is a difference."""
    share = {source: metrics.get(f"excess_share.{source}", np.nan) for source in _MEASURED}
    missed = {s: 1 - metrics.get(f"{LAW}.{s}.held_out", np.nan) for s in _MEASURED}
    split = parts(missed)
    return {
        **{f"excess_part.{part}": value for part, value in parts(share).items()},
        **{f"missed_part.{part}.held_out": split[part] for part in PARTS},
        "missed.trained.held_out": missed["trained"],
        "missed_change.trained.held_out": missed["trained"] - missed["oracle"],
        "missed_balance.theory.held_out": balance(split),
    }


def parts(value: dict[str, float]) -> dict[str, float]:
    """part -> what a predictor has more than the one before it; the first begins at 0.

    After PARTS, which add up to the trained one's, those of SAMPLE_PARTS, which add up to data.
    """
    before = {"oracle": 0.0, **dict(zip(SOURCES[1:], (value[s] for s in SOURCES), strict=False))}
    found = {
        part: value[source] - before[source] for part, source in zip(PARTS, SOURCES, strict=True)
    }
    row = [value[source] for source in ("whole", "batches", "fresh", "trained")]
    return found | dict(zip(SAMPLE_PARTS, np.diff(row).tolist(), strict=True))


def balance(split: dict[str, float]) -> float:
    """The theory's part less the sizes of all other parts together."""
    return split["theory"] - sum(abs(split[part]) for part in PARTS if part != "theory")
