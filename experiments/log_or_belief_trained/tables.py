"""Which cells count, and how are networks put beside the perfect predictor?"""

import re
from typing import Any, NamedTuple

import numpy as np

import estimators as es
from estimators.assessment.verdict import RIVAL_MARGIN
from experiments import nulls
from experiments.log_or_belief.tables import WINNERS, counts, family, place, place_columns
from experiments.log_or_belief.worlds import CHANNEL, RANDOM
from experiments.log_or_belief_trained.criteria import HALF
from experiments.log_or_belief_trained.training import ARCHITECTURES, MLP, TRANSFORMER
from experiments.results import Results
from experiments.trained import counts_as_trained
from experiments.verdicts import LEAST_TRAINED, rival_verdict, stability_verdict
from experiments.wording import difference, number, plain

Setting = dict[str, Any]
NAMES = {MLP: "the MLP", TRANSFORMER: "the transformer"}
LAWS = {"log_posterior": "log p(c∣x)", "belief": "p(c∣x)", "rho": "log(p(c∣x) + ρ̂)"}
NULLS = ("raw_input", "permuted")


class Stop(NamedTuple):
    """Networks stopped after one step.

    excess_share, largest_share: the median excess over I(x; y), and that of the worst seed;
    counted: whether all seeds count as trained; difference: S of log p less S of p; to_oracle:
    that difference less the oracle's, paired by seed.
    """

    step: int
    excess_share: float
    largest_share: float
    counted: bool
    difference: es.Interval
    to_oracle: es.Interval


def enough(results: Results, setting: Setting) -> bool:
    """Whether there are at least ten seeds."""
    return len(results.values("token_information.exact", setting)) >= LEAST_TRAINED


def judged(results: Results, name: str) -> list[Setting]:
    """The settings that are no trivial corner and in which an architecture counts as trained."""
    return [
        setting
        for setting in results.settings()
        if counts(results, setting) and counts_as_trained(results, setting, name)
    ]


def rivals(results: Results, setting: Setting, source: str) -> es.Interval:
    """S of log p(c|x) less S of p(c|x) for one source, paired by seed, held out."""
    return results.interval(f"score_difference.{source}.held_out", setting)


def shift(results: Results, setting: Setting, name: str, what: str) -> es.Interval:
    """A network's score less the oracle's, paired by seed, held out."""
    return results.interval(f"shift_{what}.{name}.held_out", setting)


def largest_null(results: Results, setting: Setting, name: str, law: str) -> str:
    """The null that is hardest to exceed: raw input, permuted rows or untrained."""
    metrics = [f"score_{null}.{name}.held_out" for null in NULLS]
    metrics.append(f"score_{law}.untrained_{name}.held_out")
    return nulls.nearest(nulls.gaps(results, f"score_{law}.{name}.held_out", metrics, setting))[0]


def stopped_settings(results: Results) -> list[Setting]:
    """The settings in which networks were stopped early."""
    return [s for s in results.settings() if _steps(results, s, MLP)]


def path(results: Results, setting: Setting, name: str) -> list[Stop]:
    """An architecture's networks stopped early, in the order of their steps."""
    return [
        Stop(
            step,
            results.interval(f"excess_share.{name}_step_{step}", setting).median,
            float(np.max(results.values(f"excess_share.{name}_step_{step}", setting))),
            counts_as_trained(results, setting, f"{name}_step_{step}"),
            rivals(results, setting, f"{name}_step_{step}"),
            results.paired(
                f"score_difference.{name}_step_{step}.held_out",
                "score_difference.oracle.held_out",
                setting,
            ),
        )
        for step in _steps(results, setting, name)
    ]


def settled(stops: list[Stop]) -> Stop | None:
    """The first stop from which on all lie within ±.01 of the oracle, if there is one."""
    found = None
    for stop in reversed(stops):
        if stability_verdict([stop.to_oracle], RIVAL_MARGIN) != "holds":
            break
        found = stop
    return found


def on_the_way(stops: list[Stop]) -> list[Stop]:
    """The stops at which most seeds have learnt half of I(x; y), but not all count as trained."""
    return [stop for stop in stops if stop.excess_share <= HALF and not stop.counted]


def first_counted(stops: list[Stop]) -> Stop | None:
    """The first stop at which all seeds count as trained, if there is one."""
    return next((stop for stop in stops if stop.counted), None)


def _steps(results: Results, setting: Setting, name: str) -> list[int]:
    pattern = re.compile(rf"excess_share\.{name}_step_(\d+)")
    found = (pattern.fullmatch(metric) for metric in results.metrics[tuple(setting.items())])
    return sorted(int(match[1]) for match in found if match)


