"""Which law holds in a world? It is read off the token's table."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import ArrayLike

from latentgen.exact import log_prior, log_token_given
from latentgen.model import ConceptModel
from latentgen.space import ConceptSpace
from latentgen.theorems.instance import instance
from latentgen.theorems.mixture import concept_values
from latentgen.theorems.result import Assumption, Theorem, theorem

PROPORTIONAL = 1e-12  # by how much logarithms of proportional rows may differ
NAMES = {  # of the law, by the narrowest kind that all its members are and whether any ρ > 0
    ("configuration", False): "log p(c|x)",
    ("configuration", True): "log(p(c|x) + ρ)",
    ("value", False): "stacked log p(c_k|x)",
    ("value", True): "stacked log(p(c_k|x) + ρ)",
    ("group", False): "log p(group|x)",
    ("group", True): "log(p(group|x) + ρ)",
}
CONSTANT, UNNAMED = "constant", "log⟨s, p⟩ of no named kind"


class LawOfTable(NamedTuple):
    """The law that a table p(y|c) obeys exactly: log p(y|x) = log_scale + log⟨s, p(c|x)⟩.

    name: of the law, in words. log_members: log s [member, configuration], the minimal set S, each
    with largest entry 1; −inf for impossible configurations. member [token]: which s is the
    token's; −1 for rows that are constant. log_scale [token]; −inf for a token that never occurs.
    kinds [member]: what s = (1_G + ρ)/(1 + ρ) is the indicator of: one configuration, the value of
    a concept, another group; "other" when s has more than two levels. rho [member], 0 for other.
    """

    name: str
    log_members: np.ndarray
    member: np.ndarray
    log_scale: np.ndarray
    kinds: tuple[str, ...]
    rho: np.ndarray


def converse(
    model: ConceptModel, context: ArrayLike, log_weight: ArrayLike | None = None
) -> Theorem:
    """log p(y|x) = log k_y + log⟨s_y, p(c|x)⟩, and no smaller set of s makes it so.

    On an open set of beliefs log p(y|x) is affine in {log⟨s, p⟩ : s in S}, up to a constant of
    each x, iff every row of p(y|·) is proportional to a member of S or to 1. Proof. Where rows r
    and r' are not proportional, log⟨r, p⟩ − log⟨r', p⟩ = Σ_s u_s log⟨s, p⟩ + constant becomes,
    with p/⟨1, p⟩ for p, an equation between products of powers of linear forms of free p.
    Pairwise non-proportional linear forms are multiplicatively independent, so the form r on the
    left is one on the right: r ∝ some s, or r ∝ 1. As Σ_y p(y|c) = 1, rows that are all
    proportional are constant, and S has never one member alone. Nor is log p(y|x) affine in p
    itself unless constant: a non-constant rational function is no exponential of an affine one.

    The residual is that of the identity. That the beliefs span all directions is necessary for
    "no smaller", and not enough: finitely many contexts are no open set.
    terms: law, the name; log_members, member, log_scale, rho as in `LawOfTable`; rank, the affine
    dimension of the beliefs. Source: docs/theory.md, item 8.
    """
    seen = instance(model, context, log_weight)
    possible = ~np.isneginf(seen.log_prior)
    law = law_of_table(seen.log_token_given(), seen.space, possible)
    forms = law_features(seen.log_belief, law.log_members)
    with_constant = np.concatenate([forms, np.zeros((len(forms), 1))], 1)  # member −1: s = 1
    claimed = law.log_scale + with_constant[:, law.member]
    belief = np.exp(seen.log_belief)
    rank = int(np.linalg.matrix_rank(belief - belief[0]))
    missing = float(possible.sum() - 1 - rank)
    return theorem(
        "log p(y|x) = log k_y + log⟨s_y, p(c|x)⟩, s_y in the smallest set S",
        "docs/theory.md, item 8",
        [
            seen.independence(),
            Assumption(
                "beliefs span all directions, as an open set does: missed", missing, not missing
            ),
        ],
        seen.log_predictive,
        claimed,
        scale=np.where(np.isneginf(claimed), 0.0, np.abs(claimed)),
        terms={
            "law": np.array(law.name),
            "log_members": law.log_members,
            "member": law.member,
            "log_scale": law.log_scale,
            "rho": law.rho,
            "rank": np.array(rank),
        },
    )


def law_of(model: ConceptModel, context_length: int = 0) -> LawOfTable:
    """The law that holds exactly in a world, read off its token table.

    Configurations with p(c) = 0 do not count. context_length as in `log_token_given`. Raises
    ValueError when the token reads earlier words: no law of p(c|x) alone holds then.
    """
    possible = ~np.isneginf(log_prior(model))
    return law_of_table(log_token_given(model, context_length), model.space, possible)


def law_of_table(
    log_given: Float[np.ndarray, "configuration token"],
    space: ConceptSpace,
    possible: Bool[np.ndarray, "configuration"],
) -> LawOfTable:
    """The law of a table log p(y|c), over the configurations that are possible."""
    log_rows = np.where(possible, log_given.T, -np.inf)
    largest = log_rows.max(1)
    log_shape = log_rows - np.where(np.isneginf(largest), 0.0, largest)[:, None]
    constant = np.isneginf(largest) | (log_shape[:, possible].min(1) >= -PROPORTIONAL)
    first, cluster = proportional_rows(log_shape[~constant])
    member = np.full(len(log_rows), -1)
    member[~constant] = cluster
    log_members = log_shape[~constant][first]
    values = concept_values(space)[2] & possible
    found = [_kind(row, values, possible) for row in log_members]
    rho = np.array([rho for _, rho in found])
    name = _name([kinds for kinds, _ in found], rho)
    narrowest = tuple(kinds[0] for kinds, _ in found)
    return LawOfTable(name, log_members, member, largest, narrowest, rho)


def law_features(
    log_belief: Float[np.ndarray, "context configuration"],
    log_members: Float[np.ndarray, "member configuration"],
) -> Float[np.ndarray, "context member"]:
    """φ(x) = log⟨s, p(c|x)⟩ of each member s, nats; −inf where it is 0."""
    found = np.zeros((len(log_belief), len(log_members)))
    for index, row in enumerate(log_members):
        found[:, index] = np.logaddexp.reduce(log_belief + row, axis=1)
    return found


def proportional_rows(
    log_shape: Float[np.ndarray, "row configuration"],
) -> tuple[Int[np.ndarray, "member"], Int[np.ndarray, "row"]]:
    """The first row of each set of equal rows, in order of appearance, and the set of each row.

    Rows are equal when no entry differs by more than 1e-12; only rows whose sums under fixed
    generic weights agree are compared entry by entry.
    """
    num_rows, num_configurations = log_shape.shape
    generic = np.random.default_rng(0).uniform(0.5, 1.0, num_configurations) / num_configurations
    sums = np.exp(log_shape) @ generic
    order = np.argsort(sums, kind="stable")
    starts = np.flatnonzero(np.diff(sums[order], prepend=-np.inf) > 2 * PROPORTIONAL)
    leader = np.arange(num_rows)
    for candidates in np.split(order, starts[1:]):
        left = np.sort(candidates)
        while left.size:
            equal = np.array([_equal(log_shape[left[0]], log_shape[row]) for row in left])
            leader[left[equal]] = left[0]
            left = left[~equal]
    first, cluster = np.unique(leader, return_inverse=True)
    return first, cluster


def _equal(first: np.ndarray, second: np.ndarray) -> bool:
    zero = np.isneginf(first)
    if (zero != np.isneginf(second)).any():
        return False
    return bool((np.abs(first[~zero] - second[~zero]) <= PROPORTIONAL).all())


def _kind(log_row: np.ndarray, values: np.ndarray, possible: np.ndarray) -> tuple[list[str], float]:
    """What a row of largest entry 1 is the indicator of, the narrowest kind first, and its ρ."""
    top = (log_row >= -PROPORTIONAL) & possible
    rest = log_row[possible & ~top]
    level = rest.min()
    if rest.max() > level + PROPORTIONAL:
        return ["other"], 0.0
    one = ["configuration"] if top.sum() == 1 else []
    value = ["value"] if (values == top).all(1).any() else []
    return [*one, *value, "group"], float(1 / np.expm1(-level))


def _name(kinds: list[list[str]], rho: np.ndarray) -> str:
    if not kinds:
        return CONSTANT
    common = [kind for kind in kinds[0] if all(kind in others for others in kinds)]
    return NAMES.get((common[0] if common else "other", bool((rho > 0).any())), UNNAMED)
