"""Is d_LLV what its definition says, and does it bound the dissimilarity of representations?"""

import numpy as np
import pytest
from hypothesis import given, target
from hypothesis import strategies as st
from scipy.special import log_softmax

import estimators as es
from tests.estimators.instruments.test_logit_distance import (
    DIM,
    NUM_CONTEXTS,
    NUM_TOKENS,
    nearby,
    predicted,
    predictor,
    weights,
)

SEEDS = st.integers(0, 2**16)
CONTEXTS = [7, 3, 11, 20]


def defined(first, second, reference):
    """The term over rows and its scale gap, one variable at a time, rows weighed alike."""
    terms, gaps = [], []
    for variable in range(first.shape[1]):
        if variable == reference:
            continue
        own = np.std(first[:, variable] - first[:, reference])
        other = np.std(second[:, variable] - second[:, reference])
        gaps.append(abs(own - other))
        for named in (variable, reference):
            terms.append(np.std(first[:, named] / own - second[:, named] / other))
    return max(terms), max(gaps)


@given(SEEDS, st.floats(0.01, 2), st.integers(0, NUM_TOKENS - 1))
def test_it_is_what_the_definition_says(seed, noise, reference):
    first, second = predicted(*predictor(seed)), predicted(*nearby(seed, noise))
    found = es.likelihood_variance(first, second, reference=reference, contexts=CONTEXTS)
    over_contexts, gap = defined(first, second, reference)
    over_tokens, token_gap = defined(first[CONTEXTS].T, second[CONTEXTS].T, 0)
    assert abs(found.over_contexts - over_contexts) < 1e-9
    assert abs(found.over_tokens - over_tokens) < 1e-9
    assert abs(found.scale_gap - max(gap, token_gap)) < 1e-9
    assert abs(found.distance - max(over_contexts, over_tokens, 1e-5 * found.scale_gap)) < 1e-9


def test_the_reference_is_by_default_the_one_of_the_least_term():
    first, second = predicted(*predictor(3)), predicted(*nearby(3, 0.3))
    each = [
        es.likelihood_variance(first, second, reference=token, contexts=CONTEXTS).over_contexts
        for token in range(NUM_TOKENS)
    ]
    found = es.likelihood_variance(first, second)
    assert found.reference == np.argmin(each)
    assert found.over_contexts == min(each)
    assert len(found.contexts) == DIM + 1


def test_more_draws_find_contexts_of_no_larger_term():
    first, second = predicted(*predictor(4)), predicted(*nearby(4, 0.3))
    terms = np.array(
        [
            [
                es.likelihood_variance(first, second, num_draws=draws, random_state=seed)[2]
                for draws in (1, 5, 50)
            ]
            for seed in range(5)
        ]
    )
    assert (np.diff(terms) <= 0).all()
    assert terms[:, 2].mean() < terms[:, 0].mean() / 2


@given(SEEDS)
def test_equal_predictions_have_distance_zero(seed):
    log_rows = predicted(*predictor(seed))
    found = es.likelihood_variance(log_rows, log_rows.copy(), weights(seed))
    assert (found.distance, found.bound, found.unembedding_bound) == (0, 0, 0)


@given(SEEDS)
def test_the_identifiability_class_changes_nothing(seed):
    (f, g), other = predictor(seed), predicted(*nearby(seed, 0.5))
    draw = np.random.default_rng([seed, 3])
    mixing = draw.normal(size=(DIM, DIM)) + 3 * np.eye(DIM)
    if np.linalg.cond(mixing) > 100:
        return
    moved = predicted(f @ mixing.T, g @ np.linalg.inv(mixing) + draw.normal(size=DIM))
    fixed = {"reference": 1, "contexts": CONTEXTS}
    found = es.likelihood_variance(predicted(f, g), other, **fixed)
    again = es.likelihood_variance(moved, other, **fixed)
    np.testing.assert_allclose(again[:4], found[:4], atol=1e-7)
    np.testing.assert_allclose(
        es.svd_dissimilarity(moved, other, **fixed),
        es.svd_dissimilarity(predicted(f, g), other, **fixed),
        atol=1e-7,
    )


@given(SEEDS)
def test_it_is_symmetric_and_keeps_the_triangle_where_the_choices_are_fixed(seed):
    rows = [predicted(*predictor(seed + step)) for step in range(3)]

    def apart(one, two):
        found = es.likelihood_variance(rows[one], rows[two], reference=0, contexts=CONTEXTS)
        return found.distance

    assert abs(apart(0, 1) - apart(1, 0)) < 1e-12
    assert apart(0, 2) <= apart(0, 1) + apart(1, 2) + 1e-12
    forward, backward = (
        es.likelihood_variance(rows[one], rows[1 - one]).distance for one in range(2)
    )
    assert abs(forward - backward) < 1e-12


