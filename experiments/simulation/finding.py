"""What does the simulation say, in words made from its numbers?"""

from collections.abc import Sequence

import numpy as np

from experiments.exact_laws import gap_to
from experiments.experiment import CellRecord, Finding
from experiments.results import Results
from experiments.simulation.criteria import above_null, course, enough, law_verdict_of, rise
from experiments.simulation.tables import (
    Setting,
    bayes,
    captions,
    graph_name,
    highest_null,
    largest_of,
    null_name,
    of_token,
    pins,
    place,
    tables,
    tokens,
)
from experiments.trained import counts_as_trained, trained_words
from experiments.verdicts import is_evidence, rival_verdict
from experiments.wording import difference, number, percent, plain, share

LAWS = {"log p(c∣x)": "log_posterior", "p(c∣x)": "belief", "log(p(c∣x) + ρ)": "rho"}
CURVE = (0, 2, 3, 4, 8, 12)
RISES = {"holds": "it rises, as in the paper", "not evidence": "not evidence of a rise"}
COURSES = {"holds": "move in the same direction", "fails": "move in opposite directions"}


def finding(records: Sequence[CellRecord], evidence: bool) -> Finding:
    """Headline, paragraphs, tables and captions; no verdict when the results are no evidence."""
    results = Results(records)
    size = results.settings(panel="size")
    largest = largest_of(size)
    evidence = evidence and enough(results, largest[0])
    paragraphs = [
        *(_accuracy_words(results, of_token(size, token), evidence) for token in tokens(size)),
        *(_law_words(results, setting, evidence) for setting in largest),
        _noise_words(results, evidence),
        _price_words(results),
        _graph_words(results, evidence),
        _noiseless_words(results),
        _input_words(results, largest),
        _training_words(results),
    ]
    headline = _headline(results, largest, evidence)
    return Finding(headline, paragraphs, tables(results), captions(), evidence)


def _headline(results: Results, largest: list[Setting], evidence: bool) -> str:
    parts = []
    for setting in largest:
        score = results.best("score_log_posterior.oracle", setting)
        null = highest_null(results, setting)
        parts.append(
            f"when y {pins(setting)}, linear probes of the trained representation name a concept "
            f"in {percent(results.best('accuracy.trained', setting))} of cases"
            f"{trained_words(results, setting)}, where {percent(bayes(results, setting))} is "
            f"possible, a perfect predictor's probe reads "
            f"{percent(results.best('accuracy.oracle', setting))} and the largest null, "
            f"{null_name(null)}, {percent(results.interval(null, setting))}; log p(c∣x) explains "
            f"{percent(score)} of I(x; y) for a perfect predictor"
            f"{_judged(results, 'log_posterior', setting, evidence)}"
        )
    return f"With {largest[0]['num_context_bits']} bits of context, " + ". And ".join(parts) + "."


def _accuracy_words(results: Results, settings: list[Setting], evidence: bool) -> str:
    last = settings[-1]
    null, gap = highest_null(results, last), above_null(results, last)
    worth = ""
    if evidence:
        told = is_evidence(gap) and counts_as_trained(results, last)
        worth = f", {'' if told else 'no '}evidence that the representation tells the concepts"
    return (
        f"Size of the context, when y {pins(last)}: at {last['num_context_bits']} bits a linear "
        f"probe of the trained representation names a concept in "
        f"{share(results.best('accuracy.trained', last))} of cases{trained_words(results, last)}. "
        f"The Bayes accuracy is {share(bayes(results, last))}; the same probe of a perfect "
        f"predictor reads {share(results.best('accuracy.oracle', last))}, and the best linear "
        f"reader found of it {share(results.interval('accuracy.oracle.best', last))}. The largest "
        f"null, {null_name(null)}, reads {share(results.interval(null, last))}, a difference of "
        f"{difference(gap)}{worth}.{_rise_words(results, settings, evidence)}"
    )


def _rise_words(results: Results, settings: list[Setting], evidence: bool) -> str:
    found = rise(results, settings)
    if found is None:
        return ""
    held_out, whole, reader = (difference(change) for change in found.changes)
    told = f": {RISES.get(found.verdict, 'no clear rise by all three')}" if evidence else ""
    return (
        f" From {found.first['num_context_bits']} to {found.last['num_context_bits']} bits the "
        f"trained probe changes by {held_out} with contexts held out and by {whole} without, and "
        f"the best linear reader of a perfect predictor by {reader}{told}."
    )


