"""How does a network written in flax.nnx become a predictor?"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, Int

from estimators.predictors.checks import check_sizes

_OWNER = "a predictor from nnx"
TABLES = {nnx.Linear: "kernel[...].T", nnx.Embed: "embedding[...]"}  # [token, dim] of a layer


@dataclass(frozen=True)
class NNXPredictor:
    """A predictor whose parameters are those of an nnx module; made by `from_nnx`."""

    build: Callable[[nnx.Rngs], nnx.Module]
    num_words: int
    num_tokens: int
    dim: int
    graph: Any = field(compare=False, repr=False)
    """The module without its parameters; the same whenever build is."""

    def init(self, key: Any) -> Any:
        """The parameters of build(Rngs(key)) as nested dictionaries."""
        return nnx.to_pure_dict(nnx.split(self.build(nnx.Rngs(key)))[1])

    def represent(
        self, params: Any, context: Int[Array, "sample position"]
    ) -> Float[Array, "sample dim"]:
        """module(context) [sample, dim]. Raises ValueError when it has another shape."""
        representation = self._module(params)(context)
        return _checked(representation, (len(context), self.dim), "module(context)")

    def represent_prefixes(
        self, params: Any, context: Int[Array, "sample position"]
    ) -> Float[Array, "sample prefix dim"]:
        """module.prefixes(context) [sample, position + 1, dim].

        Raises TypeError when the module has no such method, and ValueError when it returns another
        shape.
        """
        module = self._module(params)
        if not hasattr(module, "prefixes"):
            raise TypeError(
                "representing prefixes asks for a method prefixes(context) -> [sample, position + "
                f"1, dim], whose prefix t has read the first t words; {type(module).__name__} has "
                "none: add it, or represent the prefixes context[:, :t] one by one"
            )
        shape = (len(context), context.shape[1] + 1, self.dim)
        return _checked(module.prefixes(context), shape, "module.prefixes(context)")

    def unembedding(self, params: Any) -> Float[Array, "token dim"]:
        """module.unembedding [token, dim]."""
        return _array(self._module(params).unembedding)

    def _module(self, params: Any) -> Any:
        return nnx.merge(self.graph, params)


def from_nnx(build: Callable[[nnx.Rngs], nnx.Module], num_words: int) -> NNXPredictor:
    """A predictor from a function that builds a network of flax.nnx.

    build(rngs) returns a module with module(context) -> [sample, dim], context [sample, position]
    being words 0 … num_words − 1, and an attribute or property `unembedding` [token, dim], which
    gives the numbers of tokens and dimensions. A method prefixes(context) -> [sample, position +
    1, dim] is needed only to represent prefixes. All state must be nnx.Param: what training does
    not change belongs into build itself. build is called once here, with seed 0. Two predictors
    are equal when their build is the same object, so pass a function or class of a module rather
    than a fresh lambda; each new one compiles again. Raises ValueError for a module with other
    state or without an unembedding of two axes, and TypeError for a module in place of build and
    for a build that returns none.
    """
    check_sizes(_OWNER, num_words=num_words)
    module = _built(build)
    name = type(module).__name__
    graph, _, others = nnx.split(module, nnx.Param, ...)
    for path, leaf in nnx.to_flat_state(others):
        raise ValueError(
            f"all state of {_OWNER} must be nnx.Param; {name} holds {type(leaf).__name__} at "
            f"{'.'.join(map(str, path))}: leave out dropout, batch statistics and generators, "
            "and let a property return what is constant"
        )
    return NNXPredictor(build, num_words, *_unembedding_shape(module), graph=graph)


def _built(build: Any) -> nnx.Module:
    """What build(rngs) returns; TypeError when it, or build itself, is not what it should be."""
    if isinstance(build, nnx.Module):
        raise TypeError(
            f"{_OWNER} is given what builds a module, so that every seed starts anew; got a module "
            f"that is built, of class {type(build).__name__}: give the class itself, or a function "
            "of rngs that returns such a module"
        )
    module = build(nnx.Rngs(0))
    if not isinstance(module, nnx.Module):
        raise TypeError(
            f"{_OWNER} is given a function or class whose build(rngs) is an nnx.Module; it is a "
            f"{type(module).__name__}: return the module"
        )
    return module


def _unembedding_shape(module: nnx.Module) -> tuple[int, int]:
    """(token, dim) of module.unembedding; ValueError when it is no array of two axes."""
    unembedding = getattr(module, "unembedding", None)
    remedy = "add an nnx.Param of that shape"
    if unembedding is None:
        found = "none"
    elif isinstance(unembedding, nnx.Variable | jax.Array | np.ndarray):
        shape = jnp.shape(_array(unembedding))
        if len(shape) == 2:
            return shape
        found = f"one of shape {shape}"
    else:
        found = f"one of class {type(unembedding).__name__}, no array"
        table = next((text for kind, text in TABLES.items() if isinstance(unembedding, kind)), "")
        if table:
            remedy = (
                "call that layer otherwise, say readout, and let a property unembedding return "
                f"self.readout.{table}; f·g has no bias"
            )
    raise ValueError(
        f"{_OWNER} needs an attribute unembedding [token, dim]; {type(module).__name__} has "
        f"{found}: {remedy}"
    )


def _array(value: Any) -> Array:
    return jnp.asarray(value[...] if isinstance(value, nnx.Variable) else value)


def _checked(found: Array, shape: tuple[int, ...], what: str) -> Array:
    if jnp.shape(found) != shape:
        raise ValueError(
            f"{what} must have shape {shape}, the last axis as in the unembedding; got "
            f"{jnp.shape(found)}: change what the module returns"
        )
    return found
