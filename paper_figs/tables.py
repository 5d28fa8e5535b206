"""How is a stored table read?"""

import csv
import math
from pathlib import Path
from typing import Any, NamedTuple

Row = dict[str, str]


class Series(NamedTuple):
    """One curve: where, its mean over seeds and its 95 % t interval; only answered points."""

    position: list[float]
    mean: list[float]
    low: list[float]
    high: list[float]


def read_rows(table: Path) -> list[Row]:
    """The rows of a tidy CSV."""
    with table.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def select(rows: list[Row], **where: Any) -> list[Row]:
    """The rows whose columns have these values."""
    return [row for row in rows if all(row[name] == str(value) for name, value in where.items())]


def series(rows: list[Row], axis: str, metric: str) -> Series:
    """The curve of a metric quantity.source.estimate over a column, averaged over concepts."""
    quantity, source, estimate = (metric.split(".") + [""] * 3)[:3]
    chosen = select(rows, quantity=quantity, source=source, estimate=estimate, concept="")
    points = sorted(
        (float(row[axis]), *(_number(row[name]) for name in ("mean", "low", "high")))
        for row in chosen
        if row["mean"]
    )
    return Series(*(list(column) for column in zip(*points, strict=True))) if points else _EMPTY


def missed(data: Series, floor: float) -> Series:
    """1 − S, what a law misses, for a logarithmic axis that ends at a floor."""
    mean, low, high = (
        [max(floor, 1 - value) for value in column] for column in (data.mean, data.high, data.low)
    )
    return Series(data.position, mean, low, high)


def stamp(rows: list[Row]) -> str:
    """The profile the table was made with."""
    return rows[0]["profile"] if rows else ""


_EMPTY = Series([], [], [], [])


def _number(text: str) -> float:
    return float(text) if text else math.nan
