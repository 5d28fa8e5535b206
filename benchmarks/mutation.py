"""How many small faults in the exact layer do the tests of each file notice?

mutmut makes the faults and tries them, each in a fork of a process that has imported everything
and run nothing (jax has threads once it has run). What is found stays in .mutation/, so that a run
that was interrupted goes on where it was. A mutant is tried by the tests that mirror its file, not
by all that reach it: the score is a lower bound.
"""

import argparse
import json
import os
import random
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from mutmut.__main__ import create_mutants
from mutmut.configuration import reset_config
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import (
    change_cwd,
    copy_also_copy_files,
    copy_src_dir,
    setup_source_paths,
)
from mutmut.utils.format_utils import get_mutant_name
from mutmut.workers.isolation import MutantRunner, get_mutant_runner
from scipy.stats import binomtest

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".mutation"
FILES = [
    *["space", "host", "factors", "model", "enumeration", "exact", "filtering", "hidden_markov"],
    *["prefixes", "bayes", "contexts", "oracle", "intervention", "conditions", "kernels"],
    *["contraction", "contraction_operands", "contraction_path", "contraction_sums"],
    *["graphs", "tables", "rational"],
]
# By which tests a file is tried beside test_FILE*.py, all but theorems by test_refusals.py too.
ALSO = {
    "hidden_markov": ["test_filtering.py"],
    "oracle": ["test_low_rank_oracle.py"],
    "factors": ["test_model.py"],
    "enumeration": ["test_exact.py"],
    "kernels": ["test_contraction.py"],
    "filtering": ["test_hidden_markov.py"],
    "contraction_operands": ["test_contraction*.py"],
    "contraction_sums": ["test_contraction*.py"],
    "model": ["test_host.py", "test_storage.py"],
    "theorems/catalogue": ["theorems/test_result.py"],
    "theorems/two_levels": ["theorems/test_crossover.py", "theorems/test_mixture.py"],
}
ENVIRONMENT = {
    "HYPOTHESIS_PROFILE": "mutate",
    "JAX_COMPILATION_CACHE_DIR": str(
        Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "latentgen", "jax")
    ),
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.2",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "SECONDS_OF_TESTS": "seconds.json",  # what benchmarks.mutant_tests measures without a mutant
}
MEMORY = 16 * 2**30  # bytes of addresses: without its guard, a table may take the machine with it
NOT_TRIED, TIMED_OUT, SURVIVED = "not checked", "timeout", ("survived", "no tests")


def main(arguments: Sequence[str] | None = None) -> int:
    """Tries the mutants of some files and prints the score of each as a Markdown table."""
    asked = _parser().parse_args(arguments)
    if not 0 < asked.share <= 1:
        raise SystemExit(f"--share must lie above 0 and be at most 1; got {asked.share}")
    os.environ.update({name: os.environ.get(name, value) for name, value in ENVIRONMENT.items()})
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for file in [] if asked.table else asked.files:
        wanted = (NOT_TRIED, *((*SURVIVED, TIMED_OUT) if asked.again else ()))
        chosen = sampled(statuses(file), file, asked.share, asked.seed)
        names = [name for name, status in chosen.items() if status in wanted]
        if names:
            print(f"{file}: {len(names)} mutants …", file=sys.stderr, flush=True)
            _try(file, names)
    print(table(asked.files, asked.share, asked.seed))
    return 0


def _parser() -> argparse.ArgumentParser:
    theorems = sorted(f"theorems/{path.stem}" for path in ROOT.glob("latentgen/theorems/[a-z]*.py"))
    parser = argparse.ArgumentParser(prog="make mutate", description=__doc__)
    add = parser.add_argument
    add("files", nargs="*", default=[*FILES, *theorems], help="exact theorems/rank …; without, all")
    add("--share", type=float, default=1.0, help="how much of each file, drawn at random")
    add("--seed", type=int, default=0, help="of that draw; a larger share holds the smaller one")
    add(
        "--again",
        action="store_true",
        help="survivors and timeouts too, as after a new test",
    )
    add("--table", action="store_true", help="try nothing, print what is known")
    return parser


def _tests(file: str) -> list[str]:
    folder, _, name = file.rpartition("/")
    own = Path(folder, f"test_{name}*.py")
    patterns = [own, *([] if folder else ["test_refusals.py"]), *ALSO.get(file, [])]
    tests = ROOT / "tests" / "latentgen"
    found = {path.relative_to(ROOT) for pattern in patterns for path in tests.glob(str(pattern))}
    return sorted(map(str, found))


