"""Which claims does the phase diagram judge, and by which of its numbers?"""

from collections.abc import Sequence
from functools import partial

from experiments.attribution import FEW_TOKENS, LAW_FORM, SHARP, THEOREM, epsilon_words
from experiments.exact_laws import enough_worlds, gap_to, room_words
from experiments.experiment import CellRecord, Claim, Judgement
from experiments.log_or_belief.tables import (
    corner,
    counts,
    family,
    law_verdict_of,
    place,
    rivals,
)
from experiments.log_or_belief.worlds import CHANNEL, RANDOM
from experiments.results import Results
from experiments.verdicts import (
    counted_verdict,
    everywhere_verdict,
    law_verdict,
    lowest_law,
    supported_verdict,
)
from experiments.wording import difference, plain


def _law(records: Sequence[CellRecord], law: str, name: str, sharp: bool) -> Judgement:
    """The verdict on a law at one end of a family, at the longest context."""
    results = Results(records)
    setting = corner(results, name, sharp)
    gap = gap_to(results, law, "raw_input", setting)
    return Judgement(
        law_verdict_of(results, law, setting),
        f"S {plain(results.best(f'score_{law}.oracle', setting))} at {place(setting)}, where 1 is "
        f"possible; {difference(gap)} to the raw input; log p less p "
        f"{difference(rivals(results, setting))}",
    )


# Two predictions have nothing fitted. The raw input beside them is, on the same bags.
_RAW_INPUT = "score_raw_input.oracle.population"


def _own_matrix(records: Sequence[CellRecord]) -> Judgement:
    """The verdict on the paper's own A where y is sharpest, at the longest context."""
    results = Results(records)
    metric, setting = "score_paper.oracle.no_fit", corner(results, CHANNEL, True)
    score = results.interval(metric, setting)
    gap = results.paired(metric, _RAW_INPUT, setting)
    return Judgement(
        counted_verdict(
            supported_verdict(law_verdict(score), [gap]),
            counted=enough_worlds(results, setting),
            trivial=not counts(results, setting),
        ),
        f"S {plain(score)} at {place(setting)}, nothing fitted; {difference(gap)} to the raw "
        "input, fitted",
    )


def _offset(records: Sequence[CellRecord]) -> Judgement:
    """The verdict on log(p + ρ) in every setting that counts, decided where it does worst."""
    results = Results(records)
    metric = "score_rho.oracle.no_fit"
    settings = [s for s in family(results, CHANNEL) if counts(results, s)]
    scores = [results.interval(metric, s) for s in settings]
    nulls = [results.interval(_RAW_INPUT, s) for s in settings]
    gaps = [results.paired(metric, _RAW_INPUT, s) for s in settings]
    verdict = everywhere_verdict(scores, nulls, gaps)
    if not settings:
        return Judgement(verdict, "every setting is saturated or a trivial corner")
    lowest = lowest_law(scores)
    return Judgement(
        counted_verdict(verdict, counted=all(enough_worlds(results, s) for s in settings)),
        f"S {plain(scores[lowest])} at {place(settings[lowest])}, the lowest of {len(settings)} "
        f"settings, nothing fitted; {room_words(nulls, gaps)}; the raw input is fitted",
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
        _own_matrix,
    ),
    Claim(
        "log-or-belief-offset",
        "latentgen, the crossover",
        "f is exactly affine in log(p(c∣x) + ρ), ρ = η/(ℓ(1 − η)), at every η and length",
        "x ⊥ y given c; y = c with probability 1 − η and uniform otherwise; a perfect fit; "
        "evidence where the raw input leaves .05 or more",
        "log_or_belief_collapse",
        _offset,
    ),
)
