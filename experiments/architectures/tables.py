"""Which networks are compared where, and how are they put side by side?"""

from collections.abc import Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

import estimators as es
from estimators.assessment.verdict import RIVAL_MARGIN
from experiments.architectures.cell import ORACLE
from experiments.architectures.networks import LEVELS
from experiments.architectures.worlds import BAGS, CHAIN
from experiments.log_or_belief.worlds import CHANNEL, RANDOM
from experiments.results import Results
from experiments.trained import counts_as_trained, is_trivial_setting
from experiments.verdicts import enough_seeds
from experiments.wording import difference, number, plain

Setting = dict[str, Any]

NAMES = {
    "log_bilinear": "log-bilinear",
    "mlp": "MLP",
    "gru": "GRU",
    "transformer": "transformer",
}
MATCHED = ("mlp", "gru", "transformer")  # of like size; log-bilinear has log p by construction
SYMBOLS = {CHANNEL: "η", RANDOM: "α"}
WORDS = {BAGS: "independent words", CHAIN: "chained words"}
DIFFERENCE = "score_difference"


class Pair(NamedTuple):
    """Two architectures in one world at one level: the first less the second, paired by seed."""

    world: Setting
    first: str
    second: str
    change: es.Interval


def worlds(results: Results, **where: Any) -> list[Setting]:
    """The settings of the perfect predictor: from sharp to weak in each kind of words and token."""
    found = results.settings(architecture=ORACLE, **where)
    kinds = list(dict.fromkeys(map(_kind, found)))
    return sorted(found, key=lambda world: (kinds.index(_kind(world)), world["sharpness"]))


def _kind(world: Setting) -> tuple[str, str]:
    return world["words"], world["family"]


def ends(results: Results, words: str) -> list[Setting]:
    """The sharpest and the weakest token of the channel."""
    found = worlds(results, words=words, family=CHANNEL)
    return [found[0], found[-1]]


def of(world: Setting, architecture: str) -> Setting:
    """The same world with another architecture."""
    return {**world, "architecture": architecture}


def architectures(results: Results) -> list[str]:
    """The architectures that were trained, in order of their names in this experiment."""
    found = {setting["architecture"] for setting in results.settings()}
    return [name for name in NAMES if name in found]


def place(world: Setting) -> str:
    """A world in words."""
    sharpness = f"{SYMBOLS[world['family']]} = {world['sharpness']:g}"
    return f"{sharpness}, {world['context_length']} {WORDS[world['words']]}"


def is_judged(results: Results, world: Setting) -> bool:
    """Whether laws may be told apart in a world: no trivial corner, and contexts held out."""
    laws = ("score_log_posterior.oracle", "score_belief.oracle")
    saturated = any(results.saturated(law, world) for law in laws)
    return not saturated and not is_trivial_setting(results, world)


def enough(results: Results, world: Setting) -> bool:
    """Whether there are at least 10 trained seeds of each architecture and 20 worlds."""
    num_worlds = len(results.values("token_information.exact", world))
    trained = [len(results.values("counted.trained", of(world, a))) for a in architectures(results)]
    return enough_seeds(min(trained, default=0), num_worlds)


def meets(results: Results, world: Setting, architecture: str, source: str) -> bool:
    """Whether the excess loss of every seed lies within the bounds that a level calls equal."""
    equal = results.values(f"equal.{source}", of(world, architecture))
    return bool(len(equal) and (equal == 1).all())


def comparable(results: Results, world: Setting, *sources: str) -> list[str]:
    """The architectures that meet all these levels in a world."""
    return [
        name
        for name in architectures(results)
        if all(meets(results, world, name, source) for source in sources)
    ]


def counted(results: Results, world: Setting) -> list[str]:
    """The architectures that count as trained: every seed at most .01 of I(x; y) above."""
    return [n for n in architectures(results) if counts_as_trained(results, of(world, n))]


def pairs(
    results: Results,
    source: str,
    names: Sequence[str] = MATCHED,
    estimate: str = "held_out",
) -> list[Pair]:
    """S of log p less S of p, between every two of these that meet a level, world by world."""
    metric = f"{DIFFERENCE}.{source}.{estimate}"
    return [
        Pair(world, first, second, results.between(metric, of(world, first), of(world, second)))
        for world in worlds(results)
        if is_judged(results, world)
        for first, second in combinations(comparable(results, world, source), 2)
        if first in names and second in names
    ]


def apart(results: Results, source: str) -> list[Pair]:
    """The pairs of the log-bilinear predictor, which cannot be matched in size."""
    every = pairs(results, source, tuple(NAMES))
    return [pair for pair in every if not {pair.first, pair.second} <= set(MATCHED)]


def is_beyond(change: es.Interval) -> bool:
    """Whether a difference lies outside ±.01 with its whole interval."""
    return change.low > RIVAL_MARGIN or change.high < -RIVAL_MARGIN


