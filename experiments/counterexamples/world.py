"""How far is the law off in one world, and which assumptions does that world meet?

Computed on the host from the exact functions of latentgen, apart from what the search itself
computes on its tables.
"""

from fractions import Fraction
from typing import NamedTuple

import numpy as np

import estimators as es
import latentgen as lg
from latentgen.rational import RationalWorld, Row

SMALL = Fraction(1, 50)  # a probability that is raised to a power to make a world sharper
SMALL_LOGITS = 0.1  # nats; where logits vary by less, a law is scored to second order in its error


class WorldView(NamedTuple):
    """What is drawn of a world, every context enumerated, nats.

    weight p(x) [context]; log_belief log p(c|x) [context, configuration]; logit [context, token],
    log p(y|x) centred over tokens; claimed [context, token], the paper's A log p(c|x) + b, centred,
    with the best b.
    """

    weight: np.ndarray
    log_belief: np.ndarray
    logit: np.ndarray
    claimed: np.ndarray


def view(model: lg.ConceptModel) -> WorldView:
    """A world as its predictor sees it, and as the paper's own A would have it."""
    weight, log_belief, log_token = _seen(model)
    logit = _centred(log_token)
    claimed = _centred(log_belief @ np.exp(lg.log_token_posterior(model)).T)
    return WorldView(weight, log_belief, logit, claimed + weight @ (logit - claimed))


def law_numbers(model: lg.ConceptModel) -> dict[str, float]:
    """score_log_posterior: S of log p(c|x), any A and b; converged: whether its fit did."""
    weight, log_belief, log_token = _seen(model)
    score, converged = law_share(log_belief, log_token, weight)
    return {"score_log_posterior": score, "converged": float(converged)}


def rival_numbers(model: lg.ConceptModel) -> dict[str, float]:
    """score_belief: S of p(c|x)."""
    weight, log_belief, log_token = _seen(model)
    return {"score_belief": law_share(np.exp(log_belief), log_token, weight)[0]}


def numbers(model: lg.ConceptModel) -> dict[str, float]:
    """r and all that is assumed of a world, by the names of `search.Limits`.

    own_map is r = E|residual|²/E|f − E f|² with the paper's own A; token_information I(x;y) in
    nats. NaN where p(y|x) is p(y) for all x.
    """
    weight, log_belief, log_token = _seen(model)
    log_named = lg.log_token_posterior(model)
    log_both = log_belief[:, None, :] + lg.log_token_given(model).T - log_token[:, :, None]
    rest = _rest(log_both, log_both.argmax(-1))
    anchored = np.broadcast_to(log_named.argmax(-1), log_token.shape)
    named = np.exp(log_named)
    information = _information(weight, log_token)
    told = _information(np.exp(lg.log_prior(model)), lg.log_token_given(model))
    found = view(model)
    logit = found.logit - weight @ found.logit
    residual = weight @ ((found.logit - found.claimed) ** 2).sum(1)
    return {
        "own_map": _quotient(residual, weight @ (logit**2).sum(1)),
        "epsilon": float(weight @ (np.exp(log_token) * rest).sum(1)),
        "worst_epsilon": float(rest.max()),
        "anchor": float(_rest(log_both, anchored).max()),
        "coverage": float((log_both.max(1) - log_both.min(1)).max()),
        "variation": float(0.5 * np.abs(named[:, None] - named[None]).sum(-1).max()),
        "condition": _condition(named),
        "context_epsilon": float(weight @ _rest(log_belief, log_belief.argmax(-1))),
        "concept_information": _information(weight, log_belief),
        "token_information": information,
        "token_share": _quotient(information, told),
        "beyond_argmax": _quotient(_within(weight, log_belief.argmax(-1), log_token), information),
    }


