"""Which cells of the phase diagram count, and how are they put side by side?"""

from typing import Any, NamedTuple

import numpy as np

import estimators as es
from experiments.exact_laws import enough_worlds, gap_to
from experiments.log_or_belief.worlds import CHANNEL, RANDOM
from experiments.results import Results
from experiments.verdicts import (
    counted_verdict,
    is_trivial,
    law_verdict,
    rival_verdict,
    supported_verdict,
)
from experiments.wording import difference, number, plain

Setting = dict[str, Any]
LAWS = {"log_posterior": "log p(c∣x)", "belief": "p(c∣x)", "rho": "log(p(c∣x) + ρ̂)"}
SYMBOLS = {CHANNEL: "η", RANDOM: "α"}
WINNERS = {"first": "log p", "second": "p", "undecided": "undecided"}


class Collapse(NamedTuple):
    """How far points lie from the curve through the first family's, at the same coordinate.

    Medians of |log10 of the ratio of what a law misses|: same_family at other lengths of the
    context than the curve's, other_family at all; NaN without points.
    """

    same_family: float
    other_family: float


def counts(results: Results, setting: Setting) -> bool:
    """Whether a cell may be judged: not a trivial corner, and contexts could be held out."""
    information = results.interval("concept_information.exact", setting)
    argmax = results.interval("score_argmax.oracle.population", setting)
    saturated = any(results.saturated(f"score_{law}.oracle", setting) for law in LAWS)
    return not saturated and not is_trivial(argmax, information)


def law_verdict_of(results: Results, law: str, setting: Setting) -> str:
    """The verdict on a law in one setting; what holds is evidence only above the raw input."""
    saturated = results.saturated(f"score_{law}.oracle", setting)
    verdict = law_verdict(results.best(f"score_{law}.oracle", setting))
    return counted_verdict(
        supported_verdict(verdict, [gap_to(results, law, "raw_input", setting)]),
        counted=enough_worlds(results, setting),
        saturated=saturated,
        trivial=not saturated and not counts(results, setting),
    )


def rivals(results: Results, setting: Setting) -> es.Interval:
    """S of log p(c|x) less S of p(c|x), paired by world, held out."""
    return results.interval("score_difference.oracle.held_out", setting)


def winner(results: Results, setting: Setting) -> str:
    """Which of the two laws explains more, in words."""
    return WINNERS[rival_verdict(rivals(results, setting))]


def family(results: Results, name: str) -> list[Setting]:
    """A family's settings, sharp tokens first, then short contexts."""
    found = results.settings(family=name)
    return sorted(found, key=lambda s: (s["sharpness"], s["context_length"]))


def corner(results: Results, name: str, sharp: bool) -> Setting:
    """The setting of longest contexts and of the sharpest or the weakest token."""
    found = family(results, name)
    longest = max(s["context_length"] for s in found)
    found = [s for s in found if s["context_length"] == longest]
    return found[0] if sharp else found[-1]


def place(setting: Setting) -> str:
    """A setting in words."""
    symbol = SYMBOLS[setting["family"]]
    return f"{symbol} = {setting['sharpness']:g}, {setting['context_length']} words"


