"""Which numbers of the layers count, and how are they put side by side?"""

import re
from collections.abc import Sequence
from typing import Any

import estimators as es
from estimators.instruments.folds import CONTEXTS_PER_REGRESSOR
from experiments.layers.worlds import KEYED, MESS3
from experiments.results import Results
from experiments.trained import counts_as_trained
from experiments.verdicts import (
    LEAST_TRAINED,
    counted_verdict,
    is_trivial,
    law_verdict,
    rival_verdict,
    supported_verdict,
)
from experiments.wording import difference, number, plain

Setting = dict[str, Any]
NAMES = {KEYED: "the keyed world", MESS3: "Mess3"}
LINKS = {"identity": "p affine in it", "softmax": "log p affine in it"}
PLACES = {KEYED: "", MESS3: "_pooled"}  # where a claim is judged: last prefix, one map for all
WINNERS = {"first": "the log link explains more", "second": "the identity link explains more"}
FINAL = "final"


def setting_of(results: Results, world: str) -> Setting:
    """The one setting of a world."""
    return results.settings(world=world)[0]


def layers(results: Results, setting: Setting) -> list[str]:
    """The residual streams that were read, first to last."""
    names = results.metrics[tuple(setting.items())]
    found = {found[1] for name in names if (found := re.match(r"identity\.(layer_\d+)\.", name))}
    return sorted(found)


def site_name(site: str) -> str:
    """A site in words."""
    if site == FINAL:
        return "f"
    layer = site.removeprefix("layer_")
    return "the words' vectors" if layer == "0" else f"the stream after layer {layer}"


def nulls(results: Results, setting: Setting) -> list[str]:
    """The nulls of the last stream."""
    return ["raw_input", f"untrained_{layers(results, setting)[-1]}", "permuted"]


def gaps(results: Results, metric: str, setting: Setting) -> list[es.Interval]:
    """What the last stream scores above each null, held out, paired by seed."""
    own = f"{metric}.{layers(results, setting)[-1]}.held_out"
    return [
        results.paired(own, f"{metric}.{null}.held_out", setting)
        for null in nulls(results, setting)
    ]


def smallest_gap(results: Results, metric: str, setting: Setting) -> es.Interval:
    """The gap to the null that comes nearest; NaN where one is missing."""
    found = gaps(results, metric, setting)
    return min(found, key=lambda gap: (gap.mean == gap.mean, gap.mean))


def rivals(results: Results, place: str, site: str, setting: Setting) -> es.Interval:
    """Explained variance by the log link less that by the identity link, paired, held out."""
    first, second = (f"{link}{place}.{site}.held_out" for link in ("softmax", "identity"))
    return results.paired(first, second, setting)


def enough(results: Results, setting: Setting) -> bool:
    """Whether there are ten seeds, all of which count as trained."""
    seeds = len(results.values("counted.trained", setting))
    return seeds >= LEAST_TRAINED and counts_as_trained(results, setting)


def judged(results: Results, verdict: str, setting: Setting) -> str:
    """A verdict where there is one to give."""
    trivial = is_trivial(
        results.best("score_argmax.oracle", setting),
        results.interval("concept_information.exact", setting),
    )
    beliefs = results.interval("beliefs_per_regressor.exact", setting).mean
    return counted_verdict(
        verdict,
        counted=enough(results, setting),
        saturated=bool(beliefs < CONTEXTS_PER_REGRESSOR),
        trivial=trivial,
    )


def link_verdict(results: Results, link: str, setting: Setting) -> str:
    """The verdict on a link from the last stream, as a law, and only beyond its nulls."""
    metric = f"{link}{PLACES[setting['world']]}"
    score = results.interval(f"{metric}.{layers(results, setting)[-1]}.held_out", setting)
    found = supported_verdict(law_verdict(score), gaps(results, metric, setting))
    return judged(results, found, setting)


def winner(results: Results, place: str, site: str, setting: Setting) -> str:
    """Which link explains more, in words."""
    found = rival_verdict(rivals(results, place, site, setting))
    return WINNERS.get(judged(results, found, setting), "undecided")


def one_doubling_less_width(results: Results, curve: str, setting: Setting) -> es.Interval:
    """1 − width of a rise: above 0 where 10 % and 90 % of it lie within one doubling of steps."""
    width = results.interval(f"width.{curve}", setting)
    return es.Interval(
        1 - width.mean,
        1 - width.high,
        1 - width.low,
        1 - width.median,
        1 - width.median_high,
        1 - width.median_low,
        width.num_values,
    )


def asked_prefix(setting: Setting) -> int:
    """The prefix that ends with the last key of the keyed world."""
    return int(setting["num_words"]) - 1


def asked_concept(setting: Setting) -> int:
    """The concept that the word after the last key tells."""
    return (int(setting["num_words"]) // 2 - 1) % 2


def checkpoints(results: Results, setting: Setting) -> list[int]:
    """The steps at which the network was read."""
    names = results.metrics[tuple(setting.items())]
    found = (re.match(r"predicted_step_(\d+)\.", name) for name in names)
    return sorted(int(step[1]) for step in found if step)


def tables(results: Results) -> dict[str, list[list[str]]]:
    """The tables of the report, title -> rows."""
    settings = [setting_of(results, world) for world in NAMES]
    return {
        "Variance of p(c∣x) explained, last prefix, held out": _place_table(results, settings, ""),
        "The same by one map for all prefixes": _place_table(results, settings, "_pooled"),
        "S of the two laws at the last prefix, held out": _law_table(results, settings),
        "The rise during training, in doublings of the steps": _rise_table(results, settings),
    }


def _place_table(results: Results, settings: Sequence[Setting], place: str) -> list[list[str]]:
    rows = [["world", "read from", *LINKS.values(), "log less identity", "readout of log p, KL"]]
    for setting in settings:
        streams = [*layers(results, setting), FINAL]
        sources = [*streams, *(f"untrained_{s}" for s in streams), "raw_input", "permuted"]
        for source in [*sources, "oracle", "belief", "log_posterior", "argmax"]:
            scores = [
                results.interval(f"{link}{place}.{source}.held_out", setting)
                for link in ("identity", "softmax", "readout")
            ]
            if len(results.values(f"identity{place}.{source}.held_out", setting)):
                told = [plain(score) for score in scores]
                told.insert(2, difference(rivals(results, place, source, setting)))
                rows.append([setting["world"], source, *told])
    return rows


def _law_table(results: Results, settings: Sequence[Setting]) -> list[list[str]]:
    rows = [["world", "predictions of", "log p(c∣x)", "p(c∣x)", "raw input", "argmax"]]
    for setting in settings:
        for source in ("oracle", "trained", "untrained"):
            laws = ("log_posterior", "belief", "raw_input", "argmax")
            found = [results.best(f"score_{law}.{source}", setting) for law in laws]
            rows.append([setting["world"], source, *(plain(score) for score in found)])
    return rows


def _rise_table(results: Results, settings: Sequence[Setting]) -> list[list[str]]:
    rows = [["world", "score", "10 % to 90 %", "halfway at step", "behind the prediction"]]
    for setting in settings:
        names = results.metrics[tuple(setting.items())]
        for name in (name for name in names if name.startswith("width.")):
            curve = name.removeprefix("width.")
            halfway = results.interval(f"halfway.{curve}", setting).mean
            rows.append(
                [
                    setting["world"],
                    curve,
                    plain(results.interval(name, setting)),
                    number(2**halfway, 0),
                    difference(results.interval(f"lag.{curve}", setting)),
                ]
            )
    return rows
