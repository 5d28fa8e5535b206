"""How fast does the engine train several seeds, beside PyTorch?

Both start from the same parameters, take the same batches of one sample in the same order, and use
Adam with the same schedule, so the losses they reach agree up to rounding; they are checked on
held-out samples. Drawing the rows of a batch is part of our loop and given to PyTorch for nothing.
Of PyTorch the best counts of: a loop per seed, the same under torch.compile, and torch.func.vmap
over seeds; with one thread, with one a core, and in one process a core. Compilation stands apart.
"""

import contextlib
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import flax.traverse_util
import jax
import jax.numpy as jnp
import numpy as np

import estimators as es
from benchmarks.timing import (
    Row,
    installed,
    machine,
    markdown_wanted,
    num_cores,
    once,
    ratio_row,
    tell,
    told,
)

NUM_SAMPLES, NUM_HELD_OUT = 65_536, 8_192
SEEDS_PER_CORE = 2
REPEATS = 3
LEARNING_RATE = 3e-3
SAME_LOSS = 2e-3  # nats between the two sides; same batches, another order of sums
SHORT = 1.0  # seconds in which the settings of PyTorch are compared
VARIANTS = {"loop": "a loop per seed", "vmap": "vmap over seeds", "compiled": "compiled loops"}


class Case(NamedTuple):
    """A network, its sample, and how it is trained; floor: how many times as fast as PyTorch."""

    name: str
    config: es.TrainConfig
    context: np.ndarray
    token: np.ndarray
    floor: float


def seeds_of(config: es.TrainConfig) -> int:
    """Two seeds a core; on an accelerator as many as its loop holds."""
    resolved = es.resolve(config)
    return (resolved.width or 1) * (SEEDS_PER_CORE if resolved.seed_mode == "threads" else 1)


class Rate(NamedTuple):
    """Steps a second over all seeds, and the setting in which they were reached."""

    rate: float
    setting: str


def cases() -> Iterator[Case]:
    """The networks of docs/benchmarks.md."""
    generator = np.random.default_rng(0)
    num_rows = NUM_SAMPLES + NUM_HELD_OUT
    # Four binary concepts, each read by three words that are right in four cases of five.
    concept = generator.integers(2, size=(num_rows, 4))
    wrong = generator.random((num_rows, 12)) < 0.2
    context, token = np.repeat(concept, 3, axis=1) ^ wrong, concept @ [8, 4, 2, 1]
    mlp = es.MLP(context_length=12, num_tokens=16, dim=16, hidden=(64, 64))
    for batch_size, num_steps, floor in ((64, 1000, 3), (1024, 200, 1.3)):
        config = es.TrainConfig(mlp, num_steps, batch_size, LEARNING_RATE)
        yield Case(f"MLP, batch {batch_size}", config, context, token, floor)
    # A topic that every word and the token name in two cases of five.
    topic = generator.integers(16, size=(num_rows, 1))
    word = generator.integers(16, size=(num_rows, 17))
    word = np.where(generator.random((num_rows, 17)) < 0.4, topic, word)
    transformer = es.Transformer(
        num_words=16, num_tokens=16, dim=16, context_length=16, positions="learned"
    )
    # Every prefix is the same arithmetic on both sides. Of the last prefix alone our last layer
    # computes nothing else, while the plain PyTorch network computes all positions.
    for loss, every_prefix in (("every prefix", True), ("the last prefix", False)):
        config = es.TrainConfig(transformer, 50, 64, LEARNING_RATE, every_prefix=every_prefix)
        name = f"transformer, batch 64, loss on {loss}"
        yield Case(name, config, word[:, :-1], word[:, -1], 1.3)


def ours(case: Case, keys: Any) -> tuple[float, float, float]:
    """Steps a second over all seeds, seconds of compiling, and the held-out loss."""
    sample = es.finite_sample(case.context[:NUM_SAMPLES], case.token[:NUM_SAMPLES])
    sampler = es.stack_seeds([sample] * len(keys))

    def train() -> Any:
        return es.train(case.config, keys, es.finite_batch, sampler).params

    first = once(train)
    seconds = min(once(train) for _ in range(REPEATS))
    rate = len(keys) * case.config.num_steps / seconds
    return rate, first - seconds, held_out_loss(case, train())


def held_out_loss(case: Case, params: Any) -> float:
    """Mean cross-entropy over held-out samples, and all their prefixes if asked, and seeds."""
    config = case.config
    context, token = case.context[NUM_SAMPLES:], case.token[NUM_SAMPLES:, None]
    words = jnp.asarray(context, jnp.int32)
    target = np.concatenate([context, token], 1) if config.every_prefix else token
    predict = es.log_predict_prefixes if config.every_prefix else es.log_predict
    losses = []
    for seed in range(len(params["params"]["unembedding"])):
        log_model = predict(config.predictor, es.of_seed(params, seed), words)
        log_model = np.asarray(log_model).reshape(*target.shape, -1)
        losses.append(-np.take_along_axis(log_model, target[..., None], -1).mean())
    return float(np.mean(losses))