def collapse(results: Results, law: str, coordinate: str) -> Collapse:
    """Whether what a law misses is one function of a coordinate, over lengths and families."""
    lengths = sorted({s["context_length"] for s in results.settings()})
    middle = lengths[len(lengths) // 2]

    def points(name: str, at_middle: bool) -> np.ndarray:
        chosen = [s for s in family(results, name) if (s["context_length"] == middle) == at_middle]
        rows = [
            (
                results.interval(coordinate, s).mean,
                np.log10(1 - results.best(f"score_{law}.oracle", s).mean),
            )
            for s in chosen
            if counts(results, s)
        ]
        return np.array(sorted(rows)).reshape(-1, 2)

    curve = points(CHANNEL, True)
    others = [points(CHANNEL, False), np.concatenate([points(RANDOM, m) for m in (True, False)])]
    if len(curve) < 2:
        return Collapse(np.nan, np.nan)
    gaps = [np.abs(rows[:, 1] - np.interp(rows[:, 0], *curve.T)) for rows in others]
    return Collapse(*(float(np.median(gap)) if len(gap) else np.nan for gap in gaps))


def tables(results: Results) -> dict[str, list[list[str]]]:
    """The tables of the report, title -> rows."""
    settings = [s for name in (CHANNEL, RANDOM) for s in family(results, name)]
    return {
        "S of each law, held out by distinct bag of words": _law_table(results, settings),
        "What each law misses, 1 − S, beside its prediction": _prediction_table(results, settings),
    }


def _law_table(results: Results, settings: list[Setting]) -> list[list[str]]:
    header = ["token", "sharpness", "words", *LAWS.values(), "log p − p", "explains more"]
    header += ["the paper's A, no fit", "argmax", "raw input", "rows permuted", "I(c; x)", "ε"]
    rows = [header]
    for setting in settings:
        told = winner(results, setting) if counts(results, setting) else "not judged"
        rows.append(
            [
                *place_columns(setting),
                *(plain(results.best(f"score_{law}.oracle", setting)) for law in LAWS),
                difference(rivals(results, setting)),
                told,
                plain(results.interval("score_paper.oracle.no_fit", setting)),
                number(results.interval("score_argmax.oracle.population", setting).mean, 3),
                number(results.best("score_raw_input.oracle", setting).mean, 3),
                number(results.best("score_permuted.oracle", setting).mean, 3),
                number(results.interval("concept_information.exact", setting).mean, 3),
                number(results.interval("epsilon.exact", setting).mean, 4),
            ]
        )
    return rows


def _prediction_table(results: Results, settings: list[Setting]) -> list[list[str]]:
    header = ["token", "sharpness", "words"]
    for name in LAWS.values():
        header += [f"{name}: predicted", "on all bags", "held out"]
    rows = [[*header, "log10 ρ̂", "log10 ρ"]]
    for setting in settings:
        row = place_columns(setting)
        for law in LAWS:
            for estimate in ("predicted", "population", "held_out"):
                score = results.interval(f"score_{law}.oracle.{estimate}", setting).mean
                row.append("–" if np.isnan(score) else f"{max(0.0, 1 - score):.2g}")
        fitted = results.interval("log10_rho.oracle", setting)
        exact = results.interval("log10_rho.exact", setting)
        rows.append([*row, number(fitted.median, 2), number(exact.mean, 2)])
    return rows


def place_columns(setting: Setting) -> list[str]:
    """The columns that name a cell of the phase diagram."""
    symbol = SYMBOLS[setting["family"]]
    sharpness = f"{symbol} = {setting['sharpness']:g}"
    return [setting["family"], sharpness, str(setting["context_length"])]


def captions() -> dict[str, str]:
    """Figure name -> caption, which is also the alternative text."""
    return {
        "log_or_belief_phases": (
            "S of log p(c∣x) less S of p(c∣x) over the sharpness of the token and the length of "
            "the context, for a token that is the configuration up to noise η (left) and for "
            "tokens drawn at random with concentration α (right). Blue: log p explains more; "
            "orange: p explains more; cells within ±.01 are undecided."
        ),
        "log_or_belief_laws": (
            "What each law misses, 1 − S, over the sharpness of the token, at each length of the "
            "context, beside the paper's own A with nothing fitted and the nulls."
        ),
        "log_or_belief_collapse": (
            "What each law misses in every cell against the closed form from p(y∣c) and the "
            "beliefs (top), the fitted ρ̂ against the ρ of the channel (bottom left), and what "
            "log p and p miss against the share of the belief that ρ̂ blurs (bottom right). Lines "
            "join the cells of one length of the context."
        ),
    }
