"""A run of a toy experiment as a program of its own: to be killed, and to be run beside itself.

python -m tests.experiments.toy_run OUT NUM_CELLS NUM_THREADS; says "ready" when the cells begin.
It does not import jax, so that a run is short.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from experiments import runner
from experiments.experiment import CellResult, Experiment, Finding
from experiments.store import Store
from experiments.view import View

SECONDS = 0.01  # that a cell takes, beside what the disk takes


@dataclass(frozen=True)
class ToyCell:
    """One cell: its number decides everything."""

    number: int
    seeds: tuple[int, ...] = (0, 1)


def compute(cell):
    """Numbers and an array that follow from the cell, some time later."""
    time.sleep(SECONDS)
    drawn = np.random.default_rng(cell.number).normal(size=(20, 50))
    log(cell)
    return CellResult({"mean": [float(drawn.mean()), float(cell.number)]}, {"drawn": drawn})


def log(cell):
    """A line a computed cell, beside the store: whoever computes one says so."""
    with (LOG[0]).open("a", encoding="utf-8") as file:
        file.write(f"{cell.number}\n")


LOG = [Path("computed.log")]
TOY = Experiment(
    name="toy",
    question="What is drawn?",
    profiles={},
    cells=lambda config: [ToyCell(number) for number in range(config)],
    shape=lambda cell: cell.number % 3,
    compute=compute,
    finding=lambda records, evidence: Finding("", [], {}, {}, evidence),
)


def main(out, num_cells, num_threads):
    """Compute what is missing."""
    out.mkdir(parents=True, exist_ok=True)
    LOG[0] = out / "computed.log"
    runner.experiment_named = lambda name: TOY  # this program is about the runner and the store
    runner.environment = lambda: {}  # asks jax for its device
    store = Store(out / "store")
    wanted = runner.tasks(TOY, TOY.cells(num_cells), store)
    print("ready", flush=True)
    with ThreadPoolExecutor(num_threads) as pool:
        runner.compute_missing(
            wanted, store, pool, View(Console(file=sys.stderr)), "toy",
            num_workers=num_threads, shared_memory=True,
        )  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
