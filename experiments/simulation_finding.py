"""What does the simulation say, in words made from its numbers?"""

from collections.abc import Sequence

import numpy as np

import estimators as es
from experiments.experiment import CellRecord, Finding
from experiments.results import Results
from experiments.simulation_tables import (
    SHOWN_SIZES,
    Setting,
    bayes,
    captions,
    graph_name,
    graph_table,
    highest_null,
    is_pinned,
    largest_of,
    null_name,
    of_token,
    pins,
    size_table,
    tokens,
)
from experiments.verdicts import is_evidence, is_trained, law_verdict
from experiments.wording import difference, plain, share, verdict


def finding(records: Sequence[CellRecord], evidence: bool) -> Finding:
    """Headline, paragraphs, tables and captions; no verdict when the results are no evidence."""
    results = Results(records)
    size = results.settings(panel="size")
    largest = largest_of(size)
    paragraphs = [
        *(_accuracy_words(results, of_token(size, token)) for token in tokens(size)),
        *(_law_words(results, setting, evidence) for setting in largest),
        _failing_words(results, size),
        _price_words(results, largest),
        _graph_words(results),
        _noiseless_words(results),
        _input_words(results, largest),
        _training_words(results),
    ]
    return Finding(
        _headline(results, largest, evidence),
        paragraphs,
        {
            "Size of the context, at four concepts": size_table(results, size),
            "Concept graph and number of concepts": graph_table(results),
        },
        captions(),
    )


def _headline(results: Results, largest: list[Setting], evidence: bool) -> str:
    parts = []
    for setting in largest:
        accuracy = results.best("accuracy.trained", setting)
        score = results.best("score_log_posterior.trained", setting)
        judged = f", so the law {verdict(score)}" if evidence else ""
        parts.append(
            f"when y {pins(setting)}, linear probes of the trained representation name a concept "
            f"in {accuracy.mean:.1%} of cases (Bayes {bayes(results, setting).mean:.1%}) and "
            f"log p(c∣x) explains {score.mean:.1%} of what the network predicts{judged}"
        )
    bits = largest[0]["num_context_bits"]
    return f"With {bits} bits of context: " + "; ".join(parts) + "."


def _accuracy_words(results: Results, settings: list[Setting]) -> str:
    first, last = settings[0], settings[-1]
    start, end = (results.best("accuracy.trained", s) for s in (first, last))
    gap = results.paired("accuracy.trained.held_out", f"{highest_null(results, last)}", last)
    told = "more than" if is_evidence(gap) else "not clearly more than"
    return (
        f"Accuracy rises with the size of the context, as in the paper. When y {pins(last)}, a "
        f"linear probe of the trained representation names a concept in {share(start)} of cases "
        f"at {first['num_context_bits']} bits and in {share(end)} at {last['num_context_bits']} "
        f"bits, beside a Bayes accuracy of {share(bayes(results, last))} and "
        f"{share(results.best('accuracy.oracle', last))} for the same probe of a perfect "
        f"predictor. That is {told} .05 above the largest null, "
        f"{null_name(highest_null(results, last))}: the paired difference is {difference(gap)}."
    )


def _law_words(results: Results, setting: Setting, evidence: bool) -> str:
    laws = {"log p(c∣x)": "log_posterior", "p(c∣x)": "belief", "log(p(c∣x) + ρ)": "offset"}
    said = []
    for label, law in laws.items():
        oracle = results.best(f"score_{law}.oracle", setting)
        trained = results.best(f"score_{law}.trained", setting)
        judged = f" (the law {verdict(oracle)})" if evidence else ""
        said.append(f"{label}: {plain(oracle)}{judged}, trained {plain(trained)}")
    return (
        f"The law, at {setting['num_context_bits']} bits, when y {pins(setting)}. S for a perfect "
        f"predictor, then for the trained one. {'; '.join(said)}. ρ = η / (2^n_y (1 − η)) is read "
        "off the token's table, not fitted; it is the exact law only when the token pins c."
    )


def _failing_words(results: Results, settings: list[Setting]) -> str:
    failing = [
        setting
        for setting in settings
        if law_verdict(results.interval("score_log_posterior.trained.held_out", setting)) == "fails"
        and not np.isnan(results.interval("accuracy.trained.held_out", setting).mean)
    ]
    if not failing:
        return "In no setting with enough contexts does log p(c∣x) fail for the trained predictor."

    def share_of_gain(setting: Setting) -> float:
        floor = results.interval("accuracy.majority.population", setting).mean
        gain = results.interval("accuracy.trained.held_out", setting).mean - floor
        return gain / (bayes(results, setting).mean - floor)

    top = max(failing, key=share_of_gain)
    score = results.interval("score_log_posterior.trained.held_out", top)
    belief = results.interval("score_belief.trained.held_out", top)
    accuracy = results.interval("accuracy.trained.held_out", top)
    return (
        f"High accuracy does not mean the law holds. At {top['num_context_bits']} bits, when "
        f"y {pins(top)}, the probe reaches {share(accuracy)}, {share_of_gain(top):.0%} of the way "
        f"from the majority to Bayes ({share(bayes(results, top))}), while S of log p(c∣x) is "
        f"{plain(score)} and that of p(c∣x) {plain(belief)}: probe accuracy cannot tell the two "
        "laws apart."
    )


