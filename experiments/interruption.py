"""Is Ctrl-C heard, wherever the program happens to be?

Python drops an exception that is raised within a callback, as of its garbage collector: there
Ctrl-C is lost. An import of compiled code may crash on it. Here it is remembered, and raised again
at the next look.
"""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_heard = threading.Event()


@contextmanager
def remembered() -> Iterator[None]:
    """Within it, Ctrl-C is remembered; where it is ignored or handled already, nothing changes."""
    _heard.clear()
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    hook = sys.unraisablehook

    def tell(dropped: "sys.UnraisableHookArgs") -> None:
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            hook(dropped)

    signal.signal(signal.SIGINT, _hear)
    sys.unraisablehook = tell
    try:
        yield
    except Exception:  # what an interrupted library makes of it
        check()
        raise
    finally:
        sys.unraisablehook = hook
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _heard.clear()


def check() -> None:
    """Raises KeyboardInterrupt if Ctrl-C was pressed."""
    if _heard.is_set():
        raise KeyboardInterrupt


def _hear(_number: int, frame: FrameType | None) -> None:
    _heard.set()
    if not _imports(frame):
        raise KeyboardInterrupt


def _imports(frame: FrameType | None) -> bool:
    """Whether a module is being imported here."""
    while frame is not None:
        if frame.f_globals.get("__name__") == "importlib._bootstrap":
            return True
        frame = frame.f_back
    return False
