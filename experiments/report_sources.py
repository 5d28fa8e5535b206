"""Whose claims are these, and what does the ledger say of the paper that most of them come from?"""

import re
from collections import Counter
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from experiments.claims import Row

PAPER = "arXiv:2503.08980"
EXACT = "theorems"  # the experiment whose claims hold or fail without a limit
LEFT_OUT = "without"  # how a source says that an assumption of the paper does not hold there
ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5}(?:v\d+)?)")


class Claims(NamedTuple):
    """What became of some claims; counts: how many have which verdict, the commonest first."""

    num_claims: int
    counts: str
    verdicts: frozenset[str]


class Told(NamedTuple):
    """The claims whose source names the paper, and whether what it says stands.

    exact: identities and bounds; assumed: the rest, but for those where the source says that one
    of the paper's assumptions is left out. answer: one sentence, empty where no verdict is given.
    """

    num_claims: int
    exact: Claims
    assumed: Claims
    left_out: Claims
    answer: str


def linked(source: str) -> str:
    """The source as HTML, each number of an arXiv paper a link to its abstract."""
    return ARXIV.sub(r'<a href="https://arxiv.org/abs/\1">\g<0></a>', escape(source))


def names_paper(row: Row) -> bool:
    """Whether the claim's source names the paper, whichever version of it."""
    return PAPER in row.source


def told(rows: Sequence[Row]) -> Told:
    """What the ledger says of the paper."""
    own = [row for row in rows if names_paper(row)]
    exact = [row for row in own if row.experiment == EXACT]
    left_out = [row for row in own if row not in exact and LEFT_OUT in row.source]
    assumed = [row for row in own if row not in exact and row not in left_out]
    found = _claims(exact), _claims(assumed), _claims(left_out)
    return Told(len(own), *found, _answer(*found[:2]))


def _claims(rows: Sequence[Row]) -> Claims:
    counted = Counter(row.verdict for row in rows)
    words = ", ".join(f"{verdict} {count}" for verdict, count in counted.most_common())
    return Claims(len(rows), words, frozenset(counted))


def _answer(exact: Claims, assumed: Claims) -> str:
    parts = []
    if "fails" in exact.verdicts:
        parts.append("not all of its identities hold")
    elif exact.verdicts == {"holds"}:
        parts.append("its identities hold in every world tried")
    if {"holds", "fails"} <= assumed.verdicts:
        parts.append(
            "what it concludes from them holds in some settings and fails in others: each claim "
            "says in which, and the counterexamples which assumptions are not enough"
        )
    elif "holds" in assumed.verdicts:
        parts.append("nothing that it concludes from them fails where it was judged")
    elif "fails" in assumed.verdicts:
        parts.append("nothing that it concludes from them holds where it was judged")
    return f"In short: {'; '.join(parts)}." if parts else ""
