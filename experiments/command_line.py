"""What does a command do, and how does it leave?

Exit code 0: done; 1: workers kept dying, one line on stderr; 2: bad input, one line on stderr;
128 + the number of a signal, so 130 after Ctrl-C: interrupted. Results, figures and report.html
live in one output folder.
"""

import os
import re
import shlex
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

# What else is needed is imported late: --help and list stay fast, and a signal is heard from the
# first moment on.
from experiments import interruption
from experiments.readers import pipe, reach_readers

if TYPE_CHECKING:
    from experiments.commands import Claims, Clean, Figures, Report, Show, Stored


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point `latentgen`; leaves through sys.exit.

    Exit code 1 is for workers that keep dying and for sources that change meanwhile, in one line;
    an error in the code has its traceback.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with interruption.remembered():
            reach_readers()
            _set_environment()
            _dispatch(words)
    except ValueError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename or 'output'}: {error.strerror or error}; what was computed is kept")
    except RuntimeError as error:
        from experiments.executors import WorkersLost
        from experiments.sources import SourcesChanged

        if not isinstance(error, (WorkersLost, SourcesChanged)):
            raise
        _fail(str(error), 1)
    except KeyboardInterrupt as stopped:
        with suppress(OSError):  # the terminal may be gone
            print(
                "interrupted: what was computed is stored; run again to continue", file=sys.stderr
            )
        sys.exit(interruption.exit_code(stopped))


def _fail(message: str, code: int = 2) -> None:
    print(f"latentgen: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(code)


def _set_environment() -> None:
    """Options of JAX and BLAS, unless the user has set them; before numpy and JAX are imported."""
    cache = _cache_folder()
    if cache is not None:
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.2")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # workers are the parallelism
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # small networks spend longer in the compiler than they gain from its last optimisations
    os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=1")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # workers share a GPU


def _cache_folder() -> Path | None:
    """Where compiled functions are kept; None for a user without a home: compiled anew each run."""
    try:
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        return None
    return caches / "latentgen" / "jax"


def _dispatch(words: list[str]) -> None:
    from experiments import commands, parsing
    from experiments.sources import note_files

    interruption.check()  # a signal during the import was only remembered
    note_files()  # before the experiments and what they compute with are imported
    command = parsing.parse(words)
    if isinstance(command, commands.List):
        _list()
    elif isinstance(command, commands.Claims):
        _claims(command)
    elif isinstance(command, commands.Show):
        _show(command)
    elif isinstance(command, commands.Clean):
        _clean(command)
    else:
        _execute(command, shlex.join(["latentgen", *words]))


def _list() -> None:
    from experiments import registry

    form = "{:<22} {}" if sys.stdout.isatty() else "{}\t{}"
    pipe("\n".join(form.format(*pair) for pair in registry.questions().items()))


def _claims(command: "Claims") -> None:
    from rich.console import Console

    from experiments import claims

    rows = claims.ledger(command.out, command.profile, command.seeds)
    if sys.stdout.isatty() and not command.json:
        claims.show(rows, Console())
    else:
        pipe(claims.as_json(rows) if command.json else claims.as_lines(rows))
    _tell_missing(
        command,
        dict.fromkeys(row.experiment for row in rows if row.verdict == "not computed"),
    )


def _show(command: "Show") -> None:
    from experiments import showing

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


def _clean(command: "Clean") -> None:
    from experiments.cleaning import clean

    for line in clean(command.out, dry_run=command.dry_run):
        pipe(line)


def _execute(command: "Report", line: str) -> None:
    from experiments import pipeline, registry, report
    from experiments.commands import Figures, Run
    from experiments.selection import changed, options, select
    from experiments.view import Lasting, View

    names = [command.name] if isinstance(command, Run) else registry.questions()
    chosen = [select(name, command.profile, command.seeds, command.out) for name in names]
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
    meant = options(command.profile, command.seeds, command.out)
    again = chosen[0].command if isinstance(command, Run) else f"latentgen figures {meant}"
    partly = None if isinstance(command, Figures) else f"latentgen report {meant}"
    before = report.made_by(command.out / "report.html")
    missing = pipeline.draw(chosen, place, view, command.seeds, again, partly)
    if before != again:
        _tell_replaced(command, before, view)
    _tell_missing(command, missing)


def _tell_replaced(command: "Report", before: str, view: Any) -> None:
    """One line where a run of one experiment, or a check, replaced what another command showed."""
    from experiments.commands import Run
    from experiments.selection import options

    one = isinstance(command, Run)
    profile = re.search(r"--profile[ =](\w+)", before)
    seeds = re.search(r"--seeds[ =](\d+)", before)
    meant = profile[1] if profile else "paper", int(seeds[1]) if seeds else None
    anew = meant == (command.profile, command.seeds)  # and everything of it is on the page
    if before and (one or (command.profile == "smoke" and not anew)):
        whose = f"the figures of {command.name}" if one else "figures/"
        view.say(
            f"report.html and {whose} now show this command only, in place of `{before}`: "
            f"`latentgen report {options(*meant, command.out)}` draws all that is stored again"
        )


def _tell_missing(command: "Stored", names: Iterable[str]) -> None:
    """One line on stderr that names the experiments of which cells are missing, if there are."""
    missing = ", ".join(names)
    if missing:
        print(
            f"not computed in {command.out}: {missing}; `latentgen figures` with the same options "
            "computes what is missing",
            file=sys.stderr,
        )


def _computed(command: "Figures", chosen: Any, view: Any, line: str) -> Any:
    """The folders of the results; what a cell refuses of changed settings is bad input, too."""
    try:
        return _compute(command, chosen, view, line)
    except RuntimeError as error:
        if not (chosen[0].changed and isinstance(error.__cause__, ValueError)):
            raise
        changed = ", ".join(chosen[0].changed)
        raise ValueError(f"{error}: change {changed}; what was computed is kept") from None


def _compute(command: "Figures", chosen: Any, view: Any, line: str) -> Any:
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