def _law_words(results: Results, setting: Setting, evidence: bool) -> str:
    said = []
    for label, law in LAWS.items():
        oracle = results.best(f"score_{law}.oracle", setting)
        whole = results.interval(f"score_{law}.oracle.population", setting)
        trained = results.best(f"score_{law}.trained", setting)
        said.append(
            f"{label}: {plain(oracle)}{_judged(results, law, setting, evidence)}, "
            f"{whole.mean:.3f} without holding contexts out, trained {plain(trained)}"
            f"{trained_words(results, setting)}"
        )
    first, second = "score_log_posterior.oracle.held_out", "score_belief.oracle.held_out"
    rivals = results.paired(first, second, setting)
    winner = {"first": "log p explains more", "second": "p explains more"}
    told = f" ({winner.get(rival_verdict(rivals), 'undecided')})" if evidence else ""
    untrained = results.best("score_log_posterior.untrained", setting)
    return (
        f"The law at {setting['num_context_bits']} bits, when y {pins(setting)}; S for a perfect "
        f"predictor, then for the trained one. {'; '.join(said)}. log p(c∣x) less p(c∣x), paired: "
        f"{difference(rivals)}{told}. For an untrained network log p(c∣x) scores "
        f"{plain(untrained)}. ρ = η / (2^n_y (1 − η)) is read off the token's table, not fitted; "
        "it gives the exact law only when the token pins c."
    )


def _noise_words(results: Results, evidence: bool) -> str:
    first, last, (_, gain), verdict = course(results)
    said = [
        f"at η = {setting['replace_rate']:g}, S of log p(c∣x) is "
        f"{plain(results.best('score_log_posterior.oracle', setting))}"
        f"{_judged(results, 'log_posterior', setting, evidence)}, and of a perfect predictor the "
        f"probe reads {share(results.best('accuracy.oracle', setting))}, the best linear reader "
        f"{share(results.interval('accuracy.oracle.best', setting))} (trained probe "
        f"{share(results.best('accuracy.trained', setting))}{trained_words(results, setting)})"
        for setting in (first, last)
    ]
    moved = f" {COURSES.get(verdict, 'do not clearly move together')}" if evidence else ""
    return (
        f"Accuracy and S of log p(c∣x){moved} as the token gets noisier, at "
        f"{first['num_context_bits']} bits of context, where Bayes reads "
        f"{share(bayes(results, first))}: {said[0]}; {said[1]}. Between the two the best linear "
        f"reader of a perfect predictor gains {difference(gain)}. The context is the same, and so "
        "is what it tells of the concepts."
    )


def _price_words(results: Results) -> str:
    setting = min(results.settings(panel="noise"), key=lambda s: s["replace_rate"])

    def parts(source: str) -> str:
        name = f"accuracy.{source}"
        law = results.paired("accuracy.bayes.population", f"{name}.best", setting)
        loss = results.paired(f"{name}.best", f"{name}.population", setting)
        held = results.paired(f"{name}.population", f"{name}.held_out", setting)
        return (
            f"{difference(law)} because no linear reader found does better, {difference(loss)} "
            f"because a logistic probe minimises log-loss and not errors, {difference(held)} "
            "because contexts are held out"
        )

    return (
        f"What a probe misses of the Bayes accuracy at η = {setting['replace_rate']:g} has three "
        f"parts. On the log-ratios of p(c∣x) themselves: {parts('log_posterior')}. On a perfect "
        f"predictor: {parts('oracle')}. The first part is what the form of the representation "
        "costs, at most, as the reader found may not be the best there is: the log-odds of one "
        "concept are not linear in the joint log-posterior."
    )


def _graph_words(results: Results, evidence: bool) -> str:
    settings = [
        s for s in results.settings(panel="graph") if not results.saturated("accuracy.oracle", s)
    ]
    if not settings:
        return "Concept graph and number of concepts: every setting is saturated."
    ratio = [results.best("accuracy.oracle", s).mean / bayes(results, s).mean for s in settings]
    low, high = settings[int(np.argmin(ratio))], settings[int(np.argmax(ratio))]
    counted = [s for s in settings if counts_as_trained(results, s)]
    trained, oracle = "accuracy.trained.held_out", "accuracy.oracle.held_out"
    gaps = [results.paired(trained, oracle, s).mean for s in counted]
    told = [is_evidence(results.paired(trained, highest_null(results, s), s)) for s in counted]
    above = f", and clearly .05 above the largest null in {sum(told)} of them" if evidence else ""
    trained_part = (
        f" The trained probe lies {min(gaps):+.3f} to {max(gaps):+.3f} from it in the "
        f"{len(counted)} of {len(settings)} settings in which every seed counts as trained{above}."
        if gaps
        else " In no setting does every seed count as trained."
    )
    most = max(s["num_concepts"] for s in settings)
    same = [s for s in settings if s["num_concepts"] == most]
    change = results.between(trained, same[-1], same[0])
    ends = f"ER{same[0]['edges_per_concept']} to ER{same[-1]['edges_per_concept']}"
    graphs = (
        f" From {ends} at m = {most} the trained probe changes by {difference(change)}"
        f"{trained_words(results, same[0])}{trained_words(results, same[-1])}."
        if len(same) > 1
        else ""
    )
    return (
        "Concept graph and number of concepts, with 3m/2 bits of context and a token that pins c, "
        "saturated settings left out: a perfect predictor's probe reaches from "
        f"{min(ratio):.1%} ({graph_name(low)}) to {max(ratio):.1%} ({graph_name(high)}) of the "
        f"Bayes accuracy.{trained_part}{graphs}"
    )


