"""How far apart do two predictors' log-likelihoods vary, over contexts and over tokens?"""

from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from estimators.instruments.divergence import checked_predictions
from estimators.instruments.whitening import checked_weight, unchecked_whitening

CONSTANT = 1e-12  # a log-ratio that varies less than this, over its size, is constant
SCALE_WEIGHT = 1e-5  # λ, the value of the authors' experiments


class LikelihoodVariance(NamedTuple):
    """The log-likelihood-variance distance d_LLV and its terms.

    distance: the largest of over_contexts, over_tokens and λ scale_gap. over_contexts: the term
    that bounds representations; over_tokens: the one that bounds unembeddings; scale_gap: the
    largest difference of a standard deviation between the predictors, nats. reference: the token
    y_0; contexts: the contexts of over_tokens, x_0 first.
    """

    distance: float
    over_contexts: float
    over_tokens: float
    scale_gap: float
    reference: int
    contexts: np.ndarray

    @property
    def bound(self) -> float:
        """2 over_contexts², at most 1: d_SVD of the representations is never larger."""
        return min(1.0, 2 * self.over_contexts**2)

    @property
    def unembedding_bound(self) -> float:
        """2 over_tokens², at most 1: d_SVD of the unembeddings is never larger."""
        return min(1.0, 2 * self.over_tokens**2)


def likelihood_variance(
    log_first: "ArrayLike",
    log_second: "ArrayLike",
    weight: "ArrayLike | None" = None,
    *,
    reference: int | None = None,
    contexts: "ArrayLike | None" = None,
    num_draws: int = 100,
    scale_weight: float = SCALE_WEIGHT,
    random_state: int = 0,
) -> LikelihoodVariance:
    """d_LLV of two predictors.

    over_contexts = max over i of std_x[log p(y|x)/s_i − log p'(y|x)/s'_i] for y = y_i and y = y_0,
    where s_i = std_x[log p(y_i|x) − log p(y_0|x)], s' that of the second predictor; over_tokens
    is the same with the roles of contexts and tokens exchanged, contexts x_j and x_0, and equal
    weights for tokens; scale_gap = max |s_i − s'_i| over both.

    log_first, log_second [context, token], nats, finite; weight [context]. reference: y_0, by
    default the token with the least over_contexts. contexts: x_0, x_1, …, by default the best of
    num_draws random sets of rank + 1 contexts. Range 0 to ∞, 0 for equal predictions, symmetric;
    a metric for fixed reference and contexts. It depends on predictions only, hence is invariant
    under (f, g) → (A f, A⁻ᵀ g + u). A log-ratio that is constant under both predictors is left
    out; constant under one only: infinite. Raises ValueError for predictions that are not finite,
    that disagree in shape or are not distributions, for a reference or context not there, and for
    no draws.

    Source: arXiv:2506.03784, Definition 4.4, written as its authors' code computes it (that code
    also leaves one token out, and divides by n − 1 in scale_gap). Its Theorem 4.7: d_SVD ≤ 2 M
    d_LLV, M the dimension. bound is ours and tighter: two variables of unit variance whose
    difference has standard deviation s correlate at 1 − s²/2, here s ≤ 2 over_contexts, and a
    trace is at most the sum of singular values.
    """
    first, second = _checked(log_first, log_second)
    weight = checked_weight(weight, len(first))
    if num_draws < 1:
        raise ValueError(
            f"num_draws must be at least 1; got {num_draws}: 100 are usual, or name the contexts"
        )
    if reference is None:
        tried = [_terms(first, second, weight, token)[0] for token in range(first.shape[1])]
        reference = int(np.argmin(tried))
    _check_reference(reference, first)
    over_contexts, gap, _ = _terms(first, second, weight, reference)
    even = np.full(first.shape[1], 1 / first.shape[1])
    if contexts is None:
        chosen = _best_contexts(first, second, weight, even, num_draws, random_state)
    else:
        chosen = _checked_choice(contexts, "contexts", len(first), least=2)
    over_tokens, token_gap, _ = _terms(first[chosen].T, second[chosen].T, even, 0)
    gap = max(gap, token_gap)
    distance = max(over_contexts, over_tokens, scale_weight * gap)
    return LikelihoodVariance(distance, over_contexts, over_tokens, gap, reference, chosen)


class SvdDissimilarity(NamedTuple):
    """d_SVD of representations and of unembeddings, the latter NaN unless contexts are given."""

    representation: float
    unembedding: float


