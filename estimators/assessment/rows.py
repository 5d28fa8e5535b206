"""How do measurements become rows with intervals, gaps to their nulls and verdicts?"""

from collections.abc import Sequence

import numpy as np

from estimators.assessment.held_out import HeldOut, paired_rows, score_interval
from estimators.assessment.inputs import Question
from estimators.assessment.measure import Measurement, fitted_rho, predicted
from estimators.assessment.row import Facts, Row
from estimators.assessment.verdict import all_trained, is_trivial, judged, rival_verdict
from estimators.instruments.divergence import kl_to_exact
from estimators.instruments.intervals import Interval, interval
from estimators.instruments.laws import mutual_information

GIVEN_NULLS = ("raw_input", "untrained")
NULLS = (*GIVEN_NULLS, "permuted", "noise", "majority")
KINDS = {"trained": "trained", "oracle": "oracle", "bayes": "exact"}
NO_INTERVAL = interval(np.array([]))


def facts(asked: Question, measured: Sequence[Measurement]) -> Facts:
    """What all rows have in common."""
    weight, targets = asked.weight, predicted(asked)
    concept_information = mutual_information(asked.log_posterior, weight)
    argmax = next(one for one in measured if one.quantity == "argmax").fits["trained"]
    argmax_score = score_interval([fit.rows for fit in argmax], weight, asked.folds).mean
    if np.isnan(argmax_score):  # saturated: then it is at most what it is on all rows
        argmax_score = float(np.mean([fit.population for fit in argmax]))
    excess = None
    if asked.log_predictive is not None:
        excess = tuple(kl_to_exact(asked.log_predictive, each, weight).share for each in targets)
    given = {
        "the raw input": asked.raw_input is not None,
        "an untrained predictor": bool(asked.untrained),
        "the exact p(y∣x), and so the oracle": asked.log_predictive is not None,
    }
    return Facts(
        num_rows=len(weight),
        num_contexts=len(np.unique(asked.groups)),
        told_apart=asked.told_apart,
        num_columns=tuple(one.num_columns for one in asked.predictors),
        num_kept=tuple(one.representation.shape[1] for one in asked.predictors),
        num_seeds=len(targets),
        num_configurations=asked.log_posterior.shape[1],
        num_tokens=targets[0].shape[1],
        weighted=asked.weighted,
        concept_information=concept_information,
        predicted_information=tuple(mutual_information(each, weight) for each in targets),
        token_information=(
            None
            if asked.log_predictive is None
            else mutual_information(asked.log_predictive, weight)
        ),
        excess_shares=excess,
        zero_share=float(weight @ np.isneginf(asked.log_posterior).mean(1)),
        rho=tuple(fitted_rho(asked, seed) for seed in range(len(targets))),
        rho_fitted=asked.rho is None,
        missing=tuple(name for name, known in given.items() if not known),
        argmax_score=argmax_score,
        trivial=is_trivial(argmax_score, concept_information),
        trained=all_trained(excess),
    )


def rows(asked: Question, measured: Sequence[Measurement], known: Facts) -> tuple[Row, ...]:
    """One row per measurement and source, the excess loss first, the comparison of laws last."""
    found = [] if known.excess_shares is None else [_excess_row(known, known.excess_shares)]
    for measurement in measured:
        for source, fits in measurement.fits.items():
            judge = source == "trained" and measurement.quantity != "argmax"
            row = _row(asked, measurement, source, fits)
            found.append(_with_verdict(asked, measurement, row, known) if judge else row)
    return (*found, *_rivals_row(asked, measured, known))


def _row(asked: Question, measurement: Measurement, source: str, fits: list[HeldOut]) -> Row:
    null = measurement.quantity == "argmax" and source == "trained"
    return _record(
        measurement.direction,
        measurement.quantity,
        source,
        "null" if null else KINDS.get(source, "null"),
        score_interval([fit.rows for fit in fits], asked.weight, asked.folds),
        population=float(np.mean([fit.population for fit in fits])),
        num_regressors=max(fit.num_regressors for fit in fits),
        saturated=any(fit.saturated for fit in fits),
        converged=all(fit.converged for fit in fits),
    )


