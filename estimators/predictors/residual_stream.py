"""Where can a transformer be read and changed?"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

Kind = Literal["residual_stream", "head_output", "mlp_output"]


class Site(NamedTuple):
    """One place: its kind, and its layer, which counts from 0.

    In the order of computation: the residual stream that enters layer 0 [sample, prefix, width];
    for every layer what each head adds to it [sample, prefix, head, width], what the MLP adds to it
    [sample, prefix, width], and the residual stream that results, whose layer is one more. There
    is thus one stream more than there are layers; the last one is what the predictor reads out.
    """

    kind: Kind
    layer: int


class Trace(NamedTuple):
    """What a transformer computes on the way to f, for every prefix.

    residual_stream [layer + 1, sample, prefix, width], the first one before any layer;
    head_output [layer, sample, prefix, head, width], what each head adds to the stream;
    mlp_output [layer, sample, prefix, width], what the MLP adds to it;
    representation [sample, prefix, dim].
    residual_stream[l + 1] = residual_stream[l] + Σ_head head_output[l] + mlp_output[l], up to
    float32 rounding; nothing else is added.
    """

    residual_stream: Any
    head_output: Any
    mlp_output: Any
    representation: Any


Edit = Callable[[Site, Any], Any]
"""edit(site, value) -> the value to go on with, of one shape; called at every site in order."""


def edited(edit: Edit, site: Site, value: Array) -> Array:
    """edit(site, value), in value's dtype. Raises ValueError when the edit changes the shape."""
    changed = edit(site, value)
    if np.shape(changed) != value.shape:
        raise ValueError(
            f"an edit must keep the shape of what it is given, {value.shape} at {site}; got "
            f"{np.shape(changed)}: return the value itself where nothing is to change"
        )
    return jnp.asarray(changed, value.dtype)


class Recorder:
    """An edit that changes nothing and keeps what passes."""

    def __init__(self) -> None:
        self._seen: dict[Kind, list[Array]] = {}

    def __call__(self, site: Site, value: Any) -> Any:
        """The value itself."""
        self._seen.setdefault(site.kind, []).append(value)
        return value

    def trace(self, representation: Array) -> Trace:
        """All that was seen, layers first, with the representation that came of it."""
        stacked = {kind: jnp.stack(values) for kind, values in self._seen.items()}
        return Trace(**stacked, representation=representation)
