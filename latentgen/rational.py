"""How is a small world written down exactly, in fractions that a person can read?

A JSON object: `cardinalities` of the concepts, `note` (what the world is for), and the tables as
strings such as "3/7": `prior` [configuration], `words` [position][configuration][word], `token`
[configuration][token]. Every row sums to one exactly.
"""

import json
from collections.abc import Sequence
from fractions import Fraction
from importlib import resources
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from latentgen.model import ConceptModel
from latentgen.space import ConceptSpace

FORMAT = "latentgen.RationalWorld"
VERSION = 1

Row = tuple[Fraction, ...]


class RationalWorld(NamedTuple):
    """A world in saturated tables of fractions, configurations row-major, the last concept fastest.

    note: what the world is for. prior p(c) [configuration]; words p(x_i|c)
    [position][configuration][word]; token p(y|c) [configuration][token].
    """

    note: str
    cardinalities: tuple[int, ...]
    prior: Row
    words: tuple[tuple[Row, ...], ...]
    token: tuple[Row, ...]

    def model(self) -> ConceptModel:
        """The same world in float64. Raises ValueError for shapes that disagree."""
        space = ConceptSpace(self.cardinalities)
        words = [np.array(table, np.float64) for table in self.words]
        if len({table.shape for table in words}) != 1:
            raise ValueError(
                "all positions of a rational world must have as many words; got "
                f"{[table.shape[1] for table in words]}: add words of probability 0"
            )
        prior, token = np.array(self.prior, np.float64), np.array(self.token, np.float64)
        return ConceptModel.from_tables(space, prior, np.stack(words), token)

    def json(self) -> str:
        """The JSON text of this world; `read` gives the same world back."""
        tables = {
            "prior": _text(self.prior),
            "words": [[_text(row) for row in table] for table in self.words],
            "token": [_text(row) for row in self.token],
        }
        head = {"format": FORMAT, "version": VERSION, "note": self.note}
        content = {**head, "cardinalities": list(self.cardinalities), **tables}
        return _indented(content)


def read(text: str) -> RationalWorld:
    """The world in a JSON text.

    Raises ValueError for another format or version, a number that is no fraction in 0 … 1, and a
    row that does not sum to one exactly.
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        raise ValueError(f"a rational world is a JSON object; this is not JSON: {error}") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f'a rational world has "format": "{FORMAT}"; this text has not')
    if content.get("version") != VERSION:
        raise ValueError(
            f"this version of latentgen reads rational worlds of version {VERSION}; got "
            f"{content.get('version')}"
        )
    missing = [name for name in ("cardinalities", "prior", "words", "token") if name not in content]
    if missing:
        raise ValueError(f"a rational world needs {', '.join(missing)}: add what is missing")
    num_rows = int(np.prod(content["cardinalities"]))
    return RationalWorld(
        str(content.get("note", "")),
        tuple(int(size) for size in content["cardinalities"]),
        _row(content["prior"], "prior", num_rows),
        tuple(_table(t, f"words[{i}]", num_rows) for i, t in enumerate(content["words"])),
        _table(content["token"], "token", num_rows),
    )


def stored(name: str) -> RationalWorld:
    """The world kept in the package under this name (`latentgen/data/NAME.json`)."""
    file = resources.files("latentgen").joinpath("data", f"{name}.json")
    return read(file.read_text(encoding="utf-8"))


def stored_names() -> list[str]:
    """The names of the rational worlds kept in the package."""
    files = resources.files("latentgen").joinpath("data").iterdir()
    return sorted(file.name.removesuffix(".json") for file in files if file.name.endswith(".json"))


def rounded_row(probability: ArrayLike, num_digits: int) -> Row:
    """Fractions near a distribution [outcome]: all but the largest to num_digits digits.

    The largest takes what is left, so that the row sums to one exactly; a positive probability
    stays positive. Raises ValueError where nothing is left for the largest.
    """
    row = np.asarray(probability, np.float64)
    if num_digits < 1:
        raise ValueError(f"num_digits must be at least 1; got {num_digits}")
    largest = int(np.argmax(row))
    found = [Fraction(f"{float(value):.{num_digits - 1}e}") for value in row]
    found[largest] = 1 - sum((f for i, f in enumerate(found) if i != largest), Fraction(0))
    if found[largest] <= 0:
        raise ValueError(f"{num_digits} digits leave nothing for the largest of {row}: use more")
    return tuple(found)


def _text(row: Sequence[Fraction]) -> list[str]:
    return [str(value) for value in row]


def _row(values: Any, name: str, length: int | None) -> Row:
    try:
        row = tuple(Fraction(value) for value in values)
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise ValueError(f'{name} must hold fractions such as "3/7"; {error}') from None
    if length is not None and len(row) != length:
        raise ValueError(f"{name} must have {length} entries, one a configuration; got {len(row)}")
    if any(value < 0 for value in row) or sum(row) != 1:
        raise ValueError(
            f"{name} must hold probabilities that sum to 1 exactly; they sum to {sum(row)}"
        )
    return row


def _table(rows: Any, name: str, num_rows: int) -> tuple[Row, ...]:
    if not isinstance(rows, list) or len(rows) != num_rows:
        raise ValueError(f"{name} must have {num_rows} rows, one a configuration")
    table = tuple(_row(row, f"{name}[{i}]", None) for i, row in enumerate(rows))
    sizes = {len(row) for row in table}
    if len(sizes) != 1:
        raise ValueError(f"the rows of {name} must be equally long; got lengths {sorted(sizes)}")
    return table


def _indented(content: dict[str, Any]) -> str:
    """JSON with one line a row of a table."""
    lines = []
    for name, value in content.items():
        if name == "token":
            text = _table_text(value)
        elif name == "words":
            text = "[" + ", ".join(_table_text(table) for table in value) + "]"
        else:
            text = json.dumps(value, ensure_ascii=False)
        lines.append(f" {json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _table_text(table: list[list[str]]) -> str:
    return "[\n  " + ",\n  ".join(json.dumps(row) for row in table) + "\n ]"
