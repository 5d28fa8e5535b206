"""Which claims do the layers judge, and by which of their numbers?"""

from collections.abc import Sequence
from functools import partial

from estimators.assessment.verdict import EVIDENCE_MARGIN
from experiments.attribution import (
    AGAINST,
    FEW_TOKENS,
    NEAR,
    SHARP,
    THEOREM,
    epsilon_words,
)
from experiments.experiment import CellRecord, Claim, Judgement
from experiments.layers.tables import (
    FINAL,
    PLACES,
    asked_concept,
    asked_prefix,
    judged,
    layers,
    link_verdict,
    nearest_gap,
    null_gaps,
    rivals,
    setting_of,
    short_of,
    site_name,
    winner,
)
from experiments.layers.worlds import KEYED, MESS3
from experiments.nulls import gaps
from experiments.results import Results
from experiments.trained import trained_verdict
from experiments.verdicts import rise_verdict, rival_verdict, stability_verdict
from experiments.wording import difference, plain

ONE_DOUBLING = 1.0  # of the steps: what counts as at once, and as together


def _link(records: Sequence[CellRecord], link: str, world: str) -> Judgement:
    """The verdict on one link from the last residual stream."""
    results = Results(records)
    setting = setting_of(results, world)
    metric, stream = f"{link}{PLACES[world]}", layers(results, setting)[-1]
    score = results.interval(f"{metric}.{stream}.held_out", setting)
    told = f"explained variance {plain(score)} from {site_name(stream)}"
    if world == KEYED:
        everywhere = results.interval(f"{link}_pooled.{stream}.held_out", setting)
        told = f"{told} by a map of its own (by one for all prefixes {plain(everywhere)})"
    gap = difference(nearest_gap(results, metric, setting))
    between = difference(rivals(results, PLACES[world], stream, setting))
    return Judgement(
        link_verdict(results, link, setting),
        f"{told}; {gap} to the nearest null; softmax less identity {between}",
    )


def _rivals(records: Sequence[CellRecord], world: str) -> Judgement:
    """Which link explains more of p: first, the softmax link, or second, the identity link."""
    results = Results(records)
    setting = setting_of(results, world)
    stream = layers(results, setting)[-1]
    gap = rivals(results, PLACES[world], stream, setting)
    return Judgement(
        judged(results, rival_verdict(gap), setting),
        f"softmax less identity {difference(gap)} from {site_name(stream)}; decided beyond ±.01: "
        f"{winner(results, PLACES[world], stream, setting)}",
    )


def _at_once(records: Sequence[CellRecord]) -> Judgement:
    """Whether 10 % and 90 % of the rise lie within one doubling of the steps, by either link."""
    results = Results(records)
    setting = setting_of(results, KEYED)
    curves = [f"{FINAL}.{link}" for link in ("identity", "softmax")]
    widths = {c: results.interval(f"rise_width.{c}", setting) for c in curves}
    verdict = rise_verdict([short_of(ONE_DOUBLING, width) for width in widths.values()])
    told = "; ".join(
        f"{c} {plain(width)} (exponential approach "
        f"{plain(results.interval(f'exponential_width.{c}', setting))})"
        for c, width in widths.items()
    )
    return Judgement(judged(results, verdict, setting), f"doublings from 10 % to 90 %: {told}")


def _with_the_loss(records: Sequence[CellRecord]) -> Judgement:
    """Whether half of the rise comes within one doubling of half of what p̂ explains."""
    results = Results(records)
    setting = setting_of(results, KEYED)
    curves = [f"{s}.softmax" for s in (layers(results, setting)[-1], FINAL)]
    lags = [results.interval(f"lag.{curve}", setting) for curve in curves]
    told = "; ".join(f"{c} {difference(lag)}" for c, lag in zip(curves, lags, strict=True))
    return Judgement(
        judged(results, stability_verdict(lags, ONE_DOUBLING), setting),
        f"doublings behind the prediction, halfway: {told}",
    )


def _last_layer(records: Sequence[CellRecord]) -> Judgement:
    """Whether the belief is linear after the last layer and after the one before no more than null.

    The layer before must stay below its nearest null plus the margin of evidence.
    """
    results = Results(records)
    setting = setting_of(results, KEYED)
    before, last = layers(results, setting)[-2:]
    links = ("identity", "softmax")
    steps = [
        results.paired(f"{k}.{last}.held_out", f"{k}.{before}.held_out", setting) for k in links
    ]
    early = [nearest_gap(results, k, setting, before) for k in links]
    changes = [*steps, *(short_of(EVIDENCE_MARGIN, gap) for gap in early)]
    above = [gap for k in links for gap in null_gaps(results, k, setting).values()]
    told = "; ".join(
        f"{k} {difference(step)} (after {before} {difference(gap)} above its nearest null)"
        for k, step, gap in zip(links, steps, early, strict=True)
    )
    return Judgement(
        trained_verdict(results, setting, rise_verdict(changes), above),
        f"explained variance after {last} less after {before}: {told}",
    )


