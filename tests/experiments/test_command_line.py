"""Does the command line answer bad input with one line, exit code 2 and nothing written?"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from experiments import command_line, executors, parsing, registry

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def unchanged_environment(monkeypatch):
    """The command line sets options for its own process; here it is called within the tests'."""
    monkeypatch.setattr(command_line, "_set_environment", lambda: None)


def refused(capsys, *arguments):
    """The one line that is said of bad input."""
    with pytest.raises(SystemExit) as stopped:
        command_line.main(arguments)
    said = capsys.readouterr()
    assert stopped.value.code == 2
    assert said.out == ""
    assert "-----" not in said.err
    assert said.err.count("\n") == 1
    assert said.err.endswith("\n")
    assert said.err.startswith("latentgen: ")
    return said.err


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["run", "simulatoin"], ["unknown experiment 'simulatoin'", "'simulation'?"]),
        (["run", "zzz"], ["unknown experiment 'zzz'", "there are: ", "simulation"]),
        (["run", "simulation", "--profile", "papr"], ["unknown profile 'papr'", "'paper'?"]),
        (["figures", "--profile", "smok"], ["unknown profile 'smok'", "'smoke'?"]),
        (["report", "--profile", "xyz"], ["unknown profile 'xyz'", "smoke, paper, full"]),
        (["claims", "--profile", "xyz"], ["unknown profile 'xyz'", "smoke, paper, full"]),
        (["claims", "--seeds", "0"], ["--seeds must be at least 1; got 0"]),
        (["run", "simulation", "--seeds", "0"], ["--seeds must be at least 1; got 0"]),
        (["figures", "--seeds", "-3"], ["--seeds must be at least 1; got -3"]),
        (["figures", "--workers", "0"], ["--workers must be at least 1; got 0"]),
        (["run", "simulation", "--workers", "-1"], ["--workers must be at least 1; got -1"]),
        (["run", "simulation", "--seeds", "many"], ["many", "--help"]),
        (["run", "simulation", "--num-traind", "3"], ["--num-traind", "--num-trained INT"]),
        (["run", "simulation", "--num-trained", "many"], ["--num-trained", "'many'"]),
        (["run", "simulation", "--training.num-step", "3"], ["--training.num-steps INT"]),
        (["run", "simulation", "--dask", "nowhere:1"], ["dask"]),
        (["show", "simulatoin"], ["unknown experiment, claim, cell or world", "'simulation'?"]),
        (["show", "simulation", "--profile", "xyz"], ["unknown profile 'xyz'"]),
        (["clean"], ["nothing is stored in output", "--out"]),
        (["report"], ["nothing is stored in output", "--out"]),
        (["run", "simulation", "--sedes", "3"], ["--sedes", "--seeds", "--help"]),
        (["run"], ["Missing from latentgen run", "An experiment", "--help"]),
        (["runn", "simulation"], ["unknown command 'runn'", "'run'?"]),
        (["figurs"], ["unknown command 'figurs': did you mean 'figures'?"]),
        (["zzz"], ["unknown command 'zzz'", "there are: list, run, figures"]),
        (["run", "--out", "scale", "simulation", "--num-worlds", "x"], ["--num-worlds", "'x'"]),
        (["run", "--out", "scale", "--quiet"], ["Missing from latentgen run", "--help"]),
        ([], ["--help"]),
    ],
)
def test_bad_input_is_answered_in_one_line_and_writes_nothing(
    capsys, tmp_path, monkeypatch, arguments, parts
):
    monkeypatch.chdir(tmp_path)  # where `output` would be made
    said = refused(capsys, *arguments)
    for part in parts:
        assert part in said
    assert list(tmp_path.iterdir()) == []


BOXED = """\x1b[31m╭─\x1b[0m Unrecognized options ─────────────╮
│ Unrecognized options: --sedes, 3   │
│ ────────────────────────────────── │
│ Perhaps you meant:                 │
│     --seeds {None}|INT             │
│         Trained seeds.             │
│ ────────────────────────────────── │
│ For full helptext, see --help      │
╰────────────────────────────────────╯
"""
UNBOXED = """ Unrecognized options
 ------------------------------------
  Unrecognized options: --sedes, 3
  ------------------------------------
  Perhaps you meant:
      --seeds {None}|INT
          Trained seeds.
  ------------------------------------
  For full helptext, see --help

"""


@pytest.mark.parametrize("box", [BOXED, UNBOXED])
def test_a_framed_message_is_cut_down_to_what_is_wrong_and_what_was_meant(box):
    expected = "Unrecognized options: --sedes, 3; Perhaps you meant: --seeds {None}|INT"
    assert parsing.first_words(box) == expected


@pytest.mark.parametrize("command", [["run", "simulation"], ["figures"]])
def test_an_unwritable_folder_is_refused(capsys, tmp_path, command):
    (tmp_path / "file").write_text("not a folder")
    out = tmp_path / "file" / "out"
    said = refused(capsys, *command, "--profile", "smoke", "--out", str(out))
    assert f"{out / 'store'} cannot be written to" in said
    assert "--out" in said
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_report_of_what_was_never_run_says_what_to_run(capsys, tmp_path):
    said = refused(capsys, "report", "--profile", "smoke", "--out", str(tmp_path))
    assert f"nothing is stored in {tmp_path}: run `latentgen figures` with this --out" in said
    assert not list(tmp_path.iterdir())


def test_a_report_of_another_profile_counts_what_is_missing(capsys, tmp_path):
    (tmp_path / "store").mkdir()
    said = refused(capsys, "report", "--profile", "smoke", "--out", str(tmp_path))
    assert re.search(r"\d+ of \d+ cells of \w+ are not stored", said)
    assert "run `latentgen figures` (or `latentgen run`) with the same options first" in said


