"""Which claims does the experiment on agreement judge?"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

import estimators as es
from experiments.agreement.cell import PAIRS
from experiments.agreement.networks import END
from experiments.agreement.tables import (
    DISTANCES,
    THRESHOLD,
    Setting,
    across,
    agreed,
    agreement_verdict,
    counts,
    fewest,
    hidden,
    least_gap,
    lowest,
    main,
    null_gaps,
    pair_name,
    stage_name,
)
from experiments.experiment import CellRecord, Claim, Judgement
from experiments.results import Results
from experiments.verdicts import (
    counted_verdict,
    rise_verdict,
    rival_verdict,
    search_law_verdict,
    supported_verdict,
)
from experiments.wording import difference, plain

TRAINED_SHARE = 0.01  # the excess loss that counts as trained, as a share of I(x; y)


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
    nearest, null, gap = _least(results, setting, pairs, stage, quantity)
    return Judgement(
        agreement_verdict(results, setting, pair, stage, quantity, pairs),
        f"R² {plain(agreed(results, setting, pair, stage, quantity))} of {pair_name(pair)}, "
        f"{stage_name(stage)}, {setting['num_tokens']} tokens, where the oracle has 1; "
        f"{difference(gap)} to the largest null ({null}, {pair_name(nearest)})",
    )


def _least(
    results: Results, setting: Setting, pairs: tuple[str, ...], stage: str, quantity: str
) -> tuple[str, str, es.Interval]:
    """The pair type that exceeds its nulls least, that null and the gap to it."""
    found = [
        (pair, *least_gap(null_gaps(results, setting, pair, stage, quantity))) for pair in pairs
    ]
    return min(found, key=lambda one: np.nan_to_num(one[2].mean, nan=-np.inf))


def _untrained(records: Sequence[CellRecord]) -> Judgement:
    results = Results(records)
    setting = main(results)
    gaps = [least_gap(null_gaps(results, setting, pair))[1] for pair in PAIRS]
    pair, null, gap = _least(results, setting, tuple(PAIRS), END, "r2")
    return Judgement(
        counted_verdict(
            supported_verdict(rise_verdict(gaps), gaps),
            counted=all(counts(results, setting, name) for name in PAIRS),
        ),
        f"least for {pair_name(pair)}: R² {plain(agreed(results, setting, pair))}, "
        f"{difference(gap)} to the largest null ({null})",
    )


def _kl_alone(records: Sequence[CellRecord]) -> Judgement:
    results = Results(records)
    setting = main(results)
    number, share, score = hidden(results, setting, TRAINED_SHARE)
    return Judgement(
        search_law_verdict(score),
        f"the exact predictor with its {number} smallest directions scrambled: excess loss "
        f"{share:.4f} of I(x; y), R² {score:.3f}; nothing trained",
    )


def _order(records: Sequence[CellRecord], distance: str) -> Judgement:
    """Whether a distance orders pairs better than KL, in the course of training."""
    results = Results(records)
    setting = main(results)
    own, rival = (f"rank_{one}.pairs.course" for one in (distance, "kl"))
    gap = results.paired(own, rival, setting)
    first, second = (plain(results.interval(name, setting)) for name in (own, rival))
    return Judgement(
        counted_verdict(
            rival_verdict(gap), counted=all(counts(results, setting, name) for name in PAIRS)
        ),
        f"rank correlation with 1 − R² within a world: {first} for {DISTANCES[distance]}, "
        f"{second} for KL; {difference(gap)}",
    )


_ROEDER = "arXiv:2007.00810, linear identifiability, proved for a perfect fit"
_WORLD = "ten tokens about eight configurations, d = |tokens| − 1"
_TRAINED = f"{_WORLD}; end of training, every excess loss at most .01 of I(x; y)"
_PAIRS, _FAR = "agreement_pairs", "agreement_distances"

CLAIMS = (
    *(
        Claim(
            f"agreement-{pair}",
            _ROEDER,
            f"The representations of {pair_name(pair)} are affine maps of each other",
            _TRAINED,
            _PAIRS,
            partial(_pair, pair=pair),
        )
        for pair in ("mlp", "gru", "transformer")
    ),
    Claim(
        "agreement-across",
        _ROEDER,
        "The representations of networks of two architectures are affine maps of each other",
        f"{_TRAINED}; the two architectures that agree least",
        _PAIRS,
        partial(_lowest, pairs=across()),
    ),
    Claim(
        "agreement-threshold",
        _ROEDER,
        "Representations are affine maps of each other once the excess loss is .01 of I(x; y)",
        f"{_WORLD}; the pair type that agrees least",
        _PAIRS,
        partial(_lowest, stage=THRESHOLD),
    ),
    Claim(
        "agreement-few-tokens",
        _ROEDER,
        "The same with fewer tokens than configurations",
        "four tokens, d = 3; end of training; the pair type that agrees least",
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
        _ROEDER,
        "Trained networks share more, up to an affine map, than untrained ones or the raw input",
        f"{_TRAINED}; every pair type",
        _PAIRS,
        _untrained,
    ),
    Claim(
        "agreement-kl-alone",
        "against arXiv:2506.03784, small KL",
        "An excess loss of .01 of I(x; y) alone makes representations affine maps of each other",
        f"{_WORLD}; pairs made from the exact p(y∣x), nothing trained",
        _FAR,
        _kl_alone,
    ),
    Claim(
        "agreement-order-logit",
        "arXiv:2602.15438, the logit distance",
        "The logit distance (first) orders pairs of networks by 1 − R² better than KL (second)",
        f"{_WORLD}; all pair types from excess .3 I to the end of training, within a world",
        _FAR,
        partial(_order, distance="logit"),
    ),
    Claim(
        "agreement-order-llv",
        "arXiv:2506.03784, d_LLV",
        "d_LLV (first) orders pairs of networks by 1 − R² better than KL (second)",
        f"{_WORLD}; all pair types from excess .3 I to the end of training, within a world",
        _FAR,
        partial(_order, distance="llv"),
    ),
)
