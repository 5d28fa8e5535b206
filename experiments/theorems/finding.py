"""What do the random worlds say of the identities and the bounds, in words made from numbers?"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from experiments.experiment import CellRecord, Claim, Finding, Judgement
from experiments.results import Results
from experiments.theorems.cell import CONDITIONAL
from experiments.verdicts import LEAST_IDENTITY_WORLDS, identity_verdict
from experiments.wording import plain, share

PAPER = "arXiv:2503.08980"
OURS = "docs/theory.md"


class Said(NamedTuple):
    """What a theorem says, for a reader: where it is made, what it is, what it takes."""

    source: str
    statement: str
    assumptions: str


STATEMENTS = {
    "perfect_fit": Said(f"{OURS}, 1", "a perfect fit: centred logits = centred log(M p)", "none"),
    "identity": Said(
        f"{PAPER}, proof of Theorem 3.1",
        "log p(y∣x) = E_q log p(c∣x) + E_q log p(y∣c) − E_q log p(c∣x,y)",
        "p(c∣x) p(y∣c) > 0 wherever q > 0; p(y∣c,x) for p(y∣c) where words leak",
    ),
    "paper_v3": Said(
        f"{OURS}, 2", "∣h_j∣ ≤ δ_j(x) + TV_j (max − min) log p(c∣x,y_0), at any ε", "as above"
    ),
    "paper_v4": Said(
        f"{PAPER}v4, Theorem 3.1", "L̂ᵀf = L log p(c∣x) + β − h, exactly, at any ε", "as above"
    ),
    "rank": Said(
        f"{OURS}, 3",
        "A is never invertible: L·1 = 0, rank L ≤ ℓ − 1, rank Ã_k ≤ n_k − 1",
        "none",
    ),
    "any_dimension": Said(
        f"{OURS}, 4",
        "the part of f in span(D) is (Dᵀ)⁺(L log p(c∣x) + β − h), in |tokens| − 1 dimensions",
        "p(y∣x) > 0 and p(c∣x) p(y∣c) > 0 wherever p(c∣y) > 0",
    ),
    "boundedness": Said(
        f"{OURS}, 5", "log p(y_j∣x)/p(y_0∣x) lies between its extremes over c", "none"
    ),
    "divergence": Said(
        f"{OURS}, 5",
        "h_j = (p(c*∣y_0) − p(c*∣y_j)) log(1 − p(c*∣x)) + a rest within its bound",
        "p(c∣x) p(y∣c) > 0 wherever p(c∣y) > 0",
    ),
    "coverage_range": Said(
        f"{OURS}, 5", "coverage δ bounds the range of f itself, by 2δ", "x ⊥ y ∣ c"
    ),
    "anchored_tokens": Said(
        f"{OURS}, 6", "0 ≤ −log p(c∣x,y_c) ≤ log(1 + ρ_c (1 − p(c∣x))/p(c∣x))", "x ⊥ y ∣ c"
    ),
    "weak_tokens": Said(
        f"{OURS}, 7", "0 ≤ s − 1 − log s ≤ (s − 1)²/(2 min(1, s)), s = p(y∣x)/p(y)", "none"
    ),
    "converse": Said(
        f"{OURS}, 8", "f is affine in log⟨s, p(c∣x)⟩, s the rows of p(y∣·)", "x ⊥ y ∣ c"
    ),
    "crossover": Said(
        f"{OURS}, 9",
        "f is affine in log(p(c∣x) + ρ), ρ = η/(ℓ(1 − η)), at every η",
        "y is the configuration, or uniform with probability η",
    ),
    "mixture_of_marginals": Said(
        f"{OURS}, 8; the mixture of marginals of arXiv:2601.20420",
        "f is affine in the raw log marginals log p(c_k∣x)",
        "y names the value of one concept, drawn at random",
    ),
    "product_law": Said(
        f"{OURS}, 12",
        "f = Σ_k E_k log(M_k p(c_k∣x)) at any sharpness",
        "p(c∣x) and p(y∣c) factor over concepts",
    ),
    "steering": Said(
        f"{OURS}, 10", "steering's error against the exact tilt, within its bound", "none"
    ),
    "corollary_directions": Said(
        f"{PAPER}, Corollary 4.2, where it is exact",
        "a counterfactual pair moves f by Ã_k Δ log p(c_k∣x), exactly",
        "edited words, and words that read them, read c_k only, and Δh = 0",
    ),
    "corollary_probes": Said(
        f"{PAPER}, Corollary 4.3, as far as it can hold",
        "W_j Ã_k = 1[j = k] (I − 11ᵀ/n_k), and never I",
        "f = Σ_k Ã_k log p(c_k∣x) + b, contexts that span all directions",
    ),
    "leak": Said(f"{OURS}, 13", "with a leak β_y becomes β_y(x), within its bound", "none"),
}


class Told(NamedTuple):
    """A theorem over all families: worst scaled violation, worlds, largest residual, tightness."""

    violation: float
    num_worlds: int
    worst: float
    tightness: float


def told(results: Results, name: str) -> Told:
    """A theorem's numbers over all families in which it was tried."""

    def values(metric: str) -> np.ndarray:
        found = [results.values(f"{metric}.{name}", s) for s in results.settings()]
        return np.concatenate([np.zeros(1), *found])

    return Told(
        float(values("violation").max()),
        int(values("counted").sum()),
        float(values("worst").max()),
        float(values("tightness").max()),
    )


