"""What do the numbers say of a token that reads the context?"""

from collections.abc import Sequence
from functools import partial

from experiments.attribution import FEW_TOKENS, THEOREM, epsilon_words
from experiments.exact_laws import Setting, enough_worlds, exact_verdict, gap_to, score, told
from experiments.experiment import CellRecord, Claim, Finding, Judgement
from experiments.leak.cell import AFRESH, FIXED
from experiments.results import Results
from experiments.verdicts import rival_verdict
from experiments.wording import difference, number, percent, plain

KINDS = {
    "repeat": "the last word says what y repeats",
    "rename": "the last word renames the tokens",
}
LAWS = {
    "log_posterior": "log p(c∣x)",
    "with_word": "log p(c∣x) and the word",
    "by_word": "log p(c∣x), apart for each word",
    "belief": "p(c∣x)",
}
NULLS = {
    "log_posterior": ("raw_input", "permuted"),
    "belief": ("raw_input", "permuted"),
    "with_word": ("raw_input", "permuted"),
    "by_word": ("raw_by_word", "permuted"),
}
NULL_NAMES = {
    "raw_input": "the raw input",
    "raw_by_word": "the raw input, apart for each word",
    "permuted": "rows permuted",
}


def finding(records: Sequence[CellRecord], evidence: bool) -> Finding:
    """Headline, paragraphs, tables and captions; no verdict when the results are no evidence."""
    results = Results(records)
    evidence = evidence and all(enough_worlds(results, s) for s in results.settings())
    kinds = [kind for kind in KINDS if results.settings(panel=kind)]
    paragraphs = [
        *(_kind_words(results, kind, evidence) for kind in kinds),
        _mask_words(results, evidence),
        *(_part_words(results, kind) for kind in kinds),
    ]
    tables = {
        **{
            f"Leak in which {KINDS[kind]}": _table(results, of_kind(results, kind))
            for kind in kinds
        },
        "Mask, fixed (0) or drawn afresh (1)": _table(results, of_kind(results, "mask")),
    }
    return Finding(_headline(results, evidence), paragraphs, tables, _captions(), evidence)


def of_kind(results: Results, panel: str) -> list[Setting]:
    """The settings of a panel, by the strength of the leak."""
    return sorted(results.settings(panel=panel), key=lambda s: s["strength"])


def _told(results: Results, law: str, setting: Setting, evidence: bool) -> str:
    return told(results, law, setting, NULLS[law], evidence)


def _headline(results: Results, evidence: bool) -> str:
    fixed, afresh = of_kind(results, "mask")
    renamed = of_kind(results, "rename")[-1]

    def say(law: str, setting: Setting) -> str:
        return _told(results, law, setting, evidence)

    return (
        "When a token reads the context past the concepts: for a perfect predictor, with one A, "
        f"S of log p(c∣x) is {say('log_posterior', renamed)} when the last word renames "
        f"the tokens, and {say('log_posterior', afresh)} when a mask is drawn afresh, against "
        f"{say('log_posterior', fixed)} with a fixed mask. With an A of its own for each value of "
        f"that word it is {say('by_word', renamed)} and {say('by_word', afresh)}; a term in the "
        f"word alone leaves {say('with_word', renamed)} and {say('with_word', afresh)}."
    )


