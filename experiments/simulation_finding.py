"""What does the simulation say, in words made from its numbers?"""

from collections.abc import Sequence

import numpy as np

from experiments.experiment import CellRecord, Finding
from experiments.results import Results
from experiments.simulation_tables import (
    Setting,
    bayes,
    captions,
    counts_as_trained,
    graph_name,
    highest_null,
    largest_of,
    null_name,
    of_token,
    pins,
    tables,
    tokens,
)
from experiments.verdicts import is_evidence, is_trained
from experiments.wording import difference, plain, share, verdict

LAWS = {"log p(c∣x)": "log_posterior", "p(c∣x)": "belief", "log(p(c∣x) + ρ)": "offset"}
CURVE = (0, 2, 3, 4, 8, 12)


def finding(records: Sequence[CellRecord], evidence: bool) -> Finding:
    """Headline, paragraphs, tables and captions; no verdict when the results are no evidence."""
    results = Results(records)
    size = results.settings(panel="size")
    largest = largest_of(size)
    paragraphs = [
        *(_accuracy_words(results, of_token(size, token)) for token in tokens(size)),
        *(_law_words(results, setting, evidence) for setting in largest),
        _price_words(results, evidence),
        _belief_words(results, largest),
        _graph_words(results),
        _noiseless_words(results),
        _input_words(results, largest),
        _training_words(results),
    ]
    headline = _headline(results, largest, evidence)
    return Finding(headline, paragraphs, tables(results), captions())


def _headline(results: Results, largest: list[Setting], evidence: bool) -> str:
    parts = []
    for setting in largest:
        score = results.best("score_log_posterior.oracle", setting)
        judged = f" (the law {verdict(score)})" if evidence else ""
        parts.append(
            f"when y {pins(setting)}, linear probes of the trained representation name a concept "
            f"in {results.best('accuracy.trained', setting).mean:.1%} of cases, where "
            f"{bayes(results, setting).mean:.1%} is possible, and log p(c∣x) explains "
            f"{score.mean:.1%} of a perfect predictor{judged}"
        )
    return f"With {largest[0]['num_context_bits']} bits of context: " + "; ".join(parts) + "."


def _accuracy_words(results: Results, settings: list[Setting]) -> str:
    first, last = settings[0], settings[-1]
    null = highest_null(results, last)
    gap = results.paired("accuracy.trained.held_out", null, last)
    if is_evidence(gap):
        worth = f"It exceeds the largest null, {null_name(null)}, by {difference(gap)}."
    else:
        worth = (
            f"That is no evidence that the representation tells the concepts: the largest null, "
            f"{null_name(null)}, reads {share(results.interval(null, last))}, a difference of "
            f"{difference(gap)}."
        )
    return (
        f"Size of the context, when y {pins(last)}: a linear probe of the trained representation "
        f"names a concept in {share(results.best('accuracy.trained', first))} of cases at "
        f"{first['num_context_bits']} bits and in {share(results.best('accuracy.trained', last))} "
        f"at {last['num_context_bits']} bits. The Bayes accuracy there is "
        f"{share(bayes(results, last))}, and the same probe of a perfect predictor reads "
        f"{share(results.best('accuracy.oracle', last))}. {worth}"
    )


def _law_words(results: Results, setting: Setting, evidence: bool) -> str:
    said = []
    for label, law in LAWS.items():
        oracle = results.best(f"score_{law}.oracle", setting)
        trained = results.best(f"score_{law}.trained", setting)
        judged = f" (the law {verdict(oracle)})" if evidence else ""
        said.append(f"{label}: {plain(oracle)}{judged}, trained {plain(trained)}")
    rivals = results.paired(
        "score_log_posterior.oracle.held_out", "score_belief.oracle.held_out", setting
    )
    return (
        f"The law at {setting['num_context_bits']} bits, when y {pins(setting)}; S for a perfect "
        f"predictor, then for the trained one. {'; '.join(said)}. log p(c∣x) less p(c∣x), paired: "
        f"{difference(rivals)}. ρ = η / (2^n_y (1 − η)) is read off the token's table, not fitted; "
        "it is the exact law only when the token pins c."
    )


def _price_words(results: Results, evidence: bool) -> str:
    settings = sorted(results.settings(panel="noise"), key=lambda s: s["replace_rate"])
    said = []
    for setting in (settings[0], settings[-1]):
        score = results.best("score_log_posterior.oracle", setting)
        judged = f" (the law {verdict(score)})" if evidence else ""
        trained = results.best("accuracy.trained", setting)
        late = "" if counts_as_trained(results, setting) else ", which does not count as trained"
        said.append(
            f"at η = {setting['replace_rate']:g}, S of log p(c∣x) is {plain(score)}{judged}, and a "
            f"probe of the perfect predictor reads "
            f"{share(results.best('accuracy.oracle', setting))} (trained {share(trained)}{late})"
        )
    setting = settings[0]
    missing = results.paired(
        "accuracy.bayes.population", "accuracy.log_posterior.held_out", setting
    )
    return (
        f"Accuracy is low because the law holds, and high where it fails. With the token's noise "
        f"raised at {setting['num_context_bits']} bits of context, where Bayes reads "
        f"{share(bayes(results, setting))}: {said[0]}; {said[1]}. A representation that is "
        f"log p(c∣x) itself keeps a linear probe {difference(missing)} below Bayes, because the "
        "log-odds of one concept are not linear in the joint log-posterior. What looks like an "
        "imperfect representation is then the claim being true."
    )


