"""What is measured in one setting of the simulation, for one block of seeds?"""

from collections.abc import Hashable
from dataclasses import dataclass

import jax
import numpy as np

import estimators as es
import latentgen as lg
from experiments.experiment import CellResult, by_name
from experiments.measures import (
    Metrics,
    Truth,
    accuracy_metrics,
    ceiling_metrics,
    law_metrics,
    laws,
    null_laws,
    truth,
    world_metrics,
)
from experiments.networks import (
    Network,
    diverged_metrics,
    excess_metrics,
    fresh_batch,
    read,
    train_networks,
)

MAX_SCORED_TOKEN_BITS = 4
NOISELESS_RHO = 1e-3  # ρ of log(p + ρ) where the world itself has none


@dataclass(frozen=True)
class Training:
    """How the predictors of a cell are trained."""

    num_steps: int = 800
    batch_size: int = 256
    learning_rate: float = 1e-2
    hidden: tuple[int, ...] = (64, 64)
    max_dim: int = 64  # of the representation, which otherwise has |tokens| − 1


@dataclass(frozen=True)
class SimulationCell:
    """One setting of the world and one block of seeds, exact (training None) or trained."""

    panel: str
    num_concepts: int
    edges_per_concept: int
    num_context_bits: int
    num_token_bits: int
    flip_rate: float
    replace_rate: float
    training: Training | None
    seeds: tuple[int, ...]


def shape(cell: SimulationCell) -> Hashable:
    """Trained cells of one shape share a compiled loop; exact cells stand alone."""
    if cell.training is None:
        return cell
    return cell.num_context_bits, cell.num_token_bits, cell.training


def compute(cell: SimulationCell) -> CellResult:
    """Measure every seed of a cell; each seed draws its own world, and its own training key."""
    worlds = [world(cell, seed) for seed in cell.seeds]
    exacts = [truth(model, seed) for model, seed in zip(worlds, cell.seeds, strict=True)]
    if cell.training is None:
        pairs = zip(worlds, exacts, strict=True)
        return CellResult(by_name([_exact_metrics(cell, *pair) for pair in pairs]), {})
    networks = _train(cell, cell.training, worlds)
    pairs = zip(exacts, networks, strict=True)
    metrics = by_name([_trained_metrics(cell, *pair) for pair in pairs])
    losses = np.stack([network.loss for network in networks])
    return CellResult(metrics, {"step": networks[0].step, "loss": losses})


def world(cell: SimulationCell, seed: int) -> lg.ConceptModel:
    """The world of one seed."""
    return lg.worlds.permuted_bits(
        jax.random.key(seed),
        num_concepts=cell.num_concepts,
        edges_per_concept=cell.edges_per_concept,
        num_context_bits=cell.num_context_bits,
        num_token_bits=cell.num_token_bits,
        flip_rate=cell.flip_rate,
        replace_rate=cell.replace_rate,
    )


def rho(cell: SimulationCell) -> float:
    """ρ = η / (2^n_y (1 − η)), at which log(p + ρ) is the law of an anchored token, exactly."""
    rate = cell.replace_rate
    return rate / (2**cell.num_token_bits * (1 - rate)) if rate > 0 else NOISELESS_RHO


def _train(
    cell: SimulationCell, training: Training, worlds: list[lg.ConceptModel]
) -> list[Network]:
    num_tokens = 2**cell.num_token_bits
    config = es.TrainConfig(
        es.MLP(
            context_length=cell.num_context_bits,
            num_tokens=num_tokens,
            dim=min(num_tokens - 1, training.max_dim),
            hidden=training.hidden,
        ),
        training.num_steps,
        training.batch_size,
        training.learning_rate,
        seed_mode="sequence",  # cells already run side by side
    )
    return train_networks(config, cell.seeds, fresh_batch, [lg.sampler(model) for model in worlds])


def _exact_metrics(cell: SimulationCell, model: lg.ConceptModel, exact: Truth) -> Metrics:
    metrics = world_metrics(exact) | ceiling_metrics(exact)
    if cell.panel != "graph":  # with 256 tokens ε takes as long as all probes
        metrics["epsilon.exact"] = lg.epsilon(model, exact.context, exact.log_weight)
    metrics |= accuracy_metrics("raw_input", exact.raw_input, exact)
    finite = np.isfinite(exact.log_predictive).all()
    if finite:
        oracle = lg.oracle_representation(model, exact.context).representation
        metrics |= accuracy_metrics("oracle", oracle, exact, best=True)
    if cell.panel != "graph":
        belief = np.exp(exact.log_posterior)
        metrics |= accuracy_metrics("belief", belief, exact, best=not finite)
    if cell.panel != "graph" and np.isfinite(exact.log_posterior).all():
        metrics |= accuracy_metrics("log_posterior", exact.log_ratios, exact, best=True)
    if _scores_laws(cell):
        for law, features in (laws(exact, rho(cell)) | null_laws(exact)).items():
            metrics |= law_metrics("oracle", law, features, exact.log_predictive, exact)
    return metrics


def _trained_metrics(cell: SimulationCell, exact: Truth, network: Network) -> Metrics:
    if network.diverged:
        return diverged_metrics("trained")
    representation, log_predicted = read(network.predictor, network.params, exact.context)
    untrained, log_untrained = read(network.predictor, network.start, exact.context)
    metrics = {"diverged.trained": 0.0}
    metrics |= excess_metrics("trained", exact.log_predictive, log_predicted, exact.weight)
    metrics |= accuracy_metrics("trained", representation, exact)
    metrics |= accuracy_metrics("untrained", untrained, exact)
    metrics |= accuracy_metrics("permuted", exact.permuted(representation), exact)
    if _scores_laws(cell):
        found = laws(exact, rho(cell))
        for law, features in found.items():
            metrics |= law_metrics("trained", law, features, log_predicted, exact)
        law = "log_posterior" if "log_posterior" in found else "belief"
        metrics |= law_metrics("untrained", law, found[law], log_untrained, exact)
    return metrics


def _scores_laws(cell: SimulationCell) -> bool:
    """S of p(c|x) with 64 tokens and more takes longer than all else together: left out."""
    return cell.num_token_bits <= MAX_SCORED_TOKEN_BITS