def judge(name: str, records: Sequence[CellRecord]) -> Judgement:
    """The verdict on one theorem, by the criterion for identities and bounds."""
    found = told(Results(records), name)
    verdict = identity_verdict(found.violation, found.num_worlds)
    return Judgement(verdict, _figures(found))


def finding(records: Sequence[CellRecord], evidence: bool) -> Finding:
    """Headline, a paragraph and a table; evidence where every theorem had enough worlds."""
    results = Results(records)
    found = {name: told(results, name) for name in STATEMENTS}
    enough = all(each.num_worlds >= LEAST_IDENTITY_WORLDS for each in found.values())
    worst = max(found, key=lambda name: found[name].violation)
    fewest = min(each.num_worlds for each in found.values())
    headline = (
        f"The largest scaled error of {len(found)} identities and bounds over at least {fewest:,} "
        f"random worlds each is {found[worst].violation:.1e} ({worst})."
    )
    tight = sorted(found, key=lambda name: -found[name].tightness)
    shown = ", ".join(f"{n} {found[n].tightness:.3f}" for n in tight if found[n].tightness > 0)
    paragraphs = [
        "An identity holds when its scaled error is at most 1e-10 in at least 10⁴ worlds that meet "
        "what it needs, and fails on one error above 1e-6. The scale is the size of the terms that "
        "were added up. Worlds are random in every table: Dirichlet rows from nearly uniform to "
        "nearly deterministic, integer weights with exact zeros and ties, and for theorems that "
        "need a certain token table or certain words, random worlds that have them. "
        f"{_null_words(results)}",
        f"The largest share of a bound that a residual used: {shown}. A share near 1 says that the "
        "bound cannot be made smaller by a factor; identities have no such share.",
    ]
    paragraphs.append(_steering_words(results))
    rows = [["theorem", "says", "worlds", "largest scaled error", "bound used", "verdict"]]
    for name, each in found.items():
        verdict = identity_verdict(each.violation, each.num_worlds) if evidence else "–"
        rows.append([name, STATEMENTS[name].statement, *_cells(each), verdict])
    captions = {
        "theorems": "The largest scaled error of every identity and bound in a batch of random "
        "worlds (black, with its interval), beside the null of worlds that break what it needs "
        "(grey), with the limits at which it holds and fails; and the share of its bound that the "
        "largest residual used."
    }
    return Finding(
        headline, paragraphs, {"Identities and bounds": rows}, captions, evidence and enough
    )


def _steering_words(results: Results) -> str:
    """How steering compares with doing nothing in generic worlds."""
    (setting,) = results.settings(family="generic")
    worse, ratio = (results.interval(f"steering.{m}", setting) for m in ("worse", "ratio"))
    return (
        "Steering a perfect predictor along Ã_k u, one nat on the last value of concept 0, beside "
        f"the exact tilt of the belief: in {share(worse)} of generic worlds it ends further from "
        "the tilt than doing nothing, in E KL under p(x); the median over worlds of the one over "
        f"the other is {plain(ratio)}. Where the token tells the concept by itself the two agree "
        "exactly."
    )


def _null_words(results: Results) -> str:
    """What the claims are missed by where their assumptions are broken."""
    said = []
    for setting in results.settings(family="generic"):
        for name in CONDITIONAL:
            missed = results.values(f"broken.{name}", setting)
            if len(missed) and not np.isnan(missed).all():
                said.append(f"{name} {np.nanmedian(missed):.2g}")
    return (
        "The null, the same error where an assumption is broken, median over generic worlds: "
        f"{', '.join(said) or 'not measured'}."
    )


def _cells(found: Told) -> list[str]:
    used = f"{found.tightness:.3f}" if found.tightness > 0 else "–"
    return [f"{found.num_worlds:,}", f"{found.violation:.1e}", used]


def _figures(found: Told) -> str:
    used = f", at most {found.tightness:.3f} of the bound used" if found.tightness > 0 else ""
    return (
        f"largest scaled error {found.violation:.1e} over {found.num_worlds:,} worlds{used}; "
        f"largest residual {found.worst:.3g} nats"
    )


CLAIMS = tuple(
    Claim(name, *said, figure="theorems", judge=partial(judge, name))
    for name, said in STATEMENTS.items()
)
