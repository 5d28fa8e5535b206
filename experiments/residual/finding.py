"""What becomes of the residual as ε → 0, in words made from the numbers?"""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

import estimators as es
from experiments.exact_laws import enough_worlds
from experiments.experiment import CellRecord, Claim, Finding, Judgement
from experiments.residual.worlds import PATHS
from experiments.results import Results
from experiments.verdicts import counted_verdict, is_trivial, limit_verdict
from experiments.wording import number, plain

Setting = dict[str, Any]
VERDICTS = {
    "holds": "The limit holds",
    "fails": "The limit fails",
    "undecided": "The limit stays undecided",
}
METRIC = "log10_ratio_paper.oracle"  # r is skewed over worlds: its mean is that of a few of them
MISSED = "log10_missed_{}.oracle.{}"


class Limit(NamedTuple):
    """How r behaves along a path: slope of log r on log ε over worlds, r at either end, points.

    first, last: geometric means over worlds, which are told, drawn and judged.
    """

    slope: es.Interval
    first: es.Interval
    last: es.Interval
    num_points: int
    verdict: str


def finding(records: Sequence[CellRecord], evidence: bool) -> Finding:
    """Headline, paragraphs, tables and captions; no verdict when the results are no evidence."""
    results = Results(records)
    paths = _paths(results)
    evidence = evidence and all(enough_worlds(results, s) for s in results.settings())
    limits = {path: limit(results, path) for path in paths}
    said = [_path_words(results, path, limits[path], evidence) for path in paths]
    paragraphs = [*said, _gauge_free_words(results, paths), _leading_words(results)]
    paragraphs += [_condition_words(results), _worst_words(results, paths)]
    return Finding(_headline(limits, evidence), paragraphs, _tables(results), _captions(), evidence)


def limit(results: Results, path: str) -> Limit:
    """Slope of log r on log ε, world by world over all points of a path, and r at its ends."""
    settings = points(results, path)
    first, last = (_geometric(results, METRIC, s) for s in (settings[0], settings[-1]))
    log_epsilon = np.log([results.values("epsilon.exact", s) for s in settings])
    log_ratio = np.log(10) * np.array([results.values(METRIC, s) for s in settings])
    centred = log_epsilon - log_epsilon.mean(0)
    spread = (centred**2).sum(0)
    slopes = (centred * log_ratio).sum(0) / np.where(spread > 0, spread, np.nan)
    slope = es.interval(slopes if np.isfinite(slopes).all() else [])
    enough = all(enough_worlds(results, s) for s in settings)
    verdict = limit_verdict(slope, last, len(settings))
    # a limit that holds where the argmax explains all is no support; one that fails still fails
    trivial = verdict == "holds" and _is_corner(results, settings[-1])
    verdict = counted_verdict(verdict, counted=enough, trivial=trivial)
    return Limit(slope, first, last, len(settings), verdict)


def points(results: Results, path: str) -> list[Setting]:
    """The settings of a path, large ε first."""
    return sorted(results.settings(path=path), key=lambda s: -s["scale"])


def _paths(results: Results) -> list[str]:
    return [path for path in PATHS if results.settings(path=path)]


def _headline(limits: dict[str, Limit], evidence: bool) -> str:
    parts = []
    for path, found in limits.items():
        told = f" ({found.verdict})" if evidence else ""
        parts.append(f"{PATHS[path]} {_short(found.last.mean)}{told}")
    return (
        "var(residual)/var(f) of the paper's own A, geometric mean over worlds, at the smallest ε, "
        f"where it is claimed to vanish: {'; '.join(parts)}."
    )