def spread(results: Results, world: Setting, names: list[str], source: str) -> np.ndarray:
    """Largest less smallest S of log p less S of p over architectures [seed]; empty below two."""
    if len(names) < 2:
        return np.zeros(0)
    metric = f"{DIFFERENCE}.{source}.held_out"
    return np.ptp([results.values(metric, of(world, name)) for name in names], axis=0)


def shrinkages(results: Results) -> list[tuple[Setting, es.Interval]]:
    """By how much the spread over MLP, GRU and transformer shrinks from first level to last."""
    first, *_, last = LEVELS
    found = []
    for world in worlds(results):
        names = [name for name in comparable(results, world, *LEVELS) if name in MATCHED]
        if is_judged(results, world) and len(names) > 1:
            before, after = (spread(results, world, names, source) for source in (first, last))
            shrinks = before - after  # infinite where a law predicts what cannot be
            found.append((world, es.interval(shrinks if np.isfinite(shrinks).all() else [])))
    return found


def oracle_gaps(
    results: Results, source: str, estimate: str = "held_out"
) -> list[tuple[Setting, str, es.Interval]]:
    """World, architecture, and its S of log p less S of p, less the perfect predictor's.

    Of all that count as trained, and at the other levels of those that meet the level.
    """
    metric = f"oracle_gap.{source}.{estimate}"
    return [
        (world, name, results.interval(metric, of(world, name)))
        for world in worlds(results)
        if is_judged(results, world)
        for name in (
            counted(results, world) if source == "trained" else comparable(results, world, source)
        )
    ]


def largest(changes: list[es.Interval]) -> int:
    """The number of the change whose mean is farthest from 0."""
    return int(np.argmax([abs(change.mean) for change in changes]))


def linear_limit(results: Results, world: Setting) -> es.Interval:
    """What the best affine function of the raw input explains, on the seeds that were trained."""
    limit = results.values("score_raw_input.oracle.population", world)
    num_trained = len(results.values("explained.late", of(world, "log_bilinear")))
    return es.interval(limit[:num_trained] if np.isfinite(limit).all() else [])


def tables(results: Results) -> dict[str, list[list[str]]]:
    """The tables of the report, title -> rows."""
    return {
        "S of the laws at .01 I(x; y), held out (* not trained)": _law_table(results),
        "S log p − S p, less the perfect predictor's (* not at that loss)": _gap_table(results),
        "How far training came": _training_table(results),
    }


def _law_table(results: Results) -> list[list[str]]:
    header = ["world", "predictor", "S log p", "S p", "S log(p + ρ̂)", "log10 ρ̂, median"]
    rows = [[*header, "S raw input", "S rows permuted", "readout", "untrained", "rows permuted"]]
    for world in worlds(results):
        for name in (ORACLE, *architectures(results)):
            setting, source = of(world, name), "oracle" if name == ORACLE else "trained"
            mark = "" if name in (ORACLE, *counted(results, world)) else " *"
            scores = [f"score_{law}.{source}" for law in ("log_posterior", "belief", "rho")]
            nulls = [f"score_{law}.{source}" for law in ("raw_input", "permuted")]
            readouts = [f"readout.{s}" for s in (source, "untrained", "permuted")]
            told = [plain(results.best(metric, setting)) for metric in scores]
            told.append(number(results.interval(f"log10_rho.{source}", setting).median, 2))
            told += [number(results.best(m, setting).mean, 3) for m in (*nulls, *readouts)]
            rows.append([place(world), NAMES.get(name, name) + mark, *told])
    return rows


def _gap_table(results: Results) -> list[list[str]]:
    rows = [["world", "the perfect predictor's", "architecture", *LEVELS]]
    for world in worlds(results):
        oracle = plain(results.interval(f"{DIFFERENCE}.oracle.held_out", world))
        for name in architectures(results):
            told = []
            for source in LEVELS:
                gap = results.interval(f"oracle_gap.{source}.held_out", of(world, name))
                mark = "" if meets(results, world, name, source) else " *"
                told.append(difference(gap) + mark)
            rows.append([place(world), oracle, NAMES[name], *told])
    return rows


def _training_table(results: Results) -> list[list[str]]:
    header = ["world", "architecture", "parameters"]
    for source in LEVELS:
        header += [f"{source}: excess / I", "steps", "seeds"]
    rows = [header]
    for world in worlds(results):
        for name in architectures(results):
            setting = of(world, name)
            sizes = results.values("num_parameters.trained", setting)
            row = [place(world), NAMES[name], number(float(np.max(sizes, initial=0)), 0)]
            for source in LEVELS:
                reached = results.values(f"equal.{source}", setting)
                share = results.interval(f"excess_share.{source}", setting).mean
                row += [
                    "–" if np.isnan(share) else f"{share:.2g}",
                    number(results.interval(f"step.{source}", setting).mean, 0),
                    f"{int(np.nansum(reached))} of {len(reached)}",
                ]
            rows.append(row)
    return rows
