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
    limits = f" [{number(value.low, 3)}, {number(value.high, 3)}]"
    return f"{number(value.mean, 3)}{'' if np.isnan(value.low) else limits}"


def difference(value: es.Interval) -> str:
    """A mean difference with its sign and interval."""
    if np.isnan(value.mean):
        return "no answer"
    interval = "" if np.isnan(value.low) else f" [{_signed(value.low)}, {_signed(value.high)}]"
    return f"{_signed(value.mean)}{interval}"


def number(value: float, digits: int) -> str:
    """A number, or a dash when there is none; nothing is rounded to −0."""
    return "–" if np.isnan(value) else f"{round(value, digits) + 0.0:.{digits}f}"


def _signed(value: float) -> str:
    return f"{round(value, 3) + 0.0:+.3f}"
