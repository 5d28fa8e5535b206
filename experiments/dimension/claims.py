"""Which claims does the experiment on the dimension judge?"""

from collections.abc import Sequence
from typing import Any

from experiments.dimension.cell import FAMILIES
from experiments.dimension.settings import (
    BELIEF,
    EXPLAINED,
    LOG,
    is_corner,
    largest_world,
    num_configurations,
    rank_words,
    setting_at,
)
from experiments.experiment import CellRecord, Claim, Judgement
from experiments.results import Results
from experiments.verdicts import identity_verdict, law_verdict
from experiments.wording import plain


def _claim(name: str, statement: str, assumptions: str, figure: str, judge: Any) -> Claim:
    source = "arXiv:2503.08980, diversity condition with d = ℓ"
    return Claim(name, source, statement, assumptions, figure, judge)


def _judge_perfect(records: Sequence[CellRecord]) -> Judgement:
    results = Results(records)
    world = largest_world(results, "random")
    left = 1 - results.values(EXPLAINED, setting_at(results, world, num_configurations(world)))
    return Judgement(
        identity_verdict(float(left.max()), len(left)),
        f"excess of the best predictor of ℓ = {num_configurations(world)} dimensions with "
        f"{world['num_tokens']} tokens: {left.min():.1e} to {left.max():.1e} of I(x; y) over "
        f"{len(left)} worlds; rank of centred log p(y∣x): {rank_words(results, world)}",
    )


def _judge_enough(records: Sequence[CellRecord]) -> Judgement:
    results = Results(records)
    world = largest_world(results, "random")
    found = results.interval(EXPLAINED, setting_at(results, world, num_configurations(world)))
    verdict = law_verdict(found)
    return Judgement(
        verdict,
        f"share of I(x; y) explained at d = ℓ = {num_configurations(world)}: {plain(found)}",
    )


def _judge_law(family: str, records: Sequence[CellRecord]) -> Judgement:
    results = Results(records)
    world = largest_world(results, family)
    setting = setting_at(results, world, num_configurations(world))
    found = results.best(LOG, setting)
    rival, raw = results.best(BELIEF, setting), results.best("score_raw_input.oracle", setting)
    undecided = results.saturated(LOG, setting) or is_corner(results, world)
    verdict = "undecided" if undecided else law_verdict(found)
    return Judgement(
        verdict,
        f"S of log p(c∣x) {plain(found)}, of p(c∣x) {plain(rival)}, of the raw input {plain(raw)}, "
        f"for the best predictor of {num_configurations(world)} dimensions with "
        f"{world['num_tokens']} tokens",
    )


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
            f"x ⊥ y ∣ c, {family} token table, 2ℓ tokens",
            "dimension_law",
            lambda records, family=family: _judge_law(family, records),
        )
        for family in FAMILIES
    ),
)
