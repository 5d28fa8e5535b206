"""Do the arrays of an assessment fit together?"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.special import log_softmax

from estimators.assessment.arrays import Rows, as_numpy, as_rows, as_seeds, kept
from estimators.assessment.contexts import distinct_contexts
from estimators.assessment.features import log_concept_posteriors, one_hots
from estimators.assessment.settings import (
    checked_layers,
    checked_random_state,
    checked_rho,
    checked_sizes,
)
from estimators.instruments.folds import Folds, checked_num_folds, context_folds
from estimators.instruments.laws import checked_log_rows
from estimators.instruments.whitening import checked_weight

SEEDS_REMEDY = "give one for each seed, in the same order"


class Predictor(NamedTuple):
    """One seed's predictor.

    representation [row, component]: all directions of f above rounding, whitened. identified
    [row, component]: the part of f that centred logits depend on, alike; all of f where no
    unembedding is known. log_predicted: log softmax f·g [row, token], or None without an
    unembedding. num_columns: directions that f could have.
    """

    representation: np.ndarray
    identified: np.ndarray
    log_predicted: np.ndarray | None
    num_columns: int


class Present(NamedTuple):
    """Which rows have weight: mask over all rows given, and weight [row] of those."""

    mask: np.ndarray
    weight: np.ndarray

    def of(self, rows: Rows) -> Rows:
        """Those rows alone."""
        return Rows(rows.values[self.mask], rows.eps)

    def components(self, stack: list[Rows], num_seeds: int, name: str) -> list[np.ndarray]:
        """Directions above rounding of each seed; ValueError for other rows or seeds."""
        for rows in stack:
            if len(rows.values) != len(self.mask):
                raise ValueError(
                    f"the {name} must have the {len(self.mask)} rows of the representation; got "
                    f"{len(rows.values)}: read it on the same contexts, in the same order"
                )
        if len(stack) not in (1, num_seeds):
            raise ValueError(
                f"the {name} must have one seed or as many as the representation, "
                f"{num_seeds}; got {len(stack)}: {SEEDS_REMEDY}"
            )
        return [kept(self.of(rows), self.weight).values for rows in stack]


class Question(NamedTuple):
    """Everything that an assessment is made from, checked. Axes as in `assess`."""

    predictors: list[Predictor]
    untrained: list[Predictor]
    layers: dict[str, list[np.ndarray]]
    log_posterior: np.ndarray
    log_concepts: list[np.ndarray] | None
    log_predictive: np.ndarray | None
    raw_input: np.ndarray | None
    weight: np.ndarray
    weighted: bool
    groups: np.ndarray
    told_apart: str
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
    """The arguments of `assess` as NumPy arrays that fit together; ValueError when they do not.

    Rows of weight 0 are no contexts of the world and are left out.
    """
    num_folds, random_state = checked_num_folds(num_folds), checked_random_state(random_state)
    f, g = as_seeds(representation, "representation"), as_seeds(unembedding, "unembedding")
    num_rows = len(f[0].values)
    weights = checked_weight(None if weight is None else as_numpy(weight, "weight"), num_rows)
    present = Present(weights > 0, weights[weights > 0])
    predictors = _predictors(f, g, ("representation", "unembedding"), present)
    log_rows = as_numpy(log_posterior, "log_posterior")
    exact = checked_log_rows(log_rows, num_rows, "log_posterior")
    sizes = None if cardinalities is None else checked_sizes(cardinalities, exact.shape[1])
    words = None if raw_input is None else _words(raw_input, num_rows)
    contexts, told_apart = distinct_contexts(groups, words, exact, log_rows.dtype.itemsize)
    exact, contexts = exact[present.mask], contexts[present.mask]
    folds = context_folds(
        contexts, len(exact), present.weight, num_folds=num_folds, random_state=random_state
    )
    return Question(
        predictors=predictors,
        untrained=_untrained(untrained, untrained_unembedding, len(f), present),
        layers={
            name: present.components(as_seeds(layer, f"layer {name!r}"), len(f), f"layer {name!r}")
            for name, layer in checked_layers(layers).items()
        },
        log_posterior=exact,
        log_concepts=None if sizes is None else log_concept_posteriors(exact, sizes),
        log_predictive=_checked_predictive(log_predictive, len(g[0].values), present),
        raw_input=None if words is None else _raw_input(words, present),
        weight=present.weight,
        weighted=weight is not None,
        groups=contexts,
        told_apart=told_apart,
        folds=folds,
        rho=checked_rho(rho),
        num_folds=num_folds,
        random_state=random_state,
    )


def _predictors(
    representation: list[Rows], unembedding: list[Rows], names: tuple[str, str], present: Present
) -> list[Predictor]:
    sides = representation, unembedding
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
        found.append(_predictor(present.of(f), g, present.weight))
    return found


def _predictor(representation: Rows, unembedding: Rows, weight: np.ndarray) -> Predictor:
    f = representation.values.astype(np.float64)
    g = unembedding.values.astype(np.float64)
    whole = kept(representation, weight)
    # What it is made of, not the sum, says how precise a logit is.
    eps = max(representation.eps, unembedding.eps)
    onto = kept(Rows(unembedding.values, eps), np.full(len(g), 1 / len(g))).onto
    magnitude = np.sqrt((weight @ f**2) @ onto**2)
    identified = kept(Rows(f @ onto, eps), weight, magnitude)
    return Predictor(
        whole.values, identified.values, log_softmax(f @ g.T, axis=1), whole.num_columns
    )


def _untrained(
    representation: Any, unembedding: Any, num_seeds: int, present: Present
) -> list[Predictor]:
    if representation is None:
        if unembedding is not None:
            raise ValueError("untrained_unembedding needs the untrained representation beside it")
        return []
    name = "untrained representation"
    f = as_seeds(representation, name)
    components = present.components(f, num_seeds, name)
    if unembedding is not None:
        g = as_seeds(unembedding, "untrained_unembedding")
        return _predictors(f, g, (name, "untrained_unembedding"), present)
    return [Predictor(rows, rows, None, rows.shape[1]) for rows in components]


def _checked_predictive(
    log_predictive: Any, num_tokens: int, present: Present
) -> np.ndarray | None:
    if log_predictive is None:
        return None
    exact = as_numpy(log_predictive, "log_predictive")
    if exact.ndim == 2 and exact.shape[1] != num_tokens:
        raise ValueError(
            "unembedding and log_predictive must have one vocabulary, a row and a column for "
            f"every token; got {num_tokens} rows and {exact.shape[1]} columns: take the rows of "
            "the unembedding whose tokens the world has, in its order"
        )
    return checked_log_rows(exact, len(present.mask), "log_predictive")[present.mask]


def _words(context: Any, num_rows: int) -> np.ndarray:
    words = as_numpy(context, "raw_input")
    if words.ndim != 2 or len(words) != num_rows:
        raise ValueError(
            f"raw_input must have axes [row, position] with the {num_rows} rows of the "
            f"representation; got shape {words.shape}: give the contexts that were represented"
        )
    return words


def _raw_input(words: np.ndarray, present: Present) -> np.ndarray:
    """What varies of the words as one-hots, or of numbers as they are, whitened."""
    if words.shape[1] == 0:
        return np.zeros((len(present.weight), 1))
    return kept(as_rows(one_hots(words[present.mask]), "raw_input"), present.weight).values
