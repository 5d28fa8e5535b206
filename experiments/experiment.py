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


def by_name(rows: Sequence[dict[str, float]]) -> dict[str, list[float]]:
    """metric -> one number per seed from one row per seed; NaN where a seed has no such metric."""
    names = sorted({name for row in rows for name in row})
    return {name: [row.get(name, np.nan) for row in rows] for name in names}


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


class Judgement(NamedTuple):
    """What stored results say of a claim.

    verdict: by the criteria of `experiments.verdicts`, never typed; figures: the numbers behind
    it, in words made from them.
    """

    verdict: str
    figures: str


@dataclass(frozen=True)
class Claim:
    """One claim that an experiment judges: a row of the ledger.

    name: short and lasting, unique in the ledger. source: who makes it, and where. statement: in
    a line. assumptions: under which it is made. figure: the picture that shows it, without suffix;
    empty when none does. judge: stored cells -> judgement.
    """

    name: str
    source: str
    statement: str
    assumptions: str
    figure: str
    judge: Callable[[Sequence[CellRecord]], Judgement]


@dataclass(frozen=True)
class Experiment:
    """One question, as data and pure functions.

    profiles: name -> config (a frozen dataclass with `with_seeds`). cells: config -> cells, frozen
    dataclasses with a `seeds` field. shape: cell -> what cells must share to share compiled
    functions; they run in one worker. compute: cell -> result. finding: stored cells, and whether
    they are evidence -> words. claims: what it judges, for the ledger.
    """

    name: str
    question: str
    profiles: Mapping[str, Any]
    cells: Callable[[Any], Sequence[Any]]
    shape: Callable[[Any], Hashable]
    compute: Callable[[Any], CellResult]
    finding: Callable[[Sequence[CellRecord], bool], Finding]
    claims: tuple[Claim, ...] = ()
