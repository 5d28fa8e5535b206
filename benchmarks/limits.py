"""How near do training and exact inference come to the machine's limits, and how do costs grow?

The rate of matrix products is measured in the same process, on one large square product and on
products of the shapes that training has. Exponents are slopes of log seconds on log size, with a
95% interval over repeated runs; below the size where the work itself dominates they are small.
What sampling leaves of the raw random-number rate is in exact_and_sampling.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import estimators as es
import latentgen as lg
from benchmarks.timing import (
    Row,
    best_seconds,
    growth,
    machine,
    markdown_wanted,
    tell,
    told,
    verdict,
)

WIDTH, BATCH_SIZE, SQUARE = 512, 1024, 2048
NUM_STEPS = 20
REPEATS = 4
HALF = 0.5  # of the rate of the large product


def uniform_batch(key: Any, num_samples: int, sampler: Any) -> tuple[Any, Any]:
    """Uniform words and tokens, one random number a sample: what they say costs nothing here.

    sampler: contexts [row, position] to take from.
    """
    row = jax.random.randint(key, (num_samples,), 0, len(sampler))
    context = jnp.asarray(sampler)[row]
    return context, context[:, 0]


def training(config: es.TrainConfig, context_length: int, num_seeds: int) -> Callable[[], Any]:
    """Training from the start to the end, every seed on contexts of its own."""
    generator = np.random.default_rng(0)
    num_words = config.predictor.num_words
    shape = (num_seeds, 1024, context_length)
    pool = generator.integers(num_words, size=shape).astype(np.int32)
    keys = jax.random.split(jax.random.key(0), num_seeds)
    return lambda: es.train(config, keys, uniform_batch, pool).params


def products(config: es.TrainConfig) -> list[tuple[int, int, int]]:
    """(rows, inputs, outputs) of the products that an MLP makes of a batch of binary words."""
    mlp: Any = config.predictor
    sizes = (mlp.context_length, *mlp.hidden, mlp.dim, mlp.num_tokens)
    return [(config.batch_size, *pair) for pair in pairwise(sizes)]


def operations(config: es.TrainConfig) -> int:
    """Multiplications and additions a step: 6 · batch · parameters of products.

    A product is made forward, for the gradient of its input and for that of its kernel; the first
    layer's input needs none.
    """
    forward = [2 * rows * inputs * outputs for rows, inputs, outputs in products(config)]
    return 3 * sum(forward) - forward[0]


def product_rate(shapes: list[tuple[int, int, int]]) -> float:
    """Operations a second of one compiled product of each shape after another."""
    generator = np.random.default_rng(0)
    pairs = [
        tuple(jnp.asarray(generator.normal(size=size), jnp.float32) for size in ((n, k), (k, m)))
        for n, k, m in shapes
    ]

    @jax.jit
    def multiply(pairs: Any) -> list[Any]:
        return [a @ b for a, b in pairs]

    return sum(2 * n * k * m for n, k, m in shapes) / best_seconds(partial(multiply, pairs))


def of_product_rate() -> Iterator[Row]:
    """Training at width 512 as a share of the rate of products; the others' share is Adam etc."""
    hidden = (WIDTH, WIDTH)
    mlp = es.MLP(context_length=12, num_tokens=WIDTH, dim=WIDTH, hidden=hidden, num_words=2)
    config = es.TrainConfig(mlp, NUM_STEPS, BATCH_SIZE)
    num_seeds = es.resolve(config).width or 1  # as many as run at once
    seconds = best_seconds(training(config, 12, num_seeds), repeats=3)
    rate = num_seeds * NUM_STEPS * operations(config) / seconds
    square = product_rate([(SQUARE, SQUARE, SQUARE)])
    n, k, m = products(config)[1]
    # the three products of one layer: forward, for its input and for its kernel
    alike = product_rate([(n, k, m), (n, m, k), (k, n, m)])
    what = f"training an MLP of width {WIDTH}, batch {BATCH_SIZE}, {num_seeds} seeds at once"
    told_rate = f"{rate / 1e9:.0f} GFLOP/s"
    beside = f"one product of {SQUARE}², {square / 1e9:.0f} GFLOP/s"
    share = rate / square
    yield Row(what, told_rate, beside, f"{share:.2f}", f"≥ {HALF:g}", verdict(share, HALF))
    beside = f"products of the same shapes, {alike / 1e9:.0f} GFLOP/s"
    yield Row(what, told_rate, beside, f"{rate / alike:.2f}")


def growth_row(what: str, sizes: tuple[int, ...], work: Callable[[int], Callable[[], Any]]) -> Row:
    """The exponent over sizes, and the seconds of the smallest and the largest."""
    found = growth(sizes, work, REPEATS)
    ends = f"{told(found.seconds[0])} … {told(found.seconds[-1])}"
    return Row(what, ends, f"from {sizes[0]:,} to {sizes[-1]:,}", str(found))


def of_seeds(num_seeds: int) -> Callable[[], Any]:
    mlp = es.MLP(context_length=12, num_tokens=16, dim=16)
    return training(es.TrainConfig(mlp, 200, 256), 12, num_seeds)


def of_width(width: int) -> Callable[[], Any]:
    mlp = es.MLP(context_length=12, num_tokens=16, dim=16, hidden=(width, width))
    return training(es.TrainConfig(mlp, NUM_STEPS, 256), 12, 2)


def of_context_length(context_length: int) -> Callable[[], Any]:
    transformer = es.Transformer(num_words=16, num_tokens=16, dim=16, context_length=context_length)
    config = es.TrainConfig(transformer, 3, 32, every_prefix=True)
    return training(config, context_length, 2)


def of_configurations(num_configurations: int) -> Callable[[], Any]:
    generator = np.random.default_rng(0)
    model = lg.ConceptModel.from_tables(
        lg.ConceptSpace((num_configurations,)),
        generator.dirichlet(np.ones(num_configurations)),
        generator.dirichlet(np.ones(8), num_configurations),
        generator.dirichlet(np.ones(8), num_configurations),
    )
    context = generator.integers(8, size=(200, 16))
    return lambda: lg.log_posterior(model, context)


if __name__ == "__main__":
    markdown = markdown_wanted(__doc__)
    rows = list(of_product_rate())
    rows += [
        growth_row("exponent in the number of seeds, MLP", (2, 4, 8, 16), of_seeds),
        growth_row("exponent in the width of an MLP", (128, 256, 512, 1024), of_width),
        growth_row("exponent in T, transformer", (16, 32, 64, 128), of_context_length),
        growth_row(
            "exponent in ℓ, exact posterior", (2**8, 2**10, 2**12, 2**14), of_configurations
        ),
    ]
    tell(f"Limits. {machine()}", rows, markdown)
