"""Which numbers of agreement are put into tables?"""

import numpy as np

import estimators as es
from experiments.agreement.cell import PAIRS
from experiments.agreement.comparisons import (
    NAMES,
    Setting,
    agreed,
    pair_name,
    share_text,
    stage_name,
)
from experiments.agreement.networks import ARCHITECTURES, END, FITTING, STAGES, START
from experiments.results import Results
from experiments.wording import number, plain


def tables(results: Results) -> dict[str, list[list[str]]]:
    """The tables of the report, title -> rows."""
    found = {}
    for setting in results.settings():
        tokens = setting["num_tokens"]
        found[f"Agreement at the end of training, {tokens} tokens, held out"] = _end_table(
            results, setting
        )
        found[f"Held-out R² along each direction of the exact logits, {tokens} tokens"] = (
            _direction_table(results, setting)
        )
        found[f"What distances at the end of training promise, {tokens} tokens"] = _bound_table(
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
                    power(results.interval(f"log10_{distance}.{pair}.population.{END}", setting))
                    for distance in ("kl", "logit", "llv")
                ),
            ]
        )
    return rows


def _direction_table(results: Results, setting: Setting) -> list[list[str]]:
    numbers = [str(i + 1) for i in range(setting["num_tokens"] - 1)]
    shares = [results.interval(f"spectrum.exact.population.{i}", setting).mean for i in numbers]
    rows = [["direction", *numbers], ["share of variance, exact", *(f"{s:.2%}" for s in shares)]]
    for estimate, words in {"held_out": "", "untrained": ", untrained"}.items():
        for pair in (*PAIRS, *(f"{name}+oracle" for name in FITTING)):
            rows.append(
                [
                    f"{pair_name(pair)}{words}",
                    *_by_direction(results, setting, pair, estimate, numbers),
                ]
            )
    for null in ("raw_input", "permuted"):
        for name in FITTING:
            rows.append(
                [
                    f"{null.replace('_', ' ')}, {NAMES[name]}",
                    *_by_direction(results, setting, name, null, numbers),
                ]
            )
    return rows


def _by_direction(
    results: Results, setting: Setting, source: str, estimate: str, numbers: list[str]
) -> list[str]:
    found = [results.interval(f"r2_direction.{source}.{estimate}.{i}", setting) for i in numbers]
    return [plain(value) for value in found]


def _bound_table(results: Results, setting: Setting) -> list[list[str]]:
    """Means over worlds; a bound of 1 on d_SVD and of 0 on R² promise nothing."""
    header = ["pair", "d_SVD", "at most, by d_LLV", "R², all contexts"]
    rows = [[*header, "at least, by the logit distance", "at least, by KL"]]
    quantities = ("svd", "svd_bound", "r2", "r2_bound_logit", "r2_bound_kl")
    for pair in PAIRS:
        found = [results.interval(f"{q}.{pair}.population.{END}", setting) for q in quantities]
        rows.append([pair_name(pair), *(plain(value) for value in found)])
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
        rows.append([f"excess share, {NAMES[name]}", *(share_text(share) for share in shares)])
    return rows


def power(value: es.Interval) -> str:
    """A geometric mean, from the mean of log10."""
    return "–" if np.isnan(value.mean) else f"{10**value.mean:.2g}"
