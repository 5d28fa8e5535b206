"""Do networks agree, and what foretells it, in words made from the numbers?"""

from collections.abc import Sequence

import numpy as np

from experiments.agreement.cell import DISTANCES as MEASURED
from experiments.agreement.cell import PAIRS
from experiments.agreement.networks import ARCHITECTURES, END, FITTING, STAGES, START
from experiments.agreement.tables import (
    DISTANCES,
    NAMES,
    THRESHOLD,
    Setting,
    agreed,
    agreement_verdict,
    counts,
    fewest,
    hidden,
    least_gap,
    lowest,
    main,
    null_gaps,
    num_seeds,
    pair_name,
    pooled_rank,
    stage_name,
    tables,
)
from experiments.experiment import CellRecord, Finding
from experiments.results import Results
from experiments.trained import trained_words
from experiments.verdicts import LEAST_WORLDS, enough_seeds, is_evidence, rival_verdict
from experiments.wording import difference, number, plain

RIVALS = {
    "first": "it orders pairs better than KL",
    "second": "KL orders pairs better",
    "undecided": "no difference from KL is decided",
}


def finding(records: Sequence[CellRecord], evidence: bool) -> Finding:
    """Headline, paragraphs, tables and captions; no verdict when the results are no evidence."""
    results = Results(records)
    evidence = evidence and all(
        enough_seeds(num_seeds(results, s), LEAST_WORLDS) for s in results.settings()
    )
    setting, few = main(results), fewest(results)
    paragraphs = [
        _trained_words(results),
        _end_words(results, setting, evidence),
        _course_words(results, setting, evidence),
        _null_words(results, setting, evidence),
        _logit_words(results, setting, evidence),
        *([_few_words(results, few, evidence)] if few != setting else []),
        _order_words(results, setting, evidence),
        _hidden_words(results, setting),
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
    return (
        f"Two trained networks' representations, {setting['num_tokens']} tokens: an affine map "
        f"explains at least {plain(agreed(results, setting, pair))} of the whitened f "
        f"({pair_name(pair)}{whitened}) and "
        f"{plain(agreed(results, setting, weighted, END, 'r2_logits'))} of what moves predictions "
        f"({pair_name(weighted)}{weighed})"
        ", where a perfect fit has 1."
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
            shares.append(f"{NAMES[name]} {number(share.mean, 4)}{told}")
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
        null, gap = least_gap(null_gaps(results, setting, pair))
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
            else " Every pair type exceeds its largest null by .05."
        )
    return f"Beyond the nulls, paired by world, at the end of training: {'; '.join(said)}.{told}"


def _logit_words(results: Results, setting: Setting, evidence: bool) -> str:
    said = [
        f"{pair_name(pair)} {plain(agreed(results, setting, pair, END, 'r2_logits'))}"
        f"{_verdict(results, setting, pair, END, 'r2_logits', evidence)}"
        for pair in PAIRS
    ]
    shares = [
        results.interval(f"spectrum.exact.population.{i + 1}", setting).mean
        for i in range(setting["num_tokens"] - 1)
    ]
    half = len(shares) // 2
    return (
        f"Whitening weighs all {len(shares)} directions of f alike, yet the {half} smallest carry "
        f"{sum(shares[len(shares) - half :]):.1%} of the variance of the exact centred logits (the "
        f"smallest {shares[-1]:.2%}). R² of p(y)-weighted centred logits instead: "
        f"{'; '.join(said)}."
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


def _order_words(results: Results, setting: Setting, evidence: bool) -> str:
    said = []
    for distance in MEASURED:
        within = results.interval(f"rank_{distance}.pairs.course", setting)
        end = results.interval(f"rank_{distance}.pairs.end", setting)
        pooled = pooled_rank(results, setting, distance, (*STAGES, END))
        pooled_end = pooled_rank(results, setting, distance, (END,))
        told = ""
        if evidence and distance != "kl" and all(counts(results, setting, p) for p in PAIRS):
            gap = results.paired(f"rank_{distance}.pairs.course", "rank_kl.pairs.course", setting)
            told = f", less that of KL {difference(gap)}: {RIVALS[rival_verdict(gap)]}"
        said.append(
            f"{DISTANCES[distance]}: {plain(within)} within a world from excess .3 I to the end "
            f"(worlds pooled {plain(pooled)}), {plain(end)} among the {len(PAIRS)} pair types at "
            f"the end (pooled {plain(pooled_end)}){told}"
        )
    return (
        "Which distance of predictions foretells 1 − R² of the whitened f, by rank correlation "
        f"(pooled ones with jackknife intervals over worlds). {'; '.join(said)}."
    )


def _hidden_words(results: Results, setting: Setting) -> str:
    count, share, score = hidden(results, setting, STAGES[THRESHOLD])
    if not count:
        return (
            "No made pair stays within an excess loss of .01 I: whether small KL alone suffices "
            "was not shown."
        )
    last = lowest(results, setting)
    threshold = results.interval(f"excess_share.scrambled.population.{count}", setting)
    return (
        "Small KL alone does not bound the distance of representations: the exact predictor with "
        f"its {count} smallest directions scrambled over contexts has an excess loss of "
        f"{share:.4f} of I(x; y) in one world (mean over worlds {number(threshold.mean, 4)}) and "
        f"R² {score:.3f} with the exact one, on all contexts. Trained networks at the end of "
        f"training reach {plain(agreed(results, setting, last))} at the lowest ({pair_name(last)})."
    )


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
            "of at most .01 I(x; y). Line: oracle. Grey: nulls."
        ),
        "agreement_distances": (
            "What the affine map misses, 1 − R² of the whitened f, against three distances of the "
            "two networks' predictions, from an excess loss of .3 I(x; y) to the end of training. "
            "Lines: pairs made from the exact predictor, by equal noise on all directions of f or "
            "by scrambling its smallest ones. Grey: untrained pairs and permuted rows."
        ),
    }
