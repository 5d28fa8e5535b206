"""Which claims does the experiment on agreement judge?"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

import estimators as es
from estimators.assessment.verdict import EXCESS_SHARE
from experiments import nulls
from experiments.agreement.cell import PAIRS
from experiments.agreement.comparisons import (
    DISTANCES,
    NEAR,
    THRESHOLD,
    Setting,
    across,
    agreed,
    agreement_verdict,
    excess,
    fewest,
    lowest,
    main,
    null_gaps,
    pair_name,
    reached,
    share_text,
    stage_name,
)
from experiments.agreement.distances import hidden
from experiments.agreement.networks import END
from experiments.experiment import CellRecord, Claim, Judgement
from experiments.results import Results
from experiments.trained import trained_verdict
from experiments.verdicts import (
    counted_verdict,
    rise_verdict,
    rival_verdict,
    search_law_verdict,
)
from experiments.wording import difference, plain


def _pair(records: Sequence[CellRecord], pair: str) -> Judgement:
    results = Results(records)
    return _judged(results, main(results), pair, END, "r2", (pair,))


def _lowest(
    records: Sequence[CellRecord],
    choose: Callable[[Results], Setting] = main,
    stage: str = END,
    quantity: str = "r2",
    pairs: tuple[str, ...] = tuple(PAIRS),
) -> Judgement:
    """The verdict on the pair type that agrees least; all of them must exceed their nulls."""
    results = Results(records)
    setting = choose(results)
    pair = lowest(results, setting, stage, quantity, pairs)
    return _judged(results, setting, pair, stage, quantity, pairs)


def _judged(
    results: Results,
    setting: Setting,
    pair: str,
    stage: str,
    quantity: str,
    pairs: tuple[str, ...],
) -> Judgement:
    nearest, null, gap = _nearest(results, setting, pairs, stage, quantity)
    share = excess(results, setting, pair, stage)
    return Judgement(
        agreement_verdict(results, setting, pair, stage, quantity, pairs),
        f"R² {plain(agreed(results, setting, pair, stage, quantity))} of {pair_name(pair)}, "
        f"{stage_name(stage)} (mean excess loss {share_text(share)} I(x; y)), "
        f"{setting['num_tokens']} tokens, where the oracle has 1; "
        f"{difference(gap)} to the null hardest to exceed ({null}, {pair_name(nearest)})",
    )


def _nearest(
    results: Results, setting: Setting, pairs: tuple[str, ...], stage: str, quantity: str
) -> tuple[str, str, es.Interval]:
    """Of all pair types the null that is hardest to exceed: pair type, null and the gap to it."""
    found = {
        pair: nulls.nearest(null_gaps(results, setting, pair, stage, quantity)) for pair in pairs
    }
    pair, gap = nulls.nearest({name: one for name, (_, one) in found.items()})
    return pair, found[pair][0], gap


def _near(records: Sequence[CellRecord]) -> Judgement:
    """The pair type that agrees least, of those that came to the nearest fit in every world."""
    results = Results(records)
    setting = main(results)
    pairs = reached(results, setting, NEAR)
    if not pairs:
        return Judgement(
            counted_verdict(search_law_verdict(np.nan), counted=False),
            f"no pair type came to {stage_name(NEAR)} in every world",
        )
    verdict, figures = _lowest(records, stage=NEAR, pairs=pairs)
    others = [pair_name(pair) for pair in PAIRS if pair not in pairs]
    missing = f"; not reached by {', '.join(others)}" if others else ""
    return Judgement(verdict, figures + missing)


def _untrained(records: Sequence[CellRecord]) -> Judgement:
    results = Results(records)
    setting = main(results)
    gaps = [gap for pair in PAIRS for gap in null_gaps(results, setting, pair).values()]
    pair, null, gap = _nearest(results, setting, tuple(PAIRS), END, "r2")
    return Judgement(
        trained_verdict(results, setting, rise_verdict(gaps), gaps, source="pairs"),
        f"least for {pair_name(pair)}: R² {plain(agreed(results, setting, pair))}, "
        f"{difference(gap)} to the null hardest to exceed ({null})",
    )


def _small_loss(records: Sequence[CellRecord]) -> Judgement:
    results = Results(records)
    setting = main(results)
    found = hidden(results, setting, EXCESS_SHARE)
    if found is None:
        return Judgement(
            counted_verdict(search_law_verdict(np.nan), counted=False),
            "no made pair has so small an excess loss",
        )
    apart = found.distances
    return Judgement(
        search_law_verdict(found.r2),
        f"the exact predictor with its {found.num_directions} smallest directions scrambled: "
        f"excess loss {found.excess_share:.4f} of I(x; y), R² {found.r2:.3f}; nothing trained. "
        f"Its logit distance is {10 ** apart['log10_logit']:.3g} nats (squared, "
        f"{apart['logit_relative']:.4f} of the logits'), d_LLV {10 ** apart['log10_llv']:.3g}, "
        f"d_SVD {apart['svd']:.3f} (at most {apart['svd_bound']:.3f} by d_LLV)",
    )


def _order(records: Sequence[CellRecord], distance: str) -> Judgement:
    """Whether a distance orders pairs better than KL, in the course of training."""
    results = Results(records)
    setting = main(results)
    own, rival = (f"rank_{one}.pairs.course" for one in (distance, "kl"))
    gap = results.paired(own, rival, setting)
    first, second = (plain(results.interval(name, setting)) for name in (own, rival))
    return Judgement(
        trained_verdict(results, setting, rival_verdict(gap), (), source="pairs"),
        f"rank correlation with 1 − R² within a world: {first} for {DISTANCES[distance]}, "
        f"{second} for KL; {difference(gap)}",
    )


_REACH = "latentgen, how far arXiv:2007.00810 reaches"
_NEAR = "a near fit, where the theorem needs a perfect one"
_WORLD = "ten tokens about eight configurations, d = |tokens| − 1"
_TRAINED = f"{_WORLD}; {_NEAR}: end of training, every excess loss at most .01 of I(x; y)"
_PAIRS, _FAR = "agreement_pairs", "agreement_distances"

CLAIMS = (
    *(
        Claim(
            f"agreement-{pair}",
            _REACH,
            f"The representations of {pair_name(pair)} are affine maps of each other",
            _TRAINED,
            _PAIRS,
            partial(_pair, pair=pair),
        )
        for pair in ("mlp", "gru", "transformer")
    ),
    Claim(
        "agreement-across",
        _REACH,
        "The representations of networks of two architectures are affine maps of each other",
        f"{_TRAINED}; the two architectures that agree least",
        _PAIRS,
        partial(_lowest, pairs=across()),
    ),
    Claim(
        "agreement-threshold",
        _REACH,
        "Representations are affine maps of each other once the excess loss is .01 of I(x; y)",
        f"{_WORLD}; {_NEAR}; the pair type that agrees least",
        _PAIRS,
        partial(_lowest, stage=THRESHOLD),
    ),
    Claim(
        "agreement-near",
        _REACH,
        "Representations are affine maps of each other once the excess loss is 10⁻⁵ of I(x; y)",
        f"{_WORLD}; {_NEAR}; of the pair types that came so near, the one that agrees least",
        _PAIRS,
        _near,
    ),
    Claim(
        "agreement-few-tokens",
        _REACH,
        "With fewer tokens than configurations representations are affine maps of each other",
        f"four tokens, d = 3; {_NEAR}: end of training; the pair type that agrees least",
        _PAIRS,
        partial(_lowest, choose=fewest),
    ),
    Claim(
        "agreement-logits",
        "latentgen, the spectrum of f",
        "What of f moves predictions is an affine map of the other network's representation",
        f"{_TRAINED}; p(y)-weighted logits; the pair type that agrees least, all above their nulls",
        _PAIRS,
        partial(_lowest, quantity="r2_logits"),
    ),
    Claim(
        "agreement-untrained",
        _REACH,
        "Trained networks share more, up to an affine map, than untrained ones or the raw input",
        f"{_TRAINED}; every pair type",
        _PAIRS,
        _untrained,
    ),
    Claim(
        "agreement-small-loss",
        "latentgen, the spectrum of f",
        "An excess loss of .01 of I(x; y) makes the whitened f of any two predictors affine maps "
        "of each other",
        f"{_WORLD}; pairs made from the exact p(y∣x), nothing trained",
        _FAR,
        _small_loss,
    ),
    Claim(
        "agreement-order-logit",
        "latentgen, on the logit distance of arXiv:2602.15438",
        "The logit distance (first) orders pairs of networks by 1 − R² better than KL (second)",
        f"{_WORLD}; all pair types from excess .3 I to the end of training, within a world",
        _FAR,
        partial(_order, distance="logit"),
    ),
    Claim(
        "agreement-order-llv",
        "latentgen, on d_LLV of arXiv:2506.03784",
        "d_LLV (first) orders pairs of networks by 1 − R² better than KL (second)",
        f"{_WORLD}; 1 − R², of which the paper's bound on d_SVD says nothing; all pair types from "
        "excess .3 I to the end of training, within a world",
        _FAR,
        partial(_order, distance="llv"),
    ),
)
