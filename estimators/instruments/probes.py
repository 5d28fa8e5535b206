"""How often does a linear classifier of the representation name each concept's value?"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from estimators.instruments.folds import NUM_FOLDS, context_folds, repeated_contexts
from estimators.instruments.laws import checked_log_rows
from estimators.instruments.softmax_fit import unchecked_softmax
from estimators.instruments.whitening import checked_rows, checked_weight, unchecked_whitening

TOLERANCE = 1e-9  # relative change of the log-loss; the named values no longer change


class ProbeAccuracy(NamedTuple):
    """Accuracy of linear probes beside what bounds it, one entry per concept.

    score [concept]: held out by distinct context, NaN when saturated. population [concept]:
    fitted and scored on all contexts. bayes [concept]: E max_v p(c_k = v|x), no reader does
    better. majority [concept]: always the most frequent value. num_regressors: rank of the
    representation. saturated: too few distinct contexts to tell reading from looking up.
    """

    score: np.ndarray
    population: np.ndarray
    bayes: np.ndarray
    majority: np.ndarray
    num_regressors: int
    saturated: bool


def probe_accuracy(
    representation: "ArrayLike",
    log_concept_posteriors: "Sequence[ArrayLike]",
    weight: "ArrayLike | None" = None,
    *,
    groups: "ArrayLike | None" = None,
    num_folds: int = NUM_FOLDS,
    random_state: int = 0,
) -> ProbeAccuracy:
    """E_x p(c_k = argmax_v (W_k f(x) + v_k) | x) of the logistic probe of every concept k.

    representation f [row, dim]; log_concept_posteriors: for each concept log p(c_k|x) [row, value],
    nats; weight [row]; groups as in `law_score`. A probe is multinomial logistic regression without
    penalty on all (context, value) pairs with weights p(x) p(v|x): what infinitely many labelled
    samples would give. It minimises log-loss, so its accuracy may miss the best linear
    classifier's. Raises ValueError as `law_score` does.
    """
    probes = fit_probes(
        representation,
        log_concept_posteriors,
        weight,
        groups=groups,
        num_folds=num_folds,
        random_state=random_state,
    )
    targets, weight = probes.targets, probes.weight

    def accuracy(log_answers: Sequence[np.ndarray]) -> np.ndarray:
        named = [block.argmax(1)[:, None] for block in log_answers]
        right = [np.take_along_axis(*pair, 1)[:, 0] for pair in zip(targets, named, strict=True)]
        return np.array([weight @ rows for rows in right])

    unknown = np.full(len(targets), np.nan)
    return ProbeAccuracy(
        score=unknown if probes.held_out is None else accuracy(probes.held_out),
        population=accuracy(probes.population),
        bayes=np.array([weight @ target.max(1) for target in targets]),
        majority=np.array([(weight @ target).max() for target in targets]),
        num_regressors=probes.num_regressors,
        saturated=probes.saturated,
    )


class FittedProbes(NamedTuple):
    """What the linear probes of all concepts answer, one array [row, value] per concept.

    targets: p(c_k|x); weight [row]. held_out: log-probabilities that the probe gives each row
    when its context was held out, None when saturated; population: when fitted to all rows.
    converged: all fits reached their tolerance.
    """

    targets: list[np.ndarray]
    weight: np.ndarray
    held_out: list[np.ndarray] | None
    population: list[np.ndarray]
    num_regressors: int
    saturated: bool
    converged: bool


def fit_probes(
    representation: "ArrayLike",
    log_concept_posteriors: "Sequence[ArrayLike]",
    weight: "ArrayLike | None" = None,
    *,
    groups: "ArrayLike | None" = None,
    num_folds: int = NUM_FOLDS,
    random_state: int = 0,
) -> FittedProbes:
    """log softmax(W_k f(x) + v_k) of every concept k and row; arguments as `probe_accuracy`."""
    matrix = checked_rows(representation, "representation")
    targets = checked_beliefs(log_concept_posteriors, len(matrix))
    weight = checked_weight(weight, len(matrix))
    groups = repeated_contexts(groups, weight, matrix, *targets)
    folds = context_folds(
        groups, len(matrix), weight, num_folds=num_folds, random_state=random_state
    )
    whitening = unchecked_whitening(matrix, weight)
    saturated = folds.saturated(whitening.rank)
    sizes = tuple(target.shape[1] for target in targets)
    together = np.concatenate(targets, 1)

    reached = []

    def answers(splits: Iterable[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray]:
        log_answers = np.empty_like(together)
        for train, test in splits:
            fit = unchecked_softmax(
                matrix[train],
                together[train],
                weight[train],
                whitening,
                sizes=sizes,
                tolerance=TOLERANCE,
            )
            reached.append(fit.converged)
            log_answers[test] = fit.log_predict(matrix[test])
        return np.split(log_answers, np.cumsum(sizes)[:-1], axis=1)

    everything = np.ones(len(matrix), bool)
    return FittedProbes(
        targets=targets,
        weight=weight,
        held_out=None if saturated else answers(folds.splits()),
        population=answers([(everything, everything)]),
        num_regressors=whitening.rank,
        saturated=saturated,
        converged=all(reached),
    )


def checked_beliefs(
    log_concept_posteriors: "Sequence[ArrayLike]", num_rows: int
) -> list[np.ndarray]:
    """p(c_k|x) [row, value] of every concept; ValueError for none and for no distributions."""
    shape = tuple(getattr(log_concept_posteriors, "shape", ()))
    if len(shape) == 2:
        raise ValueError(
            "log_concept_posteriors must be a list, one [row, value] array a concept; got one "
            f"array of shape {shape}: give a list, also of one concept; of a joint posterior give "
            "what each concept has, summed over the others"
        )
    beliefs = [
        np.exp(checked_log_rows(rows, num_rows, f"log_concept_posteriors[{concept}]"))
        for concept, rows in enumerate(log_concept_posteriors)
    ]
    if not beliefs:
        raise ValueError(
            "log_concept_posteriors needs at least one concept; got none: give a list with one "
            "array [row, value] per concept"
        )
    return beliefs
