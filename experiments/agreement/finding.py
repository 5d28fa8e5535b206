"""Do networks agree, and what foretells it, in words made from the numbers?"""

from collections.abc import Sequence

import numpy as np

from experiments import nulls
from experiments.agreement.cell import PAIRS
from experiments.agreement.comparisons import (
    NAMES,
    THRESHOLD,
    Setting,
    across_less_within,
    agreed,
    agreement_verdict,
    excess,
    fewest,
    lowest,
    main,
    null_gaps,
    num_seeds,
    pair_name,
    share_text,
    stage_name,
)
from experiments.agreement.distance_words import bound_words, hidden_words, order_words
from experiments.agreement.networks import ARCHITECTURES, END, FITTING, STAGES, START
from experiments.agreement.tables import tables
from experiments.experiment import CellRecord, Finding
from experiments.results import Results
from experiments.trained import trained_words
from experiments.verdicts import enough_trained, is_evidence
from experiments.wording import difference, number, plain


def finding(records: Sequence[CellRecord], evidence: bool) -> Finding:
    """Headline, paragraphs, tables and captions; no verdict when the results are no evidence."""
    results = Results(records)
    evidence = evidence and all(enough_trained(num_seeds(results, s)) for s in results.settings())
    setting, few = main(results), fewest(results)
    paragraphs = [
        _trained_words(results),
        _end_words(results, setting, evidence),
        _course_words(results, setting, evidence),
        _null_words(results, setting, evidence),
        _direction_words(results, setting),
        _logit_words(results, setting, evidence),
        _across_words(results, setting),
        *([_few_words(results, few, evidence)] if few != setting else []),
        order_words(results, setting, evidence),
        bound_words(results, setting),
        hidden_words(results, setting),
        _unable_words(results, setting),
    ]
    headline = _headline(results, setting, evidence)
    return Finding(headline, paragraphs, tables(results), captions(), evidence)


def _headline(results: Results, setting: Setting, evidence: bool) -> str:
    pair, weighted = lowest(results, setting), lowest(results, setting, quantity="r2_logits")
    whitened, weighed = (
        _verdict(results, setting, name, END, quantity, evidence, tuple(PAIRS))
        for name, quantity in ((pair, "r2"), (weighted, "r2_logits"))
    )
    nearest = min(PAIRS, key=lambda name: np.nan_to_num(excess(results, setting, name), nan=np.inf))
    return (
        f"Two trained networks' representations, {setting['num_tokens']} tokens: an affine map "
        f"explains at least {plain(agreed(results, setting, pair))} of the whitened f "
        f"({pair_name(pair)}{whitened}) and "
        f"{plain(agreed(results, setting, weighted, END, 'r2_logits'))} of what moves predictions "
        f"({pair_name(weighted)}{weighed})"
        f", where a perfect fit has 1; of the whitened f of {pair_name(nearest)}, which came "
        f"nearest to it (excess loss {share_text(excess(results, setting, nearest))} of I(x; y)), "
        f"{plain(agreed(results, setting, nearest))}"
        f"{_verdict(results, setting, nearest, END, 'r2', evidence)}."
    )


def _verdict(
    results: Results,
    setting: Setting,
    pair: str,
    stage: str,
    quantity: str,
    evidence: bool,
    others: tuple[str, ...] = (),
) -> str:
    if not evidence:
        return ""
    return f": {agreement_verdict(results, setting, pair, stage, quantity, others)}"


def _trained_words(results: Results) -> str:
    said = []
    for setting in results.settings():
        shares = []
        for name in ARCHITECTURES:
            share = results.interval(f"excess_share.{name}.population.{END}", setting)
            told = trained_words(results, setting, name)
            shares.append(f"{NAMES[name]} {share_text(share.mean)}{told}")
        information = results.interval("token_information.exact", setting).mean
        said.append(
            f"{setting['num_tokens']} tokens, I(x; y) {number(information, 3)} nats: "
            f"{', '.join(shares)}"
        )
    return (
        "Excess loss at the end of training as a share of I(x; y), the larger of a world's two "
        f"networks: {'; '.join(said)}."
    )


