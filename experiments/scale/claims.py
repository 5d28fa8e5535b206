"""Which claims does the experiment on scale judge, and by which of its numbers?"""

from collections.abc import Callable, Sequence
from functools import partial

from estimators.assessment.verdict import RIVAL_MARGIN
from experiments.attribution import (
    AGAINST,
    DIVERSE,
    FEW_TOKENS,
    LAW_FORM,
    NEAR,
    SHARP,
    THEOREM,
    epsilon_words,
)
from experiments.experiment import CellRecord, Claim, Judgement
from experiments.nulls import nearest
from experiments.results import Results
from experiments.scale.tables import (
    ENDS,
    LAWS,
    between_words,
    counts,
    dims,
    enough_worlds,
    follows,
    full,
    joint,
    null_gaps,
    null_name,
    of_dim,
    place,
    rivals,
    since_first,
    slope,
)
from experiments.scale.worlds import FIXED, GROWING
from experiments.trained import is_trivial_setting, trained_verdict
from experiments.verdicts import (
    counted_verdict,
    law_verdict,
    rise_verdict,
    rival_verdict,
    stability_verdict,
)
from experiments.wording import difference, plain

LOG = "score_log_posterior"


def judge_steady(records: Sequence[CellRecord]) -> Judgement:
    """Whether S at the perfect predictor stays within ±.01 of its value at the fewest concepts.

    Judged under p(x), by both ends of what it lies between where beliefs are not enumerated.
    """
    results = Results(records)
    settings = full(results, FIXED)
    changes = {end: since_first(results, f"{LOG}.whole.{end}", settings) for end in ENDS}
    verdict = counted_verdict(
        stability_verdict([*changes["lower"], *changes["upper"]], RIVAL_MARGIN),
        counted=all(enough_worlds(results, s) for s in settings),
        trivial=any(is_trivial_setting(results, s) for s in settings),
    )
    said = ", ".join(
        f"{between_words(results, f'{LOG}.whole', s)} at m = {s['num_concepts']}" for s in settings
    )
    last = " to ".join(dict.fromkeys(difference(changes[end][-1]) for end in ENDS if changes[end]))
    return Judgement(
        verdict, f"S {said}; from the fewest to the most concepts {last or 'no answer'}"
    )


def judge_follows(records: Sequence[CellRecord]) -> Judgement:
    """Whether trained less oracle S lies within ±.01 with a fixed number of tokens."""
    results = Results(records)
    settings = full(results, FIXED)
    changes = [follows(results, setting) for setting in settings]
    verdict = counted_verdict(
        stability_verdict(changes, RIVAL_MARGIN),
        counted=all(counts(results, s) for s in settings),
        trivial=any(is_trivial_setting(results, s) for s in settings),
    )
    said = "; ".join(
        f"{place(s)}: {difference(change)}" for s, change in zip(settings, changes, strict=True)
    )
    return Judgement(verdict, f"trained less oracle, S of log p(c∣x): {said}")


def judge_law(records: Sequence[CellRecord], family: str) -> Judgement:
    """The verdict on log p(c|x) in the trained networks of the most concepts."""
    results = Results(records)
    setting = full(results, family)[-1]
    score, gaps = results.best(f"{LOG}.trained", setting), null_gaps(results, setting)
    saturated = results.saturated(f"{LOG}.trained", setting)
    verdict = trained_verdict(
        results, setting, law_verdict(score), gaps.values(), saturated=saturated
    )
    null, gap = nearest(gaps)
    return Judgement(
        verdict,
        f"S {plain(score)} at {place(setting)}, oracle "
        f"{plain(results.best(f'{LOG}.oracle', setting))}; {difference(gap)} to the nearest null, "
        f"{null_name(null)}",
    )


def judge_rival(records: Sequence[CellRecord], family: str, rival: str) -> Judgement:
    """Which law the trained networks of the most concepts hold where the rival is scored."""
    results = Results(records)
    settings = joint(results, family) if rival == "belief" else full(results, family)
    setting = settings[-1]
    gap = rivals(results, setting, "trained", rival)
    verdict = counted_verdict(
        rival_verdict(gap),
        counted=counts(results, setting),
        saturated=results.saturated(f"score_{rival}.trained", setting),
        trivial=is_trivial_setting(results, setting),
    )
    return Judgement(
        verdict,
        f"S of log p(c∣x) less S of {LAWS[rival]} {difference(gap)} at {place(setting)}, oracle "
        f"{difference(rivals(results, setting, 'oracle', rival))}",
    )


def judge_narrow(records: Sequence[CellRecord]) -> Judgement:
    """Whether few dimensions explain 99 % of I(x; y) at the most concepts measured so."""
    results = Results(records)
    setting = of_dim(results, dims(results)[0])[-1]
    explained = results.interval("explained.oracle", setting)
    verdict = counted_verdict(law_verdict(explained), counted=enough_worlds(results, setting))
    return Judgement(
        verdict,
        f"share of I(x; y) explained by the best predictor: {plain(explained)} at {place(setting)}",
    )


def judge_wide(records: Sequence[CellRecord]) -> Judgement:
    """Whether dimensions beyond |tokens| − 1 change S by less than ±.01."""
    results = Results(records)
    wide = of_dim(results, dims(results)[-1])
    pairs = [(s, {**s, "dim": s["num_tokens"] - 1}) for s in wide]
    changes = [results.between(f"{LOG}.trained.held_out", *pair) for pair in pairs]
    verdict = counted_verdict(
        stability_verdict(changes, RIVAL_MARGIN),
        counted=all(counts(results, s) for pair in pairs for s in pair),
    )
    said = "; ".join(
        f"m = {s['num_concepts']}: {difference(change)}"
        for s, change in zip(wide, changes, strict=True)
    )
    least, most = wide[0]["num_tokens"] - 1, wide[0]["dim"]
    return Judgement(verdict, f"S of log p(c∣x), d = {most} less d = {least}: {said}")


