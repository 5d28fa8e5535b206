"""Ground truth for what next-token predictors learn: worlds of discrete concepts, exactly."""

import importlib
from typing import Any

from latentgen import kernels as kernels
from latentgen import theorems as theorems
from latentgen import worlds as worlds
from latentgen.bayes import bayes_accuracy as bayes_accuracy
from latentgen.bayes import bayes_loss as bayes_loss
from latentgen.bayes import concept_information as concept_information
from latentgen.bayes import context_epsilon as context_epsilon
from latentgen.bayes import entropy as entropy
from latentgen.bayes import epsilon as epsilon
from latentgen.bayes import token_information as token_information
from latentgen.conditions import Conditions as Conditions
from latentgen.conditions import conditions as conditions
from latentgen.contexts import ContextDistribution as ContextDistribution
from latentgen.contexts import enumerate_bags as enumerate_bags
from latentgen.contexts import enumerate_contexts as enumerate_contexts
from latentgen.contraction import contract_log_concept_posteriors as contract_log_concept_posteriors
from latentgen.contraction import contract_log_evidence as contract_log_evidence
from latentgen.contraction import contract_log_posterior as contract_log_posterior
from latentgen.contraction import contract_log_predictive as contract_log_predictive
from latentgen.contraction_operands import log_operands as log_operands
from latentgen.exact import log_concept_posterior as log_concept_posterior
from latentgen.exact import log_concept_prior as log_concept_prior
from latentgen.exact import log_context_given as log_context_given
from latentgen.exact import log_evidence as log_evidence
from latentgen.exact import log_posterior as log_posterior
from latentgen.exact import log_posterior_prefixes as log_posterior_prefixes
from latentgen.exact import log_predictive as log_predictive
from latentgen.exact import log_prior as log_prior
from latentgen.exact import log_token_given as log_token_given
from latentgen.exact import log_token_given_context as log_token_given_context
from latentgen.exact import log_token_posterior as log_token_posterior
from latentgen.factors import Emission as Emission
from latentgen.factors import Factor as Factor
from latentgen.graphs import chain_dag as chain_dag
from latentgen.graphs import random_dag as random_dag
from latentgen.graphs import tree_dag as tree_dag
from latentgen.hidden_markov import hidden_markov as hidden_markov
from latentgen.hidden_markov import hidden_markov_edges as hidden_markov_edges
from latentgen.hidden_markov import log_filtered_belief as log_filtered_belief
from latentgen.intervention import intervene as intervene
from latentgen.model import ConceptModel as ConceptModel
from latentgen.oracle import OracleRepresentation as OracleRepresentation
from latentgen.oracle import oracle_representation as oracle_representation
from latentgen.oracle import zero_sum_basis as zero_sum_basis
from latentgen.prefixes import log_concept_posterior_prefixes as log_concept_posterior_prefixes
from latentgen.prefixes import log_predictive_prefixes as log_predictive_prefixes
from latentgen.samples import Sample as Sample
from latentgen.samples import load_sample as load_sample
from latentgen.sampling import Sampler as Sampler
from latentgen.sampling import sample as sample
from latentgen.sampling import sampler as sampler
from latentgen.space import ConceptSpace as ConceptSpace
from latentgen.storage import load as load
from latentgen.storage import save as save
from latentgen.tables import bernoulli_concept_tables as bernoulli_concept_tables
from latentgen.tables import binary_digits as binary_digits
from latentgen.tables import dirichlet_concept_tables as dirichlet_concept_tables
from latentgen.tables import dirichlet_table as dirichlet_table
from latentgen.tables import flip_channel as flip_channel
from latentgen.tables import map_table as map_table
from latentgen.tables import through_channel as through_channel
from latentgen.tables import uniform_channel as uniform_channel

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import `latentgen.strategies` when asked for: it needs hypothesis, the rest does not."""
    if name == "strategies":
        return importlib.import_module("latentgen.strategies")
    raise AttributeError(f"module 'latentgen' has no attribute {name!r}")
