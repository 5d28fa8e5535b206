"""What can be asked for on the command line?

`latentgen list | run NAME | figures | report | claims`. Results, figures and report.html live in
one output folder. Exit code 0: done; 2: bad input, one line on stderr; 130: interrupted.
"""

import os
import re
import shlex
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Annotated, Any

import tyro


@dataclass(frozen=True)
class List:
    """List the experiments and their questions (piped: name, tab, question)."""


@dataclass(frozen=True, kw_only=True)
class Stored:
    """Which stored results are meant."""

    profile: str = "paper"
    """smoke (a check, not evidence), paper, or full."""
    seeds: int | None = None
    """Trained seeds; rounded up to whole blocks. More seeds only add to what is stored."""
    out: Path = Path("output")
    """The output folder: store/, figures/, report.html."""


@dataclass(frozen=True, kw_only=True)
class Report(Stored):
    """Draw the figures and write the report again, from stored results only."""


@dataclass(frozen=True, kw_only=True)
class Claims(Stored):
    """Say what the stored results say of every claim.

    Piped: one line a claim, its fields between tabs, no header.
    """

    json: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """A JSON array instead; only that goes to stdout."""


@dataclass(frozen=True, kw_only=True)
class Figures(Report):
    """Compute what is missing of every experiment, draw all figures, write the report."""

    workers: int | None = None
    """Worker processes; by default one per core, at most eight."""


@dataclass(frozen=True, kw_only=True)
class Run(Figures):
    """Compute what is missing of one experiment, draw its figures, write the report."""

    name: tyro.conf.Positional[str]
    """An experiment, see `latentgen list`."""


COMMANDS: Any = (  # a union is no type to a type checker where a value is asked for
    Annotated[List, tyro.conf.subcommand("list")]
    | Annotated[Run, tyro.conf.subcommand("run")]
    | Annotated[Figures, tyro.conf.subcommand("figures")]
    | Annotated[Report, tyro.conf.subcommand("report")]
    | Annotated[Claims, tyro.conf.subcommand("claims")]
)


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point `latentgen`; leaves through sys.exit."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    command = _parse(words)
    if isinstance(command, List):
        _list()
        return
    _set_environment()
    try:
        if isinstance(command, Claims):
            _claims(command)
        else:
            _execute(command, shlex.join(["latentgen", *words]))
    except ValueError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename or 'output'}: {error.strerror or error}; what was computed is kept")
    except KeyboardInterrupt:
        print("interrupted: what was computed is stored; run again to continue", file=sys.stderr)
        sys.exit(130)


def _parse(words: list[str]) -> List | Report | Claims:
    """The command, or exit code 2 with one line that says what is wrong."""
    said = StringIO()
    try:
        with redirect_stderr(said):
            return tyro.cli(COMMANDS, prog="latentgen", args=words)
    except SystemExit as stopped:
        if stopped.code in (0, None):
            raise
        _fail(f"{_first_words(said.getvalue())} (see latentgen --help)")
        raise


def _first_words(box: str) -> str:
    """What tyro's framed message says first, and the nearest option it suggests, in one line."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", box)
    lines = [line.strip("│╭╮╰╯ ") for line in plain.splitlines()[1:]]
    parts = re.split(r"[─-]{5,}", "\n".join(lines))  # dashes where the terminal has no boxes
    sections = [part.strip() for part in parts if part.strip()]
    said = sections[0].split("\n\n")[0]
    hints = [s for s in sections[1:] if s.startswith(("Perhaps you meant", "Available"))]
    hint = " ".join(hints[0].splitlines()[:2]) if hints else ""
    return "; ".join(" ".join(part.split()) for part in (said, hint) if part)


def _fail(message: str) -> None:
    print(f"latentgen: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(2)


def _list() -> None:
    from experiments.registry import questions  # imported late: --help and list stay fast

    for name, question in questions().items():
        print(f"{name}\t{question}" if not sys.stdout.isatty() else f"{name:<14} {question}")


def _claims(command: Claims) -> None:
    from rich.console import Console  # imported late: --help and list stay fast

    from experiments import claims

    rows = claims.ledger(command.out, command.profile, command.seeds)
    if sys.stdout.isatty() and not command.json:
        claims.show(rows, Console())
    else:
        _pipe(claims.as_json(rows) if command.json else claims.as_lines(rows))
    missing = dict.fromkeys(row.experiment for row in rows if row.verdict == "not computed")
    if missing:
        print(
            f"not computed in {command.out}: {', '.join(missing)}; `latentgen figures` with the "
            "same options computes what is missing",
            file=sys.stderr,
        )


def _pipe(text: str) -> None:
    """Print it; a reader such as head, which leaves when it has seen enough, is no error."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit


def _set_environment() -> None:
    """Options of JAX and BLAS, unless the user has set them; before JAX is imported."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "latentgen" / "jax"
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.2")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # workers are the parallelism
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # small networks spend longer in the compiler than they gain from its last optimisations
    os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=1")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # workers share a GPU


def _execute(command: Report, line: str) -> None:
    from rich.console import Console  # imported late: --help and list stay fast

    from experiments.pipeline import compute_and_draw
    from experiments.registry import questions
    from experiments.runner import default_workers

    workers = 0  # nothing may be computed
    if isinstance(command, Figures):
        workers = default_workers() if command.workers is None else command.workers
        if workers < 1:
            raise ValueError(f"--workers must be at least 1; got {workers}")
    compute_and_draw(
        [command.name] if isinstance(command, Run) else list(questions()),
        command.profile,
        command.seeds,
        command.out,
        workers,
        line,
        Console(),
    )


if __name__ == "__main__":
    main()
