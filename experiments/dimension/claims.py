"""Which claims does the experiment on the dimension judge?"""

from collections.abc import Sequence
from typing import Any

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
from experiments.experiment import CellRecord, Claim, Judgement
from experiments.results import Results
from experiments.verdicts import (
    counted_verdict,
    enough_seeds,
    identity_verdict,
    law_verdict,
    supported_verdict,
)
from experiments.wording import plain

SOURCE = "latentgen, what d = ℓ would need"  # the paper assumes a perfect fit, it claims none


def _claim(name: str, statement: str, assumptions: str, figure: str, judge: Any) -> Claim:
    return Claim(name, SOURCE, statement, assumptions, figure, judge)


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
    setting = setting_at(results, world, num_configurations(world))
    found = results.interval(EXPLAINED, setting)
    return Judgement(
        counted_verdict(law_verdict(found), counted=_enough(results, setting)),
        f"share of I(x; y) explained at d = ℓ = {num_configurations(world)}: {plain(found)}",
    )


def _judge_law(family: str, records: Sequence[CellRecord]) -> Judgement:
    """The verdict on log p(c|x) at d = ℓ; what holds is evidence only above both nulls."""
    results = Results(records)
    world = largest_world(results, family)
    setting = setting_at(results, world, num_configurations(world))
    found = results.best(LOG, setting)
    rival, raw = results.best(BELIEF, setting), results.best("score_raw_input.oracle", setting)
    nulls = [f"score_{null}.oracle.held_out" for null in ("raw_input", "permuted")]
    gaps = [results.paired(f"{LOG}.held_out", null, setting) for null in nulls]
    return Judgement(
        counted_verdict(
            supported_verdict(law_verdict(found), gaps),
            counted=_enough(results, setting),
            saturated=results.saturated(LOG, setting),
            trivial=is_corner(results, world),
        ),
        f"S of log p(c∣x) {plain(found)}, of p(c∣x) {plain(rival)}, of the raw input {plain(raw)}, "
        f"for the best predictor of {num_configurations(world)} dimensions with "
        f"{world['num_tokens']} tokens",
    )


def _enough(results: Results, setting: Setting) -> bool:
    num_worlds = len(results.values(EXPLAINED, setting))
    return enough_seeds(num_worlds, num_worlds)  # nothing is trained: worlds are all there is


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