def _noiseless_words(results: Results) -> str:
    said = []
    settings = results.settings(panel="noiseless")
    for setting in largest_of(settings):
        same = of_token(settings, setting["num_token_bits"])
        curve = ", ".join(
            f"{number(results.best('accuracy.trained', s).mean, 3)} at {s['num_context_bits']}"
            for s in same
            if s["num_context_bits"] in CURVE
        )
        said.append(
            f"when y {pins(setting)}, the trained probe reads {curve} bits (Bayes at the end "
            f"{bayes(results, setting).mean:.3f})"
        )
    return (
        "The paper's literal case, δ = η = 0, without holding contexts out where they are few: "
        + "; ".join(said)
        + ". As soon as there is a context, posteriors have exact zeros, so log p(c∣x) is infinite "
        "and no affine image of it exists, however accurate a probe is. Only p(c∣x) and "
        "log(p(c∣x) + ρ), here with ρ = .001, can be scored; from m bits on the context determines "
        "the configuration, and every law that separates the configurations fits."
    )


def _input_words(results: Results, largest: list[Setting]) -> str:
    said = []
    for setting in largest:
        gap = results.paired(
            "score_log_posterior.oracle.held_out", "score_raw_input.oracle.held_out", setting
        )
        raw = results.best("score_raw_input.oracle", setting)
        said.append(
            f"when y {pins(setting)}, S of the raw input is {plain(raw)}, and that of log p(c∣x) "
            f"differs by {difference(gap)}"
        )
    return (
        "For S of log p(c∣x) the input is a null that cannot be beaten: its words are independent "
        "given c, so the log-ratios of p(c∣x) are exactly affine in the bits. For a perfect "
        f"predictor, {'; '.join(said)}. A linear readout of log p(c∣x) is therefore no sign of "
        "learning here."
    )


def _training_words(results: Results) -> str:
    settings = [s for s in results.settings() if len(results.values("counted.trained", s))]
    counted = np.concatenate([results.values("counted.trained", s) for s in settings])
    shares = np.concatenate([results.values("excess_share.trained", s) for s in settings])
    shares = shares[~np.isnan(shares)]
    spread = "no seed has an excess to tell"
    if len(shares):
        spread = f"the median excess is {np.median(shares):.4f}, the largest {shares.max():.4f}"
    late = "; ".join(place(s) for s in settings if not counts_as_trained(results, s)) or "none"
    fits = np.concatenate(
        [
            values
            for metrics in results.metrics.values()
            for name, values in metrics.items()
            if name.startswith("converged_")
        ]
    )
    return (
        f"Training: {int(counted.sum())} of {len(counted)} predictors reached an excess loss of at "
        "most .01 of I(x; y), the criterion for counting as trained, or had nothing to learn; "
        f"{spread}. Settings with a seed that does not count: {late}. Of the fits behind S, "
        f"{np.nanmean(fits):.1%} reached their tolerance."
    )


def _judged(results: Results, law: str, setting: Setting, evidence: bool) -> str:
    """The verdict on a law for a perfect predictor, in brackets; nothing without evidence."""
    if not evidence:
        return ""
    verdict = law_verdict_of(results, law, setting)
    if verdict == "not evidence":
        gap = gap_to(results, law, "raw_input", setting)
        null = {
            "first": "less than .05 above the raw input",
            "second": "the raw input explains more",
        }
        return f" (not evidence: {null.get(rival_verdict(gap), 'the raw input explains as much')})"
    words = {
        "approximate": "the law is approximate",
        "undecided": "the law stays undecided",
        "saturated": "saturated: no verdict",
        "trivial corner": "a trivial corner: no verdict",
    }
    return f" ({words.get(verdict, f'the law {verdict}')})"
