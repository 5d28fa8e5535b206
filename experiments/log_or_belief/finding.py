"""What does the phase diagram say, in words made from its numbers?"""

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

from experiments.exact_laws import enough_worlds
from experiments.experiment import CellRecord, Finding
from experiments.log_or_belief.tables import (
    LAWS,
    Setting,
    captions,
    collapse,
    corner,
    counts,
    family,
    law_verdict_of,
    place,
    rivals,
    tables,
    winner,
)
from experiments.log_or_belief.worlds import CHANNEL, RANDOM
from experiments.results import Results
from experiments.wording import difference, number, plain

TOKENS = {
    CHANNEL: "a token that is the configuration with probability 1 − η",
    RANDOM: "a token whose table is drawn at random",
}


def finding(records: Sequence[CellRecord], evidence: bool) -> Finding:
    """Headline, paragraphs, tables and captions; no verdict when the results are no evidence."""
    results = Results(records)
    evidence = evidence and all(enough_worlds(results, s) for s in results.settings())
    paragraphs = [
        *(_phase_words(results, name, evidence) for name in (CHANNEL, RANDOM)),
        _anchor_words(results),
        _paper_words(results),
        _collapse_words(results),
        _bound_words(results),
        _rho_words(results),
        _coordinate_words(results),
        _null_words(results),
    ]
    return Finding(_headline(results, evidence), paragraphs, tables(results), captions(), evidence)


def _headline(results: Results, evidence: bool) -> str:
    parts = []
    for name, sharp in ((CHANNEL, True), (RANDOM, True), (CHANNEL, False)):
        setting = corner(results, name, sharp)
        scores = " and ".join(
            f"{LAWS[law]} {number(results.best(f'score_{law}.oracle', setting).mean, 3)}"
            f"{_judged(results, law, setting, evidence)}"
            for law in ("log_posterior", "belief")
        )
        parts.append(f"for {TOKENS[name]} ({place(setting)}) S of {scores}")
    return f"What a perfect predictor holds is decided by the token: {'; '.join(parts)}."


def _judged(results: Results, law: str, setting: Setting, evidence: bool) -> str:
    return f" ({law_verdict_of(results, law, setting)})" if evidence else ""


def _phase_words(results: Results, name: str, evidence: bool) -> str:
    settings = family(results, name)
    judged = [s for s in settings if counts(results, s)]
    told = f"{len(settings) - len(judged)} of {len(settings)} cells are masked"
    if evidence:
        places = {
            label: [place(s) for s in judged if winner(results, s) == label]
            for label in ("log p", "p", "undecided")
        }
        told += "; " + "; ".join(
            f"{label}: {len(found)}{' (' + '; '.join(found) + ')' if found else ''}"
            for label, found in places.items()
        )
    ends = " ".join(
        f"At {place(s)} log p(c∣x) less p(c∣x) is {difference(rivals(results, s))}."
        for s in (corner(results, name, True), corner(results, name, False))
    )
    return f"Which law explains more, for {TOKENS[name]}: {told}. {ends}"


def _anchor_words(results: Results) -> str:
    """Whether among sharp random tokens those that pin every configuration favour log p."""
    sharpest = min(s["sharpness"] for s in family(results, RANDOM))
    settings = results.settings(family=RANDOM, sharpness=sharpest)
    anchor = results.values("log10_anchor.exact", settings[0])
    said = []
    for setting in settings:
        gap = results.values("score_difference.oracle.held_out", setting)
        order = np.corrcoef(rankdata(anchor), rankdata(gap))[0, 1]  # NaN stays NaN
        said.append(
            f"{setting['context_length']} words: rank correlation {number(float(order), 2)}, "
            f"{int((gap > 0).sum())} of {len(gap)} worlds above 0, best anchored world "
            f"{gap[np.argmin(anchor)]:+.3f}"
        )
    return (
        f"Sharp is not anchored: at α = {sharpest:g} the worst-anchored configuration has a median "
        f"ρ of {10 ** np.median(anchor):.2g}, as two configurations often share their token. Over "
        "worlds, S of log p(c∣x) less S of p(c∣x) against that ρ (below 0: anchors favour log p): "
        f"{'; '.join(said)}."
    )


def _paper_words(results: Results) -> str:
    said = [
        f"{place(s)}: {plain(results.interval('score_paper.oracle.no_fit', s))}"
        for name in (CHANNEL, RANDOM)
        for s in (corner(results, name, True), corner(results, name, False))
    ]
    return (
        "The paper's own A = L, with β and nothing fitted, S (1 is perfect, 0 a constant, below 0 "
        f"worse than a constant): {'; '.join(said)}."
    )