def _asked(records: Sequence[CellRecord]) -> Judgement:
    """Whether the stream at a key tells the concept that is asked better than the other one."""
    results = Results(records)
    setting = setting_of(results, KEYED)
    stream, concept = layers(results, setting)[-1], asked_concept(setting)
    metric = f"softmax_prefix_{asked_prefix(setting)}"
    own = f"{metric}.{stream}.held_out"
    step = results.paired(f"{own}.{concept}", f"{own}.{1 - concept}", setting)
    above = gaps(
        results,
        f"{own}.{concept}",
        [
            f"{metric}.{null}.held_out.{concept}"
            for null in ("raw_input", f"untrained_{stream}", "permuted")
        ],
        setting,
    )
    scores = [plain(results.interval(f"{own}.{k}", setting)) for k in (concept, 1 - concept)]
    whole = f"{metric}.{stream}.population"
    known = [plain(results.interval(f"{whole}.{k}", setting)) for k in (concept, 1 - concept)]
    return Judgement(
        trained_verdict(results, setting, rise_verdict([step]), [step, *above.values()]),
        f"explained variance: asked {scores[0]}, not asked {scores[1]}; {difference(step)}; on "
        f"the population {known[0]} and {known[1]}",
    )


def _laws(records: Sequence[CellRecord], world: str) -> Judgement:
    """Whether S of log p (first) or of p (second) is larger for the network's own predictions."""
    results = Results(records)
    setting = setting_of(results, world)
    told = []
    for source in ("trained", "oracle"):
        pair = [f"score_{law}.{source}.held_out" for law in ("log_posterior", "belief")]
        told.append(f"{source} {difference(results.paired(pair[0], pair[1], setting))}")
    gap = results.paired(
        "score_log_posterior.trained.held_out", "score_belief.trained.held_out", setting
    )
    raw = plain(results.interval("score_raw_input.trained.held_out", setting))
    return Judgement(
        judged(results, rival_verdict(gap), setting),
        f"S of log p less S of p: {'; '.join(told)}; the raw input has S = {raw}",
    )


_BELIEF = "arXiv:2405.15943"
_READ = "read off a stream"  # the theorem says f ≈ A log p + b, of f alone
_LOG, _LOG_MESS3 = f"after {THEOREM}, {_READ}", f"after {THEOREM}, {SHARP}, {_READ}"
_MESS3 = "Mess3, x and α drawn by seed; a trained transformer; one map for all prefixes"
_KEYED = "words interact given c; a trained transformer; the last prefix, where y pins c"
_ONE_LAYER = "one layer alone, where the paper joins several if need be"
_FAR = f"{FEW_TOKENS}; {NEAR}"
_FAR_KEYED = f"{_KEYED}; {_FAR}; {epsilon_words(0.0059, 0.65, 'η = .01')}"
_EPSILON_MESS3 = epsilon_words(0.071, 0.66, "after six words")
_FAR_MESS3 = f"{_MESS3}; {_FAR}; {_EPSILON_MESS3}"
_OWN = "latentgen, when and where concepts appear"

CLAIMS = (
    Claim(
        "layers-belief-mess3",
        _BELIEF,
        "p(state∣x) is affine in the residual stream after the last layer",
        f"{_MESS3}; {_ONE_LAYER}",
        "layers_prefixes",
        partial(_link, link="identity", world=MESS3),
    ),
    Claim(
        "layers-log-mess3",
        _LOG_MESS3,
        "log p(state∣x) is affine in the residual stream after the last layer",
        _FAR_MESS3,
        "layers_prefixes",
        partial(_link, link="softmax", world=MESS3),
    ),
    Claim(
        "layers-log-or-belief-mess3",
        f"{_LOG_MESS3}, against {_BELIEF}",
        "read as log p (first) or as p (second), the residual stream tells more of p(state∣x)",
        f"{_FAR_MESS3}; {_ONE_LAYER}",
        "layers_prefixes",
        partial(_rivals, world=MESS3),
    ),
    Claim(
        "layers-laws-mess3",
        f"{THEOREM}, {SHARP}, {AGAINST}",
        "for predictions S of log p(state∣x) (first) or of p(state∣x) (second) is larger",
        "Mess3, x and α drawn by seed; a trained transformer; the last prefix; "
        f"{_FAR}; {_EPSILON_MESS3}",
        "layers_prefixes",
        partial(_laws, world=MESS3),
    ),
    Claim(
        "layers-belief-keyed",
        _BELIEF,
        "p(c∣x) is affine in the residual stream after the last layer",
        f"{_KEYED}; {_ONE_LAYER}",
        "layers_time",
        partial(_link, link="identity", world=KEYED),
    ),
    Claim(
        "layers-log-keyed",
        _LOG,
        "log p(c∣x) is affine in the residual stream after the last layer",
        _FAR_KEYED,
        "layers_time",
        partial(_link, link="softmax", world=KEYED),
    ),
    Claim(
        "layers-log-or-belief-keyed",
        f"{_LOG}, against {_BELIEF}",
        "read as log p (first) or as p (second), the residual stream tells more of p(c∣x)",
        f"{_FAR_KEYED}; {_ONE_LAYER}",
        "layers_time",
        partial(_rivals, world=KEYED),
    ),
    Claim(
        "layers-at-once",
        _OWN,
        "concepts appear in f at once: 10 % to 90 % of the rise within one doubling of the steps",
        _KEYED,
        "layers_time",
        _at_once,
    ),
    Claim(
        "layers-with-the-loss",
        _OWN,
        "concepts appear when the loss falls: halfway within one doubling of the steps",
        _KEYED,
        "layers_time",
        _with_the_loss,
    ),
    Claim(
        "layers-last-layer",
        _OWN,
        "concepts told by pairs of words become linear only after the last layer of two",
        _KEYED,
        "layers_time",
        _last_layer,
    ),
    Claim(
        "layers-asked",
        _OWN,
        "the stream at a key tells the concept that the next word needs better than the other one",
        f"{_KEYED.split(';')[0]}; a trained transformer; the prefix that ends with the last key",
        "layers_concepts",
        _asked,
    ),
)
