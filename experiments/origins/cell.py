"""What is measured at one kind of world, one optimiser and one start, for one block of seeds?

Names of metrics are quantity.source.estimate[.concept]. estimate: population (all contexts under
p(x); of trained networks at the last step), step_N (after N steps) or rank_j (pairs of backgrounds
in ascending order of their exact value, within each world; quantities that end in _miss are less
the exact value). Sources beside the trained network: exact (p(y|x) itself), helmert and least_norm
(two perfect fits), untrained, permuted (the trained network with its tokens exchanged), raw_input
(the best softmax of the words as they are) and regauged (the trained network in a random gauge:
the same predictions).
"""

from collections.abc import Hashable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

import estimators as es
from estimators.assessment.features import argmax_one_hot
from experiments.experiment import CellResult, by_name
from experiments.measures import Metrics, Truth, truth, world_metrics
from experiments.networks import (
    Network,
    diverged_metrics,
    excess_metrics,
    read,
    train_networks,
)
from experiments.origins.conserved import conserved_metrics
from experiments.origins.directions import (
    across_cosines,
    idle_share,
    log_odds_vectors,
    varying_directions,
    within_cosines,
)
from experiments.origins.perfect_fit import (
    helmert_unembedding,
    in_random_gauge,
    least_norm_unembedding,
)
from experiments.origins.scaled_start import ScaledStart
from experiments.origins.worlds import world

VARYING_FLOOR = 0.01  # f varies in a direction with at least this share of the largest variance
RANK_TOLERANCE = 1e-4  # of singular values of f, which is computed in float32


@dataclass(frozen=True)
class Training:
    """How the predictors of a cell are trained, on the whole population."""

    num_steps: int = 4000
    sgd_rate: float = 0.3
    adam_rate: float = 3e-3
    hidden: tuple[int, ...] = (64, 64)
    growth: float = 2.0  # ratio of the steps at which a network is looked at


@dataclass(frozen=True)
class OriginsCell:
    """One setting and one block of seeds."""

    family: str
    dim: int
    optimiser: str
    unembedding_scale: float
    num_concepts: int
    token_flip: float
    training: Training
    seeds: tuple[int, ...]


def shape(cell: OriginsCell) -> Hashable:
    """Cells that share a compiled training loop: all families of one start."""
    return cell.dim, cell.optimiser, cell.unembedding_scale, cell.num_concepts, cell.training


def compute(cell: OriginsCell) -> CellResult:
    """Measure every seed of a cell; each seed is a world and an initialisation of its own."""
    exacts = [
        truth(
            world(seed, cell.family, num_concepts=cell.num_concepts, token_flip=cell.token_flip),
            seed,
        )
        for seed in cell.seeds
    ]
    pairs = zip(exacts, _train(cell, exacts), strict=True)
    return CellResult(by_name([_measured(exact, network) for exact, network in pairs]), {})


def train_config(cell: OriginsCell) -> es.TrainConfig:
    """Full-batch gradient descent, or Adam, at a constant rate."""
    training, num_concepts = cell.training, cell.num_concepts
    network = es.MLP(
        context_length=2 * num_concepts,
        num_tokens=2**num_concepts,
        dim=cell.dim,
        hidden=training.hidden,
    )
    rates = {"sgd": training.sgd_rate, "adam": training.adam_rate}
    return es.TrainConfig(
        ScaledStart(network, cell.unembedding_scale),
        training.num_steps,
        4**num_concepts,
        rates[cell.optimiser],
        optimiser=cell.optimiser,
        schedule="constant",
        trajectory_growth=training.growth,
        keep_trajectory=True,
        seed_mode="sequence",  # cells already run side by side
    )


def _train(cell: OriginsCell, exacts: list[Truth]) -> list[Network]:
    known = [es.population(exact.context, exact.log_predictive, exact.weight) for exact in exacts]
    return train_networks(
        train_config(cell), cell.seeds, es.whole_population, known, populations=known
    )


def _measured(exact: Truth, network: Network) -> Metrics:
    metrics = world_metrics(exact) | _exact_metrics(exact)
    if network.diverged:
        return metrics | diverged_metrics("trained")
    predictor = network.predictor
    unembedding, log_predicted, representation = _seen(predictor, network.params, exact)
    start, log_untrained, first = _seen(predictor, network.start, exact)
    tokens = np.random.default_rng(exact.random_state).permutation(len(unembedding))
    metrics["diverged.trained"] = 0.0
    metrics |= excess_metrics("trained", exact.log_predictive, log_predicted, exact.weight)
    metrics |= _cosine_metrics("trained", unembedding, log_predicted, exact)
    metrics |= _cosine_metrics("untrained", start, log_untrained, exact)
    metrics |= _cosine_metrics("permuted", unembedding[tokens], log_predicted[:, tokens], exact)
    metrics |= _raw_metrics("regauged", in_random_gauge(unembedding, exact.random_state))
    metrics |= _idle_metrics(unembedding, representation, exact)
    metrics["rank.untrained"] = float(np.linalg.matrix_rank(first, rtol=RANK_TOLERANCE))
    metrics |= conserved_metrics(network.start, network.params, len(exact.log_concepts))
    return metrics | _step_metrics(network, exact)


