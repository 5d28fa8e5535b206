"""From what is a concept read: the trained representation, the oracle's, or nothing learnt?"""

from collections.abc import Callable

import numpy as np

from estimators.assessment.features import Nulls
from estimators.assessment.inputs import Predictor, Question

Sources = dict[str, list[np.ndarray]]  # by name, one a seed or one that stands for all seeds


def nulls(asked: Question, seed: int) -> Nulls:
    """The nulls of one seed; every seed has its own permutation and its own noise."""
    return Nulls(asked.groups, asked.random_state + 1 + seed)


def oracle(asked: Question) -> np.ndarray | None:
    """Centred log p(y|x), the representation of a perfect predictor; None when it is infinite."""
    if asked.log_predictive is None or not np.isfinite(asked.log_predictive).all():
        return None
    return asked.log_predictive - asked.log_predictive.mean(1, keepdims=True)


def null_sources(asked: Question, rows: list[np.ndarray]) -> Sources:
    """The raw input, and for every seed its rows permuted over contexts and noise of its shape.

    rows [row, component], of full rank, one a seed; a single one serves all seeds, each with its
    own permutation and noise.
    """
    num_seeds = len(asked.predictors)
    each = list(enumerate(rows * num_seeds if len(rows) == 1 else rows))
    found: Sources = {
        "permuted": [nulls(asked, seed).permuted(one) for seed, one in each],
        "noise": [nulls(asked, seed).noise(one) for seed, one in each],
    }
    if asked.raw_input is not None:
        found["raw_input"] = [asked.raw_input]
    return found


def read_from(asked: Question, part: Callable[[Predictor], np.ndarray]) -> Sources:
    """A part of the predictors' representation beside the oracle, the untrained and the nulls."""
    rows = [part(predictor) for predictor in asked.predictors]
    found: Sources = {"trained": rows}
    perfect = oracle(asked)
    if perfect is not None:
        found["oracle"] = [perfect]
    if asked.untrained:
        found["untrained"] = [part(predictor) for predictor in asked.untrained]
    return found | null_sources(asked, rows)
