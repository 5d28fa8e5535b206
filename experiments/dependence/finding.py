"""What do the numbers say of concepts that depend on each other?"""

from collections.abc import Sequence
from functools import partial

from experiments.attribution import DIVERSE, FEW_TOKENS, SHARP, THEOREM, epsilon_words
from experiments.exact_laws import Setting, enough_worlds, exact_verdict, gap_to, score, told
from experiments.experiment import CellRecord, Claim, Finding, Judgement
from experiments.results import Results
from experiments.verdicts import (
    counted_verdict,
    is_evidence,
    law_verdict,
    rival_verdict,
    supported_verdict,
)
from experiments.wording import difference, number, plain

TOKENS = {
    "anchored": "y names c",
    "product": "y reads every concept through noise",
    "shown": "y shows one concept, drawn at random",
}
GRAPHS = {"chain": "along a chain", "parity": "by parity"}
LAWS = {
    "log_posterior": "joint log p(c∣x)",
    "marginals": "marginal log p(c_k∣x)",
    "product": "readings log M_k p(c_k∣x)",
    "belief": "p(c∣x)",
}
NULLS = ("raw_input", "permuted")
NULL_NAMES = {"raw_input": "the raw input", "permuted": "rows permuted"}


def finding(records: Sequence[CellRecord], evidence: bool) -> Finding:
    """Headline, paragraphs, tables and captions; no verdict when the results are no evidence."""
    results = Results(records)
    evidence = evidence and all(enough_worlds(results, s) for s in results.settings())
    tokens = [token for token in TOKENS if results.settings(panel=token)]
    paragraphs = [_token_words(results, token, evidence) for token in tokens]
    paragraphs.append(_direction_words(results, tokens, evidence))
    tables = {f"When {TOKENS[token]}": _table(results, token) for token in tokens}
    return Finding(_headline(results, evidence), paragraphs, tables, _captions(), evidence)


def of_token(results: Results, token: str, graph: str) -> list[Setting]:
    """The settings of a token and a graph, by the strength of dependence."""
    found = results.settings(panel=token, graph=graph)
    return sorted(found, key=lambda s: s["strength"])


def _headline(results: Results, evidence: bool) -> str:
    said = []
    for token, law in (
        ("anchored", "log_posterior"),
        ("product", "product"),
        ("shown", "marginals"),
    ):
        parts = []
        for graph, name in GRAPHS.items():
            settings = of_token(results, token, graph)
            parts.append(
                f"{told(results, law, settings[-1], NULLS, evidence)} tied {name} "
                f"(s = {settings[-1]['strength']:g})"
            )
        said.append(f"when {TOKENS[token]}, {LAWS[law]} has S of {' and '.join(parts)}")
    return (
        "Each token's own form, where concepts depend on each other most: for a perfect predictor, "
        f"{'; '.join(said)}."
    )


def _token_words(results: Results, token: str, evidence: bool) -> str:
    said = []
    for graph, name in GRAPHS.items():
        settings = of_token(results, token, graph)
        for setting in (settings[0], settings[-1]):
            left = results.interval("total_correlation.exact", setting)
            parts = "; ".join(
                f"{label} {told(results, law, setting, NULLS, evidence)}"
                for law, label in LAWS.items()
            )
            said.append(
                f"tied {name} at s = {setting['strength']:g} (total correlation left given x "
                f"{plain(left)} nats): {parts}; raw input "
                f"{plain(score(results, 'raw_input', setting))}"
            )
        rivals = gap_to(results, "log_posterior", "marginals", settings[-1])
        winner = {
            "first": " (the joint form explains more)",
            "second": " (the marginals explain more)",
        }
        decided = winner.get(rival_verdict(rivals), " (undecided)") if evidence else ""
        said.append(f"joint less marginal form there {difference(rivals)}{decided}")
    return f"S for a perfect predictor when {TOKENS[token]}. {'. '.join(_capital(said))}."


def _capital(sentences: list[str]) -> list[str]:
    return [sentence[0].upper() + sentence[1:] for sentence in sentences]


def _direction_words(results: Results, tokens: list[str], evidence: bool) -> str:
    said = []
    for token in tokens:
        parts = []
        for graph, name in GRAPHS.items():
            settings = of_token(results, token, graph)
            parts += [
                _parallel(results, setting, name, evidence)
                for setting in (settings[0], settings[-1])
            ]
        said.append(f"when {TOKENS[token]}: {'; '.join(parts)}")
    return (
        "Differences of f between contexts that differ in the words of one concept only: the share "
        f"of their squared length along the best common direction. {'. '.join(_capital(said))}. "
        "The null permutes f over contexts; it rises where f has few directions to vary in."
    )


def _parallel(results: Results, setting: Setting, name: str, evidence: bool) -> str:
    gap = results.paired("parallelism.oracle", "parallelism.permuted", setting)
    worth = (", evidence" if is_evidence(gap) else ", not evidence") if evidence else ""
    null = results.interval("parallelism.permuted", setting)
    return (
        f"tied {name} at s = {setting['strength']:g} "
        f"{plain(results.interval('parallelism.oracle', setting))} (null {number(null.mean, 3)}"
        f"{worth})"
    )


def _table(results: Results, token: str) -> list[list[str]]:
    header = ["graph", "s", "total correlation, prior", "given x"]
    header += [f"S {label}" for label in LAWS.values()]
    rows = [[*header, "raw input", "rows permuted", "parallel", "null of parallel"]]
    for graph in GRAPHS:
        for setting in of_token(results, token, graph):
            row = [graph, f"{setting['strength']:g}"]
            for metric in ("total_correlation.prior", "total_correlation.exact"):
                row.append(number(results.interval(metric, setting).mean, 3))
            row += [plain(score(results, law, setting)) for law in (*LAWS, *NULLS)]
            for metric in ("parallelism.oracle", "parallelism.permuted"):
                row.append(plain(results.interval(metric, setting)))
            rows.append(row)
    return rows


