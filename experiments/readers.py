"""What happens when what is printed cannot reach its reader?

Who left, as head does when it has seen enough; who was never there; whose encoding lacks a sign.
"""

import io
import os
import sys


def pipe(text: str) -> None:
    """Print it; that its reader has left is no error."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        go_on_unread()


def go_on_unread() -> None:
    """Print to nobody from now on; otherwise the flush at exit fails."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def reach_readers() -> None:
    """Let output that was closed go to nobody, and let no sign be an error.

    Files and programs get UTF-8, the same bytes on every system; a terminal gets its own encoding,
    and so does everybody where PYTHONIOENCODING asks for one. What that lacks is escaped.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            nobody = os.open(os.devnull, os.O_WRONLY)  # takes the number that was closed
            setattr(sys, name, os.fdopen(nobody, "w", encoding="utf-8"))
        elif isinstance(stream, io.TextIOWrapper):  # else somebody's own, as in a notebook
            asked = stream.isatty() or os.environ.get("PYTHONIOENCODING")
            encoding = stream.encoding if asked else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")
