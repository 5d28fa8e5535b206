"""What tables are figures drawn from in the tests? Made-up numbers of the smallest profiles.

`RECORDS` has one entry a figure script: a function of the experiment's smoke configuration.
"""

import importlib
import math
from itertools import product

import numpy as np

from experiments import counterexamples, layers, theorems
from experiments.experiment import CellRecord
from experiments.results import Results, write_table
from experiments.store import canonical
from tests.experiments.made_up import made_up_records


def write(name, folder):
    """The path of a made-up table of an experiment's smoke profile."""
    config = importlib.import_module(f"experiments.{name}").EXPERIMENT.profiles["smoke"]
    path = folder / f"{name}.csv"
    write_table(path, Results(RECORDS[name](config)), "smoke")
    return path


def _from(module, *arguments, **named):
    """The made-up records of another test, found only when they are asked for."""

    def records(config):
        found = importlib.import_module(f"tests.experiments.{module}")
        return found.records(*arguments, config=config, **named)

    return records


def _usual(cell, name):
    return None


def _told_apart(cell, name):
    """Powers that differ between metrics, and what ρ̂ does between worlds; all else as usual."""
    if name.startswith("log10_rho"):
        return math.log10(cell.sharpness)
    if name == "blurred.oracle":
        return cell.sharpness / 20
    return -0.5 * (sum(map(ord, name)) % 7) if name.startswith("log10_") else None


def _searches(config):
    """Searches that find as much as they may, and two worlds with tables of their own."""
    searched = [cell for cell in counterexamples.cells(config) if cell.panel != "world"]
    worlds = [cell for cell in counterexamples.cells(config) if cell.panel == "world"]
    names = ("own_map", "missed", "beyond_argmax")
    usual = {f"{name}.found": 0.5 for name in names} | {
        f"{name}.exact": 0.1 for name in (*names, "worst_epsilon")
    }
    table = {
        f"{name}.exact.{first}.{second}": 0.1 * (1 + first) * (1 + second) ** (1 + first)
        for name in ("token", "word", "logit", "claimed")
        for first, second in product(range(3), range(3))
    }
    single = {f"weight.exact.{first}": 1 / 3 for first in range(3)}
    single |= dict.fromkeys(("score_log_posterior.exact", "own_map.exact", "missed.exact"), 0.5)
    single["worst_epsilon.exact"] = 0.01
    return [
        *made_up_records(searched, usual, _usual),
        *made_up_records(worlds, table | single, _usual),
    ]


def _layers(config):
    """Every site at every step and prefix."""
    shown = dict.fromkeys(("layer_0", "layer_1", "layer_2", "final"), 0.96)
    shown |= {"oracle": 0.99, "log_posterior": 0.97, "belief": 0.98}
    shown |= {"raw_input": 0.92, "permuted": 0.1, "untrained_layer_2": 0.9}
    usual = {f"predicted_step_{step}.trained": 0.6 for step in (0, 1, 16)}
    ends = ("held_out", "held_out.0", "held_out.1", "one_map")
    for link, (site, value) in product(("identity", "softmax"), shown.items()):
        usual |= {f"{link}{pooled}.{site}.held_out": value for pooled in ("", "_pooled")}
        for count, end in product((0, 1, 4), ends):
            usual[f"{link}_step_{count}.{site}.{end}"] = value
            usual[f"{link}_prefix_{count + 1}.{site}.{end}"] = value
    return made_up_records(layers.cells(config), usual, _usual)


def _theorems(config):
    """One identity, one bound, and one that needs something which some worlds break."""
    found = []
    for cell in theorems.cells(config):
        rows = {"violation.identity": 1e-15, "violation.rank": 0.0, "violation.leak": 1e-14}
        rows |= {"tightness.identity": 0.0, "tightness.rank": 0.9, "tightness.leak": 0.0}
        rows["broken.leak"] = 0.4
        spread = np.linspace(0.9, 1.1, len(cell.seeds))
        metrics = {name: (value * spread).tolist() for name, value in rows.items()}
        found.append(CellRecord(canonical(cell), metrics))
    return found


RECORDS = {
    "agreement": _from("test_agreement_finding", _told_apart),
    "architectures": _from("test_architectures_words"),
    "counterexamples": _searches,
    "dependence": _from("test_dependence", _usual),
    "dimension": _from("test_dimension", {}),
    "gap": _from("test_gap"),
    "layers": _layers,
    "leak": _from("test_leak", _usual),
    "log_or_belief": _from("test_log_or_belief", override=_told_apart),
    "log_or_belief_trained": _from("test_log_or_belief_trained_finding"),
    "origins": _from("test_origins_finding"),
    "residual": _from("test_residual", lambda epsilon: epsilon**0.7),
    "scale": _from("test_scale_words"),
    "simulation": _from("test_simulation_finding"),
    "theorems": _theorems,
}
