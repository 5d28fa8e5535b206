"""What did the searches find, in words and verdicts made from the numbers?"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

import estimators as es
from experiments.experiment import CellRecord, Claim, Finding, Judgement
from experiments.results import Results
from experiments.verdicts import (
    LEAST_WORLDS,
    counted_verdict,
    enough_seeds,
    search_law_verdict,
    search_limit_verdict,
)

V3 = "arXiv:2503.08980v3, Theorem 3.1"
V3_MEAN = f"{V3}, ε read as a mean by us"
V4 = "v4's conditions in arXiv:2503.08980, read relative to f by us"
METRICS = {
    "own_map": "own_map.found",
    "any_map": "missed.found",
    "beyond_argmax": "beyond_argmax.found",
    "none": "own_map.found",
}
SAID = {
    "own_map": "r = var(residual)/var(f) with the paper's own A",
    "any_map": "1 − S(log p) with the best A and b",
    "beyond_argmax": "the share of I(x;y) beyond argmax p(c∣x)",
}
ASSUMED = {
    "mean": "E ε ≤ ε0",
    "pinned": "ε ≤ ε0 for every context and token, E[1 − max p(c∣x)] ≥ .2",
    "coverage": "ε ≤ ε0, δ ≤ ε0 and total variation ≤ ε0 throughout",
    "anchored": "as pinned, and a token names the same configuration in every context",
}
FIGURE = "counterexamples_search"


def levels(results: Results) -> list[float]:
    """The limits ε0 searched, largest first."""
    return sorted({s["level"] for s in results.settings(panel="search")}, reverse=True)


def found(results: Results, assumption: str, target: str, direction: str) -> np.ndarray:
    """What was found [level, seed], over families the largest (direction worst), else the least.

    NaN where a seed met the assumptions in no family.
    """
    rows = []
    where = {"assumption": assumption, "target": target, "direction": direction}
    for level in levels(results):
        settings = results.settings(panel="search", level=level, **where)
        values = np.array([_values(results, METRICS[target], setting) for setting in settings])
        filled = np.where(np.isnan(values), -np.inf if direction == "worst" else np.inf, values)
        one = filled.max(0) if direction == "worst" else filled.min(0)
        rows.append(np.where(np.isinf(one), np.nan, one))
    return np.array(rows)


def _values(results: Results, metric: str, setting: dict[str, Any]) -> np.ndarray:
    """One number per seed; NaN where no start of a seed met the assumptions, or none of any."""
    values = results.values(metric, setting)
    return values if values.size else np.full(len(results.values("met.found", setting)), np.nan)


def slope(values: np.ndarray, level: Sequence[float]) -> es.Interval:
    """The slope of log value on log ε0, seed by seed; seeds with an answer at every level."""
    whole = values[:, ~np.isnan(values).any(0)]
    usable = len(level) > 1 and whole.size > 0
    slopes = np.polyfit(np.log(level), np.log(np.maximum(whole, 1e-300)), 1)[0] if usable else []
    return es.interval(slopes)


def last(values: np.ndarray) -> es.Interval:
    """The interval over seeds at the smallest ε0."""
    return es.interval(values[-1][~np.isnan(values[-1])])


def judge(assumption: str, target: str, direction: str, records: Sequence[CellRecord]) -> Judgement:
    """The verdict on one claim, by the worst world found at the smallest ε0.

    On the limit for what should vanish, on S for any map.
    """
    results = Results(records)
    values, level = found(results, assumption, target, direction), levels(results)
    final, rise = last(values), slope(values, level)
    searched = float(np.nanmax(values[-1], initial=0.0))
    sharpest, name = _sharpest(results, assumption, target, level[-1])
    worst = max(searched, sharpest)
    if target == "any_map":
        verdict = search_law_verdict(1 - worst)
    else:
        verdict = search_limit_verdict(rise, worst, len(level))
    enough = enough_seeds(len(values[-1]), final.num_values)
    middle = np.nanmedian(values[0]) if np.isfinite(values[0]).any() else np.nan
    figures = (
        f"{SAID[target]}: the worst found is {_short(searched)} at ε0 = "
        f"{level[-1]:g}, mean over searches {_interval(final)}, median {_short(final.median)} "
        f"(at ε0 = {level[0]:g} {_short(middle)}); slope of its logarithm on log ε0 "
        f"{_interval(rise)}; {name}{effort(results)}"
    )
    return Judgement(counted_verdict(verdict, counted=enough), figures)


def _sharpest(results: Results, assumption: str, target: str, level: float) -> tuple[float, str]:
    """The worst of the sharpened committed worlds with ε ≤ ε0 everywhere, and its words."""
    worst, words = 0.0, ""
    where = {"assumption": assumption, "target": target, "direction": "worst"}
    for setting in results.settings(panel="sharpened", **where):
        one = _numbers(results, setting)
        value = one["own_map" if target == "own_map" else "missed"]
        if one["worst_epsilon"] <= level and value > worst:
            worst = value
            words = (
                f"{setting['world']}, sharpened to ε ≤ {_short(one['worst_epsilon'])}, has "
                f"{_short(value)}; "
            )
    return worst, words


def effort(results: Results) -> str:
    """How much was searched, in words."""
    settings = results.settings(panel="search")
    seeds = sum(len(results.values("met.found", setting)) for setting in settings)
    starts = sum(
        len(results.values("met.found", setting)) * setting["num_starts"] for setting in settings
    )
    families = sorted({setting["family"] for setting in settings})
    steps = settings[0]["num_steps"] if settings else 0
    return (
        f"{seeds:,} searches, {starts:,} starts of {steps} steps, worlds of {', '.join(families)}"
    )


def finding(records: Sequence[CellRecord], evidence: bool) -> Finding:
    """Headline, a paragraph a claim, tables of what was found and of the committed worlds."""
    results = Results(records)
    counted = all(
        len(results.values("met.found", s)) >= LEAST_WORLDS
        for s in results.settings(panel="search")
    )
    judged = {claim.name: (claim, claim.judge(records)) for claim in CLAIMS}
    words = [
        f"{claim.statement} ({claim.assumptions})"
        + (f": {judgement.verdict}" if evidence and counted else "")
        + f". {judgement.figures}."
        for claim, judgement in judged.values()
    ]
    worst = _world(results, "counterexample-pinned")
    any_map = _world(results, "counterexample-any-map")
    headline = (
        f"In a world with two configurations and two words, every token pins c up to "
        f"{_short(worst['worst_epsilon'])} in every context and the residual of the paper's own A "
        f"varies {_short(worst['own_map'])} times as much as f; in another, with ε at most "
        f"{_short(any_map['worst_epsilon'])}, no affine map of log p(c∣x) explains more than "
        f"{any_map['score_log_posterior']:.0%} of I(x;y)."
    )
    return Finding(headline, words, _tables(results), CAPTIONS, evidence and counted)


def _tables(results: Results) -> dict[str, list[list[str]]]:
    level = levels(results)
    rows = [["assumption", "quantity", "direction", *(f"ε0 = {each:g}" for each in level)]]
    for setting in results.settings(panel="search", level=level[0]):
        aim = (setting["assumption"], setting["target"], setting["direction"])
        if [ASSUMED[aim[0]], _quantity(aim[1]), aim[2]] not in [row[:3] for row in rows]:
            values = found(results, *aim)
            rows.append([ASSUMED[aim[0]], _quantity(aim[1]), aim[2], *map(_spread, values)])
    names = ("own_map", "score_log_posterior", "score_belief", "epsilon", "worst_epsilon")
    names += ("anchor", "coverage", "variation", "condition", "context_epsilon")
    names += ("concept_information", "token_information", "beyond_argmax")
    header = ["world", "r", "S log p", "S p", "E ε", "largest ε", "anchor", "δ", "TV", "condition"]
    header += ["E[1 − max p(c∣x)]", "I(c;x)", "I(x;y)", "beyond argmax"]
    worlds = [header]
    for setting in results.settings(panel="world") + results.settings(panel="sharpened", level=2.0):
        measured = _numbers(results, setting)
        title = setting["world"] + (", squared" if setting["panel"] == "sharpened" else "")
        worlds.append([title, *(_short(measured[name]) for name in names)])
    return {
        "Found: over families the worst, median over searches and its range": rows,
        "The committed worlds": worlds,
    }


def _quantity(target: str) -> str:
    return {"own_map": "r, own A", "any_map": "1 − S, any A", "beyond_argmax": "beyond argmax"}.get(
        target, "r, own A"
    )


def _world(results: Results, name: str) -> dict[str, float]:
    return _numbers(results, results.settings(panel="world", world=name)[0])


def _numbers(results: Results, setting: dict[str, Any]) -> dict[str, float]:
    metrics = results.metrics[tuple(setting.items())]
    return {metric.split(".")[0]: values[0] for metric, values in metrics.items()}


def _short(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3g}"


def _interval(value: es.Interval) -> str:
    limits = "" if np.isnan(value.low) else f" [{_short(value.low)}, {_short(value.high)}]"
    return f"{_short(value.mean)}{limits}"


def _spread(values: np.ndarray) -> str:
    kept = values[~np.isnan(values)]
    if not kept.size:
        return "none met"
    missing = "" if kept.size == values.size else f" ({kept.size} of {values.size})"
    return (
        f"{_short(float(np.median(kept)))} ({_short(kept.min())} … {_short(kept.max())}){missing}"
    )


def _claim(
    name: str, source: str, statement: str, assumption: str, target: str, direction: str = "worst"
) -> Claim:
    judged = partial(judge, assumption, target, direction)
    diverse = "x ⊥ y ∣ c, diversity of condition number ≤ 10, full support"
    assumptions = f"{ASSUMED[assumption]}; {diverse}"
    return Claim(f"counterexamples-{name}", source, statement, assumptions, FIGURE, judged)


CLAIMS = (
    _claim(
        "own-map-mean", V3_MEAN,
        "f → A log p(c∣x) + b with the paper's A as ε → 0, ε on average",
        "mean", "own_map",
    ),
    _claim(
        "own-map-pinned", V3,
        "f → A log p(c∣x) + b with the paper's A as ε → 0, ε everywhere and not through x alone",
        "pinned", "own_map",
    ),
    _claim(
        "any-map-mean", V3_MEAN,
        "f ≈ A log p(c∣x) + b for some A and b when ε is small on average",
        "mean", "any_map",
    ),
    _claim(
        "any-map-pinned", V3,
        "f ≈ A log p(c∣x) + b for some A and b when ε is small everywhere and not through x alone",
        "pinned", "any_map",
    ),
    _claim(
        "own-map-coverage", V4,
        "f → A log p(c∣x) + b with the paper's A, relative to f, as ε, δ and TV → 0",
        "coverage", "own_map",
    ),
    _claim(
        "any-map-coverage", V4,
        "f ≈ A log p(c∣x) + b for some A and b when ε, δ and TV are small",
        "coverage", "any_map",
    ),
    _claim(
        "coverage-is-trivial", "docs/experiments/counterexamples.md",
        "what argmax p(c∣x) leaves of I(x;y) → 0 as ε, δ and TV → 0",
        "coverage", "beyond_argmax",
    ),
    _claim(
        "own-map-anchored", "docs/experiments/counterexamples.md",
        "f → A log p(c∣x) + b with the paper's A as ε → 0, each token naming one c throughout",
        "anchored", "own_map",
    ),
)  # fmt: skip
CAPTIONS = {
    "counterexamples_search": (
        "Over the limit ε0 set to the assumptions: the worst violation found, the least found in a "
        "world that is not trivial, and random worlds that merely meet the assumptions. Top: r = "
        "var(residual)/var(f) with the paper's own A. Bottom: 1 − S(log p) with the best A and b, "
        "and in purple the most that the argmax was found to leave unexplained."
    ),
    "counterexamples_worlds": (
        "The committed worlds: p(y∣c) and p(x∣c) as tables, and each context's logit difference "
        "against the log-odds it is claimed to be affine in, with the paper's own A as a line."
    ),
}