def _belief_words(results: Results, largest: list[Setting]) -> str:
    setting = largest[-1]
    belief = results.paired("accuracy.bayes.population", "accuracy.belief.held_out", setting)
    oracle = results.paired("accuracy.bayes.population", "accuracy.oracle.held_out", setting)
    law = results.paired("accuracy.bayes.population", "accuracy.log_posterior.held_out", setting)
    return (
        f"At {setting['num_context_bits']} bits, when y {pins(setting)}, a linear probe misses the "
        f"Bayes accuracy by {difference(law)} on log p(c∣x), by {difference(oracle)} on the "
        f"perfect predictor and by {difference(belief)} on p(c∣x). Probe accuracy alone cannot say "
        "which of the laws a representation follows."
    )


def _graph_words(results: Results) -> str:
    settings = results.settings(panel="graph")
    ratio = [results.best("accuracy.oracle", s).mean / bayes(results, s).mean for s in settings]
    low, high = settings[int(np.argmin(ratio))], settings[int(np.argmax(ratio))]
    counted = [s for s in settings if counts_as_trained(results, s)]
    gaps = [
        results.best("accuracy.trained", s).mean - results.best("accuracy.oracle", s).mean
        for s in counted
    ]
    trained = (
        f"The trained probe lies {min(gaps):+.3f} to {max(gaps):+.3f} from it in the "
        f"{len(counted)} of {len(settings)} settings that count as trained."
        if gaps
        else "No setting counts as trained."
    )
    return (
        "Concept graph and number of concepts, with 3m/2 bits of context and a token that pins c: "
        f"a perfect predictor's probe reaches from {min(ratio):.1%} ({graph_name(low)}) to "
        f"{max(ratio):.1%} ({graph_name(high)}) of the Bayes accuracy. {trained}"
    )


def _noiseless_words(results: Results) -> str:
    said = []
    settings = results.settings(panel="noiseless")
    for setting in largest_of(settings):
        same = of_token(settings, setting["num_token_bits"])
        curve = ", ".join(
            f"{results.best('accuracy.trained', s).mean:.3f} at {s['num_context_bits']}"
            for s in same
            if s["num_context_bits"] in CURVE
        )
        said.append(f"when y {pins(setting)}, accuracy is {curve} bits")
    return (
        "The paper's literal case, δ = η = 0: " + "; ".join(said) + ". Every posterior there has "
        "exact zeros, so log p(c∣x) is infinite and no affine image of it exists: accuracy can be "
        "perfect while the law is not even defined. Only p(c∣x) and log(p(c∣x) + ρ), here with "
        "ρ = .001, can be scored; from m bits on the context determines the configuration, every "
        "law that separates the configurations fits, and S distinguishes nothing."
    )


def _input_words(results: Results, largest: list[Setting]) -> str:
    said = []
    for setting in largest:
        gap = results.paired(
            "score_log_posterior.oracle.held_out", "score_raw_input.oracle.held_out", setting
        )
        raw = results.best("score_raw_input.oracle", setting)
        said.append(
            f"when y {pins(setting)}, S of the raw input is {plain(raw)}; log p(c∣x) explains "
            f"{difference(gap)} more"
        )
    return (
        "The input is a null that this simulation cannot beat: its words are independent given c, "
        "so the log-ratios of p(c∣x) are exactly affine in the bits. For a perfect predictor, "
        f"{'; '.join(said)}. That log p(c∣x) can be read off linearly is therefore no sign of "
        "learning here."
    )


def _training_words(results: Results) -> str:
    shares = [results.values("excess_share.trained", s) for s in results.settings()]
    together = np.concatenate([values for values in shares if not np.isnan(values).any()])
    settings = [s for s in results.settings() if not counts_as_trained(results, s)]
    late = ", ".join(sorted({_place(s) for s in settings})) or "none"
    return (
        f"Training: {is_trained(together).mean():.0%} of the {len(together)} predictors with "
        "something to learn reached an excess loss of at most .01 of I(x; y), the criterion for "
        f"counting as trained; the median is {np.median(together):.4f}, the worst "
        f"{together.max():.4f}. Settings whose mean misses it: {late}."
    )


def _place(setting: Setting) -> str:
    noise = f", η = {setting['replace_rate']:g}" if setting["panel"] == "noise" else ""
    return (
        f"{graph_name(setting)}, {setting['num_token_bits']} bits of y, "
        f"{setting['num_context_bits']} of x{noise}"
    )
