"""Do concept directions line up with the probes of the same concept, and with no other?"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike
from sklearn.linear_model import LogisticRegression

from estimators.instruments.folds import checked_groups
from estimators.instruments.intervals import Interval, interval
from estimators.instruments.numeric import checked_real
from estimators.instruments.whitening import checked_rows

SPLITS = ("disjoint", "shared")
NUM_SPLITS = 10
MAX_ITERATIONS = 1000
PURPOSES = ("parts", "permuted", "noise", "swaps")  # of the random streams of a split


class Alignment(NamedTuple):
    """Directions against probes [concept of the direction, concept of the probe].

    normalised: cosine of the direction and the probe, in the coordinates given. logit: w_j · mean
    of f(x_1) − f(x_0) over the pairs of concept i, invariant under invertible maps of f up to
    what the penalty does.
    """

    normalised: np.ndarray
    logit: np.ndarray


class AlignmentMatrix(NamedTuple):
    """A_s W_s, means over splits, with its nulls.

    normalised, logit: as in `Alignment`. exact: mean Δ logit p(c_j|x) over the pairs of concept
    i, NaN where not given. It is what `logit` should be on the diagonal; off it only where
    concepts are independent, as pairs hold the other concepts fixed and their probes so learn
    nothing of how concepts depend. diagonal, off_diagonal: intervals over splits of the means of
    `normalised`; off_diagonal_size: of the mean |entry|, in which entries of opposite sign do not
    cancel; all three tell the spread over splits of one set of pairs, not over seeds. permuted:
    the same measurement after the two contexts of a random half of the pairs were exchanged;
    noise: on normal noise of the same shape and spread.
    """

    normalised: np.ndarray
    logit: np.ndarray
    exact: np.ndarray
    diagonal: Interval
    off_diagonal: Interval
    off_diagonal_size: Interval
    permuted: Alignment
    noise: Alignment


def alignment_matrix(
    first: "Sequence[ArrayLike]",
    second: "Sequence[ArrayLike]",
    *,
    split: str = "disjoint",
    C: float = 1.0,
    key: Any,
    groups: "Sequence[ArrayLike] | None" = None,
    log_odds_change: "Sequence[ArrayLike] | None" = None,
    num_splits: int = NUM_SPLITS,
) -> AlignmentMatrix:
    """A_s W_s: cosines of concept directions and of linear probes, and their gauge-free values.

    first[k], second[k]: representations [pair, dim] of counterfactual pairs of concept k, its
    value 0 and 1. The direction of k is the mean of second − first over one part of the pairs,
    the probe of k the coefficients of logistic regression, penalty ½‖w‖² + C · log-loss, on the
    contexts of the other. split: "disjoint" halves the pairs (whole groups at a time where
    groups[k] [pair] says which pairs share words; a label means the same group in every concept),
    "shared" uses all pairs for both, as published, and is then 1 on the diagonal for pure noise
    as C → 0, where the probe becomes the mean difference itself, and far from 0 at any C.
    log_odds_change[k] [pair, concept]: log-odds of p(c_j = 1|x_1) less those of p(c_j = 1|x_0).
    key: a JAX key.

    Range of normalised −1 to 1; a direction or probe that vanishes gives 0. Invariant under
    rotations of all representations, a common factor aside, and only these: cosines depend on the
    coordinates, and identity of the probes with the directions' dual basis does not make them 1.
    `logit` depends on coordinates through the penalty only, and grows without bound in C where
    pairs can be separated. Raises ValueError for shapes that disagree, NaN, infinity, an unknown
    split or too few pairs, TypeError for a key that is none.

    Source: the claim A_s W_s ≈ I of arXiv:2503.08980; splits, nulls and `logit` are ours.
    """
    pairs = _checked_pairs(first, second)
    if split not in SPLITS:
        raise ValueError(f'split must be one of {", ".join(SPLITS)}; got "{split}"')
    if not C > 0 or num_splits < 1:
        raise ValueError(f"C and num_splits must be positive; got {C} and {num_splits}")
    exact = _checked_logits(log_odds_change, pairs)
    labels = _checked_groups(groups, pairs)
    words = _key_words(key)
    measured: list[list[Alignment]] = [[], [], []]
    targets = []
    for number in range(num_splits):
        draws = {
            name: np.random.default_rng([*words, number, purpose])
            for purpose, name in enumerate(PURPOSES)
        }
        parts = _parts(pairs, labels, split, draws["parts"])
        for found, seen in zip(
            measured,
            (pairs, _exchanged(pairs, draws["permuted"]), _noise(pairs, draws["noise"])),
            strict=True,
        ):
            found.append(_align(seen, parts, C))
        targets.append([rows[part[0]].mean(0) for rows, part in zip(exact, parts, strict=True)])
    matrices = np.array([one.normalised for one in measured[0]])
    own = np.eye(len(pairs), dtype=bool)
    others = matrices[:, ~own] if len(pairs) > 1 else np.zeros((num_splits, 1))
    return AlignmentMatrix(
        normalised=matrices.mean(0),
        logit=np.mean([one.logit for one in measured[0]], axis=0),
        exact=np.mean(targets, axis=0),
        diagonal=interval(matrices[:, own].mean(1)),
        off_diagonal=interval(others.mean(1)),
        off_diagonal_size=interval(np.abs(others).mean(1)),
        permuted=_mean(measured[1]),
        noise=_mean(measured[2]),
    )


Pairs = list[tuple[np.ndarray, np.ndarray]]
Parts = list[tuple[np.ndarray, np.ndarray]]  # rows for the direction, rows for the probe


def _align(pairs: Pairs, parts: Parts, C: float) -> Alignment:
    directions = np.array(
        [
            (one[part[0]] - zero[part[0]]).mean(0)
            for (zero, one), part in zip(pairs, parts, strict=True)
        ]
    )
    probes = np.array(
        [
            _probe(zero[part[1]], one[part[1]], C)
            for (zero, one), part in zip(pairs, parts, strict=True)
        ]
    )
    logit = directions @ probes.T
    size = np.outer(np.linalg.norm(directions, axis=1), np.linalg.norm(probes, axis=1))
    return Alignment(np.divide(logit, size, out=np.zeros_like(logit), where=size > 0), logit)


def _probe(zero: np.ndarray, one: np.ndarray, C: float) -> np.ndarray:
    """Coefficients [dim] of the logistic probe that tells value 1 from value 0."""
    rows, value = np.concatenate([zero, one]), np.repeat([0, 1], [len(zero), len(one)])
    return LogisticRegression(C=C, max_iter=MAX_ITERATIONS).fit(rows, value).coef_[0]


def _exchanged(pairs: Pairs, draw: np.random.Generator) -> Pairs:
    """The null of permuted labels: a random half of the pairs with their contexts exchanged.

    Directions and probes both see the exchange. Permuting labels for the probe alone would give
    about 0 even where sharing pairs gives 1 on noise, and so would hide that.
    """
    found = []
    for zero, one in pairs:
        flip = draw.permutation(np.arange(len(zero)) % 2 == 0)[:, None]
        found.append((np.where(flip, one, zero), np.where(flip, zero, one)))
    return found


def _noise(pairs: Pairs, draw: np.random.Generator) -> Pairs:
    spread = float(np.std(np.concatenate([rows for pair in pairs for rows in pair]), axis=0).max())
    return [
        (spread * draw.normal(size=zero.shape), spread * draw.normal(size=one.shape))
        for zero, one in pairs
    ]


def _parts(pairs: Pairs, labels: list[np.ndarray], split: str, draw: np.random.Generator) -> Parts:
    """Rows for directions and rows for probes of every concept; no group is in both."""
    if split == "shared":
        return [(np.arange(len(zero)), np.arange(len(zero))) for zero, _ in pairs]
    distinct = np.unique(np.concatenate(labels))
    for _ in range(100):  # a concept of few groups may get none of one half
        chosen = draw.permutation(distinct)[: len(distinct) // 2]
        masks = [np.isin(label, chosen) for label in labels]
        if all(mask.any() and not mask.all() for mask in masks):
            return [(np.flatnonzero(mask), np.flatnonzero(~mask)) for mask in masks]
    raise ValueError(
        "no disjoint halves give every concept pairs on both sides: give each concept at least "
        "two groups of pairs, better twenty"
    )


def _mean(found: list[Alignment]) -> Alignment:
    return Alignment(*(np.mean(matrices, axis=0) for matrices in zip(*found, strict=True)))


def _checked_pairs(first: "Sequence[ArrayLike]", second: "Sequence[ArrayLike]") -> Pairs:
    if len(first) != len(second) or not len(first):
        raise ValueError(
            f"give one array of pairs per concept in both; got {len(first)} and {len(second)}"
        )
    pairs = []
    for concept, (zero, one) in enumerate(zip(first, second, strict=True)):
        zero = checked_rows(zero, f"first[{concept}]").astype(np.float64)
        one = checked_rows(one, f"second[{concept}]").astype(np.float64)
        if zero.shape != one.shape or len(zero) < 2:
            raise ValueError(
                f"first[{concept}] and second[{concept}] must have the same pairs as rows, two or "
                f"more; got shapes {zero.shape} and {one.shape}: give both contexts of every pair"
            )
        pairs.append((zero, one))
    if len({zero.shape[1] for zero, _ in pairs}) > 1:
        raise ValueError(f"all concepts need one dim; got {[zero.shape[1] for zero, _ in pairs]}")
    return pairs


def _checked_groups(groups: "Sequence[ArrayLike] | None", pairs: Pairs) -> list[np.ndarray]:
    """Labels [pair] per concept; without groups every pair of every concept is one of its own."""
    if groups is None:
        ends = np.cumsum([len(zero) for zero, _ in pairs])
        return np.split(np.arange(ends[-1]), ends[:-1])
    if len(groups) != len(pairs):
        raise ValueError(
            f"groups must hold one array [pair] per concept, {len(pairs)}; got {len(groups)}: "
            "label the pairs of every concept"
        )
    return [
        checked_groups(label, len(zero), f"groups[{concept}]")
        for concept, (label, (zero, _)) in enumerate(zip(groups, pairs, strict=True))
    ]


def _checked_logits(
    log_odds_change: "Sequence[ArrayLike] | None", pairs: Pairs
) -> list[np.ndarray]:
    wanted = [(len(zero), len(pairs)) for zero, _ in pairs]
    if log_odds_change is None:
        return [np.full(shape, np.nan) for shape in wanted]
    rows = [
        checked_real(array, f"log_odds_change[{concept}]").astype(np.float64)
        for concept, array in enumerate(log_odds_change)
    ]
    if [array.shape for array in rows] != wanted:
        raise ValueError(
            f"log_odds_change needs [pair, concept] per concept, shapes {wanted}; got "
            f"{[array.shape for array in rows]}"
        )
    for concept, array in enumerate(rows):
        if not np.isfinite(array).all():
            raise ValueError(
                f"log_odds_change[{concept}] must be finite; row "
                f"{int(np.argwhere(~np.isfinite(array))[0, 0])} is not: drop that pair everywhere"
            )
    return rows


def _key_words(key: Any) -> list[int]:
    """The 32-bit words of a JAX key."""
    if isinstance(key, jax.Array) and jnp.issubdtype(key.dtype, jax.dtypes.prng_key):
        key = jax.random.key_data(key)
    words = np.asarray(key)
    if words.dtype != np.uint32 or words.ndim != 1:
        raise TypeError(f"a single JAX key is needed, such as jax.random.key(0); got {key!r}")
    return [int(word) for word in words]