def _exact_metrics(exact: Truth) -> Metrics:
    """What follows from the world, and what the raw input says: nothing here is trained."""
    argmax = argmax_one_hot(exact.log_posterior)
    scored = es.law_score(
        argmax, exact.log_predictive, exact.weight, random_state=exact.random_state
    )
    probability = np.exp(exact.log_predictive)
    fitted = es.fit_softmax(exact.raw_input, probability, exact.weight)
    reader = (fitted.whitening.basis @ fitted.coefficient[:-1]).T
    log_read = fitted.log_predict(exact.raw_input)
    excess = es.excess_loss(exact.log_predictive, log_read, exact.weight)
    information = es.mutual_information(exact.log_predictive, exact.weight)
    return {
        "score_argmax.exact.population": scored.population,
        "score_raw_input.exact.population": 1 - excess / information,
        **_raw_metrics("helmert", helmert_unembedding(probability.shape[1])),
        **_raw_metrics("least_norm", least_norm_unembedding(exact.log_predictive, exact.weight)),
        **_free_metrics("exact", exact.log_predictive, exact),
        **_cosine_metrics("raw_input", reader, log_read, exact),
    }


def _seen(
    predictor: es.Predictor, params: object, exact: Truth
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """g, log p̂(y|x) and f, in float64."""
    representation, log_predicted = read(predictor, params, exact.context)
    unembedding = np.asarray(predictor.unembedding(params), np.float64)
    return unembedding, log_predicted, representation.astype(np.float64)


def _cosine_metrics(
    source: str, unembedding: np.ndarray, log_predicted: np.ndarray, exact: Truth
) -> Metrics:
    return _raw_metrics(source, unembedding) | _free_metrics(source, log_predicted, exact)


def _raw_metrics(source: str, unembedding: np.ndarray) -> Metrics:
    """Cosines of the unembeddings themselves, within a concept and between concepts."""
    within, across = within_cosines(unembedding), across_cosines(unembedding)
    return {
        f"cosine_raw.{source}.population": float(within.mean()),
        f"across_raw.{source}.population": float(np.abs(across).mean()),
    }


def _free_metrics(source: str, log_predicted: np.ndarray, exact: Truth) -> Metrics:
    """Gauge-free cosines, from the predictions alone, and how far they are from the exact ones."""
    vectors = log_odds_vectors(log_predicted, exact.weight)
    exact_vectors = log_odds_vectors(exact.log_predictive, exact.weight)
    within, across = within_cosines(vectors), across_cosines(vectors)
    expected, expected_across = within_cosines(exact_vectors), across_cosines(exact_vectors)
    miss, miss_across = within - expected, across - expected_across
    order, order_across = np.argsort(expected, axis=None), np.argsort(expected_across)
    return {
        f"cosine_free.{source}.population": float(within.mean()),
        f"across_free.{source}.population": float(np.abs(across).mean()),
        f"free_error.{source}.population": float(np.abs(miss).mean()),
        f"across_error.{source}.population": float(np.abs(miss_across).mean()),
        **{f"cosine_free.{source}.population.{k}": float(v) for k, v in enumerate(within.mean(1))},
        **_ranked("cosine_free", source, within.ravel()[order]),
        **_ranked("across_free", source, across[order_across]),
        **_ranked("cosine_free_miss", source, miss.ravel()[order]),
        **_ranked("across_free_miss", source, miss_across[order_across]),
    }


def _ranked(quantity: str, source: str, values: np.ndarray) -> Metrics:
    return {f"{quantity}.{source}.rank_{j}": float(value) for j, value in enumerate(values)}


def _idle_metrics(unembedding: np.ndarray, representation: np.ndarray, exact: Truth) -> Metrics:
    """How much of Δg lies where f does not vary, and how parallel the rest is."""
    directions = varying_directions(representation, exact.weight, VARYING_FLOOR)
    return {
        "num_varying.trained": float(directions.shape[1]),
        "idle_share.trained": idle_share(unembedding, directions),
        "cosine_varying.trained.population": float(within_cosines(unembedding @ directions).mean()),
    }


def _step_metrics(network: Network, exact: Truth) -> Metrics:
    """Cosines and excess loss along the way."""
    if network.trajectory is None:
        raise ValueError("the way is measured on a trajectory: train with keep_trajectory=True")
    metrics = {}
    information = es.mutual_information(exact.log_predictive, exact.weight)
    for index, step in enumerate(network.trajectory.step):
        params = jax.tree.map(jnp.asarray, es.of_seed(network.trajectory.params, index))
        unembedding, log_predicted, _ = _seen(network.predictor, params, exact)
        excess = es.excess_loss(exact.log_predictive, log_predicted, exact.weight)
        free = within_cosines(log_odds_vectors(log_predicted, exact.weight))
        raw = within_cosines(unembedding)
        metrics[f"cosine_raw.trained.step_{step}"] = float(raw.mean())
        metrics[f"cosine_free.trained.step_{step}"] = float(free.mean())
        metrics[f"excess_share.trained.step_{step}"] = excess / information
    return metrics
