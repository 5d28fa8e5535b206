"""Of what does the gap consist, in words made from the numbers?"""

from collections.abc import Sequence

import numpy as np

from experiments.experiment import CellRecord, Finding
from experiments.gap.cell import LAW, PARTS
from experiments.gap.tables import (
    AXIS_WORDS,
    NULLS,
    PART_WORDS,
    SCORE,
    Setting,
    base,
    enough,
    excess_part,
    falling,
    followed_verdict,
    gaps,
    holds_verdict,
    missed_part,
    one_over_n_verdict,
    reached_verdict,
    rival_gap,
    sweep,
    tables,
    theory_verdict,
    value_words,
)
from experiments.nulls import nearest
from experiments.results import Results
from experiments.trained import trained_words
from experiments.wording import difference, number, plain


def finding(records: Sequence[CellRecord], evidence: bool) -> Finding:
    """Headline, paragraphs, tables and captions; no verdict when the results are no evidence."""
    results = Results(records)
    evidence = evidence and enough(results)
    paragraphs = [
        _base_words(results, evidence),
        _samples_words(results, evidence),
        _fresh_words(results),
        _steps_words(results),
        _dimension_words(results, evidence),
        *(_size_words(results, axis) for axis in ("width", "depth")),
        _long_words(results),
        _negative_words(results),
        _null_words(results),
        _fit_words(results),
    ]
    return Finding(_headline(results, evidence), paragraphs, tables(results), _captions(), evidence)


def _headline(results: Results, evidence: bool) -> str:
    setting = base(results)
    excess = results.interval("excess_share.trained", setting)
    missed = results.interval("missed.trained.held_out", setting)
    told = f" (theory first: {theory_verdict(results, setting)})" if evidence else ""
    return (
        f"At the base setting the law of log p(c∣x) misses {plain(missed)} of what the network "
        f"predicts; theory alone accounts for {plain(missed_part(results, 'theory', setting))}"
        f"{told}. Its excess loss is {plain(excess)} of I(x; y), of which sampling is "
        f"{plain(excess_part(results, 'data', setting))}."
    )


def _base_words(results: Results, evidence: bool) -> str:
    setting = base(results)
    excess, missed = (
        ", ".join(f"{PART_WORDS[part]} {plain(of(results, part, setting))}" for part in PARTS)
        for of in (excess_part, missed_part)
    )
    trained = plain(results.interval(SCORE, setting))
    oracle = plain(results.interval(f"{LAW}.oracle.held_out", setting))
    change = results.interval("missed_change.trained.held_out", setting)
    law = f" (the law: {holds_verdict(results, setting)})" if evidence else ""
    same = f" (within .01: {followed_verdict(results, setting)})" if evidence else ""
    return (
        f"The base setting: {_setting_words(setting)}{trained_words(results, setting)}. Excess "
        f"loss / I(x; y): {excess}. 1 − S(log p): {missed}. S of log p(c∣x) is {trained}{law} for "
        f"the network and {oracle} for the perfect predictor; what the law misses differs by "
        f"{difference(change)}{same}. S of log p less S of p for the network: "
        f"{difference(rival_gap(results, setting))}."
    )


def _setting_words(setting: Setting) -> str:
    return (
        f"{value_words(setting)} samples, {setting['depth']} hidden layers of {setting['width']} "
        f"units, d = {setting['dim']}, {setting['num_steps']:,} steps"
    )


def _samples_words(results: Results, evidence: bool) -> str:
    said = "; ".join(
        f"n = {value_words(s)}: excess {plain(excess_part(results, 'data', s))}, law "
        f"{plain(missed_part(results, 'data', s))}"
        for s in sweep(results, "num_samples")
    )
    chosen, slope = falling(results)
    told = f" (1/n: {one_over_n_verdict(results)})" if evidence else ""
    fit = f"no exponent, {len(chosen)} sizes count"
    if slope.num_values:
        sizes = f"{chosen[0]['num_samples']:,} … {chosen[-1]['num_samples']:,}"
        fit = f"the exponent is {plain(slope)} over n = {sizes}{told}"
    return (
        f"The part of sampling, of which a finite n is a part of its own. {said}. How the excess "
        "above that of fresh samples falls with "
        f"n: {fit}."
    )


def _fresh_words(results: Results) -> str:
    fresh = sweep(results, "num_samples")[-1]
    whole = plain(excess_part(results, "data", fresh))
    contexts, tokens = (plain(excess_part(results, p, fresh)) for p in ("contexts", "tokens"))
    return (
        "Fresh samples still cost something, as the steps are finite: above training on the whole "
        f"population {whole} of I(x; y), of which {contexts} comes of drawing contexts and "
        f"{tokens} of drawing tokens instead of p(y∣x)."
    )


def _steps_words(results: Results) -> str:
    said = []
    for setting in sweep(results, "num_steps"):
        change = results.interval("missed_change.trained.held_out", setting)
        said.append(
            f"{value_words(setting)} steps{trained_words(results, setting)}: excess "
            f"{plain(excess_part(results, 'optimisation', setting))} (optimisation) and "
            f"{plain(excess_part(results, 'data', setting))} (sampling), law "
            f"{plain(missed_part(results, 'optimisation', setting))} and "
            f"{plain(missed_part(results, 'data', setting))}, network less perfect predictor "
            f"{difference(change)}"
        )
    return f"Steps of training. {'; '.join(said)}."


