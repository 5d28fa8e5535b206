"""What do the trained networks say, in words made from their numbers?"""

from collections.abc import Sequence

import numpy as np

import estimators as es
from experiments.experiment import CellRecord, Finding
from experiments.log_or_belief.tables import WINNERS, corner, counts, place
from experiments.log_or_belief.worlds import CHANNEL, RANDOM
from experiments.log_or_belief_trained.tables import (
    LAWS,
    NAMES,
    Setting,
    Stop,
    captions,
    enough,
    first_counted,
    judged,
    on_the_way,
    path,
    rivals,
    settled,
    shift,
    stopped_settings,
    tables,
)
from experiments.log_or_belief_trained.training import ARCHITECTURES
from experiments.results import Results
from experiments.trained import counts_as_trained, trained_words
from experiments.verdicts import rival_verdict
from experiments.wording import difference, number, plain

RIVALS = ("log_posterior", "belief")
BOTH = "difference"  # S of the one less S of the other
TYPICAL = 0.3  # what the worse law misses where the token is weak


def finding(records: Sequence[CellRecord], evidence: bool) -> Finding:
    """Headline, paragraphs, tables and captions; no verdict when the results are no evidence."""
    results = Results(records)
    evidence = evidence and all(enough(results, s) for s in results.settings())
    paragraphs = [
        _training_words(results),
        *(_follow_words(results, name, evidence) for name in ARCHITECTURES),
        _room_words(results),
        _corner_words(results),
        _late_words(results),
        _offset_words(results),
        *_path_words(results, evidence),
        _null_words(results),
    ]
    return Finding(_headline(results, evidence), paragraphs, tables(results), captions(), evidence)


def _headline(results: Results, evidence: bool) -> str:
    cells = [(name, s) for name in ARCHITECTURES for s in judged(results, name)]
    if not cells:
        return "No network counts as trained, so nothing is said of what trained networks hold."
    furthest = max(_largest_shift(results, setting, name) for name, setting in cells)
    told = ""
    if evidence:
        same = sum(_word(results, s, name) == _word(results, s, "oracle") for name, s in cells)
        told = f" and the same law explains more in {same} of {len(cells)} cells"
    return (
        "Trained on the whole population, networks are put beside a perfect predictor of the same "
        f"worlds: S of log p(c∣x) and of p(c∣x) lies at most {furthest:.4f} from its value"
        f"{told}."
    )


def _largest_shift(results: Results, setting: Setting, name: str) -> float:
    return max(abs(shift(results, setting, name, law).mean) for law in RIVALS)


def _word(results: Results, setting: Setting, source: str) -> str:
    return WINNERS[rival_verdict(rivals(results, setting, source))]


def _training_words(results: Results) -> str:
    said = []
    settings = [s for s in results.settings() if counts(results, s)]
    for name in ARCHITECTURES:
        shares = np.array([v for s in settings for v in results.values(f"excess_share.{name}", s)])
        shares = shares[~np.isnan(shares)]
        if not len(shares):
            continue
        late = [
            f"{place(s)}{trained_words(results, s, name)}"
            for s in settings
            if not counts_as_trained(results, s, name)
        ]
        said.append(
            f"{NAMES[name]} counts as trained in {len(settings) - len(late)} of {len(settings)} "
            f"cells (median excess {np.median(shares):.5f} of I(x; y), largest "
            f"{shares.max():.5f}{'; not: ' + '; '.join(late) if late else ''})"
        )
    masked = len(results.settings()) - len(settings)
    told = "; ".join(said) or "no answer"
    return f"Training: {told}. {masked} cells are masked as trivial or saturated."


def _follow_words(results: Results, name: str, evidence: bool) -> str:
    settings = judged(results, name)
    if not settings:
        return f"No cell of {NAMES[name]} counts."
    said = []
    for law in RIVALS:
        changes = [shift(results, s, name, law) for s in settings]
        low = min(range(len(settings)), key=lambda i: changes[i].mean)
        high = max(range(len(settings)), key=lambda i: changes[i].mean)
        said.append(
            f"of {LAWS[law]} from {difference(changes[low])} ({place(settings[low])}) to "
            f"{difference(changes[high])} ({place(settings[high])})"
        )
    told = ""
    if evidence:
        other = [
            f"{place(s)}: {_word(results, s, name)}, the oracle {_word(results, s, 'oracle')}"
            for s in settings
            if _word(results, s, name) != _word(results, s, "oracle")
        ]
        told = f" The law that explains more differs in {len(other)} of {len(settings)} cells"
        told += f" ({'; '.join(other)})." if other else "."
    return (
        f"S for {NAMES[name]} less S for a perfect predictor, paired by world, lies "
        f"{'; '.join(said)}.{told}"
    )


