"""What do the layers say, in words made from their numbers?"""

from collections.abc import Sequence

import numpy as np

from experiments.experiment import CellRecord, Finding
from experiments.layers.claims import CLAIMS
from experiments.layers.tables import (
    FINAL,
    LINKS,
    NAMES,
    PLACES,
    Setting,
    asked_concept,
    asked_prefix,
    checkpoints,
    enough,
    layer_number,
    layers,
    link_verdict,
    nearest_gap,
    rivals,
    setting_of,
    site_name,
    tables,
    winner,
)
from experiments.layers.worlds import KEYED, MESS3
from experiments.results import Results
from experiments.trained import trained_words
from experiments.wording import difference, number, percent, plain, share

LINK_NAMES = {"identity": "identity", "softmax": "softmax"}


def finding(records: Sequence[CellRecord], evidence: bool) -> Finding:
    """Headline, paragraphs, tables and captions; no verdict when the results are no evidence."""
    results = Results(records)
    settings = [setting_of(results, world) for world in NAMES]
    evidence = evidence and all(enough(results, setting) for setting in settings)
    paragraphs = [
        _training_words(results, settings),
        *(_stream_words(results, setting, evidence) for setting in settings),
        *(_layer_words(results, setting) for setting in settings),
        _rise_words(results, settings),
        _asked_words(results, settings[0]),
        _law_words(results, settings),
        _map_words(results, settings),
    ]
    if evidence:
        paragraphs.append(_claim_words(records))
    return Finding(_headline(results, evidence), paragraphs, tables(results), captions(), evidence)


def _headline(results: Results, evidence: bool) -> str:
    keyed, mess3 = (setting_of(results, world) for world in (KEYED, MESS3))
    before, last = layers(results, keyed)[-2:]
    told = [results.interval(f"softmax.{s}.held_out", keyed) for s in (before, last)]
    width = results.interval(f"rise_width.{FINAL}.softmax", keyed)
    raw = results.interval("softmax.raw_input.held_out", mess3)
    end = results.interval(f"softmax.{layers(results, mess3)[-1]}.held_out", mess3)
    untold = "" if evidence else " (no evidence: too few seeds, or not trained)"
    return (
        f"In a world whose words interact given c the softmax link explains {percent(told[0])} of "
        f"the variance of p(c∣x) after layer {layer_number(before)} and {percent(told[1])} after "
        f"layer {layer_number(last)}; from 10 % to 90 % of the rise in f the steps double "
        f"{number(width.mean, 1)} times. In Mess3 it explains {percent(end)}, and {percent(raw)} "
        f"from the raw input{untold}."
    )


def _training_words(results: Results, settings: Sequence[Setting]) -> str:
    said = [
        f"{NAMES[s['world']]}: {share(results.interval('excess_share.trained.mean', s))} of "
        f"I(x; y) over all prefixes, "
        f"{share(results.interval('excess_share.trained.last', s))} at the last"
        f"{trained_words(results, s)}"
        for s in settings
    ]
    return f"Excess loss of the trained transformers, {'; '.join(said)}."


def _stream_words(results: Results, setting: Setting, evidence: bool) -> str:
    """What each link explains from the last stream, and whether the two can be told apart."""
    place, stream = PLACES[setting["world"]], layers(results, setting)[-1]
    said = []
    for link, name in LINKS.items():
        metric = f"{link}{place}"
        word = f" ({link_verdict(results, link, setting)})" if evidence else ""
        said.append(
            f"{name}: {plain(results.interval(f'{metric}.{stream}.held_out', setting))}{word}, "
            f"{difference(nearest_gap(results, metric, setting))} to the nearest null"
        )
    gap = rivals(results, place, stream, setting)
    won = f" ({winner(results, place, stream, setting)})" if evidence else ""
    exact = (
        results.interval(f"identity{place}.log_posterior.held_out", setting),
        results.interval(f"softmax{place}.belief.held_out", setting),
    )
    which = "by one map for all prefixes" if place else "at the last prefix"
    return (
        f"Variance of p explained from {site_name(stream)} in {NAMES[setting['world']]}, {which}, "
        f"held out. {'; '.join(said)}. Softmax less identity {difference(gap)}{won}. For scale: "
        f"from exactly log p the identity link explains {percent(exact[0])}, from exactly p the "
        f"softmax link {percent(exact[1])}; the closer these are to 100 %, the less the two can be "
        "told apart."
    )


def _layer_words(results: Results, setting: Setting) -> str:
    """Both links site by site, with the untrained network beside."""

    def told(metric: str) -> str:
        return number(results.interval(f"{metric}.held_out", setting).mean, 3)

    said = []
    for site in [*layers(results, setting), FINAL]:
        pairs = [
            f"{name} {told(f'{link}.{site}')} (untrained {told(f'{link}.untrained_{site}')})"
            for link, name in LINK_NAMES.items()
        ]
        said.append(
            f"{site_name(site)}: {', '.join(pairs)}, next word {told(f'score_site_{site}.oracle')}"
        )
    raw = [f"{name} {told(f'{link}.raw_input')}" for link, name in LINK_NAMES.items()]
    return (
        f"Which layer, in {NAMES[setting['world']]}, at the last prefix (variance of p explained, "
        f"and the share of I(x; y) that a layer tells of the next word): {'; '.join(said)}; raw "
        f"input: {', '.join(raw)}."
    )


