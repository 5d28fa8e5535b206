"""What does a token that reads the context itself, past the concepts, do to the theorem?"""

from collections.abc import Sequence
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike

from latentgen.factors import Emission
from latentgen.model import ConceptModel
from latentgen.tables import flip_channel
from latentgen.theorems.identity import averages, support, token_weights
from latentgen.theorems.instance import Instance, instance
from latentgen.theorems.result import Theorem, theorem


def leak(model: ConceptModel, context: ArrayLike, log_weight: ArrayLike | None = None) -> Theorem:
    """log p(y|x) = E_q log p(c|x) + β_y − E_q log p(c|x, y), with the β_y of a world without leak.

    q = p(c|y) and β_y = E_q log p(y|c), p(y|c) being the mean of p(y|c, x) over the contexts
    given. Where x ⊥ y | c does not hold, what is left over is exactly β_y(x) − β_y =
    E_q log p(y|c, x)/p(y|c) [context, token], which varies with x. Bound: it lies between
    the smallest and the largest log p(y|c, x)/p(y|c) over the c with q > 0, none of which exceeds
    −log p(x|c). Zero without a leak. terms: offset β_y [token]; offset_seen β_y(x) [context,
    token]; information I(x; y|c) [1], nats; offset_spread Σ_x p(x) (β_y(x) − mean)² [token], where
    it is defined. Source: arXiv:2503.08980, Theorem 3.1 without its first assumption;
    docs/theory.md, item 13.
    """
    seen = instance(model, context, log_weight)
    weight = token_weights(seen, None)
    parts = averages(seen, weight)
    log_table = seen.log_token_given()
    offset = _offset(weight, log_table)
    defined = parts["defined"] > 0
    ratio = _log_ratio(seen, log_table)
    extra, low, high = _extra(ratio, weight, defined)
    seen_offset = np.where(defined, parts["given"], 0.0)
    return theorem(
        "log p(y|x) = E_q log p(c|x) + β_y − E_q log p(c|x, y), β_y constant",
        "arXiv:2503.08980, Theorem 3.1, without x ⊥ y | c",
        [seen.independence(), support(defined)],
        seen.log_predictive,
        np.where(defined, parts["belief"] + offset - parts["both"], 0.0),
        residual=extra,
        low=low,
        high=high,
        scale=sum(np.abs(parts[name]) for name in ("belief", "given", "both")),
        defined=defined,
        terms={
            "offset": offset,
            "offset_seen": seen_offset,
            "information": np.array([seen.leak()]),
            "offset_spread": _spread(extra, seen.weight, defined),
        },
    )


def mask_world(
    graph: nx.DiGraph,
    concept_tables: Any,
    digits: ArrayLike,
    masks: Sequence[Sequence[int]],
    *,
    flip_rate: float = 0.1,
    hidden_flip_rate: float | None = None,
    mask: int | None = None,
) -> ConceptModel:
    """A world in which part of an observation is masked and predicted from the rest.

    Binary concepts on a graph; digits [configuration, place], 0 or 1, each flipped with
    probability flip_rate on its way out (hidden_flip_rate, the same unless given, where hidden).
    masks: the places that each mask hides, equally many. Word 0 names the mask, uniform over all
    and drawn afresh for every sample, or always the one given by its number. Words 1 … are the
    digits, 2 where the mask hides them; the next word is the number that the hidden digits make,
    the first leading. So p(y|c, x) depends on word 0: with a mask drawn afresh x ⊥ y | c does not
    hold, with a fixed one it does. Raises ValueError for digits that are not 0 or 1 and for masks
    that do not exist, and as `ConceptModel.from_graph` does.
    """
    digits = np.asarray(digits)
    if digits.ndim != 2 or not np.isin(digits, (0, 1)).all():
        raise ValueError(
            f"digits must be 0 or 1 with axes [configuration, place]; got shape {digits.shape}"
        )
    hidden = [tuple(places) for places in masks]
    _check_masks(hidden, digits.shape[1], mask)
    channel = flip_channel(flip_rate)[digits]  # [configuration, place, digit]
    rate = flip_rate if hidden_flip_rate is None else hidden_flip_rate
    drawn = np.full(len(hidden), 1 / len(hidden)) if mask is None else np.eye(len(hidden))[mask]
    scope = tuple(range(graph.number_of_nodes()))
    tables = [_shown(channel[:, place], place, hidden) for place in range(digits.shape[1])]
    tables.append(_hidden(flip_channel(rate)[digits], hidden))
    words = [Emission((), drawn), *(Emission(scope, table, reads=(0,)) for table in tables)]
    return ConceptModel.from_graph(graph, (2,) * len(scope), concept_tables, words)


