"""What do the theorems' terms amount to, by the most stupid way there is?

Exact fractions up to the logarithm, one configuration, context and token at a time. Nothing here
imports latentgen. None stands for a number that is not defined: an average of log 0.
"""

import itertools
import math
from fractions import Fraction
from functools import cached_property

from tests import oracles


def divided(row):
    """The row over its sum; zeros stay zeros."""
    total = sum(row)
    return [value / total if total else Fraction(0) for value in row]


class Seen:
    """A world through some contexts; weights are divided by their sum."""

    def __init__(self, world, contexts, weights=None):
        self.world, self.contexts_seen = world, contexts
        self.weights = divided([Fraction(1)] * len(contexts) if weights is None else weights)
        self.contexts = range(len(contexts))

    @cached_property
    def prior(self):
        """p(c)."""
        return oracles.prior(self.world)

    @cached_property
    def beliefs(self):
        """p(c|x) [x][c]."""
        return [oracles.posterior(self.world, x) for x in self.contexts_seen]

    @cached_property
    def given(self):
        """p(y|c,x) [x][c][y]."""
        return [oracles.token_given(self.world, x) for x in self.contexts_seen]

    @cached_property
    def configurations(self):
        """Their numbers."""
        return range(len(self.prior))

    @cached_property
    def tokens(self):
        """Their numbers."""
        return range(len(self.given[0][0]))

    @cached_property
    def joint(self):
        """p(c,y|x) [x][y][c]."""
        return [
            [
                [self.beliefs[x][c] * self.given[x][c][y] for c in self.configurations]
                for y in self.tokens
            ]
            for x in self.contexts
        ]

    @cached_property
    def predictive(self):
        """p(y|x) [x][y]."""
        return [[sum(row) for row in rows] for rows in self.joint]

    @cached_property
    def both(self):
        """p(c|x,y) [x][y][c]; zeros where p(y|x) = 0."""
        return [[divided(row) for row in rows] for rows in self.joint]

    @cached_property
    def table(self):
        """p(y|c) [c][y]."""
        return [self.mean_given(c) for c in self.configurations]

    @cached_property
    def token_posterior(self):
        """p(c|y) [y][c]; zeros for a token that never occurs."""
        return [
            divided([self.prior[c] * self.table[c][y] for c in self.configurations])
            for y in self.tokens
        ]

    def mean_given(self, c):
        """p(y|c), over the contexts in the proportion w(x) p(c|x) when it depends on them."""
        share = [self.weights[x] * self.beliefs[x][c] for x in self.contexts]
        share = divided(share if sum(share) else self.weights)
        return [sum(share[x] * self.given[x][c][y] for x in self.contexts) for y in self.tokens]

    def pairs(self):
        """All (context, token)."""
        return itertools.product(self.contexts, self.tokens)


def mean_log(weights, probabilities):
    """Σ q log p over q ≠ 0; None where that takes the log of 0, or where all q are 0."""
    terms = [(q, p) for q, p in zip(weights, probabilities, strict=True) if q != 0]
    if not terms or any(p == 0 for _, p in terms):
        return None
    return math.fsum(float(q) * oracles.log(p) for q, p in terms)


def identity_parts(seen, weights=None):
    """E_q log p(c|x), E_q log p(y|c,x) and E_q log p(c|x,y) [x][y], or None."""
    weights = seen.token_posterior if weights is None else weights
    answer = []
    for x in seen.contexts:
        row = []
        for y in seen.tokens:
            given = [line[y] for line in seen.given[x]]
            columns = (seen.beliefs[x], given, seen.both[x][y])
            parts = [mean_log(weights[y], column) for column in columns]
            row.append(None if None in parts else parts)
        answer.append(row)
    return answer


def leak(seen):
    """I(x;y|c) in nats: E log p(y|c,x) / p(y|c)."""
    total = 0.0
    for x, c, y in itertools.product(seen.contexts, seen.configurations, seen.tokens):
        share = seen.weights[x] * seen.beliefs[x][c] * seen.given[x][c][y]
        if share:
            total += float(share) * oracles.log(seen.given[x][c][y] / seen.table[c][y])
    return total


def diversity(seen, reference=0):
    """L [y][c]: p(c|y) − p(c|y_0), exactly; zeros where one of the two never occurs."""
    base = seen.token_posterior[reference]
    return [
        [p - q if sum(row) and sum(base) else Fraction(0) for p, q in zip(row, base, strict=True)]
        for row in seen.token_posterior
    ]


def paper(seen, reference=0):
    """(logit difference, L log p(c|x), β, h) [x][y], or None."""
    parts = identity_parts(seen)
    answer = []
    for x in seen.contexts:
        base, row = parts[x][reference], []
        for y in seen.tokens:
            if parts[x][y] is None or base is None:
                row.append(None)
                continue
            logit = oracles.log(seen.predictive[x][y] / seen.predictive[x][reference])
            row.append((logit, *[a - b for a, b in zip(parts[x][y], base, strict=True)]))
        answer.append(row)
    return answer


def log_change(first, second):
    """|log first − log second|; 0 when both are 0, infinite when one is."""
    if first == second:
        return 0.0
    return math.inf if 0 in (first, second) else abs(oracles.log(first / second))


