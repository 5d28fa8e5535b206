"""Does the search for counterexamples tell the truth, and do its verdicts?"""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings

import estimators as es
import latentgen as lg
from experiments import counterexamples, verdicts
from experiments.counterexamples import cell as counterexamples_cell
from experiments.counterexamples import search, shrink
from experiments.counterexamples.finding import found as values_found
from experiments.counterexamples.finding import slope
from experiments.counterexamples.measures import Tables, measures
from experiments.counterexamples.world import numbers
from experiments.experiment import CellRecord
from experiments.results import Results
from experiments.store import canonical
from latentgen import rational

DATA = Path(lg.__file__).parent / "data"
NAMES = sorted(counterexamples.COMMITTED)


def small_tables():
    return lg.strategies.integer_worlds(
        saturated=True, alike=False, token=True, cardinalities=(3,), num_positions=2
    )


@jax.jit
def measured(prior, words, token):
    return measures(Tables(prior, (words[0], words[1]), token))


def tied(log_posterior):
    """Whether rounding decides which configuration is the argmax of some row."""
    best = np.sort(log_posterior, axis=1)[:, -2:]
    return np.diff(best).min() < 1e-9


@settings(max_examples=25)
@given(small_tables())
def test_the_search_measures_what_the_host_measures(world):
    def mixed(weights, size):
        share = (weights / weights.sum(-1, keepdims=True)).reshape(-1, size)
        return np.log(0.9 * share + 0.1 / size)

    prior = mixed(world.concept_weights[0].reshape(1, 3), 3)[0]
    size = world.words[0].weights.shape[-1]
    words = np.stack([mixed(table.weights, size) for table in world.words])
    ramp = np.array([[5, 1, 2, 3], [1, 4, 1, 1], [2, 1, 6, 2]]) + world.words[0].weights[:, :1]
    token = mixed(ramp, 4)
    with jax.enable_x64(True):
        found = measured(*map(jnp.asarray, (prior, words, token)))
        found = {name: float(value) for name, value in found._asdict().items()}
    model = lg.ConceptModel.from_tables(
        lg.ConceptSpace((3,)), np.exp(prior), np.exp(words), np.exp(token)
    )
    host = numbers(model)
    contexts = lg.enumerate_contexts(model)
    if tied(lg.log_posterior(model, contexts.context)):
        del host["beyond_argmax"]
    if tied(lg.log_token_posterior(model)):
        del host["anchor"]
    for name in set(host) & set(found):
        if np.isfinite(host[name]) and host["token_information"] > 1e-9:
            assert abs(found[name] - host[name]) < 1e-6 * max(1, abs(host[name])), name


SHAPE = search.Shape(2, 3, (3,))


@pytest.fixture(scope="module")
def outcome():
    limits = counterexamples_cell.limits("mean", 0.05, "worst")
    return limits, search.search((3, 4), 3, SHAPE, limits, search.Objective(own_map=1.0), 60, 1e-6)


def test_what_is_found_meets_its_limits_on_the_host_too(outcome):
    limits, found = outcome
    assert found.met.any()
    for seed, start in np.argwhere(found.met):
        tables = jax.tree.map(lambda table, at=(seed, start): table[at], found.tables)
        model = counterexamples_cell.model(tables, "2 configurations")
        host = numbers(model)
        assert shrink.meets(
            {k: v + 1e-12 if k == "token_share" else v for k, v in host.items()}, limits
        )
        assert abs(host["own_map"] / found.measures.own_map[seed, start] - 1) < 1e-6
        assert min(np.exp(part).min() for part in jax.tree.leaves(tables)) >= 1e-6 * (1 - 1e-9)


def test_a_seed_ends_where_it_ends_whatever_runs_beside_it(outcome):
    limits, both = outcome
    beside = search.search((9, 4), 3, SHAPE, limits, search.Objective(own_map=1.0), 60, 1e-6)
    np.testing.assert_allclose(beside.measures.own_map[1], both.measures.own_map[1], rtol=1e-6)


def test_the_gradient_leads_to_larger_violations(outcome):
    limits, found = outcome
    still = search.search((3, 4), 3, SHAPE, limits, search.Objective(), 60, 1e-6)
    rise = [np.where(one.met, one.measures.own_map, 0).max(1) for one in (found, still)]
    assert (rise[0] > 3 * rise[1]).all()