def _check_masks(masks: list[tuple[int, ...]], num_places: int, mask: int | None) -> None:
    sizes = {len(places) for places in masks}
    whole = all(len(set(p)) == len(p) and set(p) <= set(range(num_places)) for p in masks)
    if len(sizes) != 1 or sizes == {0} or not whole:
        raise ValueError(
            f"masks must hide equally many of the places 0 … {num_places - 1}, at least one, each "
            f"once; got {masks}"
        )
    if mask is not None and not 0 <= mask < len(masks):
        raise ValueError(f"mask must lie in 0 … {len(masks) - 1}; got {mask}")


def _offset(weight: np.ndarray, log_table: np.ndarray) -> np.ndarray:
    """β_y = E_q log p(y|c) [token]; q > 0 implies p(y|c) > 0."""
    used = np.where(weight > 0, log_table.T, 0.0)
    return (weight * used).sum(1)


def _log_ratio(seen: Instance, log_table: np.ndarray) -> np.ndarray:
    """log p(y|c, x)/p(y|c) [context or 1, token, configuration]; 0 where p(y|c) = 0."""
    possible = ~np.isneginf(log_table)
    base = np.where(possible, log_table, 0.0)
    return np.where(possible, seen.log_given - base, 0.0).transpose(0, 2, 1)


def _extra(
    ratio: np.ndarray, weight: np.ndarray, defined: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """E_q log p(y|c, x)/p(y|c), and its smallest and largest term over q > 0 [context, token]."""
    counted = (weight > 0) & defined[:, :, None]
    ratio = np.where(counted, ratio, 0.0)
    low = np.where(counted, ratio, np.inf).min(-1)
    high = np.where(counted, ratio, -np.inf).max(-1)
    extra = (np.where(counted, weight, 0.0) * ratio).sum(-1)
    return extra, np.where(defined, low, 0.0), np.where(defined, high, 0.0)


def _spread(extra: np.ndarray, weight: np.ndarray, defined: np.ndarray) -> np.ndarray:
    """The variance of β_y(x) over the contexts where it is defined [token]."""
    share = weight[:, None] * defined
    total = share.sum(0)
    share = share / np.where(total > 0, total, 1.0)
    return (share * (extra - (share * extra).sum(0)) ** 2).sum(0)


def _shown(channel: np.ndarray, place: int, masks: list[tuple[int, ...]]) -> np.ndarray:
    """p(word | c, mask) [configuration, mask, 3]: the digit, or 2 where the mask hides it."""
    table = np.zeros((len(channel), len(masks), 3))
    for index, hidden in enumerate(masks):
        if place in hidden:
            table[:, index, 2] = 1
        else:
            table[:, index, :2] = channel
    return table


def _hidden(channel: np.ndarray, masks: list[tuple[int, ...]]) -> np.ndarray:
    """p(y | c, mask) [configuration, mask, token], the first hidden digit leading."""
    tables = []
    for hidden in masks:
        table = np.ones((len(channel), 1))
        for place in hidden:
            table = (table[:, :, None] * channel[:, None, place]).reshape(len(channel), -1)
        tables.append(table)
    return np.stack(tables, 1)
