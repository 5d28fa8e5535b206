"""How does training survive being interrupted, and how is its trajectory kept?

One folder a seed, named by the digest of its key and sampler. In it `latest.msgpack`, replaced at
the end of every chunk, and `step-000000128.msgpack` on a log grid of steps. Every file holds the
whole state, so training can go on from any of them, and says which run it belongs to.
"""

import hashlib
import itertools
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import flax.serialization
import jax
import numpy as np

from estimators.files import read_whole, sweep, write_whole
from estimators.training.loop import State

KIND = b"latentgen checkpoint 1"
LATEST = "latest.msgpack"


class Record(NamedTuple):
    """A seed at one step: state, loss and excess [chunk] so far, whether it stopped early."""

    step: int
    state: State
    loss: list[float]
    excess: list[float]
    stopped: bool


class Trajectory(NamedTuple):
    """Parameters [checkpoint, …] at the steps [checkpoint]."""

    step: np.ndarray
    params: Any


@dataclass(frozen=True)
class SeedFolder:
    """The checkpoints of one seed of one run; identity says which run that is."""

    path: Path
    identity: dict[str, str]

    def write(self, record: Record, *, on_grid: bool) -> None:
        """Store a record as the latest, and on the grid if it belongs there."""
        header = json.dumps(
            {
                "identity": self.identity,
                "step": record.step,
                "loss": [float(value).hex() for value in record.loss],
                "excess": [float(value).hex() for value in record.excess],
                "stopped": record.stopped,
            }
        )
        state = flax.serialization.to_state_dict(jax.tree.map(np.asarray, record.state))
        payload = flax.serialization.msgpack_serialize({"header": header, "state": state})
        if on_grid:
            write_whole(self.path / step_name(record.step), KIND, payload)
        write_whole(self.path / LATEST, KIND, payload)

    def newest(self, template: State) -> Record | None:
        """The newest readable record, or None; a damaged file is named in a warning, and kept.

        Raises ValueError for a readable checkpoint of another run. What a killed writer left
        unfinished is removed after an hour.
        """
        sweep(self.path)
        steps = sorted(self.path.glob("step-*.msgpack"), reverse=True)
        for path in [self.path / LATEST, *steps]:
            if path.exists():
                try:
                    return self.read(path, template)
                except DamagedCheckpointError as error:
                    warnings.warn(f"an older checkpoint is tried: {error}", stacklevel=2)
        return None

    def read(self, path: Path, template: State) -> Record:
        """One record; DamagedCheckpointError or, for another run, ValueError."""
        try:
            content: Any = flax.serialization.msgpack_restore(read_whole(path, KIND))
        except ValueError as error:
            raise DamagedCheckpointError(str(error)) from error
        header = json.loads(content["header"])
        self._check(path, header["identity"])
        state: Any = flax.serialization.from_state_dict(template, content["state"])
        loss, excess = ([float.fromhex(v) for v in header[name]] for name in ("loss", "excess"))
        return Record(header["step"], state, loss, excess, header["stopped"])

    def trajectory(self, template: State) -> Trajectory:
        """All readable checkpoints of the grid, oldest first."""
        records = []
        for path in sorted(self.path.glob("step-*.msgpack")):
            try:
                records.append(self.read(path, template))
            except DamagedCheckpointError as error:
                warnings.warn(f"a step is missing in the trajectory: {error}", stacklevel=2)
        if not records:
            raise ValueError(f"no checkpoint of this seed in {self.path}: train with it first")
        params = jax.tree.map(lambda *leaves: np.stack(leaves), *(r.state.params for r in records))
        return Trajectory(np.array([record.step for record in records]), params)

    def _check(self, path: Path, found: dict[str, str]) -> None:
        names = sorted(self.identity | found)
        differing = [name for name in names if self.identity.get(name) != found.get(name)]
        if differing:
            pairs = [(found.get(n, "nothing"), self.identity.get(n, "nothing")) for n in differing]
            told = "; ".join(
                f"{name}: {_short(there, here)} there, {_short(here, there)} here"
                for name, (there, here) in zip(differing, pairs, strict=True)
            )
            raise ValueError(
                f"{path} belongs to another run ({told}): name another folder, or delete this one"
            )


class DamagedCheckpointError(ValueError):
    """A checkpoint that cannot be read."""


def seed_folder(folder: Path, identity: dict[str, str]) -> SeedFolder:
    """Where a seed keeps its checkpoints: one folder for each key and sampler."""
    name = hashlib.sha256(f"{identity['key']} {identity['sampler']}".encode()).hexdigest()[:12]
    return SeedFolder(folder / f"seed-{name}", identity)


def step_name(step: int) -> str:
    """The file name of a checkpoint; sorts by step."""
    return f"step-{step:09d}.msgpack"


def log_grid(num_steps: int, growth: float) -> list[int]:
    """Steps 0, 1, … num_steps, each at least `growth` times the one before."""
    steps = [0, 1]
    while steps[-1] < num_steps:
        steps.append(min(num_steps, max(steps[-1] + 1, round(steps[-1] * growth))))
    return steps


def _short(text: str, other: str, limit: int = 60) -> str:
    """A text of at most about that many characters, among them where the other differs."""
    both = zip(text, other, strict=False)
    alike = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], both))
    first = alike - limit // 2 if alike > limit - 15 else 0
    cut = ("…" if first else "") + text[first:]
    return cut if len(cut) <= limit else cut[: limit - 1] + "…"
