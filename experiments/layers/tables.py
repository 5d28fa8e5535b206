"""Which numbers of the layers count, and how are they put side by side?"""

import re
from collections.abc import Sequence
from typing import Any

import estimators as es
from experiments.layers.worlds import KEYED, MESS3
from experiments.nulls import gaps, nearest
from experiments.results import Results
from experiments.trained import counts_as_trained, is_trivial_setting, trained_verdict
from experiments.verdicts import counted_verdict, enough_trained, law_verdict, rival_verdict
from experiments.wording import difference, number, plain

Setting = dict[str, Any]
NAMES = {KEYED: "the keyed world", MESS3: "Mess3"}
LINKS = {"identity": "p affine in it", "softmax": "log p affine in it"}
PLACES = {KEYED: "", MESS3: "_pooled"}  # where a claim is judged: last prefix, one map for all
WINNERS = {"first": "the softmax link explains more", "second": "the identity link explains more"}
FINAL = "final"


def setting_of(results: Results, world: str) -> Setting:
    """The one setting of a world."""
    return results.settings(world=world)[0]


def layers(results: Results, setting: Setting) -> list[str]:
    """The residual streams that were read, first to last."""
    names = results.metrics[tuple(setting.items())]
    found = {found[1] for name in names if (found := re.match(r"identity\.(layer_\d+)\.", name))}
    return sorted(found, key=layer_number)


def layer_number(site: str) -> int:
    """After how many layers a residual stream was read."""
    return int(site.removeprefix("layer_"))


def site_name(site: str) -> str:
    """A site in words."""
    if site == FINAL:
        return "f"
    number_read = layer_number(site)
    return f"the stream after layer {number_read}" if number_read else "the words' vectors"


def null_gaps(
    results: Results, metric: str, setting: Setting, site: str | None = None
) -> dict[str, es.Interval]:
    """null -> what a stream, the last unless told, scores above it, held out, paired by seed."""
    site = site or layers(results, setting)[-1]
    names = ["raw_input", f"untrained_{site}", "permuted"]
    return gaps(
        results,
        f"{metric}.{site}.held_out",
        [f"{metric}.{null}.held_out" for null in names],
        setting,
    )


def nearest_gap(
    results: Results, metric: str, setting: Setting, site: str | None = None
) -> es.Interval:
    """The gap to the null that is hardest to exceed."""
    return nearest(null_gaps(results, metric, setting, site))[1]


def rivals(results: Results, place: str, site: str, setting: Setting) -> es.Interval:
    """Explained variance by the softmax link less that by the identity link, paired, held out."""
    first, second = (f"{link}{place}.{site}.held_out" for link in ("softmax", "identity"))
    return results.paired(first, second, setting)


def enough(results: Results, setting: Setting) -> bool:
    """Whether there are ten seeds, all of which count as trained."""
    num_seeds = len(results.values("counted.trained", setting))
    return enough_trained(num_seeds) and counts_as_trained(results, setting)


def judged(results: Results, verdict: str, setting: Setting) -> str:
    """A verdict on what has no null to exceed, where there is one to give."""
    trivial = is_trivial_setting(results, setting)
    return counted_verdict(verdict, counted=enough(results, setting), trivial=trivial)


def link_verdict(results: Results, link: str, setting: Setting) -> str:
    """The verdict on a link from the last stream, as a law, and only beyond its nulls."""
    metric = f"{link}{PLACES[setting['world']]}"
    source = f"{metric}.{layers(results, setting)[-1]}"
    return trained_verdict(
        results,
        setting,
        law_verdict(results.interval(f"{source}.held_out", setting)),
        null_gaps(results, metric, setting).values(),
        saturated=results.saturated(source, setting),
    )


def winner(results: Results, place: str, site: str, setting: Setting) -> str:
    """Which link explains more, in words."""
    return WINNERS.get(rival_verdict(rivals(results, place, site, setting)), "undecided")


def short_of(limit: float, value: es.Interval) -> es.Interval:
    """limit − value: above 0 where the value stays below the limit."""
    return es.Interval(
        limit - value.mean,
        limit - value.high,
        limit - value.low,
        limit - value.median,
        limit - value.median_high,
        limit - value.median_low,
        value.num_values,
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
    rows = [
        ["world", "read from", *LINKS.values(), "softmax less identity", "readout of log p, KL"]
    ]
    for setting in settings:
        streams = [*layers(results, setting), FINAL]
        sources = [*streams, *(f"untrained_{s}" for s in streams), "raw_input", "permuted"]
        for source in [*sources, "oracle", "belief", "log_posterior", "argmax", "all_layers"]:
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
    rows = [["world", "predictions of", "log p(c∣x)", "p(c∣x)", "raw input", "permuted", "argmax"]]
    for setting in settings:
        for source in ("oracle", "trained", "untrained"):
            laws = ("log_posterior", "belief", "raw_input", "permuted", "argmax")
            found = [results.best(f"score_{law}.{source}", setting) for law in laws]
            rows.append([setting["world"], source, *(plain(score) for score in found)])
    return rows


def _rise_table(results: Results, settings: Sequence[Setting]) -> list[list[str]]:
    rows = [
        [
            "world",
            "score",
            "10 % to 90 %",
            "exponential approach",
            "halfway at step",
            "behind the prediction",
        ]
    ]
    for setting in settings:
        names = results.metrics[tuple(setting.items())]
        for name in (name for name in names if name.startswith("rise_width.")):
            curve = name.removeprefix("rise_width.")
            halfway = results.interval(f"halfway.{curve}", setting).mean
            rows.append(
                [
                    setting["world"],
                    curve,
                    plain(results.interval(name, setting)),
                    plain(results.interval(f"exponential_width.{curve}", setting)),
                    number(2**halfway, 0),
                    difference(results.interval(f"lag.{curve}", setting)),
                ]
            )
    return rows
