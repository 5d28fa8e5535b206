"""Is it no error that nobody reads what is printed?"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
