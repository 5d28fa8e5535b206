"""Which claims does the gap judge, and by which of its numbers?"""

from collections.abc import Sequence

from experiments.attribution import AGAINST, NEAR, SHARP, THEOREM, epsilon_words
from experiments.experiment import CellRecord, Claim, Judgement
from experiments.gap.cell import LAW, PARTS
from experiments.gap.tables import (
    NULLS,
    PART_WORDS,
    SCORE,
    base,
    excess_part,
    falling,
    followed_verdict,
    gaps,
    holds_verdict,
    may_judge,
    missed_part,
    one_over_n_verdict,
    reached_verdict,
    rival_gap,
    sweep,
    theory_verdict,
)
from experiments.nulls import nearest
from experiments.results import Results
from experiments.trained import trained_words
from experiments.verdicts import rival_verdict
from experiments.wording import difference, plain


def _theory(records: Sequence[CellRecord]) -> Judgement:
    results = Results(records)
    setting = base(results)
    parts = ", ".join(
        f"{PART_WORDS[part]} {plain(missed_part(results, part, setting))}" for part in PARTS
    )
    found = results.interval("missed_balance.theory.held_out", setting)
    return Judgement(
        theory_verdict(results, setting),
        f"theory less the sizes of the other parts {difference(found)}; {parts}",
    )


def _holds(records: Sequence[CellRecord]) -> Judgement:
    results = Results(records)
    setting = base(results)
    null, gap = nearest(gaps(results, setting))
    return Judgement(
        holds_verdict(results, setting),
        f"S {plain(results.interval(SCORE, setting))}{trained_words(results, setting)}, of the "
        f"perfect predictor {plain(results.interval(f'{LAW}.oracle.held_out', setting))}; above "
        f"its nearest null, {NULLS[null]}, {difference(gap)}",
    )


def _rival(records: Sequence[CellRecord]) -> Judgement:
    results = Results(records)
    setting = base(results)
    trained, oracle = (rival_gap(results, setting, source) for source in ("trained", "oracle"))
    return Judgement(
        may_judge(results, setting, rival_verdict(trained)),
        f"S of log p less S of p {difference(trained)}, for the perfect predictor "
        f"{difference(oracle)}",
    )


def _followed(records: Sequence[CellRecord]) -> Judgement:
    results = Results(records)
    setting = base(results)
    change = results.interval("missed_change.trained.held_out", setting)
    return Judgement(
        followed_verdict(results, setting),
        f"what the law misses of the network less what it misses of the perfect predictor "
        f"{difference(change)}, where ±.01 is allowed",
    )


def _reached(records: Sequence[CellRecord]) -> Judgement:
    results = Results(records)
    said = "; ".join(
        f"d = {setting['dim']}: {plain(excess_part(results, 'network', setting))} above "
        f"{plain(excess_part(results, 'dimension', setting))}"
        for setting in sweep(results, "dim")
    )
    return Judgement(
        reached_verdict(results),
        f"excess loss / I(x; y) of long training above that of the best predictor: {said}",
    )


def _one_over_n(records: Sequence[CellRecord]) -> Judgement:
    results = Results(records)
    chosen, slope = falling(results)
    sizes = ", ".join(f"{setting['num_samples']:,}" for setting in chosen) or "none"
    return Judgement(
        one_over_n_verdict(results), f"exponent {plain(slope)} over n = {sizes}, where −1 ± .05"
    )


_OURS = "latentgen, from exact to trained"
_PAPER = f"{THEOREM}, {SHARP}"
_WORLD = (
    "x ⊥ y given c; two binary concepts told by pairs of words; more tokens than configurations"
)
_BASE = f"{_WORLD}; the base setting, a network that counts as trained"
_FAR = f"{_BASE}; {NEAR}; {epsilon_words(0.056, 0.71, 'four pairs, six tokens')}"

CLAIMS = (
    Claim(
        "gap-theory-first",
        _OURS,
        "of what the law of log p(c∣x) misses, theory is more than all of training together",
        _BASE,
        "gap_law",
        _theory,
    ),
    Claim(
        "gap-log-trained",
        _PAPER,
        "the representation of a trained network is f(x) ≈ A log p(c∣x) + b",
        _FAR,
        "gap_law",
        _holds,
    ),
    Claim(
        "gap-log-or-belief",
        f"{_PAPER}, {AGAINST}",
        "log p(c∣x) explains more of a trained network's predictions than p(c∣x) does",
        _FAR,
        "gap_law",
        _rival,
    ),
    Claim(
        "gap-oracle-followed",
        _OURS,
        "the law misses as much of a trained network as of the perfect predictor, within .01",
        _BASE,
        "gap_law",
        _followed,
    ),
    Claim(
        "gap-dimension-reached",
        _OURS,
        "long training reaches the best predictor of d dimensions, at every d, within .01 I(x; y)",
        f"{_WORLD}; training on the whole population",
        "gap_excess",
        _reached,
    ),
    Claim(
        "gap-one-over-n",
        "latentgen, after the asymptotics of maximum likelihood",
        "at fixed steps the excess loss above that of fresh samples falls as 1/n",
        f"{_WORLD}; a fixed number of steps",
        "gap_trends",
        _one_over_n,
    ),
)
