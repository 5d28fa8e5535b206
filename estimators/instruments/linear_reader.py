"""How often could any linear classifier of the representation be right?"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.optimize import minimize

from estimators.instruments.probes import checked_beliefs
from estimators.instruments.softmax_fit import design_matrix, unchecked_softmax
from estimators.instruments.whitening import checked_rows, checked_weight, unchecked_whitening

SHARPENING = (1.0, 4.0, 8.0)  # each stage starts from logits this much larger
STAGE_ITERATIONS = 40


def best_linear_accuracy(
    representation: "ArrayLike",
    log_concept_posteriors: "Sequence[ArrayLike]",
    weight: "ArrayLike | None" = None,
) -> Float[np.ndarray, "concept"]:
    """max over W, v of E_x p(c_k = argmax(W f(x) + v) | x) [concept], from below.

    A logistic probe minimises log-loss and may miss the most accurate linear classifier. Starting
    from it, the expected accuracy of a softmax is raised by L-BFGS while the softmax is sharpened
    towards an argmax; the best classifier met on the way is kept. The problem is not convex, so
    this is a lower bound of the maximum, and never below the logistic probe. It is a population
    value: fitted and scored on all contexts given. Arguments and errors as `probe_accuracy`.
    """
    matrix = checked_rows(representation, "representation")
    weight = checked_weight(weight, len(matrix))
    whitening = unchecked_whitening(matrix, weight)
    design = np.ascontiguousarray(design_matrix(whitening, matrix).T)
    targets = checked_beliefs(log_concept_posteriors, len(matrix))
    sizes = tuple(target.shape[1] for target in targets)
    start = unchecked_softmax(matrix, np.concatenate(targets, 1), weight, whitening, sizes=sizes)
    starts = np.split(start.coefficient, np.cumsum(sizes)[:-1], axis=1)
    return np.array(
        [
            _ascend(design, np.ascontiguousarray(target.T) * weight, coefficient)
            for target, coefficient in zip(targets, starts, strict=True)
        ]
    )


def _ascend(design: np.ndarray, gain: np.ndarray, coefficient: np.ndarray) -> float:
    """The best accuracy on the way from a smooth to a sharp softmax; gain [value, row]."""

    def accuracy(coefficient: np.ndarray) -> float:
        named = (coefficient.T @ design).argmax(0)
        return float(np.take_along_axis(gain, named[None], 0).sum())

    def missed(flat: np.ndarray) -> tuple[float, np.ndarray]:
        chosen = flat.reshape(coefficient.shape).T @ design
        chosen -= chosen.max(0)
        np.exp(chosen, out=chosen)
        chosen /= chosen.sum(0)
        expected = (chosen * gain).sum(0)
        slope = chosen * (gain - expected)
        return -float(expected.sum()), -(design @ slope.T).reshape(-1)

    best = accuracy(coefficient)
    for factor in SHARPENING:
        start = (factor * coefficient).reshape(-1)
        options = {"maxiter": STAGE_ITERATIONS}
        found = minimize(missed, start, jac=True, method="L-BFGS-B", options=options)
        coefficient = found.x.reshape(coefficient.shape)
        best = max(best, accuracy(coefficient))
    return best
