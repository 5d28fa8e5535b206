"""Does Ctrl-C keep what was computed, and leave in one line?"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

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
    assert said.splitlines() == ["interrupted: what was computed is stored; run again to continue"]
    kept = list(stored.glob("[!.]*"))
    assert kept
    assert all((folder / "metrics.json").is_file() for folder in kept)
    assert not (tmp_path / "report.html").exists()