def _path_words(results: Results, path: str, found: Limit, evidence: bool) -> str:
    settings = points(results, path)
    start, end = (results.interval("epsilon.exact", s).mean for s in (settings[0], settings[-1]))
    told = f" {VERDICTS.get(found.verdict, found.verdict)}." if evidence else ""
    best = results.interval("score_log_posterior.oracle.predicted", settings[-1])
    argmax = results.interval("score_argmax.oracle.population", settings[-1])
    return (
        f"ε → 0 {PATHS[path]}, from ε = {start:.2g} to {end:.2g}: r goes (geometric means) from "
        f"{_ratio(found.first)} to {_ratio(found.last)}; slope of log r on log ε "
        f"{plain(found.slope)} over {found.num_points} points.{told} At the end the best affine "
        f"map of log p(c∣x) scores S {plain(best)} in closed form, and the one-hot of the "
        f"likeliest configuration alone {number(argmax.mean, 4)}{_corner(results, settings[-1])}."
    )


def _corner(results: Results, setting: Setting) -> str:
    return ": a trivial corner for S" if _is_corner(results, setting) else ""


def _is_corner(results: Results, setting: Setting) -> bool:
    information = results.interval("concept_information.exact", setting)
    argmax = results.interval("score_argmax.oracle.population", setting)
    return is_trivial(argmax, information)


def _gauge_free_words(results: Results, paths: list[str]) -> str:
    said = []
    for path in paths:
        ends = points(results, path)[0], points(results, path)[-1]
        numbers = [results.interval(MISSED.format("paper", "no_fit"), s).mean for s in ends]
        shown = [_short(10**value) if np.isfinite(value) else "no answer" for value in numbers]
        said.append(f"{PATHS[path]} {shown[0]} to {shown[1]}")
    return (
        "Without any gauge, what the paper's own A misses, 1 − S with nothing fitted (above 1: "
        f"worse than a constant; geometric means): {'; '.join(said)}. S weighs tokens by p(y∣x), r "
        "weighs all alike: where the residual sits on tokens that hardly occur, S does not see it."
    )