def _room_words(results: Results) -> str:
    """How much of the agreement is arithmetic: S of what predicts nearly alike is nearly equal."""
    ratios, shares = [], []
    for name in ARCHITECTURES:
        for setting in judged(results, name):
            excess = results.values(f"excess_share.{name}", setting)
            told = excess > 0  # not where it is NaN, as there was nothing to learn
            shares.append(excess[told])
            for law in RIVALS:
                trained, oracle = (
                    np.sqrt(np.maximum(0, 1 - results.values(metric, setting)[told]))
                    for metric in (
                        f"score_{law}.{name}.population",
                        f"score_{law}.oracle.population",
                    )
                )
                ratios.append(np.abs(trained - oracle) / np.sqrt(excess[told]))
    if not any(len(found) for found in ratios):
        return "How much room the excess leaves is not told: no cell counts."
    worst, median = np.concatenate(ratios), float(np.median(np.concatenate(shares)))
    return (
        "How much of this is arithmetic: to leading order the square root of what a law misses "
        "cannot change by more than the square root of the excess, both as shares of I(x; y); in "
        f"the worst of {len(worst)} scores it changes by {worst.max():.2f} of that. At the "
        f"median excess a law that misses {TYPICAL:g} so lies at most "
        f"{2 * np.sqrt(TYPICAL * median) + median:.3f} from the oracle's S."
    )


def _corner_words(results: Results) -> str:
    said = []
    for family, sharp in ((CHANNEL, True), (CHANNEL, False), (RANDOM, True), (RANDOM, False)):
        setting = corner(results, family, sharp)
        sources = ", ".join(
            f"{'a perfect predictor' if source == 'oracle' else NAMES[source]} "
            f"{difference(rivals(results, setting, source))}"
            for source in ("oracle", *ARCHITECTURES)
        )
        said.append(f"at {place(setting)}: {sources}")
    return f"S of log p(c∣x) less S of p(c∣x) at the corners, {'; '.join(said)}."


def _late_words(results: Results) -> str:
    """Whether in the weakest cells a network's distance to the oracle goes with its excess."""
    said = []
    for family in (CHANNEL, RANDOM):
        setting = corner(results, family, False)
        for name in ARCHITECTURES:
            gap = results.values(f"shift_difference.{name}.held_out", setting)
            excess = results.values(f"excess_share.{name}", setting)
            if len(gap) < 3 or len(gap) != len(excess):
                continue
            order = float(np.corrcoef(gap, excess)[0, 1])  # NaN stays NaN
            mean = difference(shift(results, setting, name, BOTH))
            said.append(
                f"{NAMES[name]} at {place(setting)} {mean}, above 0 in "
                f"{int((gap > 0).sum())} of {len(gap)} seeds, correlation with the excess "
                f"over seeds {number(order, 2)}"
            )
    return (
        "The distance goes with the excess, as its bound does: S of log p(c∣x) less S of p(c∣x), "
        "trained less perfect, where the token "
        f"is weakest: {'; '.join(said) or 'too few seeds'}."
    )


def _offset_words(results: Results) -> str:
    said = []
    for name in ARCHITECTURES:
        settings = [s for s in judged(results, name) if s["family"] == CHANNEL]
        if not settings:
            continue
        scores = [results.best(f"score_rho.{name}", s) for s in settings]
        lowest = int(np.argmin([score.mean for score in scores]))
        gaps = [
            float(
                np.median(
                    np.abs(
                        results.values(f"log10_rho.{name}", s)
                        - results.values("log10_rho.oracle", s)
                    )
                )
            )
            for s in settings
        ]
        said.append(
            f"for {NAMES[name]} at least {plain(scores[lowest])} ({place(settings[lowest])}), and "
            f"the median distance of log10 ρ̂ from the channel's is {min(gaps):.3f} to "
            f"{max(gaps):.3f} decades"
        )
    return f"S of log(p(c∣x) + ρ̂) on the channel, {'; '.join(said) or 'no cell counts'}."


