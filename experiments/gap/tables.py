"""Which settings of the gap are compared, and how are they put side by side?"""

from typing import Any

import numpy as np

import estimators as es
from estimators.assessment.verdict import EXCESS_SHARE, RIVAL_MARGIN
from experiments import nulls, trained
from experiments.gap.cell import LAW, PARTS
from experiments.gap.predictors import FRESH
from experiments.results import Results
from experiments.trained import trained_words
from experiments.verdicts import (
    counted_verdict,
    enough_trained,
    law_verdict,
    rise_verdict,
    stability_verdict,
)
from experiments.wording import difference, number, plain

Setting = dict[str, Any]
SCORE = f"{LAW}.trained.held_out"
NULLS = {
    f"{LAW}.untrained.held_out": "untrained",
    "score_raw_input.trained.held_out": "raw input",
    "score_permuted.trained.held_out": "rows permuted",
}
PART_WORDS = {
    "theory": "theory",
    "dimension": "dimension",
    "network": "width and depth",
    "optimisation": "optimisation",
    "data": "sampling",
}
AXIS_WORDS = {
    "num_samples": "samples n",
    "num_steps": "steps",
    "dim": "dimension d",
    "width": "width",
    "depth": "depth",
    "long_steps": "steps of the long training, width",
}


def sweep(results: Results, axis: str) -> list[Setting]:
    """The settings of an axis in order; fresh samples are infinitely many."""

    def place(setting: Setting) -> tuple[float, int]:
        value = setting[axis]
        return (np.inf if axis == "num_samples" and value == FRESH else value), setting["width"]

    return sorted(results.settings(axis=axis), key=place)


def base(results: Results) -> Setting:
    """The base setting: on the axis of samples, the one that the other axes have."""
    num_samples = results.settings(axis="num_steps")[0]["num_samples"]
    return results.settings(axis="num_samples", num_samples=num_samples)[0]


def num_seeds(results: Results) -> int:
    """The number of seeds that every setting has."""
    return min(len(results.values("excess_share.oracle", s)) for s in results.settings())


def enough(results: Results) -> bool:
    """Whether there are at least 10 seeds; every one is trained."""
    return enough_trained(num_seeds(results))


def excess_part(results: Results, part: str, setting: Setting) -> es.Interval:
    """One part of the excess loss, as a share of I(x; y)."""
    return results.interval(f"excess_part.{part}", setting)


def missed_part(results: Results, part: str, setting: Setting) -> es.Interval:
    """One part of what the law of log p(c|x) misses, held out."""
    return results.interval(f"missed_part.{part}.held_out", setting)


def gaps(results: Results, setting: Setting) -> dict[str, es.Interval]:
    """How far S of log p(c|x) of the trained network lies above each of its nulls."""
    return nulls.gaps(results, SCORE, NULLS, setting)


def rival_gap(results: Results, setting: Setting, source: str = "trained") -> es.Interval:
    """S of log p(c|x) less S of p(c|x) for the predictions of one source."""
    return results.paired(f"{LAW}.{source}.held_out", f"score_belief.{source}.held_out", setting)


def may_judge(results: Results, setting: Setting, verdict: str) -> str:
    """The verdict where networks count as trained, and log p(c|x) explains more than the nulls."""
    saturated = results.saturated(f"{LAW}.trained", setting)
    exceeds = gaps(results, setting).values()
    return trained.trained_verdict(results, setting, verdict, exceeds, saturated=saturated)


def theory_verdict(results: Results, setting: Setting) -> str:
    """Whether theory is more than the sizes of all other parts together."""
    found = results.interval("missed_balance.theory.held_out", setting)
    return may_judge(results, setting, rise_verdict([found]))


def holds_verdict(results: Results, setting: Setting) -> str:
    """Whether the trained network holds log p(c|x)."""
    return may_judge(results, setting, law_verdict(results.interval(SCORE, setting)))


def followed_verdict(results: Results, setting: Setting) -> str:
    """Whether what the law misses is within ±.01 of what it misses of the perfect predictor."""
    change = results.interval("missed_change.trained.held_out", setting)
    return may_judge(results, setting, stability_verdict([change], RIVAL_MARGIN))


def reached_verdict(results: Results) -> str:
    """Whether long training is within ±.01 I of the best predictor of every dimension."""
    found = [excess_part(results, "network", s) for s in sweep(results, "dim")]
    verdict = stability_verdict(found, EXCESS_SHARE)
    return counted_verdict(verdict, counted=enough(results))


def falling(results: Results) -> tuple[list[Setting], es.Interval]:
    """The finite samples of the fit, and the slope of log(excess above fresh) on log n.

    Those where every seed's excess is above that of fresh samples; one straight line a seed. NaN
    with fewer than three.
    """
    above = [
        (setting, results.values("excess_part.sample", setting))
        for setting in sweep(results, "num_samples")
        if setting["num_samples"] != FRESH
    ]
    chosen = [(s, rows) for s, rows in above if len(rows) and (rows > 0).all()]  # NaN is not above
    settings = [setting for setting, _ in chosen]
    if len(chosen) < 3:
        return settings, es.interval([])
    log_n = np.log([setting["num_samples"] for setting in settings])
    log_excess = np.log(np.stack([rows for _, rows in chosen]))
    centred = log_n - log_n.mean()
    return settings, es.interval(centred @ log_excess / (centred @ centred))


def one_over_n_verdict(results: Results) -> str:
    """Whether the exponent is −1 within the margin of stability, ±.05."""
    slope = falling(results)[1]
    shifted = slope._replace(mean=slope.mean + 1, low=slope.low + 1, high=slope.high + 1)
    return counted_verdict(stability_verdict([shifted]), counted=enough(results))


def value_words(setting: Setting) -> str:
    """The place of a setting on its axis, in words."""
    axis = setting["axis"]
    if axis == "num_samples":
        return "∞ (fresh)" if setting[axis] == FRESH else f"{setting[axis]:,}"
    if axis == "long_steps":
        return f"{setting[axis]:,}, {setting['width']}"
    return f"{setting[axis]:,}"


def tables(results: Results) -> dict[str, list[list[str]]]:
    """The tables of the report, title -> rows."""
    found = {}
    for axis, label in AXIS_WORDS.items():
        settings = sweep(results, axis)
        header = [label, *PART_WORDS.values(), "the whole"]
        found[f"Excess loss / I(x; y), {label}"] = [
            [*header, "untrained", "raw input"],
            *(_excess_row(results, setting) for setting in settings),
        ]
        found[f"1 − S(log p(c∣x)), held out, {label}"] = [
            [*header, "S log p − S p", *NULLS.values()],
            *(_missed_row(results, setting) for setting in settings),
        ]
    return found


def _excess_row(results: Results, setting: Setting) -> list[str]:
    return [
        value_words(setting) + trained_words(results, setting),
        *(plain(excess_part(results, part, setting)) for part in PARTS),
        plain(results.interval("excess_share.trained", setting)),
        number(results.interval("excess_share.untrained", setting).mean, 3),
        number(results.interval("excess_share.raw_input", setting).mean, 3),
    ]


def _missed_row(results: Results, setting: Setting) -> list[str]:
    return [
        value_words(setting) + trained_words(results, setting),
        *(plain(missed_part(results, part, setting)) for part in PARTS),
        plain(results.interval("missed.trained.held_out", setting)),
        difference(rival_gap(results, setting)),
        *(number(1 - results.interval(null, setting).mean, 3) for null in NULLS),
    ]
