"""Which directions and which rows count, in any precision and with any repetition?"""

import jax.numpy as jnp
import numpy as np
import pytest

import estimators as es
from tests.estimators.assessment.made_up import (
    CARDINALITIES,
    NUM_ROWS,
    believing,
    pinned,
    posterior,
)


@pytest.fixture(scope="module")
def log_posterior():
    return posterior()


def test_noise_on_contexts_that_repeat_is_no_evidence_without_groups():
    for seed in range(3):
        rng = np.random.default_rng(seed)
        few, drawn = posterior(seed, 80), rng.integers(0, 80, 600)
        f, g = rng.standard_normal((80, 12))[drawn], rng.standard_normal((4, 12))
        by_row = es.readout_score(f, few[drawn], groups=np.arange(600))
        assert by_row.score > 0.1  # looked up
        assert es.readout_score(f, few[drawn]).score < 0
        by_belief = es.assess(f, g, few[drawn], rho=0.1)
        words = rng.integers(0, 9, (80, 5))[drawn]
        by_words = es.assess(f, g, few[drawn], raw_input=words, rho=0.1)
        for found, how in ((by_belief, "p(c∣x)"), (by_words, "the raw input")):
            row = found.row("readout", "representation")
            assert (row.verdict, row.saturated) == ("not evidence", False)
            distinct = len(np.unique(drawn))
            assert f"on {distinct} distinct contexts, told apart by {how}," in found.reading


def test_words_that_do_not_settle_the_posterior_are_not_the_whole_context(log_posterior):
    last = np.random.default_rng(0).integers(0, 2, (NUM_ROWS, 1))
    found = es.assess(*pinned(log_posterior), log_posterior, raw_input=last, rho=0.1)
    assert found.facts.num_contexts == NUM_ROWS
    assert found.facts.told_apart == "the raw input and p(c∣x)"


def test_half_precision_loses_no_direction_that_a_large_column_or_a_steep_spectrum_hides():
    log_posterior = posterior(0, 300)
    rng = np.random.default_rng(0)
    centred = log_posterior - log_posterior.mean(1, keepdims=True)
    mixing = np.linalg.qr(rng.standard_normal((4, 4)))[0] * 10 ** -np.linspace(0, 2, 4)
    steep = centred @ mixing, np.linalg.inv(mixing).T
    large = (
        np.concatenate([log_posterior, 300 * rng.standard_normal((300, 1))], 1),
        np.concatenate([np.eye(4), np.zeros((4, 1))], 1),
    )
    for dtype in (jnp.bfloat16, jnp.float16):
        for f, g in (steep, large):
            half = jnp.asarray(f, dtype)
            found = es.assess(half, jnp.asarray(g, dtype), log_posterior, rho=0.01)
            public = es.readout_score(np.asarray(half, np.float32), log_posterior)
            row = found.row("readout", "representation")
            assert row.score == pytest.approx(public.score, abs=1e-3)
            assert found.row("law from f", "log_posterior").score > 0.98


def test_a_large_column_of_the_unembedding_hides_no_other():
    log_posterior = posterior(0, 300)
    rng = np.random.default_rng(0)
    f = np.concatenate([log_posterior, rng.standard_normal((300, 1))], 1)
    g = np.concatenate([np.eye(4), [[200.0], [0], [0], [0]]], 1)
    single, half = (
        es.assess(jnp.asarray(f, dtype), jnp.asarray(g, dtype), log_posterior, rho=0.1)
        for dtype in (jnp.float32, jnp.bfloat16)
    )
    names = ("law from f", "log_posterior")
    assert half.row(*names).num_regressors == single.row(*names).num_regressors == 3
    assert half.row(*names).score == pytest.approx(single.row(*names).score, abs=0.01)


def test_the_gauge_of_a_predictor_in_single_precision_changes_no_verdict():
    log_posterior = posterior(0, 300)
    rng = np.random.default_rng(0)
    f = np.concatenate([log_posterior @ rng.standard_normal((4, 4)), np.ones((300, 1))], 1)
    g = rng.standard_normal((4, 5))
    plain = es.assess(f.astype(np.float32), g.astype(np.float32), log_posterior, rho=0.1)
    scale = np.array([1e5, 1, 1e-4, 1, 1e7], np.float32)
    moved = es.assess(
        f.astype(np.float32) * scale, g.astype(np.float32) / scale, log_posterior, rho=0.1
    )
    assert "is kept" not in moved.reading
    for one, other in zip(plain.rows, moved.rows, strict=True):
        assert (one[:4], one.verdict) == (other[:4], other.verdict)
        assert one.num_regressors == other.num_regressors
        if one.source == "trained":
            assert other.score == pytest.approx(one.score, abs=1e-3)


def test_directions_that_are_dropped_are_reported_and_probes_do_without_them():
    log_posterior = posterior(0, 300)
    rng = np.random.default_rng(0)
    line = rng.standard_normal((300, 4)) @ rng.standard_normal((4, 40))
    f, g = jnp.asarray(line, jnp.bfloat16), rng.standard_normal((4, 40))
    found = es.assess(f, g, log_posterior, cardinalities=CARDINALITIES, rho=0.1)
    assert found.row("probe", "concept 0").num_regressors == 4
    assert found.row("readout", "representation").num_regressors == 4
    told = "Of f rank 4 of 40 is kept: what else varies cannot be told from rounding of its format"
    assert told in found.reading
    assert "is kept" not in es.assess(*pinned(log_posterior), log_posterior, rho=0.1).reading


def test_contexts_of_weight_zero_change_nothing(log_posterior):
    f, g = believing(log_posterior)
    weight = np.where(np.arange(NUM_ROWS) < 50, 0.0, 1.0)
    with np.errstate(divide="ignore"):
        impossible = np.log(np.eye(4)[np.zeros(50, int)])
    padded = np.concatenate([impossible, log_posterior[50:]])
    one = es.assess(f, g, padded, weight=weight, rho=0.1, log_predictive=log_posterior)
    two = es.assess(f[50:], g, log_posterior[50:], rho=0.1, log_predictive=log_posterior[50:])
    assert one.facts.num_contexts == 150
    assert {row.quantity for row in one.rows} >= {"log_posterior", "belief", "rho"}
    for mine, other in zip(one.rows, two.rows, strict=True):
        assert mine[:4] == other[:4]
        assert mine[4:11] == pytest.approx(other[4:11], nan_ok=True)
        assert mine.verdict == other.verdict