def svd_dissimilarity(
    log_first: "ArrayLike",
    log_second: "ArrayLike",
    weight: "ArrayLike | None" = None,
    *,
    reference: int = 0,
    tokens: "ArrayLike | None" = None,
    contexts: "ArrayLike | None" = None,
) -> SvdDissimilarity:
    """d_SVD = 1 − mean singular value of the cross-covariance of standardised logit differences.

    representation: the variables are L̂ᵀf = log p(y_i|x) − log p(y_0|x) for the tokens y_i (by
    default all but the reference y_0), each scaled to variance 1 over the contexts; as many
    singular values are averaged as there are variables that vary. unembedding: the same with
    contexts x_j, x_0 (x_0 first in contexts) as variables and all tokens, weighed alike, as rows.

    log_first, log_second [context, token], nats, finite; weight [context]. Range 0 (alike up to
    (f, g) → (A f, A⁻ᵀ g + u) and a scale of each variable) to 1; symmetric; invariant as d_LLV.
    NaN when nothing varies. Errors as `likelihood_variance`, and ValueError for tokens that are
    not there or include the reference. On noise it is near 1 only with many
    more contexts than tokens.

    Source: arXiv:2506.03784, Definition 4.5 (by partial least squares, PLS-SVD).
    """
    first, second = _checked(log_first, log_second)
    weight = checked_weight(weight, len(first))
    _check_reference(reference, first)
    others = np.delete(np.arange(first.shape[1]), reference)
    named = others
    if tokens is not None:
        named = _checked_choice(tokens, "tokens", first.shape[1], least=1)
        if reference in named:
            raise ValueError(
                f"tokens must not include the reference {reference}, whose log-ratio to itself is "
                f"0; got {named}: leave it out"
            )
    unembedding = np.nan
    if contexts is not None:
        chosen = _checked_choice(contexts, "contexts", len(first), least=2)
        even = np.full(first.shape[1], 1 / first.shape[1])
        every = np.arange(1, len(chosen))
        unembedding = _svd_dissimilarity(first[chosen].T, second[chosen].T, even, 0, every)
    representation = _svd_dissimilarity(first, second, weight, reference, named)
    return SvdDissimilarity(representation, unembedding)


def _svd_dissimilarity(
    first: np.ndarray, second: np.ndarray, weight: np.ndarray, reference: int, others: np.ndarray
) -> float:
    """The same on any two arrays [observation, variable]."""
    ratios = [rows[:, others] - rows[:, [reference]] for rows in (first, second)]
    stds = [_std(ratio, weight) for ratio in ratios]
    varies = (stds[0] > 0) | (stds[1] > 0)
    if not varies.any():
        return np.nan
    standard = [
        (ratio - weight @ ratio)[:, varies] / np.where(std > 0, std, np.inf)[varies]
        for ratio, std in zip(ratios, stds, strict=True)
    ]
    singular = np.linalg.svd(standard[0].T @ (weight[:, None] * standard[1]), compute_uv=False)
    return float(1 - singular.sum() / varies.sum())


def _checked(log_first: "ArrayLike", log_second: "ArrayLike") -> tuple[np.ndarray, np.ndarray]:
    pair = checked_predictions(log_first, log_second)
    for rows, name in zip(pair, ("first", "second"), strict=True):
        if not np.isfinite(rows).all():
            row, token = np.argwhere(~np.isfinite(rows))[0]
            raise ValueError(
                f"the {name} log-predictions must be finite to have a variance; token {token} has "
                f"probability 0 in row {row}: drop that token from both"
            )
    return pair


def _check_reference(reference: Any, rows: np.ndarray) -> None:
    if not isinstance(reference, Integral) or reference not in range(rows.shape[1]):
        raise ValueError(
            f"reference must be one of {rows.shape[1]} tokens; got {reference}: tokens are "
            "numbered from 0"
        )


def _checked_choice(chosen: "ArrayLike", name: str, size: int, least: int) -> np.ndarray:
    """Numbers [choice] below size, at least so many; ValueError for others."""
    found = np.asarray(chosen)
    if (
        found.ndim != 1
        or len(found) < least
        or found.dtype.kind not in "iu"
        or not np.isin(found, np.arange(size)).all()
    ):
        raise ValueError(
            f"{name} must be {least} or more whole numbers from 0 to {size - 1}; got {found}: "
            f"number the {name} as the log-predictions do"
        )
    return found


def _std(rows: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Standard deviation of each column, 0 where only rounding varies."""
    std = np.sqrt(weight @ (rows - weight @ rows) ** 2)
    return np.where(std > CONSTANT * np.abs(rows).max(initial=1.0), std, 0.0)


def _terms(
    first: np.ndarray, second: np.ndarray, weight: np.ndarray, reference: int
) -> tuple[float, float, bool]:
    """The term over observations, its scale gap, and whether some variable does not vary."""
    others = np.delete(np.arange(first.shape[1]), reference)
    stds = [_std(rows[:, others] - rows[:, [reference]], weight) for rows in (first, second)]
    gap = float(np.abs(stds[0] - stds[1]).max(initial=0.0))
    varies = (stds[0] > 0) & (stds[1] > 0)
    if ((stds[0] > 0) != (stds[1] > 0)).any():
        return np.inf, gap, True
    scale, other_scale, named = stds[0][varies], stds[1][varies], others[varies]
    worst = 0.0
    for one in (named, np.full(len(named), reference)):
        apart = first[:, one] / scale - second[:, one] / other_scale
        worst = max(worst, float(_std(apart, weight).max(initial=0.0)))
    return worst, gap, not varies.all()


def _best_contexts(
    first: np.ndarray,
    second: np.ndarray,
    weight: np.ndarray,
    even: np.ndarray,
    num_draws: int,
    random_state: int,
) -> np.ndarray:
    """Of random sets of rank + 1 contexts the one with the least term; diverse ones first."""
    ranks = [
        unchecked_whitening(rows - rows.mean(1)[:, None], weight).rank for rows in (first, second)
    ]
    size = min(max(*ranks, 1) + 1, len(first))
    draw = np.random.default_rng(random_state)
    sets = [draw.choice(len(first), size, replace=False) for _ in range(num_draws)]

    def order(chosen: np.ndarray) -> tuple[bool, float]:
        term, _, degenerate = _terms(first[chosen].T, second[chosen].T, even, 0)
        return degenerate, term

    return min(sets, key=order)
