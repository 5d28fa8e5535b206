"""Which claims does the comparison of architectures judge, and by which of its numbers?"""

from collections.abc import Sequence
from functools import partial

import numpy as np

from estimators.assessment.verdict import RIVAL_MARGIN
from experiments.architectures.tables import (
    NAMES,
    Setting,
    apart,
    comparable,
    counted,
    enough,
    is_beyond,
    is_judged,
    largest,
    linear_limit,
    of,
    oracle_gaps,
    pairs,
    place,
    shrinkages,
    worlds,
)
from experiments.architectures.worlds import BAGS, CHAIN
from experiments.attribution import FEW_TOKENS, LAW_FORM, NEAR, THEOREM, epsilon_words
from experiments.experiment import CellRecord, Claim, Judgement
from experiments.log_or_belief.worlds import CHANNEL
from experiments.nulls import gaps, nearest
from experiments.results import Results
from experiments.trained import trained_verdict
from experiments.verdicts import counted_verdict, law_verdict, rise_verdict, stability_verdict
from experiments.wording import difference, plain

NULLS = ("raw_input.trained", "permuted.trained", "untrained")  # of a law, on trained networks


def law_nulls(law: str) -> list[str]:
    """The nulls of a law of a trained network; the last one: the same law, nothing learnt."""
    raw_input, permuted, untrained = NULLS
    return [
        f"score_{raw_input}.held_out",
        f"score_{permuted}.held_out",
        f"score_{law}.{untrained}.held_out",
    ]


def _law(records: Sequence[CellRecord], law: str, sharp: bool) -> Judgement:
    """A law at one end of the channel's diagonal, where the raw input tells nothing.

    The architecture is the one with the lowest limit among those that count as trained; each has
    to exceed its own nulls.
    """
    results = Results(records)
    found = worlds(results, words=CHAIN, family=CHANNEL)
    world = found[0 if sharp else -1]
    names = counted(results, world)
    if not names:
        return _uncounted(f"no architecture counts as trained at {place(world)}")
    metric = f"score_{law}.trained.held_out"
    scores = {name: results.interval(metric, of(world, name)) for name in names}
    lowest = min(names, key=lambda name: np.nan_to_num(scores[name].low, nan=-np.inf))
    nulls = {
        f"{null} of {NAMES[name]}": gap
        for name in names
        for null, gap in gaps(results, metric, law_nulls(law), of(world, name)).items()
    }
    verdict = trained_verdict(
        results,
        of(world, lowest),
        law_verdict(scores[lowest]),
        nulls.values(),
        saturated=any(results.saturated(f"score_{law}.trained", of(world, n)) for n in names),
    )
    told = ", ".join(f"{NAMES[name]} {plain(scores[name])}" for name in names)
    late = ", ".join(
        f"{NAMES[n]} {plain(results.interval(f'score_{law}.late.held_out', of(world, n)))}"
        for n in comparable(results, world, "late")
    )
    oracle = results.interval(f"score_{law}.oracle.held_out", world)
    return Judgement(
        verdict,
        f"S at {place(world)}: {told}; the perfect predictor {plain(oracle)}, where 1 is possible; "
        f"at least {difference(nearest(nulls)[1])} to the nulls; at an excess loss of .001 I(x; y) "
        f"{late or 'none can be compared'}",
    )


def _alike(records: Sequence[CellRecord]) -> Judgement:
    """Whether every two architectures of like size that reach the level agree in every world."""
    results = Results(records)
    found = pairs(results, "trained")
    if not found:
        return _uncounted("no two architectures of like size reach the level in one world")
    changes = [pair.change for pair in found]
    worst = found[largest(changes)]
    beyond = sum(is_beyond(change) for change in changes)
    others = apart(results, "trained")
    differ = sum(is_beyond(pair.change) for pair in others)
    return Judgement(
        counted_verdict(
            stability_verdict(changes, RIVAL_MARGIN),
            counted=_all_enough(results, [p.world for p in found]),
        ),
        f"{beyond} of {len(found)} pairs of architectures differ by more than {RIVAL_MARGIN:g}; "
        f"the largest difference is {difference(worst.change)}, {NAMES[worst.first]} less "
        f"{NAMES[worst.second]} at {place(worst.world)}; apart from them {differ} of "
        f"{len(others)} pairs with the log-bilinear predictor do",
    )


def _oracle(records: Sequence[CellRecord]) -> Judgement:
    """Whether every architecture that counts has the perfect predictor's difference of laws."""
    results = Results(records)
    found = oracle_gaps(results, "trained")
    if not found:
        return _uncounted("no architecture counts as trained")
    changes = [gap for _, _, gap in found]
    world, name, worst = found[largest(changes)]
    beyond = sum(is_beyond(change) for change in changes)
    whole = sum(is_beyond(gap) for _, _, gap in oracle_gaps(results, "trained", "population"))
    return Judgement(
        counted_verdict(
            stability_verdict(changes, RIVAL_MARGIN),
            counted=_all_enough(results, [w for w, _, _ in found]),
        ),
        f"{beyond} of {len(found)} networks ({whole} on the population) differ by more than "
        f"{RIVAL_MARGIN:g} from the perfect predictor; the largest difference is "
        f"{difference(worst)}, {NAMES[name]} at {place(world)}",
    )


