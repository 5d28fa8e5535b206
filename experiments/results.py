"""What do the stored cells of an experiment say, once blocks of seeds are put together?"""

import csv
import difflib
import importlib
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import estimators as es
from experiments.experiment import CellRecord
from experiments.store import read_arrays, replace_file

NOT_A_SETTING = ("seeds", "training")  # they tell cells of one setting apart
INTERVAL_COLUMNS = list(es.Interval._fields)
MOST_NAMES = 8  # that an error lists

Setting = tuple[tuple[str, Any], ...]


class Results:
    """Metrics by setting, seeds in order.

    A setting is a cell's config without its seeds and its training, its lists as tuples and its
    dicts as tuples of pairs; a metric is one number per seed, NaN where there was no answer. Every
    method takes a setting as a dict in any order, or as much of it as no other setting agrees with.
    folders: where the cells are stored, in the order of the records, for those who want arrays.
    """

    def __init__(self, records: Sequence[CellRecord], folders: Sequence[Path] = ()) -> None:
        self._stored = list(zip(records, folders, strict=True)) if folders else []
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
        self._measured = {_measured(name) for found in self.metrics.values() for name in found}
        self.seeds: dict[Setting, dict[str, list[int]]] = {
            setting: {name: sorted(by_seed) for name, by_seed in metrics.items()}
            for setting, metrics in blocks.items()
        }

    def settings(self, **where: Any) -> list[dict[str, Any]]:
        """The settings that agree with `where`, in order of first appearance.

        Raises LookupError for a name that no setting has.
        """
        known = {name for setting in self.metrics for name, _ in setting}
        for name in where:
            if known and name not in known:
                raise LookupError(_unknown("setting", name, known))
        asked = set(_frozen(where))
        return [dict(setting) for setting in self.metrics if asked <= set(setting)]

    def values(self, metric: str, setting: dict[str, Any]) -> np.ndarray:
        """One number per seed [seed]; empty when the metric was not measured there."""
        return self.metrics[self._place(setting)].get(metric, np.zeros(0))

    def interval(self, metric: str, setting: dict[str, Any]) -> es.Interval:
        """Mean and interval over the seeds; all NaN when any seed has no answer.

        Infinite where a seed is. Raises LookupError for a metric that no setting has.
        """
        self._check_known(metric)
        return _interval(self.values(metric, setting))

    def arrays(self, name: str, setting: dict[str, Any]) -> dict[tuple[int, ...], np.ndarray]:
        """What the cells of a setting stored under a name: seeds of the cell -> array.

        Read from the disk now. Raises LookupError for a name that none of them has, ValueError
        where these results were not read from a store.
        """
        if not self._stored:
            raise ValueError(
                "arrays are read from a store, and these results were made from records alone: "
                "stored_results reads both"
            )
        place = self._place(setting)
        cells = [
            (tuple(record.config["seeds"]), read_arrays(folder))
            for record, folder in self._stored
            if _setting(record) == place
        ]
        known = {stored for _, arrays in cells for stored in arrays}
        if name not in known:
            raise LookupError(_unknown("array", name, known))
        return {seeds: arrays[name] for seeds, arrays in cells if name in arrays}

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
        """The difference of two metrics on the seeds for which both were measured.

        Raises LookupError for a metric that no setting has.
        """
        return self._difference((metric, setting), (minus, setting))

    def between(self, metric: str, setting: dict[str, Any], minus: dict[str, Any]) -> es.Interval:
        """The metric at `setting` less the metric at `minus`, paired by seed.

        Above 0 where it rises from `minus` to `setting`.
        """
        return self._difference((metric, setting), (metric, minus))

    def _difference(
        self, first: tuple[str, dict[str, Any]], second: tuple[str, dict[str, Any]]
    ) -> es.Interval:
        for metric, _ in (first, second):
            self._check_known(metric)
        one, other = (self.by_seed(*place) for place in (first, second))
        shared = [seed for seed in one if seed in other]
        with np.errstate(invalid="ignore"):  # of two infinite numbers: no answer
            return _interval(np.array([one[seed] - other[seed] for seed in shared]))

    def by_seed(self, metric: str, setting: dict[str, Any]) -> dict[int, float]:
        """The metric for each seed; empty when it was not measured there."""
        seeds = self.seeds[self._place(setting)].get(metric, [])
        return dict(zip(seeds, self.values(metric, setting), strict=True))

    def _check_known(self, metric: str) -> None:
        """A name that is misspelt must not read as a metric without an answer."""
        if _measured(metric) not in self._measured:
            raise LookupError(_unknown("metric", metric, self._measured))

    def _place(self, setting: dict[str, Any]) -> Setting:
        """The one setting that agrees. Raises LookupError when none does, or several."""
        place = _frozen(setting)
        if place in self.metrics:
            return place
        found = self.settings(**setting)
        if len(found) == 1:
            return tuple(found[0].items())
        if not found:
            raise LookupError(
                f"no setting agrees with {setting}: `settings()` lists those there are"
            )
        differ = [name for name in found[0] if len({setting.get(name) for setting in found}) > 1]
        raise LookupError(
            f"{len(found)} settings agree with {setting}, which must be one: give also "
            f"{' or '.join(differ)}"
        )

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
    return _frozen({k: v for k, v in record.config.items() if k not in NOT_A_SETTING})


def _frozen(value: Any) -> Any:
    """The same as a key of a dict can be: lists as tuples, dicts as tuples of pairs."""
    if isinstance(value, dict):
        return tuple((name, _frozen(entry)) for name, entry in value.items())
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    """What to say of a name that is not there: the nearest, or those there are."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, 1)
    more = f", … ({len(names)} in all)" if len(names) > MOST_NAMES else ""
    there = f"there are: {', '.join(names[:MOST_NAMES])}{more}" if names else "there is none"
    return f"unknown {what} {name!r}: {f'did you mean {near[0]!r}?' if near else there}"


def _measured(metric: str) -> str:
    """Its quantity.source.estimate; the last part, a concept or a stage, not all settings have."""
    return ".".join(metric.split(".")[:3])


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
    infinite = set(values[np.isinf(values)])
    if np.isnan(values).any() or len(infinite) > 1:
        return es.interval([])
    if not infinite:
        return es.interval(values)
    (mean,) = infinite  # one infinite seed makes the mean so, however many others there are
    limit = mean if len(values) > 1 else np.nan
    return es.Interval(mean, limit, limit, float(np.median(values)), np.nan, np.nan, len(values))


def write_table(path: Path, results: Results, stamp: str) -> None:
    """The tidy CSV behind a figure: one row per setting and metric, with intervals.

    metric quantity.source.estimate.concept is split into four columns; stamp tells the profile.
    A mean is left empty when a seed has no answer or an infinite one, which no figure can show;
    num_values says how many have a finite one.
    """
    names = list(dict.fromkeys(name for setting in results.metrics for name, _ in setting))
    columns = ["quantity", "source", "estimate", "concept"]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["profile", *names, *columns, *INTERVAL_COLUMNS])
    for setting, metrics in results.metrics.items():
        own = dict(setting)
        for metric in sorted(metrics):
            parts = (metric.split(".") + [""] * 4)[:4]
            finite = np.isfinite(metrics[metric])
            found = es.interval(metrics[metric] if finite.all() else [])
            numbers = [
                "" if np.isnan(value) else f"{value:.9g}"
                for value in found._replace(num_values=int(finite.sum()))
            ]
            writer.writerow([stamp, *(own.get(name, "") for name in names), *parts, *numbers])
    replace_file(path, file.getvalue().encode())
