"""Are a predictor's sizes and contexts such as it can work with?"""

from numbers import Integral
from typing import Any


def check_sizes(owner: str, **sizes: Any) -> None:
    """Raise ValueError unless every size is a whole number of at least 1; owner: "a GRU"."""
    for name, size in sizes.items():
        if not isinstance(size, Integral) or size < 1:
            raise ValueError(f"{name} of {owner} must be a whole number, at least 1; got {size}")


def check_context_length(owner: str, context_length: Any) -> None:
    """Raise ValueError unless context_length is a whole number that is not negative."""
    if not isinstance(context_length, Integral) or context_length < 0:
        raise ValueError(
            f"context_length of {owner} must be a whole number and must not be negative; "
            f"got {context_length}"
        )


def check_context(owner: str, context: Any, context_length: int) -> None:
    """Raise ValueError when a context [sample, position] is longer than context_length."""
    if context.shape[1] > context_length:
        raise ValueError(
            f"this {owner} reads contexts of at most {context_length} words; got "
            f"{context.shape[1]}: shorten them, or build it with a longer context_length"
        )
