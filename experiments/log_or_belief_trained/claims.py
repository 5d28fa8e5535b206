"""Which claims do the trained networks judge, and by which of their numbers?"""

from collections.abc import Sequence
from functools import partial

import numpy as np

import estimators as es
from experiments.attribution import FEW_TOKENS, LAW_FORM, NEAR, THEOREM, epsilon_words
from experiments.experiment import CellRecord, Claim, Judgement
from experiments.log_or_belief.tables import WINNERS, corner, counts, place
from experiments.log_or_belief.worlds import CHANNEL
from experiments.log_or_belief_trained.criteria import no_detour_verdict, same_winner_verdict
from experiments.log_or_belief_trained.tables import (
    LAWS,
    NAMES,
    RIVAL_MARGIN,
    Setting,
    enough,
    judged,
    largest_null,
    on_the_way,
    path,
    rivals,
    shift,
    stopped_settings,
)
from experiments.log_or_belief_trained.training import ARCHITECTURES
from experiments.results import Results
from experiments.trained import counts_as_trained, trained_words
from experiments.verdicts import (
    EVIDENCE_MARGIN,
    counted_verdict,
    law_verdict,
    rival_verdict,
    stability_verdict,
    supported_verdict,
)
from experiments.wording import difference, plain


def _law(records: Sequence[CellRecord], law: str, sharp: bool) -> Judgement:
    """The verdict on a law at one end of the channel, for the network that does worse."""
    results = Results(records)
    setting = corner(results, CHANNEL, sharp)
    name = min(ARCHITECTURES, key=lambda n: results.best(f"score_{law}.{n}", setting).low)
    return _judged_law(results, law, setting, name)


def _offset(records: Sequence[CellRecord]) -> Judgement:
    """The verdict on log(p + ρ̂) at its lowest, where it exceeds the raw input for the oracle."""
    results = Results(records)
    tellable = [s for s in results.settings(family=CHANNEL) if _tellable(results, s)]
    pairs = [(s, n) for n in ARCHITECTURES for s in judged(results, n) if s in tellable]
    if not pairs:
        verdict = counted_verdict(law_verdict(es.interval([])), counted=False)
        return Judgement(verdict, "no cell counts")
    lowest = min(pairs, key=lambda pair: results.best(f"score_rho.{pair[1]}", pair[0]).low)
    found = _judged_law(results, "rho", *lowest)
    cells = len(ARCHITECTURES) * len(results.settings(family=CHANNEL))
    return found._replace(
        figures=f"the lowest of {len(pairs)}, of {cells} on the channel in all: {found.figures}"
    )


def _tellable(results: Results, setting: Setting) -> bool:
    oracle = "score_rho.oracle.held_out", "score_raw_input.oracle.held_out"
    return results.paired(*oracle, setting).low >= EVIDENCE_MARGIN


def _judged_law(results: Results, law: str, setting: Setting, name: str) -> Judgement:
    score = results.best(f"score_{law}.{name}", setting)
    null = largest_null(results, setting, name, law)
    gap = results.paired(f"score_{law}.{name}.held_out", null, setting)
    saturated = results.saturated(f"score_{law}.{name}", setting)
    verdict = counted_verdict(
        supported_verdict(law_verdict(score), [gap]),
        counted=enough(results, setting) and counts_as_trained(results, setting, name),
        saturated=saturated,
        trivial=not saturated and not counts(results, setting),
    )
    return Judgement(
        verdict,
        f"S of {LAWS[law]} {plain(score)} for {NAMES[name]} at {place(setting)}"
        f"{trained_words(results, setting, name)}, where a perfect predictor has "
        f"{plain(results.best(f'score_{law}.oracle', setting))}; {difference(gap)} to the largest "
        f"null ({null.split('.')[0].removeprefix('score_')} of {null.split('.')[1]}); log p less p "
        f"{difference(rivals(results, setting, name))}",
    )


def _follows(records: Sequence[CellRecord]) -> Judgement:
    """Whether S of log p and of p stay the oracle's in every cell that counts."""
    results = Results(records)
    found = [
        (shift(results, setting, name, law), setting, name, law)
        for name in ARCHITECTURES
        for setting in judged(results, name)
        for law in ("log_posterior", "belief")
    ]
    if not found:
        verdict = counted_verdict(stability_verdict([]), counted=False)
        return Judgement(verdict, "no cell counts")
    verdict = counted_verdict(
        stability_verdict([change for change, *_ in found], RIVAL_MARGIN),
        counted=all(enough(results, setting) for _, setting, *_ in found),
    )
    change, setting, name, law = max(found, key=lambda f: np.nan_to_num(abs(f[0].mean), nan=np.inf))
    return Judgement(
        verdict,
        f"S less the perfect predictor's, over {len(found)} pairs of a law and a network that "
        f"counts: at most {difference(change)} ({LAWS[law]}, {NAMES[name]} at {place(setting)}); "
        f"the excess alone leaves {_room(results, setting, name, law):.3f} of room there",
    )


