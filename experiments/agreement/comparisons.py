"""Which pairs of networks count, and how are they put side by side?"""

from typing import Any

import numpy as np

import estimators as es
from experiments import nulls
from experiments.agreement.cell import PAIRS
from experiments.agreement.networks import END, FITTING, STAGES, START
from experiments.results import Results
from experiments.trained import trained_verdict
from experiments.verdicts import law_verdict

Setting = dict[str, Any]

NAMES = {
    "mlp": "MLP",
    "gru": "GRU",
    "transformer": "transformer",
    "log_bilinear": "log-bilinear",
    "oracle": "oracle",
}
DISTANCES = {
    "kl": "KL",
    "logit": "the logit distance",
    "llv": "d_LLV",
    "llv_contexts": "the term of d_LLV over contexts",
}
THRESHOLD = "10"  # the stage at which a network first counts as trained
NEAR = "hundredth"  # the nearest fit that is looked at


def pair_name(pair: str) -> str:
    """A pair type in words."""
    names = [NAMES[part] for part in pair.split("+")]
    return " and ".join(names) if len(names) > 1 else f"two {names[0]}s"


def stage_name(stage: str) -> str:
    """A stage in words."""
    if stage in STAGES:
        return f"excess ≤ {share_text(STAGES[stage])} I"
    return {START: "untrained", END: "end of training"}[stage]


def share_text(share: float) -> str:
    """A share of I(x; y) with two digits, however small."""
    return "–" if np.isnan(share) else f"{share:.2g}".replace("e-0", "e-")


def main(results: Results) -> Setting:
    """The setting of most tokens."""
    return max(results.settings(), key=lambda s: s["num_tokens"])


def fewest(results: Results) -> Setting:
    """The setting of fewest tokens."""
    return min(results.settings(), key=lambda s: s["num_tokens"])


def agreed(
    results: Results, setting: Setting, pair: str, stage: str = END, quantity: str = "r2"
) -> es.Interval:
    """R² of a pair type at a stage, held out by distinct context."""
    return results.interval(f"{quantity}.{pair}.held_out.{stage}", setting)


def excess(results: Results, setting: Setting, pair: str, stage: str = END) -> float:
    """Mean over worlds of the larger excess loss of a pair's networks, as a share of I(x; y)."""
    shares = [
        padded(results, setting, f"excess_share.{part}.population.{stage}")
        for part in pair.split("+")
    ]
    return float(np.max(shares, axis=0).mean())


def reached(results: Results, setting: Setting, stage: str) -> tuple[str, ...]:
    """The pair types of which both networks came to a stage in every world."""
    return tuple(pair for pair in PAIRS if not np.isnan(agreed(results, setting, pair, stage).mean))


def null_gaps(
    results: Results, setting: Setting, pair: str, stage: str = END, quantity: str = "r2"
) -> dict[str, es.Interval]:
    """R² less each null's, paired by world: null in words -> interval.

    untrained: the same two networks before training; raw input and rows permuted: onto either
    architecture of the pair.
    """
    words = {f"{quantity}.{pair}.held_out.{START}": "untrained"}
    for name in pair.split("+"):
        words[f"{quantity}.{name}.raw_input"] = f"raw input ({NAMES[name]})"
        words[f"{quantity}.{name}.permuted"] = f"rows permuted ({NAMES[name]})"
    found = nulls.gaps(results, f"{quantity}.{pair}.held_out.{stage}", words, setting)
    return {words[metric]: gap for metric, gap in found.items()}


def num_seeds(results: Results, setting: Setting) -> int:
    """How many worlds there are."""
    return len(results.values("counted.mlp", setting))


def agreement_verdict(
    results: Results,
    setting: Setting,
    pair: str,
    stage: str = END,
    quantity: str = "r2",
    others: tuple[str, ...] = (),
) -> str:
    """Whether one representation is an affine map of the other, as a law judged by R².

    others: pair types that have to exceed their nulls too, for a verdict on the pair that agrees
    least to stand for all of them; then every architecture has to be trained.
    """
    held = results.values(f"{quantity}.{pair}.held_out.{stage}", setting)
    whole = results.values(f"{quantity}.{pair}.population.{stage}", setting)
    pairs = (pair, *others)
    gaps = [
        gap for name in pairs for gap in null_gaps(results, setting, name, stage, quantity).values()
    ]
    return trained_verdict(
        results,
        setting,
        law_verdict(agreed(results, setting, pair, stage, quantity)),
        gaps,
        source="pairs" if set(others) - {pair} else pair,
        saturated=bool((np.isnan(held) & ~np.isnan(whole)).any()),
    )


def lowest(
    results: Results,
    setting: Setting,
    stage: str = END,
    quantity: str = "r2",
    pairs: tuple[str, ...] = tuple(PAIRS),
) -> str:
    """The pair type that agrees least at a stage; one without an answer comes first."""
    return min(
        pairs,
        key=lambda pair: np.nan_to_num(
            agreed(results, setting, pair, stage, quantity).mean, nan=-np.inf
        ),
    )


def across() -> tuple[str, ...]:
    """The pair types of two architectures."""
    return tuple(pair for pair in PAIRS if pair not in FITTING)


def across_less_within(results: Results, setting: Setting, stage: str) -> es.Interval:
    """Mean R² of the pair types of two architectures less that of one, paired by world."""
    means = [
        np.mean([padded(results, setting, f"r2.{p}.held_out.{stage}") for p in pairs], axis=0)
        for pairs in (across(), FITTING)
    ]
    differences = means[0] - means[1]
    return es.interval(differences if np.isfinite(differences).all() else [])


def padded(results: Results, setting: Setting, metric: str) -> np.ndarray:
    """One number per world [world], NaN in all where no world has the metric."""
    values = results.values(metric, setting)
    return values if len(values) else np.full(num_seeds(results, setting), np.nan)
