"""What does each row contribute to a score when its context was held out, and how sure is the sum?

Every score of an assessment is a mean over rows, Σ_x w(x) r(x): r = 1 − KL / I for a share of
information, 1 − ‖z − ẑ‖² / rank for an R², p(named value|x) for an accuracy. Scores of one
predictor can therefore be paired row by row, and an interval over blocks of contexts be given
where there are no seeds.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import t

from estimators.instruments.folds import Folds
from estimators.instruments.intervals import Interval, interval
from estimators.instruments.laws import NO_INFORMATION, mutual_information
from estimators.instruments.probes import fit_probes
from estimators.instruments.softmax_fit import unchecked_softmax
from estimators.instruments.whitening import Whitening, unchecked_whitening

LEVEL = 0.95
# Features of all rows, chosen by looking at the training rows only
Chosen = Callable[[Bool[np.ndarray, "row"]], np.ndarray]


class HeldOut(NamedTuple):
    """One score, row by row.

    rows [row]: contributions with the row's context held out; None when saturated, or when there
    is nothing to explain. population: the score fitted and scored on all rows.
    """

    rows: np.ndarray | None
    population: float
    num_regressors: int
    saturated: bool
    converged: bool = True


def explained(
    features: np.ndarray | Chosen,
    log_target: Float[np.ndarray, "row outcome"],
    weight: Float[np.ndarray, "row"],
    folds: Folds,
) -> HeldOut:
    """1 − KL(target ‖ softmax(U φ + v)) / I of every row; on average `law_score`.

    features φ [row, regressor], or a function that chooses them from the mask of training rows.
    """
    choose = features if callable(features) else lambda train: features
    target = np.exp(log_target)
    floor = (target * np.where(target > 0, log_target, 0.0)).sum(1)
    information = mutual_information(log_target, weight)

    def shares(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, bool, Whitening]:
        matrix = choose(train)
        whitening = unchecked_whitening(matrix, weight)
        fit = unchecked_softmax(matrix[train], target[train], weight[train], whitening)
        divergence = floor[test] - (target[test] * fit.log_predict(matrix[test])).sum(1)
        return 1 - divergence / information, fit.converged, whitening

    everything = np.ones(len(weight), bool)
    if information < NO_INFORMATION:
        # Nothing is fitted, so nothing need be chosen.
        rank = 0 if callable(features) else unchecked_whitening(features, weight).rank
        return HeldOut(None, np.nan, rank, folds.saturated(rank))
    whole, converged, whitening = shares(everything, everything)
    population = float(weight @ whole)
    if folds.saturated(whitening.rank):
        return HeldOut(None, population, whitening.rank, True, converged)
    rows = np.empty(len(weight))
    for train, test in folds.splits():
        rows[test], reached, _ = shares(train, test)
        converged = converged and reached
    return HeldOut(rows, population, whitening.rank, False, converged)


def affine(
    source: Float[np.ndarray, "row regressor"],
    target: Float[np.ndarray, "row column"],
    weight: Float[np.ndarray, "row"],
    folds: Folds,
) -> HeldOut:
    """1 − ‖z − ẑ‖² / rank of every row, z the whitened target; on average `affine_r2`."""
    from_whitening, to_whitening = (unchecked_whitening(rows, weight) for rows in (source, target))
    rank, saturated = from_whitening.rank, folds.saturated(from_whitening.rank)
    if to_whitening.rank == 0:
        return HeldOut(None, np.nan, rank, saturated)
    design = np.concatenate([from_whitening.apply(source), np.ones((len(weight), 1))], 1)
    goal = to_whitening.apply(target)

    def shares(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        scale = np.sqrt(weight[train])[:, None]
        coefficient, *_ = np.linalg.lstsq(scale * design[train], scale * goal[train], rcond=None)
        missed = ((goal[test] - design[test] @ coefficient) ** 2).sum(1)
        return 1 - missed / to_whitening.rank

    everything = np.ones(len(weight), bool)
    population = float(weight @ shares(everything, everything))
    if saturated:
        return HeldOut(None, population, rank, True)
    rows = np.empty(len(weight))
    for train, test in folds.splits():
        rows[test] = shares(train, test)
    return HeldOut(rows, population, rank, False)


def probed(
    representation: np.ndarray,
    log_concepts: Sequence[np.ndarray],
    weight: Float[np.ndarray, "row"],
    groups: np.ndarray,
    num_folds: int,
    random_state: int,
) -> list[HeldOut]:
    """p(c_k = value the probe names|x) of every row, per concept; on average `probe_accuracy`."""
    probes = fit_probes(
        representation,
        log_concepts,
        weight,
        groups=groups,
        num_folds=num_folds,
        random_state=random_state,
    )

    def hits(log_answers: Sequence[np.ndarray]) -> list[np.ndarray]:
        named = [block.argmax(1)[:, None] for block in log_answers]
        return [
            np.take_along_axis(target, name, 1)[:, 0]
            for target, name in zip(probes.targets, named, strict=True)
        ]

    whole = [float(probes.weight @ rows) for rows in hits(probes.population)]
    held_out = [None] * len(whole) if probes.held_out is None else hits(probes.held_out)
    return [
        HeldOut(rows, population, probes.num_regressors, probes.saturated, probes.converged)
        for rows, population in zip(held_out, whole, strict=True)
    ]


def score_interval(
    seeds: Sequence[np.ndarray | None], weight: Float[np.ndarray, "row"], folds: Folds
) -> Interval:
    """The score over seeds, or of one predictor over its held-out blocks of contexts.

    seeds: contributions [row] of each. Several: t and order-statistic intervals of their means.
    One: S ± t · s with s the standard error of a ratio over the blocks, which says how much the
    score differs between parts of the contexts, and nothing of other seeds (Cochran, Sampling
    Techniques, 1977, sections 2.11 and 6.4). NaN when a seed has no held-out rows.
    """
    whole = [rows for rows in seeds if rows is not None]
    if len(whole) < len(seeds) or not whole or folds.fold is None:
        return interval(np.array([]))
    means = [float(weight @ rows) for rows in whole]
    if len(means) > 1:
        return interval(np.array(means), LEVEL)
    sizes = np.bincount(folds.fold, weight)
    sums = np.bincount(folds.fold, weight * whole[0])
    count = len(sizes)
    spread = np.sqrt(count / (count - 1) * ((sums - means[0] * sizes) ** 2).sum())
    margin = float(t.ppf((1 + LEVEL) / 2, count - 1) * spread)
    nan = float("nan")
    return Interval(means[0], means[0] - margin, means[0] + margin, nan, nan, nan, 1)


def paired_rows(first: Sequence[HeldOut], second: Sequence[HeldOut]) -> list[np.ndarray | None]:
    """Contributions of first less second, seed by seed and row by row.

    A single one of the second stands for every seed of the first.
    """
    partners = list(second) * len(first) if len(second) == 1 else list(second)
    return [
        None if one.rows is None or other.rows is None else one.rows - other.rows
        for one, other in zip(first, partners, strict=True)
    ]
