"""How fast are sampling and exact inference beside pyAgrum, pgmpy and naive categorical draws?

All in one run on one machine. Every contestant is timed with one thread and with two and the
better is taken; peers that take long answer fewer contexts, and the time is scaled per context.
Compilation and planning stand apart. Run it with `make bench`; it prints and changes nothing.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import version
from typing import Any

import jax
import jax.numpy as jnp
import networkx as nx
import numpy as np
import pyagrum

import latentgen as lg
from benchmarks.peers import agrum_net, agrum_seconds, has_pgmpy, pgmpy_net, pgmpy_seconds
from benchmarks.timing import THREADS, Timing, best_seconds, plural, verdict
from latentgen import kernels
from latentgen.contraction_operands import network
from latentgen.contraction_path import plan

NUM_SAMPLES, NUM_NODES = 100_000, 20
NUM_JOINT, NUM_SPARSE = 10_000, 1_000
NUM_PEER, NUM_SLOW = 100, 2  # contexts that pyAgrum and pgmpy answer


def beside(found: float, aim: float) -> str:
    """What was found, and whether it reaches the aim."""
    return f"{found:.3g} (aim ≥ {aim:g}: {verdict(found, aim)})"


def sparse_world(num_concepts: int, reach: int, seed: int) -> lg.ConceptModel:
    """Binary concepts with at most two parents among the `reach` before; word i reads concept i.

    A tenth of the words' rows cannot produce their last word: exact zeros.
    """
    generator = np.random.default_rng(seed)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(num_concepts))
    for child in range(1, num_concepts):
        near = np.arange(max(0, child - reach), child)
        parents = generator.choice(near, min(2, len(near)), replace=False)
        graph.add_edges_from((int(parent), child) for parent in parents)
    tables = [generator.dirichlet([1, 1], (2,) * graph.in_degree(k)) for k in range(num_concepts)]
    words = []
    for concept in range(num_concepts):
        table = generator.dirichlet([1] * 3, 2)
        table[0, 2] *= generator.random() > 0.1
        words.append(((concept,), table / table.sum(-1, keepdims=True)))
    return lg.ConceptModel.from_graph(graph, (2,) * num_concepts, tables, words, words[0])


def contexts(model: lg.ConceptModel, num_contexts: int) -> np.ndarray:
    """Contexts that the world draws, by plain ancestral sampling on the host."""
    generator = np.random.default_rng(0)
    values = np.zeros((num_contexts, model.space.num_concepts), np.int64)

    def drawn(factor: Any, variables: Sequence[int]) -> np.ndarray:
        table = np.exp(factor.log_table)[tuple(values[:, k] for k in variables)]
        return (generator.random((num_contexts, 1)) > table.cumsum(-1)[..., :-1]).sum(-1)

    for factor in model.prior:
        *parents, child = factor.scope
        values[:, child] = drawn(factor, parents)
    return np.stack([drawn(factor, factor.scope) for factor in model.words], 1)


def threaded(work: Callable[[np.ndarray], Any], context: np.ndarray) -> Timing:
    """The best seconds for all contexts, split among threads."""
    timings = []
    for threads in THREADS:
        with ThreadPoolExecutor(threads) as pool:
            parts = np.array_split(context, threads)
            seconds = best_seconds(lambda p=pool, s=parts: list(p.map(work, s)))
            timings.append(Timing(seconds, plural(threads, "thread")))
    return min(timings)


def sampling() -> None:
    """100,000 draws of 20 concepts, without their words."""
    full = sparse_world(NUM_NODES, 5, seed=1)
    model = lg.ConceptModel(full.space, full.prior, (), False, full.token)
    world = lg.sampler(model)
    key = jax.random.key(0)
    draw = jax.jit(lambda key: world.draw(key, NUM_SAMPLES).values)
    start = time.perf_counter()
    jax.block_until_ready(draw(key))
    compile_seconds = time.perf_counter() - start
    ours = best_seconds(partial(draw, key))
    raw = jax.jit(lambda key: jax.random.uniform(key, (NUM_NODES, NUM_SAMPLES), jnp.float32).sum())
    limit = best_seconds(partial(raw, key))
    naive = best_seconds(partial(jax.jit(partial(categorical_draws, model)), key))
    net, timings = agrum_net(model), []
    for threads in THREADS:
        generator = pyagrum.BNDatabaseGenerator(net)
        pyagrum.setNumberOfThreads(threads)
        seconds = best_seconds(lambda g=generator: g.drawSamples(NUM_SAMPLES) and None)
        timings.append(Timing(seconds, plural(threads, "thread")))
    agrum = min(timings)
    print(f"\n(a) sampling {NUM_SAMPLES:,} × {NUM_NODES} nodes: {ours * 1e3:.3g} ms")
    print(f"    compiled in {compile_seconds:.2f} s, apart; pyAgrum {agrum}")
    print(f"    of the raw uniform rate: {beside(limit / ours, 0.6)}")
    print(f"    times as fast as pyAgrum: {beside(agrum.seconds / ours, 20)}")
    print(f"    times as fast as naive jax.random.categorical: {naive / ours:.3g}")
    gain = (agrum.seconds - ours) / NUM_SAMPLES
    print(
        "    breaks even with pyAgrum, compilation included, at "
        f"{compile_seconds / gain:,.0f} draws"
    )
    if has_pgmpy():
        net, start = pgmpy_net(model), time.perf_counter()
        net.simulate(NUM_SAMPLES, show_progress=False)
        print(f"    times as fast as pgmpy: {(time.perf_counter() - start) / ours:.3g}")


def categorical_draws(model: lg.ConceptModel, key: Any) -> list[Any]:
    """Ancestral sampling, one `jax.random.categorical` a node."""
    values: dict[int, Any] = {}
    keys = iter(jax.random.split(key, len(model.prior) + len(model.words)))

    def drawn(factor: Any, variables: Sequence[int]) -> Any:
        logits = jnp.asarray(factor.log_table, jnp.float32)[tuple(values[k] for k in variables)]
        return jax.random.categorical(next(keys), logits, shape=(NUM_SAMPLES,))

    for factor in model.prior:
        *parents, child = factor.scope
        values[child] = drawn(factor, parents)
    return [*values.values(), *[drawn(factor, factor.scope) for factor in model.words]]


def joint_posterior() -> None:
    """The joint posterior of 10 binary concepts, float64, zeros in the tables."""
    model = sparse_world(10, 10, seed=2)
    context = contexts(model, NUM_JOINT)
    ours = threaded(lambda part: lg.contract_log_posterior(model, part, range(10)), context)
    listed = threaded(lambda part: lg.log_posterior(model, part), context)
    agrum = agrum_seconds(model, context[:NUM_PEER], joint=True)
    print(f"\n(b) joint posterior of 10 binary concepts × {NUM_JOINT:,} contexts")
    print(f"    contraction {ours}, enumeration {listed}; nothing is compiled")
    scaled = agrum._replace(seconds=agrum.seconds * NUM_JOINT)
    print(f"    pyAgrum {scaled}, scaled from {NUM_PEER}")
    times = scaled.seconds / min(ours, listed).seconds
    print(f"    times as fast as pyAgrum: {beside(times, 50)}")
    report_pgmpy(model, context, min(ours, listed).seconds / NUM_JOINT, joint=True)


def marginals_of(num_concepts: int, reach: int) -> None:
    """All concept posteriors in a sparse graph."""
    model = sparse_world(num_concepts, reach, seed=3)
    context = contexts(model, NUM_SPARSE)
    plan.cache_clear()
    start = time.perf_counter()
    path = network(model, num_concepts, unary=True).path
    planning = time.perf_counter() - start
    ours = threaded(partial(lg.contract_log_concept_posteriors, model), context)
    agrum = agrum_seconds(model, context[:NUM_PEER], joint=False)
    kind = "any before" if reach >= num_concepts else f"the {reach} before"
    print(
        f"\n(c) marginals of {num_concepts} concepts × {NUM_SPARSE:,} contexts, "
        f"two parents of {kind}"
    )
    print(f"    {ours}; planned in {planning:.2f} s, largest product {path.num_largest} entries")
    scaled = agrum._replace(seconds=agrum.seconds * NUM_SPARSE)
    print(f"    pyAgrum {scaled}, scaled from {NUM_PEER}")
    each = ours.seconds / NUM_SPARSE
    print(f"    times as fast as pyAgrum: {beside(agrum.seconds / each, 500)}")
    breaks_even = planning / (agrum.seconds - each)
    print(f"    breaks even with it, planning included, at {breaks_even:,.0f} contexts")
    report_compiled(model, context, each, agrum.seconds)
    report_pgmpy(model, context, each, joint=False)


def report_compiled(
    model: lg.ConceptModel, context: np.ndarray, each: float, agrum_each: float
) -> None:
    """The same, from contexts to logarithms of posteriors, with the sums under jit in float64."""
    concepts = range(model.space.num_concepts)
    path = network(model, context.shape[1], unary=True).path
    compiled = jax.jit(lambda operands: kernels.marginals(path, operands, concepts))

    def work() -> list[np.ndarray]:
        with jax.enable_x64(True), np.errstate(divide="ignore"):
            operands = [np.exp(table) for table in lg.log_operands(model, context).log_tables]
            joint = [np.asarray(array) for array in compiled(operands)]
            return [np.log(array / array.sum(0)).T for array in joint]

    start = time.perf_counter()
    found = work()
    compile_seconds = time.perf_counter() - start
    expected = lg.contract_log_concept_posteriors(model, context)
    for one, two in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-9)
    compiled_each = best_seconds(work) / len(context)
    gain = each - compiled_each
    pays = f"pays from {compile_seconds / gain:,.0f} contexts" if gain > 0 else "does not pay"
    print(f"    with its sums under jit {compiled_each * len(context) * 1e3:.4g} ms")
    print(f"    compiled in {compile_seconds:.1f} s, apart: {pays}")
    print(f"    times as fast as pyAgrum: {beside(agrum_each / compiled_each, 500)}")


def report_pgmpy(model: lg.ConceptModel, context: np.ndarray, each: float, joint: bool) -> None:
    if has_pgmpy():
        peer = pgmpy_seconds(model, context[:NUM_SLOW], joint)
        print(
            f"    times as fast as pgmpy, scaled from {NUM_SLOW} contexts: "
            f"{peer.seconds / each:.3g}"
        )


if __name__ == "__main__":
    print(f"\npyAgrum {version('pyagrum')}, NumPy {np.__version__}, JAX {jax.__version__}")
    if not has_pgmpy():
        print("pgmpy is not installed and skipped: .venv/bin/python -m pip install -e '.[bench]'")
    sampling()
    joint_posterior()
    for size, reach in ((20, 5), (60, 5), (60, 60)):
        marginals_of(size, reach)
