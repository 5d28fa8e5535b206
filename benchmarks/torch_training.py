"""How fast does PyTorch train the same networks on the same batches?

The networks are written as functions of a dictionary of parameters, as torch.func wants them; an
eager step is then as fast as one of torch.nn modules or faster. Adam is PyTorch's fused one.
"""

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

WARM_STEPS = 5
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
Run = Callable[[int, float], tuple[int, dict[str, np.ndarray]]]  # (steps, seconds) at most
Slope = Callable[..., dict[str, torch.Tensor]]
_barrier: Barrier | None = None  # in worker processes: all begin together


class Task(NamedTuple):
    """What is trained: every seed from given parameters on given batches.

    num_heads: 0 for an MLP. initial: name -> array [seed, …]; context [sample, position] and
    token [sample], the sample; row [seed, step, batch], the batches; every_prefix: the words and
    the token after them are all predicted. learning_rate falls to zero by a cosine.
    """

    num_heads: int
    initial: dict[str, np.ndarray]
    context: np.ndarray
    token: np.ndarray
    row: np.ndarray
    every_prefix: bool
    learning_rate: float

    def part(self, index: int, count: int) -> "Task":
        """Every count-th seed, from the index-th on."""
        initial = {name: array[index::count] for name, array in self.initial.items()}
        return self._replace(initial=initial, row=self.row[index::count])


class Result(NamedTuple):
    """Parameters after training [seed, …], steps a second over all seeds, seconds of compiling."""

    params: dict[str, np.ndarray]
    rate: float
    compiling: float


def train(task: Task, variant: str, threads: int, most_seconds: float = math.inf) -> Result:
    """Train all seeds: "loop", one after another; "compiled", likewise; "vmap", all at once.

    most_seconds: stop by then, whatever the step, and measure the rate only.
    """
    torch.set_num_threads(threads)
    slope, start = _slope_of(task, variant), time.perf_counter()
    runs = list(_runs(task, variant, slope))
    runs[0](WARM_STEPS, most_seconds)  # compiles, and fills caches
    compiling = time.perf_counter() - start
    if _barrier is not None:
        _barrier.wait()
    began, taken, found = time.perf_counter(), 0, []
    for run in runs:
        num_steps, params = run(task.row.shape[1], most_seconds / len(runs))
        found.append(params)
        taken += num_steps * len(params["unembedding"])
    seconds = time.perf_counter() - began
    params = {name: np.concatenate([part[name] for part in found]) for name in task.initial}
    return Result(params, taken / seconds, compiling)


def workers(count: int) -> AbstractContextManager[ProcessPoolExecutor]:
    """Processes that train side by side, each a part of the seeds."""
    context = get_context("spawn")
    return ProcessPoolExecutor(count, context, _set_barrier, (context.Barrier(count),))


def train_in(
    pool: ProcessPoolExecutor, count: int, task: Task, variant: str, most_seconds: float = math.inf
) -> Result:
    """Train with one thread a process, the seeds split among all processes of the pool."""
    jobs = [
        pool.submit(train, task.part(index, count), variant, 1, most_seconds)
        for index in range(count)
    ]
    found = [job.result() for job in jobs]
    params = {}
    for name, array in task.initial.items():
        params[name] = np.empty_like(array)
        for index, part in enumerate(found):
            params[name][index::count] = part.params[name]
    rate, compiling = sum(part.rate for part in found), max(part.compiling for part in found)
    return Result(params, rate, compiling)


def log_predict(task: Task, params: dict[str, np.ndarray], context: np.ndarray) -> np.ndarray:
    """log p̂ [sample, token], or of every prefix, by the first seed's network."""
    tensors = {name: torch.from_numpy(np.array(array[0])) for name, array in params.items()}
    logits = _network(task)(tensors, torch.from_numpy(context).long())
    return F.log_softmax(logits, -1).numpy()


def _set_barrier(barrier: Barrier) -> None:
    global _barrier
    _barrier = barrier


