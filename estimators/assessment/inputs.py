"""Do the arrays of an assessment fit together?"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.special import log_softmax

from estimators.assessment.arrays import Rows, as_numpy, as_rows, as_seeds
from estimators.assessment.features import log_concept_posteriors, one_hots
from estimators.instruments.folds import Folds, context_folds
from estimators.instruments.laws import checked_log_rows
from estimators.instruments.whitening import checked_weight

SEEDS_REMEDY = "give one for each seed, in the same order"


class Predictor(NamedTuple):
    """One seed's predictor.

    representation f [row, dim]. identified [row, component]: the part of f that centred logits
    depend on, at their scale; f itself where no unembedding is known. log_predicted: log softmax
    f·g [row, token], or None without an unembedding.
    """

    representation: Rows
    identified: Rows
    log_predicted: np.ndarray | None


class Question(NamedTuple):
    """Everything that an assessment is made from, checked. Axes as in `assess`."""

    predictors: list[Predictor]
    untrained: list[Predictor]
    layers: dict[str, list[Rows]]
    log_posterior: np.ndarray
    log_concepts: list[np.ndarray] | None
    log_predictive: np.ndarray | None
    raw_input: np.ndarray | None
    weight: np.ndarray
    weighted: bool
    groups: np.ndarray
    folds: Folds
    rho: float | None
    num_folds: int
    random_state: int


def question(
    representation: Any,
    unembedding: Any,
    log_posterior: Any,
    *,
    weight: Any,
    groups: Any,
    log_predictive: Any,
    cardinalities: Sequence[int] | None,
    raw_input: Any,
    untrained: Any,
    untrained_unembedding: Any,
    layers: Mapping[str, Any] | None,
    rho: float | None,
    num_folds: int,
    random_state: int,
) -> Question:
    """The arguments of `assess` as NumPy arrays that fit together; ValueError when they do not."""
    if num_folds < 2:
        raise ValueError(f"num_folds must be at least 2; got {num_folds}: 5 are usual")
    predictors = _predictors(representation, unembedding, ("representation", "unembedding"))
    num_rows = len(predictors[0].representation.values)
    exact = checked_log_rows(as_numpy(log_posterior, "log_posterior"), num_rows, "log_posterior")
    sizes = None if cardinalities is None else _checked_sizes(cardinalities, exact.shape[1])
    weights = checked_weight(None if weight is None else as_numpy(weight, "weight"), num_rows)
    contexts = np.arange(num_rows) if groups is None else as_numpy(groups, "groups")
    folds = context_folds(
        contexts, num_rows, weights, num_folds=num_folds, random_state=random_state
    )
    if rho is not None and not 0 < rho < np.inf:
        raise ValueError(f"rho must be positive and finite; got {rho}: leave it out to have it fit")
    return Question(
        predictors=predictors,
        untrained=_untrained(untrained, untrained_unembedding, predictors),
        layers={
            name: _as_many(as_seeds(layer, f"layer {name!r}"), predictors, f"layer {name!r}")
            for name, layer in (layers or {}).items()
        },
        log_posterior=exact,
        log_concepts=None if sizes is None else log_concept_posteriors(exact, sizes),
        log_predictive=_checked_predictive(log_predictive, predictors[0]),
        raw_input=None if raw_input is None else _raw_input(raw_input, num_rows),
        weight=weights,
        weighted=weight is not None,
        groups=contexts,
        folds=folds,
        rho=rho,
        num_folds=num_folds,
        random_state=random_state,
    )


def _predictors(representation: Any, unembedding: Any, names: tuple[str, str]) -> list[Predictor]:
    sides = as_seeds(representation, names[0]), as_seeds(unembedding, names[1])
    if len(sides[0]) != len(sides[1]):
        raise ValueError(
            f"{names[0]} and {names[1]} must have the same seeds; got {len(sides[0])} and "
            f"{len(sides[1])}: {SEEDS_REMEDY}"
        )
    first = sides[0][0].values, sides[1][0].values
    found = []
    for seed, (f, g) in enumerate(zip(*sides, strict=True)):
        if f.values.shape[1] != g.values.shape[1]:
            raise ValueError(
                f"{names[0]} [row, dim] and {names[1]} [token, dim] must have one dim; got shapes "
                f"{f.values.shape} and {g.values.shape} (seed {seed}): transpose the {names[1]}, "
                "and where it has a bias make that its last column and append a 1 to every row "
                f"of the {names[0]}"
            )
        if (len(f.values), len(g.values)) != (len(first[0]), len(first[1])):
            raise ValueError(
                f"all seeds must have the same rows and tokens; seed 0 has {len(first[0])} and "
                f"{len(first[1])}, seed {seed} has {len(f.values)} and {len(g.values)}: assess "
                "worlds apart from each other"
            )
        found.append(_predictor(f, g))
    return found


def _predictor(representation: Rows, unembedding: Rows) -> Predictor:
    f = representation.values.astype(np.float64)
    g = unembedding.values.astype(np.float64)
    # What it is made of, not the sum, says how precise a logit is.
    tolerance = max(representation.tolerance, unembedding.tolerance)
    _, scale, directions = np.linalg.svd(g - g.mean(0), full_matrices=False)
    kept = scale > tolerance * scale.max(initial=0.0)
    identified = f @ (directions[kept].T * scale[kept])
    return Predictor(representation, Rows(identified, tolerance), log_softmax(f @ g.T, axis=1))


def _untrained(
    representation: Any, unembedding: Any, predictors: list[Predictor]
) -> list[Predictor]:
    if representation is None:
        if unembedding is not None:
            raise ValueError("untrained_unembedding needs the untrained representation beside it")
        return []
    name = "untrained representation"
    if unembedding is not None:
        found = _predictors(representation, unembedding, (name, "untrained_unembedding"))
    else:
        found = [Predictor(rows, rows, None) for rows in as_seeds(representation, name)]
    _as_many([one.representation for one in found], predictors, name)
    return found


def _as_many(stack: list[Rows], predictors: list[Predictor], name: str) -> list[Rows]:
    num_rows = len(predictors[0].representation.values)
    for rows in stack:
        if len(rows.values) != num_rows:
            raise ValueError(
                f"the {name} must have the {num_rows} rows of the representation; got "
                f"{len(rows.values)}: read it on the same contexts, in the same order"
            )
    if len(stack) not in (1, len(predictors)):
        raise ValueError(
            f"the {name} must have one seed or as many as the representation, "
            f"{len(predictors)}; got {len(stack)}: {SEEDS_REMEDY}"
        )
    return stack


def _checked_sizes(cardinalities: Sequence[int], num_configurations: int) -> tuple[int, ...]:
    sizes = tuple(int(size) for size in cardinalities)
    if not sizes or min(sizes) < 1 or math.prod(sizes) != num_configurations:
        raise ValueError(
            "the product of the cardinalities must be the number of configurations, the columns "
            f"of log_posterior; got {sizes} for {num_configurations}: columns are row-major over "
            "concepts, the last concept fastest"
        )
    return sizes


def _checked_predictive(log_predictive: Any, predictor: Predictor) -> np.ndarray | None:
    if log_predictive is None or predictor.log_predicted is None:
        return None
    num_rows, num_tokens = predictor.log_predicted.shape
    exact = as_numpy(log_predictive, "log_predictive")
    if exact.ndim == 2 and exact.shape[1] != num_tokens:
        raise ValueError(
            "unembedding and log_predictive must have one vocabulary, a row and a column for "
            f"every token; got {num_tokens} rows and {exact.shape[1]} columns: take the rows of "
            "the unembedding whose tokens the world has, in its order"
        )
    return checked_log_rows(exact, num_rows, "log_predictive")


def _raw_input(context: Any, num_rows: int) -> np.ndarray:
    words = as_numpy(context, "raw_input")
    if words.ndim != 2 or len(words) != num_rows:
        raise ValueError(
            f"raw_input must have axes [row, position] with the {num_rows} rows of the "
            f"representation; got shape {words.shape}: give the contexts that were represented"
        )
    if words.shape[1] == 0:
        return np.zeros((num_rows, 1))
    return as_rows(one_hots(words), "raw_input").values
