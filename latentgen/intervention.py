"""What does the world become when a concept is set by hand?"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from latentgen.factors import Factor
from latentgen.host import whole_number
from latentgen.model import ConceptModel


def intervene(model: ConceptModel, values: Mapping[int, int]) -> ConceptModel:
    """The world under do(c_k = v): those concepts lose their parents and are fixed.

    p(c | do(c_k = v)) = 1[c_k = v] ∏_{j≠k} p(c_j | parents); words and token stay as they are.
    Raises ValueError when the prior is one joint table (no graph says what is upstream), for an
    unknown concept and for a value it does not have.
    """
    if model.graph is None:
        raise ValueError(
            "do() needs a concept graph, and this world's prior is one joint table: build the "
            "world with ConceptModel.from_graph"
        )
    prior = list(model.prior)
    for concept, value in values.items():
        chosen = whole_number(value, f"the value of concept {concept}")
        cardinality = model.space.cardinalities[model.space.check_concept(concept)]
        if chosen not in range(cardinality):
            raise ValueError(
                f"concept {concept} has the values 0 … {cardinality - 1}; it cannot be set to "
                f"{chosen}"
            )
        log_table = np.full(cardinality, -np.inf)
        log_table[chosen] = 0.0
        log_table.setflags(write=False)
        prior[concept] = Factor((concept,), log_table)
    return replace(model, prior=tuple(prior))
