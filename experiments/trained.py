"""Which settings count as trained, and how is that said?"""

from typing import Any

import numpy as np

from experiments.results import Results

Setting = dict[str, Any]


def counts_as_trained(results: Results, setting: Setting, source: str = "trained") -> bool:
    """Whether every seed's excess loss is at most .01 of I(x; y), or there is nothing to learn."""
    counted = results.values(f"counted.{source}", setting)
    return bool(len(counted) and counted.all())


def trained_words(results: Results, setting: Setting, source: str = "trained") -> str:
    """How many seeds count as trained, in brackets, when not all do."""
    counted = results.values(f"counted.{source}", setting)
    if counts_as_trained(results, setting, source):
        return ""
    return f" ({int(np.nansum(counted))} of {len(counted)} seeds count as trained)"
