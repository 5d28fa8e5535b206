"""Do linear probes know how sure they may be?"""

from collections.abc import Sequence
from numbers import Integral
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from estimators.instruments.folds import NUM_FOLDS
from estimators.instruments.probes import fit_probes

NUM_BINS = 15


class Calibration(NamedTuple):
    """How well stated probabilities q(v|x) of a concept serve, each [concept].

    log_loss: −E_x Σ_v p(v|x) log q(v|x), nats. brier: E_x Σ_v p(v|x) Σ_u (q(u|x) − 1[u = v])²,
    from 0 to 2. calibration_error: Σ over bins of max_v q of mass · |mean of max_v q − share of
    right answers|, from 0 to 1.
    """

    log_loss: np.ndarray
    brier: np.ndarray
    calibration_error: np.ndarray


class ProbeCalibration(NamedTuple):
    """Calibration of linear probes beside what bounds it.

    score: held out by distinct context, NaN when saturated. population: fitted and scored on all
    rows. bayes: of the posterior p(c_k|x), which no reader beats in log_loss or brier and whose
    calibration_error is 0. marginal: of always answering p(c_k), calibrated and uninformed.
    num_regressors: rank of the representation. saturated: too few distinct contexts.
    """

    score: Calibration
    population: Calibration
    bayes: Calibration
    marginal: Calibration
    num_regressors: int
    saturated: bool

    @property
    def excess(self) -> np.ndarray:
        """Held-out log-loss beyond the Bayes log-loss [concept], nats: 0 is perfect."""
        return self.score.log_loss - self.bayes.log_loss


def probe_calibration(
    representation: "ArrayLike",
    log_concept_posteriors: "Sequence[ArrayLike]",
    weight: "ArrayLike | None" = None,
    *,
    groups: "ArrayLike | None" = None,
    num_folds: int = NUM_FOLDS,
    random_state: int = 0,
    num_bins: int = NUM_BINS,
) -> ProbeCalibration:
    """Log-loss, Brier score and expected calibration error of the probes of `probe_accuracy`.

    Expectations are exact: over p(x) p(c_k|x), no labels are drawn. Bins of confidence have equal
    width; with fewer bins errors of opposite sign hide each other, with as many bins as contexts
    the error counts every context. Arguments, invariance under invertible affine maps of the
    representation, and errors as `probe_accuracy`. Population values: bayes ≤ population ≤
    marginal in log_loss, and a probe fitted without penalty to all rows is right on average.

    Source: Brier 1950; expected calibration error as arXiv:1706.04599, there from labels.
    """
    if not isinstance(num_bins, Integral) or num_bins < 1:
        raise ValueError(
            f"num_bins must be a whole number of at least 1; got {num_bins!r}: {NUM_BINS} are usual"
        )
    num_bins = int(num_bins)
    probes = fit_probes(
        representation,
        log_concept_posteriors,
        weight,
        groups=groups,
        num_folds=num_folds,
        random_state=random_state,
    )
    targets, weight = probes.targets, probes.weight

    def measured(answers: Sequence[np.ndarray]) -> Calibration:
        each = [
            _calibration(answer, target, weight, num_bins)
            for answer, target in zip(answers, targets, strict=True)
        ]
        return Calibration(*np.array(each).T)

    unknown = np.full(len(targets), np.nan)
    return ProbeCalibration(
        score=Calibration(unknown, unknown, unknown)
        if probes.held_out is None
        else measured([np.exp(rows) for rows in probes.held_out]),
        population=measured([np.exp(rows) for rows in probes.population]),
        bayes=measured(targets),
        marginal=measured([np.broadcast_to(weight @ rows, rows.shape) for rows in targets]),
        num_regressors=probes.num_regressors,
        saturated=probes.saturated,
    )


def _calibration(
    answer: np.ndarray, target: np.ndarray, weight: np.ndarray, num_bins: int
) -> tuple[float, float, float]:
    """Log-loss, Brier score and calibration error of answers q(v|x) [row, value]."""
    possible = target > 0
    with np.errstate(divide="ignore"):  # an answer of 0 to what is possible costs infinitely much
        log_answer = np.log(np.where(possible, answer, 1.0))
    log_loss = -float(weight @ (target * np.where(possible, log_answer, 0.0)).sum(1))
    brier = float(weight @ ((answer**2).sum(1) - 2 * (answer * target).sum(1) + 1))
    named = answer.argmax(1)[:, None]
    confidence = np.take_along_axis(answer, named, 1)[:, 0]
    right = np.take_along_axis(target, named, 1)[:, 0]
    bins = np.minimum((confidence * num_bins).astype(int), num_bins - 1)
    gap = np.bincount(bins, weight * (confidence - right), minlength=num_bins)
    return log_loss, brier, float(np.abs(gap).sum())
