"""Which settings are compared, how do quantities grow, and which tables are shown?"""

from typing import Any

import numpy as np

import estimators as es
from experiments.nulls import gaps
from experiments.results import Results
from experiments.scale.worlds import FIXED, GROWING
from experiments.trained import counts_as_trained, trained_words
from experiments.verdicts import LEAST_TRAINED, enough_seeds, enough_trained
from experiments.wording import difference, number, plain

Setting = dict[str, Any]
NULLS = {
    "score_raw_input.trained": "raw input",
    "score_permuted.trained": "rows permuted",
    "score_log_posterior.untrained": "untrained",
}
ENDS = ("lower", "upper")
LAWS = {"log_posterior": "log p(c∣x)", "marginals": "p(c_k∣x)", "belief": "p(c∣x)"}


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
    enough = enough_trained(len(results.values("counted.trained", setting)))
    return enough and counts_as_trained(results, setting)


def enough_worlds(results: Results, setting: Setting) -> bool:
    """Whether there are ≥ 20 worlds here."""
    return enough_seeds(LEAST_TRAINED, len(results.values("token_information.exact", setting)))


def null_gaps(results: Results, setting: Setting) -> dict[str, es.Interval]:
    """null -> held-out S of log p(c|x) less it, paired; its population's where saturated."""
    nulls = [
        f"{null}.{'population' if results.saturated(null, setting) else 'held_out'}"
        for null in NULLS
    ]
    return gaps(results, "score_log_posterior.trained.held_out", nulls, setting)


def null_name(metric: str) -> str:
    """A null in words."""
    return NULLS[metric.rpartition(".")[0]]


def joint(results: Results, family: str) -> list[Setting]:
    """The settings of `full` where the law of the joint p(c|x) is scored, few concepts first."""
    found = full(results, family)
    return [s for s in found if len(results.values("score_belief.oracle.held_out", s))]


def rivals(results: Results, setting: Setting, source: str, rival: str) -> es.Interval:
    """S of log p(c|x) less S of a rival law, paired by seed, held out."""
    first, second = (f"score_{law}.{source}.held_out" for law in ("log_posterior", rival))
    return results.paired(first, second, setting)


def follows(results: Results, setting: Setting, estimate: str = "held_out") -> es.Interval:
    """S of log p(c|x) in the trained networks less that in the perfect predictor, paired."""
    trained, oracle = (
        f"score_log_posterior.{source}.{estimate}" for source in ("trained", "oracle")
    )
    return results.paired(trained, oracle, setting)


def since_first(results: Results, metric: str, settings: list[Setting]) -> list[es.Interval]:
    """The changes of a metric from the fewest concepts to each other number of them."""
    return [results.between(metric, setting, settings[0]) for setting in settings[1:]]


def between_words(results: Results, metric: str, setting: Setting) -> str:
    """A metric's lower and upper interval in words, once where they agree."""
    ends = (plain(results.interval(f"{metric}.{end}", setting)) for end in ENDS)
    return " to ".join(dict.fromkeys(ends))


def change_words(results: Results, metric: str, settings: list[Setting]) -> str:
    """The change of a metric's lower and upper value from first to last, once where they agree."""
    changes = [since_first(results, f"{metric}.{end}", settings)[-1:] for end in ENDS]
    said = (difference(change) for each in changes for change in each)
    return " to ".join(dict.fromkeys(said)) or "no answer"


def share_converged(results: Results) -> float:
    """The share of all fits of laws and readouts, over settings and seeds, that converged."""
    found = [
        values
        for metrics in results.metrics.values()
        for name, values in metrics.items()
        if name.startswith("converged_")
    ]
    return float(np.nanmean(np.concatenate(found)))


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
        "Between what S of a perfect predictor lies under all of p(x)": _wholes(
            results, [*full(results, FIXED), *full(results, GROWING)]
        ),
        "What is read off, and what is missed": _readouts(results, settings),
        "Cost of a seed (median)": _costs(results, settings),
    }


def _laws(results: Results, settings: list[Setting]) -> list[list[str]]:
    header = ["y", "tokens", "m", "d", "beliefs drawn"]
    header += [f"{name}, {source}" for name in LAWS.values() for source in ("oracle", "trained")]
    rows = [[*header, *(f"{name} (null)" for name in NULLS.values()), "argmax"]]
    metrics = [f"score_{law}.{source}" for law in LAWS for source in ("oracle", "trained")]
    for setting in settings:
        beliefs = results.interval("num_beliefs.exact", setting)
        argmax = results.interval("score_argmax.oracle.population", setting)
        scores = [_marked(results, metric, setting) for metric in (*metrics, *NULLS)]
        rows.append([*_columns(setting), number(beliefs.mean, 0), *scores, plain(argmax)])
    return rows


def _wholes(results: Results, settings: list[Setting]) -> list[list[str]]:
    names = [LAWS[law] for law in ("log_posterior", "marginals")]
    rows = [["y", "tokens", "m", "d", *(f"{name}, {e}" for name in names for e in ENDS)]]
    for setting in settings:
        scores = [
            plain(results.interval(f"score_{law}.whole.{end}", setting))
            for law in ("log_posterior", "marginals")
            for end in ENDS
        ]
        rows.append([*_columns(setting), *scores])
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
