"""Which settings count, and how are they put side by side?"""

from collections.abc import Sequence
from typing import Any

import numpy as np

import estimators as es
from experiments.origins.worlds import FAMILIES
from experiments.results import Results
from experiments.trained import counts_as_trained
from experiments.verdicts import (
    counted_verdict,
    enough_trained,
    is_trivial,
    law_verdict,
    supported_verdict,
)
from experiments.wording import number, plain

Setting = dict[str, Any]
RAW, FREE = "cosine_raw", "cosine_free"
NULLS = ("untrained", "permuted", "raw_input")
OPTIMISERS = {"sgd": "gradient descent", "adam": "Adam"}


def at(quantity: str, source: str) -> str:
    """The name of a metric on the population."""
    return f"{quantity}.{source}.population"


def starts(results: Results) -> list[float]:
    """The lengths that unembeddings start with, in ascending order."""
    return sorted({s["unembedding_scale"] for s in results.settings()})


def families(results: Results) -> list[str]:
    """The kinds of world that were measured, in the order of the settings."""
    found = {s["family"] for s in results.settings()}
    return [family for family in FAMILIES if family in found]


def counts(results: Results, setting: Setting) -> bool:
    """Whether every seed is trained and there are at least ten."""
    num_seeds = len(results.values("counted.trained", setting))
    return enough_trained(num_seeds) and counts_as_trained(results, setting)


def trivial(results: Results, setting: Setting) -> bool:
    """Whether naming the likeliest configuration explains all, or there is nothing to tell."""
    argmax = results.interval(at("score_argmax", "exact"), setting)
    return is_trivial(argmax, results.interval("concept_information.exact", setting))


def judged(verdict: str, results: Results, settings: Sequence[Setting]) -> str:
    """The verdict, where all settings count and none is trivial."""
    return counted_verdict(
        verdict,
        counted=bool(settings) and all(counts(results, s) for s in settings),
        trivial=any(trivial(results, s) for s in settings),
    )


def lowest(results: Results, metric: str, settings: Sequence[Setting]) -> Setting:
    """The setting with the smallest lower limit; one without an answer comes first."""
    limits = [results.interval(metric, s).low for s in settings]
    return settings[int(np.argmin(np.where(np.isnan(limits), -np.inf, limits)))]


def gaps(
    results: Results,
    quantity: str,
    setting: Setting,
    nulls: Sequence[str] = NULLS,
    *,
    smaller: bool = False,
) -> list[es.Interval]:
    """The trained network less each null, paired; smaller: each null less the trained network."""
    found = []
    for null in nulls:
        pair = (at(quantity, "trained"), at(quantity, null))
        first, second = pair[::-1] if smaller else pair
        found.append(results.paired(first, second, setting))
    return found


def law_judged(results: Results, quantity: str, settings: Sequence[Setting]) -> str:
    """Whether a cosine is 1 where it is lowest, as far as every null does worse everywhere."""
    found = results.interval(
        at(quantity, "trained"), lowest(results, at(quantity, "trained"), settings)
    )
    nulls = [gap for s in settings for gap in gaps(results, quantity, s)]
    return judged(supported_verdict(law_verdict(found), nulls), results, settings)


def span(values: Sequence[float], digits: int = 3) -> str:
    """The smallest and the largest of some numbers; a dash where one has no answer."""
    if not len(values) or np.isnan(values).any():
        return "–"
    return f"{number(float(np.min(values)), digits)} to {number(float(np.max(values)), digits)}"


def spread(results: Results, metric: str, settings: Sequence[Setting], digits: int = 3) -> str:
    """The span of a metric's means over settings."""
    return span([results.interval(metric, s).mean for s in settings], digits)


def place(setting: Setting) -> str:
    """A setting in words."""
    return (
        f"{setting['family']}, d = {setting['dim']}, {OPTIMISERS[setting['optimiser']]}, "
        f"start {setting['unembedding_scale']:g}"
    )


def tables(results: Results) -> dict[str, list[list[str]]]:
    """The tables of the report, title -> rows."""
    return {
        f"Cosines of unembedding differences, {family} worlds": _table(results, family)
        for family in families(results)
    }


def _table(results: Results, family: str) -> list[list[str]]:
    header = ["d", "optimiser", "start", "raw cosine", "untrained", "tokens permuted", "raw input"]
    header += ["least norm", "any gauge", "gauge-free", "exact", "across, raw", "idle share"]
    rows = [[*header, "beyond m", "at least", "drift of C", "excess / I", "trained"]]
    for setting in results.settings(family=family):
        counted = results.values("counted.trained", setting)
        rows.append(
            [
                str(setting["dim"]),
                setting["optimiser"],
                f"{setting['unembedding_scale']:g}",
                plain(results.interval(at(RAW, "trained"), setting)),
                *(
                    number(results.interval(at(RAW, source), setting).mean, 3)
                    for source in (*NULLS, "least_norm", "regauged")
                ),
                plain(results.interval(at(FREE, "trained"), setting)),
                number(results.interval(at(FREE, "exact"), setting).mean, 3),
                plain(results.interval(at("across_raw", "trained"), setting)),
                *(
                    number(results.interval(metric, setting).mean, 3)
                    for metric in ("idle_share.trained", "beyond.trained", "beyond.bound")
                ),
                number(results.interval("drift_balance.trained", setting).mean, 3),
                f"{results.interval('excess_share.trained', setting).mean:.1e}",
                f"{int(np.nansum(counted))} of {len(counted)}",
            ]
        )
    return rows


def captions() -> dict[str, str]:
    """Figure name -> caption, which is also the alternative text."""
    return {
        "origins_training": (
            "Raw cosine between unembedding differences of a concept at different backgrounds "
            "(top) and excess loss (bottom) over the steps of gradient descent and Adam, from a "
            "small and a large unembedding, in three kinds of world. Lines: the gauge-free cosine "
            "of p(y∣x), the perfect fit of least norm, and another perfect fit, whose cosine is 0."
        ),
        "origins_cosines": (
            "Upper rows: gauge-free cosines of trained networks on their exact values, pair by "
            "pair, within a concept and between concepts. Lower rows: raw cosines at the end of "
            "training over the length that the unembedding starts with, beside the perfect fit of "
            "least norm. Each column is one kind of world; grey dashes: nulls."
        ),
    }