def _leading_words(results: Results) -> str:
    settings = points(results, "x")
    if not settings:
        return "The leading term of h: no path through x only."
    ends = settings[0], settings[-1]
    middle = settings[len(settings) // 2]
    halfway = 10 ** results.interval("log10_sd_rest.oracle", middle).mean
    residual, leading, rest = (
        [10 ** results.interval(f"log10_sd_{name}.oracle", s).mean for s in ends]
        for name in ("residual", "leading", "rest")
    )
    return (
        "The leading term of h, (p(c*∣y_0) − p(c*∣y_j)) log ε, through x only: from first to last "
        f"ε the residual's total deviation goes from {residual[0]:.2f} to {residual[1]:.2f} nats, "
        f"the leading term's from {leading[0]:.2f} to {leading[1]:.2f}, and what is left between "
        f"them from {rest[0]:.2f} over {halfway:.2f} halfway to {rest[1]:.2f}: bounded in theory."
    )


def _condition_words(results: Results) -> str:
    settings = points(results, "weak")
    share = max(results.values("range_share.oracle", s).max() for s in results.settings())
    if not settings:
        return f"Coverage: f ranges over {share:.3f} of 2δ at most."
    ends = settings[0], settings[-1]
    delta, residual, spread = (
        [10 ** results.interval(name, s).mean for s in ends]
        for name in ("log10_delta.exact", "log10_sd_residual.oracle", "log10_sd_f.oracle")
    )
    variation = [results.interval("total_variation.exact", s).mean for s in ends]
    return (
        f"Coverage: f ranges over {share:.3f} of 2δ at most, in every world. Where δ and TV vanish "
        f"with ε (weak token), δ goes from {_short(delta[0])} to {_short(delta[1])} and TV from "
        f"{_short(variation[0])} to {_short(variation[1])}; the residual's total deviation does "
        f"vanish, from {_short(residual[0])} to {_short(residual[1])} nats, and that of f faster, "
        f"from {_short(spread[0])} to {_short(spread[1])}."
    )


def _worst_words(results: Results, paths: list[str]) -> str:
    last = {path: points(results, path)[-1] for path in paths}
    worst = {path: results.interval("worst_epsilon.exact", s).mean for path, s in last.items()}
    said = [f"{PATHS[path]} {_short(value)}" for path, value in worst.items()]
    return (
        "ε is a mean over (x, y). The largest ε(x, y) at the last point: "
        f"{'; '.join(said)}. A token that contradicts the context leaves c open whenever both are "
        "about equally sharp."
    )


def _tables(results: Results) -> dict[str, list[list[str]]]:
    header = [
        "path",
        "κ",
        "ε",
        "largest ε(x, y)",
        "r, own A (geometric mean)",
        "1 − S, own A",
        "1 − S, best A, closed form",
    ]
    header += ["1 − S, argmax", "δ", "TV"]
    rows = [header]
    for path in _paths(results):
        for s in points(results, path):
            rows.append(
                [
                    PATHS[path],
                    f"{s['scale']:g}",
                    _short(results.interval("epsilon.exact", s).mean),
                    _short(results.interval("worst_epsilon.exact", s).mean),
                    _ratio(_geometric(results, METRIC, s)),
                    _power(results, MISSED.format("paper", "no_fit"), s),
                    _power(results, MISSED.format("log_posterior", "predicted"), s),
                    _power(results, MISSED.format("argmax", "population"), s),
                    _power(results, "log10_delta.exact", s),
                    _short(results.interval("total_variation.exact", s).mean),
                ]
            )
    return {"What is left over along each path": rows}


def _captions() -> dict[str, str]:
    return {
        "residual_limits": (
            "var(residual)/var(f) of the paper's own A, logits centred (top), and what it misses "
            "in the predictions with nothing fitted, 1 − S (bottom), as ε → 0 along six paths. The "
            "grey line r = ε stands for the paper's statement that the residual vanishes."
        ),
        "residual_terms": (
            "Along four paths: what the best affine map of log p(c∣x) misses beside the argmax "
            "(top), and the sizes of f, of the residual, of the leading term of h "
            "and of δ (bottom)."
        ),
    }


def _geometric(results: Results, metric: str, setting: Setting) -> es.Interval:
    """The geometric mean over worlds with its limits, from the interval of a log10 metric."""
    logs = results.interval(metric, setting)._asdict()
    num_values = logs.pop("num_values")
    return es.Interval(num_values=num_values, **{name: 10**value for name, value in logs.items()})


def _power(results: Results, metric: str, setting: Setting) -> str:
    return _short(_geometric(results, metric, setting).mean)


def _ratio(value: es.Interval) -> str:
    interval = "" if np.isnan(value.low) else f" [{value.low:.2g}, {value.high:.2g}]"
    return f"{_short(value.mean)}{interval}"


def _short(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2g}"


def _judge(records: Sequence[CellRecord], path: str) -> Judgement:
    found = limit(Results(records), path)
    return Judgement(
        found.verdict,
        f"slope of log r on log ε {plain(found.slope)} over {found.num_points} points; r goes "
        f"(geometric means) from {_ratio(found.first)} to {_ratio(found.last)}, where 0 is claimed",
    )


def _claim(name: str, path: str, source: str, how: str) -> Claim:
    return Claim(
        name,
        source,
        f"var(residual)/var(f) of L̂ᵀf ≈ L log p(c∣x) + β vanishes as {how}",
        "x ⊥ y given c; ℓ + 1 tokens, L of rank ℓ − 1; full support; a perfect fit",
        "residual_limits",
        partial(_judge, path=path),
    )


PAPER = "arXiv:2503.08980v3, Theorem 3.1"
CLAIMS = (
    _claim("residual-x", "x", PAPER, "ε → 0 through x only"),
    _claim("residual-y", "y", PAPER, "ε → 0 through y only"),
    _claim("residual-both-slow", "both_slow", PAPER, "ε → 0 through both, y slower"),
    _claim("residual-both-equal", "both_equal", PAPER, "ε → 0 through both, equally fast"),
    _claim("residual-both-fast", "both_fast", PAPER, "ε → 0 through both, y faster"),
    _claim(
        "residual-coverage",
        "weak",
        "v4's conditions in arXiv:2503.08980, read relative to f by us",
        "ε, δ and TV → 0, through x with a weak token",
    ),
)
