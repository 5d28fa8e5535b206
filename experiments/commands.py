"""Which commands and options does the command line have?

Read without importing anything heavy, so that `--help` and `list` are fast.
"""

from dataclasses import dataclass, field, make_dataclass
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Annotated, Any

import tyro


@dataclass(frozen=True)
class List:
    """List the experiments and their questions (piped: name, tab, question)."""


@dataclass(frozen=True, kw_only=True)
class Folder:
    """Where results live."""

    out: Path = Path("output")
    """The output folder: store/, figures/, report.html."""


@dataclass(frozen=True, kw_only=True)
class Stored(Folder):
    """Which stored results are meant."""

    profile: str = "paper"
    """smoke (a check, not evidence), paper, or full."""
    seeds: int | None = None
    """Seeds: trained networks, or worlds where nothing is trained. They are stored in blocks of 5
    (residual 10, counterexamples 20): more seeds keep the whole blocks, and a last block that was
    cut short is computed again. dependence, dimension, leak, simulation and theorems round up to
    whole blocks."""


@dataclass(frozen=True, kw_only=True)
class Report(Stored):
    """Draw the figures and write the report again, from stored results only.

    Experiments of which cells are missing are left out, and named.
    """


@dataclass(frozen=True, kw_only=True)
class Claims(Stored):
    """Say what the stored results say of every claim.

    Piped: one line a claim, its fields between tabs, no header.
    """

    json: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """A JSON array instead; only that goes to stdout."""


@dataclass(frozen=True, kw_only=True)
class Show(Stored):
    """Show what is stored of an experiment, of a claim, or of a cell (by its hash); or a world."""

    name: tyro.conf.Positional[str]
    """An experiment, a claim, the first digits of a cell's hash, or a world: one of the frozen
    ones, a .json file in fractions, or the .npz file of lg.save."""
    context_length: int | None = None
    """Words of the contexts of a world; by default as many as it has positions."""
    context: tuple[int, ...] | None = None
    """What a perfect predictor knows after these words of a world."""
    json: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """The page on a world as a JSON object instead."""


@dataclass(frozen=True, kw_only=True)
class Clean(Folder):
    """Delete stored cells of other versions of the code, damaged ones and leftovers."""

    dry_run: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Only say what would be deleted."""


@dataclass(frozen=True, kw_only=True)
class Figures(Report):
    """Compute what is missing of every experiment, draw all figures, write the report.

    The profile smoke replaces them, too: `latentgen report` draws those of another profile again.
    """

    workers: int | None = None
    """Worker processes, not threads: a cell is told its own processor time. By default one per
    core, at most eight. 1: in this process."""
    dask: str | None = None
    """The address of a dask scheduler, whose workers compute instead."""
    quiet: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Say nothing but what is damaged and where the results are."""


@dataclass(frozen=True, kw_only=True)
class Run(Figures):
    """Compute what is missing of one experiment, draw its figures, write the report.

    Every setting of the experiment is an option, too: latentgen run NAME --help lists them. The
    report then shows this experiment only: `latentgen report` draws all that is stored again.
    """

    name: tyro.conf.Positional[str]
    """An experiment, see `latentgen list`."""


NAMED: dict[str, Any] = {
    "list": List,
    "run": Run,
    "figures": Figures,
    "report": Report,
    "claims": Claims,
    "show": Show,
    "clean": Clean,
}
COMMANDS: Any = reduce(  # a union is no type to a type checker where a value is asked for
    or_, (Annotated[form, tyro.conf.subcommand(name)] for name, form in NAMED.items())
)
FLAGS = ("--quiet", "--help", "-h", "--")  # words of `run` that no value follows


def run_with_settings(name: str, config: Any) -> Any:
    """`Run` of an experiment with its settings as further options, config being the default."""
    settings = Annotated[type(config), tyro.conf.arg(name="")]
    fixed = tyro.conf.Suppress[tyro.conf.Fixed[str]]
    made = make_dataclass(
        "Run",
        [("name", fixed, field(default=name)), ("config", settings, field(default=config))],
        bases=(Run,),
        frozen=True,
        kw_only=True,
    )
    made.__doc__ = Run.__doc__
    return made
