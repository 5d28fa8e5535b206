"""Which claims about the origin of linear directions are judged, and by which numbers?"""

from collections.abc import Sequence
from functools import partial

from experiments.experiment import CellRecord, Claim, Judgement
from experiments.origins.tables import (
    FREE,
    NULLS,
    RAW,
    at,
    families,
    gaps,
    judged,
    law_judged,
    lowest,
    place,
    spread,
    starts,
)
from experiments.origins.worlds import JOINT, PRODUCT
from experiments.results import Results
from experiments.verdicts import rise_verdict, stability_verdict, supported_verdict
from experiments.wording import difference, plain


def _judge_law(records: Sequence[CellRecord], quantity: str, start: int | None) -> Judgement:
    """A cosine of 1 in product worlds, where it is lowest; start: 0 the smallest, −1 the largest.

    As everywhere in the ledger, what holds is evidence only where every null does worse.
    """
    results = Results(records)
    where = {} if start is None else {"unembedding_scale": starts(results)[start]}
    settings = results.settings(family=PRODUCT, **where)
    metric = at(quantity, "trained")
    worst = lowest(results, metric, settings)
    found = results.interval(metric, worst)
    nulls = ", ".join(
        f"{null.replace('_', ' ')} {plain(results.interval(at(quantity, null), worst))}"
        for null in NULLS
    )
    return Judgement(
        law_judged(results, quantity, settings),
        f"cosine {plain(found)} at {place(worst)}, the lowest of {len(settings)} settings; {nulls}",
    )


def _judge_spread(records: Sequence[CellRecord]) -> Judgement:
    results = Results(records)
    settings = results.settings(family=JOINT)
    pair = at(FREE, "trained"), at(FREE, "exact")
    changes = [results.paired(*pair, s) for s in settings]
    nulls = [gap for s in settings for gap in gaps(results, "free_error", s, smaller=True)]
    verdict = supported_verdict(stability_verdict(changes), nulls)
    worst = lowest(results, at(FREE, "trained"), settings)
    return Judgement(
        judged(verdict, results, settings),
        f"trained {plain(results.interval(pair[0], worst))}, exact "
        f"{plain(results.interval(pair[1], worst))} at {place(worst)}; the raw input's "
        f"{plain(results.interval(at(FREE, 'raw_input'), worst))}",
    )


def _judge_descent(records: Sequence[CellRecord]) -> Judgement:
    results = Results(records)
    settings = results.settings(family=JOINT, unembedding_scale=starts(results)[0])
    trained = at(RAW, "trained")
    changes = [
        results.paired(trained, at(RAW, source), s)
        for s in settings
        for source in ("untrained", "helmert")
    ]
    nulls = [gap for s in settings for gap in gaps(results, RAW, s)]
    worst = lowest(results, trained, settings)
    rise = results.paired(trained, at(RAW, "untrained"), worst)
    gap = results.paired(trained, at(RAW, "raw_input"), worst)
    return Judgement(
        judged(supported_verdict(rise_verdict(changes), nulls), results, settings),
        f"{difference(rise)} from the start at {place(worst)}, the lowest of {len(settings)} "
        f"settings, to {plain(results.interval(trained, worst))}; another perfect fit has 0, the "
        f"raw input {plain(results.interval(at(RAW, 'raw_input'), worst))}, the difference "
        f"{difference(gap)}",
    )


def _judge_start(records: Sequence[CellRecord]) -> Judgement:
    results = Results(records)
    small, large = starts(results)[0], starts(results)[-1]
    settings = results.settings(unembedding_scale=small)
    other = [{**s, "unembedding_scale": large} for s in settings]
    pairs = zip(settings, other, strict=True)
    changes = [results.between(at(RAW, "trained"), s, minus) for s, minus in pairs]
    least = min(changes, key=lambda change: change.low)
    return Judgement(
        judged(rise_verdict(changes), results, settings + other),
        f"start {small:g} less start {large:g}: {difference(least)}, the least of "
        f"{len(changes)} settings",
    )


def _judge_optimisers(records: Sequence[CellRecord]) -> Judgement:
    results = Results(records)
    settings = results.settings(optimiser="adam")
    other = [{**s, "optimiser": "sgd"} for s in settings]
    pairs = list(zip(settings, other, strict=True))
    changes = [results.between(at(RAW, "trained"), *pair) for pair in pairs]
    index = max(range(len(changes)), key=lambda i: abs(changes[i].mean))
    return Judgement(
        judged(stability_verdict(changes), results, settings + other),
        f"Adam less gradient descent: {difference(changes[index])} at {place(settings[index])}, "
        f"the largest of {len(changes)} settings",
    )


