"""Does a run that is killed at any instant lose only what it had in hand?

Toy cells are killed at random instants (HYPOTHESIS_PROFILE=deep: ten times as many), a real
experiment twice, and runs share a store while they are killed.
"""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments.store import FILES, LOCKS, damage

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kill -9 is a signal of POSIX")

ROOT = Path(__file__).parents[2]
PATIENCE = 300  # seconds, on a slow and busy machine
NUM_CELLS = 40
KILLS = 200 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 20
RUNS_AT_ONCE = 2


def toy(out, num_threads=2):
    """A toy run over this folder, started; it has said that it is ready."""
    command = [sys.executable, "-m", "tests.experiments.toy_run", str(out), str(NUM_CELLS)]
    run = subprocess.Popen(
        [*command, str(num_threads)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert run.stdout.readline() == "ready\n", run.stderr.read()
    return run


def finished(run):
    """Whether the run came to its end."""
    _, error = run.communicate(timeout=PATIENCE)
    assert "Traceback" not in error, error
    assert run.returncode in (0, -signal.SIGKILL), error
    return run.returncode == 0


def contents(out):
    """(cell, file) -> hash of its bytes, of all that is told of the cells; none may be damaged."""
    found = {}
    for folder in sorted(out.glob("store/[!.]*/[!.]*")):
        assert damage(folder) == "", folder
        for name in FILES:
            if name != "provenance.json":  # times and commands differ
                found[folder.name, name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed")
    assert finished(toy(out))
    found = contents(out)
    assert len(found) == 3 * NUM_CELLS
    return found


def test_killed_at_random_instants_it_ends_with_the_same_bytes(tmp_path, undisturbed):
    chance, killed, round_number = random.Random(0), 0, 0
    while killed < KILLS:
        out, round_number = tmp_path / str(round_number), round_number + 1
        done = False
        while not done and killed < KILLS:
            run = toy(out)
            time.sleep(chance.uniform(0, 0.15))
            run.kill()
            done = finished(run)
            killed += not done
            stored = contents(out)  # at every instant: whole cells, as an undisturbed run has them
            assert stored.items() <= undisturbed.items()
        assert done or finished(toy(out))
        assert contents(out) == undisturbed
        computed = (out / "computed.log").read_text().split()
        assert len(computed) <= NUM_CELLS + 2 * killed  # only cells in flight are done again


def test_two_runs_that_are_killed_and_come_back_never_do_a_cell_twice(tmp_path, undisturbed):
    chance, killed = random.Random(1), 0
    runs = [toy(tmp_path) for _ in range(RUNS_AT_ONCE)]
    while len(contents(tmp_path)) < len(undisturbed):
        time.sleep(chance.uniform(0, 0.1))
        victim = chance.randrange(RUNS_AT_ONCE)
        runs[victim].kill()
        killed += not finished(runs[victim])  # heard out even when it came to its end before
        runs[victim] = toy(tmp_path)
    assert all(finished(run) for run in runs)
    assert contents(tmp_path) == undisturbed
    computed = (tmp_path / "computed.log").read_text().split()
    assert len(computed) <= NUM_CELLS + 2 * killed


def test_a_run_beside_one_that_is_killed_again_and_again_loses_nothing(tmp_path, undisturbed):
    chance = random.Random(3)
    for round_number in range(KILLS // 20):
        out, killed = tmp_path / str(round_number), 0
        survivor = toy(out, num_threads=1)
        while survivor.poll() is None:
            victim = toy(out)
            time.sleep(chance.uniform(0, 0.1))
            victim.kill()
            killed += not finished(victim)
        assert finished(survivor)
        assert contents(out) == undisturbed
        computed = (out / "computed.log").read_text().split()
        assert len(computed) <= NUM_CELLS + 2 * killed


def test_two_undisturbed_runs_at_once_compute_every_cell_once(tmp_path, undisturbed):
    runs = [toy(tmp_path) for _ in range(RUNS_AT_ONCE)]
    assert all(finished(run) for run in runs)
    assert contents(tmp_path) == undisturbed
    computed = (tmp_path / "computed.log").read_text().split()
    assert sorted(map(int, computed)) == list(range(NUM_CELLS))
    leftovers = [path for path in (tmp_path / "store").glob("*/.*") if path.parent.name != LOCKS]
    assert leftovers == []


def latentgen(out, *options):
    """The command line on the cheapest settings of a real experiment, started."""
    command = [sys.executable, "-m", "experiments.command_line", "run", "residual"]
    settings = ["--profile", "smoke", "--workers", "2", "--quiet", "--out", str(out)]
    return subprocess.Popen(
        [*command, *settings, *options], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip


def test_a_real_experiment_killed_twice_ends_with_the_same_bytes(tmp_path):
    whole = latentgen(tmp_path / "whole")
    _, error = whole.communicate(timeout=PATIENCE)
    assert whole.returncode == 0, error
    broken, chance = tmp_path / "broken", random.Random(2)
    for kill in range(2):
        run = latentgen(broken)
        end = time.monotonic() + PATIENCE
        while len(contents(broken)) <= 3 * kill and run.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(chance.uniform(0, 0.3))
        os.kill(run.pid, signal.SIGKILL)  # the parent alone: its workers must not outlive it
        run.communicate(timeout=PATIENCE)
        assert run.returncode == -signal.SIGKILL
        assert contents(broken)
    last = latentgen(broken)
    _, error = last.communicate(timeout=PATIENCE)
    assert last.returncode == 0, error
    assert contents(broken) == contents(tmp_path / "whole")
    for name in ("residual.csv",):
        first, second = (tmp_path / out / "figures" / name for out in ("whole", "broken"))
        assert first.read_bytes() == second.read_bytes()


FULL_DISK = (
    "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (700, 700)); "
    "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    "from experiments.command_line import main; main(sys.argv[1:])"
)


def test_a_full_disk_is_said_in_one_line_and_leaves_nothing_half_written(tmp_path):
    arguments = ["run", "residual", "--profile", "smoke", "--workers", "1", "--out", str(tmp_path)]
    run = subprocess.run(
        [sys.executable, "-c", FULL_DISK, *arguments], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "JAX_ENABLE_COMPILATION_CACHE": "false"},
    )  # fmt: skip
    assert run.returncode == 2, run.stderr
    assert run.stderr.count("\n") == 1
    assert "what was computed is kept" in run.stderr
    assert contents(tmp_path) == {}
    assert [p for p in (tmp_path / "store" / "residual").iterdir() if p.is_dir()] == []


def test_what_is_stored_is_told_as_json_without_words_that_are_no_json(tmp_path, undisturbed):
    assert finished(toy(tmp_path))
    for path in tmp_path.rglob("*.json"):
        json.loads(path.read_text(), parse_constant=lambda word: pytest.fail(word))
