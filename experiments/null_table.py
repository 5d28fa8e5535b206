"""How far does what an experiment measured lie above its nulls, over all its settings?

Each pair of a metric and a null of it is compared seed by seed at the same setting, held out where
both are, else on the population.
"""

import re
from typing import Any, NamedTuple

import numpy as np

import estimators as es
from experiments.null_pairs import NULLS, Comparison, Name, Pair, Pairs, comparisons, parsed
from experiments.results import Results
from experiments.verdicts import EVIDENCE_MARGIN

QUANTITIES = {  # in the order of their rows; others follow under their own names
    "score_log_posterior": "S of log p(c∣x)",
    "readout": "readout score",
    "r2": "R²",
    "r2_direction": "R² along one direction",
    "accuracy": "probe accuracy",
    "parallelism": "parallelism",
    "cosine_raw": "raw cosine",
    "cosine_free": "gauge-free cosine",
    "violation": "violation",
    "excess_share": "excess loss / I(x; y)",
    "score_belief": "S of p(c∣x)",
    "score_rho": "S of log(p(c∣x) + ρ)",
}
KINDS = ("trained", "exact", "oracle")  # which of them stands first, beside its null
LESS_IS_BETTER = re.compile(r"excess|missed|violation|error")
ESTIMATES = ("held_out", "population")  # the first that both have
MOST_ROWS = 9
NO_BREAK = "\u00a0"
TINY = 5e-4  # what three decimals would hide


class Row(NamedTuple):
    """One quantity beside one null, in words; beyond: how many differences leave ±.05."""

    measured: str
    null: str
    null_reaches: str
    measured_reaches: str
    difference: str
    beyond: str


class NullTable(NamedTuple):
    """The leading rows, all others, and why there are none if there are none."""

    rows: list[Row]
    others: list[Row]
    remark: str


class _Point(NamedTuple):
    """Both at one setting, and their difference paired by seed."""

    null: es.Interval
    measured: es.Interval
    difference: es.Interval


def null_table(results: Results) -> NullTable:
    """Each quantity that has a null beside it, from the names and the numbers alone."""
    names = parsed({metric for own in results.metrics.values() for metric in own})
    found = {
        comparison: points
        for comparison, pairs in comparisons(names).items()
        if (points := _points(results, pairs) or _elsewhere(results, comparison, pairs))
    }
    ordered = sorted(found, key=_rank)
    leading = _leading(ordered)
    rows = {which: _row(which, found[which]) for which in ordered}
    return NullTable(
        [rows[which] for which in leading],
        [rows[which] for which in ordered if which not in leading],
        "" if rows else _why_none(names),
    )


def _points(results: Results, pairs: Pairs) -> list[_Point]:
    """One point a setting, a source and a concept, wherever both have an answer."""
    found = []
    for setting in results.settings():
        for own in pairs.values():
            point = _point(results, sorted(own, key=_estimate_rank), setting)
            if point is not None:
                found.append(point)
    return found


def _elsewhere(results: Results, which: Comparison, pairs: Pairs) -> list[_Point]:
    """Both where either is: an assumption is never met and broken at one setting."""
    if which.null != "broken":
        return []
    metrics = [(pair[1].metric, pair[0].metric) for own in pairs.values() for pair in own]
    each = [
        _Point(results.interval(null, at), results.interval(measured, at), es.interval([]))
        for null, measured in metrics
        for at in results.settings()
    ]
    return [point for point in each if not np.isnan([point.null.mean, point.measured.mean]).all()]


def _estimate_rank(pair: Pair) -> int:
    estimate = pair[0].estimate
    return ESTIMATES.index(estimate) if estimate in ESTIMATES else len(ESTIMATES)


def _point(results: Results, pairs: list[Pair], setting: dict[str, Any]) -> _Point | None:
    for measured, null in pairs:
        difference = results.paired(measured.metric, null.metric, setting)
        if not np.isnan(difference.mean):
            reached = [results.interval(name.metric, setting) for name in (null, measured)]
            return _Point(reached[0], reached[1], difference)
    return None


def _rank(which: Comparison) -> tuple[int, str, int, int]:
    known = list(QUANTITIES)
    quantity = known.index(which.quantity) if which.quantity in known else len(known)
    return quantity, which.quantity, KINDS.index(which.kind), list(NULLS).index(which.null)


def _leading(ordered: list[Comparison]) -> list[Comparison]:
    """The first quantities with all their nulls, each beside one kind of number."""
    by_quantity: dict[str, dict[str, Comparison]] = {}
    for which in ordered:
        by_quantity.setdefault(which.quantity, {}).setdefault(which.null, which)
    leading: list[Comparison] = []
    for own in by_quantity.values():
        if leading and len(leading) + len(own) > MOST_ROWS:
            break
        leading += own.values()
    return leading


def _row(which: Comparison, points: list[_Point]) -> Row:
    less = " (less is better)" if LESS_IS_BETTER.search(which.quantity) else ""
    return Row(
        measured=f"{_quantity(which.quantity)}, {which.kind}{less}",
        null=NULLS[which.null],
        null_reaches=_span([point.null for point in points]),
        measured_reaches=_span([point.measured for point in points]),
        difference=_span([point.difference for point in points], sign="+"),
        beyond=_beyond([point.difference for point in points]),
    )


def _quantity(name: str) -> str:
    law = f"S of {name.removeprefix('score_')}" if name.startswith("score_") else name
    return QUANTITIES.get(name, law.replace("_", " "))


def _span(values: list[es.Interval], sign: str = "") -> str:
    """The least and the greatest mean, each with its interval."""
    values = [value for value in values if not np.isnan(value.mean)]
    if not values:
        return "never at one setting"
    tiny = 0 < max(abs(value.mean) for value in values) < TINY
    least, greatest = (choose(values, key=lambda value: value.mean) for choose in (min, max))
    texts = [_number(value, sign, tiny) for value in (least, greatest)]
    return texts[0] if texts[0] == texts[1] else " to ".join(texts)


def _number(value: es.Interval, sign: str, tiny: bool) -> str:
    limits = f"{NO_BREAK}[{_digits(value.low, '', tiny)},{NO_BREAK}{_digits(value.high, '', tiny)}]"
    return f"{_digits(value.mean, sign, tiny)}{'' if np.isnan(value.low) else limits}"


def _digits(value: float, sign: str, tiny: bool) -> str:
    if tiny:
        return f"{value:{sign}.0e}".replace("e-", "e−")  # no line ends within a number
    return f"{round(value, 3) + 0.0:{sign}.3f}"


def _beyond(differences: list[es.Interval]) -> str:
    """How many intervals lie beyond the margin of evidence on either side, and how many on none."""
    above = sum(difference.low >= EVIDENCE_MARGIN for difference in differences)
    below = sum(difference.high <= -EVIDENCE_MARGIN for difference in differences)
    answered = sum(not np.isnan(difference.mean) for difference in differences)
    counts = {"above": above, "neither": answered - above - below, "below": below}
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "–"


def _why_none(names: list[Name]) -> str:
    """What the names say of an experiment without a null."""
    sources = sorted({name.source for name in names if name.source})
    fitted = any(name.source == "trained" or name.estimate == "held_out" for name in names)
    told = "" if fitted else " No network was trained and nothing was held out."
    return f"No null was measured.{told} The numbers are {', '.join(sources)}."
