"""What do the stored cells of an experiment say, once blocks of seeds are put together?"""

import csv
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
        blocks: dict[Setting, dict[str, dict[int, float]]] = {}
        for record in records:
            config = record.config
            setting = tuple((k, v) for k, v in config.items() if k not in NOT_A_SETTING)
            metrics = blocks.setdefault(setting, {})
            for name, values in record.metrics.items():
                numbers = (np.nan if value is None else value for value in values)
                metrics.setdefault(name, {}).update(zip(config["seeds"], numbers, strict=True))
        self.metrics: dict[Setting, dict[str, np.ndarray]] = {
            setting: {
                name: np.array([by_seed[seed] for seed in sorted(by_seed)])
                for name, by_seed in metrics.items()
            }
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
        """The difference of two metrics on the seeds that have both."""
        first, second = self.values(metric, setting), self.values(minus, setting)
        shared = min(len(first), len(second))
        return _interval(first[:shared] - second[:shared])

    def between(self, metric: str, setting: dict[str, Any], minus: dict[str, Any]) -> es.Interval:
        """The difference of a metric between two settings, paired by seed."""
        first, second = self.values(metric, setting), self.values(metric, minus)
        shared = min(len(first), len(second))
        return _interval(first[:shared] - second[:shared])


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
