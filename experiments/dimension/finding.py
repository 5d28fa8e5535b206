"""How many dimensions are needed, in words made from the numbers?"""

from collections.abc import Sequence

import numpy as np

import estimators as es
from experiments.dimension.cell import FAMILIES
from experiments.dimension.claims import enough_verdict, law_verdict_of, unmeasured
from experiments.dimension.settings import (
    BELIEF,
    EXPLAINED,
    LOG,
    Setting,
    dims_of,
    largest_world,
    num_configurations,
    num_seeds,
    rank_words,
    setting_at,
    worlds_of,
)
from experiments.exact_laws import gap_to
from experiments.experiment import CellRecord, Finding
from experiments.results import Results
from experiments.verdicts import LEAST_TRAINED, enough_seeds, rival_verdict
from experiments.wording import difference, number, plain

NO_VERDICT = {
    "saturated": "saturated: no verdict",
    "trivial corner": "a trivial corner: no verdict",
}


def finding(records: Sequence[CellRecord], evidence: bool) -> Finding:
    """Headline, paragraphs, tables and captions; no verdict when the results are no evidence."""
    results = Results(records)
    evidence = evidence and enough_seeds(LEAST_TRAINED, num_seeds(results))
    most = {family: largest_world(results, family) for family in FAMILIES}
    paragraphs = [
        _perfect_words(results),
        _enough_words(results, most, evidence),
        _below_words(results, most),
        _law_words(results, most, evidence),
        _readout_words(results, most["random"]),
        _search_words(results),
    ]
    return Finding(_headline(results, most), paragraphs, _tables(results), _captions(), evidence)


def _headline(results: Results, most: dict[str, Setting]) -> str:
    setting = most["random"]
    size, tokens = num_configurations(setting), setting["num_tokens"]
    explained = {family: plain(_explained(results, most[family], size)) for family in FAMILIES}
    law = {family: plain(_best(results, LOG, most[family], size)) for family in FAMILIES}
    return (
        f"A perfect predictor of {tokens} random tokens about {size} configurations needs "
        f"{rank_words(results, setting)} dimensions; {size} of them explain "
        f"{explained['random']} of I(x; y), of weak tokens {explained['weak']} and of anchored "
        f"tokens {explained['anchored']}. Whether they hold log p(c∣x) is another question: its S "
        f"is {law['random']}, {law['weak']} and {law['anchored']}."
    )


def _perfect_words(results: Results) -> str:
    said, full = [], True
    for setting in worlds_of(results, "random"):
        size, tokens = num_configurations(setting), setting["num_tokens"]
        perfect = setting_at(results, setting, tokens - 1)
        excess = "that was not measured"
        if perfect is not None:
            excess = f"{_share((1 - results.values(EXPLAINED, perfect)).max())} of I(x; y)"
        full &= bool((results.values("rank.exact", setting) == tokens - 1).all())
        said.append(
            f"ℓ = {size} and {tokens} tokens: rank {rank_words(results, setting)}, largest excess "
            f"{excess} at d = {tokens - 1}"
        )
    opening = (
        "With a random token table the centred log p(y∣x) has the rank |tokens| − 1, whatever ℓ is."
        if full
        else "With a random token table the rank of centred log p(y∣x) varies."
    )
    return (
        f"{opening} {'; '.join(said)}. With ℓ + 1 "
        "tokens, the number that the diversity condition asks for, |tokens| − 1 is ℓ, so that "
        "such a world cannot tell the two apart."
    )


def _enough_words(results: Results, most: dict[str, Setting], evidence: bool) -> str:
    said = []
    for family in FAMILIES:
        setting = most[family]
        values = []
        for dim in (num_configurations(setting) - 1, num_configurations(setting)):
            left = 1 - _explained(results, setting, dim).mean
            values.append(f"{_share(left)} at d = {dim}")
        told = f" (99 % of I: {enough_verdict(results, setting)})" if evidence else ""
        said.append(
            f"{family} tokens (rank {rank_words(results, setting)}): {' and '.join(values)}{told}"
        )
    return (
        "Fewer dimensions come close all the same. Mean excess as a share of I(x; y), with "
        f"{most['random']['num_tokens']} tokens: {'; '.join(said)}. Anchored tokens have ℓ "
        "different rows up to a factor, which leaves ℓ − 1 log-ratios and one dimension for the "
        "factors: the rank is ℓ. The predictions of weak tokens are nearly affine in p(c∣x), "
        "again ℓ − 1 directions and one for log p(y)."
    )


def _below_words(results: Results, most: dict[str, Setting]) -> str:
    said = []
    for family in FAMILIES:
        world, size = most[family], num_configurations(most[family])
        law = _change(results, f"{LOG}.population", world, size - 2)
        explained = _change(results, EXPLAINED, world, size - 2)
        more = _change(results, EXPLAINED, world, size - 1)
        said.append(
            f"{family}: I(x; y) explained {difference(explained)} from ℓ − 2 to ℓ − 1 and "
            f"{difference(more)} from there to ℓ, S of log p(c∣x) on the population "
            f"{difference(law)} from ℓ − 2 to ℓ − 1"
        )
    return f"What ℓ − 1 dimensions bring (paired by world). {'; '.join(said)}."


def _law_words(results: Results, most: dict[str, Setting], evidence: bool) -> str:
    said = []
    for family in FAMILIES:
        world, size = most[family], num_configurations(most[family])
        metrics = (LOG, BELIEF, "score_raw_input.oracle", "score_permuted.oracle")
        law, belief, raw, permuted = (plain(_best(results, m, world, size)) for m in metrics)
        told = f" ({_judged(results, world)})" if evidence else ""
        said.append(
            f"{family}: log p(c∣x) {law}{told}, p(c∣x) {belief}, difference "
            f"{difference(_to_belief(results, world))}, raw input {raw}, rows permuted {permuted}; "
            f"for p(y∣x) itself log p(c∣x) "
            f"{plain(_best(results, LOG, world, world['num_tokens'] - 1))}"
        )
    return (
        "S of the laws for what the best predictor of ℓ dimensions predicts, contexts held out. "
        f"{'; '.join(said)}."
    )


