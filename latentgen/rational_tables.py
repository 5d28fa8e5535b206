"""When is a piece of JSON a table of exact probabilities?

Numbers are strings such as "3/7" or "0.25", or plain JSON numbers, which are read as they are
written: 0.1 is 1/10. Every row sums to one exactly.
"""

import json
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

Row = tuple[Fraction, ...]
NUMBER = re.compile(r"-?\d+(/\d+|(\.\d+)?([eE][+-]?\d{1,3})?)")
LONGEST = 100  # characters of a number: what is larger is a mistake, and slow to compute with
MANY = 10**18  # rows; their exact number is no help
SHOWN = 40  # characters of a wrong value that a message repeats


def content(text: str) -> dict[str, Any]:
    """The JSON object in a text, its numbers with a point left as they are written.

    Raises ValueError for a text that is no JSON object.
    """
    try:
        found = json.loads(text, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"a rational world is a JSON object; this is not JSON: {error}: see "
            "docs/how-to/own-world.md for one"
        ) from None
    if not isinstance(found, dict):
        raise ValueError(
            f"a rational world is a JSON object; this text has not one, but {shown(found)}: see "
            "docs/how-to/own-world.md for one"
        )
    return found


def check_format(found: dict[str, Any], kind: str, version: int, names: Sequence[str]) -> None:
    """Raise a ValueError for another format or version, and for names that are missing."""
    if found.get("format") != kind:
        raise ValueError(
            f'a rational world has "format": "{kind}"; this text has not, it has '
            f"{shown(found.get('format'))}: add it"
        )
    if type(found.get("version")) is not int or found["version"] != version:
        raise ValueError(
            f"this version of latentgen reads rational worlds of version {version}; got "
            f"{shown(found.get('version'))}: write it in version {version}"
        )
    missing = [name for name in names if name not in found]
    if missing:
        raise ValueError(f"a rational world needs {', '.join(missing)}: add what is missing")


def entries(values: Any, name: str) -> list[Any]:
    """The values, which must be a list. Raises ValueError for anything else."""
    if not isinstance(values, list):
        raise ValueError(f"{name} must be a list; got {shown(values)}: put it into [ ]")
    return values


def integers(values: Any, name: str) -> tuple[int, ...]:
    """A list of integers. Raises ValueError for anything else."""
    for value in entries(values, name):
        if type(value) is not int:  # true is an int, too
            raise ValueError(
                f"{name} must hold integers; got {shown(value)}: write it without quotes and point"
            )
    return tuple(values)


def row(values: Any, name: str, length: int | None = None) -> Row:
    """A distribution. Raises ValueError for wrong numbers, another length or another sum."""
    found = tuple(_fraction(value, name) for value in entries(values, name))
    if length is not None and len(found) != length:
        raise ValueError(
            f"{name} must have {_number(length)} entries, one a configuration; got "
            f"{len(found)}: add or remove entries, or mend cardinalities"
        )
    if sum(found) != 1:
        total = sum(found)
        raise ValueError(
            f"{name} must hold probabilities that sum to 1 exactly; they sum to "
            f"{total if len(str(total)) <= SHOWN else float(total)}: divide each by the sum"
        )
    return found


def table(rows: Any, name: str, num_rows: int, one_each: str = "configuration") -> tuple[Row, ...]:
    """Distributions [row][outcome]. Raises ValueError as `row` does, and for another number."""
    found = entries(rows, name)
    if len(found) != num_rows:
        raise ValueError(
            f"{name} must have {_number(num_rows)} rows, one a {one_each}; got "
            f"{len(found)}: add or remove rows, or mend cardinalities"
        )
    distributions = tuple(row(values, f"{name}[{i}]") for i, values in enumerate(found))
    sizes = sorted({len(values) for values in distributions})
    if len(sizes) > 1:
        raise ValueError(
            f"the rows of {name} must be equally long; got lengths {sizes}: add outcomes of "
            "probability 0"
        )
    return distributions


def text(values: Row) -> list[str]:
    """A distribution as strings that `row` reads."""
    return [str(value) for value in values]


def object_text(head: dict[str, Any], tables: dict[str, str]) -> str:
    """A JSON object: head in one line each, tables as they are given."""
    lines = {name: json.dumps(value, ensure_ascii=False) for name, value in head.items()}
    body = ",\n".join(f" {json.dumps(name)}: {value}" for name, value in (lines | tables).items())
    return f"{{\n{body}\n}}\n"


def table_text(rows: Sequence[Row]) -> str:
    """JSON with one line a row."""
    return "[\n  " + ",\n  ".join(json.dumps(text(values)) for values in rows) + "\n ]"


def shown(value: Any) -> str:
    """A value as JSON would write it, cut short."""
    try:
        written = json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):  # too deep, or an integer of too many digits
        return f"a very long {type(value).__name__}"
    return written if len(written) <= SHOWN else f"{written[:SHOWN]}…"


def _number(count: int) -> str:
    return str(count) if count < MANY else "more than 10^18"


def _fraction(value: Any, name: str) -> Fraction:
    """A probability. Raises ValueError for what is no number, or lies outside 0 … 1."""
    written = str(value) if type(value) is int else value
    if not isinstance(written, str) or len(written) > LONGEST or not NUMBER.fullmatch(written):
        raise ValueError(
            f'{name} must hold fractions such as "3/7"; got {shown(value)}: write it as one'
        )
    try:
        found = Fraction(written)
    except ZeroDivisionError:
        raise ValueError(
            f'{name} must hold fractions such as "3/7"; {written} divides by zero: mend it'
        ) from None
    if not 0 <= found <= 1:
        raise ValueError(
            f"{name} must hold probabilities in 0 … 1; got {written}: mend it, or divide the row "
            "by its sum"
        )
    return found