def _try(file: str, names: Sequence[str]) -> None:
    """Lets mutmut try mutants of one file, in a folder of its own, and keeps every answer.

    By mutmut's own runner, without what `mutmut run` does before: it would import jax four times
    and run the tests twice, which is most of the work for a small file.
    """
    with change_cwd(_prepared(file)):
        reset_config()
        with redirect_stdout(StringIO()):
            copy_src_dir()
            copy_also_copy_files()
            setup_source_paths()
            create_mutants(1)
        runner = get_mutant_runner(1)
        runner.startup()
        try:
            started = time.monotonic()
            if code := _exit_code(runner, "none.x_none__mutmut_0", _tests(file), 1200):
                raise SystemExit(f"the tests of {file} fail without a mutant; pytest gives {code}")
            limit = 30 + 5 * (time.monotonic() - started)  # on the clock of this machine, now
            data = SourceFileMutationData(path=Path("latentgen", f"{file}.py"))
            data.load()
            for name in names:
                data.exit_code_by_key[name] = _exit_code(runner, name, _tests(file), limit)
                data.save()
        except KeyboardInterrupt:
            runner.stop_all_workers()
            raise
        finally:
            runner.shutdown()


def _prepared(file: str) -> Path:
    """The folder in which mutmut mutates one file, with what it copies from there."""
    folder = WORK / file
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("latentgen", "tests", "estimators", "benchmarks"):
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(ROOT / name)
    chosen = f'[tool.mutmut]\nonly_mutate = ["latentgen/{file}.py"]'
    project = (ROOT / "pyproject.toml").read_text("utf-8").replace("[tool.mutmut]", chosen)
    tests = f"pytest_add_cli_args_test_selection = {json.dumps(_tests(file))}"
    (folder / "pyproject.toml").write_text(project.replace(chosen, f"{chosen}\n{tests}"), "utf-8")
    return folder


def _exit_code(runner: MutantRunner, name: str, tests: list[str], limit: float) -> int:
    """What pytest answers on one mutant; the limit is in seconds on the clock."""
    runner.submit(name, tests, int(2 * limit), 0.0)
    return runner.wait_for_result().exit_code


def statuses(file: str) -> dict[str, str]:
    """Mutant -> status, of all mutants of a file."""
    path = Path("latentgen", f"{file}.py")
    mutated = mutate_file_contents(str(path), (ROOT / path).read_text("utf-8"))
    names = [get_mutant_name(path, name) for name in mutated.mutant_names]
    kept = WORK / file / "mutants" / f"{path}.meta"
    codes = json.loads(kept.read_text("utf-8"))["exit_code_by_key"] if kept.exists() else {}
    return {name: status_by_exit_code[codes.get(name)] for name in names}


def sampled(every: Mapping[str, str], file: str, share: float, seed: int) -> dict[str, str]:
    """The first share of a file's mutants in an order drawn at random."""
    names = sorted(every)
    random.Random(f"{seed} {file}").shuffle(names)
    return {name: every[name] for name in names[: -int(-share * len(names) // 1)]}


def table(files: Sequence[str], share: float, seed: int) -> str:
    """Of each file how many mutants there are, how many were tried, and what became of them."""
    lines = ["| file | mutants | tried | killed | timed out | survived | score | 95 % |"]
    lines.append("|---|--:|--:|--:|--:|--:|--:|---|")
    totals = [0, 0, 0, 0]
    for file in files:
        every = statuses(file)
        chosen = sampled(every, file, share, seed)
        tried = [status for status in chosen.values() if status != NOT_TRIED]
        survived = sum(status in SURVIVED for status in tried)
        counts = [len(every), len(tried), tried.count(TIMED_OUT), survived]
        totals = [total + count for total, count in zip(totals, counts, strict=True)]
        lines.append(_line(f"`{file}`", *counts))
    return "\n".join([*lines, _line("all", *totals)])


def _line(name: str, num_mutants: int, num_tried: int, num_timed_out: int, num_left: int) -> str:
    if not num_tried:
        return f"| {name} | {num_mutants} | 0 | | | | | |"
    killed = num_tried - num_left
    low, high = binomtest(killed, num_tried).proportion_ci(method="wilson")
    return (
        f"| {name} | {num_mutants} | {num_tried} | {killed - num_timed_out} | {num_timed_out} "
        f"| {num_left} | {killed / num_tried:.1%} | {low:.1%} to {high:.1%} |"
    )


if __name__ == "__main__":
    sys.exit(main())