def _readout_words(results: Results, setting: Setting) -> str:
    said = []
    for dim in dims_of(results, setting):
        at = {**setting, "dim": dim}
        if dim >= setting["num_tokens"]:
            continue
        ceiling = results.interval("readout.ceiling", at)
        mark = " on the population (saturated)" if results.saturated("readout.oracle", at) else ""
        said.append(
            f"d = {dim}: {plain(results.best('readout.oracle', at))}{mark}, ceiling "
            f"{number(ceiling.mean, 3)}, R² of f {number(results.best('r2.oracle', at).mean, 3)}"
        )
    nulls = [
        plain(_best(results, f"readout.{null}", setting, num_configurations(setting)))
        for null in ("raw_input", "permuted")
    ]
    return (
        f"Reading p(c∣x) off the representation for random tokens, and R² of the whitened f on "
        f"log p(c∣x): {'; '.join(said)}. The nulls read {nulls[0]} (raw input) and {nulls[1]} "
        "(rows permuted). The ceiling is what no representation of that dimension exceeds. R² "
        "weighs every direction of f alike, those that carry next to no information too, and so "
        "falls as d grows."
    )


def _search_words(results: Results) -> str:
    searched = [s for s in results.settings() if s["dim"] < s["num_tokens"] - 1]
    converged = np.concatenate([results.values("converged.oracle", s) for s in searched])
    return (
        f"Of the {len(converged)} searches for the best predictor {converged.mean():.1%} ended "
        "where no small change of g promises more than 1e-13 nats; each has four starts and keeps "
        "the smallest divergence, which is a local minimum, not proven to be the global one."
    )


def _share(left: float) -> str:
    """A share that is missed; what rounding hides is said to be below it."""
    if np.isnan(left):
        return "no answer"
    return "below 1e-12" if left < 1e-12 else f"{left:.1e}"


def _judged(results: Results, world: Setting) -> str:
    """The verdict on log p(c|x) at d = ℓ, and which law explains more."""
    missing = unmeasured(results, world)
    verdict = law_verdict_of(results, world)
    if missing:
        return f"the law: {verdict}, {missing}"
    if verdict in NO_VERDICT:
        return NO_VERDICT[verdict]
    rival = {"first": "log p explains more", "second": "p explains more"}
    told = rival.get(rival_verdict(_to_belief(results, world)), "the rival explains as much")
    return f"the law: {verdict}; {told}"


def _explained(results: Results, world: Setting, dim: int) -> es.Interval:
    """The share of I(x; y) explained at a dimension, empty where it was not measured."""
    setting = setting_at(results, world, dim)
    return es.interval([]) if setting is None else results.interval(EXPLAINED, setting)


def _best(results: Results, metric: str, world: Setting, dim: int) -> es.Interval:
    """A score at a dimension, held out unless saturated; empty where it was not measured."""
    setting = setting_at(results, world, dim)
    return es.interval([]) if setting is None else results.best(metric, setting)


def _change(results: Results, metric: str, world: Setting, dim: int) -> es.Interval:
    """What one more dimension brings, paired by world; empty where one was not measured."""
    first, last = (setting_at(results, world, d) for d in (dim, dim + 1))
    if first is None or last is None:
        return es.interval([])
    return results.between(metric, last, first)


def _to_belief(results: Results, world: Setting) -> es.Interval:
    """S of log p(c|x) less S of p(c|x) at d = ℓ, paired by world."""
    setting = setting_at(results, world, num_configurations(world))
    return (
        es.interval([]) if setting is None else gap_to(results, "log_posterior", "belief", setting)
    )


def _tables(results: Results) -> dict[str, list[list[str]]]:
    found = {}
    for family in FAMILIES:
        header = ["ℓ", "tokens", "d", "rank", "1 − explained", "S log p", "S p", "S raw input"]
        rows = [[*header, "readout", "readout, rows permuted", "R² of f on log p"]]
        for setting in results.settings(family=family):
            left = 1 - results.interval(EXPLAINED, setting).mean
            scores = (LOG, BELIEF, "score_raw_input.oracle", "readout.oracle", "readout.permuted")
            rows.append(
                [
                    str(num_configurations(setting)),
                    str(setting["num_tokens"]),
                    str(setting["dim"]),
                    rank_words(results, setting),
                    f"{left:.2g}",
                    *(_marked(results, name, setting) for name in (*scores, "r2.oracle")),
                ]
            )
        found[f"Best predictors of every dimension, {family} tokens"] = rows
    return found


def _marked(results: Results, metric: str, setting: Setting) -> str:
    mark = " saturated" if results.saturated(metric, setting) else ""
    found = results.best(metric, setting)
    return f"{plain(found)}{mark}" if found.num_values else "–"


def _captions() -> dict[str, str]:
    return {
        "dimension_excess": (
            "What the best predictor of d dimensions misses of I(x; y): for random tables with "
            "several numbers of tokens (left), and for three kinds of table with twice as many "
            "tokens as configurations. A perfect fit is drawn on the lower edge."
        ),
        "dimension_law": (
            "What the two laws miss of the best predictor's own predictions (top), what a linear "
            "reader misses of p(c∣x) (middle), and R² of the whitened representation on log p(c∣x) "
            "(bottom), over the dimension d, for three kinds of token table."
        ),
    }
