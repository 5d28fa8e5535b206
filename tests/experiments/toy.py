"""A toy experiment that computes squares and counts them, run in this process."""

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from rich.console import Console

from experiments import runner
from experiments.experiment import CellResult, Experiment, Finding
from experiments.view import View


@dataclass(frozen=True)
class ToyCell:
    size: int
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class ToyConfig:
    sizes: tuple[int, ...] = (3, 1, 2)
    num_seeds: int = 4

    def with_seeds(self, num_seeds):
        return replace(self, num_seeds=num_seeds)


def toy_cells(config):
    blocks = [(start, start + 1) for start in range(0, config.num_seeds, 2)]
    return [ToyCell(size, block) for block in blocks for size in config.sizes]


class Toy:
    """An experiment that counts what it computes, and can be told to fail at a size."""

    def __init__(self):
        self.computed, self.failing = [], None
        self.experiment = Experiment(
            name="toy",
            question="What is the square?",
            profiles={"smoke": ToyConfig()},
            cells=toy_cells,
            shape=lambda cell: cell.size,
            compute=self.compute,
            finding=lambda records, evidence: Finding("", [], {}, {}, evidence),
        )

    def compute(self, cell):
        if cell.size == self.failing:
            raise RuntimeError(f"size {cell.size} fails")
        self.computed.append(cell)
        return CellResult({"square": [float(cell.size**2 + seed) for seed in cell.seeds]}, {})


def run(toy, store, config=ToyConfig(), num_workers=1, executor=None, quiet=False):
    """Compute a config's cells; their records and what was said."""
    console = Console(file=io.StringIO(), width=200)
    wanted = runner.tasks(toy.experiment, toy_cells(config), store)
    with ThreadPoolExecutor(num_workers) as threads:
        runner.compute_missing(
            wanted,
            store,
            executor or threads,
            View(console, quiet),
            "a command",
            num_workers=num_workers,
            shared_memory=executor is None,
        )
    return [store.read(task.folder) for task in wanted], console.file.getvalue()
