"""Is nothing called evidence that no null was held out against?"""

import numpy as np
import pytest

import estimators as es
from estimators.assessment.features import RHO_RANGE
from estimators.assessment.labels import quantity
from tests.estimators.assessment.made_up import NUM_ROWS, noise, pinned, posterior


@pytest.fixture(scope="module")
def log_posterior():
    return posterior()


def test_a_null_that_is_given_and_saturated_leaves_nothing_to_exceed(log_posterior):
    rng = np.random.default_rng(0)
    words = rng.integers(0, 10, (NUM_ROWS, 8))  # 72 regressors
    found = es.assess(*pinned(log_posterior), log_posterior, raw_input=words, rho=0.01)
    assert found.row("law", "log_posterior", "raw_input").saturated
    assert found.row("law", "log_posterior").verdict == "null saturated"
    assert found.row("readout", "representation").verdict == "null saturated"
    assert "Null saturated: raw input has too many directions" in found.reading
    assert "null saturated" in found.table()
    wide = rng.standard_normal((NUM_ROWS, 90))
    untrained = es.assess(*pinned(log_posterior), log_posterior, untrained=wide, rho=0.01)
    assert untrained.row("readout", "representation").verdict == "null saturated"
    bad = es.assess(*noise(log_posterior), log_posterior, raw_input=words, rho=0.01)
    assert bad.row("readout", "representation").verdict == "not evidence"
    assert bad.row("law", "log_posterior").verdict == "fails"


def wide_posterior():
    """64 configurations of three concepts on 300 contexts: the joint law saturates."""
    belief = np.random.default_rng(0).dirichlet(np.full(64, 0.3), 300) + 1e-4
    belief /= belief.sum(1, keepdims=True)
    four = belief.reshape(300, 4, 4, 4)
    marginals = [four.sum(axes) for axes in ((2, 3), (1, 3), (1, 2))]
    return np.log(belief), np.log(np.concatenate(marginals, 1))


def test_every_law_has_nulls_of_its_own_rank():
    log_posterior, stacked = wide_posterior()
    g = np.random.default_rng(1).standard_normal((6, 12))
    found = es.assess(stacked, g, log_posterior, cardinalities=(4, 4, 4), rho=0.1)
    for null in ("permuted", "noise"):
        row = found.row("law", "log_marginals", null)
        assert (row.num_regressors, row.saturated) == (12, False)
    assert found.row("law", "log_marginals").verdict == "holds"
    assert found.row("law", "log_posterior").verdict == "saturated"
    rivals = found.row("rivals", "log_posterior - belief")
    assert rivals.verdict == "saturated"
    assert "undecided" not in found.reading


def test_the_corner_is_trivial_where_the_argmax_itself_is_saturated():
    labels = np.random.default_rng(0).integers(0, 16, 75)
    belief = np.full((75, 16), 1e-5)
    belief[np.arange(75), labels] = 1
    log_posterior = np.log(belief / belief.sum(1, keepdims=True))
    bits = np.stack([(labels >> shift) & 1 for shift in (3, 2, 1, 0)], 1)
    signs = 2 * (np.arange(16)[:, None] >> np.arange(4)[::-1] & 1) - 1
    found = es.assess(
        2 * bits - 1.0,
        5.0 * signs,
        log_posterior,
        cardinalities=(2,) * 4,
        rho=0.001,
        groups=np.arange(75),
    )
    assert np.isnan(found.row("law", "argmax").score)
    assert found.facts.trivial
    assert found.row("law", "log_marginals").verdict == "trivial corner"


def test_a_score_below_zero_is_no_evidence():
    log_posterior = posterior(3, 200)
    rng = np.random.default_rng(3)
    f = rng.standard_normal((200, 30))
    f[:, 0] += 0.35 * (log_posterior[:, 0] - log_posterior[:, 1])
    found = es.assess(f, 0.1 * rng.standard_normal((4, 30)), log_posterior, rho=0.1)
    for row in found.rows:
        if row.source == "trained" and row.direction in ("law", "readout", "law from f"):
            assert row.verdict != "evidence" or row.low >= 0.05
            assert row.verdict == "" or row.score - row.gap >= -1e-12


def test_the_edge_of_the_choices_of_rho_is_shown_as_a_bound(log_posterior):
    found = es.assess(*pinned(log_posterior), log_posterior, rho=2e-7)
    row, known = found.row("law", "rho"), found.facts._replace(rho_fitted=True)
    assert quantity(row, found.facts).endswith("ρ = 2e-07")
    assert quantity(row, known._replace(rho=(RHO_RANGE[0],))).endswith("ρ ≤ 2.15e-07")
    assert quantity(row, known._replace(rho=(RHO_RANGE[1],))).endswith("ρ ≥ 464")
    assert quantity(row, known._replace(rho=(0.1, RHO_RANGE[1]))).endswith("ρ = 0.1 … ≥ 464")
    assert quantity(row, known._replace(rho=(0.1,))).endswith("ρ = 0.1")


def test_a_token_that_tells_nothing_is_said_to_leave_nothing_to_learn(log_posterior):
    constant = np.log(np.full((NUM_ROWS, 4), 0.25))
    found = es.assess(
        np.zeros((NUM_ROWS, 2)), np.zeros((4, 2)), log_posterior, log_predictive=constant, rho=0.1
    )
    assert "nothing was there to be learnt" in found.reading
    assert "excess loss of –" not in found.reading


def test_the_picture_draws_held_out_values_only_and_names_what_it_leaves_out(log_posterior):
    words = np.random.default_rng(0).integers(0, 10, (NUM_ROWS, 8))
    found = es.assess(*pinned(log_posterior), log_posterior, raw_input=words, rho=0.01)
    figure = found.figure()
    assert "raw input (law, readout, law from f, f from law)" in figure.get_supxlabel()
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "null: raw input" not in labels
    assert "null: noise" in labels
    held_out = [row.score for row in found.rows]
    for axes in figure.axes:
        for bar in axes.containers:
            drawn = float(bar.lines[0].get_xdata()[0])
            assert np.isnan(drawn) or np.isclose(held_out, drawn, equal_nan=False).any()
    clear = es.assess(*pinned(log_posterior), log_posterior, rho=0.01).figure()
    assert clear.get_supxlabel() == ""
