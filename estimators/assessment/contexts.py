"""Which rows are the same context?"""

from typing import Any

import numpy as np

from estimators.assessment.arrays import as_numpy
from estimators.instruments.folds import DECIMALS, checked_groups

SAME_BELIEF = 1e-4  # largest difference of p(c|x) between rows of one context


def distinct_contexts(
    groups: Any, raw_input: np.ndarray | None, log_posterior: np.ndarray, num_bytes: int = 8
) -> tuple[np.ndarray, str]:
    """The number of each row's context [row], in the order they come in, and how it was known.

    By groups where given. Else rows of equal words are one context, where integer words
    raw_input [row, position] are given; and where those do not settle p(c|x), or are not given,
    rows of equal p(c|x), to the digits that num_bytes a number leave. Holding out together
    contexts that only happen to agree in p(c|x) makes a score stricter; holding out one context
    apart from itself would let it be looked up. Raises ValueError for groups that do not name
    every row, or cannot be sorted.
    """
    num_rows = len(log_posterior)
    if groups is not None:
        labels = as_numpy(groups, "groups") if hasattr(groups, "detach") else groups
        return _numbered(_sortable(checked_groups(labels, num_rows))), "groups"
    belief = np.exp(log_posterior)
    rounded = np.round(belief, DECIMALS.get(num_bytes, DECIMALS[8]))
    if raw_input is None or raw_input.dtype.kind == "f" or raw_input.shape[1] == 0:
        return _numbered(rounded), "p(c∣x)"
    context = _numbered(raw_input)
    _, first = np.unique(context, return_index=True)
    if np.abs(belief - belief[first][context]).max(initial=0.0) <= SAME_BELIEF:
        return context, "the raw input"
    together = np.concatenate([context[:, None], rounded], 1)
    return _numbered(together), "the raw input and p(c∣x)"


def _numbered(labels: np.ndarray) -> np.ndarray:
    """0, 1, … for labels [row] or [row, column], in the order in which they come."""
    axis = None if labels.ndim == 1 else 0
    _, first, inverse = np.unique(labels, axis=axis, return_index=True, return_inverse=True)
    order = np.empty(len(first), int)
    order[np.argsort(first)] = np.arange(len(first))
    return order[inverse.reshape(-1)]


def _sortable(labels: np.ndarray) -> np.ndarray:
    try:
        np.sort(labels)
    except TypeError as error:
        raise ValueError(
            f"groups must be labels that can be sorted; got {labels.dtype} with mixed kinds: name "
            "all contexts by numbers, or all by text"
        ) from error
    return labels
