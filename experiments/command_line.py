"""What does a command do, and how does it leave?

Exit code 0: done; 1: workers kept dying, one line on stderr; 2: bad input, one line on stderr;
130: interrupted. Results, figures and report.html live in one output folder.
"""

import os
import re
import shlex
import sys
from collections.abc import Iterable, Sequence
from contextlib import redirect_stderr
from difflib import SequenceMatcher
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import tyro

from experiments import interruption, registry
from experiments.commands import (
    COMMANDS,
    FLAGS,
    NAMED,
    Claims,
    Clean,
    Figures,
    List,
    Report,
    Run,
    Show,
    run_with_settings,
)
from experiments.readers import go_on_unread, pipe


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point `latentgen`; leaves through sys.exit.

    Exit code 1 is for workers that keep dying, in one line; an error in the code has its traceback.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with interruption.remembered():
            _dispatch(_parse(words), shlex.join(["latentgen", *words]))
    except ValueError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename or 'output'}: {error.strerror or error}; what was computed is kept")
    except RuntimeError as error:
        from experiments.executors import WorkersLost  # imported late: --help and list stay fast

        if not isinstance(error, WorkersLost):
            raise
        _fail(str(error), 1)
    except KeyboardInterrupt:
        print("interrupted: what was computed is stored; run again to continue", file=sys.stderr)
        sys.exit(130)


def _parse(words: list[str]) -> Any:
    """The command, or exit code 2 with one line that says what is wrong."""
    form, program, words = _form(words)
    said = StringIO()
    try:
        with redirect_stderr(said):
            return tyro.cli(form, prog=program, args=words)
    except BrokenPipeError:  # who asked for --help has read enough
        go_on_unread()
        sys.exit(0)
    except SystemExit as stopped:
        if stopped.code in (0, None):
            raise
        _fail(f"{_first_words(said.getvalue())} (see latentgen --help)")
        raise


def _form(words: list[str]) -> tuple[Any, str, list[str]]:
    """What to parse as what, after which words: where an experiment is run, with its settings.

    Raises ValueError for a command or an experiment that is not there.
    """
    if words[:1] != ["run"]:
        if words and not words[0].startswith("-"):
            registry.check_known("command", words[0], NAMED)
        return COMMANDS, "latentgen", words
    _set_environment()  # before numpy is loaded, which reads it once
    known = registry.questions()
    place = _place_of_name(words, known)
    if place is None:
        return COMMANDS, "latentgen", words
    name = words[place]
    registry.check_known("experiment", name, known)
    profiles = registry.experiment(name).profiles
    asked = [word.split("=")[-1] for word in _values(words, "--profile")]
    usual = profiles.get(asked[-1] if asked else Run.profile, profiles["paper"])
    rest = words[1:place] + words[place + 1 :]
    return run_with_settings(name, usual), f"latentgen run {name}", rest


def _place_of_name(words: list[str], known: Iterable[str]) -> int | None:
    """Which word of `run` is NAME: the next one, or after options the first that is no value."""
    if len(words) > 1 and not words[1].startswith("-"):
        return 1
    places = (
        place
        for place, (before, word) in enumerate(pairwise(words), 1)
        if word in known and (before in FLAGS or "=" in before or not before.startswith("-"))
    )
    return next(places, None)


def _values(words: list[str], option: str) -> list[str]:
    """What follows an option, as `--option value` or `--option=value`."""
    after = [value for word, value in pairwise(words) if word == option]
    return after + [word for word in words if word.startswith(f"{option}=")]


