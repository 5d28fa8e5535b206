"""Does Ctrl-C keep what was computed, and leave in one line?"""

import gc
import importlib
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from experiments import command_line, executors, pipeline
from experiments.view import View

LINE = "interrupted: what was computed is stored; run again to continue"
ROOT = Path(__file__).parents[2]
PATIENCE = 300  # seconds until the first cell is stored on a slow and busy machine
# A suite started in the background ignores SIGINT, and its children inherit that.
LISTENING = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from experiments.command_line import main; main(sys.argv[1:])"
)


@pytest.mark.skipif(os.name != "posix", reason="SIGINT cannot be sent to a process elsewhere")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_interrupted_run_keeps_whole_cells_and_says_so_in_one_line(tmp_path, workers):
    arguments = ["--profile", "smoke", "--out", str(tmp_path), "--workers", workers]
    command = [sys.executable, "-c", LISTENING, "run", "simulation", *arguments]
    run = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    stored = tmp_path / "store" / "simulation"
    end = time.monotonic() + PATIENCE
    while not list(stored.glob("[!.]*")) and run.poll() is None and time.monotonic() < end:
        time.sleep(0.1)
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=PATIENCE)
    assert run.returncode == 130, said
    assert said.splitlines() == [LINE]
    kept = list(stored.glob("[!.]*"))
    assert kept
    assert all((folder / "metrics.json").is_file() for folder in kept)
    assert not (tmp_path / "report.html").exists()


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


def interrupted(monkeypatch, execute):
    """The exit code of a command that listens to Ctrl-C, and is as deaf as before afterwards."""
    monkeypatch.setattr(command_line, "_set_environment", lambda: None)
    monkeypatch.setattr(command_line, "_execute", execute)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(SystemExit) as stopped:
            command_line.main(["figures"])
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    return stopped.value.code


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


def _blocked():
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])


@pytest.mark.skipif(os.name != "posix", reason="signals cannot be blocked elsewhere")
def test_ctrl_c_is_kept_from_processes_before_they_can_handle_it():
    with executors.local(2) as pool:
        assert pool.submit(_blocked).result(60)
    assert not _blocked()