def torch_task(case: Case, keys: Any) -> Any:
    """The same work for PyTorch: our first parameters, and the rows that our loop draws."""
    from benchmarks.torch_training import Task

    config = case.config

    def rows(key: Any) -> Any:
        def row(step: Any) -> Any:  # as es.finite_batch draws them
            key_of_step = jax.random.fold_in(key, step)
            return jax.random.randint(key_of_step, (config.batch_size,), 0, NUM_SAMPLES, "int32")

        return jax.vmap(row)(np.arange(config.num_steps))

    initial = flax.traverse_util.flatten_dict(es.initial_params(config, keys)["params"], sep="/")
    return Task(
        num_heads=getattr(config.predictor, "num_heads", 0),
        initial={name: np.array(array) for name, array in initial.items()},
        context=case.context[:NUM_SAMPLES].astype(np.int32),
        token=case.token[:NUM_SAMPLES].astype(np.int32),
        row=np.asarray(jax.vmap(rows)(keys)),
        every_prefix=config.every_prefix,
        learning_rate=config.learning_rate,
    )


def peer_rates(case: Case, task: Any, pool: Any, loss: float) -> dict[str, Rate]:
    """The best rate of every variant of PyTorch.

    Settings are compared in short runs, as two threads can be far slower than one; the best then
    trains to the end. Raises ValueError if it does not reach our loss.
    """
    from benchmarks import torch_training

    processes, cores = f"{num_cores()} processes", num_cores()

    def train(variant: str, setting: str, most_seconds: float = math.inf) -> Any:
        if setting == processes:
            return torch_training.train_in(pool, cores, task, variant, most_seconds)
        return torch_training.train(task, variant, int(setting.split()[0]), most_seconds)

    best = {}
    for variant in VARIANTS:
        # torch.compile compiles anew for every number of threads; a loop each is its best case
        settings = ["1 thread", f"{cores} threads", processes]
        if torch_training.DEVICE == "cuda":
            settings = settings[:1]
        elif variant == "compiled":
            settings = settings[2:]
        short = {setting: train(variant, setting, SHORT) for setting in settings}
        for setting, found in short.items():
            print(
                f"  PyTorch, {VARIANTS[variant]}, {setting}: {found.rate:,.0f} steps/s, "
                f"compiled and warm in {told(found.compiling)}"
            )
        setting = max(short, key=lambda setting: short[setting].rate)
        found = train(variant, setting)
        nested = flax.traverse_util.unflatten_dict(found.params, sep="/")
        reached = held_out_loss(case, {"params": nested})
        print(f"  … to the end: {found.rate:,.0f} steps/s, loss {reached:.4f} nats", flush=True)
        if not abs(reached - loss) < SAME_LOSS:
            raise ValueError(f"PyTorch reached {reached:.4f} nats and we {loss:.4f}: unequal work")
        best[variant] = Rate(found.rate, setting)
    return best


def main(markdown: bool) -> None:
    """Every case, then the table."""
    has_torch, rows, pool = installed("torch"), [], None
    with contextlib.ExitStack() as stack:
        if has_torch:
            from benchmarks import torch_training

            print(f"PyTorch runs on: {torch_training.DEVICE}; JAX on: {jax.default_backend()}")
            pool = stack.enter_context(torch_training.workers(num_cores()))
        for case in cases():
            keys = jax.random.split(jax.random.key(0), seeds_of(case.config))
            rate, compiling, loss = ours(case, keys)
            print(f"\n{case.name}, {len(keys)} seeds × {case.config.num_steps} steps")
            print(f"  ours: {rate:,.0f} steps/s, loss {loss:.4f} nats, {compiling:.1f} s compiling")
            name = f"{case.name}, {len(keys)} seeds, loss {loss:.4f} nats"
            told_rate = f"{rate:,.0f} steps/s"
            if not has_torch:
                rows.append(Row(name, told_rate, "–", "–"))
                continue
            rates = peer_rates(case, torch_task(case, keys), pool, loss)
            for variant, peer in sorted(rates.items(), key=lambda item: -item[1].rate):
                beside = f"PyTorch, {VARIANTS[variant]}, {peer.setting}: {peer.rate:,.0f} steps/s"
                is_best = peer == max(rates.values())
                row = ratio_row(name, told_rate, beside, rate / peer.rate, case.floor)
                rows.append(row if is_best else row._replace(floor="–", met=""))
    tell(f"Training. {machine('torch')}", rows, markdown)


if __name__ == "__main__":
    main(markdown_wanted(__doc__))
