"""How is a small world written down exactly, in fractions that a person can read?

A JSON object: `cardinalities` of the concepts, `note` (what the world is for), and the tables as
strings such as "3/7": `prior` [configuration], `words` [position][configuration][word], `token`
[configuration][token]. Every row sums to one exactly. A world with a graph: `rational_graph`.
"""

from fractions import Fraction
from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from latentgen import rational_tables as tables
from latentgen.model import ConceptModel
from latentgen.rational_tables import Row as Row
from latentgen.space import ConceptSpace

FORMAT = "latentgen.RationalWorld"
VERSION = 1
NAMES = ("cardinalities", "prior", "words", "token")


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
        if not words:
            raise ValueError("a rational world needs a table of words; got none: add a position")
        if len({table.shape for table in words}) != 1:
            raise ValueError(
                "all positions of a rational world must have as many words; got "
                f"{[table.shape[1] for table in words]}: add words of probability 0"
            )
        prior, token = np.array(self.prior, np.float64), np.array(self.token, np.float64)
        return ConceptModel.from_tables(space, prior, np.stack(words), token)

    def json(self) -> str:
        """The JSON text of this world; `read` gives the same world back."""
        head = {"format": FORMAT, "version": VERSION, "note": self.note}
        head |= {"cardinalities": list(self.cardinalities), "prior": tables.text(self.prior)}
        words = ", ".join(tables.table_text(rows) for rows in self.words)
        return tables.object_text(
            head, {"words": f"[{words}]", "token": tables.table_text(self.token)}
        )


def read(text: str) -> RationalWorld:
    """The world in a JSON text.

    Raises ValueError for another format or version, a cardinality below 2, tables of another
    shape, a number that is no fraction in 0 … 1, and a row that does not sum to one exactly.
    """
    found = tables.content(text)
    tables.check_format(found, FORMAT, VERSION, NAMES)
    space = ConceptSpace(tables.integers(found["cardinalities"], "cardinalities"))
    num_rows = space.num_configurations
    return RationalWorld(
        str(found.get("note", "")),
        space.cardinalities,
        tables.row(found["prior"], "prior", num_rows),
        tuple(
            tables.table(rows, f"words[{position}]", num_rows)
            for position, rows in enumerate(tables.entries(found["words"], "words"))
        ),
        tables.table(found["token"], "token", num_rows),
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
