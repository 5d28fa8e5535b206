"""Which claims does the experiment on the dimension judge?"""

from collections.abc import Sequence
from typing import Any

import estimators as es
from experiments.attribution import epsilon_words
from experiments.dimension.settings import (
    BELIEF,
    EXPLAINED,
    LOG,
    Setting,
    is_corner,
    largest_world,
    num_configurations,
    rank_words,
    setting_at,
)
from experiments.exact_laws import enough_worlds, gap_to
from experiments.experiment import CellRecord, Claim, Judgement
from experiments.results import Results
from experiments.verdicts import (
    counted_verdict,
    identity_verdict,
    law_verdict,
    supported_verdict,
)
from experiments.wording import plain

_UNMEASURED = law_verdict(es.interval([]))
SOURCE = "latentgen, what d = ℓ would need"  # the paper assumes a perfect fit, it claims none


def _claim(name: str, statement: str, assumptions: str, figure: str, judge: Any) -> Claim:
    return Claim(name, SOURCE, statement, assumptions, figure, judge)


def enough_verdict(results: Results, world: Setting) -> str:
    """The verdict on whether ℓ dimensions explain 99 % of I(x; y)."""
    setting = setting_at(results, world, num_configurations(world))
    if setting is None:
        return _UNMEASURED
    found = law_verdict(results.interval(EXPLAINED, setting))
    return counted_verdict(found, counted=enough_worlds(results, setting))


def law_verdict_of(results: Results, world: Setting) -> str:
    """The verdict on log p(c|x) at d = ℓ; what holds is evidence only above both nulls."""
    setting = setting_at(results, world, num_configurations(world))
    if setting is None or unmeasured(results, world):
        return _UNMEASURED
    gaps = [gap_to(results, "log_posterior", null, setting) for null in ("raw_input", "permuted")]
    return counted_verdict(
        supported_verdict(law_verdict(results.best(LOG, setting)), gaps),
        counted=enough_worlds(results, setting),
        saturated=results.saturated(LOG, setting),
        trivial=is_corner(results, world),
    )


def unmeasured(results: Results, world: Setting) -> str:
    """Which of d = ℓ and d = |tokens| − 1, where a trivial corner is seen, are missing."""
    needed = {"ℓ": num_configurations(world), "|tokens| − 1": world["num_tokens"] - 1}
    missing = [
        f"d = {name} = {dim}"
        for name, dim in needed.items()
        if setting_at(results, world, dim) is None
    ]
    return f"not measured: {' and '.join(missing)}" if missing else ""


def _judge_perfect(records: Sequence[CellRecord]) -> Judgement:
    results = Results(records)
    world = largest_world(results, "random")
    size = num_configurations(world)
    setting = setting_at(results, world, size)
    if setting is None:
        return Judgement(_UNMEASURED, unmeasured(results, world))
    left = 1 - results.values(EXPLAINED, setting)
    return Judgement(
        identity_verdict(float(left.max()), len(left)),
        f"excess of the best predictor of ℓ = {size} dimensions with {world['num_tokens']} tokens: "
        f"{left.min():.1e} to {left.max():.1e} of I(x; y) over {len(left)} worlds; rank of centred "
        f"log p(y∣x): {rank_words(results, world)}",
    )


def _judge_enough(records: Sequence[CellRecord]) -> Judgement:
    results = Results(records)
    world = largest_world(results, "random")
    size = num_configurations(world)
    setting = setting_at(results, world, size)
    if setting is None:
        return Judgement(_UNMEASURED, unmeasured(results, world))
    return Judgement(
        enough_verdict(results, world),
        f"share of I(x; y) explained at d = ℓ = {size}: "
        f"{plain(results.interval(EXPLAINED, setting))}",
    )


def _judge_law(family: str, records: Sequence[CellRecord]) -> Judgement:
    results = Results(records)
    world = largest_world(results, family)
    size = num_configurations(world)
    setting, missing = setting_at(results, world, size), unmeasured(results, world)
    if setting is None or missing:
        return Judgement(_UNMEASURED, missing)
    raw = "score_raw_input.oracle"
    found, rival, null = (results.best(metric, setting) for metric in (LOG, BELIEF, raw))
    return Judgement(
        law_verdict_of(results, world),
        f"S of log p(c∣x) {plain(found)}, of p(c∣x) {plain(rival)}, of the raw input "
        f"{plain(null)}, for the best predictor of {size} dimensions with {world['num_tokens']} "
        "tokens",
    )


_LARGEST = "ℓ = 8, 16 tokens"
_FITS = {  # of the token tables: how near d = ℓ is to what the theorem assumes
    "random": f"no perfect fit, which needs d = 15; {epsilon_words(0.31, 0.82, _LARGEST)}",
    "anchored": f"a perfect fit; {epsilon_words(0.0082, 0.8, _LARGEST)}",
    "weak": f"no perfect fit, which needs d = 15; {epsilon_words(0.38, 0.81, _LARGEST)}",
}

CLAIMS = (
    _claim(
        "dimension-perfect",
        "ℓ dimensions are enough for a perfect predictor",
        "x ⊥ y ∣ c, random token table, 2ℓ tokens",
        "dimension_excess",
        _judge_perfect,
    ),
    _claim(
        "dimension-enough",
        "ℓ dimensions are enough to explain 99 % of I(x; y)",
        "x ⊥ y ∣ c, random token table, 2ℓ tokens",
        "dimension_excess",
        _judge_enough,
    ),
    *(
        _claim(
            f"dimension-law-{family}",
            "the best predictor of ℓ dimensions holds log p(c∣x)",
            f"x ⊥ y ∣ c, {family} token table, 2ℓ tokens; {fit}",
            "dimension_law",
            lambda records, family=family: _judge_law(family, records),
        )
        for family, fit in _FITS.items()
    ),
)
