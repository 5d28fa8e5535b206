"""What happens when the reader of what is printed leaves, as head does when it has seen enough?"""

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
