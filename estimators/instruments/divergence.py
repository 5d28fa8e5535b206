"""How far are predictions from the exact ones, on average and in the worst context?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from estimators.instruments.intervals import Interval, interval
from estimators.instruments.laws import NO_INFORMATION, checked_log_rows, mutual_information
from estimators.instruments.whitening import checked_weight

EXACT_AND_PREDICTED = ("exact", "predicted")


class Divergence(NamedTuple):
    """KL of predictions to the exact predictive, nats.

    divergence: E_x KL(p(y|x) ‖ p̂(y|x)), the loss in excess of the Bayes loss. bayes_loss: E_x
    H(p(y|x)). information: I(x;y). share: divergence / I(x;y), NaN without information. worst:
    the largest KL of a context with weight, in row worst_context. sampling: the interval of the
    divergence over contexts where these were sampled, else None.
    """

    divergence: float
    bayes_loss: float
    information: float
    share: float
    worst: float
    worst_context: int
    sampling: Interval | None


def kl_to_exact(
    log_exact: "ArrayLike",
    log_predicted: "ArrayLike",
    weight: "ArrayLike | None" = None,
    *,
    sampled: bool = False,
    level: float = 0.95,
) -> Divergence:
    """E_x KL(p(y|x) ‖ p̂(y|x)) in nats, as a share of I(x;y), and in the worst context.

    log_exact, log_predicted [context, token], nats; weight [context], p(x) where contexts are
    enumerated. Range 0 to ∞; share 0 for the exact predictive, 1 for p(y); infinite where a
    possible token is predicted with probability 0, and zeros of p(y|x) are legal. Not symmetric.
    Invariant under permutations of contexts and of tokens, and depends on predictions only.
    sampled: rows are independent draws from p(x); `sampling` is then an interval over them, and
    bayes_loss, information and share are estimates from the draws. Raises ValueError for rows
    that disagree or are not distributions, and for weights of sampled rows.

    Source: Kullback and Leibler 1951; cross-entropy less entropy.
    """
    exact, predicted = checked_predictions(log_exact, log_predicted, EXACT_AND_PREDICTED)
    if sampled and weight is not None:
        raise ValueError("sampled rows count alike: give no weight, or enumerate the contexts")
    weight = checked_weight(weight, len(exact))
    rows = _divergences(exact, predicted)
    divergence = _mean(rows, weight)
    information = mutual_information(exact, weight)
    probability = np.exp(exact)
    entropy = -(probability * np.where(probability > 0, exact, 0.0)).sum(1)
    worst = int(np.argmax(np.where(weight > 0, rows, -np.inf)))
    return Divergence(
        divergence=divergence,
        bayes_loss=float(weight @ entropy),
        information=max(information, 0.0),
        share=divergence / information if information >= NO_INFORMATION else np.nan,
        worst=float(rows[worst]),
        worst_context=worst,
        sampling=_sampling(rows, level) if sampled else None,
    )


def excess_loss(
    log_exact: "ArrayLike", log_predicted: "ArrayLike", weight: "ArrayLike | None" = None
) -> float:
    """E_x KL(p(y|x) ‖ p̂(y|x)), nats: the expected loss beyond the Bayes loss.

    The `divergence` of `kl_to_exact` alone, whose arguments, range and errors hold: 0 for the
    exact predictive, infinite where a possible token is predicted with probability 0.
    """
    exact, predicted = checked_predictions(log_exact, log_predicted, EXACT_AND_PREDICTED)
    weight = checked_weight(weight, len(exact))
    return _mean(_divergences(exact, predicted), weight)


def _mean(rows: np.ndarray, weight: np.ndarray) -> float:
    """E_x of one number a context, infinite ones included, over the contexts with weight."""
    present = weight > 0
    return float(weight[present] @ rows[present])


def checked_predictions(
    log_first: "ArrayLike", log_second: "ArrayLike", names: tuple[str, str] = ("first", "second")
) -> tuple[Float[np.ndarray, "context token"], Float[np.ndarray, "context token"]]:
    """Two log-distributions over the same contexts and tokens; ValueError when they are not."""
    named = [f"the {name} log-predictions" for name in names]
    first = checked_log_rows(log_first, name=named[0])
    second = checked_log_rows(log_second, len(first), named[1])
    if first.shape != second.shape:
        raise ValueError(
            f"{named[0]} and {named[1]} must be over the same tokens; got shapes {first.shape} "
            f"and {second.shape}"
        )
    return first, second


def context_divergence(
    log_exact: "ArrayLike", log_predicted: "ArrayLike"
) -> Float[np.ndarray, "context"]:
    """KL(p(y|x) ‖ p̂(y|x)) of every context [context], nats; rounding does not make it negative.

    Arguments and errors as `kl_to_exact`.
    """
    return _divergences(*checked_predictions(log_exact, log_predicted, EXACT_AND_PREDICTED))


def _divergences(log_exact: np.ndarray, log_predicted: np.ndarray) -> np.ndarray:
    possible = np.exp(log_exact) > 0
    gap = np.where(possible, log_exact, 0.0) - np.where(possible, log_predicted, 0.0)
    return np.maximum((np.exp(log_exact) * gap).sum(1), 0.0)


def _sampling(rows: np.ndarray, level: float) -> Interval:
    """The interval over sampled contexts; one infinite KL makes the true mean infinite too."""
    if np.isfinite(rows).all():
        return interval(rows, level)
    infinite = np.inf
    return Interval(infinite, infinite, infinite, float(np.median(rows)), np.nan, np.nan, len(rows))
