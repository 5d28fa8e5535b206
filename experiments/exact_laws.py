"""What may be said of a law for a perfect predictor, where nothing is trained?"""

from collections.abc import Sequence
from typing import Any

import numpy as np

import estimators as es
from experiments.results import Results
from experiments.verdicts import (
    LEAST_WORLDS,
    counted_verdict,
    is_trivial,
    law_verdict,
    leaves_room,
    supported_verdict,
)
from experiments.wording import difference, plain

Setting = dict[str, Any]


def exact_verdict(results: Results, law: str, setting: Setting, nulls: Sequence[str]) -> str:
    """The verdict on a law by its S, or why there is none; nulls: laws it must exceed by .05."""
    metric = f"score_{law}.oracle"
    gaps = [gap_to(results, law, null, setting) for null in nulls]
    return counted_verdict(
        supported_verdict(law_verdict(results.best(metric, setting)), gaps),
        counted=enough_worlds(results, setting),
        saturated=results.saturated(metric, setting),
        trivial=is_trivial(
            results.best("score_argmax.oracle", setting),
            results.interval("concept_information.exact", setting),
        ),
    )


def enough_worlds(results: Results, setting: Setting) -> bool:
    """Whether there are at least 20 worlds."""
    return len(results.values("concept_information.exact", setting)) >= LEAST_WORLDS


def gap_to(results: Results, law: str, other: str, setting: Setting) -> es.Interval:
    """S of a law less S of another, held out, paired by world."""
    first, second = (f"score_{name}.oracle.held_out" for name in (law, other))
    return results.paired(first, second, setting)


def score(results: Results, law: str, setting: Setting) -> es.Interval:
    """S of a law, held out unless saturated."""
    return results.best(f"score_{law}.oracle", setting)


def told(results: Results, law: str, setting: Setting, nulls: Sequence[str], evidence: bool) -> str:
    """S of a law with its interval, and the verdict in brackets where one may be given."""
    found = plain(score(results, law, setting))
    return f"{found} ({exact_verdict(results, law, setting, nulls)})" if evidence else found


def room_words(nulls: Sequence[es.Interval], gaps: Sequence[es.Interval]) -> str:
    """In how many settings the raw input leaves room for evidence, and what S has more there."""
    told = [gap for null, gap in zip(nulls, gaps, strict=True) if leaves_room(null)]
    if not told:
        return "the raw input leaves room for evidence in none of them"
    least = difference(min(told, key=lambda gap: np.nan_to_num(gap.low, nan=-np.inf)))
    return f"{least} at least to the raw input in the {len(told)} where it leaves room for evidence"
