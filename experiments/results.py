"""What do the stored cells of an experiment say, once blocks of seeds are put together?"""

import csv
import importlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import estimators as es
from experiments.experiment import CellRecord
from experiments.store import replace_file

NOT_A_SETTING = ("seeds", "training")  # they tell cells of one setting apart
INTERVAL_COLUMNS = list(es.Interval._fields)

Setting = tuple[tuple[str, Any], ...]


class Results:
    """Metrics by setting, seeds in order.

    A setting is a cell's config without its seeds and its training; a metric is one number per
    seed, NaN where there was no answer.
    """

    def __init__(self, records: Sequence[CellRecord]) -> None:
        names: dict[Any, set[str]] = {}
        for record in records:
            names.setdefault(_kind(record), set()).update(record.metrics)
        blocks: dict[Setting, dict[str, dict[int, float]]] = {}
        for record in records:
            seeds = record.config["seeds"]
            metrics = blocks.setdefault(_setting(record), {})
            # a block without a metric that others of its kind have has no answer there
            for name in sorted(names[_kind(record)]):
                values = record.metrics.get(name, [None] * len(seeds))
                numbers = (np.nan if value is None else value for value in values)
                metrics.setdefault(name, {}).update(zip(seeds, numbers, strict=True))
        self.metrics: dict[Setting, dict[str, np.ndarray]] = {
            setting: {
                name: np.array([by_seed[seed] for seed in sorted(by_seed)])
                for name, by_seed in metrics.items()
            }
            for setting, metrics in blocks.items()
        }
        self.seeds: dict[Setting, dict[str, list[int]]] = {
            setting: {name: sorted(by_seed) for name, by_seed in metrics.items()}
            for setting, metrics in blocks.items()
        }

    def settings(self, **where: Any) -> list[dict[str, Any]]:
        """The settings that agree with `where`, in order of first appearance."""
        found = [dict(setting) for setting in self.metrics]
        return [s for s in found if all(s[name] == value for name, value in where.items())]

    def values(self, metric: str, setting: dict[str, Any]) -> np.ndarray:
        """One number per seed [seed]; empty when the metric was not measured there."""
        return self.metrics[tuple(setting.items())].get(metric, np.zeros(0))

    def interval(self, metric: str, setting: dict[str, Any]) -> es.Interval:
        """Mean and interval over the seeds; all NaN when any seed has no answer."""
        return _interval(self.values(metric, setting))

    def saturated(self, metric: str, setting: dict[str, Any]) -> bool:
        """Whether some seed has a population value only, as nothing could be held out."""
        held, whole = (self.values(f"{metric}.{e}", setting) for e in ("held_out", "population"))
        if len(held) != len(whole):
            return bool(np.isnan(held).any())
        return bool((np.isnan(held) & ~np.isnan(whole)).any())

    def best(self, metric: str, setting: dict[str, Any]) -> es.Interval:
        """The held-out value, or the population's when saturated."""
        estimate = "population" if self.saturated(metric, setting) else "held_out"
        return self.interval(f"{metric}.{estimate}", setting)

    def paired(self, metric: str, minus: str, setting: dict[str, Any]) -> es.Interval:
        """The difference of two metrics on the seeds for which both were measured."""
        return self._difference((metric, setting), (minus, setting))

    def between(self, metric: str, setting: dict[str, Any], minus: dict[str, Any]) -> es.Interval:
        """The metric at `setting` less the metric at `minus`, paired by seed.

        Above 0 where it rises from `minus` to `setting`.
        """
        return self._difference((metric, setting), (metric, minus))

    def _difference(
        self, first: tuple[str, dict[str, Any]], second: tuple[str, dict[str, Any]]
    ) -> es.Interval:
        one, other = (self._by_seed(*place) for place in (first, second))
        return _interval(np.array([one[seed] - other[seed] for seed in one if seed in other]))

    def _by_seed(self, metric: str, setting: dict[str, Any]) -> dict[int, float]:
        place = tuple(setting.items())
        seeds = self.seeds[place].get(metric, [])
        return dict(zip(seeds, self.values(metric, setting), strict=True))

    def to_pandas(self) -> Any:
        """A DataFrame, one row per setting, metric and seed; needs pandas.

        Columns: those of the setting, then metric, seed and value (NaN: no answer).
        """
        pandas = _optional("pandas")
        rows = [
            {**dict(setting), "metric": name, "seed": seed, "value": value}
            for setting, metrics in self.metrics.items()
            for name, values in metrics.items()
            for seed, value in zip(self.seeds[setting][name], values, strict=True)
        ]
        return pandas.DataFrame(rows)

    def to_xarray(self) -> Any:
        """A Dataset, one variable a metric over [setting, seed]; needs xarray.

        What makes a setting are coordinates along "setting"; NaN: no answer, or not measured.
        """
        xarray = _optional("xarray")
        names = sorted({name for metrics in self.metrics.values() for name in metrics})
        seeds = sorted({s for found in self.seeds.values() for own in found.values() for s in own})
        place = {seed: index for index, seed in enumerate(seeds)}
        table = np.full((len(names), len(self.metrics), len(seeds)), np.nan)
        for row, (setting, metrics) in enumerate(self.metrics.items()):
            for name, values in metrics.items():
                columns = [place[seed] for seed in self.seeds[setting][name]]
                table[names.index(name), row, columns] = values
        keys = list(dict.fromkeys(key for setting in self.metrics for key, _ in setting))
        coordinates = {
            key: ("setting", _column([dict(setting).get(key) for setting in self.metrics]))
            for key in keys
        }
        variables = {name: (("setting", "seed"), table[i]) for i, name in enumerate(names)}
        return xarray.Dataset(variables, {**coordinates, "seed": seeds})


def _setting(record: CellRecord) -> Setting:
    return tuple((k, v) for k, v in record.config.items() if k not in NOT_A_SETTING)


def _kind(record: CellRecord) -> Any:
    """What cells share that measure the same: a setting, and whether anything was trained."""
    return _setting(record), record.config.get("training") is None


def _optional(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ImportError(f"this needs {name}: python -m pip install 'latentgen[{name}]'") from None


def _column(values: list[Any]) -> np.ndarray:
    """One object a setting where numpy would make a matrix of lists."""
    if any(isinstance(value, list | tuple | dict) or value is None for value in values):
        column = np.empty(len(values), object)
        column[:] = values
        return column
    return np.asarray(values)


def _interval(values: np.ndarray) -> es.Interval:
    return es.interval([] if np.isnan(values).any() else values)


def write_table(path: Path, results: Results, stamp: str) -> None:
    """The tidy CSV behind a figure: one row per setting and metric, with intervals.

    metric quantity.source.estimate.concept is split into four columns; stamp tells the profile.
    A mean is left empty when a seed has no answer, num_values says how many have one.
    """
    settings = list(results.metrics)
    names = [name for name, _ in settings[0]] if settings else []
    columns = ["quantity", "source", "estimate", "concept"]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["profile", *names, *columns, *INTERVAL_COLUMNS])
    for setting, metrics in results.metrics.items():
        for metric in sorted(metrics):
            parts = (metric.split(".") + [""] * 4)[:4]
            answered = int((~np.isnan(metrics[metric])).sum())
            found = _interval(metrics[metric])._replace(num_values=answered)
            numbers = ["" if np.isnan(value) else f"{value:.9g}" for value in found]
            writer.writerow([stamp, *(value for _, value in setting), *parts, *numbers])
    replace_file(path, file.getvalue().encode())