def remainder_bound(seen, x, y, reference=0):
    """δ_y(x) + TV_y · spread(x): our bound of |h_y|."""
    own, base = seen.token_posterior[y], seen.token_posterior[reference]
    at_own, at_base = seen.both[x][y], seen.both[x][reference]
    coverage = max(
        log_change(at_own[c], at_base[c]) for c in seen.configurations if own[c] or base[c]
    )
    variation = sum(abs(p - q) for p, q in zip(own, base, strict=True)) / 2
    reached = [at_base[c] for c in seen.configurations if any(p[c] for p in seen.token_posterior)]
    spread = log_change(max(reached), min(reached))
    return coverage + (float(variation) * spread if variation else 0.0)


def token_ratios(seen, x, y, reference=0):
    """p(y|c)/p(y_0|c) of c with p(c|x) > 0; infinite for 0 below, none for 0 on both sides."""
    answer = []
    for c in seen.configurations:
        own, base = seen.given[x][c][y], seen.given[x][c][reference]
        if seen.beliefs[x][c] and (own or base):
            answer.append(own / base if base else math.inf)
    return answer


def log_ratio_range(seen, x, y, reference=0):
    """min and max over c of log p(y|c)/p(y_0|c)."""
    ratios = token_ratios(seen, x, y, reference)
    logs = [
        ratio if ratio == math.inf else oracles.log(ratio) for ratio in (min(ratios), max(ratios))
    ]
    return logs[0], logs[1]


def range_coverage(seen, y, reference=0):
    """min_c max_x |log p(c|x,y) − log p(c|x,y_0)| over c that both tokens allow everywhere."""
    changes = []
    for c in seen.configurations:
        pairs = [(seen.both[x][y][c], seen.both[x][reference][c]) for x in seen.contexts]
        if all(first and second for first, second in pairs):
            changes.append(max(log_change(first, second) for first, second in pairs))
    return min(changes, default=math.inf)


def rank(matrix):
    """The rank of a matrix of fractions, by elimination."""
    rows, found = [list(row) for row in matrix], 0
    for column in range(len(rows[0])):
        pivot = next((i for i in range(found, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        for i in range(found + 1, len(rows)):
            factor = rows[i][column] / rows[found][column]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[found], strict=True)]
        found += 1
    return found


def mean_and_worst(values, weights):
    """The mean by weight and the largest value among those with weight."""
    counted = [(float(v), float(w)) for v, w in zip(values, weights, strict=True) if w > 0]
    total = math.fsum(w for _, w in counted)
    return math.fsum(v * w for v, w in counted) / total, max(v for v, _ in counted)


def token_weights(seen):
    """p(y) over the contexts by weight."""
    return [
        sum(seen.weights[x] * seen.predictive[x][y] for x in seen.contexts) for y in seen.tokens
    ]


def epsilon_fields(seen):
    """1 − max p(c|x), 1 − max p(c|y), 1 − max p(c|x,y): mean and worst."""
    through_both = [1 - max(seen.both[x][y]) for x, y in seen.pairs()]
    weight = [seen.weights[x] * seen.predictive[x][y] for x, y in seen.pairs()]
    return {
        "epsilon_context": mean_and_worst([1 - max(p) for p in seen.beliefs], seen.weights),
        "epsilon_token": mean_and_worst(
            [1 - max(p) for p in seen.token_posterior], token_weights(seen)
        ),
        "epsilon": mean_and_worst(through_both, weight),
    }


def total_variation(seen):
    """TV of p(c|y) between two tokens that occur: mean by p(y) p(y'), and worst."""
    weight = token_weights(seen)
    occurring = [y for y in seen.tokens if weight[y]]
    distances, weights = [], []
    for first, second in itertools.permutations(occurring, 2):
        rows = zip(seen.token_posterior[first], seen.token_posterior[second], strict=True)
        distances.append(sum(abs(p - q) for p, q in rows) / 2)
        weights.append(weight[first] * weight[second])
    return mean_and_worst(distances, weights) if distances else (0.0, 0.0)


def coverage(seen, x):
    """max over c and two possible tokens of |log p(c|x,y) − log p(c|x,y')|."""
    possible = [y for y in seen.tokens if seen.predictive[x][y]]
    return max(
        log_change(seen.both[x][first][c], seen.both[x][second][c])
        for first, second, c in itertools.product(possible, possible, seen.configurations)
    )


def anchor(seen, c):
    """ρ_c = min_y max_{c'≠c} p(y|c')/p(y|c) over the possible c'."""
    ratios = []
    for y in seen.tokens:
        if seen.table[c][y]:
            others = [seen.table[o][y] for o in seen.configurations if o != c and seen.prior[o]]
            ratios.append(max(others, default=Fraction(0)) / seen.table[c][y])
    return min(ratios)


def beyond_anchor(seen):
    """The share of (x, c), c possible, with p(c|x) < ρ_c, and with p(c|x) ≤ ρ_c."""
    possible = [c for c in seen.configurations if seen.prior[c]]
    rho = {c: anchor(seen, c) for c in possible}
    less = sum(
        seen.weights[x] * (seen.beliefs[x][c] < rho[c]) for x in seen.contexts for c in possible
    )
    most = sum(
        seen.weights[x] * (seen.beliefs[x][c] <= rho[c]) for x in seen.contexts for c in possible
    )
    return float(less / len(possible)), float(most / len(possible))


def dependence(seen, x):
    """Σ_k H(c_k|x) − H(c|x)."""
    parts = [
        oracles.entropy(oracles.marginal(seen.world, seen.beliefs[x], k))
        for k in range(len(seen.world.cardinalities))
    ]
    return math.fsum(parts) - oracles.entropy(seen.beliefs[x])