def _end_words(results: Results, setting: Setting, evidence: bool) -> str:
    said = [
        f"{pair_name(pair)} {plain(agreed(results, setting, pair))}"
        f"{_verdict(results, setting, pair, END, 'r2', evidence)}"
        for pair in PAIRS
    ]
    oracle = [
        f"{NAMES[name]} {plain(agreed(results, setting, f'{name}+oracle'))}" for name in FITTING
    ]
    return (
        f"R² of the whitened identified part of f, {setting['num_tokens']} tokens, end of "
        "training, contexts held out, the lower of both directions (the exact predictor under a "
        f"random invertible map: {number(results.interval('r2.oracle.held_out', setting).mean, 3)}"
        f"): {'; '.join(said)}. With the exact predictor: {', '.join(oracle)}."
    )


def _course_words(results: Results, setting: Setting, evidence: bool) -> str:
    said = []
    for stage in STAGES:
        scores = [agreed(results, setting, pair, stage) for pair in PAIRS]
        known = [score.mean for score in scores if not np.isnan(score.mean)]
        reached = f"{min(known):.3f} to {max(known):.3f}" if known else "not in every world"
        missing = len(scores) - len(known)
        some = f" ({missing} pair types not reached in every world)" if missing and known else ""
        said.append(f"{stage_name(stage)}: {reached}{some}")
    pair = lowest(results, setting, THRESHOLD)
    told = (
        f" Where networks first count as trained {pair_name(pair)} agree least"
        f"{_verdict(results, setting, pair, THRESHOLD, 'r2', evidence)}."
    )
    return (
        "At equal excess loss, lowest to highest mean R² of the pair types: "
        f"{'; '.join(said)}.{told if evidence else ''}"
    )


def _null_words(results: Results, setting: Setting, evidence: bool) -> str:
    said, short = [], []
    for pair in PAIRS:
        null, gap = nulls.nearest(null_gaps(results, setting, pair))
        start = agreed(results, setting, pair, START)
        said.append(
            f"{pair_name(pair)} {difference(gap)} to {null} (untrained {number(start.mean, 3)})"
        )
        if not is_evidence(gap):
            short.append(pair_name(pair))
    told = ""
    if evidence:
        names = ", ".join(short)
        told = (
            f" Less than .05 above a null, no evidence that training made them agree: {names}."
            if short
            else " Every pair type exceeds each of its nulls by .05."
        )
    return f"Beyond the nulls, paired by world, at the end of training: {'; '.join(said)}.{told}"


def _logit_words(results: Results, setting: Setting, evidence: bool) -> str:
    said = [
        f"{pair_name(pair)} {plain(agreed(results, setting, pair, END, 'r2_logits'))}"
        f"{_verdict(results, setting, pair, END, 'r2_logits', evidence)}"
        for pair in PAIRS
    ]
    return f"R² of p(y)-weighted centred logits instead: {'; '.join(said)}."


def _direction_words(results: Results, setting: Setting) -> str:
    numbers = range(1, setting["num_tokens"])
    shares = [results.interval(f"spectrum.exact.population.{i}", setting).mean for i in numbers]
    half = len(shares) // 2
    pairs, oracle = tuple(PAIRS), tuple(f"{name}+oracle" for name in FITTING)
    said = [
        f"{i} ({shares[i - 1]:.2%}): {_range(results, setting, pairs, 'held_out', i)}, with the "
        f"oracle {_range(results, setting, oracle, 'held_out', i)} (untrained "
        f"{_range(results, setting, pairs, 'untrained', i)} and "
        f"{_range(results, setting, oracle, 'untrained', i)})"
        for i in numbers
    ]
    return (
        f"Whitening weighs all {len(shares)} directions of f alike, yet the {half} smallest carry "
        f"{sum(shares[len(shares) - half :]):.1%} of the variance of the exact centred logits. "
        "R² along each of their principal directions (share of variance), end of training, lowest "
        f"to highest mean of the pair types: {'; '.join(said)}."
    )


