"""Does a distance of predictions foretell how much representations differ?"""

from typing import NamedTuple

import numpy as np

import estimators as es
from experiments.agreement.cell import PAIRS, rank_correlation
from experiments.agreement.comparisons import Setting, padded
from experiments.agreement.constructed import NOISE
from experiments.agreement.networks import END, STAGES
from experiments.results import Results


class Hidden(NamedTuple):
    """A made pair whose small directions are scrambled: one world's numbers.

    distances: the other distances of the pair there, by name of metric.
    """

    num_directions: int
    excess_share: float
    r2: float
    distances: dict[str, float]


class Places(NamedTuple):
    """How many mean points lie above, between and below the two lines of made pairs.

    beside: where one of the lines does not reach.
    """

    above: int
    between: int
    below: int
    beside: int


def hidden(results: Results, setting: Setting, largest_share: float) -> Hidden | None:
    """The scrambled pair of lowest R² with an excess loss of at most largest_share of I(x; y).

    Over all worlds and numbers of directions, R² on the population; None without any.
    """
    found, place = None, 0
    for number in range(1, setting["num_tokens"]):
        share = results.values(f"excess_share.scrambled.population.{number}", setting)
        score = results.values(f"r2.scrambled.population.{number}", setting)
        for index, (one, other) in enumerate(zip(share, score, strict=True)):
            if one <= largest_share and (found is None or other < found.r2):
                found, place = Hidden(number, float(one), float(other), {}), index
    return (
        None if found is None else found._replace(distances=_apart(results, setting, found, place))
    )


def _apart(results: Results, setting: Setting, found: Hidden, place: int) -> dict[str, float]:
    names = ("log10_logit", "logit_relative", "log10_llv", "svd", "svd_bound", "r2_bound_logit")
    stored = {
        name: results.values(f"{name}.scrambled.population.{found.num_directions}", setting)
        for name in names
    }
    return {name: float(values[place]) for name, values in stored.items()}


def against_lines(results: Results, setting: Setting, distance: str) -> Places:
    """Where the means of pair types and stages lie beside the two families of made pairs.

    Above: more is missed, at that distance, than on either line; all are means of logarithms.
    """
    stages = (*STAGES, END)
    lines = [
        sorted(_points(results, setting, distance, source, numbers))
        for source, numbers in (
            ("noisy", tuple(NOISE)),
            ("scrambled", tuple(str(i) for i in range(1, setting["num_tokens"]))),
        )
    ]
    counted = dict.fromkeys(Places._fields, 0)
    for pair in PAIRS:
        for apart, missed in _points(results, setting, distance, pair, stages):
            levels = [_level(apart, line) for line in lines]
            counted[_place(missed, levels)] += 1
    return Places(**counted)


def _points(
    results: Results, setting: Setting, distance: str, source: str, stages: tuple[str, ...]
) -> list[tuple[float, float]]:
    """Mean log10 of the distance and of 1 − R², where every world has both."""
    found = []
    for stage in stages:
        apart = results.interval(f"log10_{distance}.{source}.population.{stage}", setting).mean
        missed = results.interval(f"log10_missed.{source}.held_out.{stage}", setting).mean
        if not np.isnan(apart + missed):
            found.append((float(apart), float(missed)))
    return found


def _level(apart: float, line: list[tuple[float, float]]) -> float:
    """The height of a line at a distance, NaN beside its ends."""
    if not line:
        return np.nan
    along, up = zip(*line, strict=True)
    return float(np.interp(apart, along, up, np.nan, np.nan))


def _place(missed: float, levels: list[float]) -> str:
    if np.isnan(levels).any():
        return "beside"
    if missed > max(levels):
        return "above"
    return "below" if missed < min(levels) else "between"


def pooled_rank(
    results: Results, setting: Setting, distance: str, stages: tuple[str, ...]
) -> es.Interval:
    """Rank correlation over all worlds, pair types and stages at once, with a jackknife interval.

    The interval is over worlds: of the pseudo-values n θ − (n − 1) θ without one world.
    """
    apart, missed = (
        np.array(
            [
                padded(results, setting, name.format(pair=pair, stage=stage))
                for pair in PAIRS
                for stage in stages
            ]
        )
        for name in (
            f"log10_{distance}.{{pair}}.population.{{stage}}",
            "log10_missed.{pair}.held_out.{stage}",
        )
    )
    count = apart.shape[1]

    def over(worlds: list[int]) -> float:
        x, y = apart[:, worlds].ravel(), missed[:, worlds].ravel()
        known = ~(np.isnan(x) | np.isnan(y))
        return rank_correlation(x[known].tolist(), y[known].tolist())

    everything = over(list(range(count)))
    if count < 2:
        return es.interval([] if np.isnan(everything) else [everything])
    without = [over([j for j in range(count) if j != i]) for i in range(count)]
    pseudo = count * everything - (count - 1) * np.array(without)
    return es.interval([] if np.isnan(pseudo).any() else pseudo)
