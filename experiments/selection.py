"""Which results are meant: of which experiment, in which settings, computed by which command?"""

import dataclasses
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from experiments import registry
from experiments.commands import Folder
from experiments.experiment import Experiment


class Selection(NamedTuple):
    """An experiment in the settings of a profile, or in changed ones.

    config: its settings; command: computes the results; changed: the settings that differ from
    the profile's, in words, empty when none does.
    """

    experiment: Experiment
    config: Any
    profile: str
    command: str
    changed: tuple[str, ...] = ()

    @property
    def cells(self) -> list[Any]:
        """The cells of these settings."""
        return list(self.experiment.cells(self.config))


def select(
    name: str, profile: str, num_seeds: int | None = None, out: Path = Folder.out
) -> Selection:
    """The results of an experiment in the settings of a profile; out: where its command puts them.

    Raises ValueError for an unknown experiment or profile and for fewer than one seed.
    """
    experiment = registry.experiment(name)
    config = registry.profile(experiment, profile, num_seeds)
    command = f"latentgen run {name} {options(profile, num_seeds, out)}"
    return Selection(experiment, config, profile, command)


def options(profile: str, num_seeds: int | None, out: Path) -> str:
    """The options of a command that means these results, as they are typed."""
    seeds = "" if num_seeds is None else f" --seeds {num_seeds}"
    folder = "" if out == Folder.out else f" --out {shlex.quote(str(out))}"
    return f"--profile {profile}{seeds}{folder}"


def changed(usual: Selection, config: Any, num_seeds: int | None, command: str) -> Selection:
    """The same experiment in other settings; command: what was typed.

    Raises ValueError for fewer than one seed.
    """
    before = usual.experiment.profiles[usual.profile]
    meant, expected = (registry.with_seeds(one, num_seeds) for one in (config, before))
    words = tuple(_differences(meant, expected))
    if not words:
        return usual
    return usual._replace(config=meant, command=command, changed=words)


def _differences(config: Any, usual: Any, prefix: str = "") -> Iterator[str]:
    """Which settings differ, and what they were."""
    for field in dataclasses.fields(config):
        value, before = getattr(config, field.name), getattr(usual, field.name)
        if value == before:
            continue
        if dataclasses.is_dataclass(value) and dataclasses.is_dataclass(before):
            yield from _differences(value, before, f"{prefix}{field.name}.")
        else:
            yield f"{prefix}{field.name} = {value} (usually {before})"
