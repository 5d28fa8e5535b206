"""Ways in which a user may write one function: MAKERS[way](choice) does something else for 0 and 1.

As a program it prints the fingerprints of all of them.
"""

import collections
import dataclasses
import functools
import json
import operator
import types

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from beartype import beartype
from flax import nnx
from jaxtyping import jaxtyped

import estimators as es
from estimators.training.fingerprint import fingerprint


def plain(shift):
    def batch(key, number, sampler):
        return key, (number + shift) % 16

    return batch


def written(source, choice, **names):
    """`made` of a source in which CHOICE is replaced: what an edit between two runs is."""
    namespace = {"__name__": "edited", "nnx": nnx, "nn": nn, "jax": jax, "jnp": jnp} | names
    exec(source.replace("CHOICE", str(choice)), namespace)
    return namespace["made"]


ACTIVATIONS = ("jax.nn.relu", "jax.nn.tanh")
OF_NNX = """
class made(nnx.Module):
    def __init__(self, rngs):
        self.layer = nnx.Linear(3, 2, rngs=rngs)
        self.unembedding = nnx.Param(jnp.ones((4, 2)))

    def __call__(self, context):
        return CHOICE(self.layer(context.astype(float)))
"""
OF_LINEN = """
class made(nn.Module):
    @nn.compact
    def __call__(self, context):
        return CHOICE(nn.Dense(2)(context))
"""
INHERITING = OF_NNX.replace("made(", "base(") + "\nclass made(base):\n    pass\n"
WITH_HELPER = """
TABLE = (1, CHOICE)

def helper(number):
    return number + TABLE[1]

def made(key, number, sampler):
    return key, [helper(each) for each in range(number)]
"""
WITH_SET = """
def made(key, number, mode="finite"):
    return key if mode in {"finite", "fresh", "whole", "CHOICE"} else number
"""
RECURSIVE = """
def outer():
    def made(number):
        return CHOICE if number == 0 else made(number - 1)
    return made

made = outer()
"""
JITTED_METHOD = """
class made:
    __call__ = jax.jit(lambda self, number: number + CHOICE)
"""


class Shifted:
    """A callable object."""

    def __init__(self, shift):
        self.shift = shift

    def __call__(self, key, number, sampler):
        return key, number + self.shift

    def draw(self, key, number, sampler):
        return self(key, number, sampler)

    @functools.cached_property
    def twice(self):
        return 2 * self.shift


class Slotted:
    """A callable object without a dictionary."""

    __slots__ = ("shift",)

    def __init__(self, shift):
        self.shift = shift

    def __call__(self, key):
        return key + self.shift


@dataclasses.dataclass(frozen=True)
class Fields:
    """A dataclass, whose fields say what it is."""

    shift: int
    found: dict = dataclasses.field(default_factory=dict, compare=False)

    def __call__(self, key):
        return key + self.shift


def with_fingerprint(choice):
    """An object that nothing can be read of, but that says what it is."""
    found = Shifted(open)  # any content
    found.stream = (number for number in range(3))
    found.fingerprint = f"version {choice}"
    return found


def holding_itself(choice):
    content = [choice]
    content.append(content)
    return lambda: content


def unfilled(choice):
    def made():
        return later, choice

    if choice > 1:
        later = choice
    return made


def in_module(choice):
    """A function that calls another by the name of its module."""
    helpers = types.ModuleType("helpers_of_mine")
    helpers.__file__ = "helpers_of_mine.py"
    helpers.shift = plain(choice)
    return written("def made(key):\n    return helpers.shift(key, 1, None)", 0, helpers=helpers)


MAKERS = {
    "plain function": plain,
    "default": lambda choice: written("def made(key, shift=CHOICE):\n    return key", choice),
    "partial": lambda choice: functools.partial(plain(0), sampler=choice),
    "partial of another function": lambda choice: functools.partial(plain(choice), sampler=0),
    "jitted": lambda choice: jax.jit(plain(choice), static_argnums=1),
    "partial of a jitted function": lambda choice: functools.partial(jax.jit(plain(choice)), 0),
    "jitted method": lambda choice: jax.jit(Shifted(choice).draw),
    "vmapped": lambda choice: jax.vmap(plain(0), in_axes=choice),
    "remembered": lambda choice: functools.lru_cache(plain(choice)),
    "custom rule": lambda choice: jax.custom_jvp(plain(choice)),
    "bound method": lambda choice: Shifted(choice).draw,
    "callable object": Shifted,
    "partial of an object": lambda choice: functools.partial(Shifted(choice), 0),
    "object with slots": Slotted,
    "object with a fingerprint": with_fingerprint,
    "dataclass": Fields,
    "nnx class": lambda choice: written(OF_NNX, ACTIVATIONS[choice]),
    "nnx class, inherited": lambda choice: written(INHERITING, ACTIVATIONS[choice]),
    "nnx predictor": lambda choice: es.from_nnx(written(OF_NNX, ACTIVATIONS[choice]), num_words=2),
    "linen module": lambda choice: written(OF_LINEN, ACTIVATIONS[choice])(),
    "class with a jitted method": lambda choice: written(JITTED_METHOD, choice),
    "method of a class": lambda choice: written(JITTED_METHOD, choice)().__call__,
    "helper and global": lambda choice: written(WITH_HELPER, choice),
    "helper in a module": in_module,
    "set in the code": lambda choice: written(WITH_SET, choice),
    "set closed over": lambda choice: functools.partial(plain(0), {"a", "b", "c", choice}),
    "checked annotations": lambda choice: jaxtyped(typechecker=beartype)(
        written("def made(key: int, number: float):\n    return key + CHOICE", choice)
    ),
    "recursive": lambda choice: written(RECURSIVE, choice),
    "holding itself": holding_itself,
    "unfilled cell": unfilled,
    "array": lambda choice: functools.partial(plain(0), np.arange(3) + choice),
    "array of objects": lambda choice: np.array([plain(choice), None], dtype=object),
    "masked array": lambda choice: np.ma.array([1, 2], mask=[choice, 0]),
    "key": lambda choice: functools.partial(plain(0), jax.random.key(choice)),
    "generator": lambda choice: np.random.default_rng(choice),
    "named tuple": lambda choice: es.FiniteSample(choice, 0),
    "ordered dictionary": lambda choice: collections.OrderedDict(a=choice),
    "numbers as names": lambda choice: {("1", 1)[choice]: 0},
    "kind of number": lambda choice: (np.float32(0.5), 0.5)[choice],
    "library": lambda choice: (jax.nn.relu, jax.nn.tanh)[choice],
    "builtin": lambda choice: (len, abs)[choice],
    "ufunc": lambda choice: (np.add, np.multiply)[choice],
    "optax": lambda choice: (optax.adam, optax.lion)[choice],
    "schedule of optax": lambda choice: optax.linear_schedule(1.0, choice, 10),
    "operator": lambda choice: operator.itemgetter(choice),
}

if __name__ == "__main__":
    print(json.dumps({way: [fingerprint(make(c)) for c in (0, 1)] for way, make in MAKERS.items()}))
