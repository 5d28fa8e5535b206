"""How are numbers put into words?"""

import numpy as np

import estimators as es
from experiments.verdicts import law_verdict


def share(value: es.Interval) -> str:
    """A mean in per cent with its interval."""
    interval = "" if np.isnan(value.low) else f" [{value.low:.1%}, {value.high:.1%}]"
    return f"{value.mean:.1%}{interval}"


def plain(value: es.Interval) -> str:
    """A mean with its interval, three decimals."""
    interval = "" if np.isnan(value.low) else f" [{value.low:.3f}, {value.high:.3f}]"
    return f"{number(value.mean, 3)}{interval}"


def difference(value: es.Interval) -> str:
    """A mean difference with its interval, four decimals."""
    return f"{value.mean:.4f} [{value.low:.4f}, {value.high:.4f}]"


def number(value: float, digits: int) -> str:
    """A number, or a dash when there is none."""
    return "–" if np.isnan(value) else f"{value:.{digits}f}"


def verdict(score: es.Interval) -> str:
    """What becomes of a law: holds, fails, is approximate, stays undecided."""
    words = {"approximate": "is approximate", "undecided": "stays undecided"}
    found = law_verdict(score)
    return words.get(found, found)