def _record(
    direction: str,
    quantity: str,
    source: str,
    kind: str,
    score: Interval,
    *,
    population: float = float("nan"),
    num_regressors: int = 0,
    saturated: bool = False,
    converged: bool = True,
    verdict: str = "",
) -> Row:
    nan = float("nan")
    numbers = (score.mean, score.low, score.high)
    medians = (score.median, score.median_low, score.median_high)
    flags = (population, num_regressors, saturated, converged)
    gap = ("", nan, nan, nan)
    return Row(direction, quantity, source, kind, *numbers, *medians, *flags, *gap, verdict)


def _with_verdict(asked: Question, measurement: Measurement, row: Row, known: Facts) -> Row:
    null, gap = _gap(asked, measurement)
    fits = measurement.fits["trained"]
    verdict = judged(
        score_interval([fit.rows for fit in fits], asked.weight, asked.folds),
        gap,
        is_law=measurement.is_law,
        trained=known.trained,
        saturated=row.saturated,
        trivial=known.trivial,
        null_saturated=any(
            fit.saturated for source in GIVEN_NULLS for fit in measurement.fits.get(source, [])
        ),
    )
    return row._replace(
        null=null, gap=gap.mean, gap_low=gap.low, gap_high=gap.high, verdict=verdict
    )


def _gap(asked: Question, measurement: Measurement) -> tuple[str, Interval]:
    """The largest null by its mean, and what trained exceeds it by, paired.

    Nulls that are saturated have no held-out score and take no part. Of a share or an R² a
    constant scores 0 and is a null too, beside others; of an accuracy it is the majority.
    """
    fits = measurement.fits
    means = {
        source: score_interval([fit.rows for fit in fits[source]], asked.weight, asked.folds).mean
        for source in NULLS
        if source in fits
    }
    means = {source: mean for source, mean in means.items() if not np.isnan(mean)}
    if not means:
        return "", NO_INTERVAL
    if measurement.direction != "probe" and max(means.values()) < 0:
        return "constant", score_interval(
            [fit.rows for fit in fits["trained"]], asked.weight, asked.folds
        )
    null = max(means, key=lambda source: means[source])
    pairs = paired_rows(fits["trained"], fits[null])
    return null, score_interval(pairs, asked.weight, asked.folds)


def _rivals_row(asked: Question, measured: Sequence[Measurement], known: Facts) -> list[Row]:
    """log p(c|x) less p(c|x), paired, where both are defined."""
    laws = {one.quantity: one.fits["trained"] for one in measured if one.direction == "law"}
    if "log_posterior" not in laws:
        return []
    pairs = paired_rows(laws["log_posterior"], laws["belief"])
    difference = score_interval(pairs, asked.weight, asked.folds)
    both = [fit for name in ("log_posterior", "belief") for fit in laws[name]]
    saturated = any(fit.saturated for fit in both)
    verdict = "trivial corner" if known.trivial else rival_verdict(difference)
    verdict = "saturated" if saturated else verdict
    verdict = "not trained" if known.trained is False else verdict
    return [
        _record(
            "rivals",
            "log_posterior - belief",
            "trained",
            "trained",
            difference,
            num_regressors=max(fit.num_regressors for fit in both),
            saturated=saturated,
            converged=all(fit.converged for fit in both),
            verdict=verdict,
        )
    ]


def _excess_row(known: Facts, shares: Sequence[float]) -> Row:
    verdict = "trained" if known.trained else "not trained"
    finite = interval(np.array(shares)) if np.isfinite(shares).all() else NO_INTERVAL
    return _record("prediction", "excess_share", "trained", "trained", finite, verdict=verdict)
