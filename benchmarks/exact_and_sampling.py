"""How fast are enumeration and sampling, beside what limits them?

Each ratio is measured within one run, so that it means the same on any machine. Run it with
`make bench`; it prints a table and changes nothing.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import jax
import jax.numpy as jnp
import numpy as np

import latentgen as lg
from benchmarks.timing import best_seconds, once
from experiments.provenance import peak_memory

MOST_SECONDS, MOST_GIB = 10, 2
NUM_CONCEPTS, NUM_CONTEXTS, NUM_WORDS = 20, 1000, 20


def sampling() -> None:
    """Draws per second as a share of the rate of raw random words, one word a variable."""
    graph = lg.random_dag(jax.random.key(1), 20, 30)
    tables = lg.bernoulli_concept_tables(jax.random.key(2), graph)
    coin = [[0.9, 0.1], [0.2, 0.8]]
    saturated = lg.worlds.named("paper-er1-m4")
    sparse = lg.ConceptModel.from_graph(
        graph, (2,) * 20, tables, [((k,), coin) for k in range(10)], ((0,), coin)
    )
    for name, model in {"16 configurations, 12 words": saturated, "20 nodes": sparse}.items():
        world, num_samples = lg.sampler(model), 100_000
        key = jax.random.key(0)
        num_words = len(world.prior) + 1 + world.context_length
        draw = jax.jit(lambda key, world=world, n=num_samples: world.draw(key, n))
        raw = jax.jit(
            lambda key, n=num_words, m=num_samples: jax.random.bits(key, (n, m), jnp.uint32).sum()
        )
        gumbel = jax.jit(
            lambda key, n=num_words, m=num_samples: jax.random.categorical(
                key, jnp.zeros((n, 1, 2)), shape=(n, m)
            )
        )
        drawn, limit, naive = (best_seconds(partial(f, key)) for f in (draw, raw, gumbel))
        print(
            f"sampling 100,000 × ({name}): {drawn * 1e3:.1f} ms, {limit / drawn:.2f} of the raw "
            f"random-number rate, {naive / drawn:.1f}× as fast as categorical draws of two outcomes"
        )


def enumeration() -> None:
    """2^20 configurations × 1,000 contexts: seconds and peak memory, each in a new process.

    What a process held at most never falls, so that a process counts one function only; and it
    starts at what its parent held, so that this comes before all else.
    """
    for function in ("log_predictive", "log_concept_posterior"):
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            elapsed, peak = pool.submit(enumerated, function).result()
        met = "met" if elapsed <= MOST_SECONDS and peak <= MOST_GIB else "missed"
        print(
            f"{function}, 2^{NUM_CONCEPTS} configurations × {NUM_CONTEXTS} contexts of {NUM_WORDS} "
            f"words: {elapsed:.1f} s, peak memory {peak:.2f} GiB (aim {MOST_SECONDS} s, "
            f"{MOST_GIB} GiB: {met})"
        )


def enumerated(function: str) -> tuple[float, float]:
    """Seconds and GiB of one function on a world of saturated tables; NaN where unknown."""
    generator = np.random.default_rng(0)
    space = lg.ConceptSpace((2,) * NUM_CONCEPTS)
    size = space.num_configurations
    model = lg.ConceptModel.from_tables(
        space,
        generator.dirichlet(np.ones(size)),
        generator.dirichlet(np.ones(8), size),
        generator.dirichlet(np.ones(8), size),
    )
    context = np.asarray(lg.sample(jax.random.key(3), model, NUM_CONTEXTS, NUM_WORDS).context)
    concept = (3,) if function == "log_concept_posterior" else ()
    elapsed = once(lambda: getattr(lg, function)(model, context, *concept))
    peak = peak_memory()
    return elapsed, np.nan if peak is None else peak / 2**10


if __name__ == "__main__":
    print(f"Python {sys.version.split()[0]}, JAX {jax.__version__}, {jax.devices()[0].device_kind}")
    enumeration()
    sampling()
