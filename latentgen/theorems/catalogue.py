"""Which theorems are there?"""

from collections.abc import Callable
from functools import partial

from latentgen.theorems.anchored import anchored_tokens
from latentgen.theorems.boundedness import boundedness, coverage_range, divergence
from latentgen.theorems.converse import converse
from latentgen.theorems.corollaries import corollary_directions
from latentgen.theorems.crossover import crossover
from latentgen.theorems.dimension import any_dimension
from latentgen.theorems.identity import identity
from latentgen.theorems.leak import leak
from latentgen.theorems.mixture import mixture_of_marginals
from latentgen.theorems.paper import paper_theorem
from latentgen.theorems.perfect_fit import perfect_fit
from latentgen.theorems.probes import corollary_probes
from latentgen.theorems.product import product_law
from latentgen.theorems.rank import rank
from latentgen.theorems.result import Theorem
from latentgen.theorems.steering import steering
from latentgen.theorems.weak import weak_tokens


def catalogue() -> dict[str, Callable[..., Theorem]]:
    """name -> function of (model, context, log_weight), every theorem with its default options.

    Theorem 3.1 is there in both readings. Each can be called on any world: one that breaks an
    assumption is told which.
    """
    return {
        "perfect_fit": perfect_fit,
        "identity": identity,
        "paper_v3": partial(paper_theorem, reading="v3"),
        "paper_v4": partial(paper_theorem, reading="v4"),
        "rank": rank,
        "any_dimension": any_dimension,
        "boundedness": boundedness,
        "divergence": divergence,
        "coverage_range": coverage_range,
        "anchored_tokens": anchored_tokens,
        "weak_tokens": weak_tokens,
        "converse": converse,
        "crossover": crossover,
        "mixture_of_marginals": mixture_of_marginals,
        "steering": steering,
        "corollary_directions": corollary_directions,
        "corollary_probes": corollary_probes,
        "product_law": product_law,
        "leak": leak,
    }
