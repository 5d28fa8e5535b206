"""How well do the theorems keep what they say, in one batch of random worlds?"""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

import latentgen as lg
from experiments.experiment import CellResult, by_name
from experiments.theorems.worlds import Drawn, draw
from latentgen.theorems import Theorem

ROOT = 2503_08980
NEGLIGIBLE = 1e-12  # nats; a tilt that changes no prediction cannot be missed
GENERAL = (
    "perfect_fit",
    "identity",
    "paper_v3",
    "paper_v4",
    "rank",
    "any_dimension",
    "boundedness",
    "divergence",
    "coverage_range",
    "anchored_tokens",
    "weak_tokens",
    "converse",
    "steering",
)
# Which theorems are tried on which family: those whose bound needs what the family has.
TRIED = {
    "generic": GENERAL,
    "zeros": GENERAL,
    "noisy": ("crossover",),
    "shown": ("mixture_of_marginals",),
    "factored": ("product_law",),
    "revealed": ("corollary_probes",),
    "settled": ("corollary_directions",),
    "leaking": ("identity", "leak"),
}
# The assumptions of these are what their bound needs; the bounds of the others need less than
# the claim does (Theorem 3.1 is bounded at any ε), so that every world counts.
CONDITIONAL = (
    "crossover",
    "mixture_of_marginals",
    "product_law",
    "corollary_directions",
    "corollary_probes",
)
NUM_STEERED = 100  # worlds of a batch in which steering is compared with doing nothing
NUM_BROKEN = 20  # worlds of a batch on which they are tried without what they need: the null


@dataclass(frozen=True)
class TheoremsCell:
    """A family of worlds, the number of worlds in a batch, and batches: one seed each."""

    family: str
    num_worlds: int
    seeds: tuple[int, ...]


def shape(cell: TheoremsCell) -> Hashable:
    """Nothing is compiled, so that every cell stands alone."""
    return cell


def compute(cell: TheoremsCell) -> CellResult:
    """The worst violation of every theorem in every batch, and how much of its bound it used."""
    rows = [_batch(cell, seed) for seed in cell.seeds]
    return CellResult(by_name(rows), {})


def _batch(cell: TheoremsCell, seed: int) -> dict[str, float]:
    family = sorted(TRIED).index(cell.family)
    random = np.random.default_rng((ROOT, family, seed))
    worlds = [draw(cell.family, random) for _ in range(cell.num_worlds)]
    metrics: dict[str, float] = {}
    for name in TRIED[cell.family]:
        metrics |= _measured(name, worlds)
    if cell.family == "generic":
        for name in CONDITIONAL:
            metrics |= _null(name, worlds[:NUM_BROKEN])
        metrics |= steered(worlds[:NUM_STEERED])
    return metrics


def _measured(name: str, worlds: list[Drawn]) -> dict[str, float]:
    function = lg.theorems.catalogue()[name]
    answers = [function(*world) for world in worlds]
    counted = [a for a in answers if name not in CONDITIONAL or a.applies]
    said = [answer for answer in counted if answer.defined.any()]
    return {
        f"violation.{name}": _largest([answer.violation for answer in said]),
        f"tightness.{name}": _largest([tightness(answer) for answer in said]),
        f"worst.{name}": _largest([answer.worst for answer in said]),
        f"counted.{name}": float(len(said)),
        f"applies.{name}": float(sum(answer.applies for answer in answers)),
    }


def steered(worlds: list[Drawn]) -> dict[str, float]:
    """How far steering concept 0 ends from the exact tilt, beside doing nothing.

    worse: share of worlds in which E KL(tilt ‖ steered) exceeds E KL(tilt ‖ not steered), means
    under p(x); ratio: the median over worlds of the first over the second. The shift is 1 nat.
    """
    ratios = []
    for world in worlds:
        terms = lg.theorems.steering(*world).terms
        weight = np.exp(world.log_weight)
        nothing = float(weight @ terms["kl_unsteered"])
        if nothing > NEGLIGIBLE:
            ratios.append(float(weight @ terms["kl_steered"]) / nothing)
    worse = np.array(ratios) > 1
    return {"steering.worse": float(worse.mean()), "steering.ratio": float(np.median(ratios))}


def _largest(values: list[float]) -> float:
    """The largest, NaN if one is: an answer that is no number must not go unseen."""
    return float(np.max(values, initial=0.0))


def _null(name: str, worlds: list[Drawn]) -> dict[str, float]:
    """The median miss of the claim where an assumption is broken, scaled as a violation is."""
    answers = [lg.theorems.catalogue()[name](*world) for world in worlds]
    missed = [a.worst / max(1.0, float(np.abs(a.quantity).max())) for a in answers if a.broken]
    return {f"broken.{name}": float(np.median(missed)) if missed else np.nan}


def tightness(answer: Theorem) -> float:
    """The largest share of a finite bound that a residual uses; 0 for an identity."""
    bound = np.where(answer.residual > 0, answer.high, -answer.low)
    told = answer.defined & np.isfinite(bound) & (bound > 1e-9)
    share = np.abs(answer.residual[told]) / bound[told]
    return float(share.max(initial=0.0))
