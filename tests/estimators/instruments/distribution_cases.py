"""Cases of the contract: distances of predictions, and the calibration of probes."""

from functools import partial
from operator import attrgetter

import numpy as np
from hypothesis import strategies as st
from scipy.special import log_softmax

import estimators as es
from tests.estimators.instruments.contract import (
    NUM_ROWS,
    SHARE_NOISE,
    Case,
    Move,
    affine,
    rescaled,
)
from tests.estimators.instruments.existing_cases import information

DIM, NUM_TOKENS = 3, 4


def predictions(seed, noise=None):
    """Log-predictions [row, token] of a random predictor, or of one near it."""
    draw = np.random.default_rng(seed)
    f, g = draw.normal(size=(NUM_ROWS, DIM)), draw.normal(size=(NUM_TOKENS, DIM))
    if noise is not None:
        near = np.random.default_rng([seed, 1])
        f, g = (half + noise * near.normal(size=half.shape) for half in (f, g))
    return log_softmax(f @ g.T, axis=1)


def pair(first, second, noise=None):
    """Arguments of a distance: a predictor and itself, one near it, or one that knows nothing."""

    def arguments(seed):
        if noise == "unrelated":
            return {first: predictions(seed), second: predictions(seed + 1000)}
        return {first: predictions(seed), second: predictions(seed, noise)}

    return arguments


def told_the_marginal(seed):
    exact = predictions(seed)
    marginal = np.log(np.exp(exact).mean(0))
    return {"log_exact": exact, "log_predicted": np.broadcast_to(marginal, exact.shape)}


def renamed_tokens(first, second):
    """The same permutation of the tokens of both."""

    def apply(draw, arguments):
        order = list(draw(st.permutations(range(NUM_TOKENS))))
        return {**arguments, **{name: arguments[name][:, order] for name in (first, second)}}

    return Move("permutations of the tokens", apply)


def log_loss_gain(representation, log_concept_posterior, **options):
    """The held-out excess log-loss as a share of what the marginal loses, from 1."""
    found = es.probe_calibration(representation, [log_concept_posterior], **options)
    most = found.marginal.log_loss[0] - found.bayes.log_loss[0]
    return 1 - found.excess[0] / most if most > 1e-9 else np.nan


BETWEEN_TWO = {
    "perfect": pair("log_first", "log_second"),
    "between": pair("log_first", "log_second", 0.5),
    "null": pair("log_first", "log_second", "unrelated"),
    "arrays": {"log_first": "first log-predictions", "log_second": "second log-predictions"},
    "best": 0.0,
    "low": 0.0,
    "symmetric": ("log_first", "log_second"),
    "grouped": False,
}
CASES = [
    Case(
        "logit_distance",
        es.logit_distance,
        score=attrgetter("relative"),
        chance=1.0,
        high=2.0,
        moves=(renamed_tokens("log_first", "log_second"),),
        **BETWEEN_TWO,
    ),
    Case(
        "likelihood_variance",
        partial(es.likelihood_variance, num_draws=1),
        score=attrgetter("bound"),
        chance=1.0,
        chance_tolerance=1e-9,  # unrelated log-ratios are further apart than the bound says much of
        high=1.0,
        moves=(renamed_tokens("log_first", "log_second"),),
        constant={"log_first": 1.0, "log_second": 1.0},
        **{**BETWEEN_TWO, "between": pair("log_first", "log_second", 0.1)},
    ),
    Case(
        "svd_dissimilarity",
        es.svd_dissimilarity,
        score=attrgetter("representation"),
        chance=1 - np.sqrt(DIM / NUM_ROWS),  # singular values of noise are not 0
        chance_tolerance=np.sqrt(DIM / NUM_ROWS),
        **BETWEEN_TWO,
    ),
    Case(
        "kl_to_exact",
        es.kl_to_exact,
        perfect=pair("log_exact", "log_predicted"),
        between=pair("log_exact", "log_predicted", 0.5),
        null=told_the_marginal,
        arrays={
            "log_exact": "exact log-predictions",
            "log_predicted": "predicted log-predictions",
        },
        score=attrgetter("share"),
        best=0.0,
        chance=1.0,
        chance_tolerance=1e-9,
        low=0.0,
        high=np.inf,
        moves=(renamed_tokens("log_exact", "log_predicted"),),
        constant={"log_exact": np.nan},
        grouped=False,
    ),
    Case(
        "probe_calibration",
        log_loss_gain,
        **information("representation", "log_concept_posterior"),
        arrays={
            "representation": "representation",
            "log_concept_posterior": "log_concept_posteriors",
        },
        score=float,
        best_tolerance=1e-6,
        chance_tolerance=SHARE_NOISE,
        moves=(
            affine("representation"),
            rescaled("representation"),
        ),
        move_tolerance=1e-5,  # the fit is iterative
        constant={"representation": 0.0, "log_concept_posterior": np.nan},
        copies=("representation",),
        examples=5,
    ),
]