def _collapse_words(results: Results) -> str:
    said = []
    for law, label in LAWS.items():
        for estimate, name in (("population", "on all bags"), ("held_out", "held out")):
            gaps = np.array(
                [
                    results.interval(f"decades_{law}.oracle.{estimate}", s).mean
                    for s in results.settings()
                    if counts(results, s)
                ]
            )
            if not len(gaps):
                continue
            said.append(
                f"{label} {name}: median {number(float(np.median(np.abs(gaps))), 3)}, between "
                f"{number(float(gaps.min()), 3)} and {number(float(gaps.max()), 3)}"
            )
    return (
        "The collapse: log10 of what a law misses over its closed form from p(y∣c) and the beliefs "
        f"alone, no parameter free, over the cells that count. {'; '.join(said) or 'no cell'}."
    )


def _bound_words(results: Results) -> str:
    settings = family(results, CHANNEL)
    said = []
    for law, formula in (("log_posterior", "softmax(log p)"), ("belief", "softmax(p / (ρ + E p))")):
        unfitted, fitted = (
            np.array([results.interval(f"score_{law}.oracle.{e}", s).mean for s in settings])
            for e in ("no_fit", "population")
        )
        missed = np.maximum(1 - fitted, 1e-12)
        best = int(np.argmin((1 - unfitted) / missed))
        said.append(
            f"{formula} bounds what {LAWS[law]} misses from above by a factor "
            f"{(1 - unfitted[best]) / missed[best]:.2f} at best ({place(settings[best])})"
        )
    worst = min(results.interval("score_rho.oracle.no_fit", s).mean for s in settings)
    return (
        f"For the channel without any fit: {'; '.join(said)}; log(p + ρ) with the exact ρ misses "
        f"{max(0.0, 1 - worst):.1g} at most."
    )


def _rho_words(results: Results) -> str:
    errors = [results.interval("rho_error.oracle", s).mean for s in family(results, CHANNEL)]
    at_random = " ".join(
        f"at {place(s)} the median of log10 ρ̂ is "
        f"{number(results.interval('log10_rho.oracle', s).median, 2)} (the worst anchor's ρ: "
        f"{number(results.interval('log10_anchor.exact', s).median, 2)});"
        for s in (corner(results, RANDOM, True), corner(results, RANDOM, False))
    )
    return (
        f"The fitted ρ̂ is the channel's ρ to {max(errors):.1g} decades at every η and length. For "
        f"random tokens there is no exact ρ: {at_random} 4 stands for the law of p itself."
    )


def _coordinate_words(results: Results) -> str:
    said = []
    for coordinate, label in (
        ("blurred.oracle", "the share of the belief that ρ̂ blurs"),
        ("log10_rho.oracle", "log10 ρ̂"),
    ):
        for law in ("log_posterior", "belief"):
            found = collapse(results, law, coordinate)
            said.append(
                f"{LAWS[law]} over {label}: {number(found.same_family, 2)} decades for the channel "
                f"at other lengths, {number(found.other_family, 2)} for random tokens"
            )
    return (
        "Is there one natural coordinate? Median distance of what a law misses from the channel's "
        f"curve at the middle length, at the same coordinate: {'; '.join(said)}."
    )


def _null_words(results: Results) -> str:
    judged = [s for s in results.settings() if counts(results, s)]
    gaps = [
        results.paired("score_log_posterior.oracle.held_out", f"score_{null}.oracle.held_out", s)
        for null in ("raw_input", "permuted")
        for s in judged
    ]
    if not judged:
        return "Nulls: no cell counts."
    raw, permuted = gaps[: len(judged)], gaps[len(judged) :]
    argmax = [results.interval("score_argmax.oracle.population", s).mean for s in judged]
    return (
        "Nulls: words are independent given c and positions alike, so the word counts span the "
        "log-ratios of p(c∣x): S of log p(c∣x) less S of the counts lies between "
        f"{min(gap.mean for gap in raw):+.4f} and {max(gap.mean for gap in raw):+.4f}, and nothing "
        "here shows that anybody learnt log p(c∣x). Over rows permuted it gains at least "
        f"{min(gap.low for gap in permuted):.2f}. The one-hot of the likeliest configuration "
        f"scores {max(argmax):.3f} at "
        "most, where 1 is perfect."
    )
