"""Is a law scored 1 when it holds, about 0 when nothing holds, and the same in every gauge?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

import estimators as es

SCORES = pytest.mark.parametrize("score", [es.law_score, es.readout_score])
SEEDS = st.integers(0, 2**16)


def law(seed, num_contexts=60, num_regressors=3, num_outcomes=4):
    """Features φ, log softmax(U φ + v) and positive weights: a world in which the law is exact."""
    draw = np.random.default_rng(seed)
    features = draw.normal(size=(num_contexts, num_regressors))
    logits = features @ draw.normal(size=(num_regressors, num_outcomes))
    log_target = log_softmax(logits + draw.normal(size=num_outcomes), axis=1)
    return features, log_target, draw.integers(1, 5, num_contexts).astype(float)


def noisy(seed, **sizes):
    """The same with something in the target that the features do not say."""
    features, log_target, weight = law(seed, **sizes)
    noise = np.random.default_rng(seed + 1).normal(size=log_target.shape)
    return features, log_softmax(log_target + noise, axis=1), weight


def invertible(seed, size):
    """A square matrix whose condition number is at most 100."""
    draw = np.random.default_rng(seed)
    left, right = (np.linalg.qr(draw.normal(size=(size, size)))[0] for _ in range(2))
    return left @ np.diag(np.geomspace(0.1, 10, size)) @ right


@SCORES
@given(seed=SEEDS)
def test_an_exact_affine_image_scores_one(score, seed):
    features, log_target, weight = law(seed)
    found = score(features, log_target, weight)
    assert abs(found.score - 1) < 1e-6
    assert abs(found.population - 1) < 1e-6
    assert (found.num_regressors, found.saturated, found.converged) == (3, False, True)


def test_rows_exchanged_between_contexts_score_at_most_about_zero():
    scores = []
    for seed in range(20):
        features, log_target, weight = law(seed, num_contexts=100)
        permuted = es.permute_contexts(features, random_state=seed)
        scores.append(es.law_score(permuted, log_target, weight).score)
    assert max(scores) < 0.05
    assert np.mean(scores) < 0


def test_noise_scores_about_zero_on_held_out_contexts_and_more_on_its_own():
    scores = []
    for seed in range(20):
        _, log_target, weight = law(seed, num_contexts=100)
        noise = np.random.default_rng(1000 + seed).normal(size=(100, 3))
        scores.append(es.law_score(noise, log_target, weight))
    assert max(found.score for found in scores) < 0.05
    assert min(found.population for found in scores) > 0


@given(SEEDS)
def test_scores_do_not_depend_on_the_gauge_of_the_features(seed):
    features, log_target, weight = noisy(seed)
    found = es.law_score(features, log_target, weight)
    moved = features @ invertible(seed, 3) + 7.0
    again = es.law_score(moved, log_target, weight)
    wider = es.law_score(np.column_stack([moved, np.full(60, 3.0)]), log_target, weight)
    for other in (again, wider):
        np.testing.assert_allclose(other[:3], found[:3], atol=1e-5)
        assert other.num_regressors == 3  # a constant column is no regressor


def test_without_features_nothing_is_explained():
    _, log_target, weight = law(0)
    for features in (np.ones((60, 2)), np.zeros((60, 0))):
        found = es.law_score(features, log_target, weight)
        assert abs(found.population) < 1e-9
        assert -0.2 < found.score < 0
        assert found.num_regressors == 0


def test_information_is_the_entropy_of_the_mean_less_the_mean_entropy():
    features, log_target, weight = noisy(3)
    share, target = weight / weight.sum(), np.exp(log_target)
    mean = share @ target
    expected = -mean @ np.log(mean) + share @ (target * log_target).sum(1)
    assert abs(es.law_score(features, log_target, weight).information - expected) < 1e-12


def test_zeros_in_the_target_are_legal():
    features, log_target, weight = law(1)
    target = np.exp(log_target)
    target[:30, 0], target[:, 3] = 0.0, 0.0  # impossible for some contexts; never possible
    with np.errstate(divide="ignore"):
        found = es.law_score(features, np.log(target / target.sum(1, keepdims=True)), weight)
    assert np.isfinite(found[:3]).all()
    assert 0 < found.score <= found.population < 1


def test_one_hot_targets_are_legal_and_separable_ones_are_explained_wholly():
    named = np.arange(80) % 2
    features = np.random.default_rng(0).normal(size=(80, 2)) + 8 * named[:, None]
    with np.errstate(divide="ignore"):
        found = es.readout_score(features, np.log(np.eye(2)[named]))
    assert found.population > 0.999
    assert found.score > 0.99
    assert abs(found.information - np.log(2)) < 1e-12


def test_too_few_contexts_are_called_saturated_and_not_scored():
    features, log_target, weight = noisy(0)
    short = slice(18)  # the smallest training set has 14 contexts, three regressors ask for 15
    found = es.law_score(features[short], log_target[short], weight[short])
    assert found.saturated
    assert np.isnan(found.score)
    assert 0 < found.population <= 1
    enough = slice(19)
    found = es.law_score(features[enough], log_target[enough], weight[enough])
    assert not found.saturated
    assert np.isfinite(found.score)


def test_fewer_contexts_than_folds_are_saturated_even_without_regressors():
    _, log_target, _ = law(0, num_contexts=4)
    found = es.law_score(np.ones((4, 1)), log_target)
    assert found.saturated
    assert np.isnan(found.score)


@SCORES
def test_where_the_contexts_tell_nothing_there_is_no_share_to_score(score):
    features, log_target, weight = law(0)
    found = score(features, np.repeat(log_target[:1], 60, axis=0), weight)
    assert np.isnan(found.score)
    assert np.isnan(found.population)
    assert 0 <= found.information < 1e-9


def test_a_row_given_twice_weighs_double():
    features, log_target, _ = noisy(5)
    weight = np.ones(60)
    weight[[0, 7, 31]] = 2
    twice = np.concatenate([np.arange(60), [0, 7, 31]])
    once = es.law_score(features, log_target, weight)
    doubled = es.law_score(features[twice], log_target[twice], groups=twice)
    np.testing.assert_allclose(doubled[:3], once[:3], atol=1e-6)


def test_the_scale_of_the_weights_does_not_matter_and_zero_weights_are_as_good_as_absent():
    features, log_target, weight = noisy(6)
    found = es.law_score(features, log_target, weight)
    np.testing.assert_allclose(es.law_score(features, log_target, 50 * weight)[:3], found[:3])
    weight[40:] = 0
    kept = es.law_score(features[:40], log_target[:40], weight[:40])
    found = es.law_score(features, log_target, weight)
    np.testing.assert_allclose(found[1:3], kept[1:3], atol=1e-6)


def test_noise_that_repeats_over_samples_of_a_context_only_scores_when_split_by_sample():
    groups, by_context, by_sample = np.repeat(np.arange(60), 8), [], []
    for seed in range(5):
        draw = np.random.default_rng(seed)
        names = draw.normal(size=(60, 9))[groups]  # tells contexts apart and says nothing of them
        log_target = log_softmax(draw.normal(size=(60, 3)), axis=1)[groups]
        by_context.append(es.law_score(names, log_target, groups=groups))
        by_sample.append(es.law_score(names, log_target, groups=np.arange(len(groups))))
        noticed = es.law_score(names, log_target)  # without groups
        assert noticed.score == pytest.approx(by_context[-1].score, abs=1e-6)
    assert not any(found.saturated for found in by_context)
    assert np.mean([found.score for found in by_context]) < 0
    assert np.mean([found.score for found in by_sample]) > 0.08


def test_folds_follow_the_random_state():
    features, log_target, weight = noisy(9)
    first, again, other = (
        es.law_score(features, log_target, weight, random_state=state) for state in (0, 0, 1)
    )
    assert first == again
    assert first.score != other.score
    assert first.population == other.population


@given(SEEDS)
def test_no_held_out_score_exceeds_one_and_more_features_never_explain_less(seed):
    features, log_target, weight = noisy(seed)
    wide, narrow = (es.law_score(features[:, :k], log_target, weight) for k in (3, 1))
    assert max(wide.score, wide.population) <= 1 + 1e-9
    assert wide.population >= narrow.population - 1e-6


def test_scores_of_single_and_double_precision_agree():
    features, log_target, weight = noisy(2)
    half = es.law_score(features.astype(np.float32), log_target.astype(np.float32), weight)
    np.testing.assert_allclose(half[:3], es.law_score(features, log_target, weight)[:3], atol=1e-5)


FEATURES, TARGET, WEIGHT = law(0)
BAD_ROWS = [np.where(np.arange(60)[:, None] == 4, bad, FEATURES) for bad in (np.nan, np.inf)]


@SCORES
@pytest.mark.parametrize(
    ("features", "target", "weight", "message"),
    [
        (
            BAD_ROWS[0],
            TARGET,
            None,
            r"(features|representation) must be finite; row 4 is not, nan in column 0: find out",
        ),
        (BAD_ROWS[1], TARGET, None, r"(features|representation) must be finite; row 4 is not"),
        (FEATURES[:, 0], TARGET, None, r"axes \[row, column\]; got shape \(60,\)"),
        (FEATURES, TARGET[:50], None, r"with the 60 rows of the features; got shape \(50, 4\)"),
        (FEATURES, TARGET[:, 0], None, r"axes \[row, outcome\].* got shape \(60,\)"),
        (FEATURES, np.exp(TARGET), None, r"exponentials sum to 1; row 0 sums to .*: give log"),
        (FEATURES, TARGET - 0.01, None, r"row 0 sums to 0.99005"),
        (FEATURES, np.where(TARGET > -1, np.nan, TARGET), None, r"row \d+ sums to nan"),
        (FEATURES, TARGET, WEIGHT[:9], r"weight must have shape \(60,\), one a row; got \(9,\)"),
        (FEATURES, TARGET, -WEIGHT, r"weights must be finite, not negative and not all zero; got"),
        (FEATURES, TARGET, 0 * WEIGHT, r"not all zero; got 0.0 … 0.0"),
        (FEATURES, TARGET, np.nan * WEIGHT, r"weights must be finite"),
        (FEATURES[:0], TARGET[:0], None, r"on zero rows: give at least one context"),
    ],
)
def test_bad_input_is_answered_with_rule_value_and_remedy(score, features, target, weight, message):
    with pytest.raises(ValueError, match=message):
        score(features, target, weight)


@pytest.mark.parametrize("dtype", [jnp.float16, jnp.bfloat16])
def test_a_log_softmax_in_half_precision_is_told_to_be_computed_in_single(dtype):
    draw = np.random.default_rng(0)
    logits = jnp.asarray(3 * draw.normal(size=(60, 40)), dtype)
    rounded = np.asarray(jax.nn.log_softmax(logits).astype(jnp.float32))
    message = r"row \d+ sums to (0.9|1.0)\d+: give .* in nats, or recompute log_softmax in float32"
    with pytest.raises(ValueError, match=message):
        es.law_score(FEATURES, rounded)
    assert es.law_score(FEATURES, jax.nn.log_softmax(logits.astype(jnp.float32))).information > 0
    with pytest.raises(ValueError, match=r"row 0 sums to 0.970446: give logarithms .* nats$"):
        es.law_score(FEATURES, TARGET - 0.03)


def test_groups_number_every_row():
    with pytest.raises(ValueError, match=r"groups must have shape \(60,\), one a row; got \(3,\)"):
        es.law_score(FEATURES, TARGET, groups=[0, 1, 2])


@pytest.mark.parametrize(
    ("rows", "weight", "message"),
    [
        (np.exp(TARGET), None, "log_conditional must hold log-probabilities .* row 0 sums to"),
        (1000 * np.ones((2, 2)), None, "row 0 sums to inf"),
        (np.where(TARGET > -1, np.nan, TARGET), None, r"row \d+ sums to nan"),
        (TARGET[0], None, r"must have axes \[row, outcome\]; got shape \(4,\)"),
        (0.0, None, r"got shape \(\)"),
        (TARGET + 0j, None, "log_conditional must hold real numbers; got dtype complex128"),
        (TARGET, WEIGHT[:9], r"weight must have shape \(60,\)"),
        (TARGET, WEIGHT + 0j, "weight must hold real numbers"),
    ],
)
def test_information_is_that_of_distributions(rows, weight, message):
    with pytest.raises(ValueError, match=message):
        es.mutual_information(rows, weight)


def test_information_is_found_without_a_change_of_the_rows():
    rows = np.log(np.array([[0.7, 0.3 + 3e-5], [0.2, 0.8]]))  # a sum within the tolerance
    conditional, mean = np.exp(rows), np.exp(rows).mean(0)
    expected = (conditional * rows).sum(1).mean() - (mean * np.log(mean)).sum()
    assert es.mutual_information(rows) == pytest.approx(expected, abs=1e-15)