def _captions() -> dict[str, str]:
    return {
        "dependence_laws": (
            "What each form misses of a perfect predictor's I(x; y), lower is better, over the "
            "strength s of the dependence between concepts along a chain (top) and by parity "
            "(bottom), for a token that names c, one that reads every concept through noise, and "
            "one that shows a concept drawn at random."
        ),
        "dependence_directions": (
            "How parallel the differences of f are between contexts that differ in one concept's "
            "words only, with the null of rows permuted, and the total correlation of the concepts "
            "before and after the context is seen, over the strength of dependence."
        ),
    }


def _setting(results: Results, token: str, graph: str, strongest: bool) -> Setting | None:
    settings = of_token(results, token, graph)
    return settings[-1 if strongest else 0] if settings else None


def _judge(
    records: Sequence[CellRecord], token: str, graph: str, law: str, strongest: bool = True
) -> Judgement:
    results = Results(records)
    setting = _setting(results, token, graph, strongest)
    if setting is None:
        return Judgement("undecided", f"no cell of {token}, {graph}")
    gaps = ", ".join(
        f"{difference(gap_to(results, law, n, setting))} to {name}"
        for n, name in NULL_NAMES.items()
    )
    left = plain(results.interval("total_correlation.exact", setting))
    return Judgement(
        exact_verdict(results, law, setting, NULLS),
        f"S {plain(score(results, law, setting))} at s = {setting['strength']:g}, tied "
        f"{GRAPHS[graph]}, where 1 is possible; {gaps}; total correlation given x {left} nats",
    )


def _judge_parallel(
    records: Sequence[CellRecord], token: str, graph: str, strongest: bool
) -> Judgement:
    """The limits of S, applied to the share along one direction."""
    results = Results(records)
    setting = _setting(results, token, graph, strongest)
    if setting is None:
        return Judgement("undecided", f"no cell of {token}, {graph}")
    share = results.interval("parallelism.oracle", setting)
    gap = results.paired("parallelism.oracle", "parallelism.permuted", setting)
    verdict = supported_verdict(law_verdict(share), [gap])
    return Judgement(
        counted_verdict(verdict, counted=enough_worlds(results, setting)),
        f"share along one direction {plain(share)} at s = {setting['strength']:g}, tied "
        f"{GRAPHS[graph]}, where 1 is possible; {difference(gap)} to rows permuted",
    )


_NAMED = f"{FEW_TOKENS}; {epsilon_words(0.00083, 0.72, 's = .95')}"
ITEM = "this project, product law"
CLAIMS = (
    Claim(
        "dependence-joint",
        THEOREM,
        "f ≈ A log p(c∣x) + b however the concepts depend on each other",
        f"y names c; the last concept tied to the parity of the others; {_NAMED}",
        "dependence_laws",
        partial(_judge, token="anchored", graph="parity", law="log_posterior"),
    ),
    Claim(
        "dependence-joint-shown",
        f"{THEOREM}, {DIVERSE} and {SHARP}",
        "f ≈ A log p(c∣x) + b when y shows one concept, drawn at random",
        "the last concept tied to the parity of the others; "
        f"{epsilon_words(0.14, 0.72, 's = .95')}",
        "dependence_laws",
        partial(_judge, token="shown", graph="parity", law="log_posterior"),
    ),
    Claim(
        "dependence-marginals-shown",
        "this project; the mixture of marginals of arXiv:2601.20420",
        "f ≈ Σ_k A_k log p(c_k∣x) + b when y shows one concept, drawn at random",
        "the last concept tied to the parity of the others",
        "dependence_laws",
        partial(_judge, token="shown", graph="parity", law="marginals"),
    ),
    Claim(
        "dependence-marginals-named",
        "this project",
        "f ≈ Σ_k A_k log p(c_k∣x) + b when y names c",
        "the last concept tied to the parity of the others",
        "dependence_laws",
        partial(_judge, token="anchored", graph="parity", law="marginals"),
    ),
    Claim(
        "dependence-product-independent",
        ITEM,
        "f = Σ_k E_k log M_k p(c_k∣x) for a token that reads each concept through noise",
        "concepts independent given x; no sharpness",
        "dependence_laws",
        partial(_judge, token="product", graph="chain", law="product", strongest=False),
    ),
    Claim(
        "dependence-product-dependent",
        f"{ITEM}, without its assumption",
        "f = Σ_k E_k log M_k p(c_k∣x) where the concepts depend on each other",
        "the last concept tied to the parity of the others",
        "dependence_laws",
        partial(_judge, token="product", graph="parity", law="product"),
    ),
    Claim(
        "dependence-parallel-independent",
        ITEM,
        "Counterfactual differences of a concept are parallel without ε → 0",
        "binary readings, concepts independent given x; limits as for S",
        "dependence_directions",
        partial(_judge_parallel, token="product", graph="chain", strongest=False),
    ),
    Claim(
        "dependence-parallel-dependent",
        f"{ITEM}, without its assumption",
        "Counterfactual differences of a concept are parallel though the concepts are dependent",
        "binary readings; the last concept tied to the parity of the others; limits as for S",
        "dependence_directions",
        partial(_judge_parallel, token="product", graph="parity", strongest=True),
    ),
    Claim(
        "dependence-parallel-named",
        "arXiv:2503.08980, Corollary 4.2",
        "Counterfactual differences of a concept are parallel whatever the dependence",
        f"y names c and the edited words read one concept only; limits as for S; {_NAMED}",
        "dependence_directions",
        partial(_judge_parallel, token="anchored", graph="parity", strongest=True),
    ),
)
