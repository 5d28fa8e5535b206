"""What does the comparison of architectures say, in words made from its numbers?"""

from collections.abc import Sequence

import numpy as np

import estimators as es
from estimators.assessment.verdict import RIVAL_MARGIN
from experiments.architectures.captions import captions
from experiments.architectures.cell import ORACLE
from experiments.architectures.claims import law_nulls
from experiments.architectures.networks import EQUAL, LEVELS
from experiments.architectures.reached import bilinear_words, convergence_words, training_words
from experiments.architectures.tables import (
    DIFFERENCE,
    NAMES,
    WORDS,
    Pair,
    Setting,
    apart,
    architectures,
    comparable,
    counted,
    ends,
    enough,
    is_beyond,
    is_judged,
    largest,
    of,
    oracle_gaps,
    pairs,
    place,
    shrinkages,
    tables,
    worlds,
)
from experiments.architectures.unlearnt import error_table, error_words
from experiments.architectures.worlds import BAGS, CHAIN
from experiments.experiment import CellRecord, Finding
from experiments.log_or_belief.worlds import CHANNEL
from experiments.nulls import gaps
from experiments.results import Results
from experiments.trained import trained_verdict
from experiments.verdicts import law_verdict, rival_verdict, stability_verdict
from experiments.wording import difference, number, plain

LAWS = {"log_posterior": "log p(c∣x)", "belief": "p(c∣x)", "rho": "log(p(c∣x) + ρ̂)"}
ERROR_TITLE = "S log p − S p of the perfect predictor with an error, less its own"


def finding(records: Sequence[CellRecord], evidence: bool) -> Finding:
    """Headline, paragraphs, tables and captions; no verdict when the results are no evidence."""
    results = Results(records)
    evidence = evidence and all(enough(results, world) for world in worlds(results))
    paragraphs = [
        *(_level_words(results, source, evidence) for source in LEVELS),
        _shrink_words(results),
        *(_oracle_words(results, source) for source in LEVELS),
        error_words(results),
        _leaning_words(results),
        *(_law_words(results, words, evidence) for words in (BAGS, CHAIN)),
        training_words(results),
        bilinear_words(results),
        *(_readout_words(results, words) for words in (BAGS, CHAIN)),
        convergence_words(results),
    ]
    every = tables(results) | {ERROR_TITLE: error_table(results)}
    return Finding(_headline(results), paragraphs, every, captions(), evidence)


def _headline(results: Results) -> str:
    found, off = pairs(results, "trained"), oracle_gaps(results, "trained")
    changes = [pair.change for pair in found]
    small = bool(found) and abs(changes[largest(changes)].mean) < _moved(results)
    told = _pair_words(found) if found else "no two can be compared"
    world, name, gap = off[largest([g for _, _, g in off])] if off else ({}, "", None)
    far = (
        f"; a trained {NAMES[name]} lies {difference(gap)} off it at {place(world)}" if gap else ""
    )
    weight = (
        "the world decides more than the architecture"
        if small
        else "the architecture is not known to decide less than the world"
    )
    return (
        f"At equal excess loss, .01 of I(x; y), {weight}: along the diagonal of the chained words "
        "the perfect predictor's S of log p less S of p goes from "
        f"{_ends_told(results, 'held_out')} (on the population "
        f"{_ends_told(results, 'population')}){far}. Between MLP, GRU and transformer: {told}."
    )


def _ends_told(results: Results, estimate: str) -> str:
    """The perfect predictor's difference of the laws at both ends of the chain's diagonal."""
    metric = f"{DIFFERENCE}.oracle.{estimate}"
    return " to ".join(plain(results.interval(metric, world)) for world in ends(results, CHAIN))


def _moved(results: Results) -> float:
    """How far the perfect predictor's difference of the laws moves along the chain's diagonal."""
    found = worlds(results, words=CHAIN, family=CHANNEL)
    values = [results.interval(f"{DIFFERENCE}.oracle.held_out", world).mean for world in found]
    return float(np.ptp(values))


