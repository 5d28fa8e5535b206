"""What do the numbers of an assessment say, in plain words?"""

from collections.abc import Sequence

import numpy as np

from estimators.assessment.labels import LAWS, SOURCES, number, quantity, with_interval
from estimators.assessment.row import Facts, Row
from estimators.assessment.verdict import EXCESS_SHARE, LEAST_SEEDS, TRIVIAL_INFORMATION

REMEDIES = {
    "raw_input": "give more contexts, or fewer of its columns, the last words say",
    "untrained": "give more contexts, or a narrower predictor",
}


def reading(rows: tuple[Row, ...], facts: Facts) -> str:
    """One paragraph: what was measured, what counts, what it says, and what it does not."""
    sentences = [
        _subject(facts),
        *_rank(facts),
        _training(facts),
        *_corner(facts),
        *_laws(rows, facts),
        *_rivals(rows),
        *_readout(rows),
        *_zeros(facts),
        *_missing(rows, facts),
        _scope(facts),
    ]
    return " ".join(sentences)


def _subject(facts: Facts) -> str:
    who = "One predictor" if facts.num_seeds == 1 else f"{facts.num_seeds} predictors"
    weights = "weighted by p(x)" if facts.weighted else "all rows weighted alike"
    return (
        f"{who} on {facts.num_contexts:,} distinct contexts, told apart by {facts.told_apart}, "
        f"{weights}; "
        f"{facts.num_configurations} configurations, {facts.num_tokens} tokens. The contexts tell "
        f"{number(facts.concept_information)} nats of c, and the predictions "
        f"{_range(facts.predicted_information)} nats of x."
    )


def _rank(facts: Facts) -> list[str]:
    if facts.num_kept == facts.num_columns:
        return []
    kept, columns = (_whole(counts) for counts in (facts.num_kept, facts.num_columns))
    return [
        f"Of f rank {kept} of {columns} is kept: what else varies cannot be told from rounding of "
        "its format."
    ]


def _whole(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low}" if low == high else f"{low} to {high}"


def _training(facts: Facts) -> str:
    if facts.excess_shares is None:
        return "Whether this counts as trained is not known without the exact p(y∣x)."
    if not np.isfinite(facts.excess_shares).any():
        return "The exact p(y∣x) tells nothing of x, so that nothing was there to be learnt."
    excess = f"excess loss of {_range(facts.excess_shares, 4)} of I(x;y)"
    who = "it counts" if facts.num_seeds == 1 else "they count"
    if facts.trained:
        return f"With an {excess}, {who} as trained."
    return (
        f"With an {excess}, above {number(EXCESS_SHARE, 2)}, {who} not as trained: nothing below "
        "is evidence for or against a law."
    )


def _corner(facts: Facts) -> list[str]:
    if not facts.trivial:
        return []
    if facts.concept_information < TRIVIAL_INFORMATION:
        return [f"A trivial corner: the contexts tell less than {TRIVIAL_INFORMATION} nats of c."]
    return [
        "A trivial corner: the likeliest configuration alone explains "
        f"{number(facts.argmax_score)} of what is predicted, so that every law that names it fits."
    ]


def _laws(rows: tuple[Row, ...], facts: Facts) -> list[str]:
    trained = [row for row in rows if row.direction == "law" and row.verdict]
    if all(row.verdict == "not trained" for row in trained):
        return []
    said = []
    for row in trained:
        oracle = _other(rows, row, "oracle")
        perfect = f", of a perfect predictor {number(oracle.score)}" if oracle else ""
        null = f", largest null {SOURCES[row.null]}" if row.null else ""
        below = f" {number(row.score - row.gap)}" if row.null else ""
        said.append(
            f"{quantity(row, facts)} – {row.verdict} "
            f"(S {with_interval(row.score, row.low, row.high)}{perfect}{null}{below})"
        )
    return [f"Laws: {'; '.join(said)}."]


def _rivals(rows: tuple[Row, ...]) -> list[str]:
    words = {
        "first": f"{LAWS['log_posterior']} explains more than {LAWS['belief']}",
        "second": f"{LAWS['belief']} explains more than {LAWS['log_posterior']}",
        "undecided": f"Between {LAWS['log_posterior']} and {LAWS['belief']} it is undecided",
    }
    return [
        f"{words[row.verdict]}: paired difference {with_interval(row.score, row.low, row.high)}."
        for row in rows
        if row.direction == "rivals" and row.verdict in words and row.score == row.score
    ]


def _readout(rows: tuple[Row, ...]) -> list[str]:
    row = next(row for row in rows if row.quantity == "representation" and row.source == "trained")
    if row.verdict == "not trained":
        return []
    if row.saturated:
        return [
            f"Readout: saturated, {row.num_regressors} regressors need more distinct contexts; "
            "any representation of that size would fit."
        ]
    worth = {"evidence": "evidence that f tells of c"}.get(row.verdict, row.verdict)
    gap = with_interval(row.gap, row.gap_low, row.gap_high)
    above = f", {gap} above the largest null, {SOURCES[row.null]}" if row.null else ""
    score = with_interval(row.score, row.low, row.high)
    return [f"Readout: f recovers {score} of I(c;x){above}: {worth}."]


def _zeros(facts: Facts) -> list[str]:
    if not facts.zero_share:
        return []
    return [
        f"{facts.zero_share:.1%} of p(c∣x) are exact zeros: laws in log p are not defined there "
        "and are left out; log(p + ρ), p and the readout remain."
    ]


def _missing(rows: tuple[Row, ...], facts: Facts) -> list[str]:
    said = []
    if facts.missing:
        said.append(
            f"Not given: {', '.join(facts.missing)}; verdicts are against the other nulls only."
        )
    for source, remedy in REMEDIES.items():
        if any(row.source == source and row.saturated for row in rows):
            said.append(
                f"Null saturated: {SOURCES[source]} has too many directions for these contexts to "
                f"be held out, so that nothing can be found to exceed it: {remedy}."
            )
    if not all(row.converged for row in rows if row.source == "trained"):
        said.append("Not all fits reached their tolerance: a score may be a little too low.")
    return said


def _scope(facts: Facts) -> str:
    if facts.num_seeds == 1:
        return (
            "Intervals are over held-out blocks of contexts: how much the score differs between "
            "contexts of this one predictor; they say nothing of other seeds or worlds."
        )
    few = "" if facts.num_seeds >= LEAST_SEEDS else f", fewer than the {LEAST_SEEDS} asked for"
    return (
        f"Intervals are over {facts.num_seeds} seeds of the predictor{few}, in one world; where "
        "there is one value for all seeds, over held-out blocks of contexts."
    )


def _other(rows: tuple[Row, ...], row: Row, source: str) -> Row | None:
    same = (
        one
        for one in rows
        if (one.direction, one.quantity, one.source) == (row.direction, row.quantity, source)
    )
    return next(same, None)


def _range(values: Sequence[float], digits: int = 3) -> str:
    low, high = number(min(values), digits), number(max(values), digits)
    return low if low == high else f"{low} to {high}"
