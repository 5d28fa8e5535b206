"""How is a sample kept in a file, and handed to others?"""

import importlib
import os
from typing import Any, NamedTuple

import numpy as np
from jax.core import Tracer

from latentgen.archives import read_archive, write_archive
from latentgen.exact import log_concept_posterior, log_posterior, log_predictive
from latentgen.model import ConceptModel
from latentgen.space import ConceptSpace

FORMAT = "latentgen.Sample"
VERSION = 1


class Sample(NamedTuple):
    """Draws from a world, as integers.

    values [sample, concept]; context [sample, position]; token [sample].
    """

    values: Any
    context: Any
    token: Any

    def configuration(self, space: ConceptSpace) -> Any:
        """The configuration numbers [sample], in NumPy unless the values are traced.

        On the host, as they may not fit the 32-bit integers of JAX.
        """
        traced = isinstance(self.values, Tracer)
        return space.configuration(self.values if traced else np.asarray(self.values))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the draws to one .npz file, which `lg.load_sample` or `np.load` reads.

        It holds a JSON header (versioned) and the arrays values, context and token. It is written
        aside and renamed, so that it is never half there.
        """
        arrays = {name: np.asarray(array) for name, array in self._asdict().items()}
        _check(arrays)
        write_archive(path, FORMAT, VERSION, {}, arrays)

    def to_pandas(self, model: ConceptModel | None = None) -> Any:
        """A pandas DataFrame with a row a draw: concept_k, word_i, token.

        With the model also its exact answers for the row's context, in nats: log_posterior_c
        (log p(c|x), configurations row-major), log_predictive_y (log p(y|x)) and
        log_concept_posterior_k_v (log p(c_k = v|x)). Contexts may be shorter than the model's, as
        `lg.sample` draws them with context_length. Raises ImportError with the remedy without
        pandas, and ValueError for draws that this model cannot give: another number of concepts,
        values, words or tokens outside its ranges, more words than it has, or a context of
        probability zero.
        """
        try:
            pandas = importlib.import_module("pandas")
        except ImportError as error:
            raise ImportError(
                "to_pandas needs pandas, which is not installed: pip install pandas, or use "
                "Sample.save and np.load"
            ) from error
        arrays = {name: np.asarray(array) for name, array in self._asdict().items()}
        values, context = arrays["values"], arrays["context"]
        if model is not None:
            _check(arrays)
            _check_drawn_from(model, **arrays)
        columns = {f"concept_{k}": values[:, k] for k in range(values.shape[1])}
        columns |= {f"word_{i}": context[:, i] for i in range(context.shape[1])}
        columns["token"] = arrays["token"]
        return pandas.DataFrame(columns | ({} if model is None else _exact(model, context)))


def load_sample(path: str | os.PathLike[str]) -> Sample:
    """The draws that `Sample.save` wrote, bit for bit, as NumPy arrays.

    Raises ValueError for a file that is damaged, is something else or has a newer version.
    """
    _, arrays = read_archive(path, FORMAT, VERSION, "a sample saved by Sample.save")
    try:
        _check(arrays)
        return Sample(**arrays)
    except Exception as error:
        raise ValueError(f"{path} is damaged: {error}") from None


def _check(arrays: dict[str, np.ndarray]) -> None:
    for name, num_axes in (("values", 2), ("context", 2), ("token", 1)):
        array = arrays[name]
        if array.dtype.kind not in "iu" or array.ndim != num_axes:
            raise ValueError(
                f"{name} must be integers with {num_axes} axes; got {array.dtype} of shape "
                f"{array.shape}: give what lg.sample drew"
            )
        if len(array) != len(arrays["token"]):
            raise ValueError(
                f"{name} has {len(array)} samples and token has {len(arrays['token'])}: keep the "
                "same samples of all three"
            )


def _check_drawn_from(
    model: ConceptModel, values: np.ndarray, context: np.ndarray, token: np.ndarray
) -> None:
    remedy = "give the model that it was drawn from"
    num_concepts = model.space.num_concepts
    if values.shape[1] != num_concepts:
        raise ValueError(
            f"the model has {num_concepts} concepts and the sample has {values.shape[1]}: {remedy}"
        )
    try:
        model.check_context(context)
        num_tokens = model.num_tokens(context.shape[1])
    except ValueError as error:
        raise ValueError(f"{error}: {remedy}") from None
    ranges = [
        (f"values of concept {concept}", values[:, concept], cardinality)
        for concept, cardinality in enumerate(model.space.cardinalities)
    ]
    for name, column, size in [*ranges, ("tokens", token, num_tokens)]:
        outside = np.flatnonzero((column < 0) | (column >= size))
        if outside.size:
            row = outside[0]
            raise ValueError(
                f"{name} lie in 0 … {size - 1} in this model; row {row} of the sample has "
                f"{column[row]}: {remedy}"
            )


def _exact(model: ConceptModel, context: np.ndarray) -> dict[str, np.ndarray]:
    """The model's answers for every row's context, each context asked once."""
    distinct, row = np.unique(context, axis=0, return_inverse=True)
    row = row.reshape(-1)
    answers = {
        "log_posterior": log_posterior(model, distinct),
        "log_predictive": log_predictive(model, distinct),
    }
    for concept in range(model.space.num_concepts):
        answer = log_concept_posterior(model, distinct, concept)
        answers[f"log_concept_posterior_{concept}"] = answer
    return {
        f"{name}_{column}": answer[row, column]
        for name, answer in answers.items()
        for column in range(answer.shape[1])
    }
