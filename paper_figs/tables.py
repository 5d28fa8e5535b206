"""How is a stored table read?"""

import csv
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

Row = dict[str, str]


class Series(NamedTuple):
    """One curve: where, its mean over seeds and its 95 % t interval; only answered points."""

    position: list[float]
    mean: list[float]
    low: list[float]
    high: list[float]


class Point(NamedTuple):
    """One number: its mean over seeds and its 95 % t interval, or the mean where there is none."""

    mean: float
    low: float
    high: float


def read_rows(table: Path) -> list[Row]:
    """The rows of a tidy CSV."""
    with table.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def select(rows: list[Row], **where: Any) -> list[Row]:
    """The rows whose columns have these values."""
    return [row for row in rows if all(row[name] == str(value) for name, value in where.items())]


def values(rows: list[Row], column: str) -> list[str]:
    """The different entries of a column, in the order of their numbers."""
    return sorted({row[column] for row in rows}, key=float)


def series(rows: list[Row], axis: str, metric: str) -> Series:
    """The curve of a metric quantity.source.estimate over a column, averaged over concepts."""
    quantity, source, estimate = (metric.split(".") + [""] * 3)[:3]
    chosen = select(rows, quantity=quantity, source=source, estimate=estimate, concept="")
    return curve(
        (float(row[axis]), *(_number(row[name]) for name in ("mean", "low", "high")))
        for row in chosen
        if row["mean"]
    )


def medians(rows: list[Row], axis: str, metric: str) -> Series:
    """The same curve of medians with their order-statistics intervals."""
    named = {"mean": "median", "low": "median_low", "high": "median_high"}
    placed = [row | {name: row[column] for name, column in named.items()} for row in rows]
    return series(placed, axis, metric)


def curve(points: Iterable[tuple[float, ...]]) -> Series:
    """A curve from points (position, mean, low, high) in any order."""
    ordered = sorted(points)
    return Series(*(list(column) for column in zip(*ordered, strict=True))) if ordered else _EMPTY


def point(
    rows: list[Row], quantity: str, source: str, estimate: str = "", concept: str = ""
) -> Point | None:
    """The first answered number of a metric; None without one."""
    chosen = select(rows, quantity=quantity, source=source, estimate=estimate, concept=concept)
    for row in chosen:
        if row["mean"]:
            return Point(*(float(row[name] or row["mean"]) for name in ("mean", "low", "high")))
    return None


def held_or_whole(rows: list[Row], axis: str, metric: str) -> tuple[Series, Series]:
    """The held-out curve, and the population's where nothing could be held out."""
    held, whole = (series(rows, axis, f"{metric}.{name}") for name in ("held_out", "population"))
    points = zip(*whole, strict=True)
    return held, curve(found for found in points if found[0] not in held.position)


def missed(data: Series, floor: float) -> Series:
    """1 − S, what a law misses, for a logarithmic axis that ends at a floor."""
    mean, low, high = (
        [max(1 - value, floor) for value in column]  # in this order, so that nan stays nan
        for column in (data.mean, data.high, data.low)
    )
    return Series(data.position, mean, low, high)


def stamp(rows: list[Row]) -> str:
    """The profile the table was made with."""
    return rows[0]["profile"] if rows else ""


_EMPTY = Series([], [], [], [])


def _number(text: str) -> float:
    return float(text) if text else math.nan