def tables(results: Results) -> dict[str, list[list[str]]]:
    """The tables of the report, title -> rows."""
    settings = [s for name in (CHANNEL, RANDOM) for s in family(results, name)]
    return {
        "S of each law, perfect and trained, held out by distinct bag": _law_table(
            results, settings
        ),
        "Excess loss, nulls and ρ̂ of the networks": _network_table(results, settings),
        "Networks stopped early: S of log p less S of p": _path_table(results),
    }


def _law_table(results: Results, settings: list[Setting]) -> list[list[str]]:
    header = ["token", "sharpness", "words", "source", *LAWS.values(), "log p − p", "explains more"]
    rows = [[*header, "to the oracle: log p", "p"]]
    for setting in settings:
        for source in ("oracle", *ARCHITECTURES):
            trained = source != "oracle"
            word = WINNERS[rival_verdict(rivals(results, setting, source))]
            told = counts(results, setting)
            told = told and (not trained or counts_as_trained(results, setting, source))
            rows.append(
                [
                    *place_columns(setting),
                    source,
                    *(plain(results.best(f"score_{law}.{source}", setting)) for law in LAWS),
                    difference(rivals(results, setting, source)),
                    word if told else "not judged",
                    *(
                        difference(shift(results, setting, source, law)) if trained else "–"
                        for law in ("log_posterior", "belief")
                    ),
                ]
            )
    return rows


def _network_table(results: Results, settings: list[Setting]) -> list[list[str]]:
    header = ["token", "sharpness", "words", "network", "median excess / I(x; y)", "largest"]
    header += ["counted seeds", "raw input", "rows permuted", "untrained: log p", "untrained: p"]
    rows = [[*header, "argmax", "I(c; x)", "median log10 ρ̂", "of the oracle"]]
    for setting in settings:
        for name in ARCHITECTURES:
            shares = results.values(f"excess_share.{name}", setting)
            counted = results.values(f"counted.{name}", setting)
            means = [
                results.interval(f"score_{what}.held_out", setting).mean
                for what in (
                    f"raw_input.{name}",
                    f"permuted.{name}",
                    f"log_posterior.untrained_{name}",
                    f"belief.untrained_{name}",
                )
            ]
            rows.append(
                [
                    *place_columns(setting),
                    name,
                    number(results.interval(f"excess_share.{name}", setting).median, 5),
                    number(float(shares.max()) if len(shares) else float("nan"), 5),
                    f"{int(counted.sum())} of {len(counted)}",
                    *(number(mean, 3) for mean in means),
                    number(results.interval("score_argmax.oracle.population", setting).mean, 3),
                    number(results.interval("concept_information.exact", setting).mean, 3),
                    number(results.interval(f"log10_rho.{name}", setting).median, 2),
                    number(results.interval("log10_rho.oracle", setting).median, 2),
                ]
            )
    return rows


def _path_table(results: Results) -> list[list[str]]:
    header = ["setting", "network", "steps", "median excess / I(x; y)", "largest", "counts"]
    rows = [[*header, "log p − p", "the oracle's"]]
    for setting in stopped_settings(results):
        for name in ARCHITECTURES:
            rows += [
                [
                    place(setting),
                    name,
                    str(stop.step),
                    number(stop.excess_share, 4),
                    number(stop.largest_share, 4),
                    "yes" if stop.counted else "no",
                    difference(stop.difference),
                    difference(rivals(results, setting, "oracle")),
                ]
                for stop in path(results, setting, name)
            ]
    return rows


def captions() -> dict[str, str]:
    """Figure name -> caption, which is also the alternative text."""
    return {
        "log_or_belief_trained_phases": (
            "Top: S of log p(c∣x) less S of p(c∣x) over the sharpness of the token, for a perfect "
            "predictor (lines) and for MLPs and transformers trained on the same worlds (markers), "
            "by length of the context and family of the token. Word counts score what log p(c∣x) "
            "scores: their dots lie on the line. Bottom: the networks' difference less the perfect "
            "predictor's. Hollow markers do not count as trained."
        ),
        "log_or_belief_trained_paths": (
            "S of log p(c∣x) less S of p(c∣x) of networks stopped early, against the excess loss "
            "they had then, from untrained (left) to the end of training (right), beside the "
            "perfect predictor's value (lines). Bottom: S of each of the two laws. Hollow markers "
            "do not count as trained."
        ),
    }
