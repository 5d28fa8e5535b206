"""Which claims does the phase diagram judge, and by which of its numbers?"""

from collections.abc import Sequence
from functools import partial

import estimators as es
from experiments.attribution import FEW_TOKENS, LAW_FORM, SHARP, THEOREM, epsilon_words
from experiments.experiment import CellRecord, Claim, Judgement
from experiments.log_or_belief.tables import (
    Setting,
    corner,
    counts,
    enough,
    family,
    law_verdict_of,
    place,
    rivals,
)
from experiments.log_or_belief.worlds import CHANNEL, RANDOM
from experiments.results import Results
from experiments.verdicts import counted_verdict, is_evidence, law_verdict, supported_verdict
from experiments.wording import difference, plain


def _law(records: Sequence[CellRecord], law: str, name: str, sharp: bool) -> Judgement:
    """The verdict on a law at one end of a family, at the longest context.

    As everywhere in the ledger, what holds is evidence only where the raw input does worse.
    """
    results = Results(records)
    setting = corner(results, name, sharp)
    metric = f"score_{law}.oracle"
    gap = results.paired(f"{metric}.held_out", "score_raw_input.oracle.held_out", setting)
    return Judgement(
        supported_verdict(law_verdict_of(results, law, setting), [gap]),
        f"S {plain(results.best(metric, setting))} at {place(setting)}, where 1 is possible; "
        f"{difference(gap)} to the raw input; log p less p {difference(rivals(results, setting))}",
    )


def _unfitted(records: Sequence[CellRecord], law: str, everywhere: bool) -> Judgement:
    """The verdict on a prediction with nothing fitted, where y is sharpest or it does worst.

    The raw input is fitted, on the same bags, and has to do worse; of all settings, those count
    in which it does.
    """
    results = Results(records)
    metric = f"score_{law}.oracle.no_fit"

    def gap(setting: Setting) -> es.Interval:
        return results.paired(metric, "score_raw_input.oracle.population", setting)

    settings = [corner(results, CHANNEL, True)]
    if everywhere:
        settings = [s for s in family(results, CHANNEL) if is_evidence(gap(s))]
    if not settings:
        verdict = counted_verdict(law_verdict(es.interval([])), counted=False)
        return Judgement(verdict, "no setting in which the raw input explains less")
    setting = min(settings, key=lambda s: results.interval(metric, s).low)
    score = results.interval(metric, setting)
    verdict = counted_verdict(
        supported_verdict(law_verdict(score), [gap(setting)]),
        counted=enough(results, setting),
        trivial=not counts(results, setting),
    )
    return Judgement(
        verdict,
        f"S {plain(score)} at {place(setting)}, the lowest of {len(settings)} settings, nothing "
        f"fitted; {difference(gap(setting))} to the raw input, fitted",
    )


_WORLD = "x ⊥ y given c; two binary concepts; a perfect fit; the longest context"
_SHARPEST = f"the smallest η; {FEW_TOKENS}; {epsilon_words(0.00047, 0.7, 'η = .001, 12 words')}"

CLAIMS = (
    Claim(
        "log-or-belief-log-channel",
        THEOREM,
        "f(x) ≈ A log p(c∣x) + b for a perfect predictor of a sharp token that pins c",
        f"{_WORLD}; {_SHARPEST}",
        "log_or_belief_phases",
        partial(_law, law="log_posterior", name=CHANNEL, sharp=True),
    ),
    Claim(
        "log-or-belief-log-random",
        f"{THEOREM}, {SHARP}",
        "f(x) ≈ A log p(c∣x) + b for a perfect predictor of a sharp token",
        f"{_WORLD}; more tokens than configurations, table drawn at random, the smallest α; "
        f"{epsilon_words(0.038, 0.7, 'α = .03, 12 words')}",
        "log_or_belief_phases",
        partial(_law, law="log_posterior", name=RANDOM, sharp=True),
    ),
    Claim(
        "log-or-belief-belief-channel",
        LAW_FORM,
        "f(x) ≈ A p(c∣x) + b for a perfect predictor of a token that barely tells c",
        f"{_WORLD}; the largest η",
        "log_or_belief_phases",
        partial(_law, law="belief", name=CHANNEL, sharp=False),
    ),
    Claim(
        "log-or-belief-belief-random",
        LAW_FORM,
        "f(x) ≈ A p(c∣x) + b for a perfect predictor of a token that barely tells c",
        f"{_WORLD}; more tokens than configurations, table drawn at random, the largest α",
        "log_or_belief_phases",
        partial(_law, law="belief", name=RANDOM, sharp=False),
    ),
    Claim(
        "log-or-belief-own-matrix",
        THEOREM,
        "L̂ᵀf ≈ L log p(c∣x) + β with the paper's own L and β",
        f"{_WORLD}; {_SHARPEST}",
        "log_or_belief_laws",
        partial(_unfitted, law="paper", everywhere=False),
    ),
    Claim(
        "log-or-belief-offset",
        "latentgen, the crossover",
        "f is exactly affine in log(p(c∣x) + ρ), ρ = η/(ℓ(1 − η)), at every η and length",
        "x ⊥ y given c; y = c with probability 1 − η and uniform otherwise; a perfect fit; where "
        "the raw input explains less",
        "log_or_belief_collapse",
        partial(_unfitted, law="rho", everywhere=True),
    ),
)
