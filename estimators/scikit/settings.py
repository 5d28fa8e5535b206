"""Are the settings of a predictor of the kinds that can be compared and counted with?"""

from numbers import Integral, Real
from typing import Any

KINDS: dict[str, tuple[type, str]] = {
    "num_tokens": (Integral, "a whole number, at least 1"),
    "num_words": (Integral, "a whole number, at least 1"),
    "dim": (Integral, "a whole number, at least 1"),
    "options": (dict, 'a dictionary, such as {"hidden": (128,)}'),
    "num_steps": (Integral, "a whole number, at least 1"),
    "batch_size": (Integral, "a whole number, at least 1"),
    "learning_rate": (Real, "a positive number"),
    "warmup_steps": (Integral, "a whole number, at least 0"),
    "gradient_clip": (Real, "a positive number"),
}
MAY_BE_NONE = ("num_tokens", "num_words", "dim", "options", "gradient_clip")


def check_kinds(params: dict[str, Any]) -> None:
    """Raise ValueError for a setting of another kind; ranges are checked where they are used."""
    for name, (kind, wanted) in KINDS.items():
        value = params[name]
        if isinstance(value, kind) or (value is None and name in MAY_BE_NONE):
            continue
        or_none = ", or None" if name in MAY_BE_NONE else ""
        raise ValueError(
            f"{name} must be {wanted}{or_none}; got {value!r}: set it by set_params({name}=...)"
        )