def judge_cost(records: Sequence[CellRecord]) -> Judgement:
    """Whether the steps to an excess of .1 I(x; y) grow with the number of concepts."""
    results = Results(records)
    settings = full(results, FIXED)
    found = slope(results, "steps_to_tenth.trained", settings, "num_concepts")
    verdict = counted_verdict(
        rise_verdict([found]), counted=all(counts(results, s) for s in settings)
    )
    least, most = settings[0], settings[-1]
    steps = [
        plain(results.interval("steps_to_tenth.trained", setting)) for setting in (least, most)
    ]
    return Judgement(
        verdict,
        f"exponent {plain(found)} of m: {steps[0]} steps at m = {least['num_concepts']}, "
        f"{steps[1]} at m = {most['num_concepts']}",
    )


def _claim(
    name: str,
    source: str,
    statement: str,
    assumptions: str,
    figure: str,
    judge: Callable[[Sequence[CellRecord]], Judgement],
) -> Claim:
    tested = f"x ⊥ y given c; pairs of words tell a concept each; {assumptions}"
    return Claim(f"scale-{name}", source, statement, tested, figure, judge)


_OURS = "ours"
_FIXED = "16 tokens that lean on all concepts"
_GROWING = "y names c up to noise, 2^m tokens"
_FEWER = "far fewer tokens than configurations"
_RIVALS = {"marginals": f"against marginals p(c_k∣x), {LAW_FORM}", "belief": AGAINST}
_NAMED = {"marginals": "the marginal beliefs p(c_k∣x)", "belief": "the joint belief p(c∣x)"}
_SCORED = {"marginals": "", "belief": " where the joint is scored"}

_PAPER = {  # rival, family -> the theorem, without what is not met where the two are compared
    ("marginals", FIXED): f"{THEOREM}, {DIVERSE} and {SHARP}",
    ("marginals", GROWING): THEOREM,
    ("belief", FIXED): f"{THEOREM}, {SHARP}",
    ("belief", GROWING): THEOREM,
}
_FAR = {
    ("marginals", FIXED): f"{_FEWER}; {NEAR}; {epsilon_words(0.66, 0.99, 'm = 12')}",
    ("marginals", GROWING): f"{FEW_TOKENS}; {NEAR}; {epsilon_words(0.0071, 0.9, 'm = 6')}",
    ("belief", FIXED): f"{FEW_TOKENS}; {NEAR}; {epsilon_words(0.25, 0.87, 'm = 4')}",
    ("belief", GROWING): f"{FEW_TOKENS}; {NEAR}; {epsilon_words(0.0075, 0.83, 'm = 4')}",
}

CLAIMS = (
    _claim(
        "steady",
        _OURS,
        "how well log p(c∣x) explains a perfect predictor does not change with m, within ±.01",
        _FIXED,
        "scale_laws",
        judge_steady,
    ),
    _claim(
        "follows",
        _OURS,
        "a trained network holds log p(c∣x) as far as a perfect predictor does, at every m",
        f"d = |tokens| − 1; {_FIXED}",
        "scale_laws",
        judge_follows,
    ),
    _claim(
        "law-fixed",
        _PAPER["marginals", FIXED],
        f"f(x) ≈ A log p(c∣x) + b for trained networks, with {_FEWER}",
        f"d = |tokens| − 1; {_FIXED}; the most concepts; {_FAR['marginals', FIXED]}",
        "scale_laws",
        partial(judge_law, family=FIXED),
    ),
    _claim(
        "law-growing",
        _PAPER["marginals", GROWING],
        "f(x) ≈ A log p(c∣x) + b for trained networks, with as many tokens as configurations",
        f"d = |tokens| − 1; {_GROWING}; the most concepts; {_FAR['marginals', GROWING]}",
        "scale_laws",
        partial(judge_law, family=GROWING),
    ),
    *(
        _claim(
            f"{'joint' if rival == 'belief' else 'rival'}-{family}",
            f"{_PAPER[rival, family]}, {_RIVALS[rival]}",
            f"a trained network holds log p(c∣x) (first), or {_NAMED[rival]} (second)",
            f"d = |tokens| − 1; {tokens}; the most concepts{_SCORED[rival]}; {_FAR[rival, family]}",
            "scale_laws",
            partial(judge_rival, family=family, rival=rival),
        )
        for rival in _RIVALS
        for family, tokens in ((FIXED, _FIXED), (GROWING, _GROWING))
    ),
    _claim(
        "narrow",
        _OURS,
        "four dimensions, fewer than |tokens| − 1, explain 99 % of I(x; y)",
        f"a perfect predictor; {_FIXED}; the most concepts of that dimension",
        "scale_laws",
        judge_narrow,
    ),
    _claim(
        "wide",
        _OURS,
        "dimensions beyond |tokens| − 1 change S of log p(c∣x) by no more than .01",
        f"trained networks; {_FIXED}",
        "scale_laws",
        judge_wide,
    ),
    _claim(
        "cost",
        _OURS,
        "the steps to nine tenths of I(x; y) grow with the number of concepts",
        f"MLP, Adam, fresh contexts with their exact p(y∣x); {_FIXED}",
        "scale_cost",
        judge_cost,
    ),
)
