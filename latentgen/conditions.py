"""Do the assumptions of the theorems hold on the instance at hand, and by how much?"""

import html
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from latentgen.bayes import entropy, one_minus_largest
from latentgen.enumeration import factor_rows
from latentgen.model import ConceptModel
from latentgen.theorems.instance import Instance, instance
from latentgen.theorems.paper import RANK_TOLERANCE, diversity_rank

NUMERICAL_RANK = 0.01  # singular values below this share of the largest do not count


class Row(NamedTuple):
    """One line of the table: what, its mean and its worst case; NaN where there is only one."""

    name: str
    mean: float
    worst: float


class Conditions(NamedTuple):
    """What the theorems assume, measured on one world and some contexts; nats.

    Means weigh contexts by p(x) and tokens by p(y|x) or p(y); the worst case is over everything
    that can occur. epsilon_context 1 − max_c p(c|x); epsilon_token 1 − max_c p(c|y); epsilon
    1 − max_c p(c|x,y): each mean and worst. leak I(x;y|c). num_tokens, num_configurations: the
    paper asks for at least ℓ + 1 tokens. rank of L, rows p(·|y_j) less their mean over the tokens
    that occur (less p(·|y_0), as in the paper, the rank is the same), at most ℓ − 1;
    numerical_rank: singular values above 1 % of the largest; condition_number σ_1/σ_{ℓ−1},
    infinite when the rank is below ℓ − 1. total_variation between p(c|y_j) and p(c|y_k), mean and
    worst over pairs of tokens. coverage δ(x) = max_{c,j,k} |log p(c|x,y_j) − log p(c|x,y_k)|.
    anchor ρ_c = min_y max_{c'≠c} p(y|c')/p(y|c), mean over p(c) and worst: below 1 a token names c.
    beyond_anchor: share of pairs (x, c), p(c) > 0, weighted by p(x), with p(c|x) ≤ ρ_c, where the
    law of anchored tokens ends. posterior_entropy H(c|x), mean and worst. dependence: the total
    correlation Σ_k H(c_k|x) − H(c|x) left between concepts given x, mean and worst.
    """

    epsilon_context: tuple[float, float]
    epsilon_token: tuple[float, float]
    epsilon: tuple[float, float]
    leak: float
    num_tokens: int
    num_configurations: int
    rank: int
    numerical_rank: int
    condition_number: float
    total_variation: tuple[float, float]
    coverage: tuple[float, float]
    anchor: tuple[float, float]
    beyond_anchor: float
    posterior_entropy: tuple[float, float]
    dependence: tuple[float, float]

    def rows(self) -> list[Row]:
        """The table: name, mean, worst."""
        size, nan = self.num_configurations, np.nan
        return [
            Row("ε through x: 1 − max p(c|x)", *self.epsilon_context),
            Row("ε through y: 1 − max p(c|y)", *self.epsilon_token),
            Row("ε through both: 1 − max p(c|x,y)", *self.epsilon),
            Row("leak I(x;y|c), nats", self.leak, nan),
            Row(f"tokens (the paper asks for ℓ + 1 = {size + 1})", self.num_tokens, nan),
            Row(f"rank of L (at most ℓ − 1 = {size - 1})", self.rank, nan),
            Row("numerical rank of L (above 1 %)", self.numerical_rank, nan),
            Row("condition number of L", self.condition_number, nan),
            Row("TV of p(c|y) between tokens", *self.total_variation),
            Row("coverage δ, nats", *self.coverage),
            Row("anchors: ρ of the best token", *self.anchor),
            Row("share of (x, c) with p(c|x) ≤ ρ", self.beyond_anchor, nan),
            Row("posterior entropy H(c|x), nats", *self.posterior_entropy),
            Row("dependence of concepts given x, nats", *self.dependence),
        ]

    def __str__(self) -> str:
        rows = self.rows()
        width = max(len(row.name) for row in rows)
        lines = [f"{'':{width}}  {'mean':>9}  {'worst':>9}"]
        lines += [f"{r.name:{width}}  {_number(r.mean):>9}  {_number(r.worst):>9}" for r in rows]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """The table for notebooks."""
        body = "".join(
            f"<tr><td>{html.escape(row.name)}</td><td>{_number(row.mean)}</td>"
            f"<td>{_number(row.worst)}</td></tr>"
            for row in self.rows()
        )
        head = "<tr><th>condition</th><th>mean</th><th>worst</th></tr>"
        return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"


