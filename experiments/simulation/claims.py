"""Which claims does the simulation judge, and by which of its numbers?"""

from collections.abc import Sequence
from functools import partial

import numpy as np

import estimators as es
from experiments.attribution import (
    DIVERSE,
    FEW_TOKENS,
    LAW_FORM,
    SHARP,
    THEOREM,
    epsilon_words,
)
from experiments.exact_laws import gap_to, room_words
from experiments.experiment import CellRecord, Claim, Judgement
from experiments.results import Results
from experiments.simulation.criteria import (
    above_null,
    course,
    enough,
    is_trivial_setting,
    law_verdict_of,
    rise,
)
from experiments.simulation.tables import (
    Setting,
    bayes,
    graph_name,
    highest_null,
    is_pinned,
    largest_of,
    null_name,
    of_token,
    place,
)
from experiments.trained import counts_as_trained, trained_words
from experiments.verdicts import (
    counted_verdict,
    everywhere_verdict,
    is_evidence,
    lowest_law,
    rise_verdict,
    stability_verdict,
)
from experiments.wording import difference, percent, plain, share

NAMES = {"log_posterior": "log p(c∣x)", "belief": "p(c∣x)", "rho": "log(p(c∣x) + ρ)"}


def _law(records: Sequence[CellRecord], law: str, pinned: bool) -> Judgement:
    """The verdict on a law for a perfect predictor, at the largest context."""
    results = Results(records)
    setting = _largest(results, pinned)
    score = results.best(f"score_{law}.oracle", setting)
    trained = results.best(f"score_{law}.trained", setting)
    return Judgement(
        law_verdict_of(results, law, setting),
        f"S {plain(score)} for a perfect predictor at {place(setting)}, where 1 is possible; "
        f"{difference(gap_to(results, law, 'raw_input', setting))} to the raw input; trained "
        f"{plain(trained)}{trained_words(results, setting)}",
    )


def _exact_law(records: Sequence[CellRecord], law: str) -> Judgement:
    """The verdict on a law wherever the token pins c, decided where it does worst."""
    results = Results(records)
    settings = [s for panel in ("size", "noise") for s in results.settings(panel=panel)]
    settings = [s for s in settings if is_pinned(s) and not _excluded(results, law, s)]
    scores = [results.best(f"score_{law}.oracle", s) for s in settings]
    nulls = [results.best("score_raw_input.oracle", s) for s in settings]
    gaps = [gap_to(results, law, "raw_input", s) for s in settings]
    verdict = everywhere_verdict(scores, nulls, gaps)
    if not settings:
        return Judgement(verdict, "every setting is saturated or a trivial corner")
    lowest = lowest_law(scores)
    other = results.best("score_log_posterior.oracle", settings[lowest])
    return Judgement(
        counted_verdict(verdict, counted=all(enough(results, s) for s in settings)),
        f"the lowest S of {len(settings)} settings is {plain(scores[lowest])}, at "
        f"{place(settings[lowest])}, where 1 is possible and {NAMES['log_posterior']} has "
        f"{plain(other)}; {room_words(nulls, gaps)}",
    )


def _rise(records: Sequence[CellRecord], pinned: bool) -> Judgement:
    """Whether accuracy rises from the smallest context at which probes can be held out."""
    results = Results(records)
    bits = _largest(results, pinned)["num_token_bits"]
    found = rise(results, of_token(results.settings(panel="size"), bits))
    if found is None:
        return Judgement(rise_verdict([]), "fewer than two settings that are not saturated")
    first, last, changes, verdict = found
    return Judgement(
        verdict,
        f"from {first['num_context_bits']} to {last['num_context_bits']} bits of context: trained "
        f"probe {difference(changes[0])} held out, {difference(changes[1])} without; best linear "
        f"reader of a perfect predictor {difference(changes[2])}; at the end the trained probe "
        f"reads {share(results.best('accuracy.trained', last))}{trained_words(results, last)}, "
        f"where {percent(bayes(results, last))} is possible, "
        f"{difference(above_null(results, last))} to the largest null "
        f"({null_name(highest_null(results, last))})",
    )


def _readable(records: Sequence[CellRecord]) -> Judgement:
    """Whether accuracy and the law move together over the noise of the token."""
    results = Results(records)
    first, last, changes, verdict = course(results)
    return Judgement(
        verdict,
        f"from η = {first['replace_rate']:g} to {last['replace_rate']:g} S of "
        f"{NAMES['log_posterior']} changes by {difference(changes[0])} to "
        f"{plain(results.best('score_log_posterior.oracle', last))}, and the accuracy of a perfect "
        f"predictor's best linear reader by {difference(changes[1])} to "
        f"{share(results.interval('accuracy.oracle.best', last))}, where "
        f"{percent(bayes(results, last))} is possible at either end; trained probe "
        f"{share(results.best('accuracy.trained', first))}{trained_words(results, first)}, then "
        f"{share(results.best('accuracy.trained', last))}{trained_words(results, last)}",
    )


