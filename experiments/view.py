"""How does a person see how far a run is?

One live bar for the whole run on a terminal, a few plain lines elsewhere, nothing when quiet.
"""

import time
from collections.abc import Sequence

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

PLAIN_LINES = 10  # about how many lines are printed when there is no terminal
NOW_WIDTH = 60  # characters of what runs now


class View:
    """What a run says; quiet: nothing but damage and results."""

    def __init__(self, console: Console, quiet: bool = False) -> None:
        self.console, self.quiet = console, quiet
        self.total = self.printed = 0
        self.started = 0.0
        self.progress = Progress(
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("cells, {task.fields[rate]} a minute,"),
            TimeElapsedColumn(),
            TextColumn("left:"),
            TimeRemainingColumn(),
            TextColumn("[dim]{task.fields[now]}"),
            console=console,
            transient=True,
            disable=quiet or not console.is_terminal,
        )
        self.task = self.progress.add_task("cells", total=None, rate="–", now="")

    def say(self, text: str) -> None:
        """A line that stays, unless quiet."""
        if not self.quiet:
            self.result(text)

    def result(self, text: str) -> None:
        """A line that stays, quiet or not."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def start(self, total: int) -> None:
        """A run of this many cells begins."""
        self.total, self.printed, self.started = total, 0, time.perf_counter()
        self.progress.update(self.task, total=total, completed=0)
        self.progress.start()

    def show(self, num_missing: int, now: Sequence[str]) -> None:
        """How many cells are still missing, and what runs now."""
        done = self.total - num_missing
        minutes = (time.perf_counter() - self.started) / 60
        rate = f"{done / minutes:.0f}" if done else "–"
        running = "; ".join(text[:NOW_WIDTH] for text in now)
        self.progress.update(self.task, completed=done, rate=rate, now=running)
        every = self.total if self.console.is_terminal else max(1, self.total // PLAIN_LINES)
        if done > self.printed and (done == self.total or done >= self.printed + every):
            self.printed = done
            left = minutes / done * num_missing
            self.say(
                f"{done} of {self.total} cells computed, {60 * minutes:.0f} s, {rate} a minute"
                + (f", about {left:.1f} min left" if num_missing else "")
            )

    def stop(self) -> None:
        """The run ended, in whatever way."""
        self.progress.stop()
