"""How does a person see how far a run is?

One live bar for the whole run on a terminal, a few plain lines elsewhere, nothing when quiet.
"""

import time
from collections.abc import Iterable, Sequence

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from experiments import interruption
from experiments.readers import go_on_unread

PLAIN_LINES = 10  # about how many lines are printed when there is no terminal
BAR_WIDTH = 12  # so that the first line fits into 80 characters
MAX_NOW = 8  # lines of what runs now


class Lasting(Console):
    """A console that goes on in silence when its reader, such as head, has left."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        go_on_unread()


class Lines(Progress):
    """A bar with its numbers, and below it a line for each cell that is computed now."""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield self.make_tasks_table(self.tasks)
        for task in self.tasks:
            for text in task.fields["now"][:MAX_NOW]:
                yield Text(text, style="dim", no_wrap=True, overflow="ellipsis")


class View:
    """What a run says; quiet: nothing but damage and results."""

    def __init__(self, console: Console, quiet: bool = False) -> None:
        self.console, self.quiet = console, quiet
        self.total = self.printed = 0
        self.started = 0.0
        whole = Column(no_wrap=True)
        self.progress = Lines(
            BarColumn(BAR_WIDTH),
            MofNCompleteColumn(table_column=whole),
            TextColumn("cells, {task.fields[rate]} a minute,", table_column=whole),
            TimeElapsedColumn(table_column=whole),
            TextColumn("at this rate {task.fields[left]} left", table_column=whole),
            console=console,
            transient=True,
            disable=quiet or not console.is_terminal,
        )
        self.task = self.progress.add_task("cells", total=None, rate="–", left="–", now=())

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
        """How many cells are still missing, and what runs now; here Ctrl-C is heard at the latest.

        Raises KeyboardInterrupt.
        """
        interruption.check()
        done = self.total - num_missing
        minutes = (time.perf_counter() - self.started) / 60
        rate = _number(done / minutes) if done else "–"
        left = _left(minutes / done * num_missing) if done else "–"
        self.progress.update(self.task, completed=done, rate=rate, left=left, now=now)
        every = self.total if self.console.is_terminal else max(1, self.total // PLAIN_LINES)
        if done > self.printed and (done == self.total or done >= self.printed + every):
            self.printed = done
            self.say(
                f"{done} of {self.total} cells computed, {60 * minutes:.0f} s, {rate} a minute"
                + (f", at this rate {left} left" if num_missing else "")
            )

    def stop(self) -> None:
        """The run ended, in whatever way."""
        self.progress.stop()


def _left(minutes: float) -> str:
    """How long it takes if the cells to come are like those that are done: seldom so."""
    return f"{_number(minutes)} min" if minutes < 100 else f"{_number(minutes / 60)} h"


def _number(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"
