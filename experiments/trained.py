"""Which settings count as trained, and what may then be said of them?"""

from collections.abc import Iterable
from typing import Any

import numpy as np

import estimators as es
from experiments.results import Results
from experiments.verdicts import (
    counted_verdict,
    enough_trained,
    is_trivial,
    supported_verdict,
)

Setting = dict[str, Any]


def counts_as_trained(results: Results, setting: Setting, source: str = "trained") -> bool:
    """Whether every seed's excess loss is at most .01 of I(x; y), or there is nothing to learn."""
    counted = results.values(f"counted.{source}", setting)
    return bool(len(counted) and (counted == 1).all())


def trained_words(results: Results, setting: Setting, source: str = "trained") -> str:
    """How many seeds count as trained, in brackets, when not all do."""
    counted = results.values(f"counted.{source}", setting)
    if counts_as_trained(results, setting, source):
        return ""
    return f" ({int(np.nansum(counted))} of {len(counted)} seeds count as trained)"


def is_trivial_setting(results: Results, setting: Setting) -> bool:
    """Whether the likeliest configuration explains all there, or there is nothing to tell."""
    return is_trivial(
        results.interval("score_argmax.oracle.population", setting),
        results.interval("concept_information.exact", setting),
    )


def trained_verdict(
    results: Results,
    setting: Setting,
    verdict: str,
    gaps: Iterable[es.Interval],
    *,
    source: str = "trained",
    saturated: bool = False,
) -> str:
    """A verdict on trained networks, where it counts; gaps: to each of its nulls, paired.

    "not evidence" for fewer than ten seeds, one that does not count as trained, and a gap below
    .05; "trivial corner" where there is nothing to tell.
    """
    counted = results.values(f"counted.{source}", setting)
    return counted_verdict(
        supported_verdict(verdict, list(gaps)),
        counted=enough_trained(len(counted)) and counts_as_trained(results, setting, source),
        saturated=saturated,
        trivial=is_trivial_setting(results, setting),
    )
