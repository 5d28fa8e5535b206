"""By which criteria do the page of the simulation and the ledger judge, the same in both?"""

from typing import NamedTuple

import estimators as es
from experiments.exact_laws import gap_to
from experiments.results import Results
from experiments.simulation.tables import Setting, highest_null
from experiments.trained import counts_as_trained
from experiments.verdicts import (
    counted_verdict,
    enough_seeds,
    is_trivial,
    law_verdict,
    rise_verdict,
    sign_verdict,
    supported_verdict,
)


class Change(NamedTuple):
    """What changes from one setting to another, paired by seed, and the verdict on it."""

    first: Setting
    last: Setting
    changes: list[es.Interval]
    verdict: str


def law_verdict_of(results: Results, law: str, setting: Setting) -> str:
    """The verdict on a law for a perfect predictor; what holds is evidence above the raw input."""
    verdict = law_verdict(results.best(f"score_{law}.oracle", setting))
    return counted_verdict(
        supported_verdict(verdict, [gap_to(results, law, "raw_input", setting)]),
        counted=enough(results, setting),
        saturated=results.saturated(f"score_{law}.oracle", setting),
        trivial=is_trivial_setting(results, setting),
    )


def rise(results: Results, settings: list[Setting]) -> Change | None:
    """Whether accuracy rises with the context, from the smallest at which probes can be held out.

    settings: of one token, by size of context; None where fewer than two are not saturated.
    Changes of the trained probe held out, without, and of a perfect predictor's best linear reader.
    """
    scored = [s for s in settings if not results.saturated("accuracy.trained", s)]
    if len(scored) < 2:
        return None
    first, last = scored[0], scored[-1]
    sources = ("trained.held_out", "trained.population", "oracle.best")
    changes = [results.between(f"accuracy.{source}", last, first) for source in sources]
    trained = counts_as_trained(results, first) and counts_as_trained(results, last)
    verdict = counted_verdict(
        supported_verdict(rise_verdict(changes), [above_null(results, last)]),
        counted=enough(results, last) and trained,
    )
    return Change(first, last, changes, verdict)


def course(results: Results) -> Change:
    """Whether log p(c|x) and accuracy move together, from the least noise of the token to the most.

    Changes of S and of the best linear reader, both of a perfect predictor.
    """
    settings = sorted(results.settings(panel="noise"), key=lambda s: s["replace_rate"])
    first, last = settings[0], settings[-1]
    names = ("score_log_posterior.oracle.held_out", "accuracy.oracle.best")
    changes = [results.between(name, last, first) for name in names]
    counted = enough(results, first) and enough(results, last)
    return Change(first, last, changes, counted_verdict(sign_verdict(*changes), counted=counted))


def above_null(results: Results, setting: Setting) -> es.Interval:
    """What the trained probe reads more accurately than the largest null, held out."""
    return results.paired("accuracy.trained.held_out", highest_null(results, setting), setting)


def is_trivial_setting(results: Results, setting: Setting) -> bool:
    """Whether the likeliest configuration explains all, or the context tells next to nothing."""
    information = results.interval("concept_information.exact", setting)
    return is_trivial(results.best("score_argmax.oracle", setting), information)


def enough(results: Results, setting: Setting) -> bool:
    """Whether there are at least 10 trained seeds and 20 worlds."""
    num_trained = len(results.values("counted.trained", setting))
    return enough_seeds(num_trained, len(results.values("accuracy.bayes.population", setting)))
