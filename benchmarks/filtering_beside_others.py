"""How fast are beliefs filtered in a hidden Markov world, beside hmmlearn and dynamax?

Filtering is one forward pass over every sequence. hmmlearn's public answers look at later words
too, so its own compiled forward pass is called, a sequence at a time as hmmlearn does; dynamax's
filter is mapped over sequences and compiled, in float64. The answers agree to 1e-6 before any time
is told; each side answers in its own form, logarithms or probabilities.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import latentgen as lg
from benchmarks.timing import (
    Row,
    Timing,
    best_of_threads,
    best_seconds,
    installed,
    machine,
    markdown_wanted,
    once,
    ratio_row,
    tell,
    told,
)

NUM_STATES, NUM_WORDS = 8, 16
SIZES = ((1_000, 64), (10, 1_000))  # sequences, steps
AGREEMENT = 1e-6


class Tables:
    """A hidden Markov world as plain arrays, and sequences that it could emit."""

    def __init__(self, num_sequences: int, num_steps: int) -> None:
        generator = np.random.default_rng(0)
        self.initial = generator.dirichlet(np.ones(NUM_STATES))
        self.transition = generator.dirichlet(np.ones(NUM_STATES), NUM_STATES)
        self.emission = generator.dirichlet(np.ones(NUM_WORDS), NUM_STATES)
        self.word = generator.integers(NUM_WORDS, size=(num_sequences, num_steps))


def ours(tables: Tables) -> Callable[[], np.ndarray]:
    """log_filtered_belief after every word [sample, step, state], in logarithms."""
    num_steps = tables.word.shape[1]
    arrays = tables.initial, tables.transition, tables.emission
    model = lg.hidden_markov(*arrays, num_steps=num_steps)
    return lambda: lg.log_filtered_belief(model, tables.word)[:, 1:]


def of_hmmlearn(tables: Tables) -> Callable[[], np.ndarray]:
    """hmmlearn's forward pass with scaling; its rows are the filtered beliefs."""
    forward: Any = import_module("hmmlearn._hmmc").forward_scaling

    def filtered() -> np.ndarray:
        given = tables.emission.T[tables.word]
        passes = (forward(tables.initial, tables.transition, likelihood)[1] for likelihood in given)
        return np.stack(list(passes))

    return filtered


def of_dynamax(tables: Tables) -> Callable[[], np.ndarray]:
    """dynamax's filter, mapped over sequences and compiled, in float64."""
    from dynamax.hidden_markov_model import hmm_filter

    def one(log_likelihood: Any) -> Any:
        return hmm_filter(
            jnp.asarray(tables.initial), jnp.asarray(tables.transition), log_likelihood
        ).filtered_probs

    mapped = jax.jit(jax.vmap(one))
    log_emission = np.log(tables.emission.T)

    def filtered() -> np.ndarray:
        with jax.enable_x64(True):
            return np.asarray(mapped(log_emission[tables.word]))

    return filtered


def rows(num_sequences: int, num_steps: int, peers: dict[str, Any]) -> list[Row]:
    """One size, beside every peer; the floor is asked of the best one."""
    tables = Tables(num_sequences, num_steps)
    work = ours(tables)
    answer = np.exp(work())
    own = best_of_threads(work)
    what = (
        f"filtered belief, {num_sequences:,} sequences × {num_steps:,} steps, {NUM_STATES} states"
    )
    found = {}
    for name, peer in peers.items():
        theirs = peer(tables)
        first = once(theirs)
        gap = float(np.abs(theirs() - answer).max())
        if not gap <= AGREEMENT:
            raise ValueError(f"{name} and log_filtered_belief are {gap:.2g} apart: unequal work")
        if name == "dynamax":  # XLA's threads are not set from here: one per core
            timing = Timing(best_seconds(theirs), "compiled")
            print(f"dynamax, {what}: compiled in {told(first - timing.seconds)}, apart")
        else:
            timing = best_of_threads(theirs)
        print(f"{name}, {what}: the answers are {gap:.0e} apart")
        found[name] = timing
    if not found:
        return [Row(what, told(own.seconds), "–", "–")]
    best = min(found.values())
    table = []
    for name, timing in sorted(found.items(), key=lambda item: item[1]):
        beside, ratio = f"{name} {version(name)}, {timing}", timing.seconds / own.seconds
        row = ratio_row(what, told(own.seconds), beside, ratio, 1)
        table.append(row if timing == best else row._replace(floor="–", met=""))
    return table


if __name__ == "__main__":
    markdown = markdown_wanted(__doc__)
    known = {"hmmlearn": of_hmmlearn, "dynamax": of_dynamax}
    peers = {name: peer for name, peer in known.items() if installed(name)}
    table = [row for size in SIZES for row in rows(*size, peers)]
    tell(f"Filtering. {machine(*peers)}", table, markdown)
