"""Which metric is a null of which, by the names quantity.source.estimate.concept alone?

The word of a null stands in one part of a name; what it is a null of has the same name but for
that part. Only scores are paired, and only where training or a stack of layers ends.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

NULLS = {  # the word in a name -> in words
    "raw_input": "raw input",
    "raw_by_word": "raw input, apart for each word",
    "permuted": "rows permuted",
    "untrained": "untrained network",
    "majority": "commonest value",
    "argmax": "likeliest configuration alone",
    "broken": "assumption broken",  # what a claim is missed by there
}
NO_SCORE = re.compile(
    r"(converged|counted|regressors|diverged|excess_loss|log10)(_|$)|num_|.*bound"
)
ON_THE_WAY = re.compile(r"(layer|step|prefix|rank)_\d+|pooled|difference")


class Name(NamedTuple):
    """The four parts of a metric's name; empty where it has fewer."""

    quantity: str
    source: str
    estimate: str
    concept: str

    @property
    def metric(self) -> str:
        """The name again."""
        return ".".join(self).rstrip(".")


class Comparison(NamedTuple):
    """A quantity of one kind, trained, exact or oracle, and a null of it."""

    quantity: str
    null: str
    kind: str


Pair = tuple[Name, Name]  # what is measured, its null
Pairs = dict[tuple[str, str], list[Pair]]  # (source, concept) -> one pair an estimate


def parsed(metrics: Iterable[str]) -> list[Name]:
    """The names in their parts, in order."""
    return sorted(Name._make(f"{metric}....".split(".")[:4]) for metric in metrics)


def comparisons(names: list[Name]) -> dict[Comparison, Pairs]:
    """All pairs of a metric and a null of it, by the row that they make."""
    scores = [name for name in names if not _apart(name)]
    measured = [name for name in scores if not any(map(_null_word, name))]
    sources = {name.source for name in names}
    found: dict[Comparison, Pairs] = {}
    for null in scores:
        for other, word, kind in _measured(null, measured, sources):
            row = found.setdefault(Comparison(other.quantity, word, kind), {})
            row.setdefault((other.source, other.concept), []).append((other, null))
    return {comparison: _averages(pairs) for comparison, pairs in found.items()}


def _averages(pairs: Pairs) -> Pairs:
    """The pairs over all concepts where there are such, else those of every concept."""
    whole = {place: found for place, found in pairs.items() if place[1] in ("", "end")}
    return whole or pairs


def _measured(
    null: Name, measured: list[Name], sources: set[str]
) -> Iterable[tuple[Name, str, str]]:
    """(what this is a null of, the word of the null, the kind of number); none if it is no null."""
    places = [(place, word) for place, part in enumerate(null) if (word := _null_word(part))]
    if len(places) != 1:
        return
    place, word = places[0]
    rest = "_".join(f"_{null[place]}_".split(f"_{word}_")).strip("_")
    for other in measured:
        if _same_elsewhere(place, null, other):
            kind = _kind(other.source, sources, place)
            if kind and _is_null_of(place, word, rest, other, kind):
                yield other, word, kind


def _same_elsewhere(place: int, null: Name, other: Name) -> bool:
    """Whether all parts but one agree; a null of no concept is one of the end of a training."""
    unnamed = place == 2 and (null.concept, other.concept) == ("", "end")
    return all(
        own == its or i == place or (i == 3 and unnamed)
        for i, (own, its) in enumerate(zip(null, other, strict=True))
    )


def _is_null_of(place: int, word: str, rest: str, other: Name, kind: str) -> bool:
    """Whether the part that differs is what the null stands for."""
    if place == 0 and word == "broken":
        return other.quantity == "violation"
    if place == 0:
        return bool(rest) and other.quantity.startswith(f"{rest}_")
    if place == 1:
        return other.source == (rest or other.source) and (word != "untrained" or kind == "trained")
    return other[place] == ("held_out" if place == 2 else "end")


def _kind(source: str, sources: set[str], place: int) -> str:
    """Which kind of number a source gives; empty for made ones and for parts of a training."""
    if source in ("oracle", "exact"):
        return source
    if source == "trained" or f"untrained_{source}" in sources or place > 1:
        return "trained"
    return "exact" if place == 0 and not sources & {"trained", "oracle"} else ""


def _null_word(part: str) -> str:
    return next((word for word in NULLS if f"_{word}_" in f"_{part}_"), "")


def _apart(name: Name) -> bool:
    """Whether a metric is no score, or one on the way to the end."""
    return bool(NO_SCORE.match(name.quantity)) or any(map(ON_THE_WAY.search, name))
