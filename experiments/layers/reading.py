"""Where is a transformer read, and at which prefixes?"""

from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Float
from scipy.special import log_softmax

import estimators as es
from experiments.layers.worlds import Sequences

LEAST_POOLED = 16  # distinct prefixes of a number of words, to be read by one map for all
BELIEF_DIGITS = 9  # p(c|x) that agree so far are the same belief
FINAL = "final"  # the representation f; before it layer_0 (the words), layer_1, …


class View(NamedTuple):
    """Distinct prefixes as rows.

    context: which shows it; prefix: how many words; weight: p(prefix), of all rows 1; belief: a
    number for every distinct p(c|prefix), by which rows are held out.
    """

    context: np.ndarray
    prefix: np.ndarray
    weight: np.ndarray
    belief: np.ndarray

    def of(self, array: Float[np.ndarray, "context prefix column"]) -> np.ndarray:
        """The rows [row, column] of an array over contexts and prefixes."""
        return array[self.context, self.prefix]


class Read(NamedTuple):
    """A network at one checkpoint.

    sites: name -> [context, prefix, dim], layer_0 … and final; log_predicted: log p̂ of the next
    word [context, prefix, token], nats.
    """

    sites: dict[str, np.ndarray]
    log_predicted: np.ndarray


def at_prefix(sequences: Sequences, prefix: int) -> View:
    """Every distinct prefix of some number of words once, with its probability."""
    _, first, row = np.unique(sequences.group[:, prefix], return_index=True, return_inverse=True)
    weight = np.bincount(row.reshape(-1), sequences.weight)
    return _view(sequences, first, np.full(len(first), prefix), weight)


def last_prefix(sequences: Sequences) -> View:
    """All that is read before the last next word."""
    return at_prefix(sequences, sequences.num_prefixes - 1)


def all_prefixes(sequences: Sequences, least_contexts: int = LEAST_POOLED) -> View:
    """Every distinct prefix of every number of words with so many of them; all weigh the same.

    A held-out prefix of fewer words would leave its position unseen in training.
    """
    views = [at_prefix(sequences, prefix) for prefix in range(sequences.num_prefixes)]
    views = [view for view in views if len(view.weight) >= least_contexts]
    context, prefix, weight, _ = (np.concatenate(parts) for parts in zip(*views, strict=True))
    return _view(sequences, context, prefix, weight / len(views))


def raw_input(sequences: Sequences) -> Float[np.ndarray, "context prefix column"]:
    """One column for each word and how long ago it was read: 1 where it was.

    At one prefix these are the position-wise one-hots. Over prefixes they are aligned at the end,
    where recent words stand, so that one map for all prefixes can weigh them alike.
    """
    context, length = sequences.context, sequences.context.shape[1]
    num_words = int(context.max()) + 1
    columns = np.zeros((len(context), length + 1, length, num_words))
    for prefix in range(1, length + 1):
        columns[:, prefix, :prefix] = np.eye(num_words)[context[:, :prefix][:, ::-1]]
    return columns.reshape(len(context), length + 1, -1)


def read_sites(predictor: es.Transformer, params: Any, sequences: Sequences) -> Read:
    """All sites and predictions of a transformer with these parameters, for every prefix."""
    context = sequences.context.astype(np.int32)
    streams, representation, unembedding = map(np.asarray, _streams(predictor, params, context))
    sites = {f"layer_{layer}": stream for layer, stream in enumerate(streams)}
    logits = representation.astype(np.float64) @ unembedding.astype(np.float64).T
    return Read(sites | {FINAL: representation}, log_softmax(logits, axis=-1))


def _view(
    sequences: Sequences, context: np.ndarray, prefix: np.ndarray, weight: np.ndarray
) -> View:
    told = np.exp(sequences.log_belief[context, prefix]).round(BELIEF_DIGITS)
    _, belief = np.unique(told, axis=0, return_inverse=True)
    return View(context, prefix, weight, belief.reshape(-1))


@partial(jax.jit, static_argnums=0)
def _streams(predictor: es.Transformer, params: Any, context: Any) -> tuple[Any, ...]:
    trace = predictor.trace(params, context)
    return trace.residual_stream, trace.representation, predictor.unembedding(params)
