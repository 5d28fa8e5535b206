"""From what is a concept read: the trained representation, the oracle's, or nothing learnt?"""

from collections.abc import Callable

import numpy as np

from estimators.assessment.arrays import Rows
from estimators.assessment.features import Nulls
from estimators.assessment.inputs import Predictor, Question

EXACT = float(np.finfo(np.float64).eps ** (2 / 3))  # tolerance of what is known in float64
Sources = dict[str, list[Rows]]  # by name, one a seed or one that stands for all seeds


def nulls(asked: Question, seed: int) -> Nulls:
    """The nulls of one seed; every seed has its own permutation and its own noise."""
    return Nulls(asked.raw_input, asked.groups, asked.random_state + 1 + seed)


def oracle(asked: Question) -> Rows | None:
    """Centred log p(y|x), the representation of a perfect predictor; None when it is infinite."""
    if asked.log_predictive is None or not np.isfinite(asked.log_predictive).all():
        return None
    return Rows(asked.log_predictive - asked.log_predictive.mean(1, keepdims=True), EXACT)


def null_sources(asked: Question, rows: list[Rows]) -> Sources:
    """The raw input, and for every seed its rows permuted over contexts and noise of its shape.

    rows: one a seed; a single one serves all seeds, each with its own permutation and noise.
    """
    num_seeds = len(asked.predictors)
    each = list(enumerate(rows * num_seeds if len(rows) == 1 else rows))
    found: Sources = {
        "permuted": [
            Rows(nulls(asked, seed).permuted(one.values), one.tolerance) for seed, one in each
        ],
        "noise": [Rows(nulls(asked, seed).noise(one.values), EXACT) for seed, one in each],
    }
    if asked.raw_input is not None:
        found["raw_input"] = [Rows(asked.raw_input, EXACT)]
    return found


def read_from(asked: Question, part: Callable[[Predictor], Rows]) -> Sources:
    """A part of the predictors' representation beside the oracle, the untrained and the nulls."""
    rows = [part(predictor) for predictor in asked.predictors]
    found: Sources = {"trained": rows}
    perfect = oracle(asked)
    if perfect is not None:
        found["oracle"] = [perfect]
    if asked.untrained:
        found["untrained"] = [part(predictor) for predictor in asked.untrained]
    return found | null_sources(asked, rows)