def _pair_words(found: list[Pair]) -> str:
    """The largest difference among pairs."""
    worst = found[largest([pair.change for pair in found])]
    return (
        f"{difference(worst.change)} at most, {NAMES[worst.first]} less {NAMES[worst.second]} "
        f"at {place(worst.world)}"
    )


def _level_words(results: Results, source: str, evidence: bool) -> str:
    found = pairs(results, source)
    opening = f"At an excess loss of {LEVELS[source]:g} I(x; y)"
    if not found:
        return f"{opening} no two of MLP, GRU and transformer can be compared."
    changes = [pair.change for pair in found]
    within = sum(stability_verdict([change], RIVAL_MARGIN) == "holds" for change in changes)
    told = f"{within} of {len(found)} pairs lie within ±{RIVAL_MARGIN:g}"
    if evidence:
        whole = pairs(results, source, estimate="population")
        told += (
            f", {_beyond_words(found)}; on the population "
            f"{len([p for p in whole if is_beyond(p.change)])} beyond it. Apart from them, of "
            f"{len(apart(results, source))} pairs with the log-bilinear predictor, "
            f"{_beyond_words(apart(results, source))}"
        )
    return (
        f"{opening} S of log p less S of p differs between MLP, GRU and transformer (paired by "
        f"seed, where every seed has {EQUAL:g} to 1 of that loss) by {_pair_words(found)}; {told}."
    )


def _beyond_words(found: list[Pair]) -> str:
    beyond = [pair for pair in found if is_beyond(pair.change)]
    named = "; ".join(
        f"{NAMES[p.first]} less {NAMES[p.second]} {difference(p.change)} at {place(p.world)}"
        for p in beyond
    )
    return f"{len(beyond)} beyond it{f' ({named})' if beyond and len(beyond) < 9 else ''}"


def _shrink_words(results: Results) -> str:
    found = shrinkages(results)
    if not found:
        return "Whether architectures grow more alike cannot be said: no two reach all levels."
    said = [f"{place(world)}: {difference(change)}" for world, change in found]
    up = sum(change.low > 0 for _, change in found)
    return (
        "The largest less the smallest value among MLP, GRU and transformer that reach all levels, "
        f"at .1 less the same at .001 of I(x; y): above 0 in {up} of {len(found)} worlds. "
        f"{'; '.join(said)}."
    )


def _oracle_words(results: Results, source: str) -> str:
    found = oracle_gaps(results, source)
    said = []
    for name in architectures(results):
        own = [(world, gap) for world, which, gap in found if which == name]
        if own:
            world, worst = own[largest([gap for _, gap in own])]
            mean = float(np.mean([gap.mean for _, gap in own]))
            said.append(
                f"{NAMES[name]} {mean:+.3f} on average over {len(own)} worlds, "
                f"{difference(worst)} at most ({place(world)})"
            )
    return (
        f"Against the perfect predictor, at {LEVELS[source]:g} I(x; y) (above 0: nearer log p than "
        f"it): {'; '.join(said) or 'no architecture can be compared'}.{_ends_words(results, found)}"
    )


def _ends_words(results: Results, found: list[tuple[Setting, str, es.Interval]]) -> str:
    """The same at the ends of the channel's diagonal, from the lowest mean to the highest."""
    said = []
    for words in (BAGS, CHAIN):
        for world in ends(results, words):
            means = [gap.mean for where, _, gap in found if where == world]
            if means:
                said.append(f"{min(means):+.3f} to {max(means):+.3f} at {place(world)}")
    return f" Over architectures: {'; '.join(said)}." if said else ""


