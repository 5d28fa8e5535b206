"""Cases of the contract: shares of information, affine maps and linear probes."""

import numpy as np
from scipy.special import log_softmax

import estimators as es
from tests.estimators.instruments.contract import NUM_ROWS, SHARE_NOISE, Case, affine, rescaled


def rows(seed, columns=3):
    """Features [row, column] away from the origin."""
    return np.random.default_rng(seed).normal(size=(NUM_ROWS, columns)) + 2


def softmax_rows(features, seed, noise=0.0, outcomes=4):
    """log-distributions [row, outcome] of a softmax of the features, and of noise."""
    draw = np.random.default_rng([seed, 1])
    logits = (features - 2) @ draw.normal(size=(features.shape[1], outcomes))
    return log_softmax(logits + noise * draw.normal(size=(NUM_ROWS, outcomes)), axis=1)


def information(first, second):
    """Arguments of a share of information: perfect, between, null."""

    def build(noise, shift):
        def arguments(seed):
            features = rows(seed)
            seen = features if shift is None else rows(seed + shift)
            return {first: seen, second: softmax_rows(features, seed, noise)}

        return arguments

    return {"perfect": build(0, None), "between": build(1, None), "null": build(0, 1000)}


def image(noise, shift=None):
    """Arguments of an affine R²: a source of three columns, a target of two."""

    def arguments(seed):
        source = rows(seed)
        draw = np.random.default_rng([seed, 2])
        target = source @ draw.normal(size=(3, 2)) + noise * draw.normal(size=(NUM_ROWS, 2))
        return {"source": source if shift is None else rows(seed + shift), "target": target}

    return arguments


def gained(found, log_concept_posterior, weight):
    """Accuracy as a share of what Bayes has over always naming the most frequent value."""
    posterior = np.exp(log_concept_posterior)
    weight = np.full(len(posterior), 1.0) if weight is None else np.asarray(weight, float)
    weight = weight / weight.sum()
    bayes, majority = weight @ posterior.max(1), (weight @ posterior).max()
    return (found - majority) / (bayes - majority) if bayes - majority > 1e-12 else np.nan


def probe_gain(representation, log_concept_posterior, **options):
    found = es.probe_accuracy(representation, [log_concept_posterior], **options)
    return (found.score[0] - found.majority[0]) / (found.bayes[0] - found.majority[0])


def reader_gain(representation, log_concept_posterior, weight=None):
    found = es.best_linear_accuracy(representation, [log_concept_posterior], weight)[0]
    return gained(found, log_concept_posterior, weight)


INFORMATION = {
    "chance_tolerance": SHARE_NOISE,
    "move_tolerance": 1e-6,  # the fit is iterative
    "best_tolerance": 1e-6,
    "examples": 5,
}
CASES = [
    Case(
        "law_score",
        es.law_score,
        **information("features", "log_predictive"),
        arrays={"features": "features", "log_predictive": "log_predictive"},
        moves=(
            affine("features"),
            rescaled("features"),
        ),
        constant={"features": 0.0, "log_predictive": np.nan},
        copies=("features",),
        **INFORMATION,
    ),
    Case(
        "readout_score",
        es.readout_score,
        **information("representation", "log_posterior"),
        arrays={"representation": "representation", "log_posterior": "log_posterior"},
        moves=(
            affine("representation"),
            rescaled("representation"),
        ),
        constant={"representation": 0.0, "log_posterior": np.nan},
        copies=("representation",),
        **INFORMATION,
    ),
    Case(
        "affine_r2",
        es.affine_r2,
        perfect=image(0),
        between=image(1),
        null=image(0, shift=1000),
        arrays={"source": "source", "target": "target"},
        chance_tolerance=SHARE_NOISE,
        moves=(affine("source"), rescaled("source"), affine("target"), rescaled("target")),
        constant={"source": 0.0, "target": np.nan},
        copies=("source", "target"),
    ),
    Case(
        "probe_accuracy",
        probe_gain,
        **information("representation", "log_concept_posterior"),
        arrays={
            "representation": "representation",
            "log_concept_posterior": "log_concept_posteriors",
        },
        score=float,
        best_tolerance=1e-6,
        chance_tolerance=2 * SHARE_NOISE,  # a share of an accuracy gain that is itself small
        moves=(
            affine("representation"),
            rescaled("representation"),
        ),
        move_tolerance=3 / NUM_ROWS,  # a context on the border of two values may change sides
        constant={"representation": 0.0},
        copies=("representation",),
        examples=5,
    ),
    Case(
        "best_linear_accuracy",
        reader_gain,
        **information("representation", "log_concept_posterior"),
        arrays={
            "representation": "representation",
            "log_concept_posterior": "log_concept_posteriors",
        },
        score=float,
        best_tolerance=1e-6,
        chance_tolerance=np.sqrt(SHARE_NOISE),  # nothing is held out: the best of many readers
        moves=(
            affine("representation"),
            rescaled("representation"),
        ),
        move_tolerance=0.05,  # a search over a problem that is not convex
        constant={"representation": 0.0},
        grouped=False,
        examples=3,
    ),
]