def _path_words(results: Results, evidence: bool) -> list[str]:
    return [
        f"Stopped early at {place(setting)}, S of log p(c∣x) less S of p(c∣x) against what is "
        f"left to learn: "
        + "; ".join(_one_path(results, setting, name, evidence) for name in ARCHITECTURES)
        + f". A perfect predictor: {difference(rivals(results, setting, 'oracle'))}."
        for setting in stopped_settings(results)
    ]


def _one_path(results: Results, setting: Setting, name: str, evidence: bool) -> str:
    stops = path(results, setting, name)
    on_way = on_the_way(stops)
    shown = [stops[0], *_thinned(on_way), stops[-1]]
    said = ", ".join(f"{difference(s.difference)} at {number(s.excess_share, 4)}" for s in shown)
    words = dict.fromkeys(WINNERS[rival_verdict(s.difference)] for s in on_way)
    told = f" (on the way: {', then '.join(words) or 'no step'})" if evidence else ""
    for stop in sorted(on_way, key=lambda s: -abs(np.nan_to_num(s.to_oracle.mean)))[:1]:
        told += f", on the way at most {difference(stop.to_oracle)} from the oracle's"
        told += f", S of log p(c∣x) up to {difference(_overshoot(results, setting, name, on_way))}"
    near, counted = settled(stops), first_counted(stops)
    within = "never" if near is None else f"from {number(near.excess_share, 4)} on"
    if counted is not None:
        told += (
            f", when all seeds first count (largest excess {number(counted.largest_share, 4)}) "
            f"{difference(counted.to_oracle)} from the oracle's"
        )
    return f"{NAMES[name]}{trained_words(results, setting, name)} {said}{told}, within .01 {within}"


def _overshoot(results: Results, setting: Setting, name: str, stops: list[Stop]) -> es.Interval:
    """How far S of log p(c|x) gets above the oracle's, paired by seed, at its highest stop."""
    oracle = "score_log_posterior.oracle.held_out"
    found = [
        results.paired(f"score_log_posterior.{name}_step_{stop.step}.held_out", oracle, setting)
        for stop in stops
    ]
    return max(found, key=lambda change: np.nan_to_num(change.mean, nan=-np.inf))


def _thinned(stops: list[Stop]) -> list[Stop]:
    """At most three of them, the first and the last included."""
    return stops if len(stops) <= 3 else [stops[0], stops[len(stops) // 2], stops[-1]]


def _null_words(results: Results) -> str:
    said = []
    for name in ARCHITECTURES:
        settings = judged(results, name)
        if not settings:
            continue
        raw, permuted, untrained = (
            [
                results.paired(f"score_log_posterior.{name}.held_out", f"{null}.held_out", s)
                for s in settings
            ]
            for null in (
                f"score_raw_input.{name}",
                f"score_permuted.{name}",
                f"score_log_posterior.untrained_{name}",
            )
        )
        belief = [results.interval(f"score_belief.untrained_{name}.held_out", s) for s in settings]
        said.append(
            f"for {NAMES[name]} S of log p(c∣x) less that of the word counts lies between "
            f"{min(g.mean for g in raw):+.4f} and {max(g.mean for g in raw):+.4f}, less that of "
            f"rows permuted is at least {min(g.low for g in permuted):.2f}, and less that of the "
            f"untrained network {min(g.mean for g in untrained):+.2f} to "
            f"{max(g.mean for g in untrained):+.2f}; S of p(c∣x) of the untrained network is "
            f"{min(b.mean for b in belief):.2f} to {max(b.mean for b in belief):.2f}"
        )
    return (
        "Nulls: words are independent given c, so the word counts span the log-ratios of p(c∣x) "
        "and score what log p(c∣x) scores, for any predictions. That a network's logits are affine "
        "in log p(c∣x) tells nothing beyond being linear in the input; only p(c∣x) and "
        f"log(p(c∣x) + ρ̂) can exceed it. {'; '.join(said) or 'No cell counts'}."
    )
