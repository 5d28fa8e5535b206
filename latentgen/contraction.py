"""What does a context say about a world with too many configurations to visit one by one?

The factors of a sparse world are multiplied and summed out one after another, along a path that
is planned once for all contexts. The answers are those of `latentgen.exact`: natural logarithms
in NumPy float64, −inf for a probability of zero, exact at any depth. Nothing is compiled; the
same sums are traceable as `kernels.log_partition` and `kernels.log_marginals`.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from latentgen.contraction_operands import Network, Operands, network, operands
from latentgen.contraction_path import Path, refuse_large_contraction
from latentgen.contraction_sums import safe_log_marginals, safe_log_sum
from latentgen.enumeration import refuse_impossible
from latentgen.host import refuse_large_output
from latentgen.model import ConceptModel

BLOCK_ENTRIES = 2**18  # of the largest product over a block of contexts, to stay in the cache
FEWEST_ROWS, MOST_ROWS = 32, 4096
MAX_BLOCK_ENTRIES = 2**27  # of everything held for a block: 1 GiB
FEWER = "use fewer contexts at a time"


def contract_log_evidence(model: ConceptModel, context: ArrayLike) -> Float[np.ndarray, "sample"]:
    """log p(x) = log Σ_c p(c) p(x|c) [sample], nats, by contraction.

    Raises ValueError for a context of probability zero (names its row), and when the cheapest
    path that was found holds more than 1 GiB for one context (names the size).
    """
    function = "contract_log_evidence"
    context = model.check_context(context, function)
    whole = network(model, context.shape[1])
    refuse_large_contraction(function, whole.path)
    log_sums = _by_blocks(whole, context, lambda block: [safe_log_sum(*block[:2])])
    refuse_impossible(log_sums[0], context)
    return log_sums[0]


def contract_log_concept_posteriors(
    model: ConceptModel, context: ArrayLike
) -> list[Float[np.ndarray, "sample _"]]:
    """log p(c_k|x) [sample, value] of every concept k, nats, by contraction.

    A list with one array per concept, as cardinalities differ. All come from one backward pass:
    log p(c_k|x) is the logarithm of the gradient of log p(x) with respect to a log-potential on
    c_k. Raises ValueError as `contract_log_evidence` does.
    """
    function = "contract_log_concept_posteriors"
    context = model.check_context(context, function)
    sizes = model.space.cardinalities
    refuse_large_output(function, (len(context), sum(sizes)), FEWER)
    whole = network(model, context.shape[1], unary=True)
    refuse_large_contraction(function, whole.path)
    wanted = whole.unary

    def answer(block: Operands) -> list[np.ndarray]:
        return safe_log_marginals(whole.path, block.log_tables, wanted)

    return [_normalised(log_joint, context) for log_joint in _by_blocks(whole, context, answer)]


def contract_log_predictive(
    model: ConceptModel, context: ArrayLike
) -> Float[np.ndarray, "sample token"]:
    """log p(y|x) = log Σ_c p(c|x) p(y|c) [sample, token], nats, by contraction.

    The next word may read earlier words. Raises ValueError as `contract_log_evidence` does.
    """
    function = "contract_log_predictive"
    context = model.check_context(context, function)
    length = context.shape[1]
    refuse_large_output(function, (len(context), model.num_tokens(length)), FEWER)
    whole = network(model, length, token=True)
    refuse_large_contraction(function, whole.path)
    log_sums = _by_blocks(whole, context, lambda block: [safe_log_sum(*block[:2])])
    return _normalised(log_sums[0], context)


def contract_log_posterior(
    model: ConceptModel, context: ArrayLike, concepts: Sequence[int]
) -> Float[np.ndarray, "sample configuration"]:
    """log p(c_k, c_l, … | x) of some concepts together [sample, configuration], nats.

    By contraction; the configurations of these concepts are numbered row-major in the order
    given, the last concept fastest. Raises ValueError as `contract_log_evidence` does, for a
    concept named twice and for an answer above 1 GiB.
    """
    function = "contract_log_posterior"
    context = model.check_context(context, function)
    chosen = [model.space.check_concept(concept) for concept in concepts]
    kept = tuple(sorted(set(chosen)))
    if len(kept) < len(chosen):
        raise ValueError(f"{function} needs each concept once; got {chosen}: drop the repetition")
    sizes = [model.space.cardinalities[concept] for concept in kept]
    refuse_large_output(function, (len(context), *sizes), "use fewer contexts or fewer concepts")
    log_evidence = contract_log_evidence(model, context)
    whole = network(model, context.shape[1], kept=kept)
    refuse_large_contraction(function, whole.path)
    (log_joint,) = _by_blocks(whole, context, lambda block: [safe_log_sum(*block[:2])])
    log_joint -= log_evidence.reshape(-1, *[1] * len(kept))
    axes = [0, *[1 + kept.index(concept) for concept in chosen]]
    return log_joint.transpose(axes).reshape(len(context), math.prod(sizes))


def _by_blocks(
    whole: Network, context: np.ndarray, answer: Callable[[Operands], list[np.ndarray]]
) -> list[np.ndarray]:
    """The answers [sample, *value] for all contexts, a block at a time, their scale put back."""
    rows = _num_rows(whole.path)
    answers: list[np.ndarray] = []
    for start in range(0, max(1, len(context)), rows):
        block = operands(whole, context[start : start + rows])
        parts = answer(block)
        if not start:
            answers = [np.empty((len(context), *part.shape[:-1])) for part in parts]
        for whole_answer, part in zip(answers, parts, strict=True):
            whole_answer[start : start + rows] = np.moveaxis(part + block.log_scale, -1, 0)
    return answers


def _num_rows(path: Path) -> int:
    """How many contexts at once: enough to keep NumPy busy, few enough to stay in the cache."""
    rows = min(MOST_ROWS, max(FEWEST_ROWS, BLOCK_ENTRIES // path.num_largest))
    return max(1, min(rows, MAX_BLOCK_ENTRIES // (path.num_entries + path.num_largest)))


def _normalised(log_joint: np.ndarray, context: np.ndarray) -> np.ndarray:
    log_total = np.logaddexp.reduce(log_joint, axis=1)
    refuse_impossible(log_total, context)
    return log_joint - log_total[:, None]