@given(SEEDS, st.floats(0.001, 1.5), st.integers(0, NUM_TOKENS - 1))
def test_it_bounds_the_dissimilarity_of_representations_and_unembeddings(seed, noise, reference):
    first, second, weight = predicted(*predictor(seed)), predicted(*nearby(seed, noise)), None
    if seed % 2:
        weight = weights(seed)
    fixed = {"reference": reference, "contexts": CONTEXTS}
    far = es.likelihood_variance(first, second, weight, **fixed)
    unlike = es.svd_dissimilarity(first, second, weight, **fixed)
    target(unlike.representation / far.bound)
    assert -1e-9 <= unlike.representation <= far.bound + 1e-9
    assert -1e-9 <= unlike.unembedding <= far.unembedding_bound + 1e-9
    paper = 2 * DIM * far.distance
    assert far.bound <= paper + 1e-12
    assert far.unembedding_bound <= paper + 1e-12


@given(SEEDS, st.floats(0.001, 1.5), st.integers(1, 4))
def test_it_bounds_the_dissimilarity_of_any_tokens(seed, noise, token):
    first, second = predicted(*predictor(seed)), predicted(*nearby(seed, noise))
    far = es.likelihood_variance(first, second, reference=0, contexts=CONTEXTS)
    unlike = es.svd_dissimilarity(first, second, reference=0, tokens=[token])
    assert unlike.representation <= far.bound + 1e-9


def test_the_bound_is_not_idle():
    first = predicted(*predictor(0))
    far = es.likelihood_variance(first, predicted(*nearby(0, 0.01)))
    assert 0 < far.bound < 0.01
    assert es.likelihood_variance(first, predicted(*predictor(1))).bound == 1


def test_dissimilarity_of_one_log_ratio_is_one_less_its_correlation():
    first, second = predicted(*predictor(0)), predicted(*nearby(0, 0.5))
    ratios = [rows[:, 2] - rows[:, 0] for rows in (first, second)]
    found = es.svd_dissimilarity(first, second, tokens=[2])
    assert abs(found.representation - (1 - abs(np.corrcoef(*ratios)[0, 1]))) < 1e-12
    assert np.isnan(found.unembedding)


def test_unrelated_predictors_are_unlike():
    draw = np.random.default_rng(0)
    rows = [log_softmax(draw.normal(size=(4000, 3)), axis=1) for _ in range(2)]
    assert es.svd_dissimilarity(*rows).representation > 0.95
    assert abs(es.svd_dissimilarity(rows[0], rows[0]).representation) < 1e-9


def test_constant_log_ratios_are_left_out_or_infinitely_far():
    f, g = predictor(0)
    doubled = g.copy()
    doubled[4] = doubled[3]  # two tokens always alike
    first = predicted(f, doubled)
    fixed = {"reference": 3, "contexts": CONTEXTS}
    assert es.likelihood_variance(first, first, **fixed).distance == 0
    assert es.likelihood_variance(first, predicted(f, g), **fixed).distance == np.inf
    assert es.likelihood_variance(first, predicted(f, g), **fixed).bound == 1
    flat = np.log(np.full((NUM_CONTEXTS, NUM_TOKENS), 1 / NUM_TOKENS))
    assert es.likelihood_variance(flat, flat).distance == 0
    assert np.isnan(es.svd_dissimilarity(flat, flat).representation)
    assert es.svd_dissimilarity(flat, first).representation == 1


def test_bad_input_is_refused():
    log_rows = predicted(*predictor(0))
    with np.errstate(divide="ignore"):
        zeros = np.log(np.tile([0.5, 0.5, 0, 0, 0], (NUM_CONTEXTS, 1)))
    with pytest.raises(ValueError, match=r"second log-predictions must be finite.*token 2"):
        es.likelihood_variance(log_rows, zeros)
    with pytest.raises(ValueError, match="reference must be one of 5 tokens; got 5"):
        es.likelihood_variance(log_rows, log_rows, reference=5)
    with pytest.raises(ValueError, match="contexts must be 2 or more whole numbers from 0 to 59"):
        es.likelihood_variance(log_rows, log_rows, contexts=[60, 1])
    with pytest.raises(ValueError, match="the 60 rows"):
        es.svd_dissimilarity(log_rows, log_rows[1:])


def test_choices_that_are_not_there_are_refused():
    log_rows = predicted(*predictor(0))
    for draws in (0, -3):
        with pytest.raises(ValueError, match=f"num_draws must be at least 1; got {draws}"):
            es.likelihood_variance(log_rows, log_rows, num_draws=draws)
    for tokens in ([99], [-1], [], [1.0], [[1]], 2, np.ones(NUM_TOKENS, bool)):
        with pytest.raises(ValueError, match="tokens must be 1 or more whole numbers from 0 to 4"):
            es.svd_dissimilarity(log_rows, log_rows, tokens=tokens)
    with pytest.raises(ValueError, match="tokens must not include the reference 3, whose"):
        es.svd_dissimilarity(log_rows, log_rows, reference=3, tokens=[1, 3])
    for contexts in ([1.0, 2.0], [4], [[1, 2]]):
        with pytest.raises(ValueError, match="contexts must be 2 or more whole numbers"):
            es.likelihood_variance(log_rows, log_rows, contexts=contexts)
