"""Is it no error that nobody reads what is printed, or that an encoding lacks a sign of it?"""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.readers import reach_readers

ROOT = Path(__file__).parents[2]
UNREAD = (
    "import os, sys; read, write = os.pipe(); os.close(read); os.dup2(write, 1); "
    "from experiments import command_line; "
)


@pytest.mark.skipif(os.name != "posix", reason="a closed pipe is told otherwise elsewhere")
@pytest.mark.parametrize("code", ["command_line.main(['list'])", "command_line.main(['--help'])"])
def test_what_nobody_reads_is_no_error(code):
    done = subprocess.run(
        [sys.executable, "-c", UNREAD + code], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(os.name != "posix", reason="a closed pipe is told otherwise elsewhere")
def test_a_run_goes_on_when_its_reader_leaves():
    code = (
        "from experiments.view import Lasting, View; view = View(Lasting()); "
        "view.start(2); view.show(1, []); view.show(0, []); view.result('x' * 100_000); "
        "print('went on', file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", UNREAD + code], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "went on\n")


@pytest.mark.skipif(os.name != "posix", reason="output is closed otherwise elsewhere")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
@pytest.mark.parametrize("word", ["list", "--help"])
def test_output_that_was_closed_goes_to_nobody(word, closed):
    program = [sys.executable, "-m", "experiments.command_line", word]
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *program],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert bool(done.stdout) == (closed == "2>&-")


TEXT = "p(c∣x) − é \udcff"  # a name on the disk may hold what is no text


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LC_ALL": "C", "PYTHONUTF8": "0"}, "p(c∣x) − é \\udcff".encode()),
        ({"PYTHONIOENCODING": "cp1252"}, b"p(c\\u2223x) \\u2212 \xe9 \\udcff"),
    ],
)
def test_files_and_programs_get_utf_8_or_what_was_asked_for(environment, expected):
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONIOENCODING"}
    code = f"from experiments.readers import *; reach_readers(); pipe({TEXT!a})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, env=kept | environment
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.strip() == expected


def test_the_command_line_can_say_all_in_any_locale():
    done = subprocess.run(
        [sys.executable, "-m", "experiments.command_line", "list"], cwd=ROOT, capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode("ascii").count("\t") > 10


class Terminal(io.TextIOWrapper):
    def isatty(self):
        return True


def test_a_terminal_keeps_its_encoding_and_a_stream_of_somebody_else_is_left_alone(monkeypatch):
    monkeypatch.delenv("PYTHONIOENCODING", raising=False)
    terminal = Terminal(io.BytesIO(), "latin-1")
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    reach_readers()
    print("é −", flush=True)
    assert terminal.buffer.getvalue().strip() == b"\xe9 \\u2212"