def _rise_words(results: Results, settings: Sequence[Setting]) -> str:
    said = []
    for setting in settings:
        curves = [f"{layers(results, setting)[-1]}.softmax", f"{FINAL}.softmax"]
        curves += [f"{FINAL}.identity"]
        told = []
        for curve in curves:
            site, link = curve.split(".")
            name = f"{site_name(site)}, {link} link"
            values = results.values(f"rise_width.{curve}", setting)
            if len(values) and np.isnan(values).any():
                told.append(
                    f"{name}: {int(np.isnan(values).sum())} of {len(values)} seeds have no "
                    "rise of .05 to time"
                )
                continue
            lag = results.interval(f"lag.{curve}", setting)
            width = results.interval(f"rise_width.{curve}", setting)
            slow = plain(results.interval(f"exponential_width.{curve}", setting))
            told.append(
                f"{name}: {plain(width)} (an exponential approach that is halfway as soon, on the "
                f"same schedule: {slow}), halfway {difference(lag)} behind the prediction"
            )
        own = results.interval("rise_width.trained.predicted", setting)
        told.append(f"what p̂ itself explains of the last word: {plain(own)}")
        said.append(f"In {NAMES[setting['world']]}: {'; '.join(told)}.")
    steps = checkpoints(results, settings[0])
    return (
        "Smoothly or at once, as doublings of the steps between 10 % and 90 % of a rise "
        f"(checkpoints are {np.median(np.diff(np.log2(steps[1:]))):.2f} apart). {' '.join(said)}"
    )


def _asked_words(results: Results, setting: Setting) -> str:
    prefix, asked, last = asked_prefix(setting), asked_concept(setting), setting["num_words"]
    said = []
    for site in (layers(results, setting)[-1], FINAL):
        scores = [
            plain(results.interval(f"softmax_prefix_{at}.{site}.held_out.{concept}", setting))
            for at, concept in (
                (prefix, asked),
                (prefix, 1 - asked),
                (last, asked),
                (last, 1 - asked),
            )
        ]
        said.append(
            f"{site_name(site)}: asked {scores[0]}, not asked {scores[1]} (at the last prefix, "
            f"where both are asked, {scores[2]} and {scores[3]})"
        )
    return (
        f"Is a belief held that the next word does not need? After word {prefix}, a key, the "
        "next word depends on one concept. Variance of each concept's belief that the softmax link "
        "explains: "
        f"{'; '.join(said)}."
    )


def _law_words(results: Results, settings: Sequence[Setting]) -> str:
    said = []
    for setting in settings:
        told = [
            f"{name} {plain(results.best(f'score_{law}.{source}', setting))} ({source})"
            for law, name in (("log_posterior", "log p"), ("belief", "p"))
            for source in ("trained", "oracle")
        ]
        raw = number(results.best("score_raw_input.trained", setting).mean, 3)
        said.append(f"{NAMES[setting['world']]}: {', '.join(told)}, raw input {raw}")
    return f"S of the laws for the predictions of the last word. {'; '.join(said)}."


def _map_words(results: Results, settings: Sequence[Setting]) -> str:
    said = []
    for setting in settings:
        stream = layers(results, setting)[-1]
        told = [
            f"{name} {plain(results.interval(f'softmax{place}.{stream}.held_out', setting))}"
            for name, place in (("its own map", ""), ("one map for all prefixes", "_pooled"))
        ]
        raw = number(results.interval("softmax_pooled.raw_input.held_out", setting).mean, 3)
        said.append(f"{NAMES[setting['world']]}: {', '.join(told)} (raw input {raw})")
    return (
        "One map for all prefixes, or one for the last, from the last stream through the softmax "
        f"link. {'; '.join(said)}."
    )


def _claim_words(records: Sequence[CellRecord]) -> str:
    told = [f"{claim.name}: {claim.judge(records).verdict}" for claim in CLAIMS]
    return f"Claims: {'; '.join(told)}."


def captions() -> dict[str, str]:
    """Figure name -> caption, which is also the alternative text."""
    return {
        "layers_time": (
            "How much of the variance of p(c∣x) at the last prefix can be read from each layer of "
            "a transformer during training, held out by distinct context, if p is affine in the "
            "layer (left) or if log p is (right); above in a world whose words interact given c, "
            "below in Mess3. Black: the share of I(x; y) that the network's own prediction "
            "explains."
        ),
        "layers_prefixes": (
            "The same at the end of training over the number of words read: one map for all "
            "prefixes (joined) and a map of its own (crosses). Black line: what this link would "
            "explain if the layer held exactly log p (left) or exactly p (right); grey dashes: "
            "nulls."
        ),
        "layers_concepts": (
            "The keyed world, softmax link. Top: each concept's belief during training, read from "
            "the last residual stream at the last prefix. Bottom: at the end, the concept that the "
            "next word needs and the one that it does not, at the last key and at the last prefix; "
            "grey dashes: nulls."
        ),
    }