def _shrinks(records: Sequence[CellRecord]) -> Judgement:
    """Whether the spread of architectures falls from the first level to the last, everywhere."""
    results = Results(records)
    found = shrinkages(results)
    if not found:
        return _uncounted("no two architectures of like size reach all levels in one world")
    changes = [change for _, change in found]
    world, least = min(found, key=lambda pair: np.nan_to_num(pair[1].low, nan=-np.inf))
    return Judgement(
        counted_verdict(rise_verdict(changes), counted=_all_enough(results, [w for w, _ in found])),
        f"the spread shrinks by {min(c.mean for c in changes):.3f} to "
        f"{max(c.mean for c in changes):.3f} over {len(found)} worlds, least surely by "
        f"{difference(least)} at {place(world)}",
    )


def _log_bilinear(records: Sequence[CellRecord]) -> Judgement:
    """What share of I(x; y) a sum over words explains where it explains least."""
    results = Results(records)
    found = [w for w in worlds(results, words=BAGS) if is_judged(results, w)]
    metric, name = "explained.late", "log_bilinear"
    if not found:
        return _uncounted("no world in which laws can be told apart")
    shares = [(world, results.interval(metric, of(world, name))) for world in found]
    fails = [pair for pair in shares if law_verdict(pair[1]) == "fails"]  # one world is enough
    world, lowest = min(fails or shares, key=lambda pair: np.nan_to_num(pair[1].low, nan=-np.inf))
    where = f"{len(fails)} worlds of {len(found)} that fail" if fails else f"{len(found)} worlds"
    return Judgement(
        counted_verdict(law_verdict(lowest), counted=_all_enough(results, found)),
        f"share of I(x; y) explained {plain(lowest)} at {place(world)}, the lowest of {where}; an "
        "affine function of the word counts can explain "
        f"{plain(linear_limit(results, world))}",
    )


def _all_enough(results: Results, found: Sequence[Setting]) -> bool:
    return all(enough(results, world) for world in found)


def _uncounted(why: str) -> Judgement:
    """What is said where there is nothing to judge."""
    return Judgement(counted_verdict("undecided", counted=False), why)


_CHAIN = "words that interact given c; x ⊥ y given c; y = c up to noise; excess loss ≤ .01 I(x; y)"
_EQUAL = "x ⊥ y given c; MLP, GRU and transformer that reach .7 to 1 of the same excess loss"

CLAIMS = (
    Claim(
        "architectures-log",
        THEOREM,
        "f(x) ≈ A log p(c∣x) + b for trained networks of any architecture, for a sharp token, at "
        "an excess loss of .01 I(x; y)",
        f"{_CHAIN}; the smallest η; {FEW_TOKENS}; {NEAR}; "
        f"{epsilon_words(0.00073, 0.64, 'η = .001')}",
        "architectures_laws",
        partial(_law, law="log_posterior", sharp=True),
    ),
    Claim(
        "architectures-belief",
        LAW_FORM,
        "p̂(y∣x) = softmax(U p(c∣x) + v) for trained networks of any architecture, for a "
        "weak token, at an excess loss of .01 I(x; y)",
        f"{_CHAIN}; the largest η",
        "architectures_laws",
        partial(_law, law="belief", sharp=False),
    ),
    Claim(
        "architectures-alike",
        "latentgen, the oracle in one line",
        "architectures of like size at one excess loss, .01 I(x; y), hold log p and p alike (S "
        "within .01)",
        _EQUAL,
        "architectures_gaps",
        _alike,
    ),
    Claim(
        "architectures-oracle",
        "latentgen, the oracle in one line",
        "trained networks hold log p and p as a perfect predictor does (S within .01)",
        "x ⊥ y given c; excess loss ≤ .01 I(x; y)",
        "architectures_gaps",
        _oracle,
    ),
    Claim(
        "architectures-shrinks",
        "latentgen, the oracle in one line",
        "what architectures differ in shrinks as their excess loss falls from .1 to .001 I(x; y)",
        _EQUAL,
        "architectures_gaps",
        _shrinks,
    ),
    Claim(
        "architectures-log-bilinear",
        "latentgen, the raw input as a null",
        "a sum over words learns p(y∣x) wherever words are independent given c",
        "x ⊥ y given c; positions alike; 99 % of I(x; y)",
        "architectures_laws",
        _log_bilinear,
    ),
)