def _stable(records: Sequence[CellRecord]) -> Judgement:
    """Whether the distance to the Bayes accuracy stays, over graphs and numbers of concepts.

    Where a probe does not exceed its nulls, neither its staying nor its changing tells anything.
    """
    results = Results(records)
    settings = [
        s
        for s in results.settings(panel="graph")
        if not results.saturated("accuracy.trained", s) and counts_as_trained(results, s)
    ]
    if len(settings) < 2:
        return Judgement(
            counted_verdict(stability_verdict([]), counted=False),
            "fewer than two settings that are not saturated and count as trained",
        )
    changes = _distance_changes(results, "accuracy.trained.held_out", settings)
    oracle = _distance_changes(results, "accuracy.oracle.held_out", settings)
    gaps = [above_null(results, s) for s in settings]
    least = int(np.argmin([gap.low for gap in gaps]))
    told = all(is_evidence(gap) for gap in gaps) and all(enough(results, s) for s in settings)
    return Judgement(
        counted_verdict(stability_verdict(changes), counted=told),
        f"over {'; '.join(graph_name(s) for s in settings)}: the trained probe's distance to the "
        f"Bayes accuracy changes by {_widest(changes)} at most, that of a perfect predictor's "
        f"probe by {_widest(oracle)}; the trained probe exceeds the largest null by "
        f"{difference(gaps[least])} at least ({null_name(highest_null(results, settings[least]))}, "
        f"{graph_name(settings[least])}, where {percent(bayes(results, settings[least]))} is "
        "possible)",
    )


def _distance_changes(results: Results, probe: str, settings: list[Setting]) -> list[es.Interval]:
    """How accuracy less Bayes accuracy differs from the first setting's, paired by seed."""
    distances = []
    for setting in settings:
        best = results.by_seed("accuracy.bayes.population", setting)
        read = results.by_seed(probe, setting)
        distances.append({seed: read[seed] - best[seed] for seed in read if seed in best})
    changes = [
        np.array([distance[seed] - distances[0][seed] for seed in distance if seed in distances[0]])
        for distance in distances[1:]
    ]
    return [es.interval(change if np.isfinite(change).all() else []) for change in changes]


def _widest(changes: list[es.Interval]) -> str:
    return difference(max(changes, key=lambda change: np.nan_to_num(abs(change.mean))))


def _excluded(results: Results, law: str, setting: Setting) -> bool:
    saturated = results.saturated(f"score_{law}.oracle", setting)
    return saturated or is_trivial_setting(results, setting)


def _largest(results: Results, pinned: bool) -> Setting:
    found = largest_of(results.settings(panel="size"))
    return next(setting for setting in found if is_pinned(setting) == pinned)


_PAPER = "arXiv:2503.08980, simulation, in sizes of ours"
_WORLD = "x ⊥ y given c; noisy bits of permuted configurations; a perfect fit"
_PINNED, _COARSE = "y pins c up to η = .01", "y tells two of c's four digits up to η = .01"

CLAIMS = (
    Claim(
        "simulation-accuracy-anchored",
        _PAPER,
        "Linear probes name concepts more accurately as the context grows, for an anchored token",
        f"four binary concepts, ER1; {_PINNED}; predictors that count as trained",
        "simulation_size",
        partial(_rise, pinned=True),
    ),
    Claim(
        "simulation-accuracy-coarse",
        _PAPER,
        "Linear probes name concepts more accurately as the context grows, for a coarse token",
        f"four binary concepts, ER1; {_COARSE}; predictors that count as trained",
        "simulation_size",
        partial(_rise, pinned=False),
    ),
    Claim(
        "simulation-accuracy-graphs",
        _PAPER,
        "The accuracy of linear probes is stable over concept graphs and numbers of concepts",
        "y pins c up to η = .01; 3m/2 bits of context; settings that are not saturated and "
        "count as trained",
        "simulation_graph",
        _stable,
    ),
    Claim(
        "simulation-law-anchored",
        THEOREM,
        "f(x) ≈ A log p(c∣x) + b for a perfect predictor of an anchored token",
        f"{_WORLD}; {_PINNED}; {FEW_TOKENS}; {epsilon_words(0.0023, 0.86, 'twelve bits')}",
        "simulation_size",
        partial(_law, law="log_posterior", pinned=True),
    ),
    Claim(
        "simulation-law-coarse",
        f"{THEOREM}, {DIVERSE} and {SHARP}",
        "f(x) ≈ A log p(c∣x) + b for a perfect predictor of a coarse token",
        f"{_WORLD}; {_COARSE}; {epsilon_words(0.019, 0.82, 'twelve bits')}",
        "simulation_size",
        partial(_law, law="log_posterior", pinned=False),
    ),
    Claim(
        "simulation-belief-coarse",
        LAW_FORM,
        "f(x) ≈ A p(c∣x) + b for a perfect predictor of a coarse token",
        f"{_WORLD}; {_COARSE}",
        "simulation_size",
        partial(_law, law="belief", pinned=False),
    ),
    Claim(
        "simulation-offset-anchored",
        "latentgen, the crossover",
        "log(p(c∣x) + ρ) with ρ read off the token's table is the exact law of an anchored token",
        f"{_WORLD}; y = c with probability 1 − η, else uniform; every context and η; evidence "
        "where the raw input leaves .05 or more",
        "simulation_noise",
        partial(_exact_law, law="rho"),
    ),
    Claim(
        "simulation-readable",
        "latentgen, on the simulation of arXiv:2503.08980",
        "The better concepts are read off linearly, the better log p(c∣x) is the law",
        "y pins c up to η, swept; the contexts unchanged, at eight bits",
        "simulation_noise",
        _readable,
    ),
)