def _kind_words(results: Results, kind: str, evidence: bool) -> str:
    settings = of_kind(results, kind)
    said = []
    for setting in (settings[0], settings[len(settings) // 2], settings[-1]):
        closed = results.best("score_log_posterior.closed", setting)
        parts = "; ".join(
            f"{label} {_told(results, law, setting, evidence)}" for law, label in LAWS.items()
        )
        said.append(
            f"λ = {setting['strength']:g} (I(x; y∣c) is "
            f"{percent(results.interval('leak_share.exact', setting))} of I(x; y)): {parts}; "
            f"raw input {plain(score(results, 'raw_input', setting))}, apart for each word "
            f"{plain(score(results, 'raw_by_word', setting))}; log p(c∣x) with the leak closed "
            f"{plain(closed)}"
        )
    last = settings[-1]
    rivals = gap_to(results, "by_word", "log_posterior", last)
    winner = {"first": " (an A for each word explains more)", "second": " (one A explains more)"}
    decided = winner.get(rival_verdict(rivals), " (undecided)") if evidence else ""
    return (
        f"S for a perfect predictor when {KINDS[kind]}. {'. '.join(said)}. An A for each word less "
        f"one A, at λ = {last['strength']:g}: {difference(rivals)}{decided}. Closed means the same "
        "p(y∣c) in a world where y reads c alone: what is missed there is missed without any leak."
    )


def _mask_words(results: Results, evidence: bool) -> str:
    said = []
    for setting in of_kind(results, "mask"):
        name = "drawn afresh" if setting["strength"] == AFRESH else "fixed"
        parts = "; ".join(
            f"{label} {_told(results, law, setting, evidence)}" for law, label in LAWS.items()
        )
        said.append(
            f"{name} (I(x; y∣c) is {percent(results.interval('leak_share.exact', setting))} of "
            f"I(x; y)): {parts}; raw input {plain(score(results, 'raw_input', setting))}, apart "
            f"for each mask {plain(score(results, 'raw_by_word', setting))}"
        )
    return (
        f"A mask of one block of digits, y being what it hides. {'. '.join(said)}. The digits are "
        "independent given c, so that log p(c∣x) is affine in the raw input of each mask: where it "
        "is as good a law, nothing can be evidence. With a fixed mask the word is constant."
    )


def _part_words(results: Results, kind: str) -> str:
    said = [
        f"λ = {setting['strength']:g}: "
        + ", ".join(
            f"{name} {number(results.interval(f'{part}_share.exact', setting).mean, 3)}"
            for part, name in (("residual", "all"), ("remainder", "h"), ("offset", "β(x)"))
        )
        for setting in of_kind(results, kind)
    ]
    return (
        f"What the paper's own A and b leave over, as a share of var(f), when {KINDS[kind]}. "
        f"{'; '.join(said)}. h and β(x) may cancel or add up, so that the shares need not sum. "
        "β is constant without a leak; what the best A and b miss is 1 − S."
    )


def _table(results: Results, settings: list[Setting]) -> list[list[str]]:
    header = ["λ", "I(x; y∣c) / I(x; y)", *(f"S {label}" for label in LAWS.values())]
    header += ["S log p, leak closed", "raw input", "raw input, apart for each word"]
    header += ["rows permuted", "var(residual) / var(f)", "of h", "of β(x)"]
    rows = [header]
    for setting in settings:
        row = [
            f"{setting['strength']:g}",
            number(results.interval("leak_share.exact", setting).mean, 3),
            *(plain(score(results, law, setting)) for law in LAWS),
            plain(results.best("score_log_posterior.closed", setting)),
            *(plain(score(results, n, setting)) for n in ("raw_input", "raw_by_word", "permuted")),
        ]
        parts = ("residual", "remainder", "offset")
        row += [number(results.interval(f"{p}_share.exact", setting).mean, 3) for p in parts]
        rows.append(row)
    return rows


def _captions() -> dict[str, str]:
    return {
        "leak_strength": (
            "What each law misses of a perfect predictor's I(x; y) (top, lower is better) and "
            "the parts of the paper's residual with the size of the leak (bottom), over the "
            "strength λ of a leak that repeats (left) or renames tokens (right)."
        ),
        "leak_mask": (
            "What each law misses of a perfect predictor's I(x; y) when one block of digits is "
            "masked and predicted from the others: a fixed mask (left), and one drawn afresh "
            "(right)."
        ),
    }


def _judge(records: Sequence[CellRecord], panel: str, strength: float, law: str) -> Judgement:
    results = Results(records)
    found = [s for s in of_kind(results, panel) if s["strength"] == strength]
    if not found:
        return Judgement("undecided", f"no cell of {panel} at λ = {strength:g}")
    setting, nulls = found[0], NULLS[law]
    gaps = ", ".join(
        f"{difference(gap_to(results, law, n, setting))} to {NULL_NAMES[n]}" for n in nulls
    )
    leaked = percent(results.interval("leak_share.exact", setting))
    return Judgement(
        exact_verdict(results, law, setting, nulls),
        f"S {plain(score(results, law, setting))}, where 1 is possible; {gaps}; I(x; y∣c) is "
        f"{leaked} of I(x; y)",
    )


_UNMET = "without its first assumption"
CLAIMS = (
    Claim(
        "leak-law-renamed",
        f"{THEOREM}, {_UNMET}",
        "f ≈ A log p(c∣x) + b although the last word renames the tokens",
        f"a token that pins c given the last word; x ⊥ y ∣ c broken; {FEW_TOKENS}; "
        f"{epsilon_words(0.00083, 0.78, 'λ = 1')}",
        "leak_strength",
        partial(_judge, panel="rename", strength=1.0, law="log_posterior"),
    ),
    Claim(
        "leak-law-with-word",
        "this project",
        "f ≈ A log p(c∣x) + b(word): the leak is a shift",
        "a token that pins c given the last word",
        "leak_strength",
        partial(_judge, panel="rename", strength=1.0, law="with_word"),
    ),
    Claim(
        "leak-law-by-word",
        "this project",
        "f ≈ A(word) log p(c∣x) + b(word): the law holds for each value of the word apart",
        "a token that pins c given the last word",
        "leak_strength",
        partial(_judge, panel="rename", strength=1.0, law="by_word"),
    ),
    Claim(
        "leak-law-by-word-partial",
        "this project",
        "f ≈ A(word) log p(c∣x) + b(word) where the last word renames the tokens in 30 % of cases",
        "a token that does not pin c given the last word",
        "leak_strength",
        partial(_judge, panel="rename", strength=0.3, law="by_word"),
    ),
    Claim(
        "leak-mask-fixed",
        THEOREM,
        "f ≈ A log p(c∣x) + b when the same part of the observation is always masked",
        f"x ⊥ y ∣ c, and a token that pins c; {FEW_TOKENS}; "
        f"{epsilon_words(0.002, 0.72, 'one mask')}",
        "leak_mask",
        partial(_judge, panel="mask", strength=FIXED, law="log_posterior"),
    ),
    Claim(
        "leak-mask-afresh",
        f"latentgen, on the simulation of arXiv:2503.08980 as described: Theorem 3.1 {_UNMET}",
        "f ≈ A log p(c∣x) + b when a randomly masked part of the observation is predicted",
        f"a mask drawn for every sample: x ⊥ y ∣ c broken; {FEW_TOKENS}; "
        f"{epsilon_words(0.0021, 0.74, 'all masks')}",
        "leak_mask",
        partial(_judge, panel="mask", strength=AFRESH, law="log_posterior"),
    ),
)