def _range(
    results: Results, setting: Setting, pairs: tuple[str, ...], estimate: str, direction: int
) -> str:
    """Lowest to highest mean R² of some pair types along one direction."""
    means = [
        results.interval(f"r2_direction.{pair}.{estimate}.{direction}", setting).mean
        for pair in pairs
    ]
    if np.isnan(means).any():
        return "not in every world"
    return f"{number(min(means), 3)} to {number(max(means), 3)}"


def _across_words(results: Results, setting: Setting) -> str:
    said = [
        f"{stage_name(stage)} {difference(across_less_within(results, setting, stage))}"
        for stage in (*STAGES, END)
    ]
    return (
        "Mean R² of the whitened f of the pair types of two architectures less that of one, paired "
        f"by world: {'; '.join(said)}."
    )


def _few_words(results: Results, setting: Setting, evidence: bool) -> str:
    said = [
        f"{pair_name(pair)} {plain(agreed(results, setting, pair))}"
        f"{_verdict(results, setting, pair, END, 'r2', evidence)}"
        for pair in PAIRS
    ]
    smallest = f"spectrum.exact.population.{setting['num_tokens'] - 1}"
    return (
        f"With {setting['num_tokens']} tokens f has {setting['num_tokens'] - 1} directions, the "
        f"smallest with {results.interval(smallest, setting).mean:.1%} of the variance, and R² of "
        f"the whitened f is higher: {'; '.join(said)}."
        if _higher(results, setting)
        else f"With {setting['num_tokens']} tokens R² of the whitened f: {'; '.join(said)}."
    )


def _higher(results: Results, few: Setting) -> bool:
    """Whether every pair type agrees more with fewest tokens, decided by the paired interval."""
    metrics = [f"r2.{pair}.held_out.{END}" for pair in PAIRS]
    return all(results.between(m, few, main(results)).low > 0 for m in metrics)


def _unable_words(results: Results, setting: Setting) -> str:
    trained = agreed(results, setting, "log_bilinear")
    share = results.interval(f"excess_share.log_bilinear.population.{END}", setting)
    return (
        "The log-bilinear predictor sees no order of words and cannot fit these worlds "
        f"(excess {number(share.mean, 3)} of I(x; y)): not trained, no verdict. Two of them have "
        f"R² {plain(trained)} all the same, untrained "
        f"{plain(agreed(results, setting, 'log_bilinear', START))}: agreement by itself tells "
        "nothing of what was learnt."
    )


def captions() -> dict[str, str]:
    """Figure name -> caption, which is also the alternative text."""
    return {
        "agreement_pairs": (
            "How much of one network's representation is an affine image of another's, for two "
            "networks of one architecture, of two, and a network with the exact predictor, on "
            "held-out contexts, for many tokens and for few. Blue: every direction of "
            "f alike; orange: weighed by p(y). Filled: end of training; hollow: first excess loss "
            "of at most .01 I(x; y). Line: oracle. Grey dashes: nulls."
        ),
        "agreement_directions": (
            "R² of the best affine map onto one direction at a time, the principal directions of "
            "the exact logits from the largest to the smallest, at the end of training on held-out "
            "contexts: two networks of one architecture, of two, and a network with the exact "
            "predictor. Below each direction its share of the variance. Line: oracle. Grey dashes: "
            "nulls."
        ),
        "agreement_distances": (
            "What the affine map misses, 1 − R² of the whitened f, against three distances of the "
            "two networks' predictions, from an excess loss of .3 I(x; y) to the end of training. "
            "Lines: pairs made from the exact predictor, by equal noise on all directions of f or "
            "by scrambling its smallest ones. Grey: untrained pairs and permuted rows."
        ),
    }
