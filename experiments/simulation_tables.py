"""Which settings of the simulation are shown, and in which tables?"""

from typing import Any

import numpy as np

import estimators as es
from experiments.results import Results
from experiments.wording import number, plain

Setting = dict[str, Any]
NULLS = ("raw_input", "untrained", "permuted", "majority")
SHOWN_SIZES = (0, 2, 4, 8, 12)


def size_table(results: Results, settings: list[Setting]) -> list[list[str]]:
    header = ["bits of y", "bits of x", "Bayes", "perfect predictor's probe", "trained probe"]
    header += ["largest null", "S log p, oracle", "S log p, trained", "S p, oracle", "ε", "excess"]
    rows = [header]
    for setting in settings:
        if setting["num_context_bits"] in SHOWN_SIZES:
            null = highest_null(results, setting)
            null_value = results.interval(null, setting)
            rows.append(
                [
                    str(setting["num_token_bits"]),
                    str(setting["num_context_bits"]),
                    f"{bayes(results, setting).mean:.3f}",
                    *(
                        _marked(results, metric, setting)
                        for metric in ("accuracy.oracle", "accuracy.trained")
                    ),
                    f"{null_value.mean:.3f} ({null_name(null)})",
                    *(
                        _marked(results, metric, setting)
                        for metric in (
                            "score_log_posterior.oracle",
                            "score_log_posterior.trained",
                            "score_belief.oracle",
                        )
                    ),
                    f"{results.interval('epsilon.exact', setting).mean:.4f}",
                    number(results.interval("excess_share.trained", setting).mean, 4),
                ]
            )
    return rows


def graph_table(results: Results) -> list[list[str]]:
    rows = [["concepts", "graph", "bits of y", "Bayes", "perfect predictor's probe"]]
    rows[0] += ["trained probe", "largest null", "excess"]
    for setting in results.settings(panel="graph"):
        null = highest_null(results, setting)
        rows.append(
            [
                str(setting["num_concepts"]),
                f"ER{setting['edges_per_concept']}",
                str(setting["num_token_bits"]),
                f"{bayes(results, setting).mean:.3f}",
                _marked(results, "accuracy.oracle", setting),
                _marked(results, "accuracy.trained", setting),
                f"{results.interval(null, setting).mean:.3f} ({null_name(null)})",
                number(results.interval("excess_share.trained", setting).mean, 4),
            ]
        )
    return rows


def captions() -> dict[str, str]:
    return {
        "simulation_size": (
            "Accuracy of linear probes (top), the share S of the predictions that each law "
            "explains (middle), and ε and the excess loss (bottom), over the size of the context, "
            "for a token that does not pin the four concepts (left) and one that does (right)."
        ),
        "simulation_graph": (
            "Accuracy of linear probes over concept graphs (ER1 to ER3) and numbers of concepts m, "
            "for a token of half the digits (left) and of all (right)."
        ),
        "simulation_noiseless": (
            "The paper's literal case without noise: accuracy of linear probes (top) and S of the "
            "two laws that are defined where posteriors have zeros (bottom)."
        ),
    }


def _marked(results: Results, metric: str, setting: Setting) -> str:
    held = results.interval(f"{metric}.held_out", setting)
    if held.num_values:
        return plain(held)
    whole = results.interval(f"{metric}.population", setting)
    return f"{number(whole.mean, 3)} saturated" if whole.num_values else "–"


def bayes(results: Results, setting: Setting) -> es.Interval:
    return results.interval("accuracy.bayes.population", setting)


def highest_null(results: Results, setting: Setting) -> str:
    names = [f"accuracy.{source}.held_out" for source in NULLS[:-1]]
    names.append("accuracy.majority.population")
    return max(names, key=lambda name: np.nan_to_num(results.interval(name, setting).mean, nan=0.0))


def null_name(metric: str) -> str:
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
    chosen = [setting for setting in settings if setting["num_token_bits"] == token]
    return sorted(chosen, key=lambda setting: setting["num_context_bits"])


def tokens(settings: list[Setting]) -> list[int]:
    return sorted({setting["num_token_bits"] for setting in settings})


def is_pinned(setting: Setting) -> bool:
    return setting["num_token_bits"] == setting["num_concepts"]


def pins(setting: Setting) -> str:
    return "pins c" if is_pinned(setting) else "tells only half of c's digits"


def graph_name(setting: Setting) -> str:
    return f"m = {setting['num_concepts']}, ER{setting['edges_per_concept']}"
