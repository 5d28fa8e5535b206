"""How far is training, how good, and how much longer?"""

import sys
import threading
import time
from collections.abc import Callable
from typing import NamedTuple


class Progress(NamedTuple):
    """What is known of one seed at the end of a chunk.

    seed, step of num_steps; loss: mean cross-entropy over the chunk's batches, nats; excess: nats
    above the Bayes loss, NaN without a population to measure it on; steps_per_second over all
    seeds of the call; seconds_left for all seeds of the call, if none stops early.
    """

    seed: int
    step: int
    num_steps: int
    loss: float
    excess: float
    steps_per_second: float
    seconds_left: float


class Clock:
    """Counts the steps of all seeds of a call and reports them; safe to call from threads."""

    def __init__(
        self, num_seeds: int, num_steps: int, report: Callable[[Progress], None] | None
    ) -> None:
        self._left = num_seeds * num_steps
        self._num_steps = num_steps
        self._report = report
        self._done = 0
        self._began = time.perf_counter()
        self._lock = threading.Lock()

    def skip(self, num_steps: int) -> None:
        """Steps that need not be taken: resumed, or stopped early."""
        with self._lock:
            self._left -= num_steps

    def took(self, num_steps: int) -> None:
        """Steps that were taken."""
        with self._lock:
            self._left -= num_steps
            self._done += num_steps

    def tell(self, seed: int, step: int, loss: float, excess: float) -> None:
        """Report one seed, if anybody listens."""
        if self._report is None:
            return
        with self._lock:
            rate = self._done / max(time.perf_counter() - self._began, 1e-9)
            left = self._left / rate if rate > 0 else float("inf")
            self._report(Progress(seed, step, self._num_steps, loss, excess, rate, left))


def print_progress(progress: Progress) -> None:
    """One plain line on stderr: give it to `train` as progress."""
    excess = "" if progress.excess != progress.excess else f"  excess {progress.excess:.2g} nats"
    print(
        f"seed {progress.seed}  step {progress.step} of {progress.num_steps}  "
        f"loss {progress.loss:.4f} nats{excess}  {progress.steps_per_second:.0f} steps/s  "
        f"{progress.seconds_left:.0f} s left",
        file=sys.stderr,
    )
