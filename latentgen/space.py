"""Which concepts are there, and how are their joint values numbered?"""

import math
import operator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


@dataclass(frozen=True)
class ConceptSpace:
    """The product space of discrete concepts c = (c_1 … c_m), ℓ = ∏ n_k configurations.

    A configuration is numbered row-major over the concepts, the last concept fastest.
    Raises ValueError for an empty tuple and for a cardinality below 2.
    """

    cardinalities: tuple[int, ...]

    def __post_init__(self) -> None:
        try:
            cardinalities = tuple(operator.index(n) for n in self.cardinalities)
        except TypeError:
            raise ValueError(
                f"cardinalities must be a sequence of integers; got {self.cardinalities}"
            ) from None
        if not cardinalities:
            raise ValueError("a concept space needs at least one concept; got none")
        for concept, cardinality in enumerate(cardinalities):
            if cardinality < 2:
                raise ValueError(
                    f"every concept needs a cardinality of at least 2; concept {concept} has "
                    f"{cardinality}: drop the concept, a constant carries no information"
                )
        object.__setattr__(self, "cardinalities", cardinalities)

    @property
    def num_concepts(self) -> int:
        """m, the number of concepts."""
        return len(self.cardinalities)

    @cached_property
    def num_configurations(self) -> int:
        """ℓ = ∏ n_k, as a Python integer (it may exceed 64 bits)."""
        return math.prod(self.cardinalities)

    @cached_property
    def strides(self) -> tuple[int, ...]:
        """By how much the configuration's number grows when a concept's value grows by one."""
        return tuple(
            math.prod(self.cardinalities[concept + 1 :]) for concept in range(self.num_concepts)
        )

    def values(self, configuration: Any) -> Any:
        """Concept values [..., concept] of configuration numbers [...], in NumPy or JAX.

        value_k = ⌊configuration / stride_k⌋ mod n_k. Raises ValueError for a number outside
        0 … ℓ−1 (not checked on JAX arrays), and for a JAX array when its integers cannot number
        all configurations.
        """
        configuration = _integers(configuration, "configuration")
        if isinstance(configuration, np.ndarray):
            _check_range(configuration, self.num_configurations, "configuration")
        dtype = self._number_dtype(configuration)
        strides = np.array(self.strides, dtype)
        values = (configuration.astype(dtype)[..., None] // strides) % np.array(self.cardinalities)
        return values.astype(np.int64) if dtype.hasobject else values

    def configuration(self, values: Any) -> Any:
        """Configuration numbers [...] of concept values [..., concept], in NumPy or JAX.

        configuration = Σ_k value_k · stride_k, as Python integers above 2^63 configurations.
        Raises ValueError for a value outside 0 … n_k−1 (not checked on JAX arrays), for a wrong
        number of concepts, and for a JAX array when its integers cannot number all configurations.
        """
        values = _integers(values, "values")
        if values.shape[-1:] != (self.num_concepts,):
            raise ValueError(
                f"values must end in an axis of {self.num_concepts} concepts; "
                f"got shape {values.shape}"
            )
        if isinstance(values, np.ndarray):
            for concept, cardinality in enumerate(self.cardinalities):
                _check_range(values[..., concept], cardinality, f"value of concept {concept}")
        dtype = self._number_dtype(values)
        return (values.astype(dtype) * np.array(self.strides, dtype)).sum(-1)

    def _number_dtype(self, array: Any) -> np.dtype[Any]:
        """What holds the number of every configuration, in the library that the array is of."""
        if isinstance(array, np.ndarray):
            return np.dtype(np.int64 if self.num_configurations <= 2**63 else object)
        dtype = np.dtype(jnp.result_type(int))
        if self.num_configurations - 1 > jnp.iinfo(dtype).max:
            raise ValueError(
                f"this space has {self.num_configurations} configurations, more than {dtype} of "
                "JAX can number: convert the array by np.asarray first"
            )
        return dtype

    def check_concept(self, concept: int) -> int:
        """The concept's number, or a ValueError when there is no such concept."""
        try:
            concept = operator.index(concept)
        except TypeError:
            raise ValueError(f"a concept is named by its number; got {concept!r}") from None
        if not 0 <= concept < self.num_concepts:
            raise ValueError(
                f"concepts are numbered 0 … {self.num_concepts - 1}; there is no concept {concept}"
            )
        return concept


def _integers(array: Any, name: str) -> Any:
    if not isinstance(array, jax.Array):
        array = np.asarray(array)
    if not (np.issubdtype(array.dtype, np.integer) or _holds_python_integers(array)):
        raise ValueError(f"{name} must be integers; got dtype {array.dtype}")
    return array


def _holds_python_integers(array: Any) -> bool:
    return array.dtype == object and all(isinstance(number, int) for number in array.flat)


def _check_range(array: np.ndarray, bound: int, name: str) -> None:
    outside = (array < 0) | (array >= bound)
    if outside.any():
        raise ValueError(f"a {name} must lie in 0 … {bound - 1}; got {array[outside].flat[0]}")
