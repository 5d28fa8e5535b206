"""Does an assessment say what is known of predictors that were made to obey one law or none?"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import estimators as es
from tests.estimators.assessment.made_up import (
    CARDINALITIES,
    NUM_ROWS,
    believing,
    noise,
    pinned,
    posterior,
    weights,
)


def verdicts(found):
    """Of every law."""
    trained = [row for row in found.rows if (row.direction, row.source) == ("law", "trained")]
    return {row.quantity: row.verdict for row in trained}


def verdicts_of_trained(found, direction):
    """Of every measurement of a direction that is judged."""
    trained = [row for row in found.rows if (row.direction, row.source) == (direction, "trained")]
    return [row.verdict for row in trained if row.quantity != "argmax"]


@pytest.fixture(scope="module")
def log_posterior():
    return posterior()


@pytest.fixture(scope="module")
def perfect(log_posterior):
    context = np.random.default_rng(3).integers(0, 2, (NUM_ROWS, 6))
    return es.assess(
        *pinned(log_posterior),
        log_posterior,
        weight=weights(),
        log_predictive=log_posterior,
        cardinalities=CARDINALITIES,
        raw_input=context,
    )


def test_log_p_holds_for_the_perfect_predictor_of_a_token_that_names_c(perfect):
    row = perfect.row("law", "log_posterior")
    assert (row.verdict, row.kind) == ("holds", "trained")
    assert row.low >= 0.99
    assert perfect.facts.trained
    assert perfect.row("readout", "representation").verdict == "evidence"
    assert perfect.row("law from f", "log_posterior").score == pytest.approx(1, abs=1e-6)
    assert perfect.row("f from law", "log_posterior").score == pytest.approx(1, abs=1e-6)
    assert perfect.row("rivals", "log_posterior - belief").verdict == "first"
    assert "log p(c∣x) – holds" in perfect.reading


def test_rho_is_chosen_small_for_the_law_log_p(perfect):
    assert max(perfect.facts.rho) <= 1e-3
    assert perfect.row("law", "rho").verdict == "holds"


def test_the_law_p_holds_and_log_p_does_not_for_a_predictor_of_beliefs(log_posterior):
    found = es.assess(*believing(log_posterior), log_posterior)
    assert found.row("law", "belief").verdict == "holds"
    assert found.row("law", "log_posterior").verdict in ("approximate", "fails")
    assert found.row("rivals", "log_posterior - belief").verdict == "second"
    assert found.facts.rho[0] >= 1  # log(p + ρ) tends to p
    assert found.row("law", "rho").verdict == "holds"


def test_noise_tells_nothing_and_no_law_explains_it(log_posterior):
    found = es.assess(*noise(log_posterior), log_posterior, cardinalities=CARDINALITIES)
    laws = [row for row in found.rows if row.direction == "law" and row.source == "trained"]
    assert max(row.score for row in laws) < 0.05
    assert set(verdicts(found).values()) == {"fails", ""}  # the argmax is no law
    for direction in ("readout", "law from f", "f from law", "probe"):
        assert set(verdicts_of_trained(found, direction)) == {"not evidence"}
    assert abs(found.row("readout", "representation").score) < 0.1


def test_a_representation_of_other_contexts_is_not_evidence(log_posterior):
    f, g = pinned(log_posterior)
    found = es.assess(es.permute_contexts(f), g, log_posterior, log_predictive=log_posterior)
    assert found.row("readout", "representation").score < 0.05
    assert found.facts.trained is False
    assert verdicts(found)["log_posterior"] == "not trained"
    alone = es.assess(es.permute_contexts(f), g, log_posterior)
    assert alone.row("readout", "representation").verdict == "not evidence"
    assert alone.row("law", "log_posterior").verdict == "fails"


def test_what_the_raw_input_tells_as_well_is_not_evidence():
    rng = np.random.default_rng(0)
    words = rng.integers(0, 2, (NUM_ROWS, 12))
    logits = 0.6 * (2 * words - 1) @ rng.standard_normal((12, 4))  # words independent given c
    log_posterior = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    found = es.assess(*pinned(log_posterior), log_posterior, raw_input=words)
    row = found.row("law", "log_posterior")
    assert row.score == pytest.approx(1, abs=1e-4)
    assert (row.verdict, row.null) == ("not evidence", "raw_input")


def test_an_untrained_predictor_of_the_same_law_makes_it_no_evidence(log_posterior):
    f, g = pinned(log_posterior)
    found = es.assess(f, g, log_posterior, untrained=0.5 * f, untrained_unembedding=g)
    row = found.row("law", "log_posterior")
    assert (row.verdict, row.null) == ("not evidence", "untrained")
    alone = es.assess(f, g, log_posterior, untrained=0.5 * f)
    assert (
        alone.row("law", "log_posterior").verdict == "holds"
    )  # of its predictions nothing is known
    assert alone.row("readout", "representation").verdict == "not evidence"


def test_where_the_argmax_says_all_the_corner_is_trivial():
    labels = np.random.default_rng(0).integers(0, 4, NUM_ROWS)
    belief = np.full((NUM_ROWS, 4), 1e-4)
    belief[np.arange(NUM_ROWS), labels] = 1 - 3e-4
    log_posterior = np.log(belief)
    found = es.assess(*pinned(log_posterior), log_posterior, groups=np.arange(NUM_ROWS))
    assert set(verdicts_of_trained(found, "law")) == {"trivial corner"}
    assert "A trivial corner: the likeliest configuration alone" in found.reading


def test_contexts_that_tell_nothing_are_a_trivial_corner():
    rng = np.random.default_rng(0)
    logits = 0.05 * rng.standard_normal((NUM_ROWS, 4))
    log_posterior = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    found = es.assess(*pinned(log_posterior), log_posterior)
    assert found.facts.concept_information < 0.05
    assert found.row("law", "log_posterior").verdict == "trivial corner"


def test_fewer_contexts_than_dimensions_are_called_saturated(log_posterior):
    rng = np.random.default_rng(0)
    f = rng.standard_normal((NUM_ROWS, 300))
    found = es.assess(f, rng.standard_normal((4, 300)), log_posterior)
    row = found.row("readout", "representation")
    assert (row.saturated, row.verdict) == (True, "saturated")
    assert np.isnan(row.score)
    assert row.population > 0.9  # it would have looked like a perfect readout
    assert "saturated" in found.reading


def test_zeros_leave_out_the_laws_in_logarithms_and_are_reported():
    belief = np.exp(posterior())
    belief[::2, 0] = 0
    belief /= belief.sum(1, keepdims=True)
    with np.errstate(divide="ignore"):
        log_posterior = np.log(belief)
    f, g = believing(np.log(belief + 1e-3) - np.log((belief + 1e-3).sum(1, keepdims=True)))
    found = es.assess(f, g, log_posterior, cardinalities=CARDINALITIES)
    assert set(verdicts(found)) == {"belief", "log_marginals", "rho", "argmax"}
    assert found.facts.zero_share == pytest.approx(1 / 8)
    assert "12.5% of p(c∣x) are exact zeros" in found.reading
    assert np.isfinite(found.row("readout", "representation").score)
    assert not any(row.quantity == "log_posterior" for row in found.rows)


def test_zeros_of_the_exact_prediction_leave_out_the_oracle_representation_only():
    belief = np.exp(posterior())
    belief[::2, 0] = 0
    belief /= belief.sum(1, keepdims=True)
    with np.errstate(divide="ignore"):
        exact = np.log(belief)
    f = np.log(belief + 1e-9)
    found = es.assess(f, np.eye(4), exact, log_predictive=exact)
    assert found.facts.trained
    assert np.isfinite(found.row("law", "belief", "oracle").score)
    with pytest.raises(KeyError, match="no row"):
        found.row("readout", "representation", "oracle")


def test_seeds_give_t_intervals_of_their_scores_and_one_predictor_blocks(log_posterior):
    rng = np.random.default_rng(0)
    f, g = pinned(log_posterior)
    stack = np.stack([f + 0.3 * rng.standard_normal(f.shape) for _ in range(4)])
    found = es.assess(stack, [g] * 4, log_posterior, rho=0.01)
    row = found.row("law", "log_posterior")
    scores = [es.law_score(log_posterior, normalised(one)).score for one in stack]
    expected = es.interval(scores)
    assert (row.score, row.low, row.high) == pytest.approx(expected[:3])
    assert (row.median, found.facts.num_seeds) == (pytest.approx(expected.median), 4)
    assert "over 4 seeds of the predictor, fewer than the 10 asked for" in found.reading
    alone = es.assess(stack[0], g, log_posterior, rho=0.01)
    assert alone.row("law", "log_posterior").score == pytest.approx(scores[0])
    assert np.isnan(alone.row("law", "log_posterior").median)
    assert "held-out blocks of contexts" in alone.reading


def normalised(logits):
    return logits - np.log(np.exp(logits).sum(1, keepdims=True))


def test_one_bad_seed_makes_none_count_as_trained(log_posterior):
    f, g = pinned(log_posterior)
    found = es.assess([f, 0.5 * f], [g, g], log_posterior, log_predictive=log_posterior)
    assert found.facts.trained is False
    assert found.facts.excess_shares[0] <= 0.01 < found.facts.excess_shares[1]
    assert verdicts(found)["log_posterior"] == "not trained"


def test_every_number_is_that_of_the_public_instrument(perfect, log_posterior):
    f, _ = believing(log_posterior)
    g = believing(log_posterior)[1]
    weight = weights()
    found = es.assess(f, g, log_posterior, weight=weight, cardinalities=CARDINALITIES, rho=0.1)
    log_predicted = normalised(f @ g.T)
    ratios = log_posterior - log_posterior.mean(1, keepdims=True)
    centred = log_predicted - log_predicted.mean(1, keepdims=True)
    log_rho = np.log(np.exp(log_posterior) + 0.1)
    belief = np.exp(log_posterior).reshape(-1, 2, 2)
    concepts = [np.log(belief.sum(2)), np.log(belief.sum(1))]
    expected = {
        ("law", "log_posterior"): es.law_score(log_posterior, log_predicted, weight),
        ("law", "log_marginals"): es.law_score(np.concatenate(concepts, 1), log_predicted, weight),
        ("law", "rho"): es.law_score(log_rho, log_predicted, weight),
        ("readout", "representation"): es.readout_score(f, log_posterior, weight),
        ("law from f", "log_posterior"): es.affine_r2(centred, ratios, weight),
        ("f from law", "log_posterior"): es.affine_r2(ratios, centred, weight),
    }
    for names, score in expected.items():
        row = found.row(*names)
        assert (row.score, row.population) == pytest.approx(
            (score.score, score.population), abs=1e-5
        )
    probes = es.probe_accuracy(f, concepts, weight)
    for concept in range(2):
        row = found.row("probe", f"concept {concept}")
        assert (row.score, row.population) == pytest.approx(
            (probes.score[concept], probes.population[concept])
        )
        bayes = found.row("probe", f"concept {concept}", "bayes")
        majority = found.row("probe", f"concept {concept}", "majority")
        assert (bayes.score, bayes.kind) == (pytest.approx(probes.bayes[concept]), "exact")
        assert majority.score == pytest.approx(probes.majority[concept])


def test_layers_are_read_beside_their_own_nulls(log_posterior):
    f, g = pinned(log_posterior)
    rng = np.random.default_rng(0)
    layers = {"first": rng.standard_normal((NUM_ROWS, 5)), "second": 2 * f + 1}
    found = es.assess(f, g, log_posterior, layers=layers)
    assert found.row("readout", "layer first").verdict == "not evidence"
    assert found.row("readout", "layer second").verdict == "evidence"
    assert found.row("readout", "layer second", "permuted").score < 0.1


def test_rows_that_repeat_contexts_are_held_out_together(log_posterior):
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 5)
    few = log_posterior[:40][groups]
    f, g = rng.standard_normal((40, 20))[groups], rng.standard_normal((4, 20))
    found = es.assess(f, g, few, groups=groups, rho=0.1)
    assert found.facts.num_contexts == 40
    assert found.row("readout", "representation").verdict == "saturated"
    leaking = es.readout_score(f, few, groups=np.arange(200))  # noise, but looked up
    assert leaking.score > 0.3
    assert es.readout_score(f, few).saturated
    named = es.assess(f, g, few, groups=[f"context {group}" for group in groups], rho=0.1)
    assert named.facts.num_contexts == 40


def test_a_constant_predictor_is_answered_and_is_no_evidence(log_posterior):
    found = es.assess(np.zeros((NUM_ROWS, 3)), np.zeros((4, 3)), log_posterior)
    assert set(verdicts_of_trained(found, "law")) == {"not evidence"}
    assert set(verdicts_of_trained(found, "law from f")) == {"not evidence"}
    assert str(found)
    assert found.figure().axes


@settings(max_examples=10)
@given(seed=st.integers(0, 1000))
def test_an_invertible_change_of_gauge_changes_no_score(seed):
    log_posterior = posterior(1, 80)
    f, g = noise(log_posterior, 1)
    f = f + np.exp(log_posterior)[:, :3]
    rng = np.random.default_rng(seed)
    mixing = np.linalg.qr(rng.standard_normal((3, 3)))[0] * rng.uniform(0.5, 2, 3)
    one = es.assess(f, g, log_posterior, rho=0.1)
    two = es.assess(f @ mixing, g @ np.linalg.inv(mixing).T, log_posterior, rho=0.1)
    for before, after in zip(one.rows, two.rows, strict=True):
        if before.source in ("trained", "permuted"):
            assert after.score == pytest.approx(before.score, abs=1e-4)
