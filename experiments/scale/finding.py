"""What changes with scale, in words made from the numbers?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import estimators as es
from estimators.assessment.verdict import RIVAL_MARGIN
from experiments.experiment import CellRecord, Finding
from experiments.nulls import nearest
from experiments.results import Results
from experiments.scale.claims import judge_steady
from experiments.scale.price import extrapolated, rates
from experiments.scale.settings import PROFILES, cells
from experiments.scale.tables import (
    Setting,
    between_words,
    change_words,
    counts,
    dims,
    enough_worlds,
    follows,
    full,
    joint,
    null_gaps,
    null_name,
    of_dim,
    place,
    rivals,
    share_converged,
    slope,
    tables,
)
from experiments.scale.worlds import FIXED, GROWING
from experiments.trained import is_trivial_setting, trained_verdict, trained_words
from experiments.verdicts import law_verdict, rival_verdict
from experiments.wording import difference, number, plain, share

LOG = "score_log_posterior"
FAMILIES = {FIXED: "a fixed number of tokens", GROWING: "a token that names c"}
SECONDS_PER_HOUR = 3600


def finding(records: Sequence[CellRecord], evidence: bool) -> Finding:
    """Headline, paragraphs, tables and captions; no verdict when the results are no evidence."""
    results = Results(records)
    evidence = evidence and all(enough_worlds(results, s) for s in full(results, FIXED))
    paragraphs = [
        _trained_words(results),
        _whole_words(results),
        *(_law_words(results, family, evidence) for family in FAMILIES),
        _joint_words(results),
        _readout_words(results),
        _dimension_words(results),
        _cost_words(results),
        _price_words(results, next(r.config for r in records if r.config["training"])),
    ]
    headline = _headline(results, judge_steady(records).verdict if evidence else "")
    return Finding(headline, paragraphs, tables(results), captions(), evidence)


def _headline(results: Results, steady: str) -> str:
    """Of the oracle S under all of p(x): held out it seems to rise, as few beliefs lower it."""
    settings = full(results, FIXED)
    first, last = settings[0], settings[-1]
    ends = f"{first['num_concepts']} to {last['num_concepts']}"
    whole = f"{LOG}.whole"
    told = f" (stays within ±{RIVAL_MARGIN}: {steady})" if steady else ""
    found = slope(results, "steps_to_tenth.trained", settings, "num_concepts")
    return (
        f"From {ends} concepts with {first['num_tokens']} tokens, S of log p(c∣x) for a perfect "
        f"predictor under all of p(x) changes by {change_words(results, whole, settings)}"
        f"{told}, from "
        f"{between_words(results, whole, first)} to {between_words(results, whole, last)}; a "
        "trained network's less the perfect predictor's, held out, goes from "
        f"{difference(follows(results, first))} to {difference(follows(results, last))}"
        f"{trained_words(results, last)}; the steps to nine tenths of I(x; y) grow as m to the "
        f"power {plain(found)}."
    )


def _trained_words(results: Results) -> str:
    settings = [*full(results, FIXED), *full(results, GROWING)]
    said = [
        f"{place(s)}: {share(results.interval('excess_share.trained', s))}"
        f"{trained_words(results, s)}"
        for s in settings
    ]
    return (
        "Excess loss of the trained networks as a share of I(x; y), d = |tokens| − 1: "
        f"{'; '.join(said)}. They saw contexts of a pool with their exact p(y∣x), so that no "
        "sampling error of tokens is in it. Of all fits of laws and readouts "
        f"{share_converged(results):.1%} converged."
    )


def _law_words(results: Results, family: str, evidence: bool) -> str:
    said = [_law_at(results, setting, evidence) for setting in full(results, family)]
    return f"Laws, {FAMILIES[family]}, contexts of one belief held out together. {' '.join(said)}"


def _law_at(results: Results, setting: Setting, evidence: bool) -> str:
    scores = {
        source: results.interval(f"{LOG}.{source}.held_out", setting)
        for source in ("oracle", "trained")
    }
    marginal = results.interval("score_marginals.trained.held_out", setting)
    told = f" ({_judged(results, setting)})" if evidence else ""
    null, gap = nearest(null_gaps(results, setting))
    argmax = results.interval("score_argmax.oracle.population", setting)
    return (
        f"m = {setting['num_concepts']} ({2 ** setting['num_concepts']} configurations, "
        f"{setting['num_tokens']} tokens): S of log p(c∣x) {plain(scores['oracle'])} oracle, "
        f"{plain(scores['trained'])} trained{told}, trained less oracle "
        f"{difference(follows(results, setting))} (on the population "
        f"{difference(follows(results, setting, 'population'))}), so that the law misses "
        f"{number(results.interval('missed_ratio.trained.held_out', setting).mean, 2)} times what "
        f"it misses in the oracle; of the p(c_k∣x) {plain(marginal)} trained; log p less p "
        f"{difference(rivals(results, setting, 'oracle', 'marginals'))} oracle, "
        f"{difference(rivals(results, setting, 'trained', 'marginals'))} trained; log p above its "
        f"nearest null ({null_name(null)}) {difference(gap)}; the likeliest configuration alone "
        f"{number(argmax.mean, 3)}."
    )


def _judged(results: Results, setting: Setting) -> str:
    """The verdict on log p(c|x) in the trained networks, and which law explains more."""
    if not counts(results, setting):
        return "not judged: not trained"
    saturated = results.saturated(f"{LOG}.trained", setting)
    if saturated or is_trivial_setting(results, setting):
        return "not judged"
    law = law_verdict(results.interval(f"{LOG}.trained.held_out", setting))
    verdict = trained_verdict(results, setting, law, null_gaps(results, setting).values())
    rival = {"first": "log p explains more", "second": "p explains more"}
    gap = rivals(results, setting, "trained", "marginals")
    return f"{verdict}; {rival.get(rival_verdict(gap), 'neither explains more')}"


def _whole_words(results: Results) -> str:
    """S under p(x), where folds of few beliefs do not lower it."""
    said = []
    for family, named in FAMILIES.items():
        settings = full(results, family)
        for law, name in (("log_posterior", "log p(c∣x)"), ("marginals", "the p(c_k∣x)")):
            metric = f"score_{law}.whole"
            values = ", ".join(
                f"{between_words(results, metric, s)} (m = {s['num_concepts']})" for s in settings
            )
            change = change_words(results, metric, settings)
            said.append(f"{name}, {named}: {values}; from the fewest to the most concepts {change}")
    return (
        "S of a perfect predictor under all of p(x), every belief enumerated with its probability "
        "where there are few, elsewhere between the held-out score and that on the contexts "
        f"drawn. {'. '.join(said)}. With few beliefs the held-out score lies below it."
    )


def _joint_words(results: Results) -> str:
    said = []
    for setting in [s for family in FAMILIES for s in joint(results, family)]:
        scores = (results.best(f"score_belief.{s}", setting) for s in ("oracle", "trained"))
        oracle, trained = (plain(found) for found in scores)
        mark = " (saturated: population)" * results.saturated("score_belief.trained", setting)
        said.append(
            f"{place(setting)}{mark}: S {oracle} oracle, {trained} trained; log p less p "
            f"{difference(rivals(results, setting, 'trained', 'belief'))} trained, held out"
        )
    return (
        "The joint p(c∣x), with as many regressors as configurations less one, is scored where "
        f"these are few. {'; '.join(said)}."
    )


def _readout_words(results: Results) -> str:
    sources = ("oracle", "trained", "untrained", "raw_input", "permuted")
    said = []
    for setting in [*full(results, FIXED), *full(results, GROWING)]:
        marked = " (saturated: population)" if results.saturated("readout.trained", setting) else ""
        found = ", ".join(
            f"{source.replace('_', ' ')} {plain(results.best(f'readout.{source}', setting))}"
            for source in sources
        )
        said.append(f"{place(setting)}{marked}: {found}")
    return f"Mean readout of the p(c_k∣x) off the representation. {'; '.join(said)}."


def _dimension_words(results: Results) -> str:
    found = dims(results)
    said = []
    for dim in (d for d in found if d != of_dim(results, d)[0]["num_tokens"] - 1):
        for setting in of_dim(results, dim):
            usual = {**setting, "dim": setting["num_tokens"] - 1}
            explained = results.interval("explained.oracle", setting)
            beyond = results.interval("beyond_oracle.trained", setting)
            law = results.between(f"{LOG}.oracle.held_out", setting, usual)
            trained = results.between(f"{LOG}.trained.held_out", setting, usual)
            said.append(
                f"d = {dim}, m = {setting['num_concepts']}: the best predictor explains "
                f"{plain(explained)} of I(x; y), a trained one misses {share(beyond)} of I more; S "
                f"of log p(c∣x) less that at d = {usual['dim']}: {difference(law)} oracle, "
                f"{difference(trained)} trained; readout "
                f"{plain(results.best('readout.oracle', setting))} oracle, "
                f"{plain(results.best('readout.trained', setting))} trained"
            )
    return (
        f"Below and above |tokens| − 1. {'; '.join(said)}. S is measured against the predictor's "
        "own predictions, so that what few dimensions cannot say is not held against the law."
    )


def _cost_words(results: Results) -> str:
    fixed, growing = full(results, FIXED), full(results, GROWING)
    said = []
    for name, metric in {
        "steps to an excess of .1 I(x; y)": "steps_to_tenth.trained",
        "steps to .01 I(x; y)": "steps_to_counted.trained",
    }.items():
        steps = ", ".join(
            f"{_steps(results.interval(metric, s))} (m = {s['num_concepts']})" for s in fixed
        )
        said.append(
            f"{name}: {steps}; exponent {plain(slope(results, metric, fixed, 'num_concepts'))} of "
            f"m, {plain(slope(results, metric, fixed, 'num_configurations'))} of ℓ; for a token "
            f"that names c {plain(slope(results, metric, growing, 'num_concepts'))} of m, "
            f"{plain(slope(results, metric, growing, 'num_tokens'))} of |tokens| = ℓ"
        )
    return (
        f"Cost of training. {'. '.join(said)}. The first lie where the learning rate has hardly "
        "fallen; the second depend on its schedule, which is longer for more concepts. The "
        "excess is measured after steps that grow by a fifth, and interpolated between them. Each "
        "exponent is fitted seed by seed; where a seed does not get there, there is none."
    )


def _steps(found: es.Interval) -> str:
    limits = "" if np.isnan(found.low) else f" [{found.low:.0f}, {found.high:.0f}]"
    return f"{number(found.mean, 0)}{limits}"


def _price_words(results: Results, measured: Mapping[str, Any]) -> str:
    settings = full(results, FIXED)
    last = settings[-1]
    seconds = ", ".join(
        f"{part} {number(results.interval(f'seconds.{part}', last).median, 2)}"
        for part in ("exact", "oracle", "training", "reading")
    )
    found = extrapolated(rates(results, settings), cells(PROFILES["full"]), measured)
    parts = ", ".join(f"{part} {each / SECONDS_PER_HOUR:.1f}" for part, each in found.items())
    largest = max(cell.num_concepts for cell in cells(PROFILES["full"]))
    return (
        f"Price in CPU seconds of a seed at m = {last['num_concepts']} (median over seeds, so that "
        f"what is compiled once does not count): {seconds}. Extrapolated, not measured: if every "
        "part went on as it grows here and training grew with the weights between hidden layers, "
        f"the profile `full` (up to m = {largest}, more seeds, longer and wider training) would "
        f"take {sum(found.values()) / SECONDS_PER_HOUR:.0f} core-hours: {parts}. The seconds "
        "differ from run to run; every other number does not."
    )


def captions() -> dict[str, str]:
    """Figure name -> caption, which is also the alternative text."""
    return {
        "scale_laws": (
            "What the laws of log p(c∣x) and of the marginal beliefs p(c_k∣x) miss (left), and "
            "what the mean readout of p(c_k∣x) misses (right), over the number of concepts m: for "
            "16 tokens with d = 15 (top), for other dimensions d (middle), and for a token that "
            "names c (bottom). Lines: the best predictor of that dimension, held out; dotted: the "
            "same under all of p(x); markers: trained networks; grey dashes: nulls."
        ),
        "scale_cost": (
            "Steps of training until the excess loss is .1 and .01 of I(x; y) (top), and CPU "
            "seconds of each part of a seed (bottom), over the number of concepts m."
        ),
    }
