"""What does a sweep cost beside its cells, and how does that grow with their number?

Toy cells that take no time are computed, stored, looked through again, read, put into a table,
judged for the ledger and looked over by `clean`, as the command line does it, one thread here. The
seconds are those of the store, the runner and the readers. Exponents are slopes of log seconds on
log size between two sizes.
"""

import argparse
import io
import math
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from rich.console import Console

from benchmarks.timing import Row, machine, tell, told
from experiments import claims, cleaning, executors, provenance, registry, runner
from experiments.experiment import CellResult, Claim, Experiment, Finding, Judgement
from experiments.results import Results, write_table
from experiments.selection import Selection
from experiments.store import Store
from experiments.view import View

SIZES = (100, 1_000, 4_000)
NUM_SEEDS, NUM_METRICS = 10, 30  # as much as a cell of the paper stores


@dataclass(frozen=True)
class ToyCell:
    """A cell of which nothing but its number matters."""

    number: int
    rate: float = 0.1
    seeds: tuple[int, ...] = tuple(range(NUM_SEEDS))


def compute(cell: ToyCell) -> CellResult:
    """Numbers that cost nothing."""
    values = (cell.number + np.arange(NUM_SEEDS * NUM_METRICS) / 7).reshape(NUM_METRICS, -1)
    metrics = {f"quantity{i}.oracle.held_out": row.tolist() for i, row in enumerate(values)}
    return CellResult(metrics, {"drawn": values})


def judge(records: Sequence[Any]) -> Judgement:
    """How many cells were read."""
    return Judgement("holds", f"{len(records)} cells")


TOY = Experiment(
    name="toy",
    question="What does a cell cost that costs nothing?",
    profiles={},
    cells=lambda config: [ToyCell(number) for number in range(config)],
    shape=lambda cell: cell.number % 10,
    compute=compute,
    finding=lambda records, evidence: Finding("", [], {}, {}, evidence),
    claims=(Claim("toy", "us", "it costs little", "none", "", judge),),
)


def stages(num_cells: int, out: Path) -> dict[str, float]:
    """Seconds of everything that the command line does with so many cells, in its order."""
    chosen = Selection(TOY, num_cells, "paper", "toy")
    store, cells, seconds = Store(out / "store"), chosen.cells, {}

    def timed(stage: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        answer = work()
        seconds[stage] = time.perf_counter() - start
        return answer

    wanted = timed("plan", lambda: runner.tasks(TOY, cells, store))
    folders = [task.folder for task in wanted]
    timed("compute and store", lambda: run(wanted, store))
    timed("look again", lambda: run(wanted, store))
    records = timed("read", lambda: [store.read(folder) for folder in folders])
    timed("provenance", lambda: (provenance.mixes_versions(folders), provenance.summary(folders)))
    timed("table", lambda: write_table(out / "toy.csv", Results(records), "paper"))
    timed("ledger", lambda: claims.ledger(out, "paper", None, [chosen]))
    timed("clean", lambda: cleaning.clean(out, dry_run=True))
    return seconds


def run(wanted: Sequence[runner.Task], store: Store) -> None:
    """Compute what is missing, in one thread."""
    view = View(Console(file=io.StringIO()))
    with executors.local(1) as pool:
        runner.compute_missing(wanted, store, pool, view, "toy", shared_memory=True)


def growth_rows(sizes: Sequence[int]) -> Iterator[Row]:
    """One row a stage: time a cell at the smallest and the largest size, exponents between."""
    found, space = [], ""
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="sweep-") as out:
            found.append(stages(size, Path(out)))
            print(f"{size:,} cells: {sum(found[-1].values()):.1f} s", flush=True)
            if size == sizes[-1]:
                space = disk(Path(out) / "store")
    for stage in found[0]:
        cost = [told(seconds[stage] / size) for size, seconds in zip(sizes, found, strict=True)]
        slopes = [
            math.log(after[stage] / before[stage]) / math.log(large / small)
            for (small, before), (large, after) in pairwise(zip(sizes, found, strict=True))
        ]
        exponents = ", ".join(f"{slope:.2f}" for slope in slopes)
        yield Row(stage, " … ".join(cost), "a cell", exponents)
    yield Row("disk", space, "a cell", "")


def disk(root: Path) -> str:
    """Bytes and entries of the file system that a cell takes."""
    paths = list(root.rglob("*"))
    num_cells = sum(path.name == "config.json" for path in paths)
    taken = sum(getattr(path.stat(), "st_blocks", 0) * 512 for path in paths)
    held = sum(path.stat().st_size for path in paths if path.is_file())
    return (
        f"{held / num_cells / 1000:.1f} kB ({taken / num_cells / 1000:.0f} kB in blocks), "
        f"{len(paths) / num_cells:.1f} files and folders"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    asked = parser.parse_args()
    known = {"questions": lambda: {"toy": TOY.question}, "experiment": lambda name: TOY}
    with (
        patch.multiple(registry, **known),
        patch.object(runner, "experiment_named", known["experiment"]),
    ):
        rows = list(growth_rows(asked.sizes))
    tell(f"A sweep. {machine()}", rows, asked.markdown)