def _first_words(box: str) -> str:
    """What tyro's framed message says first, and the nearest option it suggests, in one line."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", box)
    lines = [line.strip("│╭╮╰╯ ") for line in plain.splitlines()[1:]]
    parts = re.split(r"[─-]{5,}", "\n".join(lines))  # dashes where the terminal has no boxes
    sections = [part.strip() for part in parts if part.strip()]
    said = sections[0].split("\n\n")[0]
    hints = [s for s in sections[1:] if s.startswith(("Perhaps you meant", "Available"))]
    hint = _nearest(hints[0], said) if hints else ""
    return "; ".join(" ".join(part.split()) for part in (said, hint) if part)


def _nearest(hint: str, said: str) -> str:
    """The hint with the one option that is most like what was typed."""
    lines = [line.strip() for line in hint.splitlines()]
    typed = next((word.strip(",") for word in said.split() if word.startswith("--")), "")
    options = [line for line in lines[1:] if line.startswith("--")] or lines[1:2]
    nearest = max(
        options, key=lambda line: SequenceMatcher(None, line.split()[0], typed).ratio(), default=""
    )
    return f"{lines[0]} {nearest}"


def _fail(message: str, code: int = 2) -> None:
    print(f"latentgen: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(code)


def _dispatch(command: Any, line: str) -> None:
    if isinstance(command, List):
        _list()
        return
    _set_environment()
    if isinstance(command, Claims):
        _claims(command)
    elif isinstance(command, Show):
        _show(command)
    elif isinstance(command, Clean):
        _clean(command)
    else:
        _execute(command, line)


def _list() -> None:
    form = "{:<22} {}" if sys.stdout.isatty() else "{}\t{}"
    pipe("\n".join(form.format(*pair) for pair in registry.questions().items()))


def _claims(command: Claims) -> None:
    from rich.console import Console  # imported late: --help and list stay fast

    from experiments import claims

    rows = claims.ledger(command.out, command.profile, command.seeds)
    if sys.stdout.isatty() and not command.json:
        claims.show(rows, Console())
    else:
        pipe(claims.as_json(rows) if command.json else claims.as_lines(rows))
    missing = dict.fromkeys(row.experiment for row in rows if row.verdict == "not computed")
    if missing:
        print(
            f"not computed in {command.out}: {', '.join(missing)}; `latentgen figures` with the "
            "same options computes what is missing",
            file=sys.stderr,
        )


def _show(command: Show) -> None:
    from experiments import showing  # imported late: --help and list stay fast

    if showing.is_world(command.name):
        pipe(
            showing.show_world(command.name, command.context, command.context_length, command.json)
        )
        return
    for option in ("context", "context_length", "json"):
        if getattr(command, option) not in (None, False):
            raise ValueError(
                f"--{option.replace('_', '-')} is for worlds; {command.name} names none: leave it "
                "out, or give the .json or .npz file of a world"
            )
    pipe(showing.show(command.name, command.out, command.profile, command.seeds))


def _clean(command: Clean) -> None:
    from experiments.cleaning import clean  # imported late: --help and list stay fast

    for line in clean(command.out, dry_run=command.dry_run):
        pipe(line)


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
    from experiments import pipeline  # imported late: --help and list stay fast
    from experiments.selection import changed, select
    from experiments.view import Lasting, View

    names = [command.name] if isinstance(command, Run) else registry.questions()
    chosen = [select(name, command.profile, command.seeds) for name in names]
    if isinstance(command, Run):
        config = getattr(command, "config", chosen[0].config)
        chosen = [changed(chosen[0], config, command.seeds, line)]
    view = View(Lasting(), isinstance(command, Figures) and command.quiet)
    if isinstance(command, Figures):
        place = _computed(command, chosen, view, line)
    elif (command.out / "store").is_dir():
        place = pipeline.output(command.out)
    else:
        raise ValueError(
            f"nothing is stored in {command.out}: run `latentgen figures` with this --out"
        )
    seeds = "" if command.seeds is None else f" --seeds {command.seeds}"
    everything = f"latentgen figures --profile {command.profile}{seeds}"
    again = chosen[0].command if isinstance(command, Run) else everything
    pipeline.draw(chosen, place, view, command.seeds, again)


def _computed(command: Figures, chosen: Any, view: Any, line: str) -> Any:
    """The folders of the results; what a cell refuses of changed settings is bad input, too."""
    try:
        return _compute(command, chosen, view, line)
    except RuntimeError as error:
        if not (chosen[0].changed and isinstance(error.__cause__, ValueError)):
            raise
        changed = ", ".join(chosen[0].changed)
        raise ValueError(f"{error}: change {changed}; what was computed is kept") from None


def _compute(command: Figures, chosen: Any, view: Any, line: str) -> Any:
    from experiments import executors, pipeline

    num_workers = executors.default_workers() if command.workers is None else command.workers
    if num_workers < 1:
        raise ValueError(f"--workers must be at least 1; got {num_workers}")
    if command.dask is not None:
        with executors.dask(command.dask) as (pool, found):
            place = pipeline.output(command.out)
            workers = pipeline.Workers(pool, found, shared_memory=False)
            pipeline.compute(chosen, place, workers, view, line)
        return place
    place = pipeline.output(command.out)
    with executors.local(num_workers) as pool:
        workers = pipeline.Workers(pool, num_workers, shared_memory=num_workers == 1)
        pipeline.compute(chosen, place, workers, view, line)
    return place


if __name__ == "__main__":
    main()
