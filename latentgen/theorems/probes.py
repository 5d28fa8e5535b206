"""What can a linear probe W of the concepts and the directions Ã have as their product?"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import block_diag

from latentgen.model import ConceptModel
from latentgen.space import ConceptSpace
from latentgen.theorems.instance import Instance, instance
from latentgen.theorems.rank import value_indicator
from latentgen.theorems.result import Assumption, Theorem, theorem
from latentgen.theorems.steering import log_marginal

CUT_OFF = float(np.finfo(np.float64).eps ** (2 / 3))  # of singular values, relative
CLEAR = 1e4  # of the condition number of f, by which a violation is scaled
READS = 1e-11  # by which an exact law may be missed, as a share of what varies


class Probed(NamedTuple):
    """Representation, directions and what is to be read, in logit differences to the reference.

    logit_difference f [context, token] and log_concept log p(c_k|x), each concept less its mean
    over values [context, values of all concepts], both less their mean over contexts, of contexts
    where all are finite; direction [Ã_1 … Ã_m] [token, values of all concepts]; left_out, the
    share of (context, token) that was; tokens [token] that were kept.
    """

    logit_difference: np.ndarray
    log_concept: np.ndarray
    direction: np.ndarray
    left_out: float
    tokens: np.ndarray


def corollary_probes(
    model: ConceptModel,
    context: ArrayLike,
    log_weight: ArrayLike | None = None,
    *,
    probe: ArrayLike | None = None,
    reference: int = 0,
) -> Theorem:
    """W_j Ã_k = I − 11ᵀ/n_k for j = k and 0 for j ≠ k, all concepts stacked [value, value].

    W_k reads log p(c_k|x) off f, in logit differences to the reference token and in the gauge
    1ᵀW_k = 0 (without it I − 1uᵀ, uᵀ1 = 1). It is never I: Ã_k 1 = 0, so ‖W_k Ã_k − I‖ ≥ 1. Holds
    when f = Σ_k Ã_k log p(c_k|x) + b and W reads all of it, over contexts that span all
    Σ (n_k − 1) directions; then the Ã_k are independent, without which W_j Ã_k = 0 cannot be.
    probe [values of all concepts, token], by default the least-squares reader, all contexts alike
    (log_weight enters p(c|y) with a leak only).
    terms: probe W; direction Ã [token, values of all concepts]; distance_to_identity
    ‖W_k Ã_k − I‖ [concept]; normalised [concept, concept], the cosine of w_j (last value less
    first) and of Ã_k (last less first): the paper's A_s W_s, which depends on the coordinates and
    is not implied. Contexts with a zero in p(c_k|x) and tokens that some other context forbids are
    left out; nothing is defined without the reference. Raises ValueError for a wrong probe or
    reference. Source: arXiv:2503.08980, Corollary 4.3; docs/theory.md, item 11.
    """
    seen = instance(model, context, log_weight)
    probed = _probed(seen, reference)
    matrix = _centred_probe(seen.space, _reader(probed) if probe is None else _checked(seen, probe))
    matrix = np.where(probed.tokens, matrix, 0.0)
    product = matrix @ probed.direction
    sizes = seen.space.cardinalities
    answered = len(probed.logit_difference) > 0
    gain = np.abs(matrix) @ np.abs(probed.direction)
    return theorem(
        "W_j Ã_k = 1[j = k] (I − 11ᵀ/n_k), and never I",
        "arXiv:2503.08980, Corollary 4.3, as far as it can hold",
        _assumptions(seen.space, probed, matrix),
        product,
        np.asarray(block_diag(*(np.eye(n) - 1 / n for n in sizes))),
        scale=(1 + gain) * _condition(probed),
        defined=np.full(product.shape, answered),
        terms={
            "probe": matrix,
            "direction": probed.direction,
            "distance_to_identity": _distances(seen.space, product),
            "normalised": _cosines(seen.space, matrix, probed.direction),
        },
    )


def _probed(seen: Instance, reference: int) -> Probed:
    if not 0 <= reference < seen.num_tokens:
        raise ValueError(
            f"the reference token must lie in 0 … {seen.num_tokens - 1}; got {reference}"
        )
    concepts = range(seen.space.num_concepts)
    log_concept = [log_marginal(seen.log_belief, seen.space, k) for k in concepts]
    rows = np.isfinite(np.concatenate(log_concept, 1)).all(1)
    by_token = np.exp(seen.log_token_posterior())
    finite = np.isfinite(seen.log_predictive[rows]).all(0)
    tokens = np.asarray(finite & by_token.any(1))
    if not tokens[reference]:
        rows, tokens = np.zeros_like(rows), np.zeros_like(tokens)
    log_token = np.where(tokens, seen.log_predictive[rows], 0.0)
    belief = [rows_k[rows] - rows_k[rows].mean(1, keepdims=True) for rows_k in log_concept]
    direction = by_token @ np.concatenate([value_indicator(seen.space, k) for k in concepts], 1)
    direction = np.where(tokens[:, None], direction - direction[reference], 0.0)
    logits = np.where(tokens, log_token - log_token[:, [reference]], 0.0)
    return Probed(
        _less_mean(logits),
        _less_mean(np.concatenate(belief, 1)),
        direction,
        float(1 - rows.mean() * tokens.mean()),
        tokens,
    )


def _less_mean(rows: np.ndarray) -> np.ndarray:
    return rows - rows.sum(0) / max(1, len(rows))


def _reader(probed: Probed) -> np.ndarray:
    """The smallest W [value, token] with the least squared error of log p(c_k|x)."""
    return (np.linalg.pinv(probed.logit_difference, rcond=CUT_OFF) @ probed.log_concept).T


def _checked(seen: Instance, probe: ArrayLike) -> np.ndarray:
    matrix = np.asarray(probe, np.float64)
    shape = (sum(seen.space.cardinalities), seen.num_tokens)
    if matrix.shape != shape or not np.isfinite(matrix).all():
        raise ValueError(
            f"probe must be finite and have shape [values of all concepts, token] = {shape}; "
            f"got shape {matrix.shape}"
        )
    return matrix


def _blocks(space: ConceptSpace) -> list[slice]:
    ends = np.cumsum(space.cardinalities)
    return [slice(end - n, end) for end, n in zip(ends, space.cardinalities, strict=True)]


def _centred_probe(space: ConceptSpace, matrix: np.ndarray) -> np.ndarray:
    """The probe in the gauge 1ᵀW_k = 0, which leaves its softmax as it is."""
    return np.concatenate([matrix[b] - matrix[b].mean(0) for b in _blocks(space)])


def _assumptions(space: ConceptSpace, probed: Probed, matrix: np.ndarray) -> list[Assumption]:
    full = sum(space.cardinalities) - space.num_concepts
    ranks = [_rank(probed.direction), _rank(probed.log_concept)]
    fitted = probed.log_concept @ probed.direction.T
    law = _missed(probed.logit_difference, fitted)
    read = _missed(probed.log_concept, probed.logit_difference @ matrix.T)
    left_out, condition = probed.left_out, _condition(probed)
    return [
        Assumption("p(c_k|x), p(y|x) > 0: share of contexts without", left_out, left_out == 0),
        Assumption(f"rank [Ã_1 … Ã_m] is Σ (n_k − 1) = {full}", ranks[0], ranks[0] == full),
        Assumption(f"log p(c_k|x) varies in all {full} directions", ranks[1], ranks[1] == full),
        Assumption("f = Σ_k Ã_k log p(c_k|x) + b: relative miss", law, law <= READS),
        Assumption("W f = log p(c_k|x) + b: relative miss", read, read <= READS),
        Assumption("f tells its directions apart: condition number", condition, condition <= CLEAR),
    ]


def _missed(rows: np.ndarray, fitted: np.ndarray) -> float:
    """The largest |row − fitted| over the largest |row|; 0 where nothing varies and all fit."""
    missed = float(np.abs(rows - fitted).max(initial=0.0))
    size = float(np.abs(rows).max(initial=0.0))
    return missed / size if size > 0 else missed


def _rank(matrix: np.ndarray) -> int:
    scale = np.linalg.svd(matrix, compute_uv=False)
    return int((scale > CUT_OFF * scale.max(initial=0.0)).sum())


def _condition(probed: Probed) -> float:
    """The largest over the smallest singular value kept of f: by which a reader's error grows."""
    scale = np.linalg.svd(probed.logit_difference, compute_uv=False)
    kept = scale[scale > CUT_OFF * scale.max(initial=0.0)]
    return float(kept[0] / kept[-1]) if len(kept) else 1.0


def _distances(space: ConceptSpace, product: np.ndarray) -> np.ndarray:
    blocks = [product[b, b] for b in _blocks(space)]
    return np.array([np.linalg.norm(block - np.eye(len(block))) for block in blocks])


def _cosines(space: ConceptSpace, matrix: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Cosines of probes and directions, last value less first; 0 where one of them vanishes."""
    blocks = _blocks(space)
    probes = np.stack([matrix[b.stop - 1] - matrix[b.start] for b in blocks])
    steps = np.stack([direction[:, b.stop - 1] - direction[:, b.start] for b in blocks], 1)
    size = np.linalg.norm(probes, axis=1)[:, None] * np.linalg.norm(steps, axis=0)
    return np.where(size > 0, probes @ steps / np.where(size > 0, size, 1.0), 0.0)
