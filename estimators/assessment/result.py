"""What does an assessment answer with?"""

import csv
import importlib
import io
import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estimators.assessment.reading import reading
from estimators.assessment.row import Facts, Row
from estimators.assessment.table import as_html, as_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Assessment:
    """All laws, both directions, the nulls, intervals and verdicts of one assessment.

    rows: plain records, one a measurement and source; facts: what they have in common. Printed,
    it is a reading in one paragraph and a table. Two are equal when all their numbers are; what is
    not a number in both is equal, too.
    """

    rows: tuple[Row, ...]
    facts: Facts

    @property
    def reading(self) -> str:
        """What the numbers say and do not say, one paragraph."""
        return reading(self.rows, self.facts)

    def row(self, direction: str, quantity: str, source: str = "trained") -> Row:
        """One row by its names; KeyError listing the names there are."""
        wanted = (direction, quantity, source)
        for row in self.rows:
            if (row.direction, row.quantity, row.source) == wanted:
                return row
        names = sorted({(row.direction, row.quantity, row.source) for row in self.rows})
        raise KeyError(f"no row {wanted}; there are {names}")

    def table(self) -> str:
        """The reading and all numbers, as text."""
        return as_text(self.rows, self.facts, self.reading)

    def __eq__(self, other: object) -> bool:
        return self._json() == other._json() if isinstance(other, Assessment) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._json())

    def __str__(self) -> str:
        return self.table()

    def _repr_html_(self) -> str:
        return as_html(self.rows, self.facts, self.reading)

    def to_pandas(self) -> Any:
        """The rows as a pandas DataFrame. Raises ImportError with the remedy without pandas."""
        try:
            pandas = importlib.import_module("pandas")
        except ImportError as error:
            raise ImportError(
                "to_pandas needs pandas, which is not installed: pip install pandas, or use .rows, "
                "or .save('rows.csv')"
            ) from error
        return pandas.DataFrame([row._asdict() for row in self.rows])

    def figure(self) -> "Figure":
        """One picture: every score with its interval beside its oracle and its nulls."""
        picture = importlib.import_module("estimators.assessment.picture")
        return picture.draw(self.rows, self.facts)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the rows to a .csv file, or rows, facts and reading to a .json file.

        Numbers in full; what is not a number is empty in CSV and null in JSON. The file is written
        aside and renamed. Raises ValueError for another ending.
        """
        path = Path(path)
        writers = {".csv": self._csv, ".json": self._json}
        if path.suffix not in writers:
            raise ValueError(f"an assessment is saved as .csv or .json; got {path.name!r}")
        aside = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            aside.write_text(writers[path.suffix](), encoding="utf-8", newline="")
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)

    def _csv(self) -> str:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(Row._fields)
        writer.writerows(["" if _undefined(value) else value for value in row] for row in self.rows)
        return text.getvalue()

    def _json(self) -> str:
        content = {
            "reading": self.reading,
            "facts": _plain(self.facts._asdict()),
            "rows": [_plain(row._asdict()) for row in self.rows],
        }
        return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _undefined(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return None if _undefined(value) else value
