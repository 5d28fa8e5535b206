"""What does an experiment consist of?"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np


class CellResult(NamedTuple):
    """What a cell measured.

    metrics: name -> one number per seed of the block, in the order of its seeds (NaN: no answer).
    arrays: name -> array, whatever figures or readers may want beside the numbers.
    """

    metrics: dict[str, list[float]]
    arrays: dict[str, np.ndarray]


class CellRecord(NamedTuple):
    """A stored cell: its config and metrics (None where there was no answer)."""

    config: dict[str, Any]
    metrics: dict[str, list[float | None]]


class Finding(NamedTuple):
    """What the results say, in words made from the numbers.

    headline: one sentence; paragraphs: plain text, in reading order; tables: title -> rows, the
    first row being the header; captions: figure name -> caption (it is also the alt text);
    evidence: whether verdicts may be given: not in smoke, and not on too few seeds.
    """

    headline: str
    paragraphs: list[str]
    tables: dict[str, list[list[str]]]
    captions: dict[str, str]
    evidence: bool


@dataclass(frozen=True)
class Experiment:
    """One question, as data and pure functions.

    profiles: name -> config (a frozen dataclass with `with_seeds`). cells: config -> cells, frozen
    dataclasses with a `seeds` field. shape: cell -> what cells must share to share compiled
    functions; they run in one worker. compute: cell -> result. finding: stored cells, and whether
    they are evidence -> words.
    """

    name: str
    question: str
    profiles: Mapping[str, Any]
    cells: Callable[[Any], Sequence[Any]]
    shape: Callable[[Any], Hashable]
    compute: Callable[[Any], CellResult]
    finding: Callable[[Sequence[CellRecord], bool], Finding]
