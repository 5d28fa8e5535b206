"""Which settings are compared, how do quantities grow, and which tables are shown?"""

from typing import Any

import numpy as np

import estimators as es
from experiments.results import Results
from experiments.scale.worlds import FIXED, GROWING
from experiments.trained import counts_as_trained, trained_words
from experiments.verdicts import LEAST_TRAINED, LEAST_WORLDS, enough_seeds, is_trivial
from experiments.wording import number, plain

Setting = dict[str, Any]
NULLS = ("score_raw_input.trained", "score_permuted.oracle")
LAWS = {"log_posterior": "log p(c∣x)", "log_marginals": "log p(c_k∣x)", "marginals": "p(c_k∣x)"}


def full(results: Results, family: str) -> list[Setting]:
    """The settings of d = |tokens| − 1 of a family, few concepts first."""
    found = results.settings(family=family)
    chosen = [s for s in found if s["dim"] == s["num_tokens"] - 1]
    return sorted(chosen, key=lambda s: s["num_concepts"])


def dims(results: Results) -> list[int]:
    """The dimensions of the family of a fixed number of tokens, in order."""
    return sorted({s["dim"] for s in results.settings(family=FIXED)})


def of_dim(results: Results, dim: int) -> list[Setting]:
    """The settings of one dimension in the first family, few concepts first."""
    found = results.settings(family=FIXED, dim=dim)
    return sorted(found, key=lambda s: s["num_concepts"])


def place(setting: Setting) -> str:
    """A setting in words."""
    named = " (y names c)" if setting["family"] == GROWING else ""
    return f"m = {setting['num_concepts']}, d = {setting['dim']}{named}"


def counts(results: Results, setting: Setting) -> bool:
    """Whether there are ≥ 10 trained seeds here, all of which count as trained."""
    num_trained = len(results.values("counted.trained", setting))
    return enough_seeds(num_trained, LEAST_WORLDS) and counts_as_trained(results, setting)


def enough_worlds(results: Results, setting: Setting) -> bool:
    """Whether there are ≥ 20 worlds here."""
    return enough_seeds(LEAST_TRAINED, len(results.values("token_information.exact", setting)))


def trivial(results: Results, setting: Setting) -> bool:
    """Whether the likeliest configuration explains all, or there is nothing to explain."""
    return is_trivial(
        results.interval("score_argmax.oracle.held_out", setting),
        results.interval("concept_information.exact", setting),
    )


def null_gap(results: Results, setting: Setting, metric: str) -> es.Interval:
    """A held-out score less the larger of its nulls, paired; the population's where saturated."""
    largest = max(NULLS, key=lambda null: results.best(null, setting).mean)
    estimate = "population" if results.saturated(largest, setting) else "held_out"
    return results.paired(f"{metric}.held_out", f"{largest}.{estimate}", setting)


def rivals(results: Results, setting: Setting, source: str) -> es.Interval:
    """S of log p(c|x) less S of the p(c_k|x), paired by seed, held out."""
    first, second = (f"score_{law}.{source}.held_out" for law in ("log_posterior", "marginals"))
    return results.paired(first, second, setting)


def since_first(results: Results, metric: str, settings: list[Setting]) -> list[es.Interval]:
    """The changes of a metric from the fewest concepts to each other number of them."""
    return [results.between(metric, setting, settings[0]) for setting in settings[1:]]


def slope(results: Results, metric: str, settings: list[Setting], axis: str) -> es.Interval:
    """The exponent b of metric ∝ axis^b, fitted seed by seed; no answer where a seed lacks one.

    axis: num_concepts, num_configurations or num_tokens.
    """
    rows = [results.values(metric, setting) for setting in settings]
    num_seeds = min((len(row) for row in rows), default=0)
    if len(rows) < 2 or not num_seeds:
        return es.interval([])
    values = np.stack([row[:num_seeds] for row in rows])
    if not (values > 0).all():  # NaN included
        return es.interval([])
    size = [_size(setting, axis) for setting in settings]
    return es.interval(np.polyfit(np.log(size), np.log(values), 1)[0])


def _size(setting: Setting, axis: str) -> int:
    return 2 ** setting["num_concepts"] if axis == "num_configurations" else setting[axis]


def tables(results: Results) -> dict[str, list[list[str]]]:
    """The tables of the report, title -> rows."""
    fixed = [s for dim in dims(results) for s in of_dim(results, dim)]
    settings = [*fixed, *full(results, GROWING)]
    return {
        "S of each law, contexts of one belief held out together": _laws(results, settings),
        "What is read off, and what is missed": _readouts(results, settings),
        "Cost of a seed (median)": _costs(results, settings),
    }


def _laws(results: Results, settings: list[Setting]) -> list[list[str]]:
    header = ["y", "tokens", "m", "d"]
    header += [f"{name}, {source}" for name in LAWS.values() for source in ("oracle", "trained")]
    rows = [[*header, "log p(c∣x), untrained", "raw input", "rows permuted", "argmax"]]
    for setting in settings:
        scores = [
            _marked(results, f"score_{law}.{source}", setting)
            for law in LAWS
            for source in ("oracle", "trained")
        ]
        nulls = ("score_log_posterior.untrained", *NULLS)
        rows.append(
            [
                *_columns(setting),
                *scores,
                *(_marked(results, null, setting) for null in nulls),
                plain(results.interval("score_argmax.oracle.held_out", setting)),
            ]
        )
    return rows


def _readouts(results: Results, settings: list[Setting]) -> list[list[str]]:
    sources = ("oracle", "trained", "raw_input", "untrained", "permuted")
    header = ["y", "tokens", "m", "d", *(f"readout, {s.replace('_', ' ')}" for s in sources)]
    header += [
        "excess / I of the best predictor",
        "excess / I, trained",
        "I(x; y)",
        "mean I(c_k; x)",
    ]
    rows = [header]
    for setting in settings:
        excess = results.interval("excess_share.trained", setting)
        information = (
            results.interval(f"{name}_information.exact", setting) for name in ("token", "concept")
        )
        rows.append(
            [
                *_columns(setting),
                *(_marked(results, f"readout.{source}", setting) for source in sources),
                plain(results.interval("excess_share.oracle", setting)),
                number(excess.mean, 4) + trained_words(results, setting),
                *(plain(found) for found in information),
            ]
        )
    return rows


def _costs(results: Results, settings: list[Setting]) -> list[list[str]]:
    parts = ("exact", "oracle", "training", "reading")
    header = ["y", "tokens", "m", "d", "steps to .1 I", "steps to .01 I", "steps in all"]
    rows = [[*header, *(f"CPU s, {part}" for part in parts)]]
    for setting in settings:
        steps = [
            results.interval(f"{name}.trained", setting).median
            for name in ("steps_to_tenth", "steps_to_counted", "num_steps")
        ]
        seconds = [results.interval(f"seconds.{part}", setting).median for part in parts]
        rows.append(
            [
                *_columns(setting),
                *(number(value, 0) for value in steps),
                *(number(value, 2) for value in seconds),
            ]
        )
    return rows


def _columns(setting: Setting) -> list[str]:
    return [str(setting[name]) for name in ("family", "num_tokens", "num_concepts", "dim")]


def _marked(results: Results, metric: str, setting: Setting) -> str:
    mark = " saturated" if results.saturated(metric, setting) else ""
    return f"{plain(results.best(metric, setting))}{mark}"
