"""Which pairs of networks count, and how are they put side by side?"""

from typing import Any

import numpy as np

import estimators as es
from experiments.agreement.cell import PAIRS, rank_correlation
from experiments.agreement.networks import ARCHITECTURES, END, FITTING, STAGES, START
from experiments.results import Results
from experiments.trained import counts_as_trained
from experiments.verdicts import (
    LEAST_WORLDS,
    counted_verdict,
    enough_seeds,
    is_trivial,
    law_verdict,
    supported_verdict,
)
from experiments.wording import number, plain

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


def pair_name(pair: str) -> str:
    """A pair type in words."""
    names = [NAMES[part] for part in pair.split("+")]
    return " and ".join(names) if len(names) > 1 else f"two {names[0]}s"


def stage_name(stage: str) -> str:
    """A stage in words."""
    if stage in STAGES:
        return f"excess ≤ {STAGES[stage]:g} I"
    return {START: "untrained", END: "end of training"}[stage]


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


def null_gaps(
    results: Results, setting: Setting, pair: str, stage: str = END, quantity: str = "r2"
) -> dict[str, es.Interval]:
    """R² less each null's, paired by world: null -> interval.

    untrained: the same two networks before training; raw input and rows permuted: onto either
    architecture of the pair.
    """
    score = f"{quantity}.{pair}.held_out.{stage}"
    nulls = {"untrained": f"{quantity}.{pair}.held_out.{START}"}
    for name in pair.split("+"):
        nulls[f"raw input ({NAMES[name]})"] = f"{quantity}.{name}.raw_input"
        nulls[f"rows permuted ({NAMES[name]})"] = f"{quantity}.{name}.permuted"
    return {null: results.paired(score, metric, setting) for null, metric in nulls.items()}


def least_gap(gaps: dict[str, es.Interval]) -> tuple[str, es.Interval]:
    """The largest null and the gap to it; the first when none has an answer."""
    return min(gaps.items(), key=lambda item: np.nan_to_num(item[1].mean, nan=-np.inf))


def num_seeds(results: Results, setting: Setting) -> int:
    """How many worlds there are."""
    return len(results.values("counted.mlp", setting))


def counts(results: Results, setting: Setting, pair: str) -> bool:
    """Whether there are ten worlds, in each of which all networks of the pair are trained."""
    trained = all(counts_as_trained(results, setting, name) for name in pair.split("+"))
    return trained and enough_seeds(num_seeds(results, setting), LEAST_WORLDS)


def trivial(results: Results, setting: Setting) -> bool:
    """Whether the likeliest configuration explains p(y|x), or x tells nothing of c."""
    return is_trivial(
        results.interval("score_argmax.exact", setting),
        results.interval("concept_information.exact", setting),
    )