def _seen(model: lg.ConceptModel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """p(x), log p(c|x) and log p(y|x) of all contexts."""
    context, log_weight = lg.enumerate_contexts(model)
    weight = np.exp(log_weight)
    return (
        weight / weight.sum(),
        lg.log_posterior(model, context),
        lg.log_predictive(model, context),
    )


def _quotient(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")


def sharpened(world: RationalWorld, power: int) -> RationalWorld:
    """The world with every probability of at most SMALL raised to a power, in exact fractions.

    The largest of each row takes what is left, and the prior stays: ε falls, the rest hardly moves.
    """

    def row(values: Row) -> Row:
        largest = max(range(len(values)), key=lambda index: values[index])
        raised = [value**power if value <= SMALL else value for value in values]
        raised[largest] += 1 - sum(raised)
        return tuple(raised)

    words = tuple(tuple(map(row, table)) for table in world.words)
    return world._replace(words=words, token=tuple(map(row, world.token)))


def law_share(
    features: np.ndarray, log_token: np.ndarray, weight: np.ndarray
) -> tuple[float, bool]:
    """S of a law on the population, and whether its fit converged.

    Where the logits hardly vary, a loss of order one cannot resolve I(x;y), and both the error and
    I are taken to second order, ½ E Var_{y|x}: weighted least squares, exact in that limit.
    """
    if float(np.ptp(log_token, axis=0).max()) > SMALL_LOGITS:
        found = es.law_score(features, log_token, weight)
        return found.population, found.converged
    constant = np.zeros((len(features), 0))
    missed = _second_order(features, log_token, weight)
    return 1 - missed / _second_order(constant, log_token, weight), True


def _second_order(features: np.ndarray, log_token: np.ndarray, weight: np.ndarray) -> float:
    """min over U, v of E_x ½ Var_{y|x}(log p(y|x) − U φ − v)."""
    centre, spread = weight @ features, np.sqrt(weight @ (features - weight @ features) ** 2)
    kept = spread > 0
    design = (features - centre)[:, kept] / spread[kept]
    design = np.concatenate([design, np.ones((len(design), 1))], 1)
    probability = np.exp(log_token)
    target = log_token - weight @ log_token
    # Var_p(e) = |diag(√p)(e − ⟨p,e⟩)|²: each context gives |tokens| rows of one least squares
    num_tokens = probability.shape[1]
    centring = np.eye(num_tokens) - probability[:, None, :]
    root = np.sqrt(weight[:, None, None] * probability[:, :, None]) * centring
    rows = np.einsum("xab,xi->xabi", root, design).reshape(len(design) * num_tokens, -1)
    right = np.einsum("xab,xb->xa", root, target).reshape(-1)
    best = np.linalg.lstsq(rows, right, rcond=1e-13)[0]
    return 0.5 * float(((right - rows @ best) ** 2).sum())


def _centred(logits: np.ndarray) -> np.ndarray:
    return logits - logits.mean(1, keepdims=True)


def _rest(log_probability: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The probability of every configuration but the chosen one, without cancellation."""
    probability = np.exp(log_probability)
    np.put_along_axis(probability, chosen[..., None], 0.0, -1)
    return probability.sum(-1)


def _divergence(log_first: np.ndarray, log_second: np.ndarray) -> np.ndarray:
    """KL in nats over the last axis; no terms cancel when the two are close."""
    gap = log_second - log_first
    return (np.exp(log_first) * (np.expm1(gap) - gap)).sum(-1)


def _information(weight: np.ndarray, log_conditional: np.ndarray) -> float:
    return float(weight @ _divergence(log_conditional, np.log(weight @ np.exp(log_conditional))))


def _condition(named: np.ndarray) -> float:
    values = np.linalg.svd(named - named.mean(0), compute_uv=False)
    rank = named.shape[1] - 1
    return float(values[0] / values[rank - 1]) if len(values) >= rank else float(np.inf)


def _within(weight: np.ndarray, member: np.ndarray, log_token: np.ndarray) -> float:
    """I(x; y | member) in nats."""
    total = 0.0
    for one in np.unique(member):
        rows = member == one
        mass = weight[rows].sum()
        total += mass * _information(weight[rows] / mass, log_token[rows])
    return total
