"""Does progress say how far, how good and how long, and can training be broken off?"""

import threading
from dataclasses import replace
from itertools import pairwise

import pytest

import estimators as es
from estimators.training.progress import Clock
from estimators.training.run import LONGEST_STRETCH, Plan, Seed, begin, train_seeds
from tests.estimators.training.cases import CONFIG, KEYS, SAMPLERS, sample_batch


def test_a_line_of_progress_names_every_number_and_its_unit(capsys):
    es.print_progress(es.Progress(3, 40, 200, 1.25, 0.0125, 850.0, 2.4))
    es.print_progress(es.Progress(0, 200, 200, 1.0, float("nan"), 850.0, 0.0))
    first, second = capsys.readouterr().err.splitlines()
    assert first == (
        "seed 3  step 40 of 200  loss 1.2500 nats  excess 0.013 nats  850 steps/s  2 s left"
    )
    assert "excess" not in second


def test_time_left_counts_what_is_skipped_and_what_is_taken(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("estimators.training.progress.time.perf_counter", lambda: now[0])
    told = []
    clock = Clock(num_seeds=3, num_steps=100, report=told.append)
    clock.skip(60)  # resumed
    now[0] = 102.0
    clock.took(40)
    clock.tell(0, 100, 1.0, 0.1)
    assert told[0].steps_per_second == 20
    assert told[0].seconds_left == 10
    clock.tell(1, 0, 1.0, 0.1)
    assert told[1].seconds_left == 10


@pytest.mark.parametrize("mode", ["sequence", "threads", "vmap"])
def test_breaking_off_leaves_no_thread_behind_and_starts_nothing_more(mode):
    told = []

    def report(progress):
        told.append(progress.seed)
        raise KeyboardInterrupt

    before = threading.active_count()
    config = replace(CONFIG, seed_mode=mode, width=1, num_chunks=30)
    with pytest.raises(KeyboardInterrupt):
        es.train(config, KEYS, sample_batch, SAMPLERS, progress=report)
    assert threading.active_count() == before
    assert told == [0]


def test_an_exception_in_one_thread_ends_the_others_at_their_next_pause():
    told = []

    def report(progress):
        told.append(progress)
        if progress.seed == 1:
            raise RuntimeError("seed 1")

    config = replace(CONFIG, seed_mode="threads", width=2, num_steps=30_000, num_chunks=3000)
    with pytest.raises(RuntimeError, match="seed 1"):
        es.train(config, KEYS[:2], sample_batch, SAMPLERS[:2], progress=report)
    assert sum(what.seed == 1 for what in told) == 1
    assert len(told) < 2000  # seed 0 alone would have reported 3000 times


def test_a_long_chunk_can_be_broken_off_within_it():
    cancelled = threading.Event()
    cancelled.set()
    plan = Plan([10_000], set(), set(), 10_000)
    seed = Seed(0, KEYS[0], SAMPLERS[0], None)
    clock = Clock(1, CONFIG.num_steps, None)
    begin(CONFIG, plan, seed, clock)
    train_seeds(CONFIG, sample_batch, plan, [seed], clock, cancelled)
    assert seed.step == 0
    assert {b - a for a, b in pairwise([0, *plan.pauses()])} == {LONGEST_STRETCH}