def _runs(task: Task, variant: str, slope: Slope) -> Iterator[Run]:
    """One run a seed, or one of all seeds at once."""
    context, token, row = (
        torch.tensor(array, dtype=torch.long, device=DEVICE)
        for array in (task.context, task.token, task.row)
    )

    def run(part: Any, num_steps: int, most_seconds: float) -> tuple[int, dict[str, np.ndarray]]:
        params = {
            name: torch.tensor(array[part], device=DEVICE, requires_grad=True)
            for name, array in task.initial.items()
        }
        adam = torch.optim.Adam(list(params.values()), lr=task.learning_rate, fused=True)
        began, step = time.perf_counter(), 0
        while step < num_steps and (not step or time.perf_counter() - began < most_seconds):
            fall = 0.5 * (1 + math.cos(math.pi * step / task.row.shape[1]))
            adam.param_groups[0]["lr"] = task.learning_rate * fall
            batch = row[part, step]
            for name, value in slope(params, context[batch], token[batch]).items():
                params[name].grad = value
            adam.step()
            step += 1
        alone = isinstance(part, int)
        arrays = {name: value.detach().cpu().numpy() for name, value in params.items()}
        return step, {name: array[None] if alone else array for name, array in arrays.items()}

    parts = [slice(None)] if variant == "vmap" else range(len(task.row))
    for part in parts:
        yield partial(run, part)


def _slope_of(task: Task, variant: str) -> Slope:
    """(params, context, token) -> gradients by name."""
    network = _network(task, plain=variant == "vmap")

    def loss(params: dict[str, torch.Tensor], context: Any, token: Any) -> torch.Tensor:
        logits = network(params, context)
        if task.every_prefix:
            token = torch.cat([context, token[:, None]], 1)
        return F.cross_entropy(logits.flatten(0, -2), token.flatten())

    if variant == "vmap":
        return torch.func.vmap(torch.func.grad(loss))
    chosen = torch.compile(loss) if variant == "compiled" else loss

    def slope(params: dict[str, torch.Tensor], context: Any, token: Any) -> Any:
        found = torch.autograd.grad(chosen(params, context, token), list(params.values()))
        return dict(zip(params, found, strict=True))

    return slope


def _network(
    task: Task, plain: bool = False
) -> Callable[[dict[str, torch.Tensor], torch.Tensor], torch.Tensor]:
    """(params, context) -> logits [sample, token], or [sample, prefix, token].

    plain: attention in single steps, which torch.func.vmap can batch; it cannot batch the fused
    attention on a CPU, and would call it once a seed.
    """
    if not task.num_heads:
        return _mlp
    mix = _attention if plain else partial(F.scaled_dot_product_attention, is_causal=True)
    last_only = not task.every_prefix
    return partial(_transformer, num_heads=task.num_heads, mix=mix, last_only=last_only)


def _attention(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    score = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
    future = torch.ones(score.shape[-2:], dtype=torch.bool, device=score.device).triu(1)
    return score.masked_fill(future, -math.inf).softmax(-1) @ value


def _mlp(params: dict[str, torch.Tensor], context: torch.Tensor) -> torch.Tensor:
    stream, layer = 2.0 * context.float() - 1.0, 0
    while f"Dense_{layer}/kernel" in params:
        stream = stream if layer == 0 else F.gelu(stream, approximate="tanh")
        kernel, bias = params[f"Dense_{layer}/kernel"], params[f"Dense_{layer}/bias"]
        stream, layer = torch.addmm(bias, stream, kernel), layer + 1
    return stream @ params["unembedding"].T


def _transformer(
    params: dict[str, torch.Tensor],
    context: torch.Tensor,
    num_heads: int,
    mix: Callable[..., torch.Tensor],
    last_only: bool,
) -> torch.Tensor:
    width = params["start"].shape[0]
    start = params["start"].expand(context.shape[0], 1, width)
    stream = torch.cat([start, F.embedding(context, params["word"])], 1)
    stream, layer = stream + params["position"][: stream.shape[1]], 0

    def norm(name: str, value: torch.Tensor) -> torch.Tensor:
        scale, bias = params[f"{name}/scale"], params[f"{name}/bias"]
        return F.layer_norm(value, (width,), scale, bias, 1e-6)

    while f"layer_{layer}/query" in params:
        own = f"layer_{layer}"
        given = norm(f"{own}/attention_norm", stream)
        heads = [
            (given @ params[f"{own}/{name}"]).unflatten(-1, (num_heads, -1)).transpose(1, 2)
            for name in ("query", "key", "value")
        ]
        stream = stream + mix(*heads).transpose(1, 2).flatten(2) @ params[f"{own}/output"]
        given = norm(f"{own}/mlp_norm", stream)
        hidden = given @ params[f"{own}/expand"] + params[f"{own}/expand_bias"]
        hidden = F.gelu(hidden, approximate="tanh") @ params[f"{own}/contract"]
        stream, layer = stream + hidden + params[f"{own}/contract_bias"], layer + 1
    stream = stream[:, -1] if last_only else stream
    final = norm("final_norm", stream) @ params["projection/kernel"] + params["projection/bias"]
    return final @ params["unembedding"].T
