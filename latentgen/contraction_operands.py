"""Which arrays does a path multiply and sum: the world's tables, and what a context says of them?

A context enters by its evidence: the columns its words read, one array over the concepts that
they read together. So contexts of one length share the path, and differ in numbers only.
"""

from collections.abc import Sequence
from typing import NamedTuple

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike

from latentgen.contraction_path import Path, Scope, plan
from latentgen.enumeration import word_columns
from latentgen.factors import Factor
from latentgen.host import refuse_tracers
from latentgen.model import ConceptModel


class Network(NamedTuple):
    """What is multiplied for contexts of one length, and in what order it is summed.

    path: its operands are the evidence, the prior factors, and the token's factor if asked for.
    evidence: the scopes of the evidence; prior: the prior factors that matter; token: the factor
    of the token or None. unary: the operands over one concept alone, by concept, if asked for.
    """

    model: ConceptModel
    path: Path
    evidence: tuple[Scope, ...]
    prior: tuple[Factor, ...]
    token: Factor | None
    unary: tuple[int, ...]


class Operands(NamedTuple):
    """The operands of some contexts, in the order of path.scopes.

    log_tables: [*values of scope, sample], the last axis of size 1 where contexts do not differ.
    log_scale [sample]: what was taken off the evidence so that its largest entry is 0.
    """

    path: Path
    log_tables: list[np.ndarray]
    log_scale: np.ndarray


def log_operands(model: ConceptModel, context: ArrayLike) -> Operands:
    """The operands of log p(x), for `kernels.log_partition` and `kernels.log_marginals`.

    log p(x) = log_partition(path, log_tables) + log_scale, nats. The first operands are over
    one concept each, in the order of the concepts: their marginals are log p(c_k, x).
    """
    refuse_tracers("log_operands", context)
    matrix = model.check_context(context)
    return operands(network(model, matrix.shape[1], unary=True), matrix)


def network(
    model: ConceptModel,
    context_length: int,
    *,
    unary: bool = False,
    token: bool = False,
    kept: Scope = (),
) -> Network:
    """The network of log p(x); with a unary operand on every concept, or the token or some
    concepts kept rather than summed.
    """
    words = [model.word_factor(position) for position in range(context_length)]
    scopes = {_ascending(factor) for factor in words} - {()}
    singles = [(concept,) for concept in range(model.space.num_concepts)] if unary else []
    evidence = (*singles, *sorted(scopes - set(singles)))
    last = model.token_factor(context_length) if token else None
    heard = [*evidence, *([_ascending(last)] if last else [])]
    prior = _relevant(model, {concept for scope in heard for concept in scope}.union(kept))
    fixed = [_ascending(factor) for factor in prior]
    sizes, output = model.space.cardinalities, kept
    if last:
        token_variable = len(sizes)  # one more than the concepts
        sizes, output = (*sizes, last.num_outcomes), (*kept, token_variable)
        fixed.append((*_ascending(last), token_variable))
    path = plan(sizes, (*evidence, *fixed), output)
    return Network(model, path, evidence, prior, last, tuple(range(len(singles))))


def _relevant(model: ConceptModel, concepts: set[int]) -> tuple[Factor, ...]:
    """The prior factors that do not sum to 1: those of the concepts and their ancestors."""
    if len(concepts) == model.space.num_concepts or (graph := model.graph) is None:
        return model.prior
    concepts = concepts or {0}  # where nothing is heard, something must still be summed
    kept = concepts.union(*[nx.ancestors(graph, concept) for concept in concepts])
    return tuple(factor for factor in model.prior if factor.scope[-1] in kept)


def operands(whole: Network, context: np.ndarray) -> Operands:
    """The operands of a network for some contexts [sample, position], already checked."""
    log_scale = np.zeros(len(context))
    evidence = {scope: np.zeros((*_values(whole.model, scope), 1)) for scope in whole.evidence}
    for position in range(context.shape[1]):
        factor = whole.model.word_factor(position)
        seen = _sorted(factor.scope, _columns(whole.model, factor, context, position))
        if factor.scope:
            evidence[_ascending(factor)] = evidence[_ascending(factor)] + seen
        else:
            log_scale += seen
    tables = []
    for array in evidence.values():
        best = array.max(axis=tuple(range(array.ndim - 1)))
        anchor = np.where(np.isneginf(best), 0.0, best)
        log_scale += anchor
        tables.append(array - anchor)
    tables += [_sorted(factor.scope, factor.log_table)[..., None] for factor in whole.prior]
    if whole.token:
        tables.append(_sorted(whole.token.scope, _token_table(whole.token, context)))
    return Operands(whole.path, tables, log_scale)


def _columns(model: ConceptModel, factor: Factor, context: np.ndarray, position: int) -> np.ndarray:
    """log p(x_i | c_scope, earlier words) [*values of scope, sample]."""
    flat = factor.log_table.reshape(*factor.log_table.shape[: len(factor.scope)], -1)
    return flat[..., word_columns(model, context, position)]


def _token_table(factor: Factor, context: np.ndarray) -> np.ndarray:
    """log p(y | c_scope, x_reads) [*values of scope, token, sample]."""
    shape = factor.log_table.shape
    if not factor.reads:
        return factor.log_table[..., None]
    read = tuple(context[:, earlier] for earlier in factor.reads)
    rows = np.ravel_multi_index(read, shape[len(factor.scope) : -1])
    flat = factor.log_table.reshape(*shape[: len(factor.scope)], -1, shape[-1])
    return np.moveaxis(flat[..., rows, :], -2, -1)


def _ascending(factor: Factor) -> Scope:
    return tuple(sorted(factor.scope))


def _sorted(scope: Sequence[int], array: np.ndarray) -> np.ndarray:
    """The array with its leading axes, one a concept of the scope, in ascending order."""
    leading = np.argsort(scope, kind="stable").tolist()
    return array.transpose(*leading, *range(len(scope), array.ndim))


def _values(model: ConceptModel, scope: Scope) -> tuple[int, ...]:
    return tuple(model.space.cardinalities[concept] for concept in scope)