def _judge_least_norm(records: Sequence[CellRecord]) -> Judgement:
    results = Results(records)
    settings = results.settings(unembedding_scale=starts(results)[0])
    changes = [results.paired(at(RAW, "trained"), at(RAW, "least_norm"), s) for s in settings]
    index = max(range(len(changes)), key=lambda i: abs(changes[i].mean))
    expected = "; ".join(
        f"{family} {spread(results, at(RAW, 'trained'), where)}, predicted "
        f"{plain(results.interval(at(RAW, 'least_norm'), where[0]))}"
        for family in families(results)
        for where in [[s for s in settings if s["family"] == family]]
    )
    return Judgement(
        judged(stability_verdict(changes), results, settings),
        f"trained less least norm {difference(changes[index])} at {place(settings[index])}, the "
        f"largest of {len(changes)} settings; {expected}",
    )


def _judge_orthogonal(records: Sequence[CellRecord]) -> Judgement:
    results = Results(records)
    settings = results.settings(family=PRODUCT, unembedding_scale=starts(results)[0])
    metric = at("across_raw", "trained")
    found = [results.interval(metric, s) for s in settings]
    # the reader of the raw input is exactly orthogonal in product worlds: nothing is below it
    others = ("untrained", "permuted")
    nulls = [gap for s in settings for gap in gaps(results, "across_raw", s, others, smaller=True)]
    worst = max(settings, key=lambda s: results.interval(metric, s).mean)
    return Judgement(
        judged(supported_verdict(stability_verdict(found), nulls), results, settings),
        f"mean |cosine| {plain(results.interval(metric, worst))} at {place(worst)}, the largest of "
        f"{len(settings)} settings; least norm "
        f"{plain(results.interval(at('across_raw', 'least_norm'), worst))}, untrained "
        f"{plain(results.interval(at('across_raw', 'untrained'), worst))}, raw input "
        f"{plain(results.interval(at('across_raw', 'raw_input'), worst))}",
    )


_PAPER = "arXiv:2403.03867"
_TRAINED = "x ⊥ y given c; binary digits; networks trained to an excess ≤ .01 I(x; y)"
_COSINES, _TRAINING = "origins_cosines", "origins_training"


def _small(setting: str) -> str:
    return f"{_TRAINED}; {setting}, the smallest start of the unembedding"


CLAIMS = (
    Claim(
        "origins-log-odds",
        f"ours, after {_PAPER}, log-odds matching",
        "the log-odds of a concept are parallel at all backgrounds: gauge-free cosine 1",
        f"{_TRAINED}; p(c∣x) and p(y∣c) are products",
        _COSINES,
        partial(_judge_law, quantity=FREE, start=None),
    ),
    Claim(
        "origins-spread",
        "ours, from p(y∣x)",
        "where the product law does not hold the gauge-free cosine is that of p(y∣x), below 1",
        f"{_TRAINED}; words that read two concepts",
        _COSINES,
        _judge_spread,
    ),
    Claim(
        "origins-raw-small",
        f"ours, after {_PAPER}, implicit bias",
        "unembedding differences of a concept are parallel: raw cosine 1",
        _small("p(c∣x) and p(y∣c) are products"),
        _TRAINING,
        partial(_judge_law, quantity=RAW, start=0),
    ),
    Claim(
        "origins-raw-large",
        f"ours, after {_PAPER}, implicit bias",
        "unembedding differences of a concept are parallel: raw cosine 1",
        f"{_TRAINED}; p(c∣x) and p(y∣c) are products, the largest start of the unembedding",
        _TRAINING,
        partial(_judge_law, quantity=RAW, start=-1),
    ),
    Claim(
        "origins-descent",
        f"ours, after {_PAPER}, implicit bias",
        "training makes unembedding differences more parallel than a perfect fit need have them",
        _small("words that read two concepts"),
        _TRAINING,
        _judge_descent,
    ),
    Claim(
        "origins-start",
        "ours",
        "a small start of the unembedding leaves its differences more parallel than a large one",
        f"{_TRAINED}; all kinds of world, both optimisers",
        _COSINES,
        _judge_start,
    ),
    Claim(
        "origins-optimisers",
        "ours",
        "gradient descent and Adam reach the same raw cosine",
        f"{_TRAINED}; all kinds of world, all starts",
        _COSINES,
        _judge_optimisers,
    ),
    Claim(
        "origins-least-norm",
        "ours",
        "the raw cosine is that of the perfect fit with the least ‖g‖² + E ‖f‖²",
        _small("all kinds of world"),
        _COSINES,
        _judge_least_norm,
    ),
    Claim(
        "origins-orthogonal",
        f"ours, after {_PAPER}, orthogonality",
        "mean unembedding differences of independent concepts are orthogonal: |cosine| within .05",
        _small("p(c∣x) and p(y∣c) are products"),
        _COSINES,
        _judge_orthogonal,
    ),
)
