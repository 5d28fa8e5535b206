"""How long does work take, how does that grow with its size, and how is it told?

Peers are timed beside us in one run; the best of a few runs counts, as others only add to it.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from threadpoolctl import threadpool_limits

import estimators as es

REPEATS = 5
THREADS = (1, 2)
HOPELESS = 5  # times the best so far


class Timing(NamedTuple):
    """Seconds, and the setting in which they were reached."""

    seconds: float
    setting: str

    def __str__(self) -> str:
        return f"{told(self.seconds)} ({self.setting})"


class Row(NamedTuple):
    """One line of the table: what was done, our time, beside whom, what was found, the floor."""

    what: str
    ours: str
    beside: str
    found: str
    floor: str = "–"
    met: str = ""


def told(seconds: float) -> str:
    """Seconds with three digits, in a unit that suits them."""
    if seconds >= 1:
        return f"{seconds:.3g} s"
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} µs"


def best_seconds(work: Callable[[], Any], repeats: int = REPEATS) -> float:
    """The best of a few runs after one that does not count: it compiles and fills caches."""
    jax.block_until_ready(work())
    return min(once(work) for _ in range(repeats))


def once(work: Callable[[], Any]) -> float:
    """Seconds of one run."""
    start = time.perf_counter()
    jax.block_until_ready(work())
    return time.perf_counter() - start


def best_of_threads(work: Callable[[], Any], repeats: int = REPEATS) -> Timing:
    """The best of BLAS and OpenMP with one thread and with two.

    On a busy machine two threads can wait for each other fifty times as long as they work; a
    setting whose first run is that hopeless is not run again.
    """
    best = Timing(np.inf, "")
    for threads in THREADS:
        with threadpool_limits(threads):
            if once(work) < HOPELESS * best.seconds:
                best = min(best, Timing(best_seconds(work, repeats), plural(threads, "thread")))
    return best


def ratio_row(what: str, ours: str, beside: str, ratio: float, floor: float) -> Row:
    """How many times as fast, and whether that reaches the floor."""
    return Row(what, ours, beside, f"{ratio:.2g}×", f"≥ {floor:g}×", verdict(ratio, floor))


def verdict(found: float, floor: float) -> str:
    """Whether a floor is reached."""
    return "met" if found >= floor else "missed"


class Growth(NamedTuple):
    """Slope of log seconds on log size, its interval over repeated runs, best seconds [size]."""

    exponent: float
    interval: es.Interval
    seconds: tuple[float, ...]

    def __str__(self) -> str:
        return f"{self.exponent:.2f} [{self.interval.low:.2f}, {self.interval.high:.2f}]"


def growth(sizes: Sequence[int], work: Callable[[int], Callable[[], Any]], repeats: int) -> Growth:
    """The fitted exponent of work(size) over the sizes, run in turns.

    Each turn times every size once and gives one slope; the interval is that of their mean.
    """
    runs = [work(size) for size in sizes]
    for run in runs:
        jax.block_until_ready(run())
    turns = np.array([[once(run) for run in runs] for _ in range(repeats)])
    slopes = [float(np.polyfit(np.log(sizes), np.log(turn), 1)[0]) for turn in turns]
    found = es.interval(slopes)
    return Growth(found.mean, found, tuple(turns.min(0).tolist()))


def plural(number: int, noun: str) -> str:
    """The number with its noun."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def installed(package: str) -> bool:
    """Whether a peer is there; if not, says so in one line."""
    try:
        version(package)
    except PackageNotFoundError:
        print(f"{package} is not installed and left out: pip install {package}")
        return False
    return True


def machine(*packages: str) -> str:
    """Cores, processor, accelerator and versions in one line."""
    parts = [f"{plural(num_cores(), 'core')} of {processor()}"]
    if jax.default_backend() != "cpu":
        parts.append(jax.devices()[0].device_kind)
    parts.append(f"Python {platform.python_version()}")
    for package in ("jax", "numpy", *packages):
        try:
            parts.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(parts)


def num_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processor() -> str:
    """The name of the processor, as exactly as the system tells it."""
    listing = Path("/proc/cpuinfo")
    if not listing.exists():
        return platform.processor() or platform.machine()
    said: dict[str, str] = {}
    for line in listing.read_text().splitlines():
        name, _, value = line.partition(":")
        said.setdefault(name.strip(), value.strip())
    name = said.get("model name", platform.machine())
    return (
        f"{name} (family {said['cpu family']}, model {said['model']})" if "model" in said else name
    )


def markdown_wanted(description: str | None) -> bool:
    """The command line of a benchmark: --markdown, and nothing else."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--markdown", action="store_true", help="rows for docs/benchmarks.md")
    return parser.parse_args().markdown


def tell(title: str, rows: Iterable[Row], markdown: bool) -> None:
    """Print a table: aligned, or as the rows of docs/benchmarks.md."""
    lines = [Row("what", "ours", "beside", "found", "floor", ""), *rows]
    print(f"\n{title}\n")
    if markdown:
        lines.insert(1, Row(*["---"] * 6))
        print("\n".join(f"| {' | '.join(row)} |" for row in lines))
        return
    widths = [max(len(row[column]) for row in lines) for column in range(6)]
    for row in lines:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())
