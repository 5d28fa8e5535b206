"""Which claims do the layers judge, and by which of their numbers?"""

from collections.abc import Sequence
from functools import partial

from experiments.experiment import CellRecord, Claim, Judgement
from experiments.layers.tables import (
    FINAL,
    PLACES,
    asked_concept,
    asked_prefix,
    judged,
    layers,
    link_verdict,
    nulls,
    one_doubling_less_width,
    rivals,
    setting_of,
    site_name,
    smallest_gap,
    winner,
)
from experiments.layers.worlds import KEYED, MESS3
from experiments.results import Results
from experiments.verdicts import (
    rise_verdict,
    rival_verdict,
    stability_verdict,
    supported_verdict,
)
from experiments.wording import difference, plain

ONE_DOUBLING = 1.0  # of the steps: what counts as at once, and as together


def _link(records: Sequence[CellRecord], link: str, world: str) -> Judgement:
    """The verdict on one link from the last residual stream."""
    results = Results(records)
    setting = setting_of(results, world)
    metric, stream = f"{link}{PLACES[world]}", layers(results, setting)[-1]
    score = results.interval(f"{metric}.{stream}.held_out", setting)
    told = f"explained variance {plain(score)} from {site_name(stream)}"
    gap = difference(smallest_gap(results, metric, setting))
    between = difference(rivals(results, PLACES[world], stream, setting))
    return Judgement(
        link_verdict(results, link, setting),
        f"{told}; {gap} to the nearest null; log less identity {between}",
    )


def _rivals(records: Sequence[CellRecord], world: str) -> Judgement:
    """Which link explains more of p: first, the log link, or second, the identity link."""
    results = Results(records)
    setting = setting_of(results, world)
    stream = layers(results, setting)[-1]
    gap = rivals(results, PLACES[world], stream, setting)
    return Judgement(
        judged(results, rival_verdict(gap), setting),
        f"log less identity {difference(gap)} from {site_name(stream)}; decided beyond ±.01: "
        f"{winner(results, PLACES[world], stream, setting)}",
    )


def _laws(records: Sequence[CellRecord]) -> Judgement:
    """Whether S of log p (first) or of p (second) is larger for the network's own predictions."""
    results = Results(records)
    setting = setting_of(results, MESS3)
    gaps = {
        source: results.paired(
            f"score_log_posterior.{source}.held_out", f"score_belief.{source}.held_out", setting
        )
        for source in ("trained", "oracle")
    }
    raw = plain(results.interval("score_raw_input.oracle.held_out", setting))
    told = "; ".join(f"{source} {difference(gap)}" for source, gap in gaps.items())
    return Judgement(
        judged(results, rival_verdict(gaps["trained"]), setting),
        f"S of log p less S of p: {told}; S of the raw input {raw}",
    )


def _at_once(records: Sequence[CellRecord]) -> Judgement:
    """Whether 10 % and 90 % of the rise lie within one doubling of the steps, by either link."""
    results = Results(records)
    setting = setting_of(results, KEYED)
    curves = [f"{FINAL}.{link}" for link in ("identity", "softmax")]
    verdict = rise_verdict([one_doubling_less_width(results, c, setting) for c in curves])
    widths = "; ".join(f"{c} {plain(results.interval(f'width.{c}', setting))}" for c in curves)
    return Judgement(judged(results, verdict, setting), f"doublings from 10 % to 90 %: {widths}")


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
    """Whether the belief is linear after the last layer and not yet after the one before."""
    results = Results(records)
    setting = setting_of(results, KEYED)
    before, last = layers(results, setting)[-2:]
    links = ("identity", "softmax")
    steps = [
        results.paired(f"{k}.{last}.held_out", f"{k}.{before}.held_out", setting) for k in links
    ]
    supported = supported_verdict(
        rise_verdict(steps), [smallest_gap(results, link, setting) for link in links]
    )
    told = "; ".join(f"{k} {difference(step)}" for k, step in zip(links, steps, strict=True))
    return Judgement(
        judged(results, supported, setting),
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
    above = [
        results.paired(f"{own}.{concept}", f"{metric}.{null}.held_out.{concept}", setting)
        for null in nulls(results, setting)
    ]
    verdict = supported_verdict(rise_verdict([step]), [step, *above])
    scores = [plain(results.interval(f"{own}.{k}", setting)) for k in (concept, 1 - concept)]
    return Judgement(
        judged(results, verdict, setting),
        f"explained variance: asked {scores[0]}, not asked {scores[1]}; {difference(step)}",
    )


_LOG, _BELIEF = "arXiv:2503.08980, Theorem 3.1", "arXiv:2405.15943"
_MESS3 = "Mess3, x and α drawn by seed; a trained transformer; one map for all prefixes"
_KEYED = "words interact given c; a trained transformer; the last prefix, where y pins c"
_OWN = "latentgen, when and where concepts appear"

CLAIMS = (
    Claim(
        "layers-belief-mess3",
        _BELIEF,
        "p(state∣x) is affine in the residual stream after the last layer",
        _MESS3,
        "layers_prefixes",
        partial(_link, link="identity", world=MESS3),
    ),
    Claim(
        "layers-log-mess3",
        _LOG,
        "log p(state∣x) is affine in the residual stream after the last layer",
        _MESS3,
        "layers_prefixes",
        partial(_link, link="softmax", world=MESS3),
    ),
    Claim(
        "layers-log-or-belief-mess3",
        f"{_LOG} against {_BELIEF}",
        "read as log p (first) or as p (second), the residual stream tells more of p(state∣x)",
        _MESS3,
        "layers_prefixes",
        partial(_rivals, world=MESS3),
    ),
    Claim(
        "layers-laws-mess3",
        f"{_LOG} against {_BELIEF}",
        "for predictions S of log p(state∣x) (first) or of p(state∣x) (second) is larger",
        "Mess3, x and α drawn by seed; a trained transformer; the last prefix",
        "layers_prefixes",
        _laws,
    ),
    Claim(
        "layers-belief-keyed",
        _BELIEF,
        "p(c∣x) is affine in the residual stream after the last layer",
        _KEYED,
        "layers_time",
        partial(_link, link="identity", world=KEYED),
    ),
    Claim(
        "layers-log-keyed",
        _LOG,
        "log p(c∣x) is affine in the residual stream after the last layer",
        _KEYED,
        "layers_time",
        partial(_link, link="softmax", world=KEYED),
    ),
    Claim(
        "layers-log-or-belief-keyed",
        f"{_LOG} against {_BELIEF}",
        "read as log p (first) or as p (second), the residual stream tells more of p(c∣x)",
        _KEYED,
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
