"""How far does what an experiment measured lie above its nulls, over all its settings?

Each pair of a metric and a null of it is compared seed by seed at the same setting. Where some
settings are held out, those that are not are left out, and so are networks that do not count as
trained; what is never held out is compared on the population.
"""

from typing import Any, NamedTuple

import numpy as np

import estimators as es
from experiments.null_pairs import NULLS, Comparison, Name, Pair, Pairs, comparisons, parsed
from experiments.quantities import called, less_is_better, place
from experiments.results import Results
from experiments.verdicts import EVIDENCE_MARGIN

KINDS = ("trained", "exact", "oracle")  # which of them stands first, beside its null
ESTIMATES = ("held_out", "population")  # the first that both have
MOST_ROWS = 9
NO_BREAK = "\u00a0"
TINY = 5e-4  # what three decimals would hide


class Row(NamedTuple):
    """One quantity beside one null, in words; beyond: how many differences leave ±.05.

    left_out: how many settings, and there predictors, are not in the row, and why.
    """

    measured: str
    null: str
    null_reaches: str
    measured_reaches: str
    difference: str
    beyond: str
    left_out: str = ""


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
    population: bool = False
    saturated: bool = False


class _Found(NamedTuple):
    """The points of a row, and how many are left out for each reason."""

    points: list[_Point]
    left_out: dict[str, int]


def null_table(results: Results) -> NullTable:
    """Each quantity that has a null beside it, from the names and the numbers alone."""
    names = parsed({metric for own in results.metrics.values() for metric in own})
    found = {}
    for which, pairs in comparisons(names).items():
        points = _points(results, which, pairs)
        if points.points or points.left_out:
            found[which] = points
    ordered = sorted(found, key=_rank)
    leading = _leading(ordered)
    rows = {which: _row(which, found[which]) for which in ordered}
    return NullTable(
        [rows[which] for which in leading],
        [rows[which] for which in ordered if which not in leading],
        "" if rows else _why_none(names),
    )


def _points(results: Results, which: Comparison, pairs: Pairs) -> _Found:
    """One point a setting, a source and a concept, wherever both have an answer that counts."""
    counted, num_untrained = [], 0
    for setting in results.settings():
        for (source, _), own in pairs.items():
            point = _point(results, sorted(own, key=_estimate_rank), setting)
            if point is None:
                continue
            if which.kind == "trained" and not _counts(results, source, setting):
                num_untrained += 1
            else:
                counted.append(point)
    points = _held_out(counted)
    reasons = {"not held out": len(counted) - len(points), "not trained": num_untrained}
    left_out = {reason: count for reason, count in reasons.items() if count}
    return _Found(points or _elsewhere(results, which, pairs), left_out)


def _held_out(points: list[_Point]) -> list[_Point]:
    """The points of held-out scores; without any those not saturated; without any all."""
    held_out = [point for point in points if not point.population]
    return held_out or [point for point in points if not point.saturated] or points


def _counts(results: Results, source: str, setting: dict[str, Any]) -> bool:
    """Whether no seed of the network, or of either of a pair, is known not to count as trained."""
    told = [results.values(f"counted.{name}", setting) for name in (source, *source.split("+"))]
    return all(bool((counted == 1).all()) for counted in told)


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
            population = measured.estimate == "population"
            held_out = results.values(measured._replace(estimate="held_out").metric, setting)
            saturated = population and bool(np.isnan(held_out).any())
            return _Point(reached[0], reached[1], difference, population, saturated)
    return None


def _rank(which: Comparison) -> tuple[int, str, int, int]:
    return *place(which.quantity), KINDS.index(which.kind), list(NULLS).index(which.null)


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


def _row(which: Comparison, found: _Found) -> Row:
    less = less_is_better(which.quantity)
    better = " (less is better)" if less else ""
    return Row(
        measured=f"{called(which.quantity)}, {which.kind}{_estimate(found.points)}{better}",
        null=NULLS[which.null],
        null_reaches=_span([point.null for point in found.points]),
        measured_reaches=_span([point.measured for point in found.points]),
        difference=_span([point.difference for point in found.points], sign="+"),
        beyond=_beyond(found.points, less),
        left_out=", ".join(f"{count} {reason}" for reason, count in found.left_out.items()),
    )


def _estimate(points: list[_Point]) -> str:
    """What is said of a row in which nothing is held out."""
    if not points or not all(point.population for point in points):
        return ""
    return ", population" + (", saturated" if all(point.saturated for point in points) else "")


def _span(values: list[es.Interval], sign: str = "") -> str:
    """The least and the greatest mean, each with its interval."""
    if not values:
        return "–"
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


def _beyond(points: list[_Point], less: bool) -> str:
    """How many intervals lie beyond the margin of evidence on either side, and how many on none.

    Numbers that do not vary along an axis are the same at many settings: they count once.
    """
    distinct = {
        tuple(f"{value:.9g}" for value in (*point.null, *point.measured)): point.difference
        for point in points
        if not np.isnan(point.difference.mean)
    }.values()
    above = sum(difference.low >= EVIDENCE_MARGIN for difference in distinct)
    below = sum(difference.high <= -EVIDENCE_MARGIN for difference in distinct)
    better, worse = (below, above) if less else (above, below)
    counts = {"better": better, "neither": len(distinct) - above - below, "worse": worse}
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "–"


def _why_none(names: list[Name]) -> str:
    """What the names say of an experiment without a null."""
    sources = {name.source for name in names if name.source}
    if "found" in sources:
        return "No null was measured: a search has no null; what it finds is exact in its world."
    fitted = "trained" in sources or any(name.estimate == "held_out" for name in names)
    told = "" if fitted else " No network was trained and nothing was held out."
    kinds = ", ".join(kind for kind in (*KINDS, "null") if kind in sources)
    return f"No null was measured.{told}{f' The numbers are {kinds}.' if kinds else ''}"
