"""What does gradient descent add, in words made from the numbers?"""

from collections.abc import Sequence

import numpy as np

from experiments.experiment import CellRecord, Finding
from experiments.origins.tables import (
    FREE,
    OPTIMISERS,
    RAW,
    Setting,
    at,
    captions,
    counts,
    families,
    law_judged,
    lowest,
    place,
    span,
    spread,
    starts,
    tables,
)
from experiments.origins.worlds import PRODUCT
from experiments.results import Results
from experiments.trained import counts_as_trained, trained_words
from experiments.verdicts import LAW_FAILS
from experiments.wording import difference, number, plain

KINDS = {
    "product": "product worlds (p(c∣x) a product)",
    "chain": "chain worlds (dependent concepts)",
    "joint": "joint worlds (words that read two concepts)",
}


def finding(records: Sequence[CellRecord], evidence: bool) -> Finding:
    """Headline, paragraphs, tables and captions; no verdict when the results are no evidence."""
    results = Results(records)
    evidence = evidence and all(counts(results, s) for s in results.settings())
    paragraphs = [
        _training_words(results),
        _free_words(results, evidence),
        _raw_words(results, evidence),
        _start_words(results),
        _optimiser_words(results),
        _least_norm_words(results),
        _across_words(results),
        _idle_words(results),
        _conserved_words(results),
        _null_words(results),
    ]
    return Finding(_headline(results), paragraphs, tables(results), captions(), evidence)


def _headline(results: Results) -> str:
    small, large = starts(results)[0], starts(results)[-1]
    settings = results.settings(family=families(results)[0])
    from_start = {
        start: spread(results, at(RAW, "trained"), _at_start(settings, start))
        for start in (small, large)
    }
    untrained = [s for s in results.settings() if not counts_as_trained(results, s)]
    mark = f" {len(untrained)} settings do not count as trained." if untrained else ""
    return (
        f"In {KINDS[settings[0]['family']]} the log-odds of a concept at different backgrounds "
        f"have the gauge-free cosine {spread(results, at(FREE, 'trained'), settings)} in trained "
        f"networks and {spread(results, at(FREE, 'exact'), settings)} in any perfect fit; the raw "
        f"cosine of unembedding differences is {from_start[small]} from a start of {small:g} and "
        f"{from_start[large]} from one of {large:g}.{mark}"
    )


def _at_start(settings: Sequence[Setting], start: float) -> list[Setting]:
    return [s for s in settings if s["unembedding_scale"] == start]


def _training_words(results: Results) -> str:
    shares = [results.interval("excess_share.trained", s).mean for s in results.settings()]
    missing = [
        f"{place(s)}{trained_words(results, s)}"
        for s in results.settings()
        if not counts_as_trained(results, s)
    ]
    told = f"; not counted as trained: {'; '.join(missing)}" if missing else ""
    most = float(np.max(shares))  # NaN where a network diverged
    reached = "–" if np.isnan(most) else f"{float(np.min(shares)):.1e} to {most:.1e}"
    return (
        "Networks are trained on the whole population, so that no sampling error is left. Mean "
        f"excess loss of the settings: {reached} of I(x; y){told}."
    )


def _free_words(results: Results, evidence: bool) -> str:
    said = []
    for family in families(results):
        settings = results.settings(family=family)
        errors = spread(results, at("free_error", "trained"), settings, 4)
        told = ""
        if evidence and family == PRODUCT:
            told = f" (cosine 1: {law_judged(results, FREE, settings)})"
        said.append(
            f"{family}: exact {plain(results.interval(at(FREE, 'exact'), settings[0]))}, trained "
            f"{spread(results, at(FREE, 'trained'), settings)}{told}, mean distance of a pair "
            f"from its exact value {errors}"
        )
    return (
        "The gauge-free cosine, the correlation over contexts of the log-odds of a concept at two "
        f"backgrounds, depends on the predictions alone. {'; '.join(said)}. It is 1 for every "
        "perfect fit where p(c∣x) and p(y∣c) are products, whatever the optimiser."
    )


def _raw_words(results: Results, evidence: bool) -> str:
    said = []
    for family in families(results):
        for start in starts(results):
            settings = results.settings(family=family, unembedding_scale=start)
            worst = lowest(results, at(RAW, "trained"), settings)
            found = results.interval(at(RAW, "trained"), worst)
            told = f", raw cosine 1: {law_judged(results, RAW, settings)}" if evidence else ""
            said.append(
                f"{family} from {start:g}: {spread(results, at(RAW, 'trained'), settings)} (lowest "
                f"{plain(found)}, d = {worst['dim']}, {OPTIMISERS[worst['optimiser']]}{told})"
            )
    helmert = spread(results, at(RAW, "helmert"), results.settings())
    return (
        f"The raw cosine of unembedding differences. {'; '.join(said)}. A perfect fit need not "
        f"have any: with d ≥ |tokens| − 1 every unembedding of full rank has representations that "
        f"make it perfect, and that of the oracle with orthonormal directions reads {helmert}."
    )