def _leaning_words(results: Results) -> str:
    """Before convergence: who is nearest log p, and who nearest the perfect predictor."""
    first = next(iter(LEVELS))
    log, near = dict.fromkeys(NAMES, 0), dict.fromkeys(NAMES, 0)
    decided, total = [], 0
    for world in worlds(results):
        names = comparable(results, world, first)
        if not is_judged(results, world) or len(names) < 2:
            continue
        total += 1
        gaps = {n: results.interval(f"oracle_gap.{first}.held_out", of(world, n)) for n in names}
        top = max(names, key=lambda n: gaps[n].mean)
        log[top] += 1
        near[min(names, key=lambda n: abs(gaps[n].mean))] += 1
        metric = f"{DIFFERENCE}.{first}.held_out"
        over = [results.between(metric, of(world, top), of(world, n)) for n in names if n != top]
        if all(rival_verdict(change) == "first" for change in over):
            decided.append(f"{NAMES[top]} at {place(world)}")

    def told(counted: dict[str, int]) -> str:
        return ", ".join(f"{NAMES[n]} {count}" for n, count in counted.items() if count)

    return (
        f"Before convergence, at {LEVELS[first]:g} I(x; y), nearest log p in {total} worlds: "
        f"{told(log) or 'none'}; beyond ±{RIVAL_MARGIN:g} of every other architecture: "
        f"{', '.join(decided) or 'none'}. Nearest the perfect predictor: {told(near) or 'none'}."
    )


def _law_words(results: Results, words: str, evidence: bool) -> str:
    """Each law's S at both ends of the channel's diagonal, at the level that counts as trained."""
    said = []
    for world in ends(results, words):
        for name in (ORACLE, *counted(results, world)):
            source = "oracle" if name == ORACLE else "trained"
            setting = of(world, name)
            told = ", ".join(
                f"{label} {_score(results, law, source, setting)}"
                f"{_judged(results, law, setting, evidence)}"
                for law, label in LAWS.items()
            )
            raw = results.interval(f"score_raw_input.{source}.held_out", setting)
            permuted = results.interval(f"score_permuted.{source}.held_out", setting)
            said.append(
                f"{NAMES.get(name, 'perfect predictor')} at {place(world)}: {told}; raw input "
                f"{number(raw.mean, 3)}, rows permuted {number(permuted.mean, 3)}"
            )
    return (
        f"S of the laws for {WORDS[words]}, held out by distinct belief, of the networks that "
        f"count as trained. {'. '.join(said)}."
    )


def _score(results: Results, law: str, source: str, setting: Setting) -> str:
    return number(results.interval(f"score_{law}.{source}.held_out", setting).mean, 3)


def _judged(results: Results, law: str, setting: Setting, evidence: bool) -> str:
    """The verdict on a law of a trained network, in brackets; ρ̂ is not fitted untrained."""
    if not evidence or setting["architecture"] == ORACLE:
        return ""
    metric = f"score_{law}.trained.held_out"
    nulls = law_nulls(law)[: 2 if law == "rho" else 3]
    found = trained_verdict(
        results,
        setting,
        law_verdict(results.interval(metric, setting)),
        gaps(results, metric, nulls, setting).values(),
        saturated=results.saturated(f"score_{law}.trained", setting),
    )
    return f" ({found})"


def _readout_words(results: Results, words: str) -> str:
    said = []
    for world in worlds(results, words=words):
        told = [f"perfect predictor {_readout(results, world, 'oracle')}"]
        told += [
            f"{NAMES[n]} {_readout(results, of(world, n), 'trained')} (untrained "
            f"{_readout(results, of(world, n), 'untrained')}, rows permuted "
            f"{_readout(results, of(world, n), 'permuted')})"
            for n in counted(results, world)
        ]
        told.append(f"raw input {_readout(results, world, 'raw_input')}")
        said.append(f"{place(world)}: {', '.join(told)}")
    return f"Reading p(c∣x) off the representation, {WORDS[words]}, held out. {'; '.join(said)}."


def _readout(results: Results, setting: Setting, source: str) -> str:
    found: es.Interval = results.interval(f"readout.{source}.held_out", setting)
    return number(found.mean, 3)
