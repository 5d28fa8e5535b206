"""What do distances of predictions foretell, and what do they promise, in words?"""

import numpy as np

from estimators.assessment.verdict import EXCESS_SHARE
from experiments.agreement.cell import DISTANCES as MEASURED
from experiments.agreement.cell import PAIRS
from experiments.agreement.comparisons import DISTANCES, Setting, agreed, lowest, pair_name
from experiments.agreement.distances import against_lines, hidden, pooled_rank
from experiments.agreement.networks import END, STAGES
from experiments.results import Results
from experiments.trained import trained_verdict
from experiments.verdicts import rival_verdict
from experiments.wording import difference, number, plain

RIVALS = {
    "first": "it orders pairs better than KL",
    "second": "KL orders pairs better",
    "undecided": "no difference from KL is decided",
}


def order_words(results: Results, setting: Setting, evidence: bool) -> str:
    """Rank correlations with every distance, and where trained pairs lie beside made ones."""
    said = []
    for distance in MEASURED:
        within = results.interval(f"rank_{distance}.pairs.course", setting)
        end = results.interval(f"rank_{distance}.pairs.end", setting)
        pooled = pooled_rank(results, setting, distance, (*STAGES, END))
        pooled_end = pooled_rank(results, setting, distance, (END,))
        told = _rival_words(results, setting, distance) if evidence and distance != "kl" else ""
        said.append(
            f"{DISTANCES[distance]}: {plain(within)} within a world from excess .3 I to the end "
            f"(worlds pooled {plain(pooled)}), {plain(end)} among the {len(PAIRS)} pair types at "
            f"the end (pooled {plain(pooled_end)}){told}"
        )
    lines = [
        f"{DISTANCES[distance]} {_place_words(results, setting, distance)}" for distance in MEASURED
    ]
    return (
        "Which distance of predictions foretells 1 − R² of the whitened f, by rank correlation "
        f"(pooled ones with jackknife intervals over worlds). {'; '.join(said)}. Mean points of "
        "pair types and stages against the lines of made pairs, of equal noise and of scrambled "
        f"directions: {'; '.join(lines)}."
    )


def _rival_words(results: Results, setting: Setting, distance: str) -> str:
    """How a distance compares with KL, empty where there is no verdict."""
    gap = results.paired(f"rank_{distance}.pairs.course", "rank_kl.pairs.course", setting)
    verdict = trained_verdict(results, setting, rival_verdict(gap), (), source="pairs")
    if verdict not in RIVALS:
        return ""
    return f", less that of KL {difference(gap)}: {RIVALS[verdict]}"


def _place_words(results: Results, setting: Setting, distance: str) -> str:
    found = against_lines(results, setting, distance)
    beside = f", {found.beside} where a line ends" if found.beside else ""
    return f"{found.above} above both, {found.between} between, {found.below} below both{beside}"


def bound_words(results: Results, setting: Setting) -> str:
    """What the distances at the end of training promise of representations, beside what is so."""
    by_llv, by_logit, by_kl = (
        _range(results, setting, name) for name in ("svd_bound", "r2_bound_logit", "r2_bound_kl")
    )
    return (
        "What distances promise at the end of training, lowest to highest mean of the pair types: "
        f"d_SVD is {_range(results, setting, 'svd')}, at most {by_llv} by d_LLV (1 promises "
        f"nothing); R² of the whitened f on all contexts is {_range(results, setting, 'r2')}, at "
        f"least {by_logit} by the logit distance and {by_kl} by the one that KL allows, given the "
        "least probability (0 promises nothing)."
    )


def _range(results: Results, setting: Setting, quantity: str) -> str:
    means = [results.interval(f"{quantity}.{p}.population.{END}", setting).mean for p in PAIRS]
    if np.isnan(means).any():
        return "not known in every world"
    return f"{number(min(means), 3)} to {number(max(means), 3)}"


def hidden_words(results: Results, setting: Setting) -> str:
    """Made pairs of small excess loss, and what the other distances say of them."""
    found = hidden(results, setting, EXCESS_SHARE)
    if found is None:
        return (
            f"No made pair stays within an excess loss of {EXCESS_SHARE:g} I: whether so small a "
            "loss suffices was not shown."
        )
    last = lowest(results, setting)
    mean = results.interval(f"excess_share.scrambled.population.{found.num_directions}", setting)
    apart = found.distances
    return (
        f"What a small loss leaves open: the exact predictor with its {found.num_directions} "
        "smallest directions scrambled over contexts has an excess loss of "
        f"{found.excess_share:.4f} of I(x; y) in one world (mean over worlds "
        f"{number(mean.mean, 4)}) and R² {found.r2:.3f} with the exact one, on all contexts. There "
        "the squared logit distance is "
        f"{apart['logit_relative']:.4f} of the logits', d_LLV {10 ** apart['log10_llv']:.3f} and "
        f"d_SVD {apart['svd']:.3f} (at most {apart['svd_bound']:.3f}). Trained networks at the end "
        f"of training reach {plain(agreed(results, setting, last))} at the lowest "
        f"({pair_name(last)})."
    )