def agreement_verdict(
    results: Results,
    setting: Setting,
    pair: str,
    stage: str = END,
    quantity: str = "r2",
    others: tuple[str, ...] = (),
) -> str:
    """Whether one representation is an affine map of the other, as a law judged by R².

    others: pair types that have to be trained and to exceed their nulls too, for a verdict on the
    pair that agrees least to stand for all of them.
    """
    held = results.values(f"{quantity}.{pair}.held_out.{stage}", setting)
    whole = results.values(f"{quantity}.{pair}.population.{stage}", setting)
    pairs = (pair, *others)
    gaps = [
        gap for name in pairs for gap in null_gaps(results, setting, name, stage, quantity).values()
    ]
    return counted_verdict(
        supported_verdict(law_verdict(agreed(results, setting, pair, stage, quantity)), gaps),
        counted=all(counts(results, setting, name) for name in pairs),
        saturated=bool((np.isnan(held) & ~np.isnan(whole)).any()),
        trivial=trivial(results, setting),
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


def pooled_rank(
    results: Results, setting: Setting, distance: str, stages: tuple[str, ...]
) -> es.Interval:
    """Rank correlation over all worlds, pair types and stages at once, with a jackknife interval.

    The interval is over worlds: of the pseudo-values n θ − (n − 1) θ without one world.
    """
    apart, missed = (
        np.array(
            [
                _padded(results, setting, name.format(pair=pair, stage=stage))
                for pair in PAIRS
                for stage in stages
            ]
        )
        for name in (f"{distance}.{{pair}}.population.{{stage}}", "missed.{pair}.held_out.{stage}")
    )
    count = apart.shape[1]

    def over(worlds: list[int]) -> float:
        x, y = apart[:, worlds].ravel(), missed[:, worlds].ravel()
        known = ~(np.isnan(x) | np.isnan(y))
        return rank_correlation(x[known].tolist(), y[known].tolist())

    everything = over(list(range(count)))
    if count < 2:
        return es.interval([] if np.isnan(everything) else [everything])
    without = [over([j for j in range(count) if j != i]) for i in range(count)]
    pseudo = count * everything - (count - 1) * np.array(without)
    return es.interval([] if np.isnan(pseudo).any() else pseudo)


def _padded(results: Results, setting: Setting, metric: str) -> np.ndarray:
    values = results.values(metric, setting)
    return values if len(values) else np.full(num_seeds(results, setting), np.nan)


def hidden(results: Results, setting: Setting, largest_share: float) -> tuple[int, float, float]:
    """Made pairs within an excess share: (directions scrambled, excess share, lowest R²).

    The world and the number of directions with the lowest R² among all whose excess loss is at
    most largest_share of I(x; y); R² on the population. (0, NaN, NaN) without any.
    """
    found = (0, np.nan, np.nan)
    for number_scrambled in range(1, setting["num_tokens"]):
        share = results.values(f"excess_share.scrambled.population.{number_scrambled}", setting)
        score = results.values(f"r2.scrambled.population.{number_scrambled}", setting)
        for one, other in zip(share, score, strict=True):
            if one <= largest_share and not other >= found[2]:
                found = (number_scrambled, float(one), float(other))
    return found


def tables(results: Results) -> dict[str, list[list[str]]]:
    """The tables of the report, title -> rows."""
    found = {}
    for setting in results.settings():
        tokens = setting["num_tokens"]
        found[f"Agreement at the end of training, {tokens} tokens, held out"] = _end_table(
            results, setting
        )
        found[f"R² of the whitened f at equal excess loss, {tokens} tokens, held out"] = (
            _stage_table(results, setting)
        )
    return found


def _end_table(results: Results, setting: Setting) -> list[list[str]]:
    header = ["pair", "R², whitened", "R², p(y)-weighted logits", "SVCCA", "CKA"]
    header += ["R², untrained", "weighted, untrained", "10^mean log10 KL", "logit distance"]
    rows = [[*header, "d_LLV"]]
    oracles = [f"{name}+oracle" for name in FITTING]
    for pair in (*PAIRS, *oracles, "log_bilinear"):
        rows.append(
            [
                pair_name(pair),
                plain(agreed(results, setting, pair)),
                plain(agreed(results, setting, pair, quantity="r2_logits")),
                plain(results.interval(f"svcca.{pair}.held_out.{END}", setting)),
                plain(results.interval(f"cka.{pair}.population.{END}", setting)),
                number(agreed(results, setting, pair, START).mean, 3),
                number(agreed(results, setting, pair, START, "r2_logits").mean, 3),
                *(
                    power(results.interval(f"{distance}.{pair}.population.{END}", setting))
                    for distance in ("kl", "logit", "llv")
                ),
            ]
        )
    return rows


def _stage_table(results: Results, setting: Setting) -> list[list[str]]:
    stages = (START, *STAGES, END)
    rows = [["pair", *(stage_name(stage) for stage in stages)]]
    for pair in (*PAIRS, *(f"{name}+oracle" for name in FITTING)):
        rows.append(
            [
                pair_name(pair),
                *(number(agreed(results, setting, pair, stage).mean, 3) for stage in stages),
            ]
        )
    for name in ARCHITECTURES:
        shares = [
            results.interval(f"excess_share.{name}.population.{stage}", setting).mean
            for stage in stages
        ]
        rows.append([f"excess share, {NAMES[name]}", *(number(share, 4) for share in shares)])
    return rows


def power(value: es.Interval) -> str:
    """A geometric mean, from the mean of log10."""
    return "–" if np.isnan(value.mean) else f"{10**value.mean:.2g}"