def _start_words(results: Results) -> str:
    small, large = starts(results)[0], starts(results)[-1]
    changes = {}
    for setting in results.settings(unembedding_scale=small):
        other = {**setting, "unembedding_scale": large}
        changes[place(setting)] = results.between(at(RAW, "trained"), setting, other)
    where = min(changes, key=lambda name: changes[name].mean)
    return (
        f"What the start changes: raw cosine from {small:g} less that from {large:g} is "
        f"{span([change.mean for change in changes.values()])} over {len(changes)} settings "
        f"(least {difference(changes[where])}: {where})."
    )


def _optimiser_words(results: Results) -> str:
    said = []
    for start in starts(results):
        found = []
        for setting in results.settings(optimiser="adam", unembedding_scale=start):
            other = {**setting, "optimiser": "sgd"}
            found.append(results.between(at(RAW, "trained"), setting, other).mean)
        said.append(f"{span(found)} from {start:g}")
    return f"Adam less gradient descent, raw cosine: {'; '.join(said)}."


def _least_norm_words(results: Results) -> str:
    small, said = starts(results)[0], []
    for family in families(results):
        settings = results.settings(family=family, unembedding_scale=small)
        changes = [results.paired(at(RAW, "trained"), at(RAW, "least_norm"), s) for s in settings]
        said.append(
            f"{family}: predicted {plain(results.interval(at(RAW, 'least_norm'), settings[0]))}, "
            f"trained less predicted {span([change.mean for change in changes])}"
        )
    return (
        f"The perfect fit with the least ‖g‖² + E‖f‖² against a start of {small:g}, nothing "
        f"fitted: {'; '.join(said)}."
    )


def _across_words(results: Results) -> str:
    said = []
    for family in families(results):
        settings = results.settings(family=family)
        raw = [
            f"{spread(results, at('across_raw', 'trained'), _at_start(settings, start))} from "
            f"{start:g}"
            for start in starts(results)
        ]
        said.append(
            f"{family}: gauge-free exact "
            f"{plain(results.interval(at('across_free', 'exact'), settings[0]))}, trained "
            f"{spread(results, at('across_free', 'trained'), settings)}; raw {', '.join(raw)}, "
            f"least norm {plain(results.interval(at('across_raw', 'least_norm'), settings[0]))}, "
            f"untrained {spread(results, at('across_raw', 'untrained'), settings)}"
        )
    return f"Mean |cosine| between different concepts. {'; '.join(said)}."


def _idle_words(results: Results) -> str:
    said = []
    for start in starts(results):
        settings = results.settings(family=families(results)[0], unembedding_scale=start)
        said.append(
            f"from {start:g} the share of ‖Δg‖² where f does not vary is "
            f"{spread(results, 'idle_share.trained', settings)}, and the rest has the cosine "
            f"{spread(results, at('cosine_varying', 'trained'), settings)}"
        )
    family = KINDS[families(results)[0]]
    return f"Where the raw cosine goes in {family}: {'; '.join(said)}."


def _conserved_words(results: Results) -> str:
    said = []
    for optimiser, name in OPTIMISERS.items():
        drifts = [
            f"{spread(results, 'drift_balance.trained', found)} from {start:g}"
            for start in starts(results)
            if (found := results.settings(optimiser=optimiser, unembedding_scale=start))
        ]
        means = spread(results, "drift_mean.trained", results.settings(optimiser=optimiser), 6)
        said.append(f"{name}: C {', '.join(drifts)}, mean of g {means}")
    beyond = [
        f"{spread(results, 'beyond.trained', found)} from {start:g}, at least "
        f"{spread(results, 'beyond.bound', found)} were C conserved"
        for start in starts(results)
        if (found := results.settings(optimiser="sgd", unembedding_scale=start))
    ]
    return (
        "What gradient flow conserves, C = gᵀg − W̃W̃ᵀ of the last two layers and the mean of g over "
        f"tokens, as shares of what moved. {'; '.join(said)}. The share of ‖g‖² beyond m "
        f"directions that gradient descent leaves: {'; '.join(beyond)}."
    )


def _null_words(results: Results) -> str:
    said = []
    for family in families(results):
        settings = results.settings(family=family)
        said.append(
            f"{family}: untrained {spread(results, at(RAW, 'untrained'), settings)}, tokens "
            f"permuted {spread(results, at(RAW, 'permuted'), settings)}, the best reader of the "
            f"raw input {spread(results, at(RAW, 'raw_input'), settings)} (gauge-free "
            f"{spread(results, at(FREE, 'raw_input'), settings)}), whose S is "
            f"{spread(results, at('score_raw_input', 'exact'), settings)}"
        )
    readers = [results.interval(at(RAW, "raw_input"), s).low for s in results.settings()]
    parallel = max(readers) >= LAW_FAILS
    told = "Parallel differences alone do not show that concepts are learnt. " if parallel else ""
    argmax = max(results.interval(at("score_argmax", "exact"), s).mean for s in results.settings())
    return (
        f"Nulls, raw cosine. {'; '.join(said)}. {told}The one-hot of the likeliest configuration "
        f"scores {number(argmax, 3)} at most."
    )