def test_shrinking_ends_with_fewer_digits_and_keeps_what_is_asked():
    row = (Fraction(123, 1000), Fraction(877, 1000))
    world = rational.RationalWorld("", (2,), row, ((row, row[::-1]),), (row, row[::-1]))
    small = shrink.shrunk(world, lambda one: one.prior[0] >= Fraction(1, 9))
    assert shrink.cost(small) < shrink.cost(world)
    assert small.prior[0] >= Fraction(1, 9)
    assert sum(small.prior) == 1
    assert shrink.shrunk(world, lambda one: False) == world


LEVELS = [10.0**-k for k in range(1, 7)]


def records(value):
    """Stored searches of one family: value(assumption, level, seed) is what was found."""
    config = replace(counterexamples.PAPER, levels=tuple(LEVELS), families=("2 configurations",))
    made = []
    for cell in counterexamples.cells(config):
        if cell.panel != "search":
            continue
        found = [value(cell.assumption, cell.level, seed) for seed in cell.seeds]
        row = {name: found for name in ("own_map.found", "missed.found", "beyond_argmax.found")}
        made.append(CellRecord(canonical(cell), {"met.found": [1.0] * len(found), **row}))
    return made


def verdict(name, stored):
    (claim,) = [c for c in counterexamples.EXPERIMENT.claims if c.name == f"counterexamples-{name}"]
    return claim.judge(stored)


def test_verdicts_follow_the_worst_found():
    vanishing = records(lambda assumption, level, seed: level * (1 + seed / 100))
    assert verdict("own-map-mean", vanishing).verdict == "not broken"
    assert verdict("any-map-pinned", vanishing).verdict == "not broken"
    lasting = records(lambda assumption, level, seed: 2.0 if seed == 7 else level)
    assert verdict("own-map-mean", lasting).verdict == "fails"
    assert verdict("any-map-pinned", lasting).verdict == "fails"
    none = records(lambda assumption, level, seed: None)
    assert verdict("own-map-anchored", none).verdict == "not evidence"


def test_a_search_never_proves():
    slope = es.interval([1.9, 2.0, 2.1])
    assert verdicts.search_limit_verdict(slope, 1e-9, 6) == "not broken"
    assert verdicts.search_limit_verdict(slope, 2.0, 6) == "fails"
    assert verdicts.search_limit_verdict(slope, 0.5, 6) == "undecided"
    assert verdicts.search_limit_verdict(slope, 1e-9, 5) == "undecided"
    assert verdicts.search_law_verdict(0.94) == "fails"
    assert verdicts.search_law_verdict(0.999) == "not broken"


def test_the_worst_over_families_counts_and_a_seed_without_an_answer_does_not():
    stored = records(lambda assumption, level, seed: None if seed == 0 else level)
    values = values_found(Results(stored), "mean", "own_map", "worst")
    assert np.isnan(values[:, 0]).all()
    np.testing.assert_allclose(values[:, 1], LEVELS)
    assert abs(slope(values, LEVELS).mean - 1) < 1e-9


def test_every_world_committed_is_measured_whatever_the_profile():
    for config in counterexamples.EXPERIMENT.profiles.values():
        worlds = {c.world for c in counterexamples.cells(config) if c.panel == "world"}
        assert worlds == set(NAMES) == set(rational.stored_names())
    (cell,) = [
        c
        for c in counterexamples.cells(counterexamples.PAPER)
        if c.panel == "world" and c.world == "counterexample-pinned"
    ]
    measured_world = counterexamples_cell.compute(cell).metrics
    assert measured_world["own_map.exact"][0] > 4
    assert {"logit.exact.1.2", "token.exact.1.2", "weight.exact.1"} <= set(measured_world)


def test_a_metric_that_only_a_shorter_row_has_is_kept(monkeypatch):
    rows = [{"met.found": 1.0, "own_map.found": 2.0, "epsilon.found": 3.0}, {"change.found": 4.0}]
    monkeypatch.setattr(counterexamples_cell, "search", lambda *settings: None)
    monkeypatch.setattr(counterexamples_cell, "_best_of_seed", lambda cell, found, seed: rows[seed])
    cells = counterexamples.cells(counterexamples.PAPER)
    cell = next(c for c in cells if c.panel == "search")
    metrics = counterexamples_cell.compute(replace(cell, seeds=(0, 1))).metrics
    assert metrics.keys() == rows[0].keys() | rows[1].keys()
    np.testing.assert_array_equal(metrics["change.found"], [np.nan, 4.0])
