"""How are numbers put into words?"""

import numpy as np

import estimators as es


def share(value: es.Interval) -> str:
    """A mean in per cent with its interval."""
    interval = "" if np.isnan(value.low) else f" [{value.low:.1%}, {value.high:.1%}]"
    return "no answer" if np.isnan(value.mean) else f"{value.mean:.1%}{interval}"


def percent(value: es.Interval) -> str:
    """A mean in per cent, alone."""
    return "no answer" if np.isnan(value.mean) else f"{value.mean:.1%}"


def plain(value: es.Interval) -> str:
    """A mean with its interval, three decimals."""
    interval = "" if np.isnan(value.low) else f" [{value.low:.3f}, {value.high:.3f}]"
    return f"{number(value.mean, 3)}{interval}"


def difference(value: es.Interval) -> str:
    """A mean difference with its sign and interval."""
    if np.isnan(value.mean):
        return "no answer"
    return f"{value.mean:+.3f} [{value.low:+.3f}, {value.high:+.3f}]"


def number(value: float, digits: int) -> str:
    """A number, or a dash when there is none."""
    return "–" if np.isnan(value) else f"{value:.{digits}f}"