def test_a_figures_folder_that_is_a_file_is_refused_before_anything_is_computed(capsys, tmp_path):
    (tmp_path / "figures").write_text("not a folder")
    said = refused(capsys, "figures", "--profile", "smoke", "--out", str(tmp_path))
    assert f"{tmp_path / 'figures'} cannot be written to" in said
    assert not list((tmp_path / "store").iterdir())


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["theorems", "--out", "scale"], "theorems"),
        (["--out", "scale", "theorems", "--profile", "smoke"], "theorems"),
        (["--out", "scale", "--quiet", "theorems"], "theorems"),
        (["--out=scale", "theorems"], "theorems"),
        (["--scales", "0.1", "0.3", "residual"], "residual"),
    ],
)
def test_a_name_that_is_the_value_of_an_option_is_not_the_experiment_to_run(words, name):
    command = parsing.parse(["run", *words])
    assert command.name == name
    assert isinstance(command.config, type(registry.experiment(name).profiles["paper"]))


def test_the_help_of_an_experiment_names_it_in_its_usage(capsys):
    with pytest.raises(SystemExit):
        command_line.main(["run", "--out", "scale", "residual", "--help"])
    said = capsys.readouterr().out
    assert said.startswith("usage: latentgen run residual ")
    assert "--num-worlds INT" in said


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["list", "--help"]])
def test_help_is_no_error(capsys, arguments):
    with pytest.raises(SystemExit) as stopped:
        command_line.main(arguments)
    assert stopped.value.code == 0
    said = capsys.readouterr()
    assert "latentgen" in said.out
    assert said.err == ""


def test_help_tells_of_every_command(capsys):
    with pytest.raises(SystemExit):
        command_line.main(["--help"])
    said = capsys.readouterr().out
    for word in ("list", "run", "figures", "report", "claims", "show", "clean"):
        assert word in said


def test_the_list_is_name_tab_question_without_a_header(capsys):
    command_line.main(["list"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("\t")[0] for line in lines] == list(registry.questions())
    for line in lines:
        name, question = line.split("\t")
        assert question.endswith("?")
        assert registry.experiment(name).question == question


HEAVY = {"jax", "numpy", "flax", "scipy", "sklearn", "matplotlib", "networkx", "latentgen"}


@pytest.mark.parametrize(("word", "said"), [("list", "\nsimulation\t"), ("--help", "clean")])
def test_what_is_asked_most_imports_nothing_heavy(word, said):
    code = (
        "import atexit, sys; from experiments.command_line import main; "
        f"atexit.register(lambda: print(sorted({HEAVY} & set(sys.modules)), file=sys.stderr)); "
        f"main([{word!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "[]\n")
    assert said in f"\n{done.stdout}"


def test_the_program_leaves_with_the_same_code_and_line(tmp_path):
    command = [sys.executable, "-m", "experiments.command_line", "run", "simulaton"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "out")], cwd=ROOT, capture_output=True, text=True
    )
    expected = "latentgen: unknown experiment 'simulaton': did you mean 'simulation'?\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", expected)
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_says_that_what_was_computed_is_kept(capsys, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "_execute", interrupt)
    with pytest.raises(SystemExit) as stopped:
        command_line.main(["figures"])
    assert stopped.value.code == 130
    assert capsys.readouterr().err == (
        "interrupted: what was computed is stored; run again to continue\n"
    )


def test_workers_that_keep_dying_are_one_line_and_exit_code_1(capsys, monkeypatch):
    def lose(*_):
        raise executors.WorkersLost("no worker\nis left")

    monkeypatch.setattr(command_line, "_execute", lose)
    with pytest.raises(SystemExit) as stopped:
        command_line.main(["figures"])
    assert stopped.value.code == 1
    assert capsys.readouterr() == ("", "latentgen: no worker is left\n")


def test_an_error_in_the_code_keeps_its_traceback(monkeypatch):
    def fail(*_):
        raise RuntimeError("a bug")

    monkeypatch.setattr(command_line, "_execute", fail)
    with pytest.raises(RuntimeError, match="a bug"):
        command_line.main(["figures"])


def test_errors_of_many_lines_are_said_in_one(capsys, monkeypatch):
    def fail(*_):
        raise ValueError("first\n  second")

    monkeypatch.setattr(command_line, "_execute", fail)
    assert refused(capsys, "figures") == "latentgen: first second\n"


def test_options_of_the_user_come_first(monkeypatch, tmp_path):
    monkeypatch.undo()
    for name in ("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.setenv(name, "7")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "x")  # so that monkeypatch restores it
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR")
    command_line._set_environment()
    environment = command_line.os.environ
    assert environment["OPENBLAS_NUM_THREADS"] == environment["OMP_NUM_THREADS"] == "7"
    assert environment["JAX_COMPILATION_CACHE_DIR"] == str(tmp_path / "latentgen" / "jax")


def test_a_user_without_a_home_has_no_cache_and_no_error(monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.undo()
    monkeypatch.setattr(Path, "home", no_home)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "own")
    command_line._set_environment()
    assert command_line.os.environ["JAX_COMPILATION_CACHE_DIR"] == "own"
    assert command_line._cache_folder() is None


def test_blas_is_told_of_its_threads_before_it_is_loaded():
    code = (
        "import sys; from experiments import command_line; "
        "command_line._set_environment = lambda: sys.exit('numpy' in sys.modules); "
        "command_line.main(['run', 'simulation', '--help'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, "numpy was loaded first"
