"""How far does a number lie above each of its nulls?"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

import estimators as es
from experiments.results import Results


def gaps(
    results: Results, metric: str, nulls: Iterable[str], setting: dict[str, Any]
) -> dict[str, es.Interval]:
    """null -> the metric less that null, paired by seed; both are full names of metrics."""
    return {null: results.paired(metric, null, setting) for null in nulls}


def nearest(found: Mapping[str, es.Interval]) -> tuple[str, es.Interval]:
    """The null that is hardest to exceed, with its gap: the lowest lower limit, no answer first."""
    return min(found.items(), key=lambda item: np.nan_to_num(item[1].low, nan=-np.inf))
