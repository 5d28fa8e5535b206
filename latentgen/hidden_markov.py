"""What does one believe about a hidden state that moves with every word?

A hidden Markov world has one concept a step: its state. The concepts form a chain, so that the
contraction answers everything about it; what was believed at every prefix is one forward pass.
"""

import networkx as nx
import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from latentgen.enumeration import refuse_impossible
from latentgen.factors import Emission, float_array, log_probability_rows
from latentgen.filtering import Chain, filtered
from latentgen.host import integer_matrix, refuse_large_output, refuse_tracers
from latentgen.model import ConceptModel


def hidden_markov(
    initial: ArrayLike, transition: ArrayLike, emission: ArrayLike, num_steps: int
) -> ConceptModel:
    """A hidden Markov world of num_steps words, the state of each step a concept.

    initial [state]: p(s_1). transition [state, next_state]. Word t is emitted by the state s_t,
    emission [state, word], and reads concept t − 1 (concepts and positions count from 0). The
    token is the next word: contexts have up to num_steps − 1 words where it is asked for.
    Raises ValueError for tables that are not distributions, whose shapes disagree, for fewer
    than two states and for fewer than one step.
    """
    start, move = _chain_tables(initial, transition, num_steps)
    table = float_array(emission, "emission")
    if table.ndim != 2 or len(table) != len(start):
        raise ValueError(
            f"emission must have axes [state, word] with {len(start)} states, as initial has; "
            f"got shape {table.shape}: see hidden_markov_edges for words that moves emit"
        )
    words = [Emission((step,), table) for step in range(num_steps)]
    return _chain(start, move, num_steps, words)


def hidden_markov_edges(
    initial: ArrayLike, labelled_transition: ArrayLike, num_steps: int
) -> ConceptModel:
    """A hidden Markov world whose words are emitted by moves: one concept more than words.

    initial [state]: p(s_0), before any word. labelled_transition [word, state, next_state]:
    T^(x)[s, s'] = p(x, s'|s), as in computational mechanics. Concept t is s_t; word t reads s_{t−1}
    and s_t by p(x|s, s') = T^(x)[s, s'] / Σ_x T^(x)[s, s'], and is uniform where no word makes that
    move. The token is the next word. Raises ValueError as `hidden_markov` does.
    """
    labelled = float_array(labelled_transition, "labelled_transition")
    if labelled.ndim != 3 or labelled.shape[1] != labelled.shape[2]:
        raise ValueError(
            "labelled_transition must have axes [word, state, next_state], one square matrix a "
            f"word; got shape {labelled.shape}"
        )
    num_words, num_states, _ = labelled.shape
    joint = labelled.transpose(1, 2, 0).reshape(num_states, -1)
    log_joint = log_probability_rows(joint, "labelled_transition, of each state over its moves,")
    joint = np.exp(log_joint).reshape(num_states, num_states, num_words)
    total = joint.sum(-1, keepdims=True)
    given_move = np.divide(joint, total, out=np.full_like(joint, 1 / num_words), where=total > 0)
    start, move = _chain_tables(initial, total[..., 0], num_steps)
    words = [Emission((step, step + 1), given_move) for step in range(num_steps)]
    return _chain(start, move, num_steps + 1, words)


def log_filtered_belief(
    model: ConceptModel, context: ArrayLike
) -> Float[np.ndarray, "sample prefix state"]:
    """log p(s_t | x_1 … x_t) [sample, prefix, state], nats, t = 0 … T, of a hidden Markov world.

    s_t is the state that the t-th word leads to or is emitted by: the last concept it reads.
    Prefix 0 is p(first concept). Found by α_t(s') ∝ Σ_s α_{t−1}(s) p(s'|s) p(x_t|s, s') in scaled
    probabilities, of which logarithms are taken at the end; a sequence whose beliefs fall below
    1e-100, and any sequence in a world with positive entries below 1e-100, falls back to the same
    sum in logarithms throughout. −inf stands where and only where a state is impossible.
    Raises ValueError when the concepts are no chain with one step a word, for a context of
    probability zero (names its row) and for an answer above 1 GiB.
    """
    refuse_tracers("log_filtered_belief", context)
    matrix = _checked_context(model, context)
    offset = _check_chain(model)
    num_positions = matrix.shape[1]
    shape = (len(matrix), num_positions + 1, model.space.cardinalities[0])
    refuse_large_output("log_filtered_belief", shape, "use fewer or shorter contexts")
    start, *moves = [factor.log_table for factor in model.prior[: max(1, num_positions + offset)]]
    words = [factor.log_table for factor in model.words[:num_positions]]
    log_belief, possible = filtered(Chain(start, moves, words), matrix)
    refuse_impossible(np.where(possible, 0.0, -np.inf), matrix)
    return log_belief


def _chain_tables(
    initial: ArrayLike, transition: ArrayLike, num_steps: int
) -> tuple[np.ndarray, np.ndarray]:
    start, move = float_array(initial, "initial"), float_array(transition, "transition")
    if start.ndim != 1 or move.shape != (len(start), len(start)):
        raise ValueError(
            "initial must have the axis [state] and transition [state, next_state]; "
            f"got shapes {start.shape} and {move.shape}"
        )
    if num_steps < 1:
        raise ValueError(f"num_steps must be at least 1, as the token is a word; got {num_steps}")
    return start, move


def _chain(
    start: np.ndarray, move: np.ndarray, num_concepts: int, words: list[Emission]
) -> ConceptModel:
    graph = nx.path_graph(num_concepts, create_using=nx.DiGraph)
    tables = [start, *[move] * (num_concepts - 1)]
    return ConceptModel.from_graph(graph, (len(start),) * num_concepts, tables, words)


def _checked_context(model: ConceptModel, context: ArrayLike) -> np.ndarray:
    """`model.check_context`, which goes position by position only where something is wrong."""
    matrix = integer_matrix(context, "context", "sample, position")
    sizes = [factor.num_outcomes for factor in model.words[: matrix.shape[1]]]
    if len(sizes) == matrix.shape[1] and ((matrix >= 0) & (matrix < sizes)).all():
        return matrix
    return model.check_context(matrix)


def _check_chain(model: ConceptModel) -> int:
    """Which concept the first word leads to: 0 when states emit words, 1 when moves do."""
    num_concepts, num_words = model.space.num_concepts, len(model.words)
    offset = num_concepts - num_words
    chain = [(0,), *zip(range(num_concepts - 1), range(1, num_concepts), strict=True)]
    word = range(num_words)
    reads = list(
        zip(word, strict=True) if offset == 0 else zip(word, range(1, num_words + 1), strict=True)
    )
    is_chain = [factor.scope for factor in model.prior] == chain
    are_steps = [factor.scope for factor in model.words] == reads
    plain = not model.positions_alike and not any(factor.reads for factor in model.words)
    if not (is_chain and are_steps and plain and len(set(model.space.cardinalities)) == 1):
        raise ValueError(
            "log_filtered_belief needs a hidden Markov world, as lg.hidden_markov or "
            f"lg.hidden_markov_edges make them; got {model}: use "
            "lg.contract_log_concept_posteriors prefix by prefix"
        )
    return offset
