"""Which settings of the simulation are shown, and in which tables?"""

from typing import Any

import numpy as np

import estimators as es
from experiments.results import Results
from experiments.trained import trained_words
from experiments.wording import number, plain

Setting = dict[str, Any]
NULLS = ("raw_input", "untrained", "permuted", "majority")
SHOWN_SIZES = (0, 2, 4, 8, 12)


def tables(results: Results) -> dict[str, list[list[str]]]:
    """The tables of the report, title -> rows."""
    size = [s for s in results.settings(panel="size") if s["num_context_bits"] in SHOWN_SIZES]
    laws = ["score_log_posterior.oracle", "score_log_posterior.trained", "score_belief.oracle"]
    return {
        "Size of the context, at four concepts": _table(results, size, _TOKEN_AND_SIZE, laws),
        "Noise of the token": _table(results, results.settings(panel="noise"), _NOISE, laws),
        "Concept graph and number of concepts": _table(
            results, results.settings(panel="graph"), _GRAPH, laws
        ),
        "Concept by concept, held out": _concept_table(results, largest_of(size)),
    }


_TOKEN_AND_SIZE = {"bits of y": "num_token_bits", "bits of x": "num_context_bits"}
_GRAPH = {"concepts": "num_concepts", "ER": "edges_per_concept", **_TOKEN_AND_SIZE}
_NOISE = {"η": "replace_rate"}
_HEADINGS = {
    "score_log_posterior.oracle": "S log p, oracle",
    "score_log_posterior.trained": "S log p, trained",
    "score_belief.oracle": "S p, oracle",
}


def _table(
    results: Results, settings: list[Setting], keys: dict[str, str], laws: list[str]
) -> list[list[str]]:
    header = [*keys, "Bayes", "perfect predictor's best linear reader", "its probe"]
    header += ["trained probe", "largest null"]
    rows = [[*header, *(_HEADINGS[law] for law in laws), "ε", "excess loss / I"]]
    for setting in settings:
        null = highest_null(results, setting)
        excess = results.interval("excess_share.trained", setting).mean
        rows.append(
            [
                *(str(setting[name]) for name in keys.values()),
                number(bayes(results, setting).mean, 3),
                number(results.interval("accuracy.oracle.best", setting).mean, 3),
                _marked(results, "accuracy.oracle", setting),
                _marked(results, "accuracy.trained", setting),
                f"{number(results.interval(null, setting).mean, 3)} ({null_name(null)})",
                *(_marked(results, law, setting) for law in laws),
                number(results.interval("epsilon.exact", setting).mean, 4),
                number(excess, 4) + trained_words(results, setting),
            ]
        )
    return rows


def _concept_table(results: Results, settings: list[Setting]) -> list[list[str]]:
    """Accuracy of each concept at the largest context."""
    sources = ("bayes", "oracle", "trained", "raw_input", "untrained", "permuted", "majority")
    rows = [["bits of y", "bits of x", "concept", *(null_name(f".{s}") for s in sources)]]
    for setting in settings:
        for concept in range(setting["num_concepts"]):
            place = [str(setting[name]) for name in _TOKEN_AND_SIZE.values()] + [str(concept)]
            for source in sources:
                estimate = "population" if source in ("bayes", "majority") else "held_out"
                metric = f"accuracy.{source}.{estimate}.{concept}"
                place.append(plain(results.interval(metric, setting)))
            rows.append(place)
    return rows


def captions() -> dict[str, str]:
    """Figure name -> caption, which is also the alternative text."""
    return {
        "simulation_size": (
            "Accuracy of linear probes (top), the share 1 − S of the predictions that each law "
            "misses (middle, lower is better), and ε and the excess loss (bottom), over the size "
            "of the context, for a token that does not pin the four concepts (left) and one that "
            "does (right)."
        ),
        "simulation_noise": (
            "Accuracy of linear probes (top) and what each law misses (bottom) over the noise η of "
            "a token that names all four concepts, at 8 bits of context."
        ),
        "simulation_graph": (
            "Accuracy of linear probes over concept graphs (ER1 to ER3) and numbers of concepts m, "
            "with 3m/2 bits of context and a token of all m digits."
        ),
        "simulation_noiseless": (
            "The paper's literal case without noise: accuracy of linear probes (top) and what the "
            "two laws miss that are defined where posteriors have zeros (bottom)."
        ),
    }


def _marked(results: Results, metric: str, setting: Setting) -> str:
    held = results.interval(f"{metric}.held_out", setting)
    if held.num_values:
        return plain(held)
    whole = results.interval(f"{metric}.population", setting)
    return f"{number(whole.mean, 3)} saturated" if whole.num_values else "–"


def bayes(results: Results, setting: Setting) -> es.Interval:
    """The Bayes accuracy, averaged over concepts."""
    return results.interval("accuracy.bayes.population", setting)


def highest_null(results: Results, setting: Setting) -> str:
    """The metric of the null that reads most accurately."""
    names = [f"accuracy.{source}.held_out" for source in NULLS[:-1]]
    names.append("accuracy.majority.population")
    return max(names, key=lambda name: np.nan_to_num(results.interval(name, setting).mean, nan=0.0))


def null_name(metric: str) -> str:
    """A null in words."""
    words = {
        "raw_input": "raw input",
        "untrained": "untrained network",
        "permuted": "rows permuted",
    }
    source = metric.split(".")[1]
    return words.get(source, source)


def largest_of(settings: list[Setting]) -> list[Setting]:
    """The setting with the largest context for each token, coarse tokens first."""
    return [of_token(settings, token)[-1] for token in tokens(settings)]


def of_token(settings: list[Setting], token: int) -> list[Setting]:
    """The settings with this size of token, by size of context."""
    chosen = [setting for setting in settings if setting["num_token_bits"] == token]
    return sorted(chosen, key=lambda setting: setting["num_context_bits"])


def tokens(settings: list[Setting]) -> list[int]:
    """The sizes of token, smallest first."""
    return sorted({setting["num_token_bits"] for setting in settings})


def is_pinned(setting: Setting) -> bool:
    """Whether the token names the whole configuration, up to its noise."""
    return setting["num_token_bits"] == setting["num_concepts"]


def pins(setting: Setting) -> str:
    """What the token tells, in words that follow "when y"."""
    digits = f"{setting['num_token_bits']} of c's {setting['num_concepts']} digits"
    return "pins c" if is_pinned(setting) else f"tells only {digits}"


def graph_name(setting: Setting) -> str:
    """A concept graph in words."""
    return f"m = {setting['num_concepts']}, ER{setting['edges_per_concept']}"


def place(setting: Setting) -> str:
    """A setting in words."""
    noise = f", η = {setting['replace_rate']:g}" if setting["panel"] == "noise" else ""
    return (
        f"{graph_name(setting)}, {setting['num_token_bits']} bits of y, "
        f"{setting['num_context_bits']} of x{noise}"
    )