def _room(results: Results, setting: Setting, name: str, law: str) -> float:
    """How far S may lie from the oracle's, to leading order, given the excess."""
    missed = 1 - results.interval(f"score_{law}.oracle.population", setting).mean
    excess = results.interval(f"excess_share.{name}", setting).mean
    return float(2 * np.sqrt(max(0.0, missed * excess)) + excess)


def _same_winner(records: Sequence[CellRecord]) -> Judgement:
    """Whether the law that explains more is the oracle's, in every cell that counts."""
    results = Results(records)
    found = [
        (
            rival_verdict(rivals(results, setting, "oracle")),
            rival_verdict(rivals(results, setting, name)),
            setting,
            name,
        )
        for name in ARCHITECTURES
        for setting in judged(results, name)
    ]
    verdict = counted_verdict(
        same_winner_verdict([(first, second) for first, second, *_ in found]),
        counted=bool(found) and all(enough(results, setting) for *_, setting, _ in found),
    )
    other = [
        f"{NAMES[name]} at {place(setting)} ({WINNERS[second]} where the oracle is "
        f"{WINNERS[first]}, {difference(rivals(results, setting, name))})"
        for first, second, setting, name in found
        if first != second
    ]
    decided = sum(first == second != "undecided" for first, second, *_ in found)
    open_ = sum(first == second == "undecided" for first, second, *_ in found)
    told = f"; not: {'; '.join(other)}" if other else ""
    return Judgement(
        verdict,
        f"the same law in {decided} of {len(found)} cells that count, undecided for both in "
        f"{open_}{told}; where words are independent given c, log p(c∣x) scores what the word "
        "counts score",
    )


def _no_detour(records: Sequence[CellRecord]) -> Judgement:
    """Whether networks stopped early favour the law that they favour in the end."""
    results = Results(records)
    pairs = [
        (setting, name)
        for setting in stopped_settings(results)
        for name in ARCHITECTURES
        if setting in judged(results, name)
    ]
    paths = [
        (
            rival_verdict(rivals(results, setting, "oracle")),
            [stop.difference for stop in on_the_way(path(results, setting, name))],
        )
        for setting, name in pairs
    ]
    verdict = counted_verdict(
        no_detour_verdict(paths),
        counted=bool(pairs) and all(enough(results, setting) for setting, _ in pairs),
    )
    said = [
        f"{NAMES[name]} at {place(setting)}: "
        f"{', '.join(dict.fromkeys(WINNERS[rival_verdict(s)] for s in stops)) or 'no step'}, then "
        f"{WINNERS[end]}"
        for (setting, name), (end, stops) in zip(pairs, paths, strict=True)
    ]
    return Judgement(verdict, f"which law explains more, {'; '.join(said) or 'no path counts'}")


_WORLD = "x ⊥ y given c; two binary concepts; trained on the whole population"

CLAIMS = (
    Claim(
        "log-or-belief-trained-log",
        THEOREM,
        "f(x) ≈ A log p(c∣x) + b for a network trained on a sharp token that pins c",
        f"{_WORLD}; y = c with probability 1 − η; the smallest η, the longest context; "
        f"{FEW_TOKENS}; {NEAR}; {epsilon_words(0.0006, 0.72, 'η = .001, 8 words')}",
        "log_or_belief_trained_phases",
        partial(_law, law="log_posterior", sharp=True),
    ),
    Claim(
        "log-or-belief-trained-belief",
        LAW_FORM,
        "f(x) ≈ A p(c∣x) + b for a network trained on a token that barely tells c",
        f"{_WORLD}; y = c with probability 1 − η; the largest η, the longest context",
        "log_or_belief_trained_phases",
        partial(_law, law="belief", sharp=False),
    ),
    Claim(
        "log-or-belief-trained-offset",
        "latentgen, the crossover",
        "a trained network's logits are affine in log(p(c∣x) + ρ̂), ρ̂ fitted to it on all bags",
        f"{_WORLD}; y = c with probability 1 − η; where the raw input explains less",
        "",
        _offset,
    ),
    Claim(
        "log-or-belief-trained-follows",
        "latentgen",
        "S of log p(c∣x) and of p(c∣x) are those of a perfect predictor, within .01",
        f"{_WORLD}; every cell of the phase diagram that counts as trained",
        "log_or_belief_trained_phases",
        _follows,
    ),
    Claim(
        "log-or-belief-trained-winner",
        "latentgen",
        "the law that explains more of a trained network is that of a perfect predictor",
        f"{_WORLD}; every cell of the phase diagram that counts as trained",
        "log_or_belief_trained_phases",
        _same_winner,
    ),
    Claim(
        "log-or-belief-trained-no-detour",
        "latentgen",
        "on its way a network favours no other law than at the end",
        f"{_WORLD}; stopped between half of I(x; y) and when all seeds count as trained",
        "log_or_belief_trained_paths",
        _no_detour,
    ),
)