def _dimension_words(results: Results, evidence: bool) -> str:
    said = "; ".join(
        f"d = {setting['dim']}: excess {plain(excess_part(results, 'dimension', setting))}, law "
        f"{plain(missed_part(results, 'dimension', setting))}, long training above it "
        f"{plain(excess_part(results, 'network', setting))}"
        for setting in sweep(results, "dim")
    )
    told = f" Within .01 at every d: {reached_verdict(results)}." if evidence else ""
    return f"What the best predictor of d dimensions that a search finds misses. {said}.{told}"


def _size_words(results: Results, axis: str) -> str:
    said = "; ".join(
        f"{setting[axis]}{trained_words(results, setting)}: excess "
        f"{plain(excess_part(results, 'network', setting))}, law "
        f"{plain(missed_part(results, 'network', setting))}"
        for setting in sweep(results, axis)
    )
    return f"The part of width and depth, over the {AXIS_WORDS[axis]}. {said}."


def _long_words(results: Results) -> str:
    said = []
    settings = sweep(results, "long_steps")
    for width in sorted({s["width"] for s in settings}):
        short, *_, double = (s for s in settings if s["width"] == width)
        change = results.between("excess_share.long", double, short)
        law = results.between("missed_part.network.held_out", double, short)
        said.append(
            f"from {short['long_steps']:,} to {double['long_steps']:,} steps at width {width} "
            f"the excess changes by {_small(change.mean)} [{_small(change.low)}, "
            f"{_small(change.high)}] and what the law misses by {difference(law)}"
        )
    return (
        "Long training bounds what an architecture can do from above only: what more steps would "
        f"gain is counted as width and depth. Doubling it: {'; '.join(said)}."
    )


def _negative_words(results: Results) -> str:
    """The parts that make a whole smaller, where their interval says so."""
    said = []
    for whole, of in (("excess loss", excess_part), ("1 − S(log p)", missed_part)):
        for setting in results.settings():
            found = {part: of(results, part, setting) for part in PARTS}
            said += [
                f"{whole}, {PART_WORDS[part]} at {AXIS_WORDS[setting['axis']]} = "
                f"{value_words(setting)} {plain(value)}"
                for part, value in found.items()
                if value.high < 0 and round(value.high, 3) < 0
            ]
    return (
        "Parts may be negative: what stops or blurs training can make it more like the law. "
        f"Below 0 at the upper limit: {'; '.join(said) or 'none'}."
    )


def _null_words(results: Results) -> str:
    setting = base(results)
    untrained, raw, permuted = (
        number(results.interval(f"excess_share.{null}", setting).mean, 3)
        for null in ("untrained", "raw_input", "permuted")
    )
    law = ", ".join(
        f"{words} {number(1 - results.interval(null, setting).mean, 3)}"
        for null, words in NULLS.items()
    )
    null, gap = nearest(gaps(results, setting))
    argmax = results.interval("score_argmax.oracle.population", setting)
    return (
        f"Nulls at the base setting. Excess loss / I(x; y): untrained {untrained}, best linear "
        f"reader of the raw input {raw}, predictions exchanged between contexts {permuted}. 1 − S: "
        f"{law}; S of log p lies {difference(gap)} above the nearest, {NULLS[null]}. The one-hot "
        f"of the likeliest configuration alone has S {plain(argmax)}."
    )


def _fit_words(results: Results) -> str:
    fits = [
        values
        for metrics in results.metrics.values()
        for name, values in metrics.items()
        if name.startswith("converged_")
    ]
    found = np.concatenate([*fits, np.empty(0)])
    found = found[~np.isnan(found)]
    return f"Of the {len(found)} fits of a law {int(found.sum())} converged."


def _small(value: float) -> str:
    return f"{value:+.1e}"


def _captions() -> dict[str, str]:
    row = "; ".join(
        [
            "theory: the perfect predictor",
            "dimension: the best predictor of d dimensions",
            "width and depth: training on the whole population for very long",
            "optimisation: the same for the steps given",
            "sampling: the same steps on samples",
        ]
    )
    return {
        "gap_excess": (
            "The excess loss of a trained network as a share of I(x; y), split into what each "
            f"step from the perfect predictor to it costs ({row}), over samples, steps, "
            "dimension, width and depth. Parts below 0 hang below; circles are the whole; grey: "
            "nulls."
        ),
        "gap_law": (
            "What the law of log p(c∣x) misses of a trained network's own predictions, 1 − S held "
            "out, split in the same way; the line is the perfect predictor; grey dashes: nulls."
        ),
        "gap_trends": (
            "How the excess loss above that of fresh samples falls with the size of the sample, "
            "beside a line of slope −1 (top); and what the law of log p(c∣x) misses of a network "
            "less what it misses of the perfect predictor, against its excess loss, in every "
            "setting (bottom)."
        ),
    }