def conditions(
    model: ConceptModel, context: ArrayLike, log_weight: ArrayLike | None = None
) -> Conditions:
    """What the theorems assume, measured: ε, diversity, TV, coverage, anchors, dependence.

    log_weight [context]: log p(x) where contexts are enumerated; None weighs them alike. Raises
    ValueError as `log_posterior` does. Source: conditions of arXiv:2503.08980, Theorem 3.1 (v4).
    """
    seen = instance(model, context, log_weight)
    predictive = seen.weight[:, None] * np.exp(seen.log_predictive)
    log_beliefs = seen.log_token_posterior()
    beliefs = np.exp(log_beliefs)
    occurring = predictive.sum(0) > 0
    matrix = beliefs[occurring] - beliefs[occurring].mean(0)  # L, with no token singled out
    singular = np.linalg.svd(matrix, compute_uv=False)
    rank = diversity_rank(matrix)
    entropies = entropy(seen.log_belief)
    anchor = anchor_ratio(seen)
    prior = np.exp(seen.log_prior)
    shared = _total_correlation(seen, entropies)
    top = float(singular.max(initial=0.0))
    return Conditions(
        _mean_and_worst(one_minus_largest(seen.log_belief), seen.weight),
        _mean_and_worst(one_minus_largest(log_beliefs), predictive.sum(0)),
        _mean_and_worst(seen.epsilon(), predictive),
        seen.leak(),
        seen.num_tokens,
        seen.space.num_configurations,
        rank,
        int((singular > max(NUMERICAL_RANK * top, RANK_TOLERANCE)).sum()),
        _condition_number(singular, rank, seen.space.num_configurations),
        _total_variation(beliefs[occurring], predictive.sum(0)[occurring]),
        _mean_and_worst(_coverage(seen), seen.weight),
        _mean_and_worst(anchor, prior),
        float(seen.weight @ (np.exp(seen.log_belief) <= anchor)[:, prior > 0].mean(1)),
        _mean_and_worst(entropies, seen.weight),
        _mean_and_worst(shared, seen.weight),
    )


def anchor_ratio(seen: Instance) -> Float[np.ndarray, "configuration"]:
    """ρ_c = min_y max_{c'≠c} p(y|c')/p(y|c): how far the best token of c is from naming it.

    c' runs over the configurations with p(c') > 0. 0 when some token occurs with c alone, and when
    there is no other configuration.
    """
    possible_configuration = ~np.isneginf(seen.log_prior)[:, None]
    log_given = np.where(possible_configuration, seen.log_token_given(), -np.inf)
    if len(log_given) == 1:
        return np.zeros(1)
    order = np.sort(log_given, axis=0)
    largest, second = order[-1], order[-2]
    unique = (log_given == largest).sum(0) == 1
    others = np.where((log_given == largest) & unique, second, largest)
    possible = ~np.isneginf(log_given)
    ratio = np.where(possible, others - np.where(possible, log_given, 0.0), np.inf)
    return np.exp(ratio.min(1))


def _coverage(seen: Instance) -> Float[np.ndarray, "context"]:
    """max_c of the range over possible tokens of log p(c|x,y); infinite where a token forbids a
    c that another allows."""
    log_both = seen.log_both()
    possible = ~np.isneginf(seen.log_predictive)[:, :, None]
    high = np.where(possible, log_both, -np.inf).max(1)
    low = np.where(possible, log_both, np.inf).min(1)
    never = np.isneginf(high)
    return (np.where(never, 0.0, high) - np.where(never, 0.0, low)).max(1)


def _total_correlation(seen: Instance, entropies: np.ndarray) -> Float[np.ndarray, "context"]:
    """Σ_k H(c_k|x) − H(c|x) of every context."""
    belief, total = np.exp(seen.log_belief), -entropies
    for concept, cardinality in enumerate(seen.space.cardinalities):
        rows = factor_rows(seen.space, (concept,), np.arange(belief.shape[1]))
        with np.errstate(divide="ignore"):
            total = total + entropy(np.log(belief @ np.eye(cardinality)[rows]))
    return np.maximum(total, 0.0)


def _total_variation(beliefs: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """TV between p(c|y) of two tokens: mean over distinct pairs by p(y) p(y'), and the largest."""
    distance = np.stack([np.abs(beliefs - row).sum(1) / 2 for row in beliefs])
    pairs = np.outer(weight, weight)
    np.fill_diagonal(pairs, 0.0)
    mean = float((distance * pairs).sum() / pairs.sum()) if pairs.sum() > 0 else 0.0
    return mean, float(distance.max(initial=0.0))


def _condition_number(singular: np.ndarray, rank: int, num_configurations: int) -> float:
    if num_configurations == 1:
        return 1.0
    if rank < num_configurations - 1:
        return np.inf
    return float(singular[0] / singular[num_configurations - 2])


def _mean_and_worst(values: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """The weighted mean and the largest value among those that occur."""
    occurring = weight > 0
    shown = values[occurring]
    mean = float((shown * weight[occurring]).sum() / weight.sum())
    return abs(max(mean, 0.0)), abs(float(max(shown.max(initial=-np.inf), 0.0)))  # never −0


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.4g}"
