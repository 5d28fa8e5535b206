"""Do Ctrl-C, SIGTERM and SIGHUP keep what was computed, and leave in one line?"""

import gc
import importlib
import io
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from experiments import command_line, interruption, pipeline
from experiments.view import View

LINE = "interrupted: what was computed is stored; run again to continue"
ROOT = Path(__file__).parents[2]
PATIENCE = 300  # seconds until the first cell is stored on a slow and busy machine
# A suite started in the background ignores SIGINT, and its children inherit that.
LISTENING = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "[signal.signal(getattr(signal, name), signal.SIG_DFL) "
    "for name in ('SIGTERM', 'SIGHUP') if hasattr(signal, name)]; "
)
MAIN = "from experiments.command_line import main; main(sys.argv[1:])"
posix = pytest.mark.skipif(os.name != "posix", reason="signals cannot be sent like this elsewhere")


@posix
@pytest.mark.parametrize(
    ("name", "workers", "code"),
    [("SIGINT", "2", 130), ("SIGTERM", "1", 143)],
)
def test_an_interrupted_run_keeps_whole_cells_and_says_so_in_one_line(
    tmp_path, name, workers, code
):
    arguments = ["--profile", "smoke", "--out", str(tmp_path), "--workers", workers]
    command = [sys.executable, "-c", LISTENING + MAIN, "run", "simulation", *arguments]
    run = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    stored = tmp_path / "store" / "simulation"
    end = time.monotonic() + PATIENCE
    while not list(stored.glob("[!.]*")) and run.poll() is None and time.monotonic() < end:
        time.sleep(0.1)
    os.killpg(run.pid, getattr(signal, name))  # to the workers, too, as terminals and SLURM do
    _, said = run.communicate(timeout=PATIENCE)  # all that could write there have ended
    assert run.returncode == code, said
    assert said.splitlines() == [LINE]
    kept = list(stored.glob("[!.]*"))
    assert kept
    assert all((folder / "metrics.json").is_file() for folder in kept)
    assert not (tmp_path / "report.html").exists()


@posix
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_in_the_first_moment_is_one_line(name, code):
    early = (
        "from importlib.abc import MetaPathFinder\n"
        "class Early(MetaPathFinder):\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == 'tyro': signal.raise_signal(signal.{name})\n"
        "sys.meta_path.insert(0, Early())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{LISTENING}\n{early}{MAIN}", "list"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (code, "", f"{LINE}\n")


def _show(_):
    """A look of the run loop."""
    View(Console(file=io.StringIO())).show(0, [])


def _draw(folder):
    """The beginning of drawing."""
    pipeline._section(None, folder)


def _refuse(_):
    """What a library may make of an exception that it did not expect."""
    raise ValueError("no module")


@pytest.mark.parametrize("look", [_show, _draw, _refuse])
def test_ctrl_c_that_a_callback_swallows_is_heard_at_the_next_look(
    capsys, tmp_path, monkeypatch, look
):
    def swallow(*_):
        signal.raise_signal(signal.SIGINT)

    def execute(*_):
        gc.callbacks.append(swallow)
        try:
            gc.collect()
        finally:
            gc.callbacks.remove(swallow)
        look(tmp_path)

    assert interrupted(monkeypatch, execute) == 130
    assert capsys.readouterr().err == f"{LINE}\n"


@contextmanager
def handled(handlers):
    """Signals handled like this before; as they were afterwards."""
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
        assert {number: signal.getsignal(number) for number in handlers} == handlers
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def interrupted(monkeypatch, execute):
    """The exit code of a command that listens to Ctrl-C, and is as deaf as before afterwards."""
    monkeypatch.setattr(command_line, "_set_environment", lambda: None)
    monkeypatch.setattr(command_line, "_execute", execute)
    with (
        handled({signal.SIGINT: signal.default_int_handler}),
        pytest.raises(SystemExit) as stopped,
    ):
        command_line.main(["figures"])
    return stopped.value.code


@posix
@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_signals_that_end_a_process_are_told_by_its_exit_code(capsys, monkeypatch, name, code):
    number, ended = getattr(signal, name), []

    def execute(*_):
        assert signal.getsignal(number) != signal.SIG_DFL  # else it would end the tests
        try:
            signal.raise_signal(number)
        finally:
            signal.raise_signal(number)
            ended.append("in order")  # the second one did not disturb the end

    with handled({number: signal.SIG_DFL}):
        assert interrupted(monkeypatch, execute) == code
    assert ended == ["in order"]
    assert capsys.readouterr().err == f"{LINE}\n"


@posix
def test_a_signal_that_is_ignored_stays_ignored(capsys, monkeypatch):
    def execute(*_):
        signal.raise_signal(signal.SIGHUP)
        interruption.check()

    monkeypatch.setattr(command_line, "_set_environment", lambda: None)
    monkeypatch.setattr(command_line, "_execute", execute)
    with handled({signal.SIGHUP: signal.SIG_IGN}):  # as nohup does
        command_line.main(["figures"])
    assert capsys.readouterr().err == ""


def test_ctrl_c_during_an_import_waits_until_it_is_whole(capsys, tmp_path, monkeypatch):
    name = "interrupted_import"
    (tmp_path / f"{name}.py").write_text("import signal; signal.raise_signal(2); WHOLE = True")
    whole = []

    def execute(*_):
        whole.append(importlib.import_module(name).WHOLE)
        _show(None)

    monkeypatch.syspath_prepend(tmp_path)
    assert interrupted(monkeypatch, execute) == 130
    assert whole == [True]
    assert capsys.readouterr().err == f"{LINE}\n"


MASKS = """
import signal
from multiprocessing import resource_tracker
from pathlib import Path

from experiments import executors

before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
with executors.local(2) as pool:
    worker = pool.submit(signal.pthread_sigmask, signal.SIG_BLOCK, []).result()
    assert {signal.SIGINT, signal.SIGHUP} <= worker, worker
    tracker = Path(f"/proc/{resource_tracker._resource_tracker._pid}/status")
    if tracker.is_file():  # it clears up behind all others, and must outlive them
        lines = dict(line.split(":", 1) for line in tracker.read_text().splitlines())
        assert int(lines["SigBlk"], 16) & 1 << signal.SIGHUP - 1, lines["SigBlk"]
assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before
"""


@posix
def test_signals_of_a_terminal_are_kept_from_processes_before_they_can_handle_them():
    # in a process of its own: a process has one tracker, and another test may have started it
    told = subprocess.run(
        [sys.executable, "-c", MASKS], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE
    )
    assert (told.returncode, told.stderr) == (0, "")