def _price_words(results: Results, largest: list[Setting]) -> str:
    pinned = largest[-1]
    missing = results.paired("accuracy.bayes.population", "accuracy.log_posterior.held_out", pinned)
    belief = results.paired("accuracy.bayes.population", "accuracy.belief.held_out", pinned)
    oracle = results.paired("accuracy.bayes.population", "accuracy.oracle.held_out", pinned)
    bits = pinned["num_context_bits"]
    return (
        "Low accuracy can be the law itself. A representation that is log p(c∣x), word for word, "
        f"keeps a linear probe {difference(missing)} below Bayes at {bits} bits when y "
        f"{pins(pinned)}, because the log-odds of one concept are not linear in the joint "
        f"log-posterior; probes of p(c∣x) miss {difference(belief)}, and those of the perfect "
        f"predictor {difference(oracle)}. So part of what looks like an imperfect representation "
        "is the claim being true."
    )


def _graph_words(results: Results) -> str:
    said = []
    for pinned in (True, False):
        chosen = [s for s in results.settings(panel="graph") if is_pinned(s) == pinned]
        gaps = [results.paired(*_oracle_gap(), s) for s in chosen]
        ratio = [results.best("accuracy.trained", s).mean / bayes(results, s).mean for s in chosen]
        low, high = (chosen[int(pick(ratio))] for pick in (np.argmin, np.argmax))
        said.append(
            f"when y {pins(chosen[0])} the trained probe reaches from {min(ratio):.1%} "
            f"({graph_name(low)}) to {max(ratio):.1%} ({graph_name(high)}) of the Bayes accuracy, "
            f"and differs from the perfect predictor's by at most {_largest_gap(gaps):.3f}"
        )
    return (
        "Concept graph and number of concepts, with the context held at one size: "
        f"{'; '.join(said)}. The number of concepts matters more than the graph here, and what a "
        "probe loses is lost by the perfect predictor as well."
    )


def _noiseless_words(results: Results) -> str:
    chosen = largest_of(results.settings(panel="noiseless"))
    said = []
    for setting in chosen:
        token = setting["num_token_bits"]
        same = [s for s in results.settings(panel="noiseless") if s["num_token_bits"] == token]
        curve = ", ".join(
            f"{results.best('accuracy.trained', s).mean:.3f} at {s['num_context_bits']}"
            for s in same
            if s["num_context_bits"] in (*SHOWN_SIZES, 3)
        )
        belief = results.best("score_belief.trained", setting)
        said.append(
            f"when y {pins(setting)}, accuracy is {curve} bits (Bayes at the end "
            f"{bayes(results, setting).mean:.3f}), and S of p(c∣x) is {plain(belief)} for the "
            "trained predictor"
        )
    return (
        "The paper's literal case, δ = η = 0: " + "; ".join(said) + ". Every posterior there has "
        "exact zeros, so log p(c∣x) is infinite and no affine image of it exists; only p(c∣x) and "
        "log(p(c∣x) + ρ), here with ρ = .001, can be scored. From m bits on the context determines "
        "the configuration, every law that separates the configurations fits, and the score "
        "distinguishes nothing."
    )


def _input_words(results: Results, largest: list[Setting]) -> str:
    said = []
    for setting in largest:
        gap = results.paired(
            "score_log_posterior.oracle.held_out", "score_raw_input.oracle.held_out", setting
        )
        raw = results.best("score_raw_input.oracle", setting)
        said.append(
            f"S of the raw input is {plain(raw)} when y {pins(setting)}, {difference(gap)} below "
            "that of log p(c∣x)"
        )
    return (
        "The input is a null that this simulation cannot beat: its words are independent given c, "
        "so the log-ratios of p(c∣x) are exactly affine in the bits. "
        + "; ".join(said)
        + ". That log p(c∣x) can be read off linearly is therefore no sign of learning here."
    )


def _training_words(results: Results) -> str:
    shares = [
        results.values("excess_share.trained", setting)
        for setting in results.settings()
        if not np.isnan(results.values("excess_share.trained", setting)).any()
    ]
    together = np.concatenate(shares)
    return (
        f"Training: {is_trained(together).mean():.0%} of the {len(together)} predictors with "
        "something to learn reached an excess loss of at most .01 of I(x; y), the criterion for "
        f"counting as trained; the median is {np.median(together):.4f}, the worst "
        f"{together.max():.4f}. Numbers marked trained include all of them."
    )


def _oracle_gap() -> tuple[str, str]:
    return "accuracy.oracle.held_out", "accuracy.trained.held_out"


def _largest_gap(gaps: list[es.Interval]) -> float:
    return max(abs(gap.mean) for gap in gaps)
