"""Is Ctrl-C heard, wherever the program happens to be? And SIGTERM and SIGHUP like it?

Python drops an exception that is raised within a callback, as of its garbage collector: there
Ctrl-C is lost. An import of compiled code may crash on it. Here it is remembered, and raised again
at the next look. A batch system ends a job with SIGTERM, a terminal that closes sends SIGHUP: by
default they end the process where it stands, without a word, and its workers on their own.
"""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_heard: list[int] = []  # the numbers of the signals, since they are remembered


@contextmanager
def remembered() -> Iterator[None]:
    """Within it, Ctrl-C, SIGTERM and SIGHUP are remembered and raise KeyboardInterrupt.

    Where one is ignored, as SIGHUP under nohup, or handled already, nothing changes for it.
    """
    _heard.clear()
    main = threading.current_thread() is threading.main_thread()
    before = _unhandled() if main else {}
    if not before:
        yield
        return
    hook = sys.unraisablehook

    def tell(dropped: "sys.UnraisableHookArgs") -> None:
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            hook(dropped)

    for number in before:
        signal.signal(number, _hear)
    sys.unraisablehook = tell
    try:
        yield
    except (Exception, KeyboardInterrupt):  # what an interrupted library makes of it
        check()
        raise
    finally:
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)
        _heard.clear()


def check() -> None:
    """Raises KeyboardInterrupt with the number of the signal, if one came."""
    if _heard:
        raise KeyboardInterrupt(_heard[0])


def exit_code(stopped: KeyboardInterrupt) -> int:
    """What a shell says of a process that a signal ended: 128 + its number."""
    told = stopped.args[:1] and isinstance(stopped.args[0], int)
    return 128 + (stopped.args[0] if told else signal.SIGINT)


def _unhandled() -> dict[int, Any]:
    """The signals that end a process here, as nobody ignores or handles them; their handlers."""
    usual: dict[int, Any] = {signal.SIGINT: signal.default_int_handler}
    for name in ("SIGTERM", "SIGHUP"):  # not everywhere
        if hasattr(signal, name):
            usual[getattr(signal, name)] = signal.SIG_DFL
    return {number: it for number, it in usual.items() if signal.getsignal(number) == it}


def _hear(number: int, frame: FrameType | None) -> None:
    ending = bool(_heard)
    _heard.append(number)
    # SIGTERM often comes twice, to a process and to its group: that is no reason to end in disorder
    if not _imports(frame) and (number == signal.SIGINT or not ending):
        raise KeyboardInterrupt(number)


def _imports(frame: FrameType | None) -> bool:
    """Whether a module is being imported here."""
    while frame is not None:
        if frame.f_globals.get("__name__") == "importlib._bootstrap":
            return True
        frame = frame.f_back
    return False
